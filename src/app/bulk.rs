//! What is done to sessions from the list, one or many: they are paused or killed, each by itself, and
//! the end is told once for all.
//!
//! A session that is open is told so; one that is not is closed without being opened, since opening
//! would resume its sandbox. One that fails keeps no other from its turn.

use std::collections::BTreeSet;

use super::App;
use super::cx::Cx;
use super::effect::Effect;
use super::settle::NOTICE_OF_FAILURE;
use crate::domain::id::SessionKey;
use crate::domain::sandbox::Phase;
use crate::domain::session::{Closing, SessionCommand, SessionEvent};

/// What is done to all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Deed {
    Pause,
    Kill,
}

/// How it ended for one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Done,
    /// It was paused before.
    Already,
    /// Its sandbox no longer exists.
    Gone,
    /// It has no sandbox yet.
    Without,
}

/// One wish for several sessions, until the last of them has answered.
#[derive(Debug)]
pub(super) struct Bulk {
    deed: Deed,
    /// How many there were at the beginning.
    total: usize,
    waiting: BTreeSet<SessionKey>,
    ended: Vec<(SessionKey, End)>,
    failed: Vec<(SessionKey, String)>,
}

impl App {
    /// Pauses a session, or resumes it if it is paused.
    pub(super) fn pause_or_resume(&mut self, key: &SessionKey, cx: &mut Cx<'_>) {
        let is_open = self.open.contains_key(key);
        match self.phase_of(key) {
            Some(Phase::Paused) if is_open => {
                if let Some(session) = self.open.get_mut(key) {
                    session.retry(cx);
                }
            }
            // Opening a paused session resumes it; what failed before says why once it is open.
            Some(Phase::Paused | Phase::Failed(_)) if !is_open => self.show(key.clone(), cx),
            _ => self.pause_all(std::slice::from_ref(key), cx),
        }
    }

    /// Pauses those that run, and leaves the others as they are.
    pub(super) fn pause_all(&mut self, keys: &[SessionKey], cx: &mut Cx<'_>) {
        self.begin(Deed::Pause, keys, cx);
    }

    /// Kills the sandboxes of all these sessions.
    pub(super) fn kill_all(&mut self, keys: &[SessionKey], cx: &mut Cx<'_>) {
        self.list.unmark();
        self.begin(Deed::Kill, keys, cx);
    }

    fn begin(&mut self, deed: Deed, keys: &[SessionKey], cx: &mut Cx<'_>) {
        let mut bulk = Bulk {
            deed,
            total: keys.len(),
            waiting: BTreeSet::new(),
            ended: Vec::new(),
            failed: Vec::new(),
        };
        for key in keys {
            if let Some(end) = self.needs_nothing(deed, key) {
                bulk.ended.push((key.clone(), end));
                continue;
            }
            bulk.waiting.insert(key.clone());
            let (command, closing) = match deed {
                Deed::Pause => (SessionCommand::Pause, Closing::Pause),
                Deed::Kill => (SessionCommand::Kill, Closing::Kill),
            };
            match self.open.get(key).filter(|session| session.is_served()) {
                Some(session) => session.command(command, cx),
                None => cx.ask(Effect::CloseSession(key.clone(), closing)),
            }
        }
        if bulk.waiting.len() > 1 {
            let doing = match deed {
                Deed::Pause => "pausing",
                Deed::Kill => "killing",
            };
            self.notify(format!("{doing} {} sessions …", bulk.waiting.len()), cx);
        }
        self.bulks.push(bulk);
        self.tell_ended(cx);
    }

    /// How it ends at once for a session to which nothing has to be done.
    fn needs_nothing(&self, deed: Deed, key: &SessionKey) -> Option<End> {
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
        self.list
            .row(key)
            .is_some_and(|row| row.sandbox.id.is_some())
    }

    /// Whether a session's sandbox no longer exists.
    pub(super) fn is_gone(&self, key: &SessionKey) -> bool {
        matches!(self.phase_of(key), Some(Phase::Gone(_)))
    }

    /// Hears how it ended for one.
    pub(super) fn bulk_event(&mut self, key: &SessionKey, event: &SessionEvent, cx: &mut Cx<'_>) {
        for bulk in &mut self.bulks {
            if !bulk.waiting.contains(key) {
                continue;
            }
            let end = match (bulk.deed, event) {
                (Deed::Pause, SessionEvent::Phase(Phase::Paused))
                | (Deed::Kill, SessionEvent::Phase(Phase::Gone(_))) => Ok(End::Done),
                (Deed::Pause, SessionEvent::Phase(Phase::Gone(_))) => Ok(End::Gone),
                (
                    _,
                    SessionEvent::Phase(Phase::Failed(failure))
                    | SessionEvent::CommandFailed(failure),
                ) => Err(failure.summary.clone()),
                // It has ended, and there was nothing that it could have said this of.
                (_, SessionEvent::Stopped) => Ok(End::Without),
                _ => continue,
            };
            bulk.waiting.remove(key);
            match end {
                Ok(end) => bulk.ended.push((key.clone(), end)),
                Err(why) => bulk.failed.push((key.clone(), why)),
            }
        }
        self.tell_ended(cx);
    }

    fn tell_ended(&mut self, cx: &mut Cx<'_>) {
        while let Some(at) = self.bulks.iter().position(|bulk| bulk.waiting.is_empty()) {
            let bulk = self.bulks.remove(at);
            if let Some(text) = self.ended_words(&bulk) {
                self.notice = Some(super::Notice {
                    text,
                    until: cx.now.saturating_add(NOTICE_OF_FAILURE),
                });
            }
        }
    }

    /// `3 paused, 1 was paused already; fix: no connection`. A single one that went well shows that by
    /// itself.
    fn ended_words(&self, bulk: &Bulk) -> Option<String> {
        let failed = bulk.failed.iter();
        let failed = failed.map(|(key, why)| format!("{}: {why}", self.list.name(key)));
        let ended = match (bulk.total, bulk.ended.first()) {
            (1, Some((_, End::Done))) => return None,
            (1, Some((key, end))) => Some(format!("{} {}", self.list.name(key), end.words(1))),
            _ => bulk.counts(),
        };
        let words: Vec<String> = ended.into_iter().chain(failed).collect();
        (!words.is_empty()).then(|| words.join("; "))
    }
}

impl Bulk {
    fn counts(&self) -> Option<String> {
        let done = match self.deed {
            Deed::Pause => "paused",
            Deed::Kill => "killed",
        };
        let ends = [End::Done, End::Already, End::Gone, End::Without];
        let counts = ends.map(|end| (end, self.ended.iter().filter(|(_, e)| *e == end).count()));
        let words: Vec<String> = counts
            .into_iter()
            .filter(|(_, count)| *count > 0)
            .map(|(end, count)| match end {
                End::Done => format!("{count} {done}"),
                other => format!("{count} {}", other.words(count)),
            })
            .collect();
        (!words.is_empty()).then(|| words.join(", "))
    }
}

impl End {
    fn words(self, count: usize) -> &'static str {
        match (self, count) {
            (Self::Done, _) => "done",
            (Self::Already, 1) => "was paused already",
            (Self::Already, _) => "were paused already",
            (Self::Gone, 1) => "is gone",
            (Self::Gone, _) => "are gone",
            (Self::Without, 1) => "has no sandbox",
            (Self::Without, _) => "have no sandbox",
        }
    }
}
