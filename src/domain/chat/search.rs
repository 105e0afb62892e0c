//! Words that are searched for in texts, by the same rules everywhere.
//!
//! Blanks match any blanks. The case matters only if a letter of the words is a capital one.

use std::borrow::Cow;

/// What is searched for; without words there is no search.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SearchWords {
    words: String,
    /// The case matters.
    exact: bool,
}

impl SearchWords {
    pub fn new(typed: &str) -> Self {
        let words = one_blank(typed);
        let exact = words.chars().any(char::is_uppercase);
        let words = if exact { words } else { words.to_lowercase() };
        Self { words, exact }
    }

    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// With one blank where there are several.
    pub fn as_str(&self) -> &str {
        &self.words
    }

    /// A text as it is compared with the words.
    pub fn compared<'a>(&self, text: &'a str) -> Cow<'a, str> {
        if self.exact {
            Cow::Borrowed(text)
        } else {
            Cow::Owned(text.to_lowercase())
        }
    }

    /// How often a text has the words.
    pub fn count_in(&self, text: &str) -> usize {
        if self.is_empty() {
            return 0;
        }
        let text = one_blank(text);
        self.compared(&text).matches(&self.words).count()
    }
}

/// One blank where there are several, or where a line ends.
fn one_blank(text: &str) -> String {
    let mut words = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !words.is_empty() {
            words.push(' ');
        }
        words.push_str(word);
    }
    words
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_case_matters_if_there_is_a_capital_letter_and_blanks_never_do() {
        let count = |words: &str, text: &str| SearchWords::new(words).count_in(text);

        assert_eq!(count("first  of", "The FIRST\n of the first of"), 2);
        assert_eq!(count("First of", "The FIRST of the First of"), 1);
        assert_eq!(count("Ärger", "ärger, Ärger"), 1);
        assert_eq!(count(" ", "a b"), 0);
    }

    proptest! {
        #[test]
        fn what_is_in_a_text_is_found_in_it(before in "\\PC{0,9}", words in "\\PC{1,9}", after in "\\PC{0,9}") {
            let searched = SearchWords::new(&words);
            let text = format!("{before} {words} {after}");

            prop_assert_eq!(searched.count_in(&text) > 0, !searched.is_empty());
        }
    }
}
