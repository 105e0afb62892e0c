//! The text around the cursor: a word, what is quoted, what is in brackets.

use std::ops::Range;

use super::command::{ObjectKind, TextObject, WordKind};
use super::text::VimText;

impl TextObject {
    /// Whether it consists of whole lines.
    pub(super) fn has_lines(self) -> bool {
        self.kind == ObjectKind::Paragraph
    }

    /// Where it is; `None`: there is none.
    pub(super) fn range(self, text: &VimText) -> Option<Range<usize>> {
        match self.kind {
            ObjectKind::Word(kind) => Some(word(text, kind, self.around)),
            ObjectKind::Quoted(quote) => quoted(text, quote, self.around),
            ObjectKind::Pair(open, close) => pair(text, (open, close), self.around),
            ObjectKind::Paragraph => Some(paragraph(text, self.around)),
            ObjectKind::Tag => tag(text, self.around),
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

/// The lines around the cursor up to an empty one, or the empty ones; around them: with those of the other kind behind
/// them, or else before them.
fn paragraph(text: &VimText, around: bool) -> Range<usize> {
    let is_blank = |line: usize| text.is_empty_line(text.start_of(line));
    let lines = text.lines();
    let here = text.line_number(text.cursor);
    let down = |from: usize| {
        let kind = is_blank(from);
        let same = (from..lines).take_while(|line| is_blank(*line) == kind);
        from + same.count()
    };
    let up = |from: usize| {
        let kind = is_blank(from);
        let same = (0..=from).rev().take_while(|line| is_blank(*line) == kind);
        from + 1 - same.count()
    };
    let (mut first, mut end) = (up(here), down(here));
    if around && end < lines {
        end = down(end);
    } else if around && first > 0 {
        first = up(first - 1);
    }
    text.start_of(first)..text.line_end(text.start_of(end - 1))
}

/// A tag: where it is, its name, and whether it ends one.
struct FoundTag {
    range: Range<usize>,
    name: String,
    closes: bool,
}

/// What is between the closest tag around the cursor and its end.
fn tag(text: &VimText, around: bool) -> Option<Range<usize>> {
    let mut open: Vec<FoundTag> = Vec::new();
    let mut from = 0;
    while let Some(found) = next_tag(text, from) {
        from = found.range.end;
        if !found.closes {
            open.push(found);
            continue;
        }
        // Tags without an end are not closed by this one.
        let Some(at) = open.iter().rposition(|open| open.name == found.name) else {
            continue;
        };
        let begin = open.swap_remove(at);
        open.truncate(at);
        if (begin.range.start..found.range.end).contains(&text.cursor) {
            return Some(if around {
                begin.range.start..found.range.end
            } else {
                begin.range.end..found.range.start
            });
        }
    }
    None
}

/// The next tag; one that ends itself (`<br/>`) is none.
fn next_tag(text: &VimText, mut from: usize) -> Option<FoundTag> {
    loop {
        let start = (from..text.len()).find(|at| text.char_at(*at) == Some('<'))?;
        from = start + 1;
        let closes = text.char_at(from) == Some('/');
        let name_at = from + usize::from(closes);
        let is_name = |at: &usize| {
            let here = text.char_at(*at);
            here.is_some_and(|c| c.is_alphanumeric() || "-_:.".contains(c))
        };
        let name_end = name_at + (name_at..text.len()).take_while(is_name).count();
        if name_end == name_at || !text.char_at(name_at).is_some_and(char::is_alphabetic) {
            continue;
        }
        let end = (name_end..text.len()).find(|at| matches!(text.char_at(*at), Some('<' | '>')))?;
        let ends_itself = text.char_at(end - 1) == Some('/');
        if text.char_at(end) == Some('>') && !ends_itself {
            return Some(FoundTag {
                range: start..end + 1,
                name: text.slice(name_at..name_end),
                closes,
            });
        }
    }
}
