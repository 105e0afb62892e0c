//! The terminal's content: encodes frames in the fewest bytes.
//!
//! Input: ratatui buffers. Output: bytes for the terminal, or nothing if nothing changed. A
//! [`Screen`] remembers what the terminal shows ([`glyph`]), finds rows that moved ([`shift`]) and
//! paints the rest ([`paint`], [`pen`]). It knows no terminal, no file and no clock: its bytes must
//! reach the terminal complete and in order.
//!
//! Mental model: answers are pinned to the bottom, so most of a frame is rows that moved up. If
//! they span the screen, a scroll region moves them for about 20 bytes. If a pane is next to them,
//! the region would move that too; both variants are painted, and the shorter one is sent.
//!
//! Tuning by symptom: too many bytes per token: fewer frames ([`super::pacer`]), or a view that
//! does not scroll by whole rows (compare the sizes of `frame`). Flicker: a terminal without mode
//! 2026 received a long frame; see `LONG_FRAME`. Wrong cells next to emoji: [`glyph`] should have
//! marked them unsure.

#[cfg(test)]
mod cost;
mod glyph;
mod paint;
mod pen;
mod shift;
#[cfg(test)]
mod tests;

use ratatui::buffer::Buffer;

use glyph::{GlyphTable, Grid};
use paint::{Brush, NO_LINK, ScreenPainter};
use pen::Pen;

use crate::text::link_table::LinkTable;

/// Frames of more bytes hide the cursor while they are drawn: without synchronized updates it would
/// visibly jump around.
const LONG_FRAME: usize = 512;
/// Any terminal draws frames of fewer bytes at once, so they need no synchronized update.
const SHORT_FRAME: usize = 48;
/// At most this many panes scroll in one frame.
const MOST_SHIFTS: usize = 3;

/// What the terminal shows, and how to change it.
#[derive(Debug)]
pub struct Screen {
    table: GlyphTable,
    shown: Grid,
    wanted: Grid,
    brush: Brush,
    cursor_visible: bool,
    /// The terminal's content is unknown.
    stale: bool,
}

impl Default for Screen {
    fn default() -> Self {
        Self::new()
    }
}

impl Screen {
    /// A screen with unknown content and a hidden cursor.
    pub fn new() -> Self {
        Self {
            table: GlyphTable::new(),
            shown: Grid::blank(0, 0),
            wanted: Grid::blank(0, 0),
            brush: UNKNOWN,
            cursor_visible: false,
            stale: true,
        }
    }

    /// Forgets the terminal's content and assumes a hidden cursor: call it after the terminal was
    /// taken again, resized, or written to by another program.
    pub fn forget(&mut self) {
        self.stale = true;
    }

    /// Returns the bytes that make the terminal show `buffer`, with the cursor at (column, row) or
    /// hidden; `None` if it already does. The buffer begins at (0, 0).
    pub fn frame(&mut self, buffer: &Buffer, cursor: Option<(u16, u16)>) -> Option<Vec<u8>> {
        self.frame_with_links(buffer, cursor, &LinkTable::default())
    }

    /// The same with hyperlinks (OSC 8): the colour of a cell's underline is a number of `links`.
    pub fn frame_with_links(
        &mut self,
        buffer: &Buffer,
        cursor: Option<(u16, u16)>,
        links: &LinkTable,
    ) -> Option<Vec<u8>> {
        if self.table.is_crowded() {
            self.table = GlyphTable::new();
            self.stale = true;
        }
        self.wanted.read(buffer, &mut self.table, links);
        let (width, height) = (self.wanted.width, self.wanted.height);
        let resized = (self.shown.width, self.shown.height) != (width, height);
        let mut start = Vec::new();
        if self.stale || resized {
            self.stale = false;
            // Reset everything: default pen, no margins, a blank screen, no cursor.
            start.extend_from_slice(b"\x1b[m\x1b[r\x1b[?25l\x1b[H\x1b[2J");
            if links.is_on() {
                start.extend_from_slice(NO_LINK);
            }
            self.cursor_visible = false;
            self.brush = Brush {
                x: Some(0),
                y: Some(0),
                pen: Pen::DEFAULT,
            };
            self.shown = Grid::blank(width, height);
        }
        let body = self.paint(start, links);
        std::mem::swap(&mut self.shown, &mut self.wanted);
        let cursor = cursor.filter(|(x, y)| *x < width && *y < height);
        self.finish(body, cursor, links)
    }

    /// Paints the wanted content over the shown one, with and without scrolling, and returns the
    /// shorter result.
    fn paint(&mut self, start: Vec<u8>, links: &LinkTable) -> Vec<u8> {
        let mut painter = ScreenPainter {
            table: &self.table,
            links,
            brush: self.brush,
            out: Vec::new(),
        };
        painter.difference(&self.shown, &self.wanted);
        let (mut best, mut brush) = (painter.out, painter.brush);
        if let Some(first) = shift::find(&self.shown, &self.wanted) {
            let mut painter = ScreenPainter {
                table: &self.table,
                links,
                brush: self.brush,
                out: Vec::new(),
            };
            let mut moved = self.shown.clone();
            let mut next = Some(first);
            for _ in 0..MOST_SHIFTS {
                let Some(shift) = next else { break };
                painter.shift(shift, moved.height);
                moved.shift(shift.top, shift.bottom, shift.by);
                next = shift::find(&moved, &self.wanted);
            }
            painter.difference(&moved, &self.wanted);
            if painter.out.len() < best.len() {
                (best, brush) = (painter.out, painter.brush);
            }
        }
        self.brush = brush;
        if start.is_empty() {
            return best;
        }
        [start, best].concat()
    }

    /// Moves the cursor to its position and wraps the frame.
    fn finish(
        &mut self,
        body: Vec<u8>,
        cursor: Option<(u16, u16)>,
        links: &LinkTable,
    ) -> Option<Vec<u8>> {
        let hide = self.cursor_visible && (cursor.is_none() || body.len() > LONG_FRAME);
        let mut painter = ScreenPainter {
            table: &self.table,
            links,
            brush: self.brush,
            out: body,
        };
        painter.end_link();
        if let Some((x, y)) = cursor {
            painter.move_to(x, y, self.shown.row(y));
            if hide || !self.cursor_visible {
                painter.out.extend_from_slice(b"\x1b[?25h");
            }
        }
        self.brush = painter.brush;
        self.cursor_visible = cursor.is_some();
        let body = painter.out;
        if body.is_empty() && !hide {
            return None;
        }
        let mut frame = Vec::with_capacity(body.len() + 24);
        let together = body.len() > SHORT_FRAME;
        if together {
            frame.extend_from_slice(b"\x1b[?2026h");
        }
        if hide {
            frame.extend_from_slice(b"\x1b[?25l");
        }
        frame.extend_from_slice(&body);
        if together {
            frame.extend_from_slice(b"\x1b[?2026l");
        }
        Some(frame)
    }
}

const UNKNOWN: Brush = Brush {
    x: None,
    y: None,
    pen: Pen::DEFAULT,
};
