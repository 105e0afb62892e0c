//! What the text before the cursor asks to complete.
//!
//! Input: lines and a cursor, counted in chars. A `/` at the very start of the text asks for a command, as long as no
//! space follows it; an `@` at the start of a word asks for something to name, and may be quoted (`@"a b`) where the
//! name has spaces.

/// What is to be completed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum TriggerKind {
    Command,
    Mention,
}

/// A piece of the text that ends at the cursor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Trigger {
    pub(super) kind: TriggerKind,
    pub(super) line: usize,
    /// The char index of its mark.
    pub(super) start: usize,
    /// What follows the mark, without a quote.
    pub(super) query: String,
}

/// The trigger that ends at the cursor, if any.
pub(super) fn at_cursor(lines: &[String], (line, column): (usize, usize)) -> Option<Trigger> {
    let chars: Vec<char> = lines.get(line)?.chars().take(column).collect();
    if line == 0 && chars.first() == Some(&'/') && !chars.iter().any(|c| c.is_whitespace()) {
        return Some(Trigger {
            kind: TriggerKind::Command,
            line,
            start: 0,
            query: chars[1..].iter().collect(),
        });
    }
    mention(&chars, line)
}

fn mention(chars: &[char], line: usize) -> Option<Trigger> {
    for start in (0..chars.len()).rev().filter(|at| chars[*at] == '@') {
        if start
            .checked_sub(1)
            .is_some_and(|before| !opens(chars[before]))
        {
            continue;
        }
        let rest = &chars[start + 1..];
        let (quoted, name) = match rest.strip_prefix(&['"']) {
            Some(name) => (true, name),
            None => (false, rest),
        };
        let goes_on = |c: &char| {
            if quoted {
                *c != '"'
            } else {
                !c.is_whitespace()
            }
        };
        let is_open = name.iter().all(goes_on);
        return is_open.then(|| Trigger {
            kind: TriggerKind::Mention,
            line,
            start,
            query: name.iter().collect(),
        });
    }
    None
}

/// Whether a mention may begin after this character.
pub(super) fn opens(before: char) -> bool {
    before.is_whitespace() || matches!(before, '(' | '[' | '{' | '"' | '\'' | '`' | ',' | ':')
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> Option<(TriggerKind, usize, String)> {
        let lines: Vec<String> = text.split('\n').map(str::to_owned).collect();
        let line = lines.len() - 1;
        let column = lines[line].chars().count();
        at_cursor(&lines, (line, column)).map(|found| (found.kind, found.start, found.query))
    }

    #[test]
    fn a_slash_counts_only_as_the_first_character_and_until_a_space() {
        let command = |query: &str| Some((TriggerKind::Command, 0, query.to_owned()));
        assert_eq!(at("/"), command(""));
        assert_eq!(at("/rev"), command("rev"));
        assert_eq!(at("/etc/passwd"), command("etc/passwd"));
        for text in ["", " /rev", "/rev x", "a /rev", "a\n/rev", "/rev\n"] {
            assert_eq!(at(text), None, "{text:?}");
        }
    }

    #[test]
    fn an_at_sign_counts_at_the_start_of_a_word() {
        let mention = |start, query: &str| Some((TriggerKind::Mention, start, query.to_owned()));
        assert_eq!(at("@"), mention(0, ""));
        assert_eq!(at("see @src/ma"), mention(4, "src/ma"));
        assert_eq!(at("a\n(@größe"), mention(1, "größe"));
        assert_eq!(at("@one @two"), mention(5, "two"));
        assert_eq!(at("see @\"my fi"), mention(4, "my fi"));
        assert_eq!(
            at("@node_modules/@scope/x"),
            mention(0, "node_modules/@scope/x")
        );
        assert_eq!(at("/review @src"), mention(8, "src"));
        for text in ["me@example.org", "@src now", "@\"my file\" x", "x@"] {
            assert_eq!(at(text), None, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn the_query_is_what_stands_before_the_cursor(text in "[a@/ \"\n(é👩\u{200d}]{0,30}", column in 0..32usize) {
            let lines: Vec<String> = text.split('\n').map(str::to_owned).collect();
            for line in 0..lines.len() {
                if let Some(found) = at_cursor(&lines, (line, column)) {
                    let before: String = lines[line].chars().take(column).collect();
                    prop_assert!(before.ends_with(&found.query));
                    prop_assert!(found.start < before.chars().count());
                }
            }
        }
    }
}
