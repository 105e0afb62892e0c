//! What the text names: the picked entries, found again in the text when it is sent.
//!
//! A mention stays plain text (`@src/main.rs`), so that editing, undo, drafts and the history need to know nothing of
//! it. What was picked is remembered by its text; a mention that is no longer in the text names nothing.

use std::ops::Range;

use super::trigger::opens;
use crate::domain::prompt::{Attachment, LineRange, PromptPart};

/// More picks than this are never in use; the oldest are forgotten.
const PICKS: usize = 500;

/// The entries that were picked, by their text with the `@`.
#[derive(Debug, Clone, PartialEq, Default)]
pub(in crate::app::chat) struct Mentions(Vec<(String, Attachment)>);

impl Mentions {
    pub(in crate::app::chat) fn pick(&mut self, value: String, what: Attachment) {
        self.0.retain(|(known, _)| *known != value);
        self.0.push((value, what));
        if self.0.len() > PICKS {
            self.0.remove(0);
        }
    }

    /// Learns what an earlier prompt named.
    pub(in crate::app::chat) fn learn(&mut self, text: &str, parts: &[PromptPart]) {
        for part in parts {
            let value = part.place.clone().and_then(|place| text.get(place));
            match (&part.what, value) {
                (Attachment::Local(_), _) | (_, None) => {}
                (what, Some(value)) => {
                    let (value, what) = without_lines(value, what.clone());
                    self.pick(value, what);
                }
            }
        }
    }

    /// What the text names, in its order, each thing once.
    pub(in crate::app::chat) fn found(&self, text: &str) -> Vec<(Range<usize>, Attachment)> {
        let mut found: Vec<(Range<usize>, Attachment)> = Vec::new();
        for (start, _) in text.match_indices('@') {
            let before = text[..start].chars().next_back();
            if before.is_some_and(|before| !opens(before)) {
                continue;
            }
            let rest = &text[start..];
            let matching = self
                .0
                .iter()
                .filter(|(value, _)| rest.starts_with(value.as_str()));
            let longest = matching
                .map(|(value, what)| with_lines(rest, value, what))
                .filter(|(length, _)| ends_at(rest, *length))
                .max_by_key(|(length, _)| *length);
            if let Some((length, what)) = longest
                && found.iter().all(|(_, known)| *known != what)
            {
                found.push((start..start + length, what));
            }
        }
        found
    }
}

/// Whether a mention may end there.
fn ends_at(text: &str, length: usize) -> bool {
    let mut after = text[length..].chars();
    match after.next() {
        None => true,
        Some('.') => after.next().is_none_or(char::is_whitespace),
        Some(c) => !c.is_alphanumeric() && !matches!(c, '/' | '_' | '-' | '#' | '@'),
    }
}

/// Adds the lines that the text names after a file's name.
fn with_lines(text: &str, value: &str, what: &Attachment) -> (usize, Attachment) {
    if let Attachment::SandboxFile { path, lines: None } = what
        && !path.ends_with('/')
        && let Some(rest) = text[value.len()..].strip_prefix('#')
        && let Some((lines, length)) = line_range(rest)
    {
        let what = Attachment::SandboxFile {
            path: path.clone(),
            lines: Some(lines),
        };
        return (value.len() + 1 + length, what);
    }
    (value.len(), what.clone())
}

fn without_lines(value: &str, what: Attachment) -> (String, Attachment) {
    match (what, value.rsplit_once('#')) {
        (
            Attachment::SandboxFile {
                path,
                lines: Some(_),
            },
            Some((name, _)),
        ) => (
            name.to_owned(),
            Attachment::SandboxFile { path, lines: None },
        ),
        (what, _) => (value.to_owned(), what),
    }
}

/// Parses `5` or `5-10` at the start; returns the length too. A range that runs backwards is only its first line, as
/// in OpenCode's own client.
pub(super) fn line_range(text: &str) -> Option<(LineRange, usize)> {
    let (first, length) = number(text)?;
    let last = text[length..].strip_prefix('-').and_then(number);
    Some(match last {
        Some((last, more)) => {
            let last = (last > first).then_some(last);
            (LineRange { first, last }, length + 1 + more)
        }
        None => (LineRange { first, last: None }, length),
    })
}

fn number(text: &str) -> Option<(u32, usize)> {
    let length = text.bytes().take_while(u8::is_ascii_digit).count();
    let number: u32 = text[..length].parse().ok()?;
    (number > 0).then_some((number, length))
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;
    use proptest::prelude::*;

    use super::*;

    fn file(path: &str) -> Attachment {
        Attachment::SandboxFile {
            path: path.to_owned(),
            lines: None,
        }
    }

    fn lines(path: &str, first: u32, last: Option<u32>) -> Attachment {
        Attachment::SandboxFile {
            path: path.to_owned(),
            lines: Some(LineRange { first, last }),
        }
    }

    fn picked(paths: &[&str]) -> Mentions {
        let mut mentions = Mentions::default();
        for path in paths {
            mentions.pick(format!("@{path}"), file(path));
        }
        mentions
    }

    fn named(mentions: &Mentions, text: &str) -> Vec<(String, Attachment)> {
        let found = mentions.found(text).into_iter();
        found
            .map(|(place, what)| (text[place].to_owned(), what))
            .collect()
    }

    #[test]
    fn only_what_was_picked_and_still_stands_is_named() {
        let mentions = picked(&["src/", "src/main.rs", "my file.txt", "größe"]);
        let one = |value: &str, what| vec![(value.to_owned(), what)];

        assert_eq!(
            named(&mentions, "see @src/main.rs."),
            one("@src/main.rs", file("src/main.rs"))
        );
        assert_eq!(named(&mentions, "(@src/)"), one("@src/", file("src/")));
        assert_eq!(
            named(&mentions, "@my file.txt, @größe"),
            [
                ("@my file.txt".to_owned(), file("my file.txt")),
                ("@größe".to_owned(), file("größe"))
            ]
        );
        for text in [
            "@src/main.rs2",
            "x@src/",
            "@src/other",
            "@srcmain",
            "@main.rs",
        ] {
            assert_eq!(named(&mentions, text), [], "{text}");
        }
        let twice = "@src/main.rs and @src/main.rs";
        assert_eq!(mentions.found(twice), [(0..12, file("src/main.rs"))]);
    }

    #[test]
    fn lines_follow_a_hash_sign() {
        let mentions = picked(&["a.rs", "src/"]);
        for (text, value, what) in [
            ("@a.rs#5-10 x", "@a.rs#5-10", lines("a.rs", 5, Some(10))),
            ("@a.rs#7", "@a.rs#7", lines("a.rs", 7, None)),
            ("@a.rs#9-3", "@a.rs#9-3", lines("a.rs", 9, None)),
            ("@a.rs#5-", "@a.rs#5", lines("a.rs", 5, None)),
        ] {
            let wanted = if text.ends_with('-') {
                vec![]
            } else {
                vec![(value.to_owned(), what)]
            };
            assert_eq!(named(&mentions, text), wanted, "{text}");
        }
        assert_eq!(named(&mentions, "@a.rs#x"), []);
        assert_eq!(named(&mentions, "@a.rs#99999999999"), []);
        assert_eq!(
            mentions.found("@a.rs#1 @a.rs#2").len(),
            2,
            "other lines are another thing"
        );
    }

    #[test]
    fn a_prompt_that_is_edited_again_names_the_same() {
        let mentions = picked(&["a.rs"]);
        let text = "look at @a.rs#2-3";
        let parts: Vec<PromptPart> = mentions
            .found(text)
            .into_iter()
            .map(|(place, what)| PromptPart {
                id: "prt".into(),
                place: Some(place),
                what,
            })
            .collect();
        let mut other = Mentions::default();

        other.learn(text, &parts);

        assert_eq!(other.found(text), mentions.found(text));
        assert_eq!(named(&other, "@a.rs"), [("@a.rs".to_owned(), file("a.rs"))]);
    }

    proptest! {
        #[test]
        fn places_are_pieces_of_the_text_in_order(text in "[@a/# 0-9.é(]{0,40}") {
            let mentions = picked(&["a", "a/", "a/a", "é"]);
            let mut end = 0;
            for (place, _) in mentions.found(&text) {
                prop_assert!(place.start >= end && text[place.clone()].starts_with('@'));
                end = place.end;
            }
        }
    }
}
