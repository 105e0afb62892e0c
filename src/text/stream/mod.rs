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

mod fenced;
mod half_open;
mod line;
mod look;
mod scanner;
#[cfg(test)]
mod tests;

use std::ops::Range;

use ratatui::text::Line;

use super::highlight::Language;
use super::markdown;
use fenced::FencedCode;
pub(super) use look::StreamLook;
use scanner::{Scanner, StreamPiece};

/// Bytes of the settled source that are kept to detect a different source.
const GUARD: usize = 16;

/// A settled piece with code inside whose colours are missing.
#[derive(Debug)]
struct PlainPiece {
    piece: StreamPiece,
    /// Its lines in [`Stream::settled`].
    rows: Range<usize>,
}

/// The state of one streamed text at one width.
#[derive(Debug, Default)]
pub(super) struct Stream {
    scanner: Scanner,
    /// Only ever appended to; colours change no line's text.
    settled: Vec<Line<'static>>,
    /// Lines of the open tail, with the blank line before them if one is due.
    tail: Vec<Line<'static>>,
    /// A blank line is due before the next piece that shows anything.
    gap: bool,
    /// The last bytes of the settled source.
    guard: Vec<u8>,
    /// Fenced code: the one that is open, and those whose colours are missing.
    fenced: Vec<FencedCode>,
    /// Other pieces with code whose colours are missing.
    plain: Vec<PlainPiece>,
    /// Colours are missing in the tail.
    tail_is_plain: bool,
    /// The version of the colours that the lines have.
    coloured: u64,
}

impl Stream {
    /// Reads what was appended to `source` and renders the tail. Returns `false`, without any
    /// change, if `source` does not begin with the settled source.
    pub(super) fn advance(&mut self, source: &str, look: &mut StreamLook<'_>) -> bool {
        let known = self.scanner.settled();
        let guard = known.saturating_sub(self.guard.len())..known;
        if !source.is_char_boundary(known) || source.as_bytes().get(guard) != Some(&self.guard[..])
        {
            return false;
        }
        while let Some(piece) = self.scanner.next(source) {
            self.settle(piece, source, look);
        }
        let settled = self.scanner.settled();
        self.guard = source.as_bytes()[settled.saturating_sub(GUARD)..settled].to_vec();
        self.render_tail(source, look);
        self.colour(source, look);
        self.ask(source, look);
        true
    }

    /// Settles the tail: the source is whole. Nothing else may follow.
    pub(super) fn end(&mut self, source: &str, look: &mut StreamLook<'_>) {
        self.tail.clear();
        self.tail_is_plain = false;
        let tail = self.scanner.tail(source);
        self.settle(tail, source, look);
        for code in &mut self.fenced {
            code.close();
        }
        self.ask(source, look);
    }

    /// Lays colours that are new over the lines; `source` is that of the last call.
    pub(super) fn colour(&mut self, source: &str, look: &mut StreamLook<'_>) {
        let version = look.colours.version();
        if self.coloured == version || !self.is_plain() {
            return;
        }
        self.coloured = version;
        for code in &mut self.fenced {
            code.colour(source, look, &mut self.settled);
        }
        for PlainPiece { piece, rows } in std::mem::take(&mut self.plain) {
            let (_, lines, is_plain) = render(&piece, source, look);
            if let Some(old) = self.settled.get_mut(rows.clone())
                && old.len() == lines.len()
            {
                for (old, new) in old.iter_mut().zip(lines) {
                    *old = new;
                }
            }
            if is_plain {
                self.plain.push(PlainPiece { piece, rows });
            }
        }
        if self.tail_is_plain {
            self.render_tail(source, look);
        }
        self.ask(source, look);
    }

    /// Whether colours are missing.
    fn is_plain(&self) -> bool {
        self.tail_is_plain || !self.plain.is_empty() || !self.fenced.is_empty()
    }

    fn ask(&mut self, source: &str, look: &mut StreamLook<'_>) {
        self.fenced.retain(|code| !code.is_done());
        for code in &self.fenced {
            code.ask(source, look.colours);
        }
    }

    fn settle(&mut self, piece: StreamPiece, source: &str, look: &mut StreamLook<'_>) {
        let (gap, mut lines, is_plain) = render(&piece, source, look);
        self.gap |= gap;
        if lines.is_empty() {
            self.note_fence(&piece, source, look);
            return;
        }
        if std::mem::take(&mut self.gap) && !self.settled.is_empty() {
            self.settled.push(Line::default());
        }
        let row = self.settled.len();
        self.settled.append(&mut lines);
        let rows = row..self.settled.len();
        match piece {
            StreamPiece::Code { range, continued } => {
                if let Some(code) = self.fenced.last_mut() {
                    code.add((range, continued), row, (source, look), &mut self.settled);
                }
            }
            _ if is_plain => self.plain.push(PlainPiece { piece, rows }),
            piece => self.note_fence(&piece, source, look),
        }
    }

    /// Follows the fences of code in a known language.
    fn note_fence(&mut self, piece: &StreamPiece, source: &str, look: &StreamLook<'_>) {
        match piece {
            StreamPiece::FenceOpen { info } => {
                let info = source.get(info.clone()).unwrap_or_default();
                let language = Language::of_fence(info).filter(|_| look.colours.is_on());
                if let Some(language) = language {
                    self.fenced.push(FencedCode::new(language));
                }
            }
            StreamPiece::Nothing => {
                if let Some(code) = self.fenced.last_mut() {
                    code.close();
                }
            }
            StreamPiece::Blocks { .. } | StreamPiece::Code { .. } => {}
        }
    }

    fn render_tail(&mut self, source: &str, look: &mut StreamLook<'_>) {
        self.tail.clear();
        let tail = self.scanner.tail(source);
        let (gap, lines, is_plain) = match &tail {
            StreamPiece::Blocks {
                range,
                gap,
                head: None,
            } => {
                let text = half_open::closed(source.get(range.clone()).unwrap_or_default());
                let whole = StreamPiece::Blocks {
                    range: 0..text.len(),
                    gap: *gap,
                    head: None,
                };
                render(&whole, &text, look)
            }
            _ => render(&tail, source, look),
        };
        if (self.gap || gap) && !self.settled.is_empty() && !lines.is_empty() {
            self.tail.push(Line::default());
        }
        self.tail.extend(lines);
        self.tail_is_plain = is_plain;
    }

    pub(super) fn settled(&self) -> &[Line<'static>] {
        &self.settled
    }

    pub(super) fn tail(&self) -> &[Line<'static>] {
        &self.tail
    }
}

/// Renders one piece; also says whether a blank line is due before it, and whether colours are
/// missing in it. Fenced code comes without colours.
fn render(
    piece: &StreamPiece,
    source: &str,
    look: &mut StreamLook<'_>,
) -> (bool, Vec<Line<'static>>, bool) {
    let text = |range: &Range<usize>| source.get(range.clone()).unwrap_or_default();
    let StreamLook {
        columns, palette, ..
    } = *look;
    match piece {
        StreamPiece::Blocks { range, gap, head } => {
            let table;
            let blocks = match head {
                None => text(range),
                Some(head) => {
                    table = [text(head), text(range)].concat();
                    &table
                }
            };
            look.colours.take_asked();
            let lines = markdown::render(blocks, columns, palette, (look.colours, look.links));
            (*gap, lines, !look.colours.take_asked().is_empty())
        }
        StreamPiece::FenceOpen { info } => {
            let label = markdown::label(text(info), columns.full(), palette);
            (true, label.into_iter().map(Line::from).collect(), false)
        }
        StreamPiece::Code { range, continued } => {
            let safe = markdown::safe_code(text(range));
            let rows = markdown::code_line(&safe, columns.full(), *continued, &[], palette);
            (false, rows.into_iter().map(Line::from).collect(), false)
        }
        StreamPiece::Nothing => (false, Vec::new(), false),
    }
}
