//! Pages and searches of the web. What is Markdown is drawn as such where the call is unfolded.

use ratatui::text::Line;

use super::rows::ToolLook;
use super::table;
use crate::domain::chat::ToolCall;
use crate::text::markdown;

/// Titles, or else lines, of a search's result that a folded call shows.
const FIRST: usize = 3;

pub(super) fn fetch(call: &ToolCall, look: ToolLook<'_>) -> Vec<Line<'static>> {
    if !look.is_open {
        return Vec::new();
    }
    let mut lines = table::arguments(&call.input, look);
    lines.extend(look.ending(&call.output, look.theme.dim));
    lines
}

pub(super) fn search(call: &ToolCall, look: ToolLook<'_>) -> Vec<Line<'static>> {
    if look.is_open {
        return table::arguments(&call.input, look);
    }
    let titles = call.output.lines();
    let mut titles: Vec<String> = titles
        .filter_map(|line| line.strip_prefix("### "))
        .map(markdown::plain_line)
        .collect();
    if titles.is_empty() {
        titles = call.output.lines().map(markdown::plain_line).collect();
    }
    look.first(&titles.join("\n"), FIRST, look.theme.dim)
}
