//! Makes the end of a growing text readable: what its last paragraph has opened is closed for now.
//!
//! Without this, `**bold` is shown with its asterisks until the closing ones arrive, and a link
//! shows its brackets and half of its address. Only the tail is treated so; a text that has ended
//! is shown as it is. Works on the source, so what it does not understand stays as it was.

use std::borrow::Cow;

/// What is open at the end of a paragraph; byte offsets into it.
#[derive(Debug, Default)]
struct OpenMarks {
    /// Backticks, and how many.
    code: Option<(usize, usize)>,
    strong: Option<usize>,
    struck: Option<usize>,
    /// The bracket before a link's text.
    bracket: Option<usize>,
    /// The bracket after the text of a link whose address has no end yet, and the one before it.
    address: Option<(usize, usize)>,
}

/// Closes what the last paragraph of `tail` has opened.
pub(super) fn closed(tail: &str) -> Cow<'_, str> {
    // Code is shown as it is.
    if tail.contains("```") || tail.contains("~~~") {
        return Cow::Borrowed(tail);
    }
    let start = tail.rfind("\n\n").map_or(0, |at| at + 2);
    let (before, last) = tail.split_at(start);
    if last.starts_with("    ") || last.starts_with('\t') {
        return Cow::Borrowed(tail);
    }
    let mut open = scan(last);
    let mut text = last.to_owned();
    if let Some((bracket, end)) = open.address {
        text.truncate(end);
        text.remove(bracket);
        let moved = |at: usize| at - usize::from(at > bracket);
        open.code = open.code.map(|(at, count)| (moved(at), count));
        open.struck = open.struck.map(moved);
        open.strong = open.strong.map(moved);
    }
    if let Some((at, count)) = open.code {
        close(&mut text, at, &"`".repeat(count));
    }
    if let Some(at) = open.struck {
        close(&mut text, at, "~~");
    }
    if let Some(at) = open.strong {
        close(&mut text, at, "**");
    }
    if text == last {
        return Cow::Borrowed(tail);
    }
    Cow::Owned([before, &text].concat())
}

/// Closes the mark that was opened at `at`, or removes it if nothing follows it.
fn close(text: &mut String, at: usize, mark: &str) {
    // It may have been in the address that is not shown.
    let Some(inside) = text.get(at + mark.len()..) else {
        return;
    };
    // Half of the closing mark may be there already.
    let half = &mark[..mark.len() - 1];
    let inside = inside.trim_end();
    let kept = inside
        .strip_suffix(half)
        .filter(|_| !half.is_empty())
        .unwrap_or(inside);
    let end = at + mark.len() + kept.trim_end().len();
    if kept.trim().is_empty() {
        text.truncate(at);
    } else {
        text.truncate(end);
        text.push_str(mark);
    }
}

fn scan(text: &str) -> OpenMarks {
    let bytes = text.as_bytes();
    let mut open = OpenMarks::default();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let run = bytes[at..].iter().take_while(|next| *next == byte).count();
        let mut step = 1;
        match (byte, open.code) {
            (b'`', None) => {
                open.code = Some((at, run));
                step = run;
            }
            (b'`', Some((_, count))) => {
                if run == count {
                    open.code = None;
                }
                step = run;
            }
            (_, Some(_)) => {}
            (b'\\', None) => step = 2,
            (b'*', None) if run == 2 => {
                open.strong = toggled(open.strong, bytes, at);
                step = 2;
            }
            (b'~', None) if run == 2 => {
                open.struck = toggled(open.struck, bytes, at);
                step = 2;
            }
            (b'[', None) => open.bracket = Some(at),
            (b']', None) => {
                let bracket = open.bracket.take();
                if bytes.get(at + 1) == Some(&b'(') {
                    open.address = bracket.map(|bracket| (bracket, at));
                }
            }
            // An address has no line end.
            (b')' | b'\n', None) => open.address = None,
            _ => step = run,
        }
        at += step;
    }
    open
}

/// Closes an open mark; opens one only where a word begins.
fn toggled(open: Option<usize>, text: &[u8], at: usize) -> Option<usize> {
    if open.is_some() {
        return None;
    }
    let begins = at
        .checked_sub(1)
        .is_none_or(|before| b" \n(\"'".contains(&text[before]));
    let follows = text
        .get(at + 2)
        .is_none_or(|next| !next.is_ascii_whitespace());
    (begins && follows).then_some(at)
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;
    use proptest::prelude::*;

    use super::closed;

    #[test]
    fn what_is_open_is_closed_for_now() {
        for (half, whole) in [
            ("a **bold", "a **bold**"),
            ("a **bold ", "a **bold**"),
            ("a **bold*", "a **bold**"),
            ("a **", "a "),
            ("a `code", "a `code`"),
            ("a ``co`de", "a ``co`de``"),
            ("a ~~gone", "a ~~gone~~"),
            ("see [the **docs**](https://exa", "see the **docs**"),
            (
                "see [the docs](https://e.org) now",
                "see [the docs](https://e.org) now",
            ),
            ("**x**\n\n**y", "**x**\n\n**y**"),
            ("src/**/*.rs", "src/**/*.rs"),
            ("2 ** 3", "2 ** 3"),
            ("\\**a", "\\**a"),
            ("```\n**a", "```\n**a"),
            ("    **a", "    **a"),
            ("- **a", "- **a**"),
        ] {
            assert_eq!(closed(half), whole, "{half:?}");
        }
    }

    proptest! {
        #[test]
        fn any_tail_is_taken(tail in crate::text::tests::markdownish()) {
            prop_assert!(closed(&tail).len() <= tail.len() * 2 + 4);
        }
    }
}
