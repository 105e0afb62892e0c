//! Cuts a streamed source into pieces that no later text can change.
//!
//! A hand-written line scanner, not a second markdown parser: it only needs to find places where a
//! block certainly begins, and may miss some. It reads each byte once; its whole state is a few
//! numbers.

use std::ops::Range;

use super::line::{Fence, LineKind, classify, split_indent};

/// Above this many bytes, a piece is also cut at weaker places: between the items of a list, the
/// rows of a table, the lines of a paragraph, the words of a long line. A cut piece is rendered
/// once, so a delta in an endless block costs about half of this.
pub(super) const SOFT: usize = 3 * 1024;
/// No piece is longer than this.
pub(super) const HARD: usize = 2 * SOFT;

/// A piece of the source; ranges are byte offsets on char boundaries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum StreamPiece {
    /// Whole blocks. `gap`: a blank line is due before them. `head`: the header of the table that
    /// these rows belong to.
    Blocks {
        range: Range<usize>,
        gap: bool,
        head: Option<Range<usize>>,
    },
    /// The first line of a fenced code block.
    FenceOpen { info: Range<usize> },
    /// One line of code without its line end; `continued` if it continues a line that was cut.
    Code {
        range: Range<usize>,
        continued: bool,
    },
    /// The end of a fenced code block.
    Nothing,
}

#[derive(Debug, Default)]
pub(super) struct Scanner {
    /// Where the current piece begins; everything before it is settled.
    start: usize,
    /// Where the first unread line begins; never before `start`.
    pos: usize,
    /// The fenced code block that is open at the top level.
    fence: Option<Fence>,
    /// The current piece continues a line that was cut.
    mid_line: bool,
    piece: OpenPiece,
}

/// What is known about the current piece.
#[derive(Debug, Default)]
struct OpenPiece {
    gap: bool,
    /// The last line was blank.
    blank: bool,
    /// In a list: the column where the text of its last outermost item begins.
    list: Option<usize>,
    /// In a table: its header and its delimiter row.
    table: Option<Range<usize>>,
    /// The table header that was cut off from this piece.
    head: Option<Range<usize>>,
    /// The line before `pos`, if it is in this piece.
    previous: Option<Range<usize>>,
}

impl OpenPiece {
    /// Whether a marker that may not interrupt a paragraph begins an item here.
    fn may_hold_items(&self) -> bool {
        self.list.is_some() || self.blank || self.previous.is_none()
    }
}

impl Scanner {
    /// Byte offset up to which the source has been returned as pieces.
    pub(super) fn settled(&self) -> usize {
        self.start
    }

    /// Returns the next settled piece, or `None` until the source has grown. `source` must begin
    /// with the text of the calls before.
    pub(super) fn next(&mut self, source: &str) -> Option<StreamPiece> {
        loop {
            let limit = self.start + HARD;
            let window = source.len().min(limit);
            let unread = &source.as_bytes()[self.pos..window];
            let newline = unread
                .iter()
                .position(|byte| *byte == b'\n')
                .map(|at| self.pos + at);
            let piece = match (self.early_cut(source, newline.unwrap_or(window)), newline) {
                (Some(at), _) => Some(self.cut_line(at)),
                (None, Some(newline)) => {
                    let line = self.pos..newline + 1;
                    match self.fence {
                        Some(fence) => Some(self.code(source, line, fence)),
                        None => self.prose(source, line),
                    }
                }
                (None, None) if window == limit => Some(self.late_cut(source, limit)),
                (None, None) => return None,
            };
            if piece.is_some() {
                return piece;
            }
        }
    }

    /// Returns the text after the last settled piece.
    pub(super) fn tail(&self, source: &str) -> StreamPiece {
        let range = self.start..source.len();
        match self.fence {
            None => StreamPiece::Blocks {
                range,
                gap: self.piece.gap,
                head: self.piece.head.clone(),
            },
            Some(_) if range.is_empty() => StreamPiece::Nothing,
            Some(fence) if !self.mid_line && fence.is_closed_by(&source[range.clone()]) => {
                StreamPiece::Nothing
            }
            Some(fence) => self.code_piece(source, range, fence),
        }
    }

    fn code(&mut self, source: &str, line: Range<usize>, fence: Fence) -> StreamPiece {
        let closes = !self.mid_line && fence.is_closed_by(&source[line.clone()]);
        let piece = if closes {
            StreamPiece::Nothing
        } else {
            self.code_piece(source, line.clone(), fence)
        };
        if closes {
            self.fence = None;
        }
        self.settle(
            line.end,
            OpenPiece {
                gap: closes,
                ..OpenPiece::default()
            },
        );
        piece
    }

    /// A line of code without its line end and without the indentation of the fence.
    fn code_piece(&self, source: &str, line: Range<usize>, fence: Fence) -> StreamPiece {
        let text = &source[line.clone()];
        let text = text.strip_suffix('\n').unwrap_or(text);
        let text = text.strip_suffix('\r').unwrap_or(text);
        let end = line.start + text.len();
        let blanks = text
            .bytes()
            .take(fence.indent)
            .take_while(|byte| *byte == b' ')
            .count();
        let start = if self.mid_line {
            line.start
        } else {
            line.start + blanks
        };
        StreamPiece::Code {
            range: start..end,
            continued: self.mid_line,
        }
    }

    /// Reads a line outside code; returns the piece before it if a block begins here.
    fn prose(&mut self, source: &str, line: Range<usize>) -> Option<StreamPiece> {
        let text = &source[line.clone()];
        let kind = if self.mid_line {
            LineKind::Other
        } else {
            classify(text)
        };
        let (indent, _) = split_indent(text);
        let in_item = self.piece.list.is_some_and(|content| indent >= content);
        if line.start > self.start && kind != LineKind::Blank {
            if self.begins_block(kind, indent, in_item) {
                return Some(self.cut(line.start, true));
            }
            if line.start - self.start >= SOFT && self.may_cut_softly(kind, in_item) {
                return Some(self.cut(line.start, self.piece.blank));
            }
        }
        if let (LineKind::Fence(fence), false) = (kind, in_item) {
            let info = line.start + fence.info.0..line.start + fence.info.1;
            self.fence = Some(fence);
            self.settle(line.end, OpenPiece::default());
            return Some(StreamPiece::FenceOpen { info });
        }
        if kind == LineKind::Blank && line.start == self.start {
            // Blank lines before a piece belong to none.
            self.start = line.end;
        }
        self.note(kind, in_item, line.clone(), source);
        self.pos = line.end;
        self.mid_line = false;
        None
    }

    /// Whether this line begins a block that no earlier block can extend into.
    fn begins_block(&self, kind: LineKind, indent: usize, in_item: bool) -> bool {
        if in_item {
            return false;
        }
        match kind {
            LineKind::Fence(_) | LineKind::Heading => true,
            // It may be another item of the same list.
            LineKind::Item { .. } if self.piece.list.is_some() => false,
            // Deeper indentation continues an indented code block, or a list.
            _ => self.piece.blank && indent <= 3,
        }
    }

    fn may_cut_softly(&self, kind: LineKind, in_item: bool) -> bool {
        match self.piece.list {
            Some(_) => !in_item && matches!(kind, LineKind::Item { .. }),
            None => true,
        }
    }

    /// Records what a line opens or closes.
    fn note(&mut self, kind: LineKind, in_item: bool, line: Range<usize>, source: &str) {
        let piece = &mut self.piece;
        match kind {
            LineKind::Blank => piece.table = None,
            LineKind::Item {
                content,
                interrupts,
            } if !in_item && (interrupts || piece.may_hold_items()) => {
                piece.list = Some(content);
            }
            LineKind::Closer if !in_item => piece.list = None,
            LineKind::TableRule if piece.list.is_none() && piece.table.is_none() => {
                piece.table = piece
                    .previous
                    .clone()
                    .filter(|header| source[header.clone()].contains('|'))
                    .map(|header| header.start..line.end);
            }
            _ => {}
        }
        piece.blank = kind == LineKind::Blank;
        piece.previous = (kind != LineKind::Blank).then_some(line);
    }

    /// Returns everything before `at`, the start of an unread line, as a piece.
    fn cut(&mut self, at: usize, gap: bool) -> StreamPiece {
        // Only a cut between two rows of a table continues the table.
        let head = self
            .piece
            .table
            .clone()
            .filter(|_| !gap && !self.piece.blank);
        self.give_out(
            at,
            OpenPiece {
                gap,
                table: head.clone(),
                head,
                ..OpenPiece::default()
            },
        )
    }

    fn give_out(&mut self, at: usize, next: OpenPiece) -> StreamPiece {
        let piece = StreamPiece::Blocks {
            range: self.start..at,
            gap: self.piece.gap,
            head: self.piece.head.clone(),
        };
        self.settle(at, next);
        piece
    }

    /// Where to cut a long line of prose whose known part ends at `end`: after its first space once
    /// the piece is long enough. Code is not prose; it waits for [`Self::late_cut`].
    fn early_cut(&self, source: &str, end: usize) -> Option<usize> {
        let from = (self.start + SOFT).max(self.pos + SOFT / 2);
        if self.fence.is_some() || from >= end {
            return None;
        }
        let space = source.as_bytes()[from..end]
            .iter()
            .position(|byte| *byte == b' ')?;
        Some(from + space + 1)
    }

    /// The piece has reached the limit and its last line has not ended: cuts at that line's start
    /// if this leaves enough, otherwise anywhere.
    fn late_cut(&mut self, source: &str, limit: usize) -> StreamPiece {
        if self.fence.is_none() && self.pos - self.start >= SOFT {
            return self.cut(self.pos, self.piece.blank);
        }
        self.cut_line(source.floor_char_boundary(limit))
    }

    /// Cuts in the middle of a line.
    fn cut_line(&mut self, at: usize) -> StreamPiece {
        let piece = if self.fence.is_some() {
            let piece = StreamPiece::Code {
                range: self.start..at,
                continued: self.mid_line,
            };
            self.settle(at, OpenPiece::default());
            piece
        } else {
            self.give_out(at, OpenPiece::default())
        };
        self.mid_line = true;
        piece
    }

    fn settle(&mut self, at: usize, next: OpenPiece) {
        self.start = at;
        self.pos = at;
        self.mid_line = false;
        self.piece = next;
    }
}
