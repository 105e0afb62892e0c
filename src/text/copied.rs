//! Cleans text for the clipboard, from where it may be pasted into a shell.
//!
//! Removes what a terminal interprets (`ESC [201~` would end a bracketed paste), and what hides or
//! reorders text. Letters stay unchanged: joiners that are part of an emoji or of a word in a
//! script that needs them, and variation selectors after characters with variants.

use super::hidden::is_invisible;

/// Returns text that is safe to paste anywhere, and how many characters were removed. Line ends
/// become `\n`.
pub fn clean(text: &str) -> (String, usize) {
    let text = text.replace("\r\n", "\n");
    let mut clean = String::with_capacity(text.len());
    let mut removed = 0;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let before = clean.chars().next_back();
        let stays = match c {
            '\n' | '\t' => true,
            '\u{200c}' | '\u{200d}' => joins(before, c, chars.peek().copied()),
            '\u{fe00}'..='\u{fe0f}' => varies(before, chars.peek().copied()),
            '\u{e0100}'..='\u{e01ef}' => before.is_some_and(is_ideograph),
            c => !is_invisible(c),
        };
        if stays {
            clean.push(c);
        } else {
            removed += 1;
        }
    }
    (clean, removed)
}

/// Whether a joiner or non-joiner has an effect between its neighbours.
fn joins(before: Option<char>, joiner: char, after: Option<char>) -> bool {
    let (Some(before), Some(after)) = (before, after) else {
        return false;
    };
    let of_emoji = |c| is_symbol(c) || ('\u{fe0e}'..='\u{fe0f}').contains(&c);
    (needs_joiners(before) && needs_joiners(after))
        || (joiner == '\u{200d}' && of_emoji(before) && is_symbol(after))
}

/// Arabic and related scripts, the scripts of India and its neighbours, Mongolian.
fn needs_joiners(c: char) -> bool {
    matches!(
        c,
        '\u{620}'..='\u{8ff}' | '\u{900}'..='\u{dff}' | '\u{1000}'..='\u{109f}'
            | '\u{1780}'..='\u{18af}' | '\u{1b00}'..='\u{1bff}' | '\u{a8e0}'..='\u{a9ff}'
            | '\u{11000}'..='\u{11fff}'
    )
}

/// Whether a variation selector after `before` has an effect: on a symbol, or on the digit of a
/// keycap.
fn varies(before: Option<char>, after: Option<char>) -> bool {
    match before {
        Some('0'..='9' | '#' | '*') => after == Some('\u{20e3}'),
        Some(c) => is_symbol(c) || is_ideograph(c) || ('\u{1800}'..='\u{18af}').contains(&c),
        None => false,
    }
}

/// Emoji and the symbols with an emoji presentation.
fn is_symbol(c: char) -> bool {
    matches!(
        c,
        '©' | '®' | '\u{203c}' | '\u{2049}' | '\u{2122}' | '\u{2139}' | '\u{2190}'..='\u{21ff}'
            | '\u{2300}'..='\u{23ff}' | '\u{24c2}' | '\u{25a0}'..='\u{27bf}'
            | '\u{2934}'..='\u{2935}' | '\u{2b00}'..='\u{2bff}' | '\u{3030}' | '\u{303d}'
            | '\u{3297}' | '\u{3299}' | '\u{1f000}'..='\u{1faff}'
    )
}

fn is_ideograph(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_a_terminal_obeys_or_nobody_sees_is_taken_out() {
        for (text, cleaned, removed) in [
            ("ls\n\tdone\r\n", "ls\n\tdone\n", 0),
            ("ls\x1b[201~rm\u{9b}201~", "ls[201~rm201~", 2),
            (
                "a\u{202e}b\u{2066}c\u{200b}d\u{feff}e\u{ad}\u{e0041}\u{3164}",
                "abcde",
                7,
            ),
            // Between letters that need none, joiners are invisible.
            ("s\u{200d}u\u{200c}do\u{fe0f}", "sudo", 3),
            ("\u{200d}👩", "👩", 1),
        ] {
            assert_eq!(clean(text), (cleaned.to_owned(), removed), "{text:?}");
        }
    }

    #[test]
    fn letters_and_emoji_are_copied_as_they_are() {
        for text in [
            "größe e\u{301} 漢字",
            "👩\u{200d}👩\u{200d}👧 ❤\u{fe0f}\u{200d}🔥 1\u{fe0f}\u{20e3} ⚠\u{fe0f} 👍🏽 🇩🇪",
            "می\u{200c}خواهم क\u{94d}\u{200d}ष",
        ] {
            assert_eq!(clean(text), (text.to_owned(), 0));
        }
    }

    proptest! {
        #[test]
        fn what_was_cleaned_stays_as_it_is(text in "(\\PC|[\\x00-\\x1f\u{7f}-\u{9f}\u{200b}-\u{200f}\u{fe0f}\u{202e}👩]){0,40}") {
            let (once, _) = clean(&text);

            prop_assert!(once.chars().all(|c| !c.is_control() || c == '\n' || c == '\t'));
            prop_assert_eq!(clean(&once), (once.clone(), 0));
        }
    }
}
