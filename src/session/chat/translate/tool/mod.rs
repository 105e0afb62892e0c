//! Tool calls: arguments, metadata and output of OpenCode's tools → [`ToolCall`].
//!
//! Each kind of tool has a function that takes the arguments it knows; those that are left become a table, so that
//! nothing is lost and no JSON is shown. The markup that OpenCode adds for the model (`<path>`, `<task_result>`,
//! `<shell_metadata>`) ends here. All of it is lenient: what a tool does not say is absent.
//!
//! Source: the tools of 1.18.33 as observed; `multiedit`, `list` and `todoread` are of earlier servers.

mod changes;
mod look;
mod markup;
mod search;
mod source;
mod subject;
mod table;
mod web_search;

use self::markup::{between, without_tags};
use self::source::CallSource;
use self::subject::subject;
use super::plain::todo;
use crate::domain::chat::{QuestionItem, ShellCall, TaskCall, ToolCall, ToolDetail, ToolStatus};
use crate::domain::time::UnixMillis;
use crate::opencode::wire::part::ToolPart;
use crate::opencode::wire::request;
use crate::opencode::wire::session::Todo;

pub(super) fn tool_call(part: ToolPart, directory: &str) -> ToolCall {
    let ToolPart {
        tool,
        call_id,
        state,
    } = part;
    let status = match state.status.as_str() {
        "completed" => ToolStatus::Completed,
        "error" => ToolStatus::Error,
        "running" => ToolStatus::Running,
        _ => ToolStatus::Pending,
    };
    let subject = subject(&tool, &state.input, directory);
    let mut metadata = state.metadata;
    let printed = state.output.or_else(|| metadata.output.take());
    let mut source = CallSource {
        tool: &tool,
        input: state.input,
        metadata,
        output: printed.unwrap_or_default(),
        directory,
    };
    let detail = detail(&mut source);
    let CallSource { input, output, .. } = source;
    let (input, output) = match detail {
        ToolDetail::Other | ToolDetail::Invalid => (table::arguments(&input), table::text(output)),
        _ => (table::arguments(&input), output),
    };
    ToolCall {
        subject,
        tool,
        call_id,
        status,
        title: state.title.filter(|title| !title.is_empty()),
        input,
        output,
        detail,
        started: state.time.start.map(UnixMillis),
        ended: state.time.end.map(UnixMillis),
        error: state.error.map(|error| without_tags(&error)),
    }
}

fn detail(source: &mut CallSource<'_>) -> ToolDetail {
    match source.tool {
        "bash" | "shell" => shell(source),
        "read" | "list" => look::read(source),
        "edit" | "multiedit" | "write" | "apply_patch" | "patch" => changes::change(source),
        "grep" | "glob" => search::search(source),
        "webfetch" => ToolDetail::Fetch {
            url: source.take("url"),
            markdown: matches!(source.take("format").as_str(), "" | "markdown"),
        },
        "websearch" | "codesearch" => {
            source.output = web_search::results(&source.output);
            ToolDetail::WebSearch {
                query: source.take("query"),
                provider: source.metadata.provider.take().unwrap_or_default(),
            }
        }
        "todowrite" | "todoread" => todos(source),
        "task" => task(source),
        "question" => question(source),
        "skill" => skill(source),
        "plan_exit" | "plan_enter" => ToolDetail::Plan,
        "invalid" => ToolDetail::Invalid,
        _ => ToolDetail::Other,
    }
}

/// What the server adds to the output of a command that it stopped.
const SHELL_NOTE: (&str, &str) = ("<shell_metadata>", "</shell_metadata>");

fn shell(source: &mut CallSource<'_>) -> ToolDetail {
    let command = source.take("command");
    let output = std::mem::take(&mut source.output);
    let stopped = between(&output, SHELL_NOTE).map(|note| note.trim().to_owned());
    let printed = match output.rfind(SHELL_NOTE.0) {
        Some(at) => output[..at].trim_end().to_owned(),
        None => output,
    };
    source.output = whole_lines(printed);
    ToolDetail::Shell(ShellCall {
        command,
        exit: source.metadata.exit,
        stopped,
        cut: source.metadata.truncated,
    })
}

/// What the server puts before the end of an output that was too long to keep.
const CUT_NOTE: &str = "...output truncated...";

/// The output without that note, which the view words.
fn whole_lines(output: String) -> String {
    let Some(rest) = output.strip_prefix(CUT_NOTE) else {
        return output;
    };
    let rest = rest.trim_start();
    match rest.split_once('\n') {
        Some((note, rest)) if note.starts_with("Full output saved to:") => {
            rest.trim_start_matches('\n').to_owned()
        }
        _ => rest.to_owned(),
    }
}

fn todos(source: &mut CallSource<'_>) -> ToolDetail {
    source.output = String::new();
    let given = source.take("todos");
    let listed = source.metadata.todos.take();
    let listed = listed.unwrap_or_else(|| Todo::list(&given));
    ToolDetail::Todos(listed.into_iter().map(todo).collect())
}

fn task(source: &mut CallSource<'_>) -> ToolDetail {
    let output = std::mem::take(&mut source.output);
    let answer = between(&output, ("<task_result>", "</task_result>"))
        .or_else(|| between(&output, ("<task_error>", "</task_error>")));
    source.output = match answer {
        Some(answer) => answer.trim().to_owned(),
        None => output,
    };
    ToolDetail::Task(TaskCall {
        agent: source.take("subagent_type"),
        description: source.take("description"),
        prompt: source.take("prompt"),
        child: source.metadata.session_id.take().map(Into::into),
    })
}

fn question(source: &mut CallSource<'_>) -> ToolDetail {
    source.output = String::new();
    let asked = source.take("questions");
    let items: Vec<QuestionItem> = request::Question::list(&asked)
        .into_iter()
        .map(super::requests::item)
        .collect();
    ToolDetail::Question {
        items,
        answers: std::mem::take(&mut source.metadata.answers),
    }
}

fn skill(source: &mut CallSource<'_>) -> ToolDetail {
    let output = std::mem::take(&mut source.output);
    // What follows the skill's own text is meant for the model.
    let own = output.split("\nBase directory for this skill:").next();
    let own = without_tags(own.unwrap_or_default());
    own.trim().clone_into(&mut source.output);
    ToolDetail::Skill {
        name: source.take("name"),
    }
}
