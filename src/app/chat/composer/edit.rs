//! Moves and deletes by grapheme and by word.
//!
//! One undo restores what one key deleted; ctrl-y also restores deleted words. Typed text may become part of the
//! grapheme behind the cursor, which then stands in it: the next key that is not text leads out of it.

use tui_textarea::CursorMove;
use unicode_segmentation::GraphemeCursor;

use super::{Composer, words};
use crate::app::input::backspace::erased;

impl Composer {
    /// Moves by one grapheme, not by one code point.
    pub(super) fn step(&mut self, to: CursorMove) -> bool {
        let (before, after) = self.to_boundaries();
        let count = match to {
            CursorMove::Back => before,
            _ => after,
        };
        if count > 0 {
            self.moves(to, count);
        } else {
            self.go_to_next_line(to);
        }
        true
    }

    pub(super) fn erase_back(&mut self) -> bool {
        self.leave_grapheme();
        let count = erased(self.around().0);
        self.select(CursorMove::Back, count);
        self.area.delete_char()
    }

    pub(super) fn erase_next(&mut self) -> bool {
        if !self.is_at_boundary() {
            let (before, _) = self.to_boundaries();
            self.moves(CursorMove::Back, before);
        }
        let (_, count) = self.to_boundaries();
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

    /// From one end of a line to the other end of its neighbour, if there is one.
    fn go_to_next_line(&mut self, to: CursorMove) {
        let (line, _) = self.cursor();
        match to {
            CursorMove::Back => {
                let above = line.checked_sub(1);
                let above = above.and_then(|above| Some((above, self.area.lines().get(above)?)));
                if let Some((above, text)) = above {
                    let end = text.chars().count();
                    self.jump((above, end));
                }
            }
            _ if line + 1 < self.area.lines().len() => self.jump((line + 1, 0)),
            _ => {}
        }
    }

    /// To the end of the line.
    pub(super) fn go_to_line_end(&mut self) {
        let (line, _) = self.cursor();
        let end = self.line().0.chars().count();
        self.jump((line, end));
    }

    /// Moves by so many chars within the line. The editor's own moves go by columns of the screen, and do not get over
    /// chars that take none.
    fn moves(&mut self, to: CursorMove, count: usize) {
        let (line, column) = self.cursor();
        let column = match to {
            CursorMove::Back => column.saturating_sub(count),
            _ => column.saturating_add(count),
        };
        self.jump((line, column));
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

    /// Goes behind the grapheme that the cursor stands in, if it is not between two.
    pub(super) fn leave_grapheme(&mut self) {
        if !self.is_at_boundary() {
            let (_, after) = self.to_boundaries();
            self.moves(CursorMove::Forward, after);
        }
    }

    fn is_at_boundary(&self) -> bool {
        let (line, column) = self.line();
        let byte = byte_of(line, column);
        let mut cursor = GraphemeCursor::new(byte, line.len(), true);
        cursor.is_boundary(line, 0).unwrap_or(true)
    }

    /// How many chars are between the cursor and the last boundary of graphemes before it, and the next one behind it;
    /// 0 at an end of the line.
    fn to_boundaries(&self) -> (usize, usize) {
        let (line, column) = self.line();
        let byte = byte_of(line, column);
        let cursor = || GraphemeCursor::new(byte, line.len(), true);
        let before = cursor().prev_boundary(line, 0).ok().flatten();
        let before = before.map_or(0, |start| line[start..byte].chars().count());
        let after = cursor().next_boundary(line, 0).ok().flatten();
        let after = after.map_or(0, |end| line[byte..end].chars().count());
        (before, after)
    }
}

fn byte_of(line: &str, col: usize) -> usize {
    line.char_indices()
        .nth(col)
        .map_or(line.len(), |(byte, _)| byte)
}
