//! Renders streamed text: each finished part once, only the open tail again and again.
//!
//! # The model
//!
//! [`Scanner`] reads the source once, line by line, and cuts it into pieces that no later text can
//! change: a paragraph is settled when the next block begins, a line of a fenced code block as soon
//! as it is complete. Each settled piece is rendered on its own, and its lines are only ever
//! appended to [`Stream::settled`]. The text after the last cut is the tail, rendered again at each
//! step.
//!
//! The cuts depend on the source alone, never on how it arrived. A text that is rendered in one go
//! is cut at the same places, so the lines are equal by construction, whatever the deltas were. The
//! price is that a piece sees nothing outside itself: a link definition works in its own piece
//! only, and is therefore shown.
//!
//! # When something looks wrong
//!
//! - A long block is broken apart: it exceeded [`scanner::SOFT`] or [`scanner::HARD`]. Raise them,
//!   and each delta in such a block costs more.
//! - A block is rendered as if it were on its own though it belongs to the one before: the scanner
//!   cut too early; see `Scanner::begins_block`.

mod line;
mod scanner;
#[cfg(test)]
mod tests;

use std::ops::Range;

use ratatui::text::{Line, Span};

use super::markdown;
use super::{Columns, Palette};
use scanner::{Scanner, StreamPiece};

/// Bytes of the settled source that are kept to detect a different source.
const GUARD: usize = 16;

/// The state of one streamed text at one width.
#[derive(Debug, Default)]
pub(super) struct Stream {
    scanner: Scanner,
    /// Only ever appended to.
    settled: Vec<Line<'static>>,
    /// Lines of the open tail, with the blank line before them if one is due.
    tail: Vec<Line<'static>>,
    /// A blank line is due before the next piece that shows anything.
    gap: bool,
    /// The last bytes of the settled source.
    guard: Vec<u8>,
}

impl Stream {
    /// Reads what was appended to `source` and renders the tail. Returns `false`, without any
    /// change, if `source` does not begin with the settled source.
    pub(super) fn advance(&mut self, source: &str, columns: Columns, palette: &Palette) -> bool {
        let known = self.scanner.settled();
        let guard = known.saturating_sub(self.guard.len())..known;
        if !source.is_char_boundary(known) || source.as_bytes().get(guard) != Some(&self.guard[..])
        {
            return false;
        }
        while let Some(piece) = self.scanner.next(source) {
            let (gap, lines) = render(piece, source, columns, palette);
            self.gap |= gap;
            if lines.is_empty() {
                continue;
            }
            if std::mem::take(&mut self.gap) && !self.settled.is_empty() {
                self.settled.push(Line::default());
            }
            self.settled.extend(lines);
        }
        let settled = self.scanner.settled();
        self.guard = source.as_bytes()[settled.saturating_sub(GUARD)..settled].to_vec();

        self.tail.clear();
        let (gap, lines) = render(self.scanner.tail(source), source, columns, palette);
        if (self.gap || gap) && !self.settled.is_empty() && !lines.is_empty() {
            self.tail.push(Line::default());
        }
        self.tail.extend(lines);
        true
    }

    /// All lines of a finished text.
    pub(super) fn into_lines(mut self) -> Vec<Line<'static>> {
        self.settled.append(&mut self.tail);
        self.settled
    }

    pub(super) fn settled(&self) -> &[Line<'static>] {
        &self.settled
    }

    pub(super) fn tail(&self) -> &[Line<'static>] {
        &self.tail
    }
}

/// Renders one piece; also says whether a blank line is due before it.
fn render(
    piece: StreamPiece,
    source: &str,
    columns: Columns,
    palette: &Palette,
) -> (bool, Vec<Line<'static>>) {
    let text = |range: Range<usize>| source.get(range).unwrap_or_default();
    let code = |spans: Vec<Vec<Span<'static>>>| spans.into_iter().map(Line::from).collect();
    match piece {
        StreamPiece::Blocks {
            range,
            gap,
            head: None,
        } => (gap, markdown::render(text(range), columns, palette)),
        StreamPiece::Blocks {
            range,
            gap,
            head: Some(head),
        } => {
            let table = [text(head), text(range)].concat();
            (gap, markdown::render(&table, columns, palette))
        }
        StreamPiece::FenceOpen { info } => {
            let label = markdown::label(text(info), columns.full(), palette);
            (true, code(label.into_iter().collect()))
        }
        StreamPiece::Code { range, continued } => (
            false,
            code(markdown::code_line(
                text(range),
                columns.full(),
                continued,
                palette,
            )),
        ),
        StreamPiece::Nothing => (false, Vec::new()),
    }
}
