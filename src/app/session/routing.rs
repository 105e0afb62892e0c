//! Opens and shows sessions, and routes their events to them.

use std::time::Duration;

use super::OpenSession;
use crate::app::cx::Cx;
use crate::app::effect::Effect;
use crate::app::time::format;
use crate::app::{AllSessions, App, Mode, Pane};
use crate::domain::chat::ChatEvent;
use crate::domain::failure::Failure;
use crate::domain::id::SessionKey;
use crate::domain::sandbox::{EngineKind, Phase, SandboxInfo, Stage};
use crate::domain::session::{
    NewSession, SessionCommand, SessionEvent, SessionOrigin, SessionSpec, SessionSummary,
};
use crate::domain::time::UnixMillis;

impl App {
    /// Routes an event to its session. For sessions that are not open, only the state of their
    /// sandboxes matters.
    pub(in crate::app) fn session_event(
        &mut self,
        key: &SessionKey,
        event: SessionEvent,
        cx: &mut Cx<'_>,
    ) {
        if event == SessionEvent::Stopped && self.open.has_closed(key) {
            return self.closed(key, cx);
        }
        let is_shown = self.open.is_shown(key);
        let is_seen = is_shown || self.peeked() == Some(key);
        let moves = matches!(event, SessionEvent::Sandbox(_) | SessionEvent::Phase(_));
        let is_ours = self.bulk.is_closing(key);
        let all = AllSessions::new(&self.list, &self.open);
        self.bulk.session_told(key, &event, all);
        let was_running = all.seems_to_run(key);
        self.tell_bulk(cx);
        if event == SessionEvent::Phase(Phase::Paused) && !is_ours && was_running {
            self.tell_paused_elsewhere([key.clone()], cx);
        }
        let Some(event) = self.answered(key, event, cx) else {
            return;
        };
        let Some(session) = self.open.get_mut(key) else {
            self.unopened_event(key, event);
            return;
        };
        let was_resuming = session.is_resuming();
        note_in_row(self.list.row_mut(key), &event);
        note_in_session(session, &event, is_seen, self.options.utc_offset_minutes);
        let is_end = event == SessionEvent::Stopped;
        let messages = session.chat.messages();
        let may_be_behind = messages > 0 && !is_seen;
        let is_older = is_shown && matches!(&event, SessionEvent::Chat(ChatEvent::Older { .. }));
        let failed = event.failed_command().filter(|_| is_shown);
        let failed = failed.map(Failure::line);
        session.receive(event, cx);
        // It was cut off while something happened.
        if may_be_behind && session.chat.messages() > messages {
            session.note_unread();
        }
        // The chat shows it with more detail: the status line does so only if that is not visible.
        if let Some(text) = failed
            && (!self.focus.is_on(Pane::Chat) || session.chat.hides_failure())
        {
            self.status.notify_long(text, cx.now);
        }
        let begins = !was_resuming && session.is_resuming();
        if let Some(took) = session.take_resumed(cx.now)
            && is_shown
        {
            self.notify(resumed(took), cx);
        }
        if begins {
            self.tell_resuming(key, cx);
        }
        if moves {
            self.filter_unattached();
        }
        if is_older {
            self.older_loaded(cx);
        }
        if is_end {
            self.release();
        }
    }

    /// The task of a session that was closed here has ended: it is watched from now on, or it was opened
    /// again meanwhile.
    fn closed(&mut self, key: &SessionKey, cx: &mut Cx<'_>) {
        self.watched.forget(key);
        if self.open.get(key).is_some() {
            cx.ask(Effect::OpenSession(SessionSpec {
                key: key.clone(),
                origin: SessionOrigin::Stored,
            }));
        }
    }

    /// Handles answers that concern more than one session; returns any other event.
    fn answered(
        &mut self,
        key: &SessionKey,
        event: SessionEvent,
        cx: &mut Cx<'_>,
    ) -> Option<SessionEvent> {
        match event {
            SessionEvent::Conversations(answer) => self.conversations_told(key, answer, cx),
            SessionEvent::Removed(result) => self.session_removed(key, result, cx),
            SessionEvent::Server(answer) => self.server_told(key, answer, cx),
            other => return Some(other),
        }
        None
    }

    /// Handles an event of a session that is not open.
    fn unopened_event(&mut self, key: &SessionKey, event: SessionEvent) {
        match (self.list.row_mut(key), event) {
            (Some(row), SessionEvent::Phase(phase @ (Phase::Paused | Phase::Gone(_)))) => {
                row.phase = phase;
            }
            (_, SessionEvent::Activity(activity)) if self.watched.contains(key) => {
                self.list.set_activity(key, activity);
            }
            _ => {}
        }
    }

    /// Says that a resuming sandbox costs money from now on, if it does.
    fn tell_resuming(&mut self, key: &SessionKey, cx: &Cx<'_>) {
        let session = self.open.get(key);
        let sandbox = session.and_then(|session| session.sandbox());
        if sandbox.is_some_and(|sandbox| sandbox.engine == EngineKind::E2b) {
            let name = self.list.name(key);
            let words = format!("resuming {name}: its sandbox costs money while it runs");
            self.notify(words, cx);
        }
    }

    /// Drops sessions that are over and not shown; the list keeps their phase.
    fn release(&mut self) {
        for (key, phase) in self.open.release() {
            if let Some(row) = self.list.row_mut(&key) {
                row.phase = phase;
            }
        }
    }

    /// Reports sessions whose sandbox was paused elsewhere: one notice for all that were paused
    /// together, as happens when their server pauses.
    pub(in crate::app) fn tell_paused_elsewhere(
        &mut self,
        keys: impl IntoIterator<Item = SessionKey>,
        cx: &Cx<'_>,
    ) {
        let all = AllSessions::new(&self.list, &self.open);
        if let Some(text) = self.paused_elsewhere.add(keys, all, cx.now) {
            self.status.notify_long(text, cx.now);
        }
    }

    /// Updates the set of watched sessions, if it changed.
    pub(in crate::app) fn watch(&mut self, cx: &mut Cx<'_>) {
        let Mode::Full { engine, .. } = &self.options.mode else {
            return;
        };
        let all = AllSessions::new(&self.list, &self.open);
        if let Some(keys) = self.watched.choose(all, *engine) {
            self.list.keep_activities(keys);
            cx.ask(Effect::WatchSessions(keys.to_vec()));
        }
    }

    /// Extends the time of the shown session's sandbox, if it has an end.
    pub(in crate::app) fn extend(&mut self, cx: &mut Cx<'_>) {
        match self.session() {
            Some(session) if session.ends_at().is_some() => {
                session.command(SessionCommand::Extend, cx);
                // The notice may be the warning that this key answers.
                self.status.clear();
            }
            Some(_) => self.notify("this session's sandbox has no time limit", cx),
            None => {}
        }
    }

    pub(in crate::app) fn open_session(&mut self, spec: SessionSpec, cx: &mut Cx<'_>) {
        let row = self.list.row(&spec.key);
        let is_paused = row.is_some_and(|row| row.phase == Phase::Paused);
        let phase = is_paused.then_some(Phase::Paused);
        let unread = row.filter(|row| row.unread).map(|row| row.key.clone());
        self.open.open(spec, phase, cx);
        if let Some(session) = unread.and_then(|key| self.open.get_mut(&key)) {
            session.note_unread();
        }
    }

    /// Creates a session from the template and shows it; typing goes to it at once.
    pub(in crate::app) fn new_session(&mut self, cx: &mut Cx<'_>) {
        let Mode::Full {
            new,
            engine,
            project,
            ..
        } = &self.options.mode
        else {
            return;
        };
        let key = cx.ids.session_key(cx.wall);
        let new = NewSession {
            name: self.list.unique_name(&new.name),
            ..new.clone()
        };
        let mut row = summary(key.clone(), &new, *engine, cx.wall);
        row.project.clone_from(project);
        self.list.add(row);
        let spec = SessionSpec {
            key: key.clone(),
            origin: SessionOrigin::New(new),
        };
        self.open_session(spec, cx);
        self.show(key, cx);
    }

    /// Shows a session, opened if need be, with the composer focused. Resumes nothing.
    pub(in crate::app) fn show(&mut self, key: SessionKey, cx: &mut Cx<'_>) {
        if let Some(before) = self.session_mut() {
            before.chat.tick(cx);
            before.chat.save_draft(cx);
        }
        if self.open.get(&key).is_none() {
            let spec = SessionSpec {
                key: key.clone(),
                origin: SessionOrigin::Stored,
            };
            self.open_session(spec, cx);
        }
        self.list.select(&key);
        cx.ask(Effect::NoteShown(key.clone()));
        if !self.open.is_shown(&key)
            && let Some(session) = self.open.get_mut(&key)
        {
            session.chat.seen_from(cx.now);
        }
        self.open.show(key);
        self.focus.go_to(Pane::Chat);
        self.release();
    }

    pub(in crate::app) fn show_row(&mut self, index: usize, cx: &mut Cx<'_>) {
        if let Some(row) = self.list.session_at(index) {
            let key = row.key.clone();
            self.show(key, cx);
        }
    }

    /// Shows the next session further down that needs the user, wrapping around.
    pub(in crate::app) fn next_needs_you(&mut self, cx: &mut Cx<'_>) {
        match self.all_sessions().next_waiting() {
            Some(key) => self.show(key, cx),
            None => self.advise("no session needs you", cx),
        }
    }
}

/// Notes what a session's own parts do not know of an event: whether it was seen, and the user's time.
fn note_in_session(session: &mut OpenSession, event: &SessionEvent, is_seen: bool, offset: i16) {
    match event {
        SessionEvent::Revived(revival) => session.chat.say(super::revive::line(revival, offset)),
        SessionEvent::Chat(event) if !is_seen && is_news(event) => session.note_unread(),
        _ => {}
    }
}

/// Whether something has happened in a conversation, as opposed to what is only fetched.
fn is_news(event: &ChatEvent) -> bool {
    !matches!(
        event,
        ChatEvent::Resync(_)
            | ChatEvent::Older { .. }
            | ChatEvent::Conversation(_)
            | ChatEvent::Catalog(_)
            | ChatEvent::Offers(_)
            | ChatEvent::Command { .. }
            | ChatEvent::SubAgentTools(..)
    )
}

/// The row of a session that is being created.
fn summary(
    key: SessionKey,
    new: &NewSession,
    engine: EngineKind,
    now: UnixMillis,
) -> SessionSummary {
    SessionSummary {
        key,
        name: new.name.clone(),
        title: String::new(),
        sandbox: SandboxInfo {
            engine,
            id: None,
            template: Some(new.template.clone()),
            opencode_url: None,
            opencode_version: None,
            ends_at: None,
            isolation: None,
            directory: None,
            demo: new.demo,
        },
        opencode_session: None,
        phase: Phase::Booting(Stage::Create),
        project: None,
        shown: None,
        auto: false,
        pinned: false,
        archived: false,
        unread: false,
        cost: 0.0,
        changed: None,
        created: now,
        updated: now,
    }
}

/// No number below one second.
fn resumed(took: Duration) -> String {
    match took.as_secs() {
        0 => "resumed".to_owned(),
        _ => format!("resumed in {}", format::brief(took)),
    }
}

/// Notes in the row of a session what the list shows of it.
fn note_in_row(row: Option<&mut SessionSummary>, event: &SessionEvent) {
    match (row, event) {
        (Some(row), SessionEvent::Sandbox(info)) => row.sandbox = info.clone(),
        (Some(row), SessionEvent::Auto(on)) => row.auto = *on,
        (Some(row), SessionEvent::Snapshot(Some(info))) => {
            row.changed = info.changed.or(row.changed);
        }
        _ => {}
    }
}
