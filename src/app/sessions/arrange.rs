//! The order of the rows, and since when each session is in its state.
//!
//! What needs the user is at the top, what is over at the bottom; within a group the newest is first.

use std::cmp::Reverse;
use std::collections::HashMap;

use super::tree::{ListGroup, SandboxTree};
use super::{Sessions, StateSince};
use crate::app::session::OpenSession;
use crate::app::session::open_sessions::OpenSessions;
use crate::domain::id::{SandboxId, SessionKey};
use crate::domain::sandbox::{Phase, SessionStatus, Stage};
use crate::domain::session::SessionSummary;
use crate::domain::time::UnixMillis;

/// What the rows are sorted by.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct RowPlace {
    group: ListGroup,
    is_unpinned: bool,
    created: Reverse<UnixMillis>,
    /// So that the sessions of a tree stay together.
    tree: Option<SandboxId>,
    rank: usize,
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
        let trees = self.trees_of(open);
        let is_sorted = self
            .rows
            .is_sorted_by_key(|row| self.place(row, open, &trees));
        let is_arranged = is_sorted && folded == self.folded;
        self.folded = folded;
        if !is_sorted {
            let mut rows = std::mem::take(&mut self.rows);
            rows.sort_by_cached_key(|row| self.place(row, open, &trees));
            self.rows = rows;
        }
        if self.note_trees(&trees, open) || !is_arranged {
            self.settle(selected);
        }
    }

    /// Runs after each event: notes which sessions have news that nobody has seen. Returns those of which that
    /// has changed.
    pub(in crate::app) fn note_unread(&mut self, open: &OpenSessions) -> Vec<(SessionKey, bool)> {
        let newly_unread = std::mem::take(&mut self.newly_unread);
        let mut changed = Vec::new();
        for row in &mut self.rows {
            let is_unread = match open.get(&row.key) {
                Some(session) => session.is_unread(),
                None => row.unread || newly_unread.contains(&row.key),
            };
            if is_unread != row.unread {
                row.unread = is_unread;
                changed.push((row.key.clone(), is_unread));
            }
        }
        changed
    }

    /// When the session entered its state; `None` if that is unknown.
    pub(super) fn state_since(&self, row: &SessionSummary) -> Option<UnixMillis> {
        self.since.get(&row.key).map(|known| known.since)
    }

    fn place(
        &self,
        row: &SessionSummary,
        open: &OpenSessions,
        trees: &HashMap<SandboxId, SandboxTree>,
    ) -> RowPlace {
        let group = self.group(row, open);
        let sandbox = row.sandbox.id.as_ref();
        let tree = sandbox.and_then(|id| Some((id, trees.get(id)?)));
        match tree.filter(|_| group != ListGroup::Folded) {
            Some((id, tree)) => RowPlace {
                group: tree.group,
                is_unpinned: !tree.is_pinned,
                created: Reverse(tree.newest),
                tree: Some(id.clone()),
                rank: tree.rank(&row.key),
            },
            None => RowPlace {
                group,
                is_unpinned: !row.pinned,
                created: Reverse(row.created),
                tree: None,
                rank: 0,
            },
        }
    }

    pub(super) fn group(&self, row: &SessionSummary, open: &OpenSessions) -> ListGroup {
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
