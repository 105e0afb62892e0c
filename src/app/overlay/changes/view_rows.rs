//! Draws the rows of the changes: only the visible ones, however long the diff is.

use std::fmt::Write as _;
use std::ops::Range;

use ratatui::text::{Line, Span};

use super::state::ChangesState;
use crate::app::view::theme::Theme;
use crate::domain::diff::DiffSign;
use crate::domain::diff::change_set::{ChangeRow, ChangeSet, ChangedFile};
use crate::text::diff::{self, DiffLook};
use crate::text::highlight::{CodeColours, Language};
use crate::text::{visible, wrap};

/// The lines above that are read for the marks and colours of the first one.
const CONTEXT: usize = 60;

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

/// The rows from `top` on that fill the height; the last one may go beyond.
pub(super) fn drawn_rows(
    state: &ChangesState,
    set: &ChangeSet,
    top: usize,
    look: &RowsLook<'_>,
    colours: &mut CodeColours,
) -> Vec<DrawnRow> {
    let mut drawn: Vec<DrawnRow> = Vec::new();
    let mut used = 0;
    let mut next = Some(top);
    while let (Some(row), true) = (next, used < look.height) {
        let Some(file) = set.file_at(row) else { break };
        let of_file = &set.files[file];
        let rows = match set.row(row) {
            Some(ChangeRow::Line { .. }) => {
                code_rows(of_file, row, look.height - used, look, colours)
            }
            Some(other) => vec![DrawnRow {
                row,
                lines: vec![single(other, look)],
            }],
            None => vec![DrawnRow {
                row,
                lines: vec![name(
                    of_file,
                    (state.is_viewed(file), state.is_folded(file)),
                    look,
                )],
            }],
        };
        used += rows.iter().map(|row| row.lines.len()).sum::<usize>();
        next = rows.last().and_then(|last| state.after(last.row));
        drawn.extend(rows);
    }
    drawn
}

/// The lines of code from `row` on, as far as they follow each other.
fn code_rows(
    file: &ChangedFile,
    row: usize,
    most: usize,
    look: &RowsLook<'_>,
    colours: &mut CodeColours,
) -> Vec<DrawnRow> {
    let first = row - file.rows.start - 1;
    let is_line = |at: usize| matches!(file.lines.get(at), Some(ChangeRow::Line { .. }));
    let mut from = first;
    while from > 0 && first - from < CONTEXT && is_line(from - 1) {
        from -= 1;
    }
    let mut to = first;
    while to - first < most && is_line(to) {
        to += 1;
    }
    // The marks of the last line may depend on those below.
    let mut end = to;
    while end - to < CONTEXT && is_changed(file.lines.get(end)) {
        end += 1;
    }
    let language = Language::of_path(file.change.path());
    let diff_look = DiffLook {
        width: look.width,
        names: false,
        most: usize::MAX,
        language: language.as_ref(),
        largest: file.last_number,
        palette: &look.theme.palette,
    };
    let made = diff::rows(&hunk(file, from..end), diff_look, colours);
    let mut starts = made.starts.clone();
    starts.push(made.lines.len());
    let ranges = starts.windows(2).map(|pair| pair[0]..pair[1]);
    let rows = ranges.zip(from..end).skip(first - from).take(to - first);
    rows.map(|(lines, at)| DrawnRow {
        row: file.rows.start + 1 + at,
        lines: made.lines.get(lines).unwrap_or_default().to_vec(),
    })
    .collect()
}

/// The columns before the text of a row.
pub(super) fn lead(set: &ChangeSet, row: usize, look: &RowsLook<'_>) -> usize {
    let file = set.file_at(row).and_then(|file| set.files.get(file));
    match (set.row(row), file) {
        (Some(ChangeRow::Line { .. }), Some(file)) => {
            diff::lead_width(look.width, file.last_number)
        }
        _ => 0,
    }
}

fn is_changed(row: Option<&ChangeRow>) -> bool {
    matches!(row, Some(ChangeRow::Line { sign, .. }) if *sign != DiffSign::Kept)
}

/// A part of a file's lines as a hunk of its own.
fn hunk(file: &ChangedFile, lines: Range<usize>) -> String {
    let lines = || {
        let rows = file.lines.get(lines.clone()).unwrap_or_default().iter();
        rows.filter_map(|row| match row {
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

/// `▾ src/pool.rs  +36 −9  new file`
fn name(
    file: &ChangedFile,
    (is_viewed, is_folded): (bool, bool),
    look: &RowsLook<'_>,
) -> Line<'static> {
    let theme = look.theme;
    let sign = if is_folded {
        theme.pick("▸ ", "> ")
    } else {
        theme.pick("▾ ", "v ")
    };
    let mut tail = vec![Span::raw("  ")];
    tail.extend(counts(file, theme));
    let words = file.change.words().join(", ");
    if !words.is_empty() {
        let gap = if tail.len() > 1 { "  " } else { "" };
        let words = format!("{gap}{}", visible::one_line(&words));
        tail.push(Span::styled(words, theme.dim));
    }
    if is_viewed {
        tail.push(Span::styled("  viewed", theme.dim));
    }
    let room = look
        .width
        .saturating_sub(2 + wrap::spans_width(&tail))
        .max(12);
    let path = visible::one_line(file.change.path());
    let mut spans = vec![
        Span::styled(sign, theme.accent),
        Span::styled(tail_of(&path, room), theme.strong),
    ];
    spans.extend(tail);
    Line::from(spans)
}

/// `+36 −9`; nothing for a file without changed lines.
pub(super) fn counts(file: &ChangedFile, theme: &Theme) -> Vec<Span<'static>> {
    if (file.added, file.removed) == (0, 0) {
        return Vec::new();
    }
    vec![
        Span::styled(format!("+{}", file.added), theme.palette.added),
        Span::styled(format!(" −{}", file.removed), theme.palette.removed),
    ]
}

/// A row that is no line of a file.
fn single(row: &ChangeRow, look: &RowsLook<'_>) -> Line<'static> {
    let (words, style) = match row {
        ChangeRow::Hunk(section) => (
            format!(
                "{} {}",
                look.theme.pick("···", "..."),
                visible::one_line(section)
            ),
            look.theme.palette.hunk,
        ),
        ChangeRow::Note(note) => (visible::one_line(note).into_owned(), look.theme.dim),
        ChangeRow::NoLineEnd | ChangeRow::Line { .. } => {
            ("(no line end)".to_owned(), look.theme.dim)
        }
    };
    Line::styled(wrap::truncate(&words, look.width).into_owned(), style)
}

/// The end of a path, which tells more than its beginning.
pub(super) fn tail_of(path: &str, room: usize) -> String {
    if wrap::width(path) <= room {
        return path.to_owned();
    }
    let starts = path.char_indices().map(|(at, _)| at);
    let mut tails = starts.map(|at| &path[at..]);
    let fits = tails.find(|tail| wrap::width(tail) < room);
    format!("…{}", fits.unwrap_or_default())
}
