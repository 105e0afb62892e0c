//! Where motions lead, and what an operator takes on the way.

use std::ops::Range;

use super::command::{FindChar, Motion, WordKind};
use super::text::VimText;

/// Whether an operator takes the grapheme that a motion leads to, or whole lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reach {
    Before,
    Including,
    Lines,
}

/// A text that an operator takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TakenText {
    pub(super) range: Range<usize>,
    pub(super) lines: bool,
}

/// A motion with what it depends on.
#[derive(Debug, Clone, Copy)]
pub(super) struct MotionFrom {
    pub(super) motion: Motion,
    pub(super) count: Option<usize>,
    /// The last character that was looked for.
    pub(super) last_find: Option<FindChar>,
    /// The column that vertical moves keep, if they went on from one.
    pub(super) column: usize,
}

impl MotionFrom {
    /// Where the cursor goes; `None`: nowhere.
    pub(super) fn target(&self, text: &VimText) -> Option<usize> {
        self.reached(text).map(|(target, _)| target)
    }

    /// What an operator takes with this motion.
    pub(super) fn taken(&self, text: &VimText) -> Option<TakenText> {
        let cursor = text.cursor;
        if let Motion::WordStart(_) = self.motion {
            let end = self.target(text).unwrap_or(text.len());
            let end = without_line_end(text, cursor..end);
            return Some(taken(cursor..end, false));
        }
        let (target, reach) = self.reached(text)?;
        let (start, end) = (cursor.min(target), cursor.max(target));
        Some(match reach {
            Reach::Before => taken(start..end, false),
            Reach::Including => taken(start..(end + 1).min(text.line_end(end)).max(end), false),
            Reach::Lines => taken(text.line_start(start)..text.line_end(end), true),
        })
    }

    fn reached(&self, text: &VimText) -> Option<(usize, Reach)> {
        let times = self.count.unwrap_or(1);
        let at = text.cursor.min(text.len());
        let (start, end) = (text.line_start(at), text.line_end(at));
        Some(match self.motion {
            Motion::Left => (at.saturating_sub(times).max(start), Reach::Before),
            Motion::Right => ((at + times).min(end), Reach::Before),
            Motion::Up | Motion::Down => (self.vertical(text, at)?, Reach::Lines),
            Motion::WordStart(kind) => {
                let next = repeated(at, times, |at| next_word(text, at, kind));
                (next, Reach::Before)
            }
            Motion::WordBack(kind) => {
                let back = repeated(at, times, |at| word_before(text, at, kind));
                (back, Reach::Before)
            }
            Motion::WordEnd(kind) => {
                let end = repeated(at, times, |at| word_end(text, at + 1, kind));
                (end, Reach::Including)
            }
            Motion::LineStart => (start, Reach::Before),
            Motion::FirstNonBlank => (text.first_non_blank(at), Reach::Before),
            Motion::LineEnd => {
                let line = text.start_of(text.line_number(at) + times - 1);
                (text.on_grapheme(text.line_end(line)), Reach::Including)
            }
            Motion::Top | Motion::Bottom => {
                let last = text.lines() - 1;
                let default = if self.motion == Motion::Top { 0 } else { last };
                let line = self.count.map_or(default, |count| count.max(1) - 1);
                let line = text.start_of(line.min(last));
                (text.first_non_blank(line), Reach::Lines)
            }
            Motion::Bracket => self.bracket(text)?,
            Motion::Find(find) => found(text, (find, false), times)?,
            Motion::FindAgain { reverse } => {
                let find = self.last_find?;
                let back = find.back != reverse;
                found(text, (FindChar { back, ..find }, true), times)?
            }
        })
    }

    /// The bracket that belongs to the next one in this line.
    fn bracket(&self, text: &VimText) -> Option<(usize, Reach)> {
        if let Some(percent) = self.count {
            let line = (percent.min(100) * text.lines()).div_ceil(100);
            let start = text.start_of(line.max(1) - 1);
            return Some((text.first_non_blank(start), Reach::Lines));
        }
        let end = text.line_end(text.cursor);
        let brackets = [('(', ')'), ('[', ']'), ('{', '}')];
        let (at, (open, close)) = (text.cursor..end).find_map(|at| {
            let here = text.char_at(at)?;
            let pair = brackets
                .iter()
                .find(|(open, close)| here == *open || here == *close)?;
            Some((at, *pair))
        })?;
        let is_open = text.char_at(at) == Some(open);
        let (deeper, back) = if is_open {
            (open, close)
        } else {
            (close, open)
        };
        let mut depth = 0_usize;
        let mut closes = |at: &usize| {
            match text.char_at(*at) {
                Some(here) if here == deeper => depth += 1,
                Some(here) if here == back => depth -= 1,
                _ => {}
            }
            depth == 0
        };
        // The first one is the bracket itself, so that the depth is never below 0.
        let target = if is_open {
            (at..text.len()).find(&mut closes)
        } else {
            (0..=at).rev().find(&mut closes)
        };
        Some((target?, Reach::Including))
    }

    /// The same column some lines below or above.
    fn vertical(&self, text: &VimText, at: usize) -> Option<usize> {
        let line = text.line_number(at);
        let times = self.count.unwrap_or(1);
        let line = match self.motion {
            Motion::Up => line.checked_sub(times)?,
            _ => line + times,
        };
        if line >= text.lines() {
            return None;
        }
        let start = text.start_of(line);
        Some(text.on_grapheme((start + self.column).min(text.line_end(start))))
    }
}

pub(super) fn taken(range: Range<usize>, lines: bool) -> TakenText {
    TakenText { range, lines }
}

/// Applies a step so many times, as long as it leads on.
fn repeated(mut at: usize, times: usize, step: impl Fn(usize) -> usize) -> usize {
    for _ in 0..times {
        let next = step(at);
        if next == at {
            break;
        }
        at = next;
    }
    at
}

fn next_word(text: &VimText, at: usize, kind: WordKind) -> usize {
    let mut next = at;
    while text.is_same_word(at, next, kind) {
        next += 1;
    }
    if next == at && next < text.len() {
        // From a line end.
        next += 1;
    }
    while next < text.len() && text.is_space(next) && !text.is_empty_line(next) {
        next += 1;
    }
    next
}

fn word_before(text: &VimText, at: usize, kind: WordKind) -> usize {
    let Some(mut before) = at.checked_sub(1) else {
        return 0;
    };
    while before > 0 && text.is_space(before) && !text.is_empty_line(before) {
        before -= 1;
    }
    while before > 0 && text.is_same_word(before, before - 1, kind) {
        before -= 1;
    }
    before
}

/// The end of the word at or after `from`.
pub(super) fn word_end(text: &VimText, from: usize, kind: WordKind) -> usize {
    let mut end = from;
    while end < text.len() && text.is_space(end) {
        end += 1;
    }
    while text.is_same_word(end, end + 1, kind) {
        end += 1;
    }
    text.on_grapheme(end)
}

/// An operator that goes on to the next word leaves the line end before that word.
fn without_line_end(text: &VimText, range: Range<usize>) -> usize {
    let blank = range.clone().rev().take_while(|at| text.is_space(*at));
    let first_blank = range.end - blank.count();
    let mut line_ends = (first_blank..range.end).filter(|at| text.is_line_end(*at));
    line_ends.next().unwrap_or(range.end)
}

/// `cw` changes to the end of the word, and leaves the space behind it.
pub(super) fn changed_word(text: &VimText, kind: WordKind, times: usize) -> TakenText {
    let at = text.cursor;
    let mut end = word_end(text, at, kind);
    for _ in 1..times {
        end = word_end(text, end + 1, kind);
    }
    let line_end = text.line_end(end);
    taken(at..(end + 1).min(line_end).max(at), false)
}

/// Where a character of the line is. Looking for it again goes on from beside it.
fn found(text: &VimText, (find, again): (FindChar, bool), times: usize) -> Option<(usize, Reach)> {
    let at = text.cursor;
    let is_it = |index: &usize| text.char_at(*index) == Some(find.wanted);
    let beside = usize::from(find.beside);
    let skip = usize::from(find.beside && again);
    if find.back {
        let start = text.line_start(at);
        let hits = (start..at.saturating_sub(skip).max(start)).rev();
        let hit = hits.filter(is_it).nth(times.max(1) - 1)?;
        return Some((hit + beside, Reach::Before));
    }
    let from = at + 1 + skip;
    let mut hits = (from..text.line_end(at).max(from)).filter(is_it);
    let hit = hits.nth(times.max(1) - 1)?;
    Some((hit - beside, Reach::Including))
}
