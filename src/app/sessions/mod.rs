//! The list: the sessions, below them the sandboxes of the account that no session has, which row is
//! selected, and which are marked. What an open session does now is read from it, never copied here; of
//! the others the list keeps what their watchers tell.
//!
//! In reading order: `update` moves the cursor and marks rows; `unattached` asks for sandboxes without a session when
//! `refresh` says so, `unattached_rows` holds them and `pending_action` what is being done to one; `watched` follows
//! sessions that are not open; `bulk` is one action for several rows, `bulk_update` carries it out; `all_sessions` asks the list and the open
//! sessions together; `view` and
//! `view_unattached` draw.

pub(super) mod all_sessions;
pub(super) mod bulk;
pub(super) mod bulk_update;
mod pending_action;
pub(super) mod refresh;
pub(super) mod unattached;
mod unattached_rows;
mod update;
mod view;
mod view_unattached;
pub(super) mod watched;

use std::collections::{BTreeMap, BTreeSet};

use super::session::OpenSession;
use crate::domain::activity::Activity;
use crate::domain::id::{SandboxId, SessionKey};
use crate::domain::sandbox::SessionStatus;
use crate::domain::session::SessionSummary;
use crate::domain::unattached_sandbox::UnattachedSandbox;

pub(super) use pending_action::PendingAction;
pub(super) use update::SessionsOutcome;
pub(super) use view::SessionsView;

/// A row, by what it stands for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum RowTarget {
    Session(SessionKey),
    /// A sandbox that no session has.
    Sandbox(SandboxId),
}

/// The rows, newest first, the cursor, and what is marked.
#[derive(Debug, Default)]
pub(super) struct Sessions {
    rows: Vec<SessionSummary>,
    /// What those do that are watched and not open, as far as it was told.
    activities: BTreeMap<SessionKey, Activity>,
    /// As the engine told last.
    heard: Vec<UnattachedSandbox>,
    /// Those of them that are no session's here; they stand below the sessions.
    unattached: Vec<UnattachedSandbox>,
    /// What is done to strangers, or was refused.
    pending: BTreeMap<SandboxId, PendingAction>,
    /// Why the engine could not be asked last.
    trouble: Option<String>,
    /// Counts through the sessions, then the strangers.
    selected: usize,
    /// Rows that are in the list.
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

    pub(super) fn set_activity(&mut self, key: &SessionKey, activity: Activity) {
        self.activities.insert(key.clone(), activity);
    }

    /// Forgets what was told of others.
    pub(super) fn keep_activities(&mut self, of: &[SessionKey]) {
        self.activities.retain(|key, _| of.contains(key));
    }

    fn activity(&self, key: &SessionKey) -> Option<&Activity> {
        self.activities.get(key)
    }

    /// What the user reads about a row, open or not.
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

    /// What the cursor is on.
    pub(super) fn selected(&self) -> Option<RowTarget> {
        self.targets().nth(self.selected)
    }

    /// All rows, from the top.
    fn targets(&self) -> impl Iterator<Item = RowTarget> {
        let sessions = self
            .rows
            .iter()
            .map(|row| RowTarget::Session(row.key.clone()));
        let unattached = self.unattached.iter();
        sessions.chain(
            unattached.map(|unattached_sandbox| RowTarget::Sandbox(unattached_sandbox.id.clone())),
        )
    }

    fn last(&self) -> usize {
        (self.rows.len() + self.unattached.len()).saturating_sub(1)
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

    /// A name that no row has: `base`, else `base-2`, `base-3`, …
    pub(super) fn unique_name(&self, base: &str) -> String {
        let taken = |name: &str| self.rows.iter().any(|row| row.name == name);
        if !taken(base) {
            return base.to_owned();
        }
        let mut n = 2_usize;
        loop {
            let name = format!("{base}-{n}");
            if !taken(&name) {
                return name;
            }
            n += 1;
        }
    }
}
