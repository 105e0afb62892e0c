//! Sessions that were paused elsewhere: those that were paused together share one notice.

use crate::app::sessions::all_sessions::AllSessions;
use crate::app::status_line::LONG;
use crate::domain::id::SessionKey;
use crate::domain::time::Monotonic;

/// Sessions that were paused elsewhere, for one notice.
#[derive(Debug, Default)]
pub(in crate::app) struct PausedElsewhere {
    keys: Vec<SessionKey>,
    /// Later ones get a notice of their own.
    until: Monotonic,
}

impl PausedElsewhere {
    /// Adds `keys` to the current group. Returns the notice if it has changed; the session on the
    /// screen shows its pause itself and alone causes no notice.
    /// new; the session on the screen shows it by itself, and nothing is said of that one alone.
    pub(in crate::app) fn add(
        &mut self,
        keys: impl IntoIterator<Item = SessionKey>,
        all: AllSessions<'_>,
        now: Monotonic,
    ) -> Option<String> {
        let before = self.keys.len();
        let is_over = now >= self.until;
        if is_over {
            self.keys.clear();
        }
        for key in keys {
            if !self.keys.contains(&key) {
                self.keys.push(key);
            }
        }
        let is_new = is_over || self.keys.len() != before;
        if !is_new || self.keys.is_empty() {
            return None;
        }
        self.until = now.saturating_add(LONG);
        let names: Vec<&str> = self.keys.iter().map(|key| all.list().name(key)).collect();
        match (&self.keys[..], &names[..]) {
            ([key], _) if all.open().is_shown(key) => None,
            (_, [name]) => Some(format!("{name} is paused")),
            (_, names) => Some(format!(
                "{} sessions are paused: {}",
                names.len(),
                names.join(", ")
            )),
        }
    }
}
