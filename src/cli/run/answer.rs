//! The output of `sandbar run`: the answer as it grows, or one event per line.

use std::io::Stdout;

use serde_json::{Value, json};

use super::super::report::advice;
use super::super::report::{self, CommandError, CommandOutput};
use super::headless::HeadlessOutput;
use crate::domain::chat::{ToolCall, ToolStatus};
use crate::domain::failure::Failure;
use crate::domain::log::LogStream;
use crate::domain::time::UnixMillis;
use crate::text::visible;

/// Version of the JSON lines; it grows with incompatible changes.
const FORMAT: u32 = 1;

/// What has been printed so far.
pub(super) struct PrintedAnswer {
    json: bool,
    /// The last line of text has no line feed yet.
    open: bool,
    output: CommandOutput<Stdout>,
}

impl PrintedAnswer {
    pub(super) fn new(json: bool) -> Self {
        Self {
            json,
            open: false,
            output: CommandOutput::standard(),
        }
    }

    pub(super) fn tell(&mut self, out: HeadlessOutput) -> Result<(), CommandError> {
        if self.json {
            return match value(out) {
                Some(value) => report::json(&value),
                None => Ok(()),
            };
        }
        match out {
            HeadlessOutput::Text(text) => {
                self.open = !text.ends_with('\n');
                self.output.write(&text)?;
            }
            HeadlessOutput::Phase(text) => self.progress(&text)?,
            HeadlessOutput::Tool(call)
                if call.status == ToolStatus::Completed || call.status == ToolStatus::Error =>
            {
                self.progress(&tool_line(&call))?;
            }
            HeadlessOutput::Asked {
                what,
                subject,
                allowed,
                by,
            } => {
                let by =
                    by.map_or_else(String::new, |by| format!(" by {}", visible::one_line(&by)));
                let done = match (what, allowed) {
                    ("question", true) => "answered",
                    ("question", false) => "declined",
                    (_, true) => "allowed",
                    (_, false) => "denied",
                };
                self.progress(&format!(
                    "{what} {done}{by}: {}",
                    visible::one_line(&subject)
                ))?;
            }
            HeadlessOutput::Tool(_)
            | HeadlessOutput::Log(_)
            | HeadlessOutput::Command(_)
            | HeadlessOutput::Done(_) => {}
        }
        Ok(())
    }

    /// Ends the answer's line first, so that the two do not run together on a terminal.
    fn progress(&mut self, text: &str) -> Result<(), CommandError> {
        if std::mem::take(&mut self.open) {
            self.output.finish()?;
            self.output.write("\n")?;
        }
        report::progress(text);
        Ok(())
    }

    /// Reports how the run ended, and in `became` what is left of the session.
    pub(super) fn close(
        &mut self,
        ended: Result<(), CommandError>,
        name: &str,
        became: &str,
    ) -> Result<(), CommandError> {
        if matches!(ended, Err(CommandError::BrokenPipe)) {
            return ended;
        }
        let ended = ended.map_err(|ended| ended.about(name));
        if self.json {
            let failure = match &ended {
                Ok(()) => None,
                Err(
                    CommandError::Failed(failure)
                    | CommandError::Usage(failure)
                    | CommandError::NoAccount(failure),
                ) => Some(failure.clone()),
                Err(
                    CommandError::Interrupted | CommandError::BrokenPipe | CommandError::Code(_),
                ) => Some(Failure::new("interrupted")),
            };
            if let Some(failure) = &failure {
                report::json(&line("error", error_line(failure)))?;
            }
            report::json(&line(
                "done",
                json!({ "ok": failure.is_none(), "session": name }),
            ))?;
        } else {
            self.progress(&format!("session {name} {became}"))?;
        }
        ended
    }
}

/// The next steps are text for people, and stable codes with their arguments for scripts.
fn error_line(failure: &Failure) -> Value {
    json!({
        "summary": failure.summary, "detail": failure.detail, "hint": advice::words(failure),
        "advice": advice::codes(failure), "arguments": advice::arguments(failure),
        "stderr": failure.stderr,
    })
}

fn tool_line(call: &ToolCall) -> String {
    let took = call
        .started
        .zip(call.ended)
        .map(|(start, end)| end.since(start));
    let took = took.map_or_else(String::new, |took| format!("  {:.1} s", took.as_secs_f64()));
    let mark = if call.status == ToolStatus::Error {
        "x"
    } else {
        ">"
    };
    format!("{mark} {} {}{took}", call.tool, call.subject)
}

fn line(kind: &str, mut fields: Value) -> Value {
    fields["v"] = json!(FORMAT);
    fields["type"] = json!(kind);
    fields
}

fn value(out: HeadlessOutput) -> Option<Value> {
    let millis = |at: Option<UnixMillis>| at.map(|at| at.0);
    Some(match out {
        HeadlessOutput::Text(text) => line("text", json!({ "text": text })),
        HeadlessOutput::Phase(text) => line("phase", json!({ "text": text })),
        HeadlessOutput::Tool(call) => line(
            "tool",
            json!({
                "tool": call.tool, "status": format!("{:?}", call.status).to_lowercase(),
                "subject": call.subject, "output": call.printed(), "diff": call.diff(),
                "exit": call.exit(),
                "error": call.error, "started": millis(call.started), "ended": millis(call.ended),
            }),
        ),
        HeadlessOutput::Asked {
            what,
            subject,
            allowed,
            by,
        } => line(
            what,
            json!({ "subject": subject, "allowed": allowed, "by": by }),
        ),
        HeadlessOutput::Log(log) => {
            let stream = match log.stream {
                LogStream::Stdout => "stdout",
                LogStream::Stderr => "stderr",
                LogStream::Sandbar => "sandbar",
            };
            line(
                "log",
                json!({ "stream": stream, "text": log.text, "at": log.at.0 }),
            )
        }
        HeadlessOutput::Command(_) | HeadlessOutput::Done(_) => return None,
    })
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;
    use crate::domain::failure::advice::Advice;

    #[test]
    fn an_error_tells_scripts_what_to_do_by_code_and_people_by_command() {
        let failure = Failure::new("the sandbox is paused")
            .advise([Advice::Resume, Advice::Text("it is kept".to_owned())])
            .about("fix");

        assert_eq!(
            error_line(&failure),
            json!({
                "summary": "the sandbox is paused", "detail": "", "stderr": [],
                "hint": "`sandbar resume fix` resumes it; it is kept", "advice": ["resume", "text"],
                "arguments": [null, "it is kept"],
            })
        );
    }
}
