//! A look at a session that is not on the screen, to answer what it waits for.

use crate::domain::id::SessionKey;

/// Which session is looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::app) struct Peek {
    key: SessionKey,
    /// It was opened for the look alone.
    is_for_it: bool,
    /// A request was seen: once all are answered, the look is over.
    has_waited: bool,
}

impl Peek {
    /// `is_for_it`: the session was opened for the look alone.
    pub(in crate::app) fn at(key: SessionKey, is_for_it: bool) -> Self {
        Self {
            key,
            is_for_it,
            has_waited: false,
        }
    }

    pub(in crate::app) fn is_for_it(&self) -> bool {
        self.is_for_it
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
