//! The agent's list: folded and unfolded, all of it.

use ratatui::text::{Line, Span};

use super::rows::ToolLook;
use crate::domain::chat::Todo;
use crate::text::wrap;

pub(super) fn todos(todos: &[Todo], look: ToolLook<'_>) -> Vec<Line<'static>> {
    let theme = look.theme;
    let room = look.columns.saturating_sub(2).max(1);
    let mut lines = Vec::new();
    for todo in todos {
        let (sign, style) = match todo.status.as_str() {
            "completed" => (theme.pick("✓", "x"), theme.dim),
            "in_progress" => (theme.pick("●", "*"), theme.accent),
            "cancelled" => (theme.pick("×", "-"), theme.dim),
            _ => (theme.pick("○", "o"), theme.text),
        };
        let rows = if look.is_open {
            wrap::wrap_plain(&todo.content, room, style)
        } else {
            let words = wrap::truncate(&todo.content, room).into_owned();
            vec![Line::styled(words, style)]
        };
        for (at, mut row) in rows.into_iter().enumerate() {
            let lead = if at == 0 { sign } else { " " };
            row.spans.insert(0, Span::styled(format!("{lead} "), style));
            lines.push(row);
        }
    }
    lines
}
