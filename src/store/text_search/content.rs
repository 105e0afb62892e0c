//! What can be found of a part: prompts, answers, and what tools were asked for and have printed.

use crate::domain::chat::PartKind;
use crate::domain::chat::tool_call::{ToolCall, ToolDetail, ToolStatus};

/// Bytes of a text, and of each text of a tool: of more, the beginning and the end can be found.
const TEXT: usize = 256 * 1024;
const TOOL_TEXT: usize = 16 * 1024;

/// Whether nothing more will be added to a part.
pub(in crate::store) fn is_finished(kind: &PartKind) -> bool {
    match kind {
        PartKind::Text { ended, .. } => *ended,
        PartKind::Tool(call) => matches!(call.status, ToolStatus::Completed | ToolStatus::Error),
        _ => true,
    }
}

/// What can be found of a part; `None`: nothing.
pub(in crate::store) fn searched_text(kind: &PartKind) -> Option<String> {
    let mut text = SearchedText::default();
    match kind {
        PartKind::Text {
            text: own,
            synthetic: false,
            ..
        } => text.add(own, TEXT),
        PartKind::Asks { what, .. } => text.add(what, TEXT),
        PartKind::Tool(call) => add_call(&mut text, call),
        _ => {}
    }
    (!text.0.is_empty()).then_some(text.0)
}

fn add_call(text: &mut SearchedText, call: &ToolCall) {
    let mut add = |own: &str| text.add(own, TOOL_TEXT);
    match &call.detail {
        ToolDetail::Shell(shell) => add(&shell.command),
        ToolDetail::Change(files) => {
            for file in files {
                add(&file.path);
                add(&file.diff);
                add(&file.text);
            }
        }
        ToolDetail::Question { items, answers } => {
            for item in items {
                add(&item.question);
            }
            for answer in answers.iter().flatten() {
                add(answer);
            }
        }
        ToolDetail::Todos(todos) => {
            for todo in todos {
                add(&todo.content);
            }
        }
        ToolDetail::Task(task) => {
            add(&task.description);
            add(&task.prompt);
        }
        _ => add(&call.subject),
    }
    add(&call.printed());
    add(call.error.as_deref().unwrap_or_default());
}

/// Texts, a line each.
#[derive(Default)]
struct SearchedText(String);

impl SearchedText {
    /// Adds a text without its colours; of one that is longer than `most`, its beginning and its end.
    fn add(&mut self, text: &str, most: usize) {
        if text.trim().is_empty() {
            return;
        }
        if !self.0.is_empty() {
            self.0.push('\n');
        }
        if text.len() <= most {
            return self.add_plain(text);
        }
        let begin = text.floor_char_boundary(most / 2);
        let end = text.ceil_char_boundary(text.len() - most / 2);
        self.add_plain(&text[..begin]);
        self.0.push_str("\n…\n");
        self.add_plain(&text[end..]);
    }

    /// Without the sequences that set colours: their last letter would be part of the next word.
    fn add_plain(&mut self, text: &str) {
        let mut pieces = text.split("\u{1b}[");
        self.0.push_str(pieces.next().unwrap_or_default());
        for piece in pieces {
            let rest = piece.trim_start_matches(|c: char| c.is_ascii_digit() || c == ';');
            self.0.push_str(rest.strip_prefix('m').unwrap_or(piece));
        }
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    fn added(text: &str, most: usize) -> String {
        let mut searched = SearchedText::default();
        searched.add(text, most);
        searched.0
    }

    #[test]
    fn the_middle_of_a_long_text_and_colours_cannot_be_found() {
        assert_eq!(added("0123456789", 10), "0123456789");
        assert_eq!(added("0123456789", 6), "012\n…\n789");
        assert_eq!(added("äöüäöü", 6), "ä\n…\nü");
        assert_eq!(added("\u{1b}[1;31merror\u{1b}[0m: x", 99), "error: x");
        assert_eq!(added("\u{1b}[2Kx", 99), "2Kx");
    }

    #[test]
    fn a_text_that_the_server_has_added_cannot_be_found() {
        let text = |synthetic| PartKind::Text {
            text: "the content of a file".to_owned(),
            synthetic,
            ended: true,
        };

        assert_eq!(searched_text(&text(true)), None);
        assert!(searched_text(&text(false)).is_some());
    }
}
