//! Moves in the list, marks, and says what is wanted of which sessions.

use super::Sessions;
use crate::app::action::SessionsAction;
use crate::domain::id::SessionKey;
use crate::domain::session::SessionSummary;

/// What the root has to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::app) enum SessionsOutcome {
    Open(SessionKey),
    PauseOrResume(SessionKey),
    /// Those that are marked, in the order of the list.
    PauseAll(Vec<SessionKey>),
    /// Those that are marked, else the selected one.
    AskKill(Vec<SessionKey>),
    Leave,
}

impl Sessions {
    pub(in crate::app) fn update(&mut self, action: SessionsAction) -> Option<SessionsOutcome> {
        let last = self.rows.len().saturating_sub(1);
        let selected = || self.rows.get(self.selected).map(|row| row.key.clone());
        match action {
            SessionsAction::Next => self.selected = (self.selected + 1).min(last),
            SessionsAction::Previous => self.selected = self.selected.saturating_sub(1),
            SessionsAction::First => self.selected = 0,
            SessionsAction::Last => self.selected = last,
            SessionsAction::Open => return selected().map(SessionsOutcome::Open),
            SessionsAction::Mark => {
                let key = selected()?;
                if !self.marked.remove(&key) {
                    self.marked.insert(key);
                }
                self.selected = (self.selected + 1).min(last);
            }
            SessionsAction::Pause if self.marked.is_empty() => {
                return selected().map(SessionsOutcome::PauseOrResume);
            }
            SessionsAction::Pause => {
                let wanted = self.marked_or_selected();
                self.unmark();
                return Some(SessionsOutcome::PauseAll(wanted));
            }
            SessionsAction::Kill => {
                let wanted = self.marked_or_selected();
                return (!wanted.is_empty()).then_some(SessionsOutcome::AskKill(wanted));
            }
            SessionsAction::Leave if self.marked.is_empty() => return Some(SessionsOutcome::Leave),
            SessionsAction::Leave => self.unmark(),
        }
        None
    }

    fn marked_or_selected(&self) -> Vec<SessionKey> {
        let is_meant = |(index, row): &(usize, &SessionSummary)| {
            if self.marked.is_empty() {
                *index == self.selected
            } else {
                self.marked.contains(&row.key)
            }
        };
        let meant = self.rows.iter().enumerate().filter(is_meant);
        meant.map(|(_, row)| row.key.clone()).collect()
    }

    /// Takes the stored sessions. Rows that the store does not know yet stay, since they are being
    /// made; the cursor stays on its session.
    pub(in crate::app) fn loaded(&mut self, stored: Vec<SessionSummary>) {
        let selected = self.selected().map(|row| row.key.clone());
        let known = |key: &SessionKey| stored.iter().any(|row| row.key == *key);
        let mut rows: Vec<SessionSummary> =
            self.rows.drain(..).filter(|row| !known(&row.key)).collect();
        rows.extend(stored);
        rows.sort_by_key(|row| std::cmp::Reverse(row.created));
        self.rows = rows;
        let listed = |key: &SessionKey| self.rows.iter().any(|row| row.key == *key);
        self.marked.retain(listed);
        match selected {
            Some(key) => self.select(&key),
            None => self.selected = 0,
        }
    }

    /// Puts a session that is being made on top.
    pub(in crate::app) fn add(&mut self, row: SessionSummary) {
        self.rows.insert(0, row);
        self.selected = 0;
    }

    pub(in crate::app) fn select(&mut self, key: &SessionKey) {
        if let Some(index) = self.rows.iter().position(|row| row.key == *key) {
            self.selected = index;
        }
        self.selected = self.selected.min(self.rows.len().saturating_sub(1));
    }
}
