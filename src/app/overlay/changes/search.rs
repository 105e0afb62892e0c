//! Search in the changes: in the lines, the names of files and the headings of hunks.

use crate::domain::chat::search::SearchWords;
use crate::domain::diff::change_set::{ChangeRow, ChangeSet};

/// What is searched for, and the rows that have it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct ChangesSearch {
    pub(super) words: SearchWords,
    /// In order.
    pub(super) matches: Vec<usize>,
    /// The viewed file that is unfolded to show the match in it.
    pub(super) unfolded: Option<usize>,
}

impl ChangesSearch {
    /// The same search in changes that are not known yet.
    pub(super) fn again(&self) -> Self {
        Self {
            words: self.words.clone(),
            ..Self::default()
        }
    }

    pub(super) fn is_on(&self) -> bool {
        !self.words.is_empty()
    }

    /// `3 of 17`, or how many lines there are if the cursor is at none of them.
    pub(super) fn count(&self, cursor: usize) -> String {
        match (self.matches.binary_search(&cursor), self.matches.len()) {
            (_, 0) => "not found".to_owned(),
            (Ok(at), count) => format!("{} of {count}", at + 1),
            (Err(_), 1) => "in 1 line".to_owned(),
            (Err(_), count) => format!("in {count} lines"),
        }
    }
}

/// The rows that have the words.
pub(super) fn matches(set: &ChangeSet, words: &SearchWords) -> Vec<usize> {
    let mut matches = Vec::new();
    for file in &set.files {
        let change = &file.change;
        let names = [change.path(), change.old.as_deref().unwrap_or_default()];
        if names.iter().any(|name| words.count_in(name) > 0) {
            matches.push(file.rows.start);
        }
        for (row, line) in (file.rows.start + 1..).zip(&file.lines) {
            let text = match line {
                ChangeRow::Line { text, .. } | ChangeRow::Hunk(text) | ChangeRow::Note(text) => {
                    text
                }
                ChangeRow::NoLineEnd => continue,
            };
            if words.count_in(text) > 0 {
                matches.push(row);
            }
        }
    }
    matches
}
