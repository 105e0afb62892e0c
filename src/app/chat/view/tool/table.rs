//! Names and values: the arguments that no view shows otherwise, and tools of MCP servers, plugins
//! and later versions.

use ratatui::text::{Line, Span};

use super::rows::ToolLook;
use crate::domain::chat::ToolCall;
use crate::text::wrap;

/// Lines of the result that a folded call shows.
const FIRST: usize = 3;
/// A longer name gets a row of its own.
const NAME: usize = 24;
/// Rows of a value.
const VALUE_ROWS: usize = 200;

pub(super) fn other(call: &ToolCall, look: ToolLook<'_>) -> Vec<Line<'static>> {
    if !look.is_open {
        return look.first(&call.output, FIRST, look.theme.dim);
    }
    let mut lines = arguments(&call.input, look);
    lines.extend(look.ending(&call.output, look.theme.dim));
    lines
}

/// A row for each argument: its name, and its value beside it.
pub(super) fn arguments(input: &[(String, String)], look: ToolLook<'_>) -> Vec<Line<'static>> {
    let theme = look.theme;
    let names = input.iter().map(|(name, _)| wrap::width(name));
    let most = NAME.min(look.columns / 3);
    let column = names.filter(|width| *width <= most).max().unwrap_or(0);
    let room = look.columns.saturating_sub(column + 2).max(1);
    let mut lines = Vec::new();
    for (name, value) in input {
        let lead = |text: &str| {
            let blank = column.saturating_sub(wrap::width(text));
            Span::styled(format!("{text}{}  ", " ".repeat(blank)), theme.dim)
        };
        let mut name = wrap::truncate(name, look.columns).into_owned();
        if wrap::width(&name) > column {
            lines.push(Line::styled(std::mem::take(&mut name), theme.dim));
        }
        let mut rows = wrap::wrap_plain(value, room, theme.text);
        if rows.is_empty() {
            rows.push(Line::default());
        }
        let more = rows.len().saturating_sub(VALUE_ROWS);
        rows.truncate(VALUE_ROWS);
        for (at, mut row) in rows.into_iter().enumerate() {
            row.spans.insert(0, lead(if at == 0 { &name } else { "" }));
            lines.push(row);
        }
        look.and_more(&mut lines, more);
    }
    lines
}
