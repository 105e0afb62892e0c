//! The screen as a grid of small comparable numbers, and the table of their meanings.
//!
//! Input: ratatui's buffer. Output: a [`Grid`] of [`Glyph`]s that are compared and moved as plain
//! integers. This is also the last defence against hostile text: whatever a cell contains, a
//! glyph's text has no control character, no direction override and a bounded length.
//!
//! Terminals disagree about the width of some clusters (emoji joined by U+200D, the emoji selector
//! U+FE0F, new emoji). They are marked *unsure*: after them, the painter trusts no cursor position.

use std::collections::HashMap;

use ratatui::buffer::{Buffer, Cell, CellWidth as _};
use unicode_width::UnicodeWidthChar;

use super::pen::Pen;
use crate::text::hidden::is_obeyed;
use crate::text::link_table::LinkTable;

/// One cell. The second column of a wide character is a cell of its own, of width 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Glyph(u64);

const CLUSTER: u32 = 0x8000_0000;
const UNSURE: u64 = 1 << 56;

impl Glyph {
    /// A space in the terminal's own colours.
    pub(super) const BLANK: Self = Self::new(' ' as u32, 0, 1, false);

    const fn new(symbol: u32, pen: u16, width: u8, unsure: bool) -> Self {
        let flag = if unsure { UNSURE } else { 0 };
        Self(symbol as u64 | (pen as u64) << 32 | (width as u64) << 48 | flag)
    }

    pub(super) fn width(self) -> u16 {
        u16::from(self.0.to_le_bytes()[6])
    }

    pub(super) fn is_unsure(self) -> bool {
        self.0 & UNSURE != 0
    }

    /// Whether its text is one byte.
    pub(super) fn is_ascii(self) -> bool {
        self.symbol() < 0x80 && self.width() == 1
    }

    fn symbol(self) -> u32 {
        let [a, b, c, d, ..] = self.0.to_le_bytes();
        u32::from_le_bytes([a, b, c, d])
    }

    fn pen(self) -> usize {
        let bytes = self.0.to_le_bytes();
        usize::from(u16::from_le_bytes([bytes[4], bytes[5]]))
    }
}

/// The meaning of the numbers in glyphs. Bounded: see [`GlyphTable::is_crowded`].
#[derive(Debug)]
pub(super) struct GlyphTable {
    clusters: Vec<Box<str>>,
    cluster_index: HashMap<Box<str>, u32>,
    /// `pens[0]` is [`Pen::DEFAULT`].
    pens: Vec<Pen>,
    pen_index: HashMap<Pen, u16>,
    /// Adjacent cells mostly have the same pen.
    last_pen: (Pen, u16),
}

impl GlyphTable {
    pub(super) fn new() -> Self {
        Self {
            clusters: Vec::new(),
            cluster_index: HashMap::new(),
            pens: vec![Pen::DEFAULT],
            pen_index: HashMap::from([(Pen::DEFAULT, 0)]),
            last_pen: (Pen::DEFAULT, 0),
        }
    }

    /// Whether the table should be dropped, with every grid that was read with it. One more grid of
    /// any size that fits into memory can still be read.
    pub(super) fn is_crowded(&self) -> bool {
        self.clusters.len() > 8192 || self.pens.len() > 8192
    }

    pub(super) fn pen(&self, glyph: Glyph) -> Pen {
        self.pens.get(glyph.pen()).copied().unwrap_or(Pen::DEFAULT)
    }

    pub(super) fn write_text(&self, glyph: Glyph, out: &mut Vec<u8>) {
        let symbol = glyph.symbol();
        if symbol & CLUSTER == 0 {
            let c = char::from_u32(symbol).unwrap_or(' ');
            out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
        } else if let Some(cluster) = self.cluster(symbol) {
            out.extend_from_slice(cluster.as_bytes());
        }
    }

    /// Returns the glyph's width in a terminal that adds up the widths of its characters.
    pub(super) fn summed_width(&self, glyph: Glyph) -> u16 {
        let symbol = glyph.symbol();
        if symbol & CLUSTER == 0 {
            return glyph.width();
        }
        let sum: usize = self.cluster(symbol).map_or(0, |cluster| {
            cluster.chars().filter_map(UnicodeWidthChar::width).sum()
        });
        u16::try_from(sum).unwrap_or(u16::MAX)
    }

    fn cluster(&self, symbol: u32) -> Option<&str> {
        let index = usize::try_from(symbol & !CLUSTER).ok()?;
        self.clusters.get(index).map(|cluster| &**cluster)
    }

    fn pen_number(&mut self, pen: Pen) -> u16 {
        if self.last_pen.0 == pen {
            return self.last_pen.1;
        }
        let number = if let Some(number) = self.pen_index.get(&pen) {
            *number
        } else if let Ok(number) = u16::try_from(self.pens.len()) {
            self.pens.push(pen);
            self.pen_index.insert(pen, number);
            number
        } else {
            // More than 65,536 pens on one screen: the rest has the default pen.
            return 0;
        };
        self.last_pen = (pen, number);
        number
    }

    fn cluster_number(&mut self, cluster: &str) -> u32 {
        if let Some(number) = self.cluster_index.get(cluster) {
            return *number;
        }
        let number = CLUSTER | u32::try_from(self.clusters.len()).unwrap_or(0);
        self.clusters.push(cluster.into());
        self.cluster_index.insert(cluster.into(), number);
        number
    }

    /// Converts a cell to a glyph at a position with `room` columns to the right edge.
    fn glyph(&mut self, cell: &Cell, pen: Pen, room: u16) -> Glyph {
        let text = cell.symbol();
        if let [byte @ b'!'..=b'~'] = text.as_bytes() {
            return Glyph::new(u32::from(*byte), self.pen_number(pen), 1, false);
        }
        if text == " " {
            return self.space(pen);
        }
        if text.len() > 64 || text.chars().any(is_obeyed) {
            return Glyph::new(0xfffd, self.pen_number(pen), 1, false);
        }
        let width = text.cell_width();
        if width == 0 || width > room {
            return self.space(pen);
        }
        let mut chars = text.chars();
        let (Some(first), rest) = (chars.next(), chars.as_str()) else {
            return self.space(pen);
        };
        let pen = self.pen_number(pen);
        let byte_width = u8::try_from(width).unwrap_or(u8::MAX);
        let unsure = is_unsure(first, rest, width);
        if rest.is_empty() {
            return Glyph::new(u32::from(first), pen, byte_width, unsure);
        }
        let glyph = Glyph::new(self.cluster_number(text), pen, byte_width, unsure);
        if self.summed_width(glyph) > room {
            // If some terminals would draw it over the edge, only its base is shown.
            let alone = first.width().and_then(|width| u8::try_from(width).ok());
            let alone = alone.filter(|alone| (1..=byte_width).contains(alone));
            return alone.map_or(Glyph::BLANK, |alone| {
                Glyph::new(u32::from(first), pen, alone, true)
            });
        }
        glyph
    }

    fn space(&mut self, pen: Pen) -> Glyph {
        Glyph::new(u32::from(' '), self.pen_number(pen.for_space()), 1, false)
    }

    fn continuation(glyph: Glyph) -> Glyph {
        Glyph(glyph.0 & 0x0000_ffff_0000_0000)
    }
}

fn is_unsure(first: char, rest: &str, width: u16) -> bool {
    let east_asian = matches!(first, '\u{1100}'..='\u{11ff}' | '\u{2e80}'..='\u{ffef}' | '\u{20000}'..='\u{3ffff}');
    (width > 1 && !east_asian)
        || width > 2
        || rest.chars().any(|c| {
            matches!(
                c,
                '\u{200d}' | '\u{fe0e}' | '\u{fe0f}' | '\u{ff9e}' | '\u{ff9f}'
            ) || c.width() != Some(0)
        })
}

/// All cells of a screen, row by row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Grid {
    pub(super) width: u16,
    pub(super) height: u16,
    cells: Vec<Glyph>,
}

impl Grid {
    pub(super) fn blank(width: u16, height: u16) -> Self {
        Self {
            width,
            height,
            cells: vec![Glyph::BLANK; usize::from(width) * usize::from(height)],
        }
    }

    pub(super) fn row(&self, y: u16) -> &[Glyph] {
        let width = usize::from(self.width);
        let start = usize::from(y) * width;
        self.cells.get(start..start + width).unwrap_or(&[])
    }

    /// Fills the grid from a buffer, and adopts its size.
    pub(super) fn read(&mut self, buffer: &Buffer, table: &mut GlyphTable, links: &LinkTable) {
        self.width = buffer.area.width;
        self.height = buffer.area.height;
        self.cells.clear();
        if self.width == 0 {
            return;
        }
        for row in buffer.content.chunks(usize::from(self.width)) {
            let mut room = self.width;
            let mut cells = row.iter();
            while let Some(cell) = cells.next() {
                let pen = Pen::of(cell, links.number_of(cell.underline_color));
                let glyph = table.glyph(cell, pen, room);
                self.cells.push(glyph);
                for _ in 1..glyph.width() {
                    cells.next();
                    self.cells.push(GlyphTable::continuation(glyph));
                }
                room = room.saturating_sub(glyph.width());
            }
        }
    }

    /// Moves the rows `top..=bottom` by `by` rows, up if positive; the new rows are blank.
    pub(super) fn shift(&mut self, top: u16, bottom: u16, by: i32) {
        let width = usize::from(self.width);
        let end = (usize::from(bottom) + 1) * width;
        let count = usize::try_from(by.unsigned_abs()).unwrap_or(0) * width;
        let Some(region) = self.cells.get_mut(usize::from(top) * width..end) else {
            return;
        };
        let count = count.min(region.len());
        if by > 0 {
            region.rotate_left(count);
            let kept = region.len() - count;
            region[kept..].fill(Glyph::BLANK);
        } else {
            region.rotate_right(count);
            region[..count].fill(Glyph::BLANK);
        }
    }
}
