//! Moves in the list, and says what is wanted of a session.

use super::Sessions;
use crate::app::action::SessionsAction;
use crate::domain::id::SessionKey;
use crate::domain::session::SessionSummary;

/// What the root has to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::app) enum SessionsOutcome {
    Open(SessionKey),
    PauseOrResume(SessionKey),
    AskKill(SessionKey),
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
            SessionsAction::Pause => return selected().map(SessionsOutcome::PauseOrResume),
            SessionsAction::Kill => return selected().map(SessionsOutcome::AskKill),
            SessionsAction::Leave => return Some(SessionsOutcome::Leave),
        }
        None
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
