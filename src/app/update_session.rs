//! Which sessions are open and which one is shown; events find their way to theirs.

use std::time::Duration;

use super::clock;
use super::cx::Cx;
use super::effect::Effect;
use super::notice::{NOTICE_OF_FAILURE, Notice};
use super::opened::OpenSession;
use super::{App, Mode, Pane};
use crate::domain::id::SessionKey;
use crate::domain::sandbox::{EngineKind, Phase, SandboxInfo, Stage, State};
use crate::domain::session::{
    NewSession, Origin, SessionCommand, SessionEvent, SessionSpec, SessionSummary,
};
use crate::domain::time::UnixMillis;

impl App {
    /// Gives an event to its session. Of those that are not open, only what has become of their
    /// sandboxes is heard.
    pub(super) fn session_event(&mut self, key: &SessionKey, event: SessionEvent, cx: &mut Cx<'_>) {
        let is_shown = self.shown.as_ref() == Some(key);
        let moves = matches!(event, SessionEvent::Sandbox(_) | SessionEvent::Phase(_));
        let is_ours = self.is_being_closed(key);
        self.bulk_event(key, &event, cx);
        if event == SessionEvent::Phase(Phase::Paused) && !is_ours && self.seems_to_run(key) {
            self.paused_elsewhere([key.clone()], cx);
        }
        let Some(session) = self.open.get_mut(key) else {
            match (self.list.row_mut(key), event) {
                (Some(row), SessionEvent::Phase(phase @ (Phase::Paused | Phase::Gone(_)))) => {
                    row.phase = phase;
                }
                (_, SessionEvent::Activity(activity)) => self.activity(key, activity),
                _ => {}
            }
            return;
        };
        let was_resuming = session.is_resuming();
        match &event {
            SessionEvent::Sandbox(info) => {
                if let Some(row) = self.list.row_mut(key) {
                    row.sandbox = info.clone();
                }
            }
            SessionEvent::Revived(revival) => {
                let words = super::revive::line(revival, self.options.utc_offset_minutes);
                session.chat.say(words);
            }
            SessionEvent::Chat(_) if !is_shown => session.unread = true,
            _ => {}
        }
        let is_end = event == SessionEvent::Stopped;
        let failed = match &event {
            SessionEvent::CommandFailed(failure) if is_shown => Some(failure.summary.clone()),
            _ => None,
        };
        session.receive(event, cx);
        // The chat says it, with more words: here only where that is not in sight.
        if let Some(text) = failed
            && (self.focus != Pane::Chat || session.chat.hides_failure())
        {
            self.notice = Some(Notice {
                text,
                until: cx.now.saturating_add(NOTICE_OF_FAILURE),
            });
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
            self.sift_strangers();
        }
        if is_end {
            self.let_go();
        }
    }

    /// Says that a sandbox which is being resumed costs from now on, where it does.
    fn tell_resuming(&mut self, key: &SessionKey, cx: &Cx<'_>) {
        let session = self.open.get(key);
        let sandbox = session.and_then(|session| session.sandbox.as_ref());
        if sandbox.is_some_and(|sandbox| sandbox.engine == EngineKind::E2b) {
            let name = self.list.name(key);
            let words = format!("resuming {name}: its sandbox costs while it runs");
            self.notify(words, cx);
        }
    }

    /// Whether a session was not known to be paused or gone until now.
    fn seems_to_run(&self, key: &SessionKey) -> bool {
        let row = || self.list.row(key).map(|row| &row.phase);
        let open = self.open.get(key).map(|session| &session.phase);
        matches!(
            open.or_else(row),
            Some(Phase::Dormant | Phase::Live | Phase::Reconnecting(_) | Phase::Failed(_))
        )
    }

    /// Lets go of sessions that are over and that nobody looks at: when they are opened again, what was
    /// recorded of them is there.
    fn let_go(&mut self) {
        let (shown, list) = (&self.shown, &mut self.list);
        self.open.retain(|key, session| {
            if shown.as_ref() == Some(key) || !session.is_over() {
                return true;
            }
            if let Some(row) = list.row_mut(key) {
                row.phase = session.phase.clone();
            }
            false
        });
    }

    /// After the machine has slept: connections are dead and do not know it, so that all are made
    /// anew at once, before a silence of theirs would be noticed.
    pub(super) fn woke(&mut self, cx: &mut Cx<'_>) {
        for session in self.open.values() {
            if matches!(session.phase, Phase::Live | Phase::Reconnecting(_)) {
                session.command(SessionCommand::Reconnect, cx);
            }
        }
    }

    /// Gives the shown session's sandbox more time, where it has an end.
    pub(super) fn extend(&mut self, cx: &mut Cx<'_>) {
        match self.session() {
            Some(session) if session.ends_at().is_some() => {
                session.command(SessionCommand::Extend, cx);
                // It may be the warning that was just answered.
                self.notice = None;
            }
            Some(_) => self.notify("this session's sandbox has no time limit", cx),
            None => {}
        }
    }

    pub(super) fn open_session(&mut self, spec: SessionSpec, cx: &mut Cx<'_>) {
        let key = spec.key.clone();
        let row = self.list.row(&key);
        let is_paused = row.is_some_and(|row| row.phase == Phase::Paused);
        let phase = is_paused.then_some(Phase::Paused);
        self.open.insert(key, OpenSession::open(spec, phase, cx));
    }

    /// Makes a session by the template and shows it; typing goes to it at once.
    pub(super) fn new_session(&mut self, cx: &mut Cx<'_>) {
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
            origin: Origin::New(new),
        };
        self.open_session(spec, cx);
        self.show(key, cx);
    }

    /// Puts a session on the screen, opened if need be, with the composer ready. That resumes nothing.
    pub(super) fn show(&mut self, key: SessionKey, cx: &mut Cx<'_>) {
        if let Some(before) = self.session_mut() {
            before.chat.tick(cx);
            before.chat.save_draft(cx);
        }
        if !self.open.contains_key(&key) {
            let spec = SessionSpec {
                key: key.clone(),
                origin: Origin::Stored,
            };
            self.open_session(spec, cx);
        }
        self.list.select(&key);
        cx.ask(Effect::NoteShown(key.clone()));
        self.shown = Some(key);
        self.focus = Pane::Chat;
        if let Some(session) = self.session_mut() {
            session.unread = false;
        }
        self.let_go();
    }

    pub(super) fn show_row(&mut self, index: usize, cx: &mut Cx<'_>) {
        if let Some(row) = self.list.rows().get(index) {
            let key = row.key.clone();
            self.show(key, cx);
        }
    }

    /// Goes to the next session below that waits for the user, around the end of the list.
    pub(super) fn next_needs_you(&mut self, cx: &mut Cx<'_>) {
        let rows = self.list.rows();
        let after = rows
            .iter()
            .position(|row| Some(&row.key) == self.shown.as_ref())
            .map_or(0, |at| at + 1);
        let next = (0..rows.len())
            .map(|step| &rows[(after + step) % rows.len()])
            .find(|row| self.state_of(row) == State::NeedsYou)
            .map(|row| row.key.clone());
        match next {
            Some(key) => self.show(key, cx),
            None => self.notify("No session waits for you", cx),
        }
    }
}

/// The row of a session that is being made.
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
        created: now,
        updated: now,
    }
}

/// Less than a second is not worth a number.
fn resumed(took: Duration) -> String {
    match took.as_secs() {
        0 => "resumed".to_owned(),
        _ => format!("resumed in {}", clock::brief(took)),
    }
}
