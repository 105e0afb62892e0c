//! Lone surrogates in JSON.
//!
//! JavaScript's strings are UTF-16 and may contain a lone surrogate. `JSON.stringify` writes it as `\ud800`, which
//! is no Unicode character: our JSON parser rejects the whole text that contains it. Here it becomes `\ufffd` (�),
//! which has the same length, so that the rest of the text is preserved.

use std::borrow::Cow;

/// Replaces each lone surrogate; borrows if there is none.
pub(in crate::opencode) fn repair(json: &str) -> Cow<'_, str> {
    match repaired(json.as_bytes()).map(String::from_utf8) {
        Some(Ok(text)) => Cow::Owned(text),
        _ => Cow::Borrowed(json),
    }
}

/// Like [`repair`], for a response body.
pub(in crate::opencode) fn repair_bytes(json: &[u8]) -> Cow<'_, [u8]> {
    repaired(json).map_or(Cow::Borrowed(json), Cow::Owned)
}

/// `None` if there is nothing to do.
fn repaired(json: &[u8]) -> Option<Vec<u8>> {
    let mut copy: Option<Vec<u8>> = None;
    let mut at = 0;
    while let Some(found) = json
        .get(at..)
        .and_then(|rest| rest.iter().position(|b| *b == b'\\'))
    {
        at += found;
        match half(json, at) {
            Some(Half::High) if half(json, at + ESCAPE) == Some(Half::Low) => at += 2 * ESCAPE,
            Some(_) => {
                let text = copy.get_or_insert_with(|| json.to_vec());
                text[at..at + ESCAPE].copy_from_slice(br"\ufffd");
                at += ESCAPE;
            }
            // The backslash, and the character that it escapes.
            None => at += 2,
        }
    }
    copy
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Half {
    High,
    Low,
}

/// Bytes of `\ud800`.
const ESCAPE: usize = 6;

/// Which surrogate the escape at `at` encodes, if any.
fn half(json: &[u8], at: usize) -> Option<Half> {
    let escape = json.get(at..at + ESCAPE)?;
    let [b'\\', b'u', b'd' | b'D', second, third, fourth] = escape else {
        return None;
    };
    if !(third.is_ascii_hexdigit() && fourth.is_ascii_hexdigit()) {
        return None;
    }
    match second {
        b'8' | b'9' | b'a' | b'A' | b'b' | b'B' => Some(Half::High),
        b'c'..=b'f' | b'C'..=b'F' => Some(Half::Low),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_a_lone_surrogate_is_replaced() {
        for (json, repaired) in [
            (r#"{"a":"x\ud800y"}"#, r#"{"a":"x\ufffdy"}"#),
            (
                r#""\udc00\uD83D\uDE00\ud83d""#,
                r#""\ufffd\uD83D\uDE00\ufffd""#,
            ),
            (r#""\ud83d\ud83d\ude00""#, r#""\ufffd\ud83d\ude00""#),
            // Text, not an escape.
            (r#""\\ud800 \n ü""#, r#""\\ud800 \n ü""#),
            (r#""\\\ud800""#, r#""\\\ufffd""#),
            (r"\ud8", r"\ud8"),
        ] {
            assert_eq!(repair(json), repaired, "{json}");
            assert_eq!(repair_bytes(json.as_bytes()), repaired.as_bytes());
        }
        assert!(matches!(repair(r#""\ud83d\ude00""#), Cow::Borrowed(_)));
    }

    proptest! {
        #[test]
        fn any_utf_16_of_javascript_can_be_read(units: Vec<u16>) {
            let escaped: Vec<String> = units.iter().map(|unit| format!("\\u{unit:04x}")).collect();
            let json = format!("\"{}\"", escaped.concat());

            let read: String = serde_json::from_str(&repair(&json)).unwrap();

            prop_assert_eq!(read, String::from_utf16_lossy(&units));
        }
    }
}
