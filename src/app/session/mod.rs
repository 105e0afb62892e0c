//! An open session: what its task has reported so far. It keeps running while another session is
//! shown.
//!
//! In reading order: `open_sessions` holds all open sessions, `routing` opens and shows them and
//! routes their events; `boot` is the progress of a boot with the actions if it fails, `peek` looks at another session,
//! `revive` how a gone session comes back, `password` asks for a server's password; `lists` opens
//! lists of the conversation, `conversations` those beside it, `composer_notices` are notices, most
//! of them about the composer, `situation` is what their advice depends on; `row_actions` performs what the list
//! asks for its rows; `time_left` and `cost` are the texts for both. The list of all sessions, open or not, is `app/sessions`.

pub mod boot;
pub(super) mod composer_notices;
mod conversations;
pub(super) mod cost;
mod lists;
pub(super) mod open_sessions;
mod password;
pub(super) mod paused_elsewhere;
mod peek;
pub(super) mod revive;
pub(super) mod routing;
mod row_actions;
pub(super) mod situation;
pub(super) mod start;
pub(super) mod time_left;

use std::time::Duration;

use super::chat::{Chat, Delivery};
use super::cx::Cx;
use super::effect::Effect;
use super::logs::Logs;
use super::overlay::changes::state::ChangesState;
use super::overlay::server::state::ServerState;
use crate::domain::chat::ChatEvent;
use crate::domain::failure::advice::Advice;
use crate::domain::id::{MessageId, SessionKey};
use crate::domain::sandbox::usage::Usage;
use crate::domain::sandbox::{Phase, SandboxInfo, SessionStatus, Stage};
use crate::domain::session::{
    SessionCommand, SessionEvent, SessionOrigin, SessionSpec, SnapshotInfo,
};
use crate::domain::time::{Monotonic, UnixMillis};
use boot::Boot;
use time_left::TimeLeft;

/// Whether a session's task accepts commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Task {
    Serves,
    /// `is_stored`: since then, the store has caught up with the task's last report.
    Ended {
        is_stored: bool,
    },
}

/// One session's task, as the program sees it. Chat and logs keep their own state.
#[derive(Debug)]
pub(super) struct OpenSession {
    key: SessionKey,
    phase: Phase,
    boot: Boot,
    /// Unknown until the task reports it.
    sandbox: Option<SandboxInfo>,
    pub(super) chat: Chat,
    pub(super) logs: Logs,
    /// Something happened while another session was shown.
    unread: bool,
    /// The last state shown to the user, kept to know since when it holds.
    state: SessionStatus,
    state_since: Monotonic,
    /// What its server has told of itself.
    pub(super) server: ServerState,
    pub(super) changes: ChangesState,
    /// The newest snapshot, in case the sandbox is lost.
    snapshot: Option<SnapshotInfo>,
    /// How long the session's sandboxes ran, if they cost money.
    usage: Usage,
    /// Since when a paused sandbox is being resumed.
    resumes: Option<Monotonic>,
    /// The last warning about the sandbox's end, by the time that was left.
    warned: Option<Duration>,
    /// How to open it again once its task has ended.
    origin: SessionOrigin,
    task: Task,
    restored: bool,
    /// Its server wants a password, and the user was not asked yet.
    password_due: bool,
}

impl OpenSession {
    /// Opens the session: requests its task, which reports the rest. Until then the session is in
    /// this `phase`, if a stored one says more than that it boots.
    pub(super) fn open(spec: SessionSpec, phase: Option<Phase>, cx: &mut Cx<'_>) -> Self {
        cx.ask(Effect::OpenSession(spec.clone()));
        let chat = Chat::new(spec.key.clone());
        let chat = match spec.origin {
            SessionOrigin::Attach { .. } => chat.attached(),
            SessionOrigin::New(_) | SessionOrigin::Stored => chat,
        };
        let mut session = Self {
            phase: phase.unwrap_or(Phase::Booting(match spec.origin {
                SessionOrigin::New(_) => Stage::Create,
                SessionOrigin::Stored | SessionOrigin::Attach { .. } => Stage::Subscribe,
            })),
            boot: Boot::new(cx.now),
            sandbox: None,
            chat,
            logs: Logs::default(),
            unread: false,
            state: SessionStatus::Booting,
            state_since: cx.now,
            server: ServerState::default(),
            changes: ChangesState::default(),
            snapshot: None,
            usage: Usage::default(),
            resumes: None,
            warned: None,
            origin: match spec.origin {
                // A created session is not created again.
                SessionOrigin::New(_) | SessionOrigin::Stored => SessionOrigin::Stored,
                attach @ SessionOrigin::Attach { .. } => attach,
            },
            task: Task::Serves,
            restored: false,
            password_due: false,
            key: spec.key,
        };
        session.tell_reach();
        session
    }

    pub(super) fn phase(&self) -> &Phase {
        &self.phase
    }

    pub(super) fn boot(&self) -> &Boot {
        &self.boot
    }

    /// Its sandbox, once the task has reported it.
    pub(super) fn sandbox(&self) -> Option<&SandboxInfo> {
        self.sandbox.as_ref()
    }

    /// Whether its sandbox is paused or gone: then only what is stored here can be asked.
    pub(super) fn is_asleep(&self) -> bool {
        let is_over = matches!(self.phase, Phase::Paused | Phase::Gone(_));
        is_over && self.attached_to().is_none()
    }

    /// The newest snapshot, in case the sandbox is lost.
    pub(super) fn snapshot(&self) -> Option<&SnapshotInfo> {
        self.snapshot.as_ref()
    }

    /// How long its sandboxes ran, if they cost money.
    pub(super) fn usage(&self) -> &Usage {
        &self.usage
    }

    /// The server that it is attached to, if someone else runs it.
    pub(super) fn attached_to(&self) -> Option<&SessionOrigin> {
        matches!(self.origin, SessionOrigin::Attach { .. }).then_some(&self.origin)
    }

    /// Whether something happened while another session was shown.
    pub(super) fn is_unread(&self) -> bool {
        self.unread
    }

    /// Something happened while another session was shown.
    pub(super) fn note_unread(&mut self) {
        self.unread = true;
    }

    /// The session is on the screen.
    pub(super) fn read(&mut self) {
        self.unread = false;
    }

    /// Since when it is in its state.
    pub(super) fn state_since(&self) -> Monotonic {
        self.state_since
    }

    pub(super) fn state(&self) -> SessionStatus {
        SessionStatus::of(&self.phase, self.chat.is_busy(), self.chat.needs_you())
    }

    /// Whether something would keep running, or wait, if the user quit now.
    pub(super) fn is_at_work(&self) -> bool {
        self.chat.is_busy() || self.chat.queue_len() > 0
    }

    /// Whether nothing more happens here, and everything is recorded.
    pub(super) fn is_over(&self) -> bool {
        !self.is_served() && matches!(self.phase, Phase::Gone(_)) && self.holds_nothing()
    }

    /// Whether neither a text nor a prompt of the user's waits here.
    pub(super) fn holds_nothing(&self) -> bool {
        self.chat.composer_is_empty() && self.chat.queue_len() == 0
    }

    pub(super) fn receive(&mut self, event: SessionEvent, cx: &mut Cx<'_>) {
        match event {
            // On reopening, the composer is newer than the store.
            SessionEvent::Restored { composer, choice } => {
                self.chat.restored_choice(choice);
                if std::mem::replace(&mut self.restored, true) {
                    // The log is sent from its beginning as well.
                    self.logs.clear();
                } else {
                    self.chat.restored(composer);
                }
            }
            SessionEvent::Sandbox(info) => self.sandbox = Some(info),
            SessionEvent::Boot(event) => self.boot.receive(event, cx.now),
            SessionEvent::Phase(phase) => self.phase_changed(phase, cx),
            SessionEvent::Chat(event) => {
                if let ChatEvent::Error(error) = &event {
                    self.server.plugins.told(&error.message);
                }
                self.chat.receive(event, cx);
            }
            SessionEvent::Logs(lines) => {
                self.server.plugins.logged(&lines);
                self.logs.append(lines);
            }
            SessionEvent::Queue(queue) => self.chat.queue_changed(queue),
            SessionEvent::FilesFound { query, paths } => self.chat.files_found(&query, paths, cx),
            SessionEvent::Undone(prompt) => self.chat.undone(&prompt, cx),
            SessionEvent::Redone => self.chat.redone(),
            SessionEvent::Runs(usage) => self.usage = usage,
            SessionEvent::Snapshot(snapshot) => self.snapshot = snapshot,
            // The root words a revival, and opens conversations; the chat knows its activity.
            // The log has a line about an automatic answer.
            SessionEvent::Auto(on) => self.chat.set_auto(on),
            SessionEvent::Revived(_)
            | SessionEvent::Activity(_)
            | SessionEvent::Answered(_)
            | SessionEvent::Conversations(_)
            | SessionEvent::Removed(_)
            | SessionEvent::Server(_) => {}
            SessionEvent::CommandFailed(failure) => self.chat.command_failed(&failure),
            SessionEvent::CommandRefused { command, failure } => {
                self.chat.command_refused(&command, &failure, cx.now);
            }
            SessionEvent::Stopped => {
                self.chat.task_ended();
                self.task = Task::Ended { is_stored: false };
                if self.origin == SessionOrigin::Stored {
                    // From here on, the store knows the state of its sandbox.
                    cx.ask(Effect::ListSessions);
                }
                self.tell_reach();
            }
        }
    }

    fn phase_changed(&mut self, phase: Phase, cx: &mut Cx<'_>) {
        let booting = |phase: &Phase| matches!(phase, Phase::Booting(_));
        if booting(&phase) != booting(&self.phase)
            && matches!(phase, Phase::Booting(_) | Phase::Live)
        {
            // A new boot, or the end of one.
            self.boot = Boot::new(cx.now);
        }
        if matches!(phase, Phase::Paused | Phase::Gone(_)) {
            self.resumes = None;
        }
        if matches!(phase, Phase::Paused | Phase::Gone(_) | Phase::Failed(_)) {
            self.chat.nobody_asks(cx.now);
        }
        if booting(&phase) && self.phase == Phase::Paused {
            self.resumes = Some(cx.now);
        }
        self.phase = phase;
        self.password_due = self.lacks_password();
        self.tell_reach();
    }

    /// Whether its server wants a password that it was not given.
    fn lacks_password(&self) -> bool {
        let Phase::Failed(failure) = &self.phase else {
            return false;
        };
        failure.next.advice.contains(&Advice::EnterPassword)
    }

    /// A task that has ended accepts no prompt, whatever it reported last; if the sandbox still
    /// exists, the next prompt opens the session again.
    fn tell_reach(&mut self) {
        let has_ended = !self.is_served();
        self.chat.set_delivery(match self.phase {
            Phase::Gone(_) => Delivery::Never,
            Phase::Dormant | Phase::Paused | Phase::Failed(_) if has_ended => Delivery::Asleep,
            _ if has_ended => Delivery::Never,
            Phase::Live => Delivery::Live,
            Phase::Dormant
            | Phase::Booting(_)
            | Phase::Reconnecting(_)
            | Phase::Paused
            | Phase::Failed(_) => Delivery::Later,
        });
    }

    /// Notes since when the session is in its state; called after each change.
    pub(super) fn settle(&mut self, now: Monotonic) {
        self.chat.note_unread_files();
        let state = self.state();
        if state != self.state {
            self.state = state;
            self.state_since = now;
        }
    }

    /// How long the turn has been running, the same wherever it is shown.
    pub(super) fn works_for(&self, now: Monotonic) -> Duration {
        let turn = self.chat.turn_time(now);
        turn.unwrap_or_else(|| now.saturating_sub(self.state_since))
    }

    /// Whether its task accepts commands.
    pub(super) fn is_served(&self) -> bool {
        self.task == Task::Serves
    }

    /// Retries now, which resumes a paused sandbox; restarts a task that has ended.
    pub(super) fn retry(&mut self, cx: &mut Cx<'_>) {
        self.wake(cx);
        self.command(SessionCommand::Retry, cx);
    }

    /// Restarts a task that has ended, so that it accepts commands. This alone resumes nothing.
    pub(super) fn wake(&mut self, cx: &mut Cx<'_>) {
        if self.is_served() {
            return;
        }
        self.task = Task::Serves;
        self.resumes = (self.phase == Phase::Paused).then_some(cx.now);
        self.phase = Phase::Booting(Stage::Subscribe);
        self.boot = Boot::new(cx.now);
        self.tell_reach();
        cx.ask(Effect::OpenSession(SessionSpec {
            key: self.key.clone(),
            origin: self.origin.clone(),
        }));
    }

    /// Restarts its task for these commands.
    pub(super) fn wake_for(&mut self, commands: Vec<SessionCommand>, cx: &mut Cx<'_>) {
        self.wake(cx);
        for command in commands {
            self.command(command, cx);
        }
    }

    /// Handles the stored state of a session whose task has ended: if it was resumed or revived
    /// elsewhere, it continues here. A state older than the task's end is ignored.
    pub(super) fn stored(&mut self, phase: &Phase, cx: &mut Cx<'_>) {
        let Task::Ended { is_stored } = &mut self.task else {
            return;
        };
        if std::mem::discriminant(phase) == std::mem::discriminant(&self.phase) {
            *is_stored = true;
        } else if *is_stored && *phase == Phase::Dormant {
            self.wake(cx);
        }
    }

    /// Resumes its sandbox if it is paused.
    pub(super) fn resume(&mut self, cx: &mut Cx<'_>) {
        if self.phase == Phase::Paused {
            self.retry(cx);
        }
    }

    /// Whether its sandbox was paused, and is not in use yet.
    pub(super) fn is_resuming(&self) -> bool {
        self.resumes.is_some()
    }

    /// How long resuming the sandbox took; returned once, when it is in use again.
    pub(super) fn take_resumed(&mut self, now: Monotonic) -> Option<Duration> {
        if self.phase != Phase::Live {
            return None;
        }
        self.resumes.take().map(|began| now.saturating_sub(began))
    }

    /// Continues in a new sandbox. A task that has ended is restarted, and first checks whether the
    /// sandbox is really gone.
    pub(super) fn revive(&mut self, cx: &mut Cx<'_>) {
        self.wake(cx);
        self.command(SessionCommand::Revive, cx);
    }

    pub(super) fn command(&self, command: SessionCommand, cx: &mut Cx<'_>) {
        cx.ask(Effect::Command(self.key.clone(), command));
    }

    /// The time left of a running sandbox that has an end.
    pub(super) fn left(&self, wall: UnixMillis) -> Option<TimeLeft> {
        let ends_at = self.ends_at()?;
        let runs = !matches!(self.phase, Phase::Paused | Phase::Gone(_));
        runs.then(|| TimeLeft::until(ends_at, wall))
    }

    /// The warning about the sandbox's end that is due and was not given yet.
    pub(super) fn take_warning(&mut self, wall: UnixMillis) -> Option<TimeLeft> {
        let left = self.left(wall);
        let due = left.and_then(TimeLeft::warning);
        let before = std::mem::replace(&mut self.warned, due);
        // Less time left is another warning; more means that the time was extended.
        left.filter(|_| due.is_some() && before.is_none_or(|before| due < Some(before)))
    }

    /// The last prompt of the conversation.
    pub(super) fn last_prompt(&self) -> Option<MessageId> {
        self.chat.last_prompt()
    }

    /// When the sandbox's time ends, if it does.
    pub(super) fn ends_at(&self) -> Option<UnixMillis> {
        self.sandbox.as_ref().and_then(|info| info.ends_at)
    }
}
