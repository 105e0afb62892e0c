//! Encodes the difference of two grids in the fewest bytes.
//!
//! Input: the shown and the wanted grid, the terminal's cursor and pen. Output: bytes, with cursor
//! and pen afterwards. Costs are counted, not guessed: each move is the shortest known one. It
//! relies on line feeds that keep the column (raw mode), on no margins being set, and on erasing
//! with the default pen only, since terminals differ in the colour they erase with.

use std::io::Write as _;

use super::glyph::{Glyph, GlyphTable, Grid};
use super::pen::Pen;
use super::shift::Shift;
use crate::text::link_table::LinkTable;

/// Ends a link.
pub(super) const NO_LINK: &[u8] = b"\x1b]8;;\x1b\\";

/// The terminal's cursor position and pen. `None`: unknown, as after the last column of a row or
/// after a glyph whose width terminals disagree about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Brush {
    pub(super) x: Option<u16>,
    pub(super) y: Option<u16>,
    pub(super) pen: Pen,
}

pub(super) struct ScreenPainter<'a> {
    pub(super) table: &'a GlyphTable,
    pub(super) links: &'a LinkTable,
    pub(super) brush: Brush,
    pub(super) out: Vec<u8>,
}

/// One way to move along one axis.
#[derive(Debug, Clone, Copy)]
enum CursorStep<'a> {
    Stay,
    Repeat(u8, u16),
    Csi(u16, u8),
    /// To the first column, then right.
    Return(u16),
    /// Writes the existing cells again.
    Rewrite(&'a [Glyph]),
}

impl CursorStep<'_> {
    fn cost(self) -> usize {
        match self {
            Self::Stay => 0,
            Self::Repeat(_, count) => usize::from(count),
            Self::Csi(count, _) => csi_cost(count),
            Self::Return(0) => 1,
            Self::Return(count) => 1 + csi_cost(count),
            Self::Rewrite(glyphs) => glyphs.len(),
        }
    }
}

/// Returns the length of `ESC [ n X`, where an `n` of 1 is omitted.
fn csi_cost(count: u16) -> usize {
    match count {
        0..=1 => 3,
        2..=9 => 4,
        10..=99 => 5,
        _ => 6,
    }
}

impl ScreenPainter<'_> {
    /// Paints all cells that differ between `wanted` and `shown`; both have the same size.
    pub(super) fn difference(&mut self, shown: &Grid, wanted: &Grid) {
        for y in 0..wanted.height {
            let (old, new) = (shown.row(y), wanted.row(y));
            if old != new {
                self.row(y, old, new);
            }
        }
    }

    /// Makes the terminal move rows; afterwards the cursor is at home if margins were needed.
    pub(super) fn shift(&mut self, shift: Shift, height: u16) {
        let whole = shift.top == 0 && shift.bottom + 1 == height;
        // Many terminals fill the new rows with the pen's background.
        self.set_pen(Pen::DEFAULT);
        if !whole {
            let (top, bottom) = (shift.top + 1, shift.bottom + 1);
            if top == 1 {
                self.put(format_args!("\x1b[;{bottom}r"));
            } else if shift.bottom + 1 == height {
                self.put(format_args!("\x1b[{top}r"));
            } else {
                self.put(format_args!("\x1b[{top};{bottom}r"));
            }
        }
        let count = u16::try_from(shift.by.unsigned_abs()).unwrap_or(u16::MAX);
        self.csi(count, if shift.by > 0 { b'S' } else { b'T' });
        if !whole {
            self.out.extend_from_slice(b"\x1b[r");
            self.brush.x = Some(0);
            self.brush.y = Some(0);
        }
    }

    fn row(&mut self, y: u16, old: &[Glyph], new: &[Glyph]) {
        // Cells before this column are painted even if equal: a wide glyph may have covered them.
        let mut overrun = 0;
        let mut x = 0;
        while let Some(glyph) = new.get(x).copied() {
            let step = usize::from(glyph.width().max(1));
            let cells = x..(x + step).min(new.len());
            let changed = old.get(cells.clone()) != new.get(cells);
            if (!changed && x >= overrun) || glyph.width() == 0 {
                x += step;
                continue;
            }
            self.move_to(column(x), y, new);
            if glyph == Glyph::BLANK
                && let Some(next) = self.erase(x, old, new)
            {
                x = next;
                continue;
            }
            overrun = overrun.max(self.glyph(x, glyph, new.len()));
            x += step;
        }
    }

    /// Erases a run of blanks at `x` if that is shorter than writing them, and returns the column
    /// after the run.
    fn erase(&mut self, x: usize, old: &[Glyph], new: &[Glyph]) -> Option<usize> {
        let run = new
            .get(x..)?
            .iter()
            .take_while(|glyph| **glyph == Glyph::BLANK)
            .count();
        let end = x + run;
        let changed = old
            .get(x..end)?
            .iter()
            .rposition(|glyph| *glyph != Glyph::BLANK)?
            + 1;
        let to_the_edge = end == new.len();
        let count = u16::try_from(changed).ok()?;
        let price = if to_the_edge { 3 } else { 2 * csi_cost(count) };
        let pen = if self.brush.pen == Pen::DEFAULT { 0 } else { 6 };
        if changed <= price + pen {
            return None;
        }
        self.set_pen(Pen::DEFAULT);
        if to_the_edge {
            self.out.extend_from_slice(b"\x1b[K");
        } else {
            self.csi(count, b'X');
        }
        Some(end)
    }

    /// Writes one glyph at the cursor. Returns the column up to which other terminals may have
    /// written.
    fn glyph(&mut self, x: usize, glyph: Glyph, columns: usize) -> usize {
        let pen = self.table.pen(glyph);
        if glyph != Glyph::BLANK || self.brush.pen.for_space() != Pen::DEFAULT {
            self.set_pen(pen);
        }
        let width = glyph.width();
        if glyph.is_unsure() {
            // A terminal that draws it narrower must not leave old text next to it.
            for byte in [b' ', 0x08] {
                self.out
                    .extend(std::iter::repeat_n(byte, usize::from(width)));
            }
            if x + usize::from(width) == columns {
                // At the edge, terminals step back differently.
                self.csi(column(x) + 1, b'G');
            }
        }
        self.table.write_text(glyph, &mut self.out);
        let end = x + usize::from(width);
        self.brush.x = (end < columns && !glyph.is_unsure()).then(|| column(end));
        if glyph.is_unsure() {
            x + usize::from(self.table.summed_width(glyph).max(width))
        } else {
            0
        }
    }

    /// Moves the cursor; `row` is the present content of row `y` left of `x`.
    pub(super) fn move_to(&mut self, x: u16, y: u16, row: &[Glyph]) {
        if self.brush.x == Some(x) && self.brush.y == Some(y) {
            return;
        }
        let down = self.down(y);
        let across = self.across(x, y, row);
        let address = match (x, y) {
            (0, 0) => 3,
            (0, _) => csi_cost((y + 1).max(2)),
            _ => csi_cost((y + 1).max(2)) + csi_cost((x + 1).max(2)) - 2,
        };
        if down.cost() + across.cost() <= address {
            self.take(down);
            self.take(across);
        } else if x == 0 {
            self.csi(y + 1, b'H');
        } else {
            self.put(format_args!("\x1b[{};{}H", y + 1, x + 1));
        }
        self.brush.x = Some(x);
        self.brush.y = Some(y);
    }

    fn down(&self, y: u16) -> CursorStep<'static> {
        let absolute = CursorStep::Csi(y + 1, b'd');
        match self.brush.y {
            Some(now) if now == y => CursorStep::Stay,
            Some(now) if now < y => shortest([
                CursorStep::Repeat(b'\n', y - now),
                CursorStep::Csi(y - now, b'B'),
                absolute,
            ]),
            Some(now) => shortest([CursorStep::Csi(now - y, b'A'), absolute, absolute]),
            None => absolute,
        }
    }

    fn across<'r>(&self, x: u16, y: u16, row: &'r [Glyph]) -> CursorStep<'r> {
        let absolute = shortest([
            CursorStep::Csi(x + 1, b'G'),
            CursorStep::Return(x),
            CursorStep::Return(x),
        ]);
        match self.brush.x {
            Some(now) if now == x => CursorStep::Stay,
            Some(now) if now < x => {
                let rewrite = if self.brush.y == Some(y) {
                    self.rewritable(now, x, row)
                } else {
                    None
                };
                let right = CursorStep::Csi(x - now, b'C');
                shortest([rewrite.map_or(right, CursorStep::Rewrite), right, absolute])
            }
            Some(now) => shortest([
                CursorStep::Repeat(0x08, now - x),
                CursorStep::Csi(now - x, b'D'),
                absolute,
            ]),
            None => absolute,
        }
    }

    /// Returns the cells between two columns if each is one byte in the present pen.
    fn rewritable<'r>(&self, from: u16, to: u16, row: &'r [Glyph]) -> Option<&'r [Glyph]> {
        if to - from > 4 {
            return None;
        }
        let between = row.get(usize::from(from)..usize::from(to))?;
        let fits = |glyph: &Glyph| {
            glyph.is_ascii()
                && (self.table.pen(*glyph) == self.brush.pen
                    || (*glyph == Glyph::BLANK && self.brush.pen.for_space() == Pen::DEFAULT))
        };
        between.iter().all(fits).then_some(between)
    }

    fn take(&mut self, step: CursorStep<'_>) {
        match step {
            CursorStep::Stay => {}
            CursorStep::Repeat(byte, count) => {
                self.out
                    .extend(std::iter::repeat_n(byte, usize::from(count)));
            }
            CursorStep::Csi(count, end) => self.csi(count, end),
            CursorStep::Return(count) => {
                self.out.push(b'\r');
                if count > 0 {
                    self.csi(count, b'C');
                }
            }
            CursorStep::Rewrite(glyphs) => {
                for glyph in glyphs {
                    self.table.write_text(*glyph, &mut self.out);
                }
            }
        }
    }

    fn set_pen(&mut self, pen: Pen) {
        self.brush.pen.change(pen, &mut self.out);
        if self.brush.pen.link() != pen.link() {
            self.link(pen.link());
        }
        self.brush.pen = pen;
    }

    /// Ends the present link: what other programs write must not belong to it.
    pub(super) fn end_link(&mut self) {
        self.set_pen(self.brush.pen.without_link());
    }

    /// What follows belongs to the link with this number, or to none. The address has no character
    /// that could end the sequence, and pieces with the same id are one link.
    fn link(&mut self, number: u32) {
        match self.links.url(number) {
            Some(url) => {
                self.put(format_args!("\x1b]8;id={number};"));
                for byte in url.bytes() {
                    if byte.is_ascii() {
                        self.out.push(byte);
                    } else {
                        // Some terminals read the bytes from 80 to 9f as control characters.
                        self.put(format_args!("%{byte:02X}"));
                    }
                }
                self.out.extend_from_slice(b"\x1b\\");
            }
            None => self.out.extend_from_slice(NO_LINK),
        }
    }

    fn csi(&mut self, count: u16, end: u8) {
        if count == 1 {
            self.out.extend_from_slice(b"\x1b[");
        } else {
            self.put(format_args!("\x1b[{count}"));
        }
        self.out.push(end);
    }

    fn put(&mut self, text: std::fmt::Arguments<'_>) {
        // Writing to a Vec cannot fail.
        let _ = self.out.write_fmt(text);
    }
}

fn shortest(steps: [CursorStep<'_>; 3]) -> CursorStep<'_> {
    let [first, second, third] = steps;
    let best = if second.cost() < first.cost() {
        second
    } else {
        first
    };
    if third.cost() < best.cost() {
        third
    } else {
        best
    }
}

/// Columns come from grids, which are at most `u16::MAX` wide.
fn column(x: usize) -> u16 {
    u16::try_from(x).unwrap_or(u16::MAX)
}
