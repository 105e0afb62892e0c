//! The keys of a sequence that wait for the next one.

use crate::app::key::Key;
use crate::domain::time::Monotonic;

/// After this long, what may follow is shown.
const WHICH_KEY: Monotonic = Monotonic::from_millis(300);

/// The keys that were pressed of a sequence so far; none while none was begun.
#[derive(Debug, Default)]
pub(super) struct LeaderKeys {
    keys: Vec<Key>,
    since: Monotonic,
}

impl LeaderKeys {
    pub(super) fn is_waiting(&self) -> bool {
        !self.keys.is_empty()
    }

    pub(super) fn keys(&self) -> &[Key] {
        &self.keys
    }

    /// Ends the wait and returns the sequence with `key`.
    pub(super) fn take_with(&mut self, key: Key) -> Vec<Key> {
        let mut keys = std::mem::take(&mut self.keys);
        keys.push(key);
        keys
    }

    /// Waits for what follows `keys`.
    pub(super) fn wait_after(&mut self, keys: Vec<Key>, now: Monotonic) {
        self.keys = keys;
        self.since = now;
    }

    pub(super) fn clear(&mut self) {
        self.keys.clear();
    }

    /// Whether what may follow is shown; it stays in sight until a key is pressed.
    pub(super) fn is_shown(&self, now: Monotonic) -> bool {
        self.is_waiting() && now.saturating_sub(self.since) >= WHICH_KEY
    }

    /// When it will be shown.
    pub(super) fn due(&self, now: Monotonic) -> Option<Monotonic> {
        let due = self.since.saturating_add(WHICH_KEY);
        (self.is_waiting() && due > now).then_some(due)
    }
}
