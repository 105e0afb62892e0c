//! What the views of all tools share: the ends and the beginnings of texts, errors, and the note
//! that says how much is not shown.

use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::app::chat::sub_agents::task_progress::TaskProgress;
use crate::app::chat::transcript::folds::ToolFold;
use crate::app::view::theme::Theme;
use crate::domain::chat::ToolCall;
use crate::domain::time::UnixMillis;
use crate::text::{ansi, wrap};

/// Only the end of a longer text is drawn.
const OUTPUT_BYTES: usize = 64 * 1024;
/// Rows of an error that a folded call shows.
const ERROR_ROWS: usize = 4;

/// What drawing a call depends on besides the call.
#[derive(Debug, Clone, Copy)]
pub(in crate::app::chat) struct ToolFrame<'a> {
    pub(in crate::app::chat) fold: ToolFold,
    pub(in crate::app::chat) server_now: UnixMillis,
    /// The key that unfolds; empty if there is none.
    pub(in crate::app::chat) unfold: &'a str,
    /// Of a sub-agent, as far as it is known.
    pub(in crate::app::chat) progress: Option<&'a TaskProgress>,
}

/// How the body of a call is drawn.
#[derive(Debug, Clone, Copy)]
pub(super) struct ToolLook<'a> {
    /// At least 1.
    pub(super) columns: usize,
    pub(super) is_open: bool,
    /// The key that unfolds; empty if there is none.
    pub(super) unfold: &'a str,
    pub(super) theme: &'a Theme,
}

impl ToolLook<'_> {
    /// Says that `count` more of something are not shown, on the last row if it has room.
    pub(super) fn and_more(self, lines: &mut Vec<Line<'static>>, count: usize) {
        if count == 0 {
            return;
        }
        let words = match self.unfold {
            _ if self.is_open => format!("… {count} more are not shown"),
            "" => format!("… {count} more"),
            key => format!("… {count} more · {key}"),
        };
        let words = wrap::truncate(&words, self.columns).into_owned();
        let taken = lines.last().map_or(self.columns, Line::width);
        let room = self.columns.saturating_sub(taken);
        let note = wrap::width(&words);
        let span = Span::styled(words, self.theme.dim);
        match lines.last_mut().filter(|_| room >= note + 2) {
            Some(last) => {
                last.push_span(Span::raw(" ".repeat(room - note)));
                last.push_span(span);
            }
            None => lines.push(Line::from(span)),
        }
    }

    /// A line of text in one row.
    pub(super) fn one(self, text: &str, style: Style) -> Line<'static> {
        Line::styled(wrap::truncate(text, self.columns).into_owned(), style)
    }

    /// The end of a text, wrapped.
    pub(super) fn ending(self, text: &str, style: Style) -> Vec<Line<'static>> {
        let text = text.trim_end();
        if text.is_empty() {
            return Vec::new();
        }
        let start = text.len().saturating_sub(OUTPUT_BYTES);
        let start = (start..text.len())
            .find(|at| text.is_char_boundary(*at))
            .unwrap_or(0);
        let mut lines = Vec::new();
        if start > 0 {
            lines.push(self.one("… only the end is shown", self.theme.dim));
        }
        let rest = ansi::plain(&text[start..]);
        lines.extend(wrap::wrap_plain(&rest, self.columns, style));
        lines
    }

    /// The first lines of a text, one row each, and how many there are.
    pub(super) fn first(self, text: &str, most: usize, style: Style) -> Vec<Line<'static>> {
        let mut all = text.lines().filter(|line| !line.trim().is_empty());
        let mut lines: Vec<_> = all
            .by_ref()
            .take(most)
            .map(|line| self.one(line, style))
            .collect();
        self.and_more(&mut lines, all.count());
        lines
    }
}

/// Why a call failed.
pub(super) fn error(call: &ToolCall, look: ToolLook<'_>) -> Vec<Line<'static>> {
    let Some(error) = call.error.as_deref() else {
        return Vec::new();
    };
    let mut lines = look.ending(&ansi::last_states(error), look.theme.error);
    if !look.is_open && lines.len() > ERROR_ROWS {
        let more = lines.len() - ERROR_ROWS;
        lines.truncate(ERROR_ROWS);
        look.and_more(&mut lines, more);
    }
    lines
}
