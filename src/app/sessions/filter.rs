//! What narrows the list: typed words, each of which a row has to have somewhere.
//!
//! A word with a capital letter is compared as it is typed, any other one in any case. Rows that only
//! have the letters in order do not match, since all that match can be killed at once.

use std::collections::BTreeSet;

use crate::domain::id::{SandboxId, SessionKey};

/// The typed text, and what it leaves of the list.
#[derive(Debug, Default)]
pub(super) struct RowFilter {
    pub(super) text: String,
    pub(super) is_typed: bool,
    /// `None`: all rows.
    pub(super) left: Option<LeftRows>,
}

/// The rows that match.
#[derive(Debug, Default)]
pub(super) struct LeftRows {
    pub(super) sessions: BTreeSet<SessionKey>,
    pub(super) sandboxes: BTreeSet<SandboxId>,
}

impl RowFilter {
    /// Whether some rows may be missing.
    pub(super) fn is_on(&self) -> bool {
        self.left.is_some()
    }

    pub(super) fn keeps_session(&self, key: &SessionKey) -> bool {
        let left = self.left.as_ref();
        left.is_none_or(|left| left.sessions.contains(key))
    }

    pub(super) fn keeps_sandbox(&self, id: &SandboxId) -> bool {
        let left = self.left.as_ref();
        left.is_none_or(|left| left.sandboxes.contains(id))
    }
}

/// A word of the filter.
pub(super) struct FilterWord {
    text: String,
    has_capital: bool,
}

impl FilterWord {
    pub(super) fn of(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            has_capital: text.chars().any(char::is_uppercase),
        }
    }

    pub(super) fn is_in(&self, text: &str, lower: &str) -> bool {
        if self.has_capital {
            text.contains(&self.text)
        } else {
            lower.contains(&self.text.to_lowercase())
        }
    }
}
