//! What the agent asked, and what the user answered.

use ratatui::text::{Line, Span};

use super::rows::ToolLook;
use crate::domain::chat::QuestionItem;
use crate::text::wrap;

pub(super) fn question(
    items: &[QuestionItem],
    answers: &[Vec<String>],
    look: ToolLook<'_>,
) -> Vec<Line<'static>> {
    let theme = look.theme;
    let mut lines = Vec::new();
    for (at, item) in items.iter().enumerate() {
        let asked = match item.question.as_str() {
            "" => &item.header,
            question => question,
        };
        let chosen = answers.get(at);
        if look.is_open {
            lines.extend(wrap::wrap_plain(asked, look.columns, theme.text));
            lines.extend(options(item, chosen, look));
        } else {
            lines.push(look.one(asked, theme.dim));
        }
        let Some(chosen) = chosen else { continue };
        let words = if chosen.is_empty() {
            "no answer".to_owned()
        } else {
            chosen.join(", ")
        };
        let arrow = theme.pick("→", ">");
        let rows = wrap::wrap_plain(&words, look.columns.saturating_sub(2).max(1), theme.strong);
        for (row, mut line) in rows.into_iter().enumerate() {
            let lead = if row == 0 { arrow } else { " " };
            line.spans
                .insert(0, Span::styled(format!("{lead} "), theme.dim));
            lines.push(line);
        }
    }
    lines
}

/// What there was to choose from.
fn options(
    item: &QuestionItem,
    chosen: Option<&Vec<String>>,
    look: ToolLook<'_>,
) -> Vec<Line<'static>> {
    let theme = look.theme;
    let is_chosen = |label: &String| chosen.is_some_and(|chosen| chosen.contains(label));
    let line = |option: &crate::domain::chat::QuestionOption| {
        let sign = if is_chosen(&option.label) { "x" } else { " " };
        let words = match option.description.as_str() {
            "" => format!("  ({sign}) {}", option.label),
            description => format!("  ({sign}) {}: {description}", option.label),
        };
        look.one(&words, theme.dim)
    };
    item.options.iter().map(line).collect()
}
