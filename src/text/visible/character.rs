//! How single characters can mislead a reader.

use unicode_normalization::char::{compose, decompose_canonical, is_combining_mark};
use unicode_security::confusable_detection::skeleton;
use unicode_width::UnicodeWidthChar as _;

use crate::text::hidden::is_hidden;

/// The control picture of a control character or of a blank that has one.
fn picture(c: char) -> Option<char> {
    match c {
        '\0'..='\x1f' => char::from_u32(0x2400 + u32::from(c)),
        '\x7f' => Some('␡'),
        _ => None,
    }
}

/// The sign of an ordinary blank.
pub(super) fn blank(c: char) -> Option<&'static str> {
    match c {
        '\t' => Some("␉"),
        '\n' => Some("␊"),
        _ => None,
    }
}

/// The notation of a character.
pub(super) fn named(c: char) -> String {
    picture(c).map_or_else(|| format!("⟨U+{:04X}⟩", u32::from(c)), String::from)
}

/// A mark that combines with the character before it.
pub(super) fn is_mark(c: char) -> bool {
    !c.is_ascii() && is_combining_mark(c)
}

/// Whether base and mark look like one other character.
pub(super) fn composes(base: char, mark: char) -> bool {
    compose(base, mark).is_some()
}

/// Whether `c` must be written in notation. `beside_ascii`: it is in a word with ASCII letters.
pub(super) fn is_misleading(c: char, beside_ascii: bool) -> bool {
    match c {
        ' '..='~' => false,
        '\0'..='\u{9f}' => true,
        _ => {
            is_notation(c)
                || is_hidden(c)
                || is_generic_mark(c)
                || is_other_spelling(c)
                || (is_ascii_look(c) && (beside_ascii || !c.is_alphanumeric()))
        }
    }
}

/// The signs of the notation itself.
fn is_notation(c: char) -> bool {
    matches!(c, '\u{2400}'..='\u{2426}' | '⟨' | '⟩' | '↪')
}

/// Marks that combine with any letter, and so make it look like another; marks of one script stay.
fn is_generic_mark(c: char) -> bool {
    matches!(
        c,
        '\u{300}'..='\u{36f}'
            | '\u{1ab0}'..='\u{1aff}'
            | '\u{1dc0}'..='\u{1dff}'
            | '\u{20d0}'..='\u{20ff}'
            | '\u{fe20}'..='\u{fe2f}'
    )
}

/// Another code for the same character, or a piece of one: both look the same.
fn is_other_spelling(c: char) -> bool {
    let (mut count, mut same) = (0, false);
    decompose_canonical(c, |part| {
        count += 1;
        same = part == c;
    });
    let piece_of_hangul = matches!(
        c,
        '\u{1100}'..='\u{11ff}' | '\u{a960}'..='\u{a97f}' | '\u{d7b0}'..='\u{d7ff}'
    );
    piece_of_hangul || (count == 1 && !same)
}

/// Whether `c` looks like ASCII. Characters of two columns do not, and readers know what is common
/// in prose.
fn is_ascii_look(c: char) -> bool {
    let known = matches!(
        c,
        '‘' | '’'
            | '“'
            | '”'
            | '–'
            | '—'
            | '…'
            | '·'
            | '•'
            | '×'
            | '¸'
            | '´'
            | 'ı'
            | 'º'
            | 'ª'
            | '\u{2500}'..='\u{25ff}'
    );
    !c.is_ascii()
        && !known
        && c.width() == Some(1)
        && !is_right_to_left(c)
        && skeleton(c.encode_utf8(&mut [0; 4])).all(|c| c.is_ascii())
}

/// Whether a word without a single ASCII letter looks like a word of ASCII letters.
pub(super) fn looks_like_ascii(word: &str) -> bool {
    let mut chars = word.chars().peekable();
    chars.peek().is_some_and(|c| c.is_alphanumeric())
        && chars.all(|c| c == '_' || (c.is_alphanumeric() && is_ascii_look(c)))
}

/// The ASCII word that such a word looks like.
pub(super) fn ascii_look(word: &str) -> String {
    skeleton(word).collect()
}

/// Letters of right-to-left scripts.
pub(super) fn is_right_to_left(c: char) -> bool {
    matches!(
        c,
        '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{feff}'
            | '\u{10800}'..='\u{10fff}' | '\u{1e800}'..='\u{1efff}'
    )
}
