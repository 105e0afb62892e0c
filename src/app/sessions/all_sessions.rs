//! All sessions, open or not, with the best known state of each.
//!
//! An open session knows its own state; for the others, the list has the stored state and the
//! reports of their watchers.

use super::{RowTarget, Sessions};
use crate::app::session::open_sessions::OpenSessions;
use crate::domain::id::SessionKey;
use crate::domain::sandbox::{Phase, SessionStatus};
use crate::domain::session::SessionSummary;

/// The list and the open sessions as one source.
#[derive(Debug, Clone, Copy)]
pub(in crate::app) struct AllSessions<'a> {
    list: &'a Sessions,
    open: &'a OpenSessions,
}

impl<'a> AllSessions<'a> {
    pub(in crate::app) fn new(list: &'a Sessions, open: &'a OpenSessions) -> Self {
        Self { list, open }
    }

    pub(in crate::app) fn list(self) -> &'a Sessions {
        self.list
    }

    pub(in crate::app) fn open(self) -> &'a OpenSessions {
        self.open
    }

    /// The state that the user sees in a row.
    pub(in crate::app) fn state_of(self, row: &SessionSummary) -> SessionStatus {
        self.list.state_of(row, self.open.get(&row.key))
    }

    /// How many sessions need the user. Attached sessions are not in the list.
    pub(in crate::app) fn waiting(self) -> usize {
        if self.list.rows().is_empty() {
            let open = self.open.values();
            return open
                .filter(|session| session.state() == SessionStatus::NeedsYou)
                .count();
        }
        let rows = self.list.rows().iter();
        rows.filter(|row| self.state_of(row) == SessionStatus::NeedsYou)
            .count()
    }

    /// The next session below the one on the screen that needs the user, wrapping around.
    pub(in crate::app) fn next_waiting(self) -> Option<SessionKey> {
        let rows = self.list.rows();
        if rows.is_empty() {
            return self.open.next_waiting();
        }
        let shown = rows.iter().position(|row| self.open.is_shown(&row.key));
        let after = shown.map_or(0, |at| at + 1);
        (0..rows.len())
            .map(|step| &rows[(after + step) % rows.len()])
            .find(|row| self.state_of(row) == SessionStatus::NeedsYou)
            .map(|row| row.key.clone())
    }

    pub(in crate::app) fn phase_of(self, key: &SessionKey) -> Option<&'a Phase> {
        match self.open.get(key) {
            Some(session) => Some(session.phase()),
            None => self.list.row(key).map(|row| &row.phase),
        }
    }

    /// Whether a session's sandbox no longer exists.
    pub(in crate::app) fn is_gone(self, key: &SessionKey) -> bool {
        matches!(self.phase_of(key), Some(Phase::Gone(_)))
    }

    /// Whether a session was not known to be paused or gone so far.
    pub(in crate::app) fn seems_to_run(self, key: &SessionKey) -> bool {
        matches!(
            self.phase_of(key),
            Some(Phase::Dormant | Phase::Live | Phase::Reconnecting(_) | Phase::Failed(_))
        )
    }

    pub(in crate::app) fn has_sandbox(self, key: &SessionKey) -> bool {
        let row = self.list.row(key);
        row.is_some_and(|row| row.sandbox.id.is_some())
    }

    /// Which of the rows that are not open became paused.
    pub(in crate::app) fn newly_paused(self, stored: &[SessionSummary]) -> Vec<SessionKey> {
        let was_running = |row: &SessionSummary| {
            let before = self.list.row(&row.key).map(|row| &row.phase);
            matches!(before, Some(Phase::Dormant | Phase::Failed(_)))
        };
        let rows = stored.iter().filter(|row| row.phase == Phase::Paused);
        let rows = rows.filter(|row| self.open.get(&row.key).is_none());
        let rows = rows.filter(|row| was_running(row));
        rows.map(|row| row.key.clone()).collect()
    }

    /// The name of a row.
    pub(in crate::app) fn target_name(self, row: &RowTarget) -> String {
        match row {
            RowTarget::Session(key) => self.list.name(key).to_owned(),
            RowTarget::Sandbox(id) => format!("sandbox {id}"),
        }
    }
}
