//! The text around the cursor: a word, what is quoted, what is in brackets.

use std::ops::Range;

use super::command::{ObjectKind, TextObject, WordKind};
use super::text::VimText;

impl TextObject {
    /// Where it is; `None`: there is none.
    pub(super) fn range(self, text: &VimText) -> Option<Range<usize>> {
        match self.kind {
            ObjectKind::Word(kind) => Some(word(text, kind, self.around)),
            ObjectKind::Quoted(quote) => quoted(text, quote, self.around),
            ObjectKind::Pair(open, close) => pair(text, (open, close), self.around),
        }
    }
}

/// The word, or the spaces, at the cursor; around it: with the spaces behind it, or else those before it.
fn word(text: &VimText, kind: WordKind, around: bool) -> Range<usize> {
    let at = text.cursor;
    let (line_start, line_end) = (text.line_start(at), text.line_end(at));
    if at >= line_end {
        return at..at;
    }
    let run_end = |from: usize| {
        let same = (from..line_end).take_while(|next| text.is_same_word(from, *next, kind));
        from + same.count()
    };
    let run_start = |from: usize| {
        let same = (line_start..from).rev();
        from - same
            .take_while(|before| text.is_same_word(from, *before, kind))
            .count()
    };
    let (mut start, mut end) = (run_start(at), run_end(at));
    if around && text.is_space(at) {
        end = run_end(end).max(end);
    } else if around && end < line_end && text.is_space(end) {
        end = run_end(end);
    } else if around && start > line_start && text.is_space(start - 1) {
        start = run_start(start - 1);
    }
    start..end
}

/// What is between two quotes of the line: around the cursor, or else behind it.
fn quoted(text: &VimText, quote: char, around: bool) -> Option<Range<usize>> {
    let at = text.cursor;
    let (start, end) = (text.line_start(at), text.line_end(at));
    let is_escaped = |index: usize| {
        let before = (start..index).rev();
        let slashes = before.take_while(|at| text.char_at(*at) == Some('\\'));
        slashes.count() % 2 == 1
    };
    let is_quote = |at: &usize| text.char_at(*at) == Some(quote) && !is_escaped(*at);
    let quotes: Vec<usize> = (start..end).filter(is_quote).collect();
    let mut pairs = quotes.chunks_exact(2);
    let pair = pairs.find(|pair| pair[1] >= at)?;
    let (open, close) = (pair[0], pair[1]);
    if !around {
        return Some(open + 1..close);
    }
    let behind = (close + 1..end).take_while(|at| text.is_space(*at)).count();
    if behind > 0 {
        return Some(open..close + 1 + behind);
    }
    let before = (start..open).rev().take_while(|at| text.is_space(*at));
    Some(open - before.count()..close + 1)
}

/// What is between the brackets around the cursor, over lines too.
fn pair(text: &VimText, (open, close): (char, char), around: bool) -> Option<Range<usize>> {
    let at = text.cursor.min(text.len().checked_sub(1)?);
    let mut depth = 0_usize;
    let mut opens = None;
    for index in (0..=at).rev() {
        match text.char_at(index) {
            Some(c) if c == open && depth == 0 => {
                opens = Some(index);
                break;
            }
            Some(c) if c == open => depth -= 1,
            Some(c) if c == close && index != at => depth += 1,
            _ => {}
        }
    }
    let opens = opens?;
    let mut depth = 0_usize;
    for index in opens + 1..text.len() {
        match text.char_at(index) {
            Some(c) if c == close && depth == 0 => {
                return Some(if around {
                    opens..index + 1
                } else {
                    opens + 1..index
                });
            }
            Some(c) if c == close => depth -= 1,
            Some(c) if c == open => depth += 1,
            _ => {}
        }
    }
    None
}
