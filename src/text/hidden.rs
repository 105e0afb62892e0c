//! Which characters are hidden from a reader or mislead him, by Unicode's data.
//!
//! Input: one character. Output: whether a terminal interprets it, whether it is invisible or
//! reorders its neighbours, and whether it only looks like a space or has no known shape. The whole
//! program uses these functions, so that one view does not pass what another writes out. Knows
//! nothing about how such a character is treated.

use icu_properties::props::{
    DefaultIgnorableCodePoint, GeneralCategory, PrependedConcatenationMark,
};
use icu_properties::{CodePointMapData, CodePointSetData};

const NAME_LENGTH: usize = 100;

/// Whether a terminal interprets a character, whether it is invisible or reorders others, or
/// whether it only looks like a space or has no shape. Line feed, tab and space are none of these.
pub fn is_hidden(c: char) -> bool {
    match c {
        '\n' | '\t' | ' '..='~' => false,
        _ => is_invisible(c) || is_shapeless(c),
    }
}

/// Whether a terminal interprets a character, or it is invisible, or it reorders its neighbours;
/// line feed and tab too.
pub fn is_invisible(c: char) -> bool {
    match c {
        ' '..='~' => false,
        _ => {
            is_obeyed(c)
                || is_default_ignorable(c)
                // Invisible, though not by Unicode's data: the empty Braille pattern, the filler of
                // the Khitan small script, the musical null note head.
                || matches!(c, '\u{2800}' | '\u{16fe4}' | '\u{1d159}')
        }
    }
}

/// Whether a character exists only for its effect: controls, format characters, line and paragraph
/// separators, and code points reserved for more of these. Joiners are letters in the scripts that
/// need them.
pub fn is_obeyed(c: char) -> bool {
    match c {
        ' '..='~' | '\u{200c}' | '\u{200d}' => false,
        '\0'..='\u{9f}' => true,
        _ => match category(c) {
            GeneralCategory::Control
            | GeneralCategory::LineSeparator
            | GeneralCategory::ParagraphSeparator => true,
            GeneralCategory::Unassigned => is_default_ignorable(c),
            // Signs around a number, as in Arabic, are drawn with the number.
            GeneralCategory::Format => {
                !CodePointSetData::new::<PrependedConcatenationMark>().contains(c)
            }
            _ => false,
        },
    }
}

/// Checks what a session may be called: names are typed, listed in one line and passed to commands. Returns the name, or why it is none.
pub fn session_name(name: &str) -> Result<String, String> {
    let is_plain = |c: char| !matches!(c, '\n' | '\t') && !is_hidden(c);
    let why = match name {
        _ if name.trim().is_empty() => "it is empty",
        _ if name != name.trim() => "it begins or ends with a space",
        _ if name.starts_with('-') => "it begins like an option",
        _ if !name.chars().all(is_plain) => "it contains an invisible character",
        _ if name.chars().count() > NAME_LENGTH => "it is longer than 100 characters",
        _ => return Ok(name.to_owned()),
    };
    Err(why.to_owned())
}

/// Drawn as an empty space, or as a font's placeholder; among format characters, only signs around
/// a number have a shape, and only together with the number.
fn is_shapeless(c: char) -> bool {
    matches!(
        category(c),
        GeneralCategory::SpaceSeparator
            | GeneralCategory::PrivateUse
            | GeneralCategory::Unassigned
            | GeneralCategory::Format
    )
}

fn is_default_ignorable(c: char) -> bool {
    CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c)
}

fn category(c: char) -> GeneralCategory {
    CodePointMapData::<GeneralCategory>::new().get(c)
}

#[cfg(test)]
mod tests {
    use unicode_normalization::char::is_combining_mark;
    use unicode_width::UnicodeWidthChar as _;

    use super::super::visible;
    use super::super::visible_bytes;
    use super::*;

    /// All assigned code points, and some of the unassigned and private-use ones.
    fn all() -> impl Iterator<Item = char> {
        let free = ('\u{323b0}'..=char::MAX).step_by(509);
        let planes = ('\0'..='\u{323af}').chain('\u{e0000}'..='\u{e0fff}');
        planes
            .chain(free)
            .filter(|c| !matches!(c, '\n' | '\t' | ' '))
    }

    /// How one character between letters is shown.
    fn is_written(c: char, show: impl Fn(&str) -> String) -> bool {
        let text = format!("x{c}y");
        show(&text) != text
    }

    #[test]
    fn what_one_view_writes_out_as_hidden_the_other_does_not_pass() {
        for c in all().filter(|c| is_hidden(*c)) {
            let by_bytes = is_written(c, |text| visible_bytes::visible(text).into_owned());
            let in_approvals = is_written(c, |text| visible::one_line(text).into_owned());

            assert!(by_bytes && in_approvals, "{c:?}: {by_bytes} {in_approvals}");
        }
    }

    /// Compares with other tables than the tested one.
    #[test]
    fn what_the_standard_library_or_the_width_of_characters_calls_hidden_is_hidden() {
        let passed: Vec<char> = all()
            .filter(|c| {
                // Marks are drawn on the letter before them, some letters with others of their
                // syllable, the Devanagari caret between two.
                let is_drawn_elsewhere =
                    is_combining_mark(*c) || c.is_alphabetic() || *c == '\u{a8fa}';
                let is_nothing = c.width() == Some(0) && !is_drawn_elsewhere;
                (is_nothing || c.is_control() || c.is_whitespace()) && !is_hidden(*c)
            })
            .collect();

        assert_eq!(passed, Vec::<char>::new());
    }
}
