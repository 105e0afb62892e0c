//! Goes through the lines with the words of a search.

use super::search::{ChangesSearch, matches};
use super::state::ChangesState;
use crate::domain::chat::search::SearchWords;

impl ChangesState {
    /// In how many lines the words are, for each change of what is typed.
    pub(in crate::app) fn matches_in_words(&self, typed: &str) -> String {
        let words = SearchWords::new(typed);
        let matches = self.set().map_or_else(Vec::new, |set| matches(set, &words));
        let search = ChangesSearch {
            words,
            matches,
            unfolded: None,
        };
        search.count(usize::MAX)
    }

    /// Begins a search, and goes to the first line with the words from the cursor on.
    pub(in crate::app) fn search(&mut self, typed: &str) {
        self.fold_again();
        self.search.words = SearchWords::new(typed);
        self.find_matches();
        let at = self
            .search
            .matches
            .partition_point(|row| *row < self.cursor);
        self.go_to_match(at);
    }

    /// Ends the search, if there is one.
    pub(in crate::app) fn end_search(&mut self) -> bool {
        let was_on = self.search.is_on();
        self.search = ChangesSearch::default();
        self.settle();
        was_on
    }

    pub(super) fn find_matches(&mut self) {
        self.search.unfolded = None;
        self.search.matches = match self.set() {
            Some(set) if self.search.is_on() => matches(set, &self.search.words),
            _ => Vec::new(),
        };
    }

    /// Goes to the next line with the words, or the one before; from the last one to the first.
    pub(super) fn next_match(&mut self, down: bool) {
        let matches = &self.search.matches;
        let at = if down {
            matches.partition_point(|row| *row <= self.cursor)
        } else {
            let before = matches.partition_point(|row| *row < self.cursor);
            before
                .checked_sub(1)
                .unwrap_or(matches.len().saturating_sub(1))
        };
        self.go_to_match(at);
    }

    /// Beyond the last one is the first.
    fn go_to_match(&mut self, at: usize) {
        self.fold_again();
        let matches = &self.search.matches;
        let Some(row) = matches.get(at).or(matches.first()).copied() else {
            return;
        };
        let file = self.set().and_then(|set| set.file_at(row));
        let is_name = file.zip(self.set());
        let is_name = is_name.is_some_and(|(file, set)| set.files[file].rows.start == row);
        self.search.unfolded = file.filter(|file| !is_name && self.is_viewed(*file));
        self.cursor = row;
        self.settle();
    }

    /// Folds what was unfolded for the last match.
    fn fold_again(&mut self) {
        if self.search.unfolded.take().is_some() {
            // Its lines are the way on from here, not its name.
            let cursor = self.cursor;
            self.settle();
            self.top = self.top.min(self.cursor);
            self.cursor = cursor;
        }
    }
}
