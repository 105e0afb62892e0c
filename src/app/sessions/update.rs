//! Moves the cursor, marks rows, and returns what to do with which rows.

use std::collections::BTreeSet;

use super::lines::LineKey;
use super::{RowTarget, Sessions};
use crate::app::action::SessionsAction;
use crate::domain::id::{SandboxId, SessionKey};
use crate::domain::session::SessionSummary;

/// What the root has to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::app) enum SessionsOutcome {
    Open(SessionKey),
    PauseOrResume(SessionKey),
    /// The marked rows in the order of the list, or an unattached sandbox.
    Pause(Vec<RowTarget>),
    /// The marked rows, or else the selected one.
    AskKill(Vec<RowTarget>),
    Adopt(SandboxId),
    /// The action applies to sessions only.
    IsStrange,
    /// The action applies to unattached sandboxes only.
    IsSession,
    Leave,
}

impl Sessions {
    pub(in crate::app) fn update(&mut self, action: SessionsAction) -> Option<SessionsOutcome> {
        let last = self.last();
        match action {
            SessionsAction::Next => self.selected = (self.selected + 1).min(last),
            SessionsAction::Previous => self.selected = self.selected.saturating_sub(1),
            SessionsAction::First => self.selected = 0,
            SessionsAction::Last => self.selected = last,
            SessionsAction::ToggleGone => self.toggle_gone(),
            SessionsAction::Open if self.is_on_fold() => self.toggle_gone(),
            SessionsAction::Mark => {
                if let Some(row) = self.selected()
                    && !self.marked.remove(&row)
                {
                    self.marked.insert(row);
                }
                self.selected = (self.selected + 1).min(last);
            }
            SessionsAction::Leave if self.marked.is_empty() => return Some(SessionsOutcome::Leave),
            SessionsAction::Leave => self.unmark(),
            SessionsAction::Open => {
                return Some(match self.selected()? {
                    RowTarget::Session(key) => SessionsOutcome::Open(key),
                    RowTarget::Sandbox(_) => SessionsOutcome::IsStrange,
                });
            }
            SessionsAction::Adopt => {
                return Some(match self.selected()? {
                    RowTarget::Session(_) => SessionsOutcome::IsSession,
                    RowTarget::Sandbox(id) => SessionsOutcome::Adopt(id),
                });
            }
            SessionsAction::Pause => {
                let wanted = self.marked_or_selected();
                return Some(match (self.marked.is_empty(), &wanted[..]) {
                    (_, []) => return None,
                    (true, [RowTarget::Session(key)]) => {
                        SessionsOutcome::PauseOrResume(key.clone())
                    }
                    _ => {
                        self.unmark();
                        SessionsOutcome::Pause(wanted)
                    }
                });
            }
            SessionsAction::Kill => {
                let wanted = self.marked_or_selected();
                return (!wanted.is_empty()).then_some(SessionsOutcome::AskKill(wanted));
            }
        }
        None
    }

    fn marked_or_selected(&self) -> Vec<RowTarget> {
        if self.marked.is_empty() {
            return self.selected().into_iter().collect();
        }
        let is_marked = |row: &RowTarget| self.marked.contains(row);
        self.targets().filter(is_marked).collect()
    }

    /// The store has exactly these sessions, and those that are being created. What it had before and
    /// has no more was removed, here or by another process: it leaves the list, unless it is open.
    pub(in crate::app) fn all_loaded(
        &mut self,
        stored: Vec<SessionSummary>,
        is_open: impl Fn(&SessionKey) -> bool,
    ) {
        let keys: BTreeSet<SessionKey> = stored.iter().map(|row| row.key.clone()).collect();
        let before = std::mem::replace(&mut self.stored, keys);
        let is_removed = |key: &SessionKey| before.contains(key) && !self.stored.contains(key);
        let selected = self.selected_line();
        self.rows
            .retain(|row| !is_removed(&row.key) || is_open(&row.key));
        self.folded = 0;
        self.settle(selected);
        self.loaded(stored);
    }

    /// Merges stored sessions; the cursor stays on its row. [`Self::arrange`] brings them into order.
    pub(in crate::app) fn loaded(&mut self, stored: Vec<SessionSummary>) {
        let selected = self.selected_line();
        let known = |key: &SessionKey| stored.iter().any(|row| row.key == *key);
        let mut rows: Vec<SessionSummary> =
            self.rows.drain(..).filter(|row| !known(&row.key)).collect();
        rows.extend(stored);
        rows.sort_by_key(|row| std::cmp::Reverse(row.created));
        self.rows = rows;
        self.folded = 0;
        if selected.is_none() {
            self.selected = 0;
        }
        self.settle(selected);
    }

    /// Adds a session that is being created at the top.
    pub(in crate::app) fn add(&mut self, row: SessionSummary) {
        self.rows.insert(0, row);
        self.selected = 0;
    }

    pub(in crate::app) fn select(&mut self, key: &SessionKey) {
        self.settle(Some(LineKey::Target(RowTarget::Session(key.clone()))));
    }

    /// Moves the cursor to a row, counted from the top.
    pub(in crate::app) fn select_row(&mut self, index: usize) {
        self.selected = index.min(self.last());
    }
}
