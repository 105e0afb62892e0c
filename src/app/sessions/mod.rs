//! The list of sessions: the rows, which one is selected, and which are marked. What a session does now
//! is read from the open sessions, never copied here.

mod update;
mod view;

use std::collections::BTreeSet;

use crate::domain::id::SessionKey;
use crate::domain::session::SessionSummary;

pub(super) use update::SessionsOutcome;
pub(super) use view::{SessionsView, state_of};

/// The rows, newest first, the cursor, and what is marked.
#[derive(Debug, Default)]
pub(super) struct Sessions {
    rows: Vec<SessionSummary>,
    selected: usize,
    /// Keys of rows that are in the list.
    marked: BTreeSet<SessionKey>,
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

    pub(super) fn name(&self, key: &SessionKey) -> &str {
        self.row(key).map_or("session", |row| &row.name)
    }

    pub(super) fn selected(&self) -> Option<&SessionSummary> {
        self.rows.get(self.selected)
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
