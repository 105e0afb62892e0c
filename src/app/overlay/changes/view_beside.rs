//! Draws lines of code side by side: as they were at the left, as they are at the right.

use ratatui::text::{Line, Span};

use super::pairs::SidePairs;
use super::view_lines::{CONTEXT, DrawnRow, RowsLook, hunk, is_changed, single};
use crate::domain::diff::change_set::{ChangeRow, ChangedFile};
use crate::text::diff::{self, DiffLook, DiffRows};
use crate::text::highlight::{CodeColours, Language};
use crate::text::wrap;

/// The columns of both sides, between which is one for the line.
pub(super) fn sides(width: usize) -> [usize; 2] {
    let left = width.saturating_sub(1) / 2;
    [left, width.saturating_sub(left + 1)]
}

/// The lines from that of `row` on, as far as they are code and follow each other.
pub(super) fn beside_rows(
    (file, pairs): (&ChangedFile, &SidePairs),
    row: usize,
    most: usize,
    look: &RowsLook<'_>,
    colours: &mut CodeColours,
) -> Vec<DrawnRow> {
    let of_line = |line: usize| pairs.first(line).and_then(|row| row_of(file, row));
    let is_code = |line: usize| {
        let row = of_line(line);
        matches!(row, Some(ChangeRow::Line { .. } | ChangeRow::NoLineEnd))
    };
    let first = pairs.line_of(row);
    let (mut from, mut to) = (first, first);
    while from > 0 && first - from < CONTEXT && is_code(from - 1) {
        from -= 1;
    }
    while to - first < most && is_code(to) {
        to += 1;
    }
    // The marks of the last line may depend on those below.
    let mut end = to;
    while end - to < CONTEXT && is_code(end) && is_changed(of_line(end)) {
        end += 1;
    }
    let both = BothSides::of((file, pairs), from..end, look, colours);
    let lines = first..to;
    let drawn = lines.filter_map(|line| {
        let pair = pairs.lines.get(line)?;
        let cells = [0, 1].map(|side| both.cells(side, pair[side], look));
        Some(DrawnRow {
            row: pairs.first(line)?,
            lines: joined(cells, look),
        })
    });
    drawn.collect()
}

/// A row below a file's name.
fn row_of(file: &ChangedFile, row: usize) -> Option<&ChangeRow> {
    file.lines.get(row.checked_sub(file.rows.start + 1)?)
}

/// Consecutive lines, once with the numbers of each side.
struct BothSides<'a> {
    file: &'a ChangedFile,
    /// In order.
    rows: Vec<usize>,
    made: [DiffRows; 2],
}

impl<'a> BothSides<'a> {
    fn of(
        (file, pairs): (&'a ChangedFile, &SidePairs),
        lines: std::ops::Range<usize>,
        look: &RowsLook<'_>,
        colours: &mut CodeColours,
    ) -> Self {
        let shown = pairs.lines.get(lines).unwrap_or_default();
        let rows = shown.iter().flatten().flatten().copied();
        let is_line = |row: &usize| matches!(row_of(file, *row), Some(ChangeRow::Line { .. }));
        let mut rows: Vec<usize> = rows.filter(is_line).collect();
        rows.sort_unstable();
        rows.dedup();
        let text = hunk(&rows.iter().filter_map(|row| row_of(file, *row)));
        let language = Language::of_path(file.change.path());
        let widths = sides(look.width);
        let made = [0, 1].map(|side| {
            let look = DiffLook {
                width: widths[side],
                names: false,
                most: usize::MAX,
                language: language.as_ref(),
                largest: file.last_number,
                old_numbers: side == 0,
                palette: &look.theme.palette,
            };
            diff::rows(&text, look, colours)
        });
        Self { file, rows, made }
    }

    /// What a side shows of a row.
    fn cells(&self, side: usize, row: Option<usize>, look: &RowsLook<'_>) -> Vec<Line<'static>> {
        let Some(row) = row else { return Vec::new() };
        let Ok(at) = self.rows.binary_search(&row) else {
            let known = row_of(self.file, row);
            let note = known.map(|row| single(row, sides(look.width)[side], look.theme));
            return note.into_iter().collect();
        };
        let DiffRows { lines, starts, .. } = &self.made[side];
        let start = starts.get(at).copied().unwrap_or(lines.len());
        let end = starts.get(at + 1).copied().unwrap_or(lines.len());
        lines.get(start..end).unwrap_or_default().to_vec()
    }
}

/// Both sides with a line between them; the lower one is filled up.
fn joined([left, right]: [Vec<Line<'static>>; 2], look: &RowsLook<'_>) -> Vec<Line<'static>> {
    let [width, _] = sides(look.width);
    let rows = left.len().max(right.len()).max(1);
    let (mut left, mut right) = (left.into_iter(), right.into_iter());
    let lines = (0..rows).map(|_| {
        let mut spans = left.next().map_or_else(Vec::new, |line| line.spans);
        let used = wrap::spans_width(&spans);
        spans.push(Span::raw(" ".repeat(width.saturating_sub(used))));
        spans.push(Span::styled(look.theme.pick("│", "|"), look.theme.border));
        spans.extend(right.next().into_iter().flat_map(|line| line.spans));
        Line::from(spans)
    });
    lines.collect()
}
