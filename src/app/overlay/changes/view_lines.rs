//! What the rows of the changes are drawn with, in one column or two.

use std::fmt::Write as _;

use ratatui::text::Line;

use crate::app::view::theme::Theme;
use crate::domain::diff::DiffSign;
use crate::domain::diff::change_set::ChangeRow;
use crate::text::{visible, wrap};

/// The lines above that are read for the marks and colours of the first one.
pub(super) const CONTEXT: usize = 60;

/// The screen lines of a row.
pub(super) struct DrawnRow {
    pub(super) row: usize,
    pub(super) lines: Vec<Line<'static>>,
}

pub(super) struct RowsLook<'a> {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) theme: &'a Theme,
}

pub(super) fn is_changed(row: Option<&ChangeRow>) -> bool {
    matches!(row, Some(ChangeRow::Line { sign, .. }) if *sign != DiffSign::Kept)
}

/// Consecutive lines of a file as a hunk of its own.
pub(super) fn hunk<'a>(rows: &(impl Iterator<Item = &'a ChangeRow> + Clone)) -> String {
    let lines = || {
        rows.clone().filter_map(|row| match row {
            ChangeRow::Line {
                sign,
                old,
                new,
                text,
            } => Some((*sign, *old, *new, text)),
            _ => None,
        })
    };
    let first_old = lines().find_map(|(_, old, _, _)| old);
    let first_new = lines().find_map(|(_, _, new, _)| new);
    let count = |other: DiffSign| lines().filter(|(sign, ..)| *sign != other).count();
    let is_counted = lines().all(|(_, old, new, _)| old.or(new).is_some());
    let mut text = if is_counted {
        format!(
            "@@ -{},{} +{},{} @@\n",
            first_old.unwrap_or(0),
            count(DiffSign::Added),
            first_new.unwrap_or(0),
            count(DiffSign::Removed)
        )
    } else {
        "@@ @@\n".to_owned()
    };
    for (sign, _, _, line) in lines() {
        // Writing into a string cannot fail.
        let _ = writeln!(text, "{}{line}", sign.sign());
    }
    text
}

/// A row that is no line of a file.
pub(super) fn single(row: &ChangeRow, width: usize, theme: &Theme) -> Line<'static> {
    let (words, style) = match row {
        ChangeRow::Hunk(section) => (
            format!(
                "{} {}",
                theme.pick("···", "..."),
                visible::one_line(section)
            ),
            theme.palette.hunk,
        ),
        ChangeRow::Note(note) => (visible::one_line(note).into_owned(), theme.dim),
        ChangeRow::NoLineEnd | ChangeRow::Line { .. } => {
            ("(no newline at end of file)".to_owned(), theme.dim)
        }
    };
    Line::styled(wrap::truncate(&words, width).into_owned(), style)
}
