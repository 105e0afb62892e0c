//! Shows outside bytes on a terminal: nothing is interpreted, nothing is left out.
//!
//! Input: bytes of a sandbox, a model, a server or a repository, split anywhere. Output: text in
//! which every character is visible. A control character is written as its symbol (`␛`, `␍`), any
//! other hidden character ([`super::hidden`]) as its number (`⟨U+202E⟩`, `⟨U+00A0⟩`), a byte that
//! is not UTF-8 as its value (`⟨FF⟩`). So the reviewer of a patch sees them; [`super::ansi`] drops
//! them, which suits a conversation. Line feeds and tabs stay.
//!
//! Joiners and variation selectors stay where they combine characters, as in emoji and in the
//! scripts that need them; anywhere else they hide something.

use std::borrow::Cow;
use std::fmt::Write as _;

use super::hidden::is_hidden;

/// The state of one output.
#[derive(Debug, Default)]
pub struct VisibleBytes {
    /// The start of a character whose end has not arrived yet.
    cut: Vec<u8>,
    previous: Option<char>,
}

impl VisibleBytes {
    /// Returns the part of `bytes` that can be shown already: all but an incomplete character at
    /// the end.
    pub fn pass(&mut self, bytes: &[u8]) -> String {
        let mut all = std::mem::take(&mut self.cut);
        all.extend_from_slice(bytes);
        let mut shown = String::with_capacity(all.len());
        let mut rest = all.as_slice();
        while let Err(error) = std::str::from_utf8(rest) {
            let (valid, after) = rest.split_at(error.valid_up_to());
            self.push_all(valid, &mut shown);
            let Some(length) = error.error_len() else {
                self.cut = after.to_vec();
                return shown;
            };
            let (wrong, after) = after.split_at(length);
            self.push_wrong(wrong, &mut shown);
            rest = after;
        }
        self.push_all(rest, &mut shown);
        shown
    }

    /// Returns the rest when no more bytes come.
    pub fn finish(&mut self) -> String {
        let mut shown = String::new();
        let cut = std::mem::take(&mut self.cut);
        self.push_wrong(&cut, &mut shown);
        self.previous = None;
        shown
    }

    fn push_all(&mut self, valid: &[u8], shown: &mut String) {
        for c in String::from_utf8_lossy(valid).chars() {
            if is_hidden(c) && !joins(self.previous, c) {
                push_hidden(c, shown);
                self.previous = None;
            } else {
                shown.push(c);
                self.previous = Some(c);
            }
        }
    }

    fn push_wrong(&mut self, bytes: &[u8], shown: &mut String) {
        for byte in bytes {
            // Writing to a string cannot fail.
            let _ = write!(shown, "⟨{byte:02X}⟩");
            self.previous = None;
        }
    }
}

/// Returns a text as [`VisibleBytes`] shows it.
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_hidden) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(VisibleBytes::default().pass(text.as_bytes()))
}

/// The same on one line: line feeds and tabs become visible too, so that a name cannot look like a
/// line or a column of its own.
pub fn visible_line(text: &str) -> Cow<'_, str> {
    match visible(text) {
        shown if shown.contains(['\n', '\t']) => {
            Cow::Owned(shown.replace('\n', "␊").replace('\t', "␉"))
        }
        shown => shown,
    }
}

fn push_hidden(c: char, shown: &mut String) {
    let symbol = match c {
        '\0'..='\u{1f}' => char::from_u32(0x2400 + u32::from(c)),
        '\u{7f}' => Some('␡'),
        _ => None,
    };
    match symbol {
        Some(symbol) => shown.push(symbol),
        // Writing to a string cannot fail.
        None => {
            let _ = write!(shown, "⟨U+{:04X}⟩", u32::from(c));
        }
    }
}

/// Whether `c` combines with the character before it and perhaps the next.
fn joins(previous: Option<char>, c: char) -> bool {
    let Some(previous) = previous else {
        return false;
    };
    match c {
        // Text or emoji presentation: of a pictograph, or of the digits and signs that have both.
        '\u{fe0e}' | '\u{fe0f}' => {
            is_picture(previous)
                || previous.is_ascii_digit()
                || "#*©®‼⁉™ℹ〰〽㊗㊙".contains(previous)
        }
        '\u{200d}' => previous == '\u{fe0f}' || is_picture(previous) || needs_joiners(previous),
        '\u{200c}' => needs_joiners(previous),
        _ => false,
    }
}

/// Symbols, including those that later got an emoji presentation.
fn is_picture(c: char) -> bool {
    matches!(c, '\u{2190}'..='\u{2bff}' | '\u{1f000}'..='\u{1faff}') && !is_hidden(c)
}

/// Arabic and related scripts, and the scripts of India, whose words are spelled with joiners.
fn needs_joiners(c: char) -> bool {
    matches!(c, '\u{600}'..='\u{dff}') && !is_hidden(c)
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;
    use proptest::prelude::*;

    use super::*;

    fn shown(bytes: &[u8]) -> String {
        let mut output = VisibleBytes::default();
        output.pass(bytes) + &output.finish()
    }

    #[test]
    fn what_a_terminal_obeys_is_written_visibly() {
        for (hostile, seen) in [
            ("+\x1b[31mred\x1b[0m", "+␛[31mred␛[0m"),
            ("\x1b]0;title\x07", "␛]0;title␇"),
            ("\x1b]52;c;aGk=\x1b\\", "␛]52;c;aGk=␛\\"),
            ("a\x08\0\x7f", "a␈␀␡"),
            ("line\r\n", "line␍\n"),
            ("safe\rrm -rf", "safe␍rm -rf"),
            ("\u{9b}31m", "⟨U+009B⟩31m"),
            ("tab\tstays", "tab\tstays"),
        ] {
            assert_eq!(shown(hostile.as_bytes()), seen, "{hostile:?}");
        }
    }

    #[test]
    fn what_is_invisible_or_turns_the_order_is_written_visibly() {
        for (hostile, seen) in [
            ("a\u{202e}b\u{2066}c", "a⟨U+202E⟩b⟨U+2066⟩c"),
            (
                "rm\u{200b} -r\u{2060}\u{feff}",
                "rm⟨U+200B⟩ -r⟨U+2060⟩⟨U+FEFF⟩",
            ),
            ("\u{e0041}\u{3164}\u{ad}", "⟨U+E0041⟩⟨U+3164⟩⟨U+00AD⟩"),
            // Data in variation selectors, a joiner in an identifier.
            ("a\u{fe01}\u{e0101}", "a⟨U+FE01⟩⟨U+E0101⟩"),
            ("ad\u{200d}min", "ad⟨U+200D⟩min"),
            ("日\u{200d}本", "日⟨U+200D⟩本"),
            ("🙂\u{200d}\u{200d}", "🙂\u{200d}⟨U+200D⟩"),
        ] {
            assert_eq!(shown(hostile.as_bytes()), seen, "{hostile:?}");
        }
    }

    #[test]
    fn what_people_write_stays_as_it_is() {
        for text in [
            "größe 漢字 e\u{301} ﷽\n\tend",
            "👩‍👩‍👧 ❤️‍🔥 1️⃣ ©️ 🇩🇪",
            "می‌خواهم क्‍ष",
        ] {
            assert_eq!(shown(text.as_bytes()), text);
            assert!(text.chars().any(is_hidden) || matches!(visible(text), Cow::Borrowed(_)));
        }
    }

    #[test]
    fn bytes_that_are_no_text_are_written_as_numbers() {
        assert_eq!(shown(b"a\xffb\xe2\x82"), "a⟨FF⟩b⟨E2⟩⟨82⟩");
        // A C1 control in one byte.
        assert_eq!(shown(b"\x9b31m"), "⟨9B⟩31m");
    }

    #[test]
    fn a_name_stays_on_its_line() {
        assert_eq!(visible_line("one\ntwo\tthree"), "one␊two␉three");
        assert!(matches!(visible_line("one two"), Cow::Borrowed(_)));
    }

    /// Bytes with a high share of the interesting cases.
    fn hostile() -> impl Strategy<Value = Vec<u8>> {
        let piece = prop_oneof![
            any::<Vec<u8>>(),
            any::<char>().prop_map(|c| c.to_string().into_bytes()),
            prop::sample::select(vec![
                "\x1b[31m", "\u{202e}", "\u{200d}", "\u{fe0f}", "👩", "1", "\r\n", "\u{9b}", "क",
            ])
            .prop_map(|text| text.as_bytes().to_vec()),
        ];
        prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn nothing_hidden_is_left_but_joiners_in_their_place(bytes in hostile()) {
            let text = shown(&bytes);

            let mut previous = None;
            for c in text.chars() {
                prop_assert!(!is_hidden(c) || joins(previous, c), "{c:?} in {text:?}");
                prop_assert!(!c.is_control() || c == '\n' || c == '\t');
                previous = Some(c);
            }
        }

        #[test]
        fn a_cut_anywhere_changes_nothing(bytes in hostile(), cuts: Vec<prop::sample::Index>) {
            let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
            cuts.extend([0, bytes.len()]);
            cuts.sort_unstable();
            let mut output = VisibleBytes::default();

            let mut pieces: String = cuts.windows(2).map(|cut| output.pass(&bytes[cut[0]..cut[1]])).collect();
            pieces += &output.finish();

            prop_assert_eq!(pieces, shown(&bytes));
        }

        #[test]
        fn nothing_is_left_out(text: String) {
            let characters = |text: &str| text.chars().filter(|c| *c != '\n' && !is_hidden(*c)).count();

            let shown = shown(text.as_bytes());

            prop_assert!(characters(&shown) >= characters(&text));
            let hidden = text.chars().filter(|c| is_hidden(*c)).count();
            prop_assert!(shown.chars().count() >= text.chars().count().max(hidden));
        }
    }
}
