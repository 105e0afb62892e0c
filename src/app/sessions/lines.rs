//! What the cursor moves over: the sessions, the row that stands for those that are gone, and below
//! them the unattached sandboxes.

use super::{RowTarget, Sessions};
use crate::domain::sandbox::unattached::UnattachedSandbox;
use crate::domain::session::SessionSummary;

/// One entry of the list.
#[derive(Debug, Clone, Copy)]
pub(in crate::app) enum ListLine<'a> {
    Session(&'a SessionSummary),
    /// How many sessions are gone; it shows or hides them.
    Gone(usize),
    Sandbox(&'a UnattachedSandbox),
}

/// Names an entry, whatever its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum LineKey {
    Target(RowTarget),
    Gone,
}

impl ListLine<'_> {
    /// What operations on the entry are about.
    fn target(self) -> Option<RowTarget> {
        match self {
            Self::Session(row) => Some(RowTarget::Session(row.key.clone())),
            Self::Sandbox(sandbox) => Some(RowTarget::Sandbox(sandbox.id.clone())),
            Self::Gone(_) => None,
        }
    }

    fn key(self) -> LineKey {
        self.target().map_or(LineKey::Gone, LineKey::Target)
    }
}

impl Sessions {
    /// The entries that the filter leaves, from top to bottom.
    pub(in crate::app) fn lines(&self) -> impl Iterator<Item = ListLine<'_>> {
        self.all_lines().filter(|line| match line {
            ListLine::Session(row) => self.filter.keeps_session(&row.key),
            ListLine::Sandbox(sandbox) => self.filter.keeps_sandbox(&sandbox.id),
            ListLine::Gone(_) => true,
        })
    }

    /// All entries, whatever the filter leaves; while there is one, nothing is folded.
    fn all_lines(&self) -> impl Iterator<Item = ListLine<'_>> {
        let (rows, gone) = self.rows.split_at(self.rows.len() - self.folded);
        let is_folded = !gone.is_empty() && !self.filter.is_on();
        let fold = is_folded.then_some(ListLine::Gone(gone.len()));
        let unfolded = if self.shows_gone || self.filter.is_on() {
            gone
        } else {
            &[]
        };
        let rows = rows.iter().filter(|row| !self.is_in_folded_tree(row));
        rows.map(ListLine::Session)
            .chain(fold)
            .chain(unfolded.iter().map(ListLine::Session))
            .chain(self.unattached.iter().map(ListLine::Sandbox))
    }

    pub(super) fn line(&self, index: usize) -> Option<ListLine<'_>> {
        self.lines().nth(index)
    }

    /// The session of a slot: those that have a row now are counted from the top, whatever the filter and
    /// what is folded leave.
    pub(in crate::app) fn session_at(&self, slot: usize) -> Option<&SessionSummary> {
        let mut sessions = self.lines().filter_map(|line| match line {
            ListLine::Session(row) => Some(row),
            ListLine::Gone(_) | ListLine::Sandbox(_) => None,
        });
        sessions.nth(slot)
    }

    /// The row under the cursor.
    pub(in crate::app) fn selected(&self) -> Option<RowTarget> {
        self.line(self.selected)?.target()
    }

    pub(super) fn selected_line(&self) -> Option<LineKey> {
        self.line(self.selected).map(ListLine::key)
    }

    /// Whether the cursor is on the row that stands for gone sessions.
    pub(in crate::app) fn is_on_fold(&self) -> bool {
        self.selected_line() == Some(LineKey::Gone)
    }

    /// Whether the sessions that are gone have rows of their own.
    pub(in crate::app) fn shows_gone(&self) -> bool {
        self.shows_gone
    }

    /// Shows or hides the sessions that are gone.
    pub(in crate::app) fn toggle_gone(&mut self) {
        let selected = self.selected_line();
        self.shows_gone = !self.shows_gone;
        let fold = self.lines().position(|line| line.key() == LineKey::Gone);
        let was_hidden = selected.is_some_and(|key| self.place_of(&key).is_none());
        self.settle(None);
        if let Some(fold) = fold.filter(|_| was_hidden) {
            self.selected = fold;
        }
    }

    /// The rows that the filter leaves, from top to bottom.
    pub(super) fn targets(&self) -> impl Iterator<Item = RowTarget> {
        self.lines().filter_map(ListLine::target)
    }

    /// All rows from top to bottom.
    pub(super) fn all_targets(&self) -> impl Iterator<Item = RowTarget> {
        self.all_lines().filter_map(ListLine::target)
    }

    pub(super) fn last(&self) -> usize {
        self.lines().count().saturating_sub(1)
    }

    pub(super) fn place_of(&self, key: &LineKey) -> Option<usize> {
        self.lines().position(|line| line.key() == *key)
    }

    /// Runs after the rows have changed: drops marks of removed rows, and moves the cursor to
    /// `selected` if it still exists.
    pub(super) fn settle(&mut self, selected: Option<LineKey>) {
        if !self.marked.is_empty() {
            let listed: Vec<RowTarget> = self.all_targets().collect();
            self.marked.retain(|target| listed.contains(target));
        }
        let place = selected.and_then(|key| self.place_of(&key));
        self.selected = place.unwrap_or(self.selected).min(self.last());
    }
}
