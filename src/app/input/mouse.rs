//! The mouse: a press goes to what was drawn under it, the wheel to the pane under it.
//!
//! It knows positions only from the last frame's viewport, and does nothing that a key cannot do.

use super::key::{Mouse, MouseKind};
use crate::app::action::SessionsAction;
use crate::app::cx::Cx;
use crate::app::{App, Pane};

/// Rows for one step of the mouse wheel.
const WHEEL: i64 = 3;

impl App {
    pub(in crate::app) fn mouse(&mut self, mouse: Mouse, cx: &mut Cx<'_>) {
        let Some(pane) = self.viewport.pane_at(mouse.column, mouse.row) else {
            return;
        };
        if !self.overlays.is_empty() {
            return;
        }
        match mouse.kind {
            MouseKind::Press => {
                self.focus.go_to(pane);
                if let Some(row) = self.viewport.row_at(mouse.column, mouse.row) {
                    // An unattached sandbox cannot be shown.
                    self.list.select_row(row);
                    if self.list.is_on_fold() {
                        self.list.toggle_gone();
                    }
                    self.show_row(row, cx);
                } else if let (Pane::Chat, Some(session)) = (pane, self.session_mut()) {
                    session.chat.press(mouse.row);
                }
            }
            MouseKind::ScrollUp => self.wheel((pane, mouse.row), -WHEEL, cx),
            MouseKind::ScrollDown => self.wheel((pane, mouse.row), WHEEL, cx),
        }
    }

    fn wheel(&mut self, (pane, row): (Pane, u16), rows: i64, cx: &mut Cx<'_>) {
        match pane {
            Pane::Sessions => {
                let step = if rows < 0 {
                    SessionsAction::Previous
                } else {
                    SessionsAction::Next
                };
                self.list.update(step);
            }
            Pane::Chat => {
                if let Some(session) = self.session_mut() {
                    session.chat.wheel(row, rows, cx);
                }
            }
            Pane::Logs => {
                if let Some(session) = self.session_mut() {
                    session.logs.scroll(rows);
                }
            }
        }
    }
}
