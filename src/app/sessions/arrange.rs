//! The order of the rows, and since when each session is in its state.
//!
//! What needs the user is at the top, what is over at the bottom; within a group the newest is first.

use std::cmp::Reverse;

use super::{Sessions, StateSince};
use crate::app::session::OpenSession;
use crate::app::session::open_sessions::OpenSessions;
use crate::domain::sandbox::{Phase, SessionStatus, Stage};
use crate::domain::session::SessionSummary;
use crate::domain::time::UnixMillis;

/// The groups of the list from top to bottom.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum ListGroup {
    NeedsYou,
    Working,
    Failed,
    Idle,
    Paused,
    Gone,
    /// Gone or archived, and not on the screen: behind the row that counts them.
    Folded,
}

impl Sessions {
    /// Runs after each event: brings the rows into order, and notes changes of their states. The
    /// cursor stays on its row.
    pub(in crate::app) fn arrange(&mut self, open: &OpenSessions, wall: UnixMillis) {
        for row in &mut self.rows {
            note_conversation(row, open.get(&row.key));
        }
        self.note_states(open, wall);
        self.narrow(open);
        let selected = self.selected_line();
        let groups = self.rows.iter().map(|row| self.group(row, open));
        let folded = groups.filter(|group| *group == ListGroup::Folded).count();
        let is_sorted = self.rows.is_sorted_by_key(|row| self.place(row, open));
        let is_arranged = is_sorted && folded == self.folded;
        self.folded = folded;
        if !is_arranged {
            let mut rows = std::mem::take(&mut self.rows);
            rows.sort_by_cached_key(|row| self.place(row, open));
            self.rows = rows;
            self.settle(selected);
        }
    }

    /// When the session entered its state; `None` if that is unknown.
    pub(super) fn state_since(&self, row: &SessionSummary) -> Option<UnixMillis> {
        self.since.get(&row.key).map(|known| known.since)
    }

    fn place(
        &self,
        row: &SessionSummary,
        open: &OpenSessions,
    ) -> (ListGroup, bool, Reverse<UnixMillis>) {
        let group = self.group(row, open);
        (group, !row.pinned, Reverse(row.created))
    }

    fn group(&self, row: &SessionSummary, open: &OpenSessions) -> ListGroup {
        let session = open.get(&row.key);
        let is_busy = session.is_some_and(|session| session.chat.is_busy());
        let state = if connects(row, session) {
            // Until then, it stays where it was.
            let stored = SessionStatus::of(&row.phase, false, false);
            let known = self.since.get(&row.key);
            known.map_or(stored, |known| known.state)
        } else {
            self.state_of(row, session)
        };
        match state {
            SessionStatus::NeedsYou => ListGroup::NeedsYou,
            SessionStatus::Working | SessionStatus::Booting => ListGroup::Working,
            // It comes back to what it did.
            SessionStatus::Reconnecting if is_busy => ListGroup::Working,
            _ if row.archived && !open.is_shown(&row.key) => ListGroup::Folded,
            SessionStatus::Failed => ListGroup::Failed,
            SessionStatus::Idle | SessionStatus::Reconnecting => ListGroup::Idle,
            SessionStatus::Paused => ListGroup::Paused,
            SessionStatus::Gone if open.is_shown(&row.key) => ListGroup::Gone,
            SessionStatus::Gone => ListGroup::Folded,
        }
    }

    fn note_states(&mut self, open: &OpenSessions, wall: UnixMillis) {
        for row in &self.rows {
            let session = open.get(&row.key);
            let is_known = session.is_some()
                || self.activities.contains_key(&row.key)
                || !matches!(row.phase, Phase::Dormant);
            let state = self.state_of(row, session);
            // Connecting is no state of the session: what it does is not known yet.
            if !is_known || (state == SessionStatus::Booting && connects(row, session)) {
                continue;
            }
            let before = self.since.get(&row.key);
            if before.is_some_and(|before| before.state == state) {
                continue;
            }
            // The first state was entered before this program could see it.
            let since = if before.is_some() { wall } else { row.updated };
            let entered = StateSince { state, since };
            self.since.insert(row.key.clone(), entered);
        }
    }
}

/// Whether a session that has a server connects to it.
fn connects(row: &SessionSummary, session: Option<&OpenSession>) -> bool {
    let phase = session.map_or(&row.phase, OpenSession::phase);
    *phase == Phase::Booting(Stage::Subscribe)
}

/// Notes what the list shows of an open session's conversation, so that it stays once it is closed.
fn note_conversation(row: &mut SessionSummary, open: Option<&OpenSession>) {
    let Some(conversation) = open.and_then(|session| session.chat.conversation()) else {
        return;
    };
    if !conversation.title.is_empty() && conversation.title != row.title {
        row.title.clone_from(&conversation.title);
    }
    row.cost = conversation.cost;
}
