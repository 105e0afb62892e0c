//! `sandbar run PROMPT`: one prompt to a new session, without a terminal.
//!
//! The answer goes to standard output as it grows, everything else to standard error; `--json` puts
//! one event a line on standard output instead, each with a `type` and the version of this format.

use std::io::Read;

use serde_json::{Value, json};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::args::{Options, RunArgs};
use super::headless::{Headless, Left, Out};
use super::report::{self, Ended};
use super::{keyring, runtime, setup};
use crate::app::cx::IdSource;
use crate::config::Env;
use crate::config::own_log::Redactor;
use crate::domain::chat::{ToolCall, ToolStatus};
use crate::domain::failure::Failure;
use crate::domain::log::LogStream;
use crate::domain::session::{
    Closing, NewSession, Origin, Prompt, SessionCommand, SessionEvent, SessionSpec,
};
use crate::domain::time::UnixMillis;
use crate::session::supervisor::Supervisor;
use crate::session::world::{Records, World};

/// Version of the JSON lines; it grows when a reader of the old ones would go wrong.
const FORMAT: u32 = 1;

pub(super) fn run(options: &Options, args: &RunArgs, env: &Env) -> Result<(), Ended> {
    let text = prompt_text(&args.prompt)?;
    let mut config = setup::config(options, env)?;
    let runtime = runtime()?;
    let names = keyring::for_new(&config, options.demo);
    runtime.block_on(keyring::complete(&mut config, &names));
    let log = setup::own_log(&config, &config.paths.log_file(), &Redactor::default());
    log.warning.iter().for_each(report::progress);
    let started = Instant::now();
    let mut world = setup::world(Some(&config), env, started, None)?;
    world.records = Some(Records::open(&config.paths.state_dir));
    setup::can_use_model(options, &config)?;
    let new = setup::new_session(options, &config, env, args.name.clone());
    runtime.block_on(follow(world, new, text, args))
}

fn prompt_text(argument: &str) -> Result<String, Ended> {
    let mut text = argument.to_owned();
    if argument == "-" {
        text.clear();
        std::io::stdin()
            .read_to_string(&mut text)
            .map_err(|error| {
                Failure::new("the prompt could not be read from standard input")
                    .because(error.to_string())
            })?;
    }
    if text.trim().is_empty() {
        return Err(Ended::Usage(Failure::new("the prompt is empty")));
    }
    Ok(text)
}

async fn follow(
    world: World,
    mut new: NewSession,
    text: String,
    args: &RunArgs,
) -> Result<(), Ended> {
    if let Some(records) = &world.records {
        for notice in records.store.notices().await {
            report::progress(notice);
        }
        if let Ok(name) = records.store.unique_name(&new.name).await {
            new.name = name;
        }
    }
    let wall = crate::session::world::wall();
    let mut ids = IdSource::seeded(setup::seed()?);
    let (key, message, part) = (ids.session_key(wall), ids.message(wall), ids.part(wall));
    let (name, model) = (new.name.clone(), new.model.clone());
    let (events, mut inbox) = mpsc::channel(256);
    let mut supervisor = Supervisor::new(world, events);
    supervisor.open(SessionSpec {
        key: key.clone(),
        origin: Origin::New(new),
    });
    let prompt = Prompt {
        message: message.clone(),
        part,
        text,
        agent: None,
        model,
    };
    let taken = supervisor.command(&key, SessionCommand::Prompt(prompt));
    taken.map_err(|busy| Failure::new("the prompt was not taken").because(busy.to_string()))?;
    let mut headless = Headless::new(args.auto, message);
    let mut interrupted = signal(SignalKind::interrupt())?;
    let mut terminated = signal(SignalKind::terminate())?;
    let mut answer = Answer {
        json: args.json,
        open: false,
    };
    let ended = loop {
        let event: SessionEvent = tokio::select! {
            _ = interrupted.recv() => break Err(Ended::Interrupted),
            _ = terminated.recv() => break Err(Ended::Interrupted),
            received = inbox.recv() => match received {
                Some((_, event)) => event,
                None => break Err(Failure::new("the session is gone").into()),
            },
        };
        let mut out = headless.receive(event).into_iter();
        let mut command = |command| supervisor.command(&key, command).is_ok();
        if let Some(ended) = out.find_map(|out| perform(out, &mut answer, &mut command)) {
            break ended;
        }
    };
    let ended = answer.close(ended, &name, &became(headless.left(), args.rm));
    let closing = if args.rm {
        Closing::Kill
    } else {
        Closing::Pause
    };
    supervisor.close(&key, closing);
    supervisor.shut_down(closing).await;
    ended
}

/// What has become of the session's sandbox, and of a prompt that was not sent.
fn became(left: Left, rm: bool) -> String {
    let sandbox = match (left.sandbox, rm) {
        (false, _) => "has no sandbox",
        (true, true) => "killed",
        (true, false) => "paused; `sandbar` opens it again",
    };
    let prompt = match (left.prompt, rm) {
        (true, false) => "; its prompt waits, and is sent when the session is opened",
        _ => "",
    };
    format!("{sandbox}{prompt}")
}

/// Does one thing that an event asks for; says how everything ends, if it does.
fn perform(
    out: Out,
    answer: &mut Answer,
    command: impl FnOnce(SessionCommand) -> bool,
) -> Option<Result<(), Ended>> {
    match out {
        Out::Done(None) => Some(Ok(())),
        Out::Done(Some(failure)) => Some(Err(Ended::Failed(failure))),
        Out::Command(wanted) => {
            let stuck = || Err(Failure::new("the session is stuck").into());
            (!command(wanted)).then(stuck)
        }
        out => answer.tell(out).err().map(Err),
    }
}

/// What has been printed so far.
struct Answer {
    json: bool,
    /// The last line of text has no end yet.
    open: bool,
}

impl Answer {
    fn tell(&mut self, out: Out) -> Result<(), Ended> {
        if self.json {
            return match value(out) {
                Some(value) => report::json(&value),
                None => Ok(()),
            };
        }
        match out {
            Out::Text(text) => {
                self.open = !text.ends_with('\n');
                report::foreign(&text)?;
            }
            Out::Phase(text) => self.progress(&text)?,
            Out::Tool(call)
                if call.status == ToolStatus::Completed || call.status == ToolStatus::Error =>
            {
                self.progress(&tool_line(&call))?;
            }
            Out::Asked {
                what,
                subject,
                allowed,
            } => {
                let done = if allowed { "allowed" } else { "rejected" };
                self.progress(&format!("{what} {done}: {subject}"))?;
            }
            Out::Tool(_) | Out::Log(_) | Out::Command(_) | Out::Done(_) => {}
        }
        Ok(())
    }

    /// Ends the line of the answer first, so that the two do not run into each other on a terminal.
    fn progress(&mut self, text: &str) -> Result<(), Ended> {
        if std::mem::take(&mut self.open) {
            report::foreign("\n")?;
        }
        report::progress(text);
        Ok(())
    }

    fn close(&mut self, ended: Result<(), Ended>, name: &str, kept: &str) -> Result<(), Ended> {
        if matches!(ended, Err(Ended::BrokenPipe)) {
            return ended;
        }
        if self.json {
            let failure = match &ended {
                Ok(()) => None,
                Err(Ended::Failed(failure) | Ended::Usage(failure) | Ended::NoAccount(failure)) => {
                    Some(failure.clone())
                }
                Err(Ended::Interrupted | Ended::BrokenPipe | Ended::Code(_)) => {
                    Some(Failure::new("interrupted"))
                }
            };
            if let Some(failure) = &failure {
                report::json(&line(
                    "error",
                    json!({
                        "summary": failure.summary, "detail": failure.detail,
                        "hint": failure.hint, "stderr": failure.stderr,
                    }),
                ))?;
            }
            report::json(&line(
                "done",
                json!({ "ok": failure.is_none(), "session": name }),
            ))?;
        } else {
            self.progress(&format!("session {name} {kept}"))?;
        }
        ended
    }
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

fn value(out: Out) -> Option<Value> {
    let millis = |at: Option<UnixMillis>| at.map(|at| at.0);
    Some(match out {
        Out::Text(text) => line("text", json!({ "text": text })),
        Out::Phase(text) => line("phase", json!({ "text": text })),
        Out::Tool(call) => line(
            "tool",
            json!({
                "tool": call.tool, "status": format!("{:?}", call.status).to_lowercase(),
                "subject": call.subject, "output": call.output, "diff": call.diff, "exit": call.exit,
                "error": call.error, "started": millis(call.started), "ended": millis(call.ended),
            }),
        ),
        Out::Asked {
            what,
            subject,
            allowed,
        } => line(what, json!({ "subject": subject, "allowed": allowed })),
        Out::Log(log) => {
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
        Out::Command(_) | Out::Done(_) => return None,
    })
}
