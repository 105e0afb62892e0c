//! Small values that several kinds of parts and requests contain.

use crate::domain::chat::Todo;
use crate::opencode::wire::session;

/// Maximum characters of a one-line subject.
const SUBJECT: usize = 400;

/// Returns the path relative to the directory, if it lies below it.
pub(super) fn relative<'a>(path: &'a str, directory: &str) -> &'a str {
    let below = path
        .strip_prefix(directory)
        .filter(|_| !directory.is_empty());
    below
        .and_then(|rest| rest.strip_prefix('/'))
        .filter(|rest| !rest.is_empty())
        .unwrap_or(path)
}

/// Returns the first non-empty line, with an ellipsis for what follows it.
pub(super) fn one_line(text: &str) -> String {
    let text = text.trim();
    let first = text.lines().next().unwrap_or_default().trim_end();
    let mut line: String = first.chars().take(SUBJECT).collect();
    if line.len() < text.len() {
        line.push_str(" …");
    }
    line
}

pub(super) fn todo(todo: session::Todo) -> Todo {
    Todo {
        content: todo.content,
        status: todo.status,
    }
}
