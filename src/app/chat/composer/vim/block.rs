//! A block: what is between two columns of the screen, in each of some lines.

use std::ops::Range;

use super::command::{Operator, TextBlock};
use super::edit::{PlannedEdit, Register, recased};
use super::text::VimText;
use crate::app::chat::composer::layout::columns_of;

/// Text that is typed in the first line of a block goes into the others too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct BlockInsert {
    block: TextBlock,
    column: usize,
    /// Short lines are filled up to the column.
    fills: bool,
}

impl TextBlock {
    /// The block with these two graphemes at its corners.
    pub(super) fn between(text: &VimText, one: usize, other: usize) -> Self {
        let (a, b) = (text.columns(one), text.columns(other));
        let (line, other_line) = (text.line_number(one), text.line_number(other));
        Self {
            first: line.min(other_line),
            last: line.max(other_line),
            left: a.start.min(b.start),
            right: a.end.max(b.end),
        }
    }

    /// As large a block at the cursor.
    pub(super) fn at_cursor(self, text: &VimText) -> Self {
        let left = text.columns(text.cursor).start;
        let first = text.line_number(text.cursor);
        Self {
            first,
            last: (first + self.last - self.first).min(text.lines() - 1),
            left,
            right: left + self.right - self.left,
        }
    }

    fn lines(self, text: &VimText) -> impl Iterator<Item = Range<usize>> {
        (self.first..=self.last).map(move |line| {
            let start = text.start_of(line);
            start..text.line_end(start)
        })
    }

    /// The graphemes of each line that are in the block.
    pub(super) fn pieces(self, text: &VimText) -> Vec<Range<usize>> {
        let piece = |line: Range<usize>| {
            let is_left = |at: &usize| text.columns(*at).end <= self.left;
            let start = line.start + line.clone().take_while(is_left).count();
            let is_in = |at: &usize| text.columns(*at).start < self.right;
            start..start + (start..line.end).take_while(is_in).count()
        };
        self.lines(text).map(piece).collect()
    }

    /// From the first line's start to the last one's end.
    fn whole(self, text: &VimText) -> Range<usize> {
        let last = text.start_of(self.last);
        text.start_of(self.first)..text.line_end(last)
    }

    /// The upper left corner.
    pub(super) fn corner(self, text: &VimText) -> usize {
        let pieces = self.pieces(text);
        pieces.first().map_or(text.cursor, |piece| piece.start)
    }

    /// What is in it, one line for each of its lines.
    pub(super) fn register(self, text: &VimText) -> Register {
        let pieces = self.pieces(text).into_iter();
        let pieces: Vec<String> = pieces.map(|piece| text.slice(piece)).collect();
        Register {
            text: pieces.join("\n"),
            lines: false,
            columns: Some(self.right - self.left),
        }
    }

    /// Replaces each line's part; the cursor goes to the corner.
    pub(super) fn mapped(self, text: &VimText, map: impl Fn(&str) -> String) -> PlannedEdit {
        let lines = self.lines(text).zip(self.pieces(text));
        let lines = lines.map(|(line, piece)| {
            let before = text.slice(line.start..piece.start);
            let after = text.slice(piece.end..line.end);
            before + &map(&text.slice(piece)) + &after
        });
        let lines: Vec<String> = lines.collect();
        let whole = self.whole(text);
        let cursor = text.char_of(self.corner(text)) - text.char_of(whole.start);
        PlannedEdit::new(whole, lines.join("\n"), cursor)
    }

    /// Puts the text in front of the block, or behind it, in its first line; the others follow when insert mode ends.
    pub(super) fn inserted(self, text: &VimText, behind: bool) -> (PlannedEdit, BlockInsert) {
        let column = if behind { self.right } else { self.left };
        let insert = BlockInsert {
            block: self,
            column,
            fills: behind,
        };
        let line = text.start_of(self.first);
        let line = line..text.line_end(line);
        let (at, missing) = place(text, &line, column);
        let fill = if behind { missing } else { 0 };
        let edit = PlannedEdit::new(at..at, " ".repeat(fill), fill);
        (edit.inserting(), insert)
    }

    /// What follows when its parts were deleted, and something is typed in their place.
    pub(super) fn changed(self) -> BlockInsert {
        BlockInsert {
            block: self,
            column: self.left,
            fills: false,
        }
    }
}

impl BlockInsert {
    /// The edit that begins the typing, and what was typed another time, in all lines of the block.
    pub(super) fn typed_again(
        &self,
        text: &VimText,
        begin: PlannedEdit,
        typed: &str,
    ) -> PlannedEdit {
        let first = begin.with_typed(typed);
        let (start, end) = (first.range.start, first.range.end);
        let all = text.slice(0..start) + &first.text + &text.slice(end..text.len());
        let lines: Vec<String> = all.split('\n').map(str::to_owned).collect();
        let edited = VimText::new(&lines, (0, 0));
        let Some(below) = self.repeated(&edited, typed) else {
            return first;
        };
        let lines = self.block.first..=self.block.last;
        let mut shown = edited.slice(0..below.range.start);
        shown.push_str(&below.text);
        shown.push_str(&edited.slice(below.range.end..edited.len()));
        let from = text.start_of(*lines.start());
        let skipped = text.char_of(from);
        let count = lines.count();
        let all: Vec<&str> = shown
            .split('\n')
            .skip(self.block.first)
            .take(count)
            .collect();
        let cursor = text.char_of(start).saturating_add_signed(first.cursor);
        PlannedEdit::new(self.block.whole(text), all.join("\n"), cursor - skipped)
    }

    /// Puts what was typed in the first line into the lines below it. The cursor goes to where that began.
    pub(super) fn repeated(self, text: &VimText, typed: &str) -> Option<PlannedEdit> {
        let below = TextBlock {
            first: self.block.first + 1,
            last: self.block.last.min(text.lines() - 1),
            ..self.block
        };
        if typed.is_empty() || typed.contains('\n') || below.first > below.last {
            return None;
        }
        let lines = below.lines(text).map(|line| {
            let (at, missing) = place(text, &line, self.column);
            let whole = text.slice(line.clone());
            if missing > 0 && !self.fills {
                return whole;
            }
            let before = text.slice(line.start..at);
            let after = text.slice(at..line.end);
            before + &" ".repeat(missing) + typed + &after
        });
        let lines: Vec<String> = lines.collect();
        let whole = below.whole(text);
        let first = text.start_of(self.block.first);
        let (corner, _) = place(text, &(first..text.line_end(first)), self.column);
        let back = text.char_of(whole.start) - text.char_of(corner);
        Some(PlannedEdit {
            cursor: -isize::try_from(back).unwrap_or(0),
            ..PlannedEdit::new(whole, lines.join("\n"), 0)
        })
    }
}

impl Register {
    /// Puts a block beside the cursor: its lines into this line and those below, which are filled up to the column.
    pub(super) fn put_block(&self, text: &VimText, before: bool, times: usize) -> PlannedEdit {
        let times = self.times_put(times);
        let here = text.columns(text.cursor);
        let is_end = text.is_line_end(text.cursor);
        let column = if before || is_end {
            here.start
        } else {
            here.end
        };
        let width = self.columns.unwrap_or(0);
        let first = text.line_number(text.cursor);
        let mut lines = Vec::new();
        for (number, piece) in self.text.split('\n').enumerate() {
            let start = text.start_of(first + number);
            let is_new = first + number >= text.lines();
            let line = if is_new {
                text.len()..text.len()
            } else {
                start..text.line_end(start)
            };
            let (at, missing) = if is_new {
                (line.start, column)
            } else {
                place(text, &line, column)
            };
            let after = text.slice(at..line.end);
            let short = width.saturating_sub(columns_of(piece));
            let all = format!("{piece}{}", " ".repeat(short)).repeat(times);
            let all = if after.is_empty() {
                all.trim_end_matches(' ')
            } else {
                &all
            };
            lines.push(text.slice(line.start..at) + &" ".repeat(missing) + all + &after);
        }
        let last = text.start_of((first + lines.len() - 1).min(text.lines() - 1));
        let whole = text.start_of(first)..text.line_end(last);
        let (at, missing) = place(text, &(whole.start..text.line_end(whole.start)), column);
        let cursor = text.char_of(at) - text.char_of(whole.start) + missing;
        PlannedEdit::new(whole, lines.join("\n"), cursor)
    }
}

/// The grapheme of a line at this column, and how many columns the line is too short for it.
fn place(text: &VimText, line: &Range<usize>, column: usize) -> (usize, usize) {
    let is_before = |at: &usize| text.columns(*at).end <= column;
    let at = line.start + line.clone().take_while(is_before).count();
    let end = text.columns(line.end).start;
    let missing = if at == line.end {
        column.saturating_sub(end)
    } else {
        0
    };
    (at, missing)
}

/// Applies an operator to a block.
pub(super) fn operate(
    text: &VimText,
    operator: Operator,
    block: TextBlock,
    register: &mut Register,
) -> PlannedEdit {
    if !matches!(operator, Operator::Recase(_)) {
        *register = block.register(text);
    }
    match operator {
        Operator::Recase(recase) => block.mapped(text, |piece| recased(piece, recase)),
        Operator::Yank => PlannedEdit::to(text, block.corner(text)),
        Operator::Delete => block.mapped(text, |_| String::new()),
        Operator::Change => block.mapped(text, |_| String::new()).inserting(),
    }
}
