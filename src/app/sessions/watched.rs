//! Sessions that run and are not open: which are watched.
//!
//! What is on the screen and what was opened before tells by itself what it does. All others whose sandbox
//! may run are watched, so that who waits for the user is seen wherever it waits.

use super::all_sessions::AllSessions;
use crate::app::session::OpenSession;
use crate::domain::id::SessionKey;
use crate::domain::sandbox::{EngineKind, Phase};
use crate::domain::session::SessionSummary;

/// The sessions that are watched, in the order of the list.
#[derive(Debug, Default)]
pub(in crate::app) struct WatchedSessions {
    keys: Vec<SessionKey>,
}

impl WatchedSessions {
    /// Chooses those that are to be watched. Returns them where these are others than before.
    pub(in crate::app) fn choose(
        &mut self,
        all: AllSessions<'_>,
        engine: EngineKind,
    ) -> Option<&[SessionKey]> {
        let rows = all.list().rows().iter();
        let rows = rows.filter(|row| is_watched(row, engine, all.open().get(&row.key)));
        if rows.clone().map(|row| &row.key).eq(&self.keys) {
            return None;
        }
        self.keys = rows.map(|row| row.key.clone()).collect();
        Some(&self.keys)
    }

    pub(in crate::app) fn contains(&self, key: &SessionKey) -> bool {
        self.keys.contains(key)
    }
}

/// Whether it is worth to ask what the session does: its sandbox may run, a server was started in it, and
/// nobody here follows that.
fn is_watched(row: &SessionSummary, engine: EngineKind, open: Option<&OpenSession>) -> bool {
    row.sandbox.engine == engine
        && row.sandbox.id.is_some()
        && row.opencode_session.is_some()
        && matches!(row.phase, Phase::Dormant | Phase::Failed(_))
        && !open.is_some_and(OpenSession::is_served)
}
