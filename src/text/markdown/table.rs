//! Tables: columns as wide as their content, or else as the room allows; in too narrow a room, one
//! `header: value` line for each cell.

use pulldown_cmark::Alignment;
use ratatui::text::Span;

use crate::text::Palette;
use crate::text::wrap::{Breaking, fold, spans_width};

/// The least width of a column; a table that does not fit with it is stacked.
const MIN_COLUMN: usize = 6;
const SEPARATOR: &str = " │ ";

/// The lines of a cell, split at hard breaks.
type Cell = Vec<Vec<Span<'static>>>;

pub(super) struct TableBuilder {
    alignments: Vec<Alignment>,
    /// `rows[0]` is the header. All have as many cells as there are alignments.
    rows: Vec<Vec<Cell>>,
    open: Vec<Cell>,
}

impl TableBuilder {
    pub(super) fn new(alignments: Vec<Alignment>) -> Self {
        Self {
            alignments,
            rows: Vec::new(),
            open: Vec::new(),
        }
    }

    pub(super) fn end_cell(&mut self, cell: Cell) {
        self.open.push(cell);
    }

    pub(super) fn end_row(&mut self) {
        let mut row = std::mem::take(&mut self.open);
        row.resize(self.alignments.len(), Cell::new());
        self.rows.push(row);
    }

    /// Returns the table as lines of at most `room` columns.
    pub(super) fn lines(&self, room: usize, palette: &Palette) -> Vec<Vec<Span<'static>>> {
        match self.fit(room) {
            Some(widths) => self.side_by_side(&widths, palette),
            None => self.stacked(room, palette),
        }
    }

    /// The widths of the columns, or `None` if they do not fit. Wide columns shrink first: all are
    /// cut at the same width.
    fn fit(&self, room: usize) -> Option<Vec<usize>> {
        let natural: Vec<usize> = (0..self.alignments.len())
            .map(|column| {
                let cells = self.rows.iter().filter_map(|row| row.get(column));
                cells
                    .flatten()
                    .map(|line| spans_width(line))
                    .max()
                    .unwrap_or(0)
                    .max(1)
            })
            .collect();
        let separators = 3 * natural.len().saturating_sub(1);
        let room = room.checked_sub(separators)?;
        let total = |cut: usize| natural.iter().map(|width| (*width).min(cut)).sum::<usize>();
        let widest = natural.iter().copied().max()?;
        if total(widest) <= room {
            return Some(natural);
        }
        let cut = (MIN_COLUMN..widest).rev().find(|cut| total(*cut) <= room)?;
        let mut spare = room - total(cut);
        let widths = natural.iter().map(|width| {
            let extra = width.saturating_sub(cut).min(spare);
            spare -= extra;
            (*width).min(cut) + extra
        });
        Some(widths.collect())
    }

    fn side_by_side(&self, widths: &[usize], palette: &Palette) -> Vec<Vec<Span<'static>>> {
        let mut lines = Vec::new();
        for (at, row) in self.rows.iter().enumerate() {
            let cells: Vec<Cell> = row
                .iter()
                .zip(widths)
                .map(|(cell, width)| {
                    cell.iter()
                        .flat_map(|l| fold(l, *width, *width, Breaking::Words))
                        .collect()
                })
                .collect();
            let height = cells.iter().map(Vec::len).max().unwrap_or(0).max(1);
            lines.extend((0..height).map(|line| self.row_line(&cells, line, widths, palette)));
            if at == 0 {
                let rule: Vec<String> = widths.iter().map(|width| "─".repeat(*width)).collect();
                lines.push(vec![Span::styled(rule.join("─┼─"), palette.border)]);
            }
        }
        lines
    }

    fn row_line(
        &self,
        cells: &[Cell],
        line: usize,
        widths: &[usize],
        palette: &Palette,
    ) -> Vec<Span<'static>> {
        let mut spans = Vec::new();
        for (column, (cell, width)) in cells.iter().zip(widths).enumerate() {
            if column > 0 {
                spans.push(Span::styled(SEPARATOR, palette.border));
            }
            let content = cell.get(line).cloned().unwrap_or_default();
            let blank = width.saturating_sub(spans_width(&content));
            let before = match self.alignments.get(column) {
                Some(Alignment::Right) => blank,
                Some(Alignment::Center) => blank / 2,
                Some(Alignment::Left | Alignment::None) | None => 0,
            };
            let after = if column + 1 == widths.len() {
                0
            } else {
                blank - before
            };
            spans.extend(blanks(before));
            spans.extend(content);
            spans.extend(blanks(after));
        }
        spans
    }

    fn stacked(&self, room: usize, palette: &Palette) -> Vec<Vec<Span<'static>>> {
        let Some((header, rows)) = self.rows.split_first() else {
            return Vec::new();
        };
        if rows.is_empty() {
            return header
                .iter()
                .flatten()
                .flat_map(|line| hanging(line, room))
                .collect();
        }
        let mut lines = Vec::new();
        for (at, row) in rows.iter().enumerate() {
            if at > 0 {
                lines.push(Vec::new());
            }
            for (name, value) in header.iter().zip(row) {
                let mut spans: Vec<Span<'static>> = name.concat();
                if !spans.is_empty() {
                    spans.push(Span::styled(": ", palette.dim));
                }
                spans.extend(value.join(&Span::raw(" ")));
                lines.extend(hanging(&spans, room));
            }
        }
        lines
    }
}

/// Wraps text; lines after the first are indented by two.
fn hanging(spans: &[Span<'static>], room: usize) -> Vec<Vec<Span<'static>>> {
    let indent = if room >= 10 { 2 } else { 0 };
    let mut lines = fold(spans, room, room - indent, Breaking::Words);
    for line in lines.iter_mut().skip(1) {
        line.splice(0..0, blanks(indent));
    }
    lines
}

fn blanks(count: usize) -> Option<Span<'static>> {
    (count > 0).then(|| Span::raw(" ".repeat(count)))
}
