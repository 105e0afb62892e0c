//! The pressed keys of a sequence that is not complete.

use super::key::Key;
use crate::domain::time::Monotonic;

/// After this long, the possible next keys are shown.
const WHICH_KEY: Monotonic = Monotonic::from_millis(300);

/// The keys of the sequence so far; none if no sequence has begun.
#[derive(Debug, Default)]
pub(in crate::app) struct LeaderKeys {
    keys: Vec<Key>,
    since: Monotonic,
}

impl LeaderKeys {
    pub(in crate::app) fn is_waiting(&self) -> bool {
        !self.keys.is_empty()
    }

    pub(in crate::app) fn keys(&self) -> &[Key] {
        &self.keys
    }

    /// Ends the wait and returns the sequence with `key`.
    pub(in crate::app) fn take_with(&mut self, key: Key) -> Vec<Key> {
        let mut keys = std::mem::take(&mut self.keys);
        keys.push(key);
        keys
    }

    /// Waits for the key after `keys`.
    pub(in crate::app) fn wait_after(&mut self, keys: Vec<Key>, now: Monotonic) {
        self.keys = keys;
        self.since = now;
    }

    pub(in crate::app) fn clear(&mut self) {
        self.keys.clear();
    }

    /// Whether the possible next keys are shown; they stay until a key is pressed.
    pub(in crate::app) fn is_shown(&self, now: Monotonic) -> bool {
        self.is_waiting() && now.saturating_sub(self.since) >= WHICH_KEY
    }

    /// When they will be shown.
    pub(in crate::app) fn due(&self, now: Monotonic) -> Option<Monotonic> {
        let due = self.since.saturating_add(WHICH_KEY);
        (self.is_waiting() && due > now).then_some(due)
    }
}
