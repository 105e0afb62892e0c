//! What is done to rows of the list, one or many: they are paused or killed, each by itself, and the end
//! is told once for all.
//!
//! A session that is open is told so; one that is not is closed without being opened, since opening
//! would resume its sandbox; so is a sandbox that no session has. One that fails keeps no other from
//! its turn.

use super::App;
use super::bulk::{Bulk, Deed, End};
use super::cx::Cx;
use super::effect::Effect;
use super::notice::{NOTICE_OF_FAILURE, Notice};
use super::sessions::{Standing, Target};
use crate::domain::id::SessionKey;
use crate::domain::sandbox::Phase;
use crate::domain::session::{Closing, SessionCommand, SessionEvent};
use crate::domain::stranger::Life;

impl App {
    /// Pauses a session, or resumes it if it is paused.
    pub(super) fn pause_or_resume(&mut self, key: &SessionKey, cx: &mut Cx<'_>) {
        let is_open = self.open.contains_key(key);
        match self.phase_of(key) {
            Some(Phase::Paused) => {
                if !is_open {
                    self.show(key.clone(), cx);
                }
                if let Some(session) = self.open.get_mut(key) {
                    session.resume(cx);
                }
            }
            // What failed before says why once it is open.
            Some(Phase::Failed(_)) if !is_open => self.show(key.clone(), cx),
            _ => self.pause_all(&[Target::Session(key.clone())], cx),
        }
    }

    /// Pauses those that run, and leaves the others as they are.
    pub(super) fn pause_all(&mut self, rows: &[Target], cx: &mut Cx<'_>) {
        self.begin(Deed::Pause, rows, cx);
    }

    /// Kills the sandboxes of all these rows.
    pub(super) fn kill_all(&mut self, rows: &[Target], cx: &mut Cx<'_>) {
        self.list.unmark();
        self.begin(Deed::Kill, rows, cx);
    }

    fn begin(&mut self, deed: Deed, rows: &[Target], cx: &mut Cx<'_>) {
        let mut bulk = Bulk::new(deed, rows.len());
        for row in rows {
            if let Some(end) = self.needs_nothing(deed, row) {
                bulk.ended_before(row.clone(), end);
            } else {
                bulk.wait_for(row.clone());
                self.close_row(deed, row, cx);
            }
        }
        if bulk.waiting() > 1 {
            let doing = match deed {
                Deed::Pause => "pausing",
                Deed::Kill => "killing",
            };
            self.notify(format!("{doing} {} …", bulk.waiting()), cx);
        }
        self.bulks.push(bulk);
        self.tell_ended(cx);
    }

    fn close_row(&mut self, deed: Deed, row: &Target, cx: &mut Cx<'_>) {
        let (command, closing, standing) = match deed {
            Deed::Pause => (SessionCommand::Pause, Closing::Pause, Standing::BeingPaused),
            Deed::Kill => (SessionCommand::Kill, Closing::Kill, Standing::BeingKilled),
        };
        match row {
            Target::Sandbox(id) => {
                self.list.set_standing(id, Some(standing));
                cx.ask(Effect::CloseSandbox(id.clone(), closing));
            }
            Target::Session(key) => {
                match self.open.get(key).filter(|session| session.is_served()) {
                    Some(session) => session.command(command, cx),
                    None => cx.ask(Effect::CloseSession(key.clone(), closing)),
                }
            }
        }
    }

    /// How it ends at once for a row to which nothing has to be done.
    fn needs_nothing(&self, deed: Deed, row: &Target) -> Option<End> {
        let key = match row {
            Target::Session(key) => key,
            Target::Sandbox(id) => {
                let is_paused = |life| deed == Deed::Pause && life == Life::Paused;
                return match self.list.stranger(id) {
                    Some(stranger) => is_paused(stranger.life).then_some(End::Already),
                    None => Some(End::Gone),
                };
            }
        };
        match (deed, self.phase_of(key)) {
            (_, Some(Phase::Gone(_))) => Some(End::Gone),
            (Deed::Pause, Some(Phase::Paused)) => Some(End::Already),
            (Deed::Pause, _) if !self.has_sandbox(key) => Some(End::Without),
            _ => None,
        }
    }

    fn phase_of(&self, key: &SessionKey) -> Option<&Phase> {
        match self.open.get(key) {
            Some(session) => Some(&session.phase),
            None => self.list.row(key).map(|row| &row.phase),
        }
    }

    fn has_sandbox(&self, key: &SessionKey) -> bool {
        let row = self.list.row(key);
        row.is_some_and(|row| row.sandbox.id.is_some())
    }

    /// Whether a session is being paused or killed from here.
    pub(super) fn is_being_closed(&self, key: &SessionKey) -> bool {
        let row = Target::Session(key.clone());
        self.bulks.iter().any(|bulk| bulk.is_waiting_for(&row))
    }

    /// Whether a session's sandbox no longer exists.
    pub(super) fn is_gone(&self, key: &SessionKey) -> bool {
        matches!(self.phase_of(key), Some(Phase::Gone(_)))
    }

    /// Hears what a session says of itself.
    pub(super) fn bulk_event(&mut self, key: &SessionKey, event: &SessionEvent, cx: &mut Cx<'_>) {
        if self.bulks.is_empty() {
            return;
        }
        let row = Target::Session(key.clone());
        match event {
            SessionEvent::Phase(phase) => self.bulk_ended(&row, phase, cx),
            SessionEvent::CommandFailed(failure) => {
                self.bulk_ended(&row, &Phase::Failed(failure.clone()), cx);
            }
            // It has ended without a word of a sandbox.
            SessionEvent::Stopped => self.bulk_ended(&row, &Phase::Dormant, cx),
            _ => {}
        }
    }

    /// Hears what has become of a row.
    pub(super) fn bulk_ended(&mut self, row: &Target, phase: &Phase, cx: &mut Cx<'_>) {
        let name = self.target_name(row);
        for bulk in &mut self.bulks {
            bulk.hear(row, phase, &name);
        }
        self.tell_ended(cx);
    }

    fn tell_ended(&mut self, cx: &mut Cx<'_>) {
        while let Some(at) = self.bulks.iter().position(|bulk| bulk.waiting() == 0) {
            let bulk = self.bulks.remove(at);
            if let Some(text) = bulk.words(|row| self.target_name(row)) {
                self.notice = Some(Notice {
                    text,
                    until: cx.now.saturating_add(NOTICE_OF_FAILURE),
                });
            }
        }
    }

    /// What a row is called.
    pub(super) fn target_name(&self, row: &Target) -> String {
        match row {
            Target::Session(key) => self.list.name(key).to_owned(),
            Target::Sandbox(id) => format!("sandbox {id}"),
        }
    }
}
