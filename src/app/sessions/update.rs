//! Moves the cursor, marks rows, and returns what to do with which rows.

use std::collections::BTreeSet;

use super::lines::LineKey;
use super::{RowTarget, Sessions};
use crate::app::action::SessionsAction;
use crate::domain::failure::Failure;
use crate::domain::id::{SandboxId, SessionKey};
use crate::domain::session::SessionSummary;

/// What the root has to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::app) enum SessionsOutcome {
    Open(SessionKey),
    Peek(SessionKey),
    PauseOrResume(SessionKey),
    /// The marked rows in the order of the list, or an unattached sandbox.
    Pause(Vec<RowTarget>),
    /// The marked rows, or else the selected one.
    AskKill(Vec<RowTarget>),
    AskRemove(Vec<SessionKey>),
    Rename(SessionKey),
    Pin(Vec<SessionKey>),
    Archive(Vec<SessionKey>),
    Adopt(SandboxId),
    /// The action applies to sessions only.
    IsStrange,
    /// The action applies to unattached sandboxes only.
    IsSession,
    /// There is no other session in its sandbox.
    IsAlone,
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
            SessionsAction::ToggleTree => {
                return (!self.toggle_tree()).then_some(SessionsOutcome::IsAlone);
            }
            SessionsAction::Open if self.is_on_fold() => self.toggle_gone(),
            SessionsAction::Mark => {
                if let Some(row) = self.selected()
                    && !self.marked.remove(&row)
                {
                    self.marked.insert(row);
                }
                self.selected = (self.selected + 1).min(last);
            }
            SessionsAction::MarkAll => self.mark_all(),
            SessionsAction::Filter => self.begin_filter(),
            SessionsAction::KeepFilter => self.keep_filter(),
            SessionsAction::Leave if self.types_filter() => self.clear_filter(),
            SessionsAction::Leave if !self.marked.is_empty() => self.unmark(),
            SessionsAction::Leave if !self.filter_text().is_empty() => self.clear_filter(),
            SessionsAction::Leave => return Some(SessionsOutcome::Leave),
            SessionsAction::Open | SessionsAction::Peek | SessionsAction::Adopt => {
                return self.about_selected(action);
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
            SessionsAction::Rename
            | SessionsAction::Pin
            | SessionsAction::Archive
            | SessionsAction::Remove => return self.kept_rows(action),
            SessionsAction::Kill => {
                let wanted = self.marked_or_selected();
                return (!wanted.is_empty()).then_some(SessionsOutcome::AskKill(wanted));
            }
        }
        None
    }

    /// What concerns the row under the cursor alone.
    fn about_selected(&self, action: SessionsAction) -> Option<SessionsOutcome> {
        Some(match (action, self.selected()?) {
            (SessionsAction::Adopt, RowTarget::Sandbox(id)) => SessionsOutcome::Adopt(id),
            (SessionsAction::Adopt, RowTarget::Session(_)) => SessionsOutcome::IsSession,
            (_, RowTarget::Sandbox(_)) => SessionsOutcome::IsStrange,
            (SessionsAction::Peek, RowTarget::Session(key)) => SessionsOutcome::Peek(key),
            (_, RowTarget::Session(key)) => SessionsOutcome::Open(key),
        })
    }

    /// What concerns the records of sessions, whatever their sandboxes.
    fn kept_rows(&self, action: SessionsAction) -> Option<SessionsOutcome> {
        if action == SessionsAction::Rename {
            return Some(match self.selected()? {
                RowTarget::Session(key) => SessionsOutcome::Rename(key),
                RowTarget::Sandbox(_) => SessionsOutcome::IsStrange,
            });
        }
        let wanted = self.marked_or_selected().into_iter();
        let keys: Vec<SessionKey> = wanted
            .filter_map(|row| match row {
                RowTarget::Session(key) => Some(key),
                RowTarget::Sandbox(_) => None,
            })
            .collect();
        Some(match action {
            _ if keys.is_empty() => match self.selected()? {
                RowTarget::Sandbox(_) => SessionsOutcome::IsStrange,
                RowTarget::Session(_) => return None,
            },
            SessionsAction::Pin => SessionsOutcome::Pin(keys),
            SessionsAction::Archive => SessionsOutcome::Archive(keys),
            _ => SessionsOutcome::AskRemove(keys),
        })
    }

    pub(in crate::app) fn begin_removal(&mut self, key: SessionKey) {
        let name = self.name(&key).to_owned();
        self.removals.begin(key, name);
    }

    /// Returns the text about all removals, once the last one has ended.
    pub(in crate::app) fn removal_ended(
        &mut self,
        key: &SessionKey,
        result: Result<(), Failure>,
    ) -> Option<String> {
        self.removals.ended(key, result)
    }

    /// Drops a session that was deleted; the cursor stays where it is.
    pub(in crate::app) fn removed(&mut self, key: &SessionKey) {
        let selected = self.selected_line();
        self.rows.retain(|row| row.key != *key);
        self.stored.remove(key);
        self.since.remove(key);
        // The next `arrange` counts them again.
        self.folded = 0;
        self.settle(selected);
    }

    fn marked_or_selected(&self) -> Vec<RowTarget> {
        if self.marked.is_empty() {
            return self.selected().into_iter().collect();
        }
        let is_marked = |row: &RowTarget| self.marked.contains(row);
        self.all_targets().filter(is_marked).collect()
    }

    /// Marks all rows that the filter leaves; unmarks them if all are marked.
    fn mark_all(&mut self) {
        let rows: BTreeSet<RowTarget> = self.targets().collect();
        if rows.is_subset(&self.marked) {
            self.marked.retain(|row| !rows.contains(row));
        } else {
            self.marked.extend(rows);
        }
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
