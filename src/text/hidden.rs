//! Which characters a reader does not see as what they are, by Unicode's data.
//!
//! In: one character. Out: whether a terminal obeys it, whether it is drawn as nothing or changes the order
//! of what stands around it, and whether it only looks like a space or has no shape that Unicode knows. All
//! of this program asks here, so that what one view writes out another does not pass. Knows nothing of what
//! is done about such a character.

use icu_properties::props::{
    DefaultIgnorableCodePoint, GeneralCategory, PrependedConcatenationMark,
};
use icu_properties::{CodePointMapData, CodePointSetData};

/// Whether a terminal obeys a character, a reader does not see it, or he reads others in another order for
/// it; also whether it only looks like a space, or has no shape. Line feed, tab and space are none of these.
pub fn is_hidden(c: char) -> bool {
    match c {
        '\n' | '\t' | ' '..='~' => false,
        _ => is_invisible(c) || is_shapeless(c),
    }
}

/// Whether a terminal obeys a character, or it is drawn as nothing, or turns the order of what stands around
/// it; line feed and tab too.
pub fn is_invisible(c: char) -> bool {
    match c {
        ' '..='~' => false,
        _ => {
            is_obeyed(c)
                || is_default_ignorable(c)
                // Drawn as nothing, though Unicode does not count them: the empty Braille pattern, the
                // filler of the Khitan small script, the musical null note head.
                || matches!(c, '\u{2800}' | '\u{16fe4}' | '\u{1d159}')
        }
    }
}

/// Whether a character is there for its effect alone: controls, what formats, line and paragraph separators,
/// and codes that are kept free for more of these. Joiners are letters to those who need them.
pub fn is_obeyed(c: char) -> bool {
    match c {
        ' '..='~' | '\u{200c}' | '\u{200d}' => false,
        '\0'..='\u{9f}' => true,
        _ => match category(c) {
            GeneralCategory::Control
            | GeneralCategory::LineSeparator
            | GeneralCategory::ParagraphSeparator => true,
            GeneralCategory::Unassigned => is_default_ignorable(c),
            // Signs around a number, as in Arabic, are drawn with it.
            GeneralCategory::Format => {
                !CodePointSetData::new::<PrependedConcatenationMark>().contains(c)
            }
            _ => false,
        },
    }
}

/// Drawn as an empty place, or as whatever a font has there; of what formats only signs around a number have a
/// shape, and alone they have no place on a screen.
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

    /// All that Unicode has given a meaning, and some of what is free or of private use beyond.
    fn all() -> impl Iterator<Item = char> {
        let free = ('\u{323b0}'..=char::MAX).step_by(509);
        let planes = ('\0'..='\u{323af}').chain('\u{e0000}'..='\u{e0fff}');
        planes
            .chain(free)
            .filter(|c| !matches!(c, '\n' | '\t' | ' '))
    }

    /// As one character between letters is shown.
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

    /// Other tables than the one that is tested.
    #[test]
    fn what_the_standard_library_or_the_width_of_characters_calls_hidden_is_hidden() {
        let passed: Vec<char> = all()
            .filter(|c| {
                // Marks are seen on the letter before them, some letters with others of their syllable, the
                // caret of Devanagari between two.
                let is_drawn_elsewhere =
                    is_combining_mark(*c) || c.is_alphabetic() || *c == '\u{a8fa}';
                let is_nothing = c.width() == Some(0) && !is_drawn_elsewhere;
                (is_nothing || c.is_control() || c.is_whitespace()) && !is_hidden(*c)
            })
            .collect();

        assert_eq!(passed, Vec::<char>::new());
    }
}
