//! What is searched for, and where it was found.

use crate::app::chat::scroll::BlockId;
use crate::domain::chat::search::SearchWords;
use crate::domain::id::PartId;

/// A search in the conversation; without words there is none.
#[derive(Debug, Clone, Default, PartialEq)]
pub(in crate::app::chat) struct Search {
    pub(in crate::app::chat) words: SearchWords,
    /// As of the last time that the user asked, oldest first.
    pub(super) matches: Vec<SearchMatch>,
    /// Index of the match that is shown.
    pub(super) at: Option<usize>,
    /// It goes on when the older messages have come.
    pub(super) wants_older: bool,
    /// Unfolded to show the match in it.
    pub(super) unfolded: Option<PartId>,
}

/// One place with the words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::app::chat) struct SearchMatch {
    pub(in crate::app::chat) block: BlockId,
    /// How many matches of the block are before it.
    pub(in crate::app::chat) nth: usize,
}

impl Search {
    pub(super) fn of(words: &str) -> Self {
        Self {
            words: SearchWords::new(words),
            ..Self::default()
        }
    }

    pub(in crate::app::chat) fn is_on(&self) -> bool {
        !self.words.is_empty()
    }

    /// The match that is shown.
    pub(in crate::app::chat) fn current(&self) -> Option<&SearchMatch> {
        self.matches.get(self.at?)
    }

    /// `3 of 17`; the number is not the last word while there are messages that are not loaded.
    pub(in crate::app::chat) fn count(&self, more: bool) -> String {
        let plus = if more { "+" } else { "" };
        match (self.at, self.matches.len()) {
            (_, 0) if self.wants_older => "searching older messages …".to_owned(),
            (_, 0) if more => "not found in what is loaded".to_owned(),
            (_, 0) => "not found".to_owned(),
            (Some(at), count) => format!("{} of {count}{plus}", at + 1),
            (None, count) => format!("{count}{plus} found"),
        }
    }
}
