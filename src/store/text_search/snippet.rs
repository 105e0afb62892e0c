//! The place of a text that a search shows: one line around a match.

use std::ops::Range;

use super::query::{QueryMatch, TextQuery};
use crate::domain::session::text_search::SnippetPiece;

/// Characters before the first match, and in all.
const BEFORE: usize = 30;
const CHARS: usize = 240;
/// Matches within so many bytes are seen together.
const NEAR: usize = 160;

/// The place with the most of the words, as one line.
pub(super) fn snippet(query: &TextQuery, text: &str) -> Vec<SnippetPiece> {
    let matches = query.matches(text);
    let first = best(&matches).map_or(0, |found| found.place.start);
    let start = text[..first].char_indices().rev().take(BEFORE).last();
    let mut start = start.map_or(first, |(at, _)| at);
    // Not in the middle of a word.
    if start > 0
        && let Some(blank) = text[start..first].find(char::is_whitespace)
    {
        start += blank;
    }
    let end = text[start..].char_indices().nth(CHARS);
    let end = end.map_or(text.len(), |(at, _)| start + at);

    let mut line = SnippetLine::default();
    if !text[..start].trim().is_empty() {
        line.add("…", false);
    }
    let mut at = start;
    let within = |place: &Range<usize>| place.start >= start && place.end <= end;
    for found in matches.iter().filter(|found| within(&found.place)) {
        line.add(&text[at..found.place.start], false);
        line.add(&text[found.place.clone()], true);
        at = found.place.end;
    }
    line.add(&text[at..end], false);
    if !text[end..].trim().is_empty() {
        line.add("…", false);
    }
    line.pieces
}

/// The first of the matches from which on most of the terms are seen.
fn best(matches: &[QueryMatch]) -> Option<&QueryMatch> {
    let seen_from = |index: usize| {
        let from = matches[index].place.start;
        let near = matches[index..].iter();
        let near = near.take_while(|found| found.place.end <= from.saturating_add(NEAR));
        let mut terms: Vec<usize> = near.map(|found| found.term).collect();
        terms.sort_unstable();
        terms.dedup();
        terms.len()
    };
    let places = 0..matches.len();
    let best = places.max_by_key(|index| (seen_from(*index), std::cmp::Reverse(*index)));
    best.map(|index| &matches[index])
}

/// Pieces with one blank where there are several, or a line ends.
#[derive(Default)]
struct SnippetLine {
    pieces: Vec<SnippetPiece>,
}

impl SnippetLine {
    fn add(&mut self, text: &str, is_match: bool) {
        let last = self.pieces.last().map(|piece| piece.text.as_str());
        let mut ends_blank = last.is_none_or(|last| last.ends_with(' '));
        let mut words = String::new();
        for c in text.chars() {
            if !c.is_whitespace() {
                words.push(c);
                ends_blank = false;
            } else if !ends_blank {
                words.push(' ');
                ends_blank = true;
            }
        }
        if words.is_empty() {
            return;
        }
        match self.pieces.last_mut() {
            Some(last) if last.is_match == is_match => last.text.push_str(&words),
            _ => self.pieces.push(SnippetPiece {
                text: words,
                is_match,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;
    use proptest::prelude::*;

    use super::*;

    /// The line, with its matches in brackets.
    fn line(typed: &str, text: &str) -> String {
        let pieces = snippet(&TextQuery::of(typed), text).into_iter();
        let pieces = pieces.map(|piece| {
            if piece.is_match {
                format!("[{}]", piece.text)
            } else {
                piece.text
            }
        });
        pieces.collect()
    }

    #[test]
    fn a_short_text_is_shown_whole_on_one_line() {
        assert_eq!(
            line("login test", "  the Login\n\n  test is\tflaky\n"),
            "the [Login] [test] is flaky "
        );
        assert_eq!(line("nothing", "some text"), "some text");
        assert_eq!(line("x", ""), "");
    }

    #[test]
    fn of_a_long_text_the_place_is_shown_that_has_most_of_the_words() {
        let text = format!(
            "alpha {} beta and alpha again {}",
            "x ".repeat(400),
            "y ".repeat(400)
        );
        let shown = line("alpha beta", &text);
        assert!(shown.starts_with("… x x x"), "{shown}");
        assert!(shown.contains("x [beta] and [alpha] again y"), "{shown}");
        assert!(shown.ends_with("y…") || shown.ends_with("y …"), "{shown}");
        // Where the first word is as good as a later one, the first one is shown.
        assert!(line("alpha", &text).starts_with("[alpha] x x"));
    }

    proptest! {
        #[test]
        fn a_snippet_is_one_line_and_short_whatever_the_text_is(
            typed in "\\PC{0,20}",
            text in "(\\PC|\\s|word ){0,600}",
        ) {
            let pieces = snippet(&TextQuery::of(&typed), &text);
            let line: String = pieces.iter().map(|piece| piece.text.as_str()).collect();
            prop_assert!(line.chars().count() <= CHARS + 2);
            prop_assert!(!line.contains(['\n', '\r', '\t']));
        }
    }
}
