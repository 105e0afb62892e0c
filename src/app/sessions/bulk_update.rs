//! Pauses, resumes and kills one or several rows of the list.
//!
//! An open session receives a command; one that is not open is closed without being opened, since
//! opening would resume its sandbox; so is an unattached sandbox.

use super::RowTarget;
use super::bulk::BulkOp;
use super::unattached::PendingAction;
use crate::app::App;
use crate::app::cx::Cx;
use crate::app::effect::Effect;
use crate::domain::id::SessionKey;
use crate::domain::sandbox::Phase;
use crate::domain::session::{CloseAction, SessionCommand};

impl App {
    /// Pauses a session, or resumes a paused one.
    pub(in crate::app) fn pause_or_resume(&mut self, key: &SessionKey, cx: &mut Cx<'_>) {
        let is_open = self.open.get(key).is_some();
        match self.all_sessions().phase_of(key) {
            Some(Phase::Paused) => {
                if !is_open {
                    self.show(key.clone(), cx);
                }
                if let Some(session) = self.open.get_mut(key) {
                    session.resume(cx);
                }
            }
            // Opening a failed session shows why it failed.
            Some(Phase::Failed(_)) if !is_open => self.show(key.clone(), cx),
            _ => self.begin_bulk(BulkOp::Pause, &[RowTarget::Session(key.clone())], cx),
        }
    }

    /// Pauses or kills the sandboxes of all these rows.
    pub(in crate::app) fn begin_bulk(&mut self, op: BulkOp, rows: &[RowTarget], cx: &mut Cx<'_>) {
        let all = crate::app::AllSessions::new(&self.list, &self.open);
        let to_close = self.bulk.begin(op, rows, all);
        if to_close.len() > 1 {
            let doing = match op {
                BulkOp::Pause => "pausing",
                BulkOp::Kill => "killing",
            };
            self.notify(format!("{doing} {} sandboxes …", to_close.len()), cx);
        }
        for row in &to_close {
            self.close_row(op, row, cx);
        }
        self.tell_bulk(cx);
    }

    fn close_row(&mut self, op: BulkOp, row: &RowTarget, cx: &mut Cx<'_>) {
        let (command, closing, pending) = match op {
            BulkOp::Pause => (
                SessionCommand::Pause,
                CloseAction::Pause,
                PendingAction::Pausing,
            ),
            BulkOp::Kill => (
                SessionCommand::Kill,
                CloseAction::Kill,
                PendingAction::Killing,
            ),
        };
        match row {
            RowTarget::Sandbox(id) => {
                self.list.set_pending(id, Some(pending));
                cx.ask(Effect::CloseSandbox(id.clone(), closing));
            }
            RowTarget::Session(key) => {
                match self.open.get(key).filter(|session| session.is_served()) {
                    Some(session) => session.command(command, cx),
                    None => cx.ask(Effect::CloseSession(key.clone(), closing)),
                }
            }
        }
    }

    /// Reports the operations that have ended for all their rows.
    pub(in crate::app) fn tell_bulk(&mut self, cx: &Cx<'_>) {
        let all = crate::app::AllSessions::new(&self.list, &self.open);
        for text in self.bulk.take_ended(all) {
            self.status.notify_long(text, cx.now);
        }
    }
}
