//! The list: the sessions, below them the account's unattached sandboxes; the selected row and the
//! marked ones. The state of an open session is read from the session, never copied here; for the
//! others, the list keeps what their watchers report.
//!
//! In reading order: `lines` are the entries of the list, `arrange` their order, `tree` the
//! conversations in one sandbox, `filter` what is left of them; `update` moves the cursor and marks rows; `unattached` are the account's unattached
//! sandboxes; `watched` chooses which sessions that are not open are watched; `bulk` is one operation
//! on several rows, `bulk_update` performs it; `removals` holds the deletions that have not ended;
//! `all_sessions` combines the list and the open sessions; `notifications` says which changes the user is
//! told outside the screen; `row_text` words what a row says, `view` and
//! `view_row` draw.

pub(super) mod all_sessions;
mod arrange;
pub(super) mod bulk;
pub(super) mod bulk_update;
mod filter;
pub(super) mod lines;
pub(super) mod notifications;
mod removals;
mod row_text;
pub(super) mod tree;
pub(super) mod unattached;
mod update;
mod view;
mod view_row;
pub(super) mod watched;

use std::collections::{BTreeMap, BTreeSet};

use super::session::OpenSession;
use crate::domain::id::{SandboxId, SessionKey};
use crate::domain::sandbox::SessionStatus;
use crate::domain::sandbox::unattached::UnattachedSandbox;
use crate::domain::session::SessionSummary;
use crate::domain::session::activity::Activity;
use crate::domain::time::UnixMillis;

pub(super) use update::SessionsOutcome;
pub(super) use view::SessionsView;

/// What a row stands for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum RowTarget {
    Session(SessionKey),
    /// An unattached sandbox.
    Sandbox(SandboxId),
}

/// A session's state, and when it was entered, as far as this program knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct StateSince {
    state: SessionStatus,
    since: UnixMillis,
}

/// The rows, in the order of [`arrange`]; the cursor and the marks.
#[derive(Debug, Default)]
pub(super) struct Sessions {
    rows: Vec<SessionSummary>,
    /// How many rows at the end are gone, and behind one that counts them.
    folded: usize,
    /// They have rows of their own as well.
    shows_gone: bool,
    /// The sessions that the store had when it was last read.
    stored: BTreeSet<SessionKey>,
    /// Since when each session is in its state.
    since: BTreeMap<SessionKey, StateSince>,
    /// The last reported activity of watched sessions.
    activities: BTreeMap<SessionKey, Activity>,
    /// The engine's last list.
    listed: Vec<UnattachedSandbox>,
    /// Those of the list that belong to no session here; they are below the sessions.
    unattached: Vec<UnattachedSandbox>,
    /// The pending or refused operations on unattached sandboxes.
    pending: BTreeMap<SandboxId, unattached::PendingAction>,
    /// Why the last listing failed.
    trouble: Option<String>,
    /// Counts through [`Sessions::lines`].
    selected: usize,
    /// The sessions that are being deleted, with their names.
    removals: removals::Removals,
    /// Sessions that are not open and have become unread; the store does not know it yet.
    newly_unread: Vec<SessionKey>,
    trees: tree::SessionTrees,
    filter: filter::RowFilter,
    /// Marked rows; all are in the list, though the filter may hide them.
    marked: BTreeSet<RowTarget>,
}

impl Sessions {
    pub(super) fn rows(&self) -> &[SessionSummary] {
        &self.rows
    }

    pub(super) fn row(&self, key: &SessionKey) -> Option<&SessionSummary> {
        self.rows.iter().find(|row| row.key == *key)
    }

    pub(super) fn row_mut(&mut self, key: &SessionKey) -> Option<&mut SessionSummary> {
        self.rows.iter_mut().find(|row| row.key == *key)
    }

    /// A session that is not open has told what it does; one that worked has news at its end.
    pub(super) fn set_activity(&mut self, key: &SessionKey, activity: Activity) {
        let has_ended = matches!(activity, Activity::Idle | Activity::NeedsYou(_));
        let before = self.activities.insert(key.clone(), activity);
        if before == Some(Activity::Working) && has_ended {
            self.newly_unread.push(key.clone());
        }
    }

    /// Drops the activities of all other sessions.
    pub(super) fn keep_activities(&mut self, of: &[SessionKey]) {
        self.activities.retain(|key, _| of.contains(key));
    }

    fn activity(&self, key: &SessionKey) -> Option<&Activity> {
        self.activities.get(key)
    }

    /// The state that the user sees in a row, open or not.
    pub(super) fn state_of(
        &self,
        row: &SessionSummary,
        open: Option<&OpenSession>,
    ) -> SessionStatus {
        match (open, self.activity(&row.key)) {
            (Some(session), _) => session.state(),
            (None, Some(activity)) => activity.state(&row.phase),
            (None, None) => SessionStatus::of(&row.phase, false, false),
        }
    }

    pub(super) fn name(&self, key: &SessionKey) -> &str {
        self.row(key).map_or("session", |row| &row.name)
    }

    pub(super) fn marks(&self) -> usize {
        self.marked.len()
    }

    pub(super) fn unmark(&mut self) {
        self.marked.clear();
    }

    /// All sessions in the sandbox of this one, itself first.
    pub(super) fn sharing(&self, key: &SessionKey) -> Vec<&SessionSummary> {
        let Some(own) = self.row(key) else {
            return Vec::new();
        };
        let mut rows = vec![own];
        if let Some(sandbox) = &own.sandbox.id {
            let is_other =
                |row: &&SessionSummary| row.key != *key && row.sandbox.id.as_ref() == Some(sandbox);
            rows.extend(self.rows.iter().filter(is_other));
        }
        rows
    }

    /// A name that no row has: `base`, or else `base-2`, `base-3`, …
    pub(super) fn unique_name(&self, base: &str) -> String {
        let is_used = |name: &str| self.rows.iter().any(|row| row.name == name);
        if !is_used(base) {
            return base.to_owned();
        }
        let mut n = 2_usize;
        loop {
            let name = format!("{base}-{n}");
            if !is_used(&name) {
                return name;
            }
            n += 1;
        }
    }
}
