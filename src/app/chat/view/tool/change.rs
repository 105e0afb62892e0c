//! Files that a call changes: the diff, or the new text where there is none.

use ratatui::text::Line;

use super::rows::ToolLook;
use crate::domain::chat::{EditKind, FileEdit, ToolCall};
use crate::domain::diff::{DiffItem, parse};
use crate::text::diff::{self, DiffLook};
use crate::text::highlight::{CodeColours, Language, ListingLook, listing};

/// Rows of a diff that a folded call shows, of all its files together.
const DIFF_ROWS: usize = 12;
/// Lines of a new text that it shows.
const TEXT_ROWS: usize = 6;
/// Problems that it shows.
const PROBLEMS: usize = 3;
/// No more rows are drawn of an unfolded call.
const MOST: usize = 5_000;

pub(super) fn change(
    call: &ToolCall,
    files: &[FileEdit],
    look: ToolLook<'_>,
    colours: &mut CodeColours,
) -> Vec<Line<'static>> {
    let most = if look.is_open { MOST } else { DIFF_ROWS };
    let mut lines = Vec::new();
    let mut hidden = 0;
    for file in files {
        let room = most.saturating_sub(lines.len());
        if files.len() > 1 && room > 0 {
            lines.push(look.one(&named(file), look.theme.strong));
        }
        let room = most.saturating_sub(lines.len());
        hidden += if file.diff.is_empty() {
            text(file, room, look, colours, &mut lines)
        } else {
            changed(file, room, look, colours, &mut lines)
        };
    }
    look.and_more(&mut lines, hidden);
    if look.is_open {
        lines.extend(super::table::arguments(&call.input, look));
        lines.extend(look.ending(&call.output, look.theme.error));
    } else {
        lines.extend(look.first(&call.output, PROBLEMS, look.theme.error));
    }
    lines
}

/// The path of one of several files, and what happens to it.
pub(super) fn named(file: &FileEdit) -> String {
    let path = &file.path;
    match (&file.to, file.kind) {
        (Some(to), _) => format!("{path} → {to}"),
        (None, EditKind::Created) => format!("{path} (new)"),
        (None, EditKind::Deleted) => format!("{path} (deleted)"),
        (None, EditKind::Moved) => format!("{path} (moved)"),
        (None, EditKind::Edited | EditKind::Written) => path.clone(),
    }
}

/// Draws a file's diff; returns how many of its lines are not shown.
fn changed(
    file: &FileEdit,
    room: usize,
    look: ToolLook<'_>,
    colours: &mut CodeColours,
    lines: &mut Vec<Line<'static>>,
) -> usize {
    let language = Language::of_path(file.to.as_ref().unwrap_or(&file.path));
    let rows = diff::rows(
        &file.diff,
        DiffLook {
            width: look.columns,
            names: false,
            most: room,
            language: language.as_ref(),
            largest: 0,
            old_numbers: false,
            palette: &look.theme.palette,
        },
        colours,
    );
    let shown = rows.lines.len();
    lines.extend(rows.lines);
    if !rows.cut {
        return 0;
    }
    let all = parse(&file.diff)
        .filter(|item| matches!(item, DiffItem::Line(_)))
        .count();
    all.saturating_sub(shown).max(1)
}

/// Draws a file's new text; returns how many of its lines are not shown.
fn text(
    file: &FileEdit,
    room: usize,
    look: ToolLook<'_>,
    colours: &mut CodeColours,
    lines: &mut Vec<Line<'static>>,
) -> usize {
    let most = if look.is_open {
        room
    } else {
        room.min(TEXT_ROWS)
    };
    let language = Language::of_path(&file.path);
    lines.extend(listing(
        &file.text,
        ListingLook {
            width: look.columns,
            first: Some(1),
            most,
            language: language.as_ref(),
            palette: &look.theme.palette,
        },
        colours,
    ));
    file.text.lines().count().saturating_sub(most)
}
