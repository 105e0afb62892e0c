//! Moves and deletes by grapheme and by word.
//!
//! One undo restores what one key deleted; ctrl-y also restores deleted words.

use tui_textarea::CursorMove;
use unicode_segmentation::UnicodeSegmentation;

use super::{Composer, words};
use crate::app::input::backspace::erased;

impl Composer {
    /// Moves by one grapheme, not by one code point.
    pub(super) fn step(&mut self, to: CursorMove) -> bool {
        let count = match to {
            CursorMove::Back => self.chars_before(),
            _ => self.chars_after(),
        };
        self.moves(to, count.max(1));
        true
    }

    pub(super) fn erase_back(&mut self) -> bool {
        let count = erased(self.around().0);
        self.select(CursorMove::Back, count);
        self.area.delete_char()
    }

    pub(super) fn erase_next(&mut self) -> bool {
        let count = self.chars_after();
        self.select(CursorMove::Forward, count);
        self.area.delete_next_char()
    }

    pub(super) fn word_back(&mut self) -> bool {
        let (line, column) = self.line();
        match words::start_before(line, column) {
            Some(start) => self.moves(CursorMove::Back, column - start),
            // To the line above.
            None => self.area.move_cursor(CursorMove::WordBack),
        }
        true
    }

    pub(super) fn word_forward(&mut self) -> bool {
        let (line, column) = self.line();
        match words::start_after(line, column) {
            Some(start) => self.moves(CursorMove::Forward, start - column),
            None => self.area.move_cursor(CursorMove::WordForward),
        }
        true
    }

    /// Deletes a word; ctrl-y puts it back.
    pub(super) fn erase_word(&mut self) -> bool {
        let (line, column) = self.line();
        let Some(start) = words::start_before(line, column) else {
            return self.area.delete_word();
        };
        self.area.start_selection();
        self.moves(CursorMove::Back, column - start);
        self.area.cut()
    }

    pub(super) fn erase_next_word(&mut self) -> bool {
        let (line, column) = self.line();
        let Some(end) = words::end_after(line, column) else {
            return self.area.delete_next_word();
        };
        self.area.start_selection();
        self.moves(CursorMove::Forward, end - column);
        self.area.cut()
    }

    /// Selects more than one char in a direction, so that they are deleted and restored as one. A
    /// single char needs no selection, and a line end is not among the line's chars.
    fn select(&mut self, to: CursorMove, count: usize) {
        self.area.cancel_selection();
        if count > 1 {
            self.area.start_selection();
            self.moves(to, count);
        }
    }

    fn moves(&mut self, to: CursorMove, count: usize) {
        for _ in 0..count {
            self.area.move_cursor(to);
        }
    }

    /// Replaces so many chars of a line by one; the cursor goes behind it.
    pub(super) fn replace_at(&mut self, (line, column): (u16, u16), count: usize, by: char) {
        self.area.cancel_selection();
        self.area.move_cursor(CursorMove::Jump(line, column));
        self.area.start_selection();
        self.moves(CursorMove::Forward, count);
        self.area.delete_char();
        self.area.insert_char(by);
        self.edited();
    }

    /// Puts a text in the place of another one, between two lines and char indices.
    pub(super) fn replace_between(&mut self, from: (usize, usize), to: (usize, usize), by: &str) {
        self.area.cancel_selection();
        self.jump(from);
        if from != to {
            self.area.start_selection();
            self.jump(to);
            self.area.delete_char();
        }
        if !by.is_empty() {
            self.area.insert_str(by);
        }
        self.edited();
    }

    pub(super) fn jump(&mut self, (line, column): (usize, usize)) {
        let fit = |n: usize| u16::try_from(n).unwrap_or(u16::MAX);
        self.area
            .move_cursor(CursorMove::Jump(fit(line), fit(column)));
    }

    /// Inserts a text on lines of its own before all others.
    pub(super) fn insert_above(&mut self, text: &str) {
        self.area.cancel_selection();
        self.area.move_cursor(CursorMove::Top);
        self.area.move_cursor(CursorMove::Head);
        self.area.insert_str(format!("{text}\n"));
        self.edited();
    }

    /// The line of the cursor, and the cursor's char index in it.
    fn line(&self) -> (&str, usize) {
        let (row, column) = self.cursor();
        let line = self.area.lines().get(row);
        (line.map_or("", String::as_str), column)
    }

    /// The cursor's line, split at the cursor.
    fn around(&self) -> (&str, &str) {
        let (line, column) = self.line();
        line.split_at(byte_of(line, column))
    }

    /// How many chars the grapheme before the cursor has; 0 at the start of a line.
    fn chars_before(&self) -> usize {
        let before = self.around().0.graphemes(true).next_back();
        before.map_or(0, |g| g.chars().count())
    }

    fn chars_after(&self) -> usize {
        let after = self.around().1.graphemes(true).next();
        after.map_or(0, |g| g.chars().count())
    }
}

fn byte_of(line: &str, col: usize) -> usize {
    line.char_indices()
        .nth(col)
        .map_or(line.len(), |(byte, _)| byte)
}
