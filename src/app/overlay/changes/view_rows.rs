//! Draws the rows of the changes: only the visible ones, however long the diff is.

use ratatui::text::{Line, Span};

use super::row_walk::RowWalk;
use super::view_beside::{beside_rows, sides};
use super::view_lines::{CONTEXT, DrawnRow, RowsLook, hunk, is_changed, single};
use crate::app::view::theme::Theme;
use crate::domain::diff::change_set::{ChangeRow, ChangedFile};
use crate::text::diff::{self, DiffLook};
use crate::text::highlight::{CodeColours, Language};
use crate::text::{visible, wrap};

/// The rows on the screen, which begin where the last frame began unless the cursor is elsewhere.
pub(super) fn in_sight(
    way: &RowWalk<'_>,
    top: usize,
    look: &RowsLook<'_>,
    colours: &mut CodeColours,
) -> Vec<DrawnRow> {
    let cursor = way.first(way.cursor);
    let mut top = way.first(top).min(cursor);
    // A page above the cursor: nothing from there on is out of sight for being too far away.
    let mut earliest = cursor;
    for _ in 1..look.height {
        earliest = way.before(earliest).unwrap_or(earliest);
    }
    top = top.max(earliest);
    // A file that was folded since hides its rows.
    if let Some(file) = way.set.file_at(top).filter(|file| way.is_folded(*file)) {
        top = way.set.files[file].rows.start;
    }
    let mut rows = drawn_rows(way, top, look, colours);
    // The end of the changes is at the end of the screen.
    let used: usize = rows.iter().map(|row| row.lines.len()).sum();
    if used < look.height && top > 0 {
        for _ in used..look.height {
            top = way.before(top).unwrap_or(top);
        }
        rows = drawn_rows(way, top, look, colours);
    }
    loop {
        let above = rows.iter().take_while(|row| row.row != cursor);
        let above: usize = above.map(|row| row.lines.len()).sum();
        let at = rows.iter().find(|row| row.row == cursor);
        let tall = at.map_or(look.height, |row| row.lines.len());
        // Long lines take several screen lines each.
        if top == cursor || above + tall <= look.height {
            return rows;
        }
        match way.after(top) {
            Some(next) => top = next,
            None => return rows,
        }
        rows = drawn_rows(way, top, look, colours);
    }
}

/// The rows from `top` on that fill the height; the last one may go beyond.
fn drawn_rows(
    way: &RowWalk<'_>,
    top: usize,
    look: &RowsLook<'_>,
    colours: &mut CodeColours,
) -> Vec<DrawnRow> {
    let RowWalk { set, pairs, .. } = *way;
    let mut drawn: Vec<DrawnRow> = Vec::new();
    let mut used = 0;
    let mut next = Some(top);
    while let (Some(row), true) = (next, used < look.height) {
        let Some(file) = set.file_at(row) else { break };
        let of_file = &set.files[file];
        let most = look.height - used;
        let rows = match (set.row(row), pairs) {
            (Some(ChangeRow::Line { .. } | ChangeRow::NoLineEnd), Some(pairs)) => {
                beside_rows((of_file, pairs), row, most, look, colours)
            }
            (Some(ChangeRow::Line { .. }), None) => code_rows(of_file, row, most, look, colours),
            (Some(other), _) => vec![DrawnRow {
                row,
                lines: vec![single(other, look.width, look.theme)],
            }],
            (None, _) => vec![DrawnRow {
                row,
                lines: vec![name(
                    of_file,
                    (way.is_viewed(file), way.is_folded(file)),
                    look,
                )],
            }],
        };
        used += rows.iter().map(|row| row.lines.len()).sum::<usize>();
        next = rows.last().and_then(|last| way.after(last.row));
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
        old_numbers: false,
        palette: &look.theme.palette,
    };
    let made = diff::rows(
        &hunk(&file.lines.get(from..end).unwrap_or_default().iter()),
        diff_look,
        colours,
    );
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

/// The columns of a row's text: from the first one of each part, so many.
pub(super) fn text_columns(
    way: &RowWalk<'_>,
    row: usize,
    look: &RowsLook<'_>,
) -> Vec<(usize, usize)> {
    let file = way
        .set
        .file_at(row)
        .and_then(|file| way.set.files.get(file));
    let (Some(ChangeRow::Line { .. }), Some(file)) = (way.set.row(row), file) else {
        return vec![(0, look.width)];
    };
    let part = |start: usize, width: usize| {
        let lead = diff::lead_width(width, file.last_number);
        (start + lead, width.saturating_sub(lead))
    };
    if way.pairs.is_none() {
        return vec![part(0, look.width)];
    }
    let [left, right] = sides(look.width);
    vec![part(0, left), part(left + 1, right)]
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
