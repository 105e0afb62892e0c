//! Scrolls the log, and changes how it is shown.

use super::{LogAnchor, Logs};
use crate::app::action::LogsAction;

/// A frame scrolls over at most this many rows.
const FARTHEST: i64 = 5_000;

impl Logs {
    pub(in crate::app) fn update(&mut self, action: LogsAction) {
        let page = i64::from(self.rows.saturating_sub(1).max(1));
        match action {
            LogsAction::LineUp => self.scroll(-1),
            LogsAction::LineDown => self.scroll(1),
            LogsAction::PageUp => self.scroll(-page),
            LogsAction::PageDown => self.scroll(page),
            LogsAction::Top => self.go(LogAnchor::At {
                line: self.first,
                row: 0,
            }),
            LogsAction::Bottom => self.go(LogAnchor::Tail),
            LogsAction::Follow => match self.anchor {
                // Stays at the same rows: a scroll by zero from a fixed row.
                LogAnchor::Tail => self.stay(),
                LogAnchor::At { .. } => self.go(LogAnchor::Tail),
            },
            LogsAction::Wrap => self.wrap = !self.wrap,
            LogsAction::Times => self.times = !self.times,
            LogsAction::Clear => {
                self.first = self.end();
                self.lines.clear();
                self.bytes = 0;
                self.go(LogAnchor::Tail);
            }
            // The root handles it.
            LogsAction::Leave => {}
        }
    }

    /// Scrolls by rows, positive is down.
    pub(in crate::app) fn scroll(&mut self, rows: i64) {
        self.pending = self.pending.saturating_add(rows).clamp(-FARTHEST, FARTHEST);
    }

    fn go(&mut self, anchor: LogAnchor) {
        self.anchor = anchor;
        self.pending = 0;
    }

    /// Stops following: the line at the top of the screen stays there.
    fn stay(&mut self) {
        let rows = u64::from(self.rows.max(1));
        self.go(LogAnchor::At {
            line: self.end().saturating_sub(rows).max(self.first),
            row: 0,
        });
    }
}
