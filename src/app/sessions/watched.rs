//! Which of the running sessions that are not open are watched.
//!
//! Open sessions report their own activity. All others whose sandbox may run are watched, so that
//! the user sees every session that needs an answer.

use super::all_sessions::AllSessions;
use crate::app::session::OpenSession;
use crate::domain::id::SessionKey;
use crate::domain::sandbox::{EngineKind, Phase};
use crate::domain::session::SessionSummary;

/// The watched sessions in the order of the list.
#[derive(Debug, Default)]
pub(in crate::app) struct WatchedSessions {
    keys: Vec<SessionKey>,
}

impl WatchedSessions {
    /// Chooses the sessions to watch. Returns them if they changed.
    pub(in crate::app) fn choose(
        &mut self,
        all: AllSessions<'_>,
        engine: EngineKind,
    ) -> Option<&[SessionKey]> {
        let rows = all.list().rows().iter();
        let rows = rows.filter(|row| is_watched(row, engine, all.open().get(&row.key)));
        let keys: Vec<SessionKey> = rows.map(|row| row.key.clone()).collect();
        // Another order of the same rows changes nothing.
        let is_same = keys.len() == self.keys.len() && keys.iter().all(|key| self.contains(key));
        if is_same {
            return None;
        }
        self.keys = keys;
        Some(&self.keys)
    }

    /// Its watcher has to be started again.
    pub(in crate::app) fn forget(&mut self, key: &SessionKey) {
        self.keys.retain(|known| known != key);
    }

    pub(in crate::app) fn contains(&self, key: &SessionKey) -> bool {
        self.keys.contains(key)
    }
}

/// Whether watching the session makes sense: its sandbox may run, a server was started in it, and
/// no open session here follows it.
fn is_watched(row: &SessionSummary, engine: EngineKind, open: Option<&OpenSession>) -> bool {
    row.sandbox.engine == engine
        && row.sandbox.id.is_some()
        && row.opencode_session.is_some()
        && matches!(row.phase, Phase::Dormant | Phase::Failed(_))
        && !open.is_some_and(OpenSession::is_served)
}
