//! How much one backspace deletes.
//!
//! In scripts whose marks are typed one by one and carry meaning (Thai, the scripts of India,
//! Arabic, Hebrew and their neighbours), it deletes the last mark; elsewhere the whole grapheme: an
//! emoji, a flag, a letter with its accent. The rule is that of Pango's
//! `backspace_deletes_character`.

use unicode_segmentation::UnicodeSegmentation;

/// Returns how many chars at the end of `text` a backspace deletes; 0 if `text` is empty.
pub(in crate::app) fn erased(text: &str) -> usize {
    let Some(grapheme) = text.graphemes(true).next_back() else {
        return 0;
    };
    let mut chars = grapheme.chars();
    if chars.next().is_some_and(has_marks_of_its_own) {
        1
    } else {
        1 + chars.count()
    }
}

/// Whether marks are typed on their own in this letter's script, by Unicode block.
fn has_marks_of_its_own(c: char) -> bool {
    matches!(
        c,
        // Hebrew to Myanmar.
        '\u{590}'..='\u{109f}'
            // The Philippines, Khmer.
            | '\u{1700}'..='\u{17ff}'
            // Limbu to Vedic: south and south-east Asia.
            | '\u{1900}'..='\u{1cff}'
            | '\u{a800}'..='\u{a95f}'
            | '\u{a980}'..='\u{abff}'
            | '\u{11000}'..='\u{11fff}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_goes_alone_where_marks_are_typed_and_all_else_whole() {
        for (text, chars) in [
            ("", 0),
            ("ab", 1),
            ("ท\u{e35}\u{e48}", 1),
            ("क\u{94d}ष\u{93f}", 1),
            ("ب\u{64e}", 1),
            ("ש\u{5c1}", 1),
            ("e\u{301}", 2),
            ("か\u{3099}", 2),
            ("각", 1),
            ("👩\u{200d}👩\u{200d}👧", 5),
            ("🇩🇪", 2),
            ("👍🏽", 2),
            ("❤\u{fe0f}", 2),
        ] {
            assert_eq!(erased(text), chars, "{text:?}");
        }
    }
}
