//! Word boundaries, for the keys that move and delete by word.
//!
//! Input: a line and a column, counted in chars. Output: columns. Words follow Unicode segmentation
//! (UAX 29), with ICU's dictionaries for scripts without spaces (Chinese, Japanese, Thai, Lao,
//! Khmer, Burmese). ASCII punctuation ends a word, and a run of it is a word of its own, as in
//! code: `a.b` is three words, `a_b` one.
//!
//! No column is inside a grapheme.

use icu_segmenter::WordSegmenter;
use icu_segmenter::options::WordBreakInvariantOptions;
use unicode_segmentation::UnicodeSegmentation;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CharClass {
    Space,
    Punctuation,
    Word,
}

impl CharClass {
    fn of(grapheme: &str) -> Self {
        match grapheme.chars().next() {
            Some(c) if c.is_whitespace() => Self::Space,
            Some(c) if c.is_ascii_punctuation() && c != '_' => Self::Punctuation,
            _ => Self::Word,
        }
    }
}

/// A word, or what is between words; `start..end` in chars.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TextSegment {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) kind: CharClass,
}

/// Returns where the word before `column` begins; `None` if only space is there.
pub(super) fn start_before(line: &str, column: usize) -> Option<usize> {
    let pieces = pieces(line);
    let before = pieces.iter().rev().filter(|piece| piece.start < column);
    words(before).next().map(|piece| piece.start)
}

/// Returns where the next word after `column` begins.
pub(super) fn start_after(line: &str, column: usize) -> Option<usize> {
    let pieces = pieces(line);
    let after = pieces.iter().filter(|piece| piece.start > column);
    words(after).next().map(|piece| piece.start)
}

/// Returns where the word at or after `column` ends.
pub(super) fn end_after(line: &str, column: usize) -> Option<usize> {
    let pieces = pieces(line);
    let after = pieces.iter().filter(|piece| piece.end > column);
    words(after).next().map(|piece| piece.end)
}

fn words<'a>(
    pieces: impl Iterator<Item = &'a TextSegment>,
) -> impl Iterator<Item = &'a TextSegment> {
    pieces.filter(|piece| piece.kind != CharClass::Space)
}

/// The whole line in pieces.
pub(super) fn pieces(line: &str) -> Vec<TextSegment> {
    let segmenter = WordSegmenter::new_dictionary(WordBreakInvariantOptions::default());
    let mut bounds = segmenter.segment_str(line).peekable();
    let mut pieces: Vec<TextSegment> = Vec::new();
    let mut column = 0;
    for (byte, grapheme) in line.grapheme_indices(true) {
        let mut bound = false;
        while bounds.next_if(|bound| *bound <= byte).is_some() {
            bound = true;
        }
        let kind = CharClass::of(grapheme);
        let end = column + grapheme.chars().count();
        match pieces.last_mut() {
            // A run of spaces or of punctuation is one piece, whatever the segmenter says.
            Some(last) if last.kind == kind && (kind != CharClass::Word || !bound) => {
                last.end = end;
            }
            _ => pieces.push(TextSegment {
                start: column,
                end,
                kind,
            }),
        }
        column = end;
    }
    pieces
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;
    use proptest::prelude::*;

    use super::*;

    fn cut(line: &str) -> Vec<String> {
        let chars: Vec<char> = line.chars().collect();
        let texts = pieces(line).into_iter();
        texts
            .map(|piece| chars[piece.start..piece.end].iter().collect())
            .collect()
    }

    #[test]
    fn a_line_is_cut_into_the_words_of_its_script() {
        for (line, words) in [
            (
                "fn foo_bar(a)  => 3.14",
                "fn| |foo_bar|(|a|)|  |=>| |3|.|14",
            ),
            ("Hello你好World 日本語abc", "Hello|你好|World| |日本語|abc"),
            ("你好世界。", "你好|世界|。"),
            ("สวัสดีครับ", "สวัสดี|ครับ"),
            ("नमस्ते दुनिया", "नमस्ते| |दुनिया"),
            ("שלום עולם", "שלום| |עולם"),
            (
                "e\u{301}a 👩\u{200d}👩\u{200d}👧🇩🇪x",
                "e\u{301}a| |👩\u{200d}👩\u{200d}👧|🇩🇪|x",
            ),
            ("a\u{100000}b", "a|\u{100000}|b"),
        ] {
            assert_eq!(cut(line).join("|"), words);
        }
    }

    #[test]
    fn words_are_found_from_within_and_over_space() {
        let line = "one two  three";
        assert_eq!(start_before(line, 6), Some(4));
        assert_eq!(start_before(line, 9), Some(4));
        assert_eq!(start_before(line, 0), None);
        assert_eq!(start_before("   ", 2), None);
        assert_eq!(start_after(line, 4), Some(9));
        assert_eq!(start_after(line, 9), None);
        assert_eq!(end_after(line, 7), Some(14));
        assert_eq!(end_after(line, 14), None);
    }

    proptest! {
        #[test]
        fn the_pieces_are_the_line_and_end_between_graphemes(line in "(\\PC|[ก-๛ 日本語a.👩\u{200d}\u{301}]){0,60}") {
            prop_assert_eq!(cut(&line).concat(), line.clone());
            let mut ends = vec![0];
            for grapheme in line.graphemes(true) {
                ends.push(ends.last().unwrap() + grapheme.chars().count());
            }
            for column in 0..=line.chars().count() {
                for found in [start_before(&line, column), start_after(&line, column), end_after(&line, column)] {
                    prop_assert!(found.is_none_or(|found| ends.contains(&found)));
                }
                prop_assert!(start_before(&line, column).is_none_or(|found| found < column));
                prop_assert!(start_after(&line, column).is_none_or(|found| found > column));
                prop_assert!(end_after(&line, column).is_none_or(|found| found > column));
            }
        }
    }
}
