//! Word ends in scripts without spaces between words: Thai, Lao, Khmer, Burmese.
//!
//! The Unicode line breaking rules (UAX 14, class SA) leave these to a dictionary. All other
//! scripts have spaces, or break anywhere. Most texts contain none of these scripts, which one scan
//! of their bytes shows.

use std::iter::Peekable;

use icu_segmenter::LineSegmenter;
use icu_segmenter::options::LineBreakOptions;
use ratatui::text::Span;

/// The word ends, in order, as byte offsets into all spans together.
#[derive(Debug)]
pub(super) struct WordEnds(Peekable<std::vec::IntoIter<usize>>);

impl Default for WordEnds {
    fn default() -> Self {
        Self(Vec::new().into_iter().peekable())
    }
}

impl WordEnds {
    pub(super) fn of(spans: &[Span<'_>]) -> Self {
        if !spans.iter().any(|span| has_such_script(&span.content)) {
            return Self::default();
        }
        // A word may have several styles.
        let text: String = spans.iter().map(|span| span.content.as_ref()).collect();
        let segmenter = LineSegmenter::new_dictionary(LineBreakOptions::default());
        let is_between = |at: &usize| {
            let (before, after) = text.split_at(*at);
            let (before, after) = (before.chars().next_back(), after.chars().next());
            before.is_some_and(writes_no_spaces) && after.is_some_and(writes_no_spaces)
        };
        let ends: Vec<usize> = segmenter.segment_str(&text).filter(is_between).collect();
        Self(ends.into_iter().peekable())
    }

    /// Whether one word ends and another begins at `offset`. Offsets must not decrease from call to
    /// call.
    pub(super) fn has_one_at(&mut self, offset: usize) -> bool {
        while self.0.next_if(|end| *end < offset).is_some() {}
        self.0.peek() == Some(&offset)
    }
}

fn has_such_script(text: &str) -> bool {
    // All of them are in U+0E00 to U+1AFF: three bytes with one of these first bytes.
    let may_be = |byte: &u8| *byte == 0xe0 || *byte == 0xe1;
    text.as_bytes().iter().any(may_be) && text.chars().any(writes_no_spaces)
}

/// Thai, Lao, Burmese, Khmer.
fn writes_no_spaces(c: char) -> bool {
    matches!(c, '\u{0e01}'..='\u{0eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}')
}
