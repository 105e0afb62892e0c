//! What narrows the list, and in `narrow` how it is typed: typed words, each of which a row has to have somewhere.
//!
//! A word with a capital letter is compared as it is typed, any other one in any case. Rows that only
//! have the letters in order do not match, since all that match can be killed at once.

mod narrow;

use std::collections::BTreeSet;

use crate::domain::id::{SandboxId, SessionKey};

/// The typed text, and what it leaves of the list.
#[derive(Debug, Default)]
pub(in crate::app::sessions) struct RowFilter {
    pub(in crate::app::sessions) text: String,
    pub(in crate::app::sessions) is_typed: bool,
    /// `None`: all rows.
    pub(in crate::app::sessions) left: Option<LeftRows>,
}

/// The rows that match.
#[derive(Debug, Default)]
pub(in crate::app::sessions) struct LeftRows {
    pub(in crate::app::sessions) sessions: BTreeSet<SessionKey>,
    pub(in crate::app::sessions) sandboxes: BTreeSet<SandboxId>,
}

impl RowFilter {
    /// Whether some rows may be missing.
    pub(in crate::app::sessions) fn is_on(&self) -> bool {
        self.left.is_some()
    }

    pub(in crate::app::sessions) fn keeps_session(&self, key: &SessionKey) -> bool {
        let left = self.left.as_ref();
        left.is_none_or(|left| left.sessions.contains(key))
    }

    pub(in crate::app::sessions) fn keeps_sandbox(&self, id: &SandboxId) -> bool {
        let left = self.left.as_ref();
        left.is_none_or(|left| left.sandboxes.contains(id))
    }
}

/// A word of the filter.
pub(in crate::app::sessions) struct FilterWord {
    text: String,
    has_capital: bool,
}

impl FilterWord {
    pub(in crate::app::sessions) fn of(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            has_capital: text.chars().any(char::is_uppercase),
        }
    }

    pub(in crate::app::sessions) fn is_in(&self, text: &str, lower: &str) -> bool {
        if self.has_capital {
            text.contains(&self.text)
        } else {
            lower.contains(&self.text.to_lowercase())
        }
    }
}
