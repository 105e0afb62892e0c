//! Matches of a search, by file. Folded, the first line counts them.

use ratatui::text::{Line, Span};

use super::rows::ToolLook;
use crate::domain::chat::SearchCall;
use crate::text::wrap;

pub(super) fn search(search: &SearchCall, look: ToolLook<'_>) -> Vec<Line<'static>> {
    if !look.is_open {
        return Vec::new();
    }
    let theme = look.theme;
    let numbers = search.files.iter().flat_map(|file| &file.lines);
    let digits = numbers
        .map(|(number, _)| number.to_string().len())
        .max()
        .unwrap_or(0);
    let room = look.columns.saturating_sub(digits + 4).max(1);
    let mut lines = Vec::new();
    for file in &search.files {
        let style = if search.in_files {
            theme.strong
        } else {
            theme.text
        };
        lines.push(look.one(&file.path, style));
        for (number, text) in &file.lines {
            let text = wrap::truncate(text.trim_start(), room).into_owned();
            lines.push(Line::from(vec![
                Span::styled(format!("  {number:>digits$}  "), theme.dim),
                Span::styled(text, theme.text),
            ]));
        }
    }
    if search.more {
        lines.push(look.one("… there are more", theme.dim));
    }
    lines
}
