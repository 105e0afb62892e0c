//! Sessions that were paused, and not from here: those that come together are told of in one line.

use crate::domain::id::SessionKey;
use crate::domain::time::Monotonic;

/// Sessions that somebody else has paused, told in one line.
#[derive(Debug, Default)]
pub(super) struct PausedElsewhere {
    keys: Vec<SessionKey>,
    /// Later ones are told by themselves.
    until: Monotonic,
}

impl PausedElsewhere {
    /// Adds `keys` to those that are told of together. Returns all of them, if anything new is to be told.
    pub(super) fn add(
        &mut self,
        keys: impl IntoIterator<Item = SessionKey>,
        now: Monotonic,
    ) -> Option<&[SessionKey]> {
        let before = self.keys.len();
        if now >= self.until {
            self.keys.clear();
        }
        for key in keys {
            if !self.keys.contains(&key) {
                self.keys.push(key);
            }
        }
        let is_new = self.keys.len() != before || now >= self.until;
        (is_new && !self.keys.is_empty()).then_some(&self.keys)
    }

    /// Those who come until then are told of with the last ones.
    pub(super) fn told(&mut self, until: Monotonic) {
        self.until = until;
    }
}
