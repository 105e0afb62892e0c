//! The text as graphemes, with the words and lines that motions need. Positions are indices of graphemes; a line end is one.

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

use super::command::WordKind;
use crate::app::chat::composer::layout::columns_of;
use crate::app::chat::composer::words::{CharClass, pieces};

#[derive(Debug, Clone)]
pub(super) struct VimCell {
    /// A grapheme, or a line end.
    pub(super) text: String,
    /// Its place in the text, counted in chars.
    at: usize,
    /// The columns of the screen before it, in its line.
    column: usize,
    kind: CharClass,
    /// Neighbours with the same number are one word.
    word: usize,
}

/// A text with a cursor, which stands on a grapheme or at the end.
#[derive(Debug, Clone)]
pub(in crate::app::chat::composer) struct VimText {
    pub(super) cells: Vec<VimCell>,
    pub(super) cursor: usize,
    pub(super) chars: usize,
}

impl VimText {
    /// `cursor`: line and char index.
    pub(in crate::app::chat::composer) fn new(lines: &[String], cursor: (usize, usize)) -> Self {
        let mut text = Self {
            cells: Vec::new(),
            cursor: 0,
            chars: 0,
        };
        let mut cursor_at = 0;
        for (number, line) in lines.iter().enumerate() {
            if number > 0 {
                text.push("\n", CharClass::Space, usize::MAX);
            }
            if number == cursor.0 {
                cursor_at = text.chars + cursor.1;
            }
            let words = pieces(line);
            let (mut word, mut column) = (0, 0);
            let first = text.cells.len();
            for grapheme in line.graphemes(true) {
                while words.get(word).is_some_and(|piece| piece.end <= column) {
                    word += 1;
                }
                let kind = words.get(word).map_or(CharClass::Word, |piece| piece.kind);
                column += grapheme.chars().count();
                text.push(grapheme, kind, first + word);
            }
        }
        text.cursor = text.index_of(cursor_at);
        text
    }

    fn push(&mut self, grapheme: &str, kind: CharClass, word: usize) {
        let column = self.columns(self.len()).start;
        self.cells.push(VimCell {
            text: grapheme.to_owned(),
            at: self.chars,
            column,
            kind,
            word,
        });
        self.chars += grapheme.chars().count();
    }

    /// The grapheme at this char.
    pub(super) fn index_of(&self, at: usize) -> usize {
        if at >= self.chars {
            return self.len();
        }
        self.cells.partition_point(|cell| cell.at <= at).max(1) - 1
    }

    pub(super) fn len(&self) -> usize {
        self.cells.len()
    }

    /// The columns of the screen that a grapheme, or a line end, takes in its line.
    pub(super) fn columns(&self, index: usize) -> Range<usize> {
        if let Some(cell) = self.cells.get(index) {
            return cell.column..cell.column + columns_to_stand_on(&cell.text);
        }
        let last = self.cells.last().filter(|cell| cell.text != "\n");
        let end = last.map_or(0, |cell| cell.column + columns_to_stand_on(&cell.text));
        end..end + 1
    }

    pub(super) fn char_of(&self, index: usize) -> usize {
        self.cells.get(index).map_or(self.chars, |cell| cell.at)
    }

    /// The line and the char index in it.
    pub(super) fn place(&self, index: usize) -> (usize, usize) {
        let index = index.min(self.len());
        let start = self.line_start(index);
        (
            self.line_number(index),
            self.char_of(index) - self.char_of(start),
        )
    }

    pub(super) fn is_line_end(&self, index: usize) -> bool {
        self.cells.get(index).is_none_or(|cell| cell.text == "\n")
    }

    pub(super) fn is_space(&self, index: usize) -> bool {
        self.cells
            .get(index)
            .is_none_or(|cell| cell.kind == CharClass::Space)
    }

    pub(super) fn char_at(&self, index: usize) -> Option<char> {
        self.cells.get(index)?.text.chars().next()
    }

    /// Whether both are part of one word, or of one run of spaces in a line.
    pub(super) fn is_same_word(&self, one: usize, other: usize, kind: WordKind) -> bool {
        let (Some(a), Some(b)) = (self.cells.get(one), self.cells.get(other)) else {
            return false;
        };
        if self.is_line_end(one) || self.is_line_end(other) {
            return false;
        }
        match kind {
            WordKind::Word => a.word == b.word,
            WordKind::Spaced => self.is_space(one) == self.is_space(other),
        }
    }

    /// Whether this is the end of an empty line.
    pub(super) fn is_empty_line(&self, index: usize) -> bool {
        self.is_line_end(index) && self.line_start(index) == index
    }

    pub(super) fn line_start(&self, index: usize) -> usize {
        let mut before = self.cells.iter().take(index);
        let newline = before.rposition(|cell| cell.text == "\n");
        newline.map_or(0, |newline| newline + 1)
    }

    /// The line's end: that of its last grapheme.
    pub(super) fn line_end(&self, index: usize) -> usize {
        let after = self.cells.iter().skip(index);
        let found = after.clone().position(|cell| cell.text == "\n");
        found.map_or(self.len(), |found| index + found)
    }

    pub(super) fn first_non_blank(&self, index: usize) -> usize {
        let (start, end) = (self.line_start(index), self.line_end(index));
        (start..end).find(|at| !self.is_space(*at)).unwrap_or(end)
    }

    pub(super) fn line_number(&self, index: usize) -> usize {
        let before = self.cells.iter().take(index);
        before.filter(|cell| cell.text == "\n").count()
    }

    pub(super) fn lines(&self) -> usize {
        self.line_number(self.len()) + 1
    }

    /// Where a line begins; where the last one does for a later line.
    pub(super) fn start_of(&self, line: usize) -> usize {
        let Some(nth) = line.checked_sub(1) else {
            return 0;
        };
        let mut ends = (0..self.len()).filter(|at| self.is_line_end(*at));
        match ends.nth(nth) {
            Some(end) => end + 1,
            None => self.line_start(self.len()),
        }
    }

    pub(super) fn slice(&self, range: Range<usize>) -> String {
        let cells = self.cells.get(range).unwrap_or_default();
        cells.iter().map(|cell| cell.text.as_str()).collect()
    }

    /// Where the cursor stands outside insert mode, as line and char index.
    pub(in crate::app::chat::composer) fn place_to_stand(&self) -> (usize, usize) {
        self.place(self.on_grapheme(self.cursor))
    }

    /// Where the cursor may stand outside insert mode: on a grapheme, unless its line is empty.
    pub(super) fn on_grapheme(&self, index: usize) -> usize {
        let index = index.min(self.len());
        if self.is_line_end(index) && self.line_start(index) < index {
            index - 1
        } else {
            index
        }
    }
}

/// One that is drawn as nothing takes a column all the same: the cursor stands on it.
fn columns_to_stand_on(grapheme: &str) -> usize {
    columns_of(grapheme).max(1)
}
