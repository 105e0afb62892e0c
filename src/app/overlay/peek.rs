//! A look at a session that is not on the screen, to answer what it waits for.

use crate::domain::id::SessionKey;

/// Which session is looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::app) struct Peek {
    key: SessionKey,
    /// A request was seen: once all are answered, the look is over.
    has_waited: bool,
}

impl Peek {
    pub(in crate::app) fn at(key: SessionKey) -> Self {
        Self {
            key,
            has_waited: false,
        }
    }

    pub(in crate::app) fn key(&self) -> &SessionKey {
        &self.key
    }

    /// Notes whether the session waits. Returns whether the last request was answered.
    pub(in crate::app) fn is_answered(&mut self, waits: bool) -> bool {
        let is_answered = self.has_waited && !waits;
        self.has_waited |= waits;
        is_answered
    }
}
