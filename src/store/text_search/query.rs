//! What was typed into a search, as a query of FTS5, and where a text has it.
//!
//! All words must be there; `"several words"` in quotes must follow each other; the last word may be the
//! beginning of one, as long as neither a blank nor a quote ends it. Nothing else has a meaning: each word
//! is passed on in quotes, so that no text is an error.

use std::ops::Range;

/// More than this is not read.
const CHARS: usize = 1_000;
const WORDS: usize = 64;

/// The words of a search.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in crate::store) struct TextQuery {
    terms: Vec<Term>,
}

/// Words that must follow each other.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Term {
    /// In small letters; never empty.
    words: Vec<String>,
    /// The last one may be the beginning of a word.
    is_prefix: bool,
}

impl TextQuery {
    pub(in crate::store) fn of(typed: &str) -> Self {
        let typed: String = typed.chars().take(CHARS).collect();
        let mut query = Self::default();
        let mut room = WORDS;
        for (number, piece) in typed.split('"').enumerate() {
            if number % 2 == 1 {
                query.add(piece, &mut room);
                continue;
            }
            for word in piece.split_whitespace() {
                query.add(word, &mut room);
            }
        }
        let is_quoted = typed.matches('"').count() % 2 == 1;
        let is_ended = typed.ends_with(|c: char| c == '"' || c.is_whitespace());
        if let Some(last) = query.terms.last_mut().filter(|_| !is_ended || is_quoted) {
            last.is_prefix = typed.ends_with(is_of_word);
        }
        query
    }

    fn add(&mut self, text: &str, room: &mut usize) {
        let words = words(text).map(|(_, word)| word);
        let words: Vec<String> = words.take(*room).collect();
        *room -= words.len();
        if !words.is_empty() {
            self.terms.push(Term {
                words,
                is_prefix: false,
            });
        }
    }

    /// Whether nothing can be found: no letter and no digit was typed.
    pub(in crate::store) fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// As FTS5 reads it.
    pub(in crate::store) fn fts(&self) -> String {
        let terms = self.terms.iter().map(|term| {
            let star = if term.is_prefix { " *" } else { "" };
            format!("\"{}\"{star}", term.words.join(" "))
        });
        terms.collect::<Vec<_>>().join(" ")
    }

    /// Where a text has the words, in bytes and in its order.
    pub(super) fn matches(&self, text: &str) -> Vec<QueryMatch> {
        let found: Vec<(Range<usize>, String)> = words(text).collect();
        let mut matches = Vec::new();
        let mut at = 0;
        while at < found.len() {
            let longest = self.terms.iter().enumerate();
            let longest = longest.filter(|(_, term)| term.is_at(&found[at..]));
            let longest = longest.max_by_key(|(_, term)| term.words.len());
            let Some((number, term)) = longest else {
                at += 1;
                continue;
            };
            let last = at + term.words.len() - 1;
            matches.push(QueryMatch {
                place: found[at].0.start..found[last].0.end,
                term: number,
            });
            at = last + 1;
        }
        matches
    }
}

/// One place of one term.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct QueryMatch {
    pub(super) place: Range<usize>,
    pub(super) term: usize,
}

impl Term {
    fn is_at(&self, found: &[(Range<usize>, String)]) -> bool {
        let last = self.words.len() - 1;
        found.len() > last
            && self.words.iter().enumerate().all(|(index, word)| {
                let own = &found[index].1;
                if self.is_prefix && index == last {
                    own.starts_with(word)
                } else {
                    own == word
                }
            })
    }
}

/// The words of a text in small letters with their places, cut where FTS5's `unicode61` cuts them.
fn words(text: &str) -> impl Iterator<Item = (Range<usize>, String)> + '_ {
    let mut rest = text.char_indices().peekable();
    std::iter::from_fn(move || {
        while rest.next_if(|(_, c)| !is_of_word(*c)).is_some() {}
        let (start, _) = rest.peek().copied()?;
        let mut end = start;
        while let Some((at, c)) = rest.next_if(|(_, c)| is_of_word(*c)) {
            end = at + c.len_utf8();
        }
        Some((start..end, text[start..end].to_lowercase()))
    })
}

/// Letters, digits, and marks above letters.
fn is_of_word(c: char) -> bool {
    c.is_alphanumeric() || ('\u{300}'..='\u{36f}').contains(&c)
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;
    use proptest::prelude::*;
    use rusqlite::Connection;

    use super::*;

    fn fts(typed: &str) -> String {
        TextQuery::of(typed).fts()
    }

    /// The places of the words in a text.
    fn marked<'a>(typed: &str, text: &'a str) -> Vec<&'a str> {
        let matches = TextQuery::of(typed).matches(text);
        matches
            .into_iter()
            .map(|found| &text[found.place])
            .collect()
    }

    /// Whether FTS5 finds a text.
    fn finds(typed: &str, text: &str) -> rusqlite::Result<bool> {
        let conn = Connection::open_in_memory()?;
        conn.execute_batch(
            "CREATE VIRTUAL TABLE texts USING fts5(text, content = '', contentless_delete = 1,
                 tokenize = 'unicode61 remove_diacritics 0')",
        )?;
        conn.execute("INSERT INTO texts (text) VALUES (?1)", [text])?;
        conn.prepare("SELECT 1 FROM texts WHERE texts MATCH ?1")?
            .exists([TextQuery::of(typed).fts()])
    }

    #[test]
    fn words_are_all_wanted_quoted_ones_in_a_row_and_the_last_one_may_go_on() {
        assert_eq!(fts("login fla"), r#""login" "fla" *"#);
        assert_eq!(fts("login fla "), r#""login" "fla""#);
        assert_eq!(fts(r#"the "exit code" is"#), r#""the" "exit code" "is" *"#);
        assert_eq!(fts(r#""exit code""#), r#""exit code""#);
        // A quote that is still open.
        assert_eq!(fts(r#""exit co"#), r#""exit co" *"#);
        // A name with signs in it is its words in a row.
        assert_eq!(fts("src/app/mod.rs"), r#""src app mod rs" *"#);
        assert_eq!(fts("Ünder_SCORE"), r#""ünder score" *"#);
    }

    #[test]
    fn signs_and_operators_mean_nothing() {
        assert_eq!(fts("a AND (b OR NOT c)"), r#""a" "and" "b" "or" "not" "c""#);
        assert_eq!(
            fts("text:x* ^y -z NEAR(a b, 2)"),
            r#""text x" "y" "z" "near a" "b" "2""#
        );
        assert_eq!(fts("a\0b"), r#""a b" *"#);
        for nothing in ["", " ", "\"", "\"\"\"", "-- ++", "\0"] {
            assert!(TextQuery::of(nothing).is_empty(), "{nothing:?}");
        }
    }

    #[test]
    fn the_places_of_the_words_are_found_in_any_case() {
        assert_eq!(
            marked("log fai", "The Log says: FAILED, the logs too"),
            ["Log", "FAILED"]
        );
        assert_eq!(
            marked("\"exit code\"", "exit: code exit-code code"),
            ["exit: code", "exit-code"]
        );
        assert_eq!(marked("straße", "Die Straße"), ["Straße"]);
        assert_eq!(marked("x", ""), [""; 0]);
    }

    proptest! {
        #[test]
        fn no_text_is_an_error(typed in "\\PC*|[\"*()^:+\\-a-zA-Z0 \\x00\\n]{0,60}|(a|\"| |AND|NEAR|\\*|\\x00){0,400}") {
            let query = TextQuery::of(&typed);
            if !query.is_empty() {
                prop_assert!(finds(&typed, "some text").is_ok(), "{}", query.fts());
            }
        }

        #[test]
        fn a_text_is_found_by_its_words_and_by_the_beginning_of_the_last_one(
            words in prop::collection::vec("[a-zA-Z0-9äÖß漢]{1,8}", 1..6),
            separator in "[ .,/_\\-\n\"]{1,3}",
        ) {
            let text = words.join(&separator);
            prop_assert!(finds(&text, &text).unwrap());
            let quoted = format!("\"{}", words.join(" "));
            prop_assert!(finds(&quoted, &text).unwrap());
            prop_assert_eq!(marked(&quoted, &text), [text.as_str()]);
            let last = words.last().unwrap();
            let begin: String = last.chars().take(1).collect();
            prop_assert!(finds(&begin, &text).unwrap());
            prop_assert!(!marked(&begin, &text).is_empty());
        }

        #[test]
        fn places_are_in_the_text_whatever_it_is(typed in "\\PC{0,20}", text in "\\PC{0,200}") {
            let matches = TextQuery::of(&typed).matches(&text);
            prop_assert!(matches.iter().all(|found| text.get(found.place.clone()).is_some()));
            prop_assert!(matches.is_sorted_by_key(|found| found.place.start));
        }
    }
}
