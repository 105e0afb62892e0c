//! The first line of a call: the tool, what it works on, and at the right what came of it.

use ratatui::text::{Line, Span};

use super::change::named;
use super::rows::ToolFrame;
use super::shell::command_rows;
use crate::app::time::format;
use crate::app::view::theme::Theme;
use crate::domain::chat::{
    EditKind, FileEdit, QuestionItem, ReadCall, SearchCall, TaskCall, Todo, ToolCall, ToolDetail,
    ToolStatus,
};
use crate::domain::time::UnixMillis;
use crate::text::wrap;

/// The longest name of a tool.
const NAME: usize = 32;

/// What a call works on, and a fact about it that stands beside it.
#[derive(Default)]
struct CallSubject {
    words: String,
    fact: String,
}

impl CallSubject {
    fn new(words: impl Into<String>) -> Self {
        Self {
            words: words.into(),
            fact: String::new(),
        }
    }

    fn with(self, fact: String) -> Self {
        Self { fact, ..self }
    }
}

/// `bash cargo test                6.1s`, exactly `width` columns where there is room.
pub(super) fn head(
    call: &ToolCall,
    frame: ToolFrame<'_>,
    width: u16,
    theme: &Theme,
) -> Line<'static> {
    let columns = usize::from(width);
    let facts = facts(call, frame.server_now, theme);
    let tool = wrap::truncate(name(call), NAME.min(columns)).into_owned();
    let mut subject = subject(call, columns, theme);
    if let Some(progress) = frame.progress {
        subject.fact = amount(progress.tools, "tool");
    }
    let mut room = columns.saturating_sub(wrap::width(&tool) + 1 + wrap::width(&facts) + 1);
    let mut fact = String::new();
    if !subject.fact.is_empty() && wrap::width(&subject.fact) + 3 + 8 <= room {
        fact = wrap::truncate(&format!(" · {}", subject.fact), room).into_owned();
        room -= wrap::width(&fact);
    }
    let words = wrap::truncate(&subject.words, room).into_owned();
    let gap = room.saturating_sub(wrap::width(&words)) + 1;
    let is_bad = call.has_failed();
    let style = if is_bad { theme.error } else { theme.dim };
    Line::from(vec![
        Span::styled(format!("{tool} "), theme.strong),
        Span::styled(words, theme.text),
        Span::styled(fact, theme.dim),
        Span::raw(" ".repeat(gap)),
        Span::styled(facts, style),
    ])
}

fn name(call: &ToolCall) -> &str {
    match &call.detail {
        ToolDetail::Todos(_) => "todo",
        ToolDetail::Plan => "plan",
        ToolDetail::Change(_) if call.tool == "apply_patch" => "patch",
        _ => &call.tool,
    }
}

fn subject(call: &ToolCall, columns: usize, theme: &Theme) -> CallSubject {
    match &call.detail {
        ToolDetail::Shell(shell) => {
            let rows = command_rows(&shell.command, columns, &call.tool, false);
            let first = rows.first().map(ToString::to_string);
            CallSubject::new(first.unwrap_or_default())
        }
        ToolDetail::Read(read) => of_read(read),
        ToolDetail::Change(files) => of_change(files, theme),
        ToolDetail::Search(search) => of_search(search),
        ToolDetail::Fetch { url, .. } => {
            CallSubject::new(url).with(amount(call.output.lines().count(), "line"))
        }
        ToolDetail::WebSearch { query, provider } => {
            CallSubject::new(format!("\"{query}\"")).with(provider.clone())
        }
        ToolDetail::Todos(todos) => of_todos(todos),
        ToolDetail::Task(task) => of_task(task),
        ToolDetail::Question { items, .. } => of_question(items),
        ToolDetail::Skill { name } => CallSubject::new(name),
        ToolDetail::Plan => CallSubject::new(call.title.as_deref().unwrap_or("the plan is ready")),
        ToolDetail::Invalid => CallSubject::new(&call.subject),
        ToolDetail::Other => {
            let title = call.title.as_deref().unwrap_or_default();
            let named = if call.subject.is_empty() {
                title
            } else {
                &call.subject
            };
            CallSubject::new(named)
        }
    }
}

fn amount(count: usize, what: &str) -> String {
    match count {
        0 => String::new(),
        1 => format!("1 {what}"),
        count => format!("{count} {what}s"),
    }
}

fn of_read(read: &ReadCall) -> CallSubject {
    let Some(count) = read.count else {
        return CallSubject::new(&read.path);
    };
    let what = match (read.is_folder, count) {
        (false, 1) => "line",
        (false, _) => "lines",
        (true, 1) => "entry",
        (true, _) => "entries",
    };
    let from = read.from.unwrap_or(1);
    let is_part = from > 1 || read.total.is_some_and(|total| total > count);
    let path = if is_part && count > 0 {
        format!("{}:{from}-{}", read.path, from.saturating_add(count - 1))
    } else {
        read.path.clone()
    };
    let fact = match read.total.filter(|total| is_part && *total >= count) {
        Some(total) => format!("{count} of {total} {what}"),
        None => format!("{count} {what}"),
    };
    CallSubject::new(path).with(fact)
}

fn of_change(files: &[FileEdit], theme: &Theme) -> CallSubject {
    match files {
        [] => CallSubject::default(),
        [file] => {
            let subject = CallSubject::new(match &file.to {
                Some(to) => format!("{} {} {to}", file.path, theme.pick("→", ">")),
                None => file.path.clone(),
            });
            subject.with(match file.kind {
                EditKind::Created => "new".to_owned(),
                EditKind::Deleted => "deleted".to_owned(),
                _ if file.diff.is_empty() => amount(file.text.lines().count(), "line"),
                _ => String::new(),
            })
        }
        files => {
            let names: Vec<String> = files.iter().map(named).collect();
            CallSubject::new(names.join(", ")).with(amount(files.len(), "file"))
        }
    }
}

fn of_search(search: &SearchCall) -> CallSubject {
    let mut words = if search.in_files {
        format!("\"{}\"", search.pattern)
    } else {
        search.pattern.clone()
    };
    if !search.path.is_empty() {
        words = format!("{words} in {}", search.path);
    }
    if !search.include.is_empty() {
        words = format!("{words} ({})", search.include);
    }
    let Some(total) = search.total else {
        return CallSubject::new(words);
    };
    let more = if search.more { "+" } else { "" };
    let files = search.files.len();
    let fact = match (search.in_files, total) {
        (_, 0) => "nothing found".to_owned(),
        (true, 1) => "1 match".to_owned(),
        (true, total) if files == 1 => format!("{total}{more} matches in 1 file"),
        (true, total) => format!("{total}{more} matches in {files} files"),
        (false, 1) => "1 file".to_owned(),
        (false, total) => format!("{total}{more} files"),
    };
    CallSubject::new(words).with(fact)
}

fn of_todos(todos: &[Todo]) -> CallSubject {
    if todos.is_empty() {
        return CallSubject::default();
    }
    let done = todos.iter().filter(|todo| todo.status == "completed");
    CallSubject::new(format!("{}/{}", done.count(), todos.len()))
}

fn of_task(task: &TaskCall) -> CallSubject {
    match task.agent.as_str() {
        "" => CallSubject::new(&task.description),
        agent => CallSubject::new(format!("{agent}: {}", task.description)),
    }
}

fn of_question(items: &[QuestionItem]) -> CallSubject {
    let headers: Vec<&str> = items.iter().map(|item| item.header.as_str()).collect();
    CallSubject::new(headers.join(", "))
}

/// Line counts, how it ended and time, as far as the call has them. `server_now` is the server's
/// time, on which the call's times are based.
fn facts(call: &ToolCall, server_now: UnixMillis, theme: &Theme) -> String {
    let mut facts = Vec::new();
    if let ToolDetail::Change(files) = &call.detail {
        let (added, removed) = files.iter().fold((0, 0), |(added, removed), file| {
            (added + file.added, removed + file.removed)
        });
        if added + removed > 0 {
            let minus = theme.pick("−", "-");
            facts.push(format!("+{added} {minus}{removed}"));
        }
    }
    facts.extend(ending(call));
    match (call.started, call.ended) {
        (Some(started), Some(ended)) => facts.push(format::took(started, ended)),
        (Some(started), None) if call.status == ToolStatus::Running => {
            let running = server_now.since(started);
            // An implausible time is not shown.
            if running.as_secs() > 0 && running.as_secs() < 86_400 {
                facts.push(format::running(running));
            }
        }
        _ => {}
    }
    facts.join(" · ")
}

/// How a call that failed ended, in a word.
fn ending(call: &ToolCall) -> Option<String> {
    if !call.has_failed() {
        return None;
    }
    if let Some(code) = call.exit().filter(|code| *code != 0) {
        return Some(format!("exit {code}"));
    }
    let said = match (&call.detail, &call.error) {
        (_, Some(error)) => error.as_str(),
        (ToolDetail::Shell(shell), None) => shell.stopped.as_deref().unwrap_or_default(),
        _ => "",
    };
    let words = [
        ("rejected permission", "denied"),
        ("dismissed", "dismissed"),
        ("timeout", "timed out"),
        ("abort", "stopped"),
    ];
    let word = words.iter().find(|(sign, _)| said.contains(sign));
    Some(word.map_or("failed", |(_, word)| word).to_owned())
}
