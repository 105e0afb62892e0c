//! What a session holds while it lives, and what it does with commands and news.
//!
//! Everything is recorded before it is forwarded to the listener or posted to the server, so that a
//! crash at any instant loses nothing that was typed. [`Serving`] works with or without a
//! connection; `connection.rs` adds what needs one.
//!
//! The queue in the store is the true one, as other processes may have the session open too; the one
//! here follows it.

mod ending;
mod runs;

use std::sync::Arc;

use tokio::sync::watch;
use tokio::time::Instant;

use super::boot_cx::BootCx;
use super::events::Events;
use super::outcome::{Elsewhere, Heard, Stop};
use super::queue::Queue;
use super::recorder::Recorder;
use super::sandbox::Verdict;
use super::server::Server;
use super::world::{World, wall};
use super::{revive, snapshot, words};
use crate::domain::chat::{ChatEvent, Resync, Role, Status};
use crate::domain::failure::Failure;
use crate::domain::id::{MessageId, TemplateId};
use crate::domain::log::LogLine;
use crate::domain::runs::SeenRun;
use crate::domain::sandbox::{EngineKind, Phase};
use crate::domain::session::{
    Closing, Origin, Prompt, Revival, SessionCommand, SessionEvent, SessionSpec,
};
use crate::domain::time::UnixMillis;
use crate::store::Claim;

/// A session's own state, whatever the connection does.
pub(crate) struct Serving {
    pub(super) world: Arc<World>,
    pub(super) events: Events,
    pub(super) recorder: Recorder,
    pub(super) queue: Queue,
    pub(super) server: Option<Server>,
    /// When the sandbox's time ends, as last set here.
    lives_until: Option<UnixMillis>,
    /// The sandbox runs, as its engine has told.
    running: Option<SeenRun>,
    /// The user wants the session back if its sandbox turns out to be gone.
    wants_revival: bool,
    /// To be told once the session is back.
    revival: Option<Revival>,
    /// The next boot takes this one instead of the session's own.
    template: Option<TemplateId>,
    /// Boots begun; one that is tried again may do what the first asked about.
    boots: u32,
    changes: watch::Receiver<u64>,
    /// The user knows that the account's plan allows less than the settings want.
    told_of_plan: bool,
    /// When to look again whether the process that drives the session has gone.
    next_look: Instant,
}

impl Serving {
    pub(crate) fn new(
        world: Arc<World>,
        events: Events,
        recorder: Recorder,
        changes: watch::Receiver<u64>,
    ) -> Self {
        Self {
            changes,
            next_look: Instant::now(),
            world,
            events,
            recorder,
            queue: Queue::default(),
            server: None,
            lives_until: None,
            running: None,
            wants_revival: false,
            revival: None,
            template: None,
            boots: 0,
            told_of_plan: false,
        }
    }

    /// Tells the listener what is stored, before anything is booted.
    pub(crate) async fn restore(&mut self) {
        if self.recorder.try_drive() {
            self.recorder.unclaim_all().await;
        }
        let Some(stored) = self.recorder.stored().await else {
            return;
        };
        self.events
            .send(SessionEvent::Restored {
                draft: stored.draft,
            })
            .await;
        let sandbox = SessionEvent::Sandbox(stored.sandbox);
        self.events.send(sandbox).await;
        if let Some(resync) = stored.transcript {
            self.events
                .send(SessionEvent::Chat(ChatEvent::Resync(Box::new(resync))))
                .await;
        }
        if !stored.logs.is_empty() {
            self.events.send(SessionEvent::Logs(stored.logs)).await;
        }
        self.tell_runs().await;
        let snapshot = snapshot::last(&self.recorder).await;
        let snapshot = snapshot.as_ref().map(snapshot::info);
        self.events.send(SessionEvent::Snapshot(snapshot)).await;
        self.store_changed().await;
    }

    /// Waits until another process has done something that matters here. Cancel-safe.
    pub(crate) async fn elsewhere(&mut self) -> Elsewhere {
        loop {
            tokio::select! {
                Ok(()) = self.changes.changed() => return Elsewhere::Changed,
                () = tokio::time::sleep_until(self.next_look), if !self.recorder.drives() => {
                    self.next_look = Instant::now() + self.world.timing.store_poll;
                    if self.recorder.try_drive() {
                        return Elsewhere::TookOver;
                    }
                }
                else => std::future::pending().await,
            }
        }
    }

    /// Deals with what another process did.
    pub(crate) async fn heard_of(&mut self, elsewhere: Elsewhere) {
        if elsewhere == Elsewhere::TookOver {
            self.recorder.unclaim_all().await;
        }
        self.store_changed().await;
    }

    /// Shows the queue as it is stored.
    async fn store_changed(&mut self) {
        if let Some(stored) = self.recorder.queue().await
            && self.queue.adopt(stored.waiting, stored.held)
        {
            self.tell_queue().await;
        }
    }

    /// What the store has of it, whoever has said so.
    pub(crate) async fn stored_phase(&self) -> Option<Phase> {
        self.recorder.stored_phase().await
    }

    /// Whether the session is booted here: by the process that drives it, or once that has done so.
    pub(crate) async fn may_boot(&self) -> bool {
        self.recorder.drives()
            || self
                .recorder
                .stored_place()
                .await
                .is_none_or(|place| place.is_complete())
    }

    /// Whether the session's sandbox is there, costs nothing, or has something to do.
    pub(crate) async fn is_wanted(&self, spec: &SessionSpec) -> bool {
        let engine = self.world.settings.engine.as_ref();
        if engine.is_none_or(|engine| engine.kind() != EngineKind::E2b) || self.has_prompts() {
            return true;
        }
        let place = match (&spec.origin, self.recorder.stored_place().await) {
            (_, Some(place)) => place,
            // From here on it can be found again, with what is typed for it.
            (Origin::New(new), None) => self.recorder.plan(new.clone(), wall()).await,
            (Origin::Stored | Origin::Attach { .. }, None) => return true,
        };
        place.sandbox.id.is_some() || place.conversation.is_some()
    }

    /// Whether a prompt waits to be sent.
    pub(crate) fn has_prompts(&self) -> bool {
        !self.queue.waiting().is_empty()
    }

    /// Whether there is something to come back to: a sandbox, with a conversation in it.
    pub(crate) async fn has_place(&self) -> bool {
        let place = self.recorder.stored_place().await;
        place.is_some_and(|place| place.is_complete())
    }

    /// `wanted`: the sandbox is resumed if it is paused.
    pub(crate) fn boot_cx(&mut self, spec: &SessionSpec, wanted: bool) -> BootCx {
        self.boots += 1;
        BootCx {
            world: Arc::clone(&self.world),
            events: self.events.clone(),
            recorder: self.recorder.clone(),
            spec: spec.clone(),
            large_code: self.boots > 1,
            template: self.template.take(),
            joins: false,
            resumes: wanted,
        }
    }

    pub(crate) async fn booted(&mut self, server: Server) {
        self.server = Some(server);
        self.running = None;
        if std::mem::take(&mut self.wants_revival) {
            self.command_failed(words::not_gone()).await;
        }
    }

    /// Nobody calls at a sandbox that does not run: some are resumed by that.
    pub(crate) fn unfollow(&mut self) {
        if let Some(sandbox) = self
            .server
            .as_mut()
            .and_then(|server| server.sandbox.as_mut())
        {
            sandbox.follower = None;
        }
    }

    /// Whether a sandbox that has turned out to be gone is to be replaced; then the next boot does.
    pub(crate) async fn revives(&mut self) -> bool {
        if !std::mem::take(&mut self.wants_revival) {
            return false;
        }
        if !self.recorder.drives() {
            self.command_failed(words::open_elsewhere()).await;
            return false;
        }
        let Some((revival, lost)) = revive::begin(&self.recorder).await else {
            self.command_failed(words::no_snapshot()).await;
            return false;
        };
        self.server = None;
        self.lives_until = None;
        self.running = None;
        self.revival = Some(revival);
        for message in lost {
            self.news(ChatEvent::MessageRemoved(message)).await;
        }
        self.store_changed().await;
        true
    }

    pub(crate) async fn announce(&mut self, phase: Phase) {
        self.recorder.phase(&phase).await;
        let is_over = matches!(phase, Phase::Paused | Phase::Gone(_));
        self.events.send(SessionEvent::Phase(phase)).await;
        if is_over {
            self.running = None;
            self.tell_runs().await;
        }
    }

    /// A command while there is no connection.
    pub(crate) async fn offline(&mut self, command: SessionCommand) -> Result<Heard, Stop> {
        match command {
            SessionCommand::Prompt(prompt) => {
                // First: it is on the screen already, and a kill must not find it there alone.
                self.recorder.enqueue(&prompt).await;
                self.recorder.history(prompt.text.clone()).await;
                self.recorder.touch(wall()).await;
                self.queue.push(prompt);
                self.tell_queue().await;
            }
            SessionCommand::Unqueue(id) => {
                let is_ours = self.recorder.dequeue(&id).await;
                if self.queue.remove(&id).is_some() {
                    self.tell_queue().await;
                    if !is_ours {
                        let failure = Failure::new("that prompt had already been sent");
                        self.command_failed(failure).await;
                    }
                }
            }
            SessionCommand::ReleaseQueue => {
                self.recorder.hold(false).await;
                self.queue.release();
                self.tell_queue().await;
            }
            SessionCommand::SaveDraft(draft) => self.recorder.draft(draft).await,
            SessionCommand::Retry => return Ok(Heard::Retry),
            SessionCommand::Reconnect => {
                self.world.woke().await;
                return Ok(Heard::Retry);
            }
            SessionCommand::UseTemplate(template) => {
                let place = self.recorder.stored_place().await;
                if place.is_some_and(|place| place.conversation.is_some()) {
                    self.command_failed(words::has_conversation()).await;
                } else if !self.recorder.drives() {
                    self.command_failed(words::open_elsewhere()).await;
                } else {
                    self.template = Some(template);
                    return Ok(Heard::Retry);
                }
            }
            // The boot finds out whether it is gone.
            SessionCommand::Revive => {
                self.wants_revival = true;
                return Ok(Heard::Retry);
            }
            SessionCommand::Pause => return Err(Stop(Closing::Pause)),
            SessionCommand::Kill => return Err(Stop(Closing::Kill)),
            SessionCommand::SendNow(_)
            | SessionCommand::Abort
            | SessionCommand::Extend
            | SessionCommand::ReplyPermission { .. }
            | SessionCommand::ReplyQuestion { .. }
            | SessionCommand::LoadOlder => {
                let is_paused = self.stored_phase().await == Some(Phase::Paused);
                self.command_failed(words::not_connected(is_paused)).await;
            }
        }
        Ok(Heard::Done)
    }

    /// The conversation is here.
    pub(super) async fn connected(&mut self) {
        self.announce(Phase::Live).await;
        if let Some(revival) = self.revival.take() {
            let line = LogLine::ours(wall(), words::revived(revival.missing));
            self.recorder.logs(vec![line.clone()]).await;
            self.events.send(SessionEvent::Logs(vec![line])).await;
            self.events.send(SessionEvent::Revived(revival)).await;
        }
    }

    pub(super) async fn command_failed(&self, failure: Failure) {
        self.events.send(SessionEvent::CommandFailed(failure)).await;
    }

    /// Asks for a prompt that left the queue, to post it; `even_held`: also past a held queue.
    pub(super) async fn claim(&mut self, prompt: &Prompt, even_held: bool) -> bool {
        let claim = self.recorder.claim(&prompt.message, even_held).await;
        match claim {
            Claim::Granted => {}
            Claim::Held => self.queue.put_back(prompt.clone(), true),
            Claim::Gone => self.queue.gone(),
        }
        self.tell_queue().await;
        claim == Claim::Granted
    }

    /// Holds what waits, here and elsewhere.
    pub(super) async fn hold(&mut self) {
        self.recorder.hold(true).await;
        self.queue.hold();
        self.tell_queue().await;
    }

    pub(super) async fn posted(&mut self, id: &MessageId) {
        self.recorder.posted(id).await;
    }

    /// A prompt did not reach the server, or was `refused`: it is in the queue again.
    pub(super) async fn not_posted(&mut self, prompt: Prompt, failure: Failure, refused: bool) {
        self.recorder.unclaim(&prompt.message, refused).await;
        self.queue.put_back(prompt, refused);
        self.tell_queue().await;
        if refused {
            self.command_failed(failure).await;
        }
    }

    /// News of the conversation: recorded, weighed for the queue, forwarded.
    pub(crate) async fn news(&mut self, event: ChatEvent) {
        self.recorder.chat(&event).await;
        match &event {
            ChatEvent::Error(_) => self.queue.turn_failed(),
            ChatEvent::Status(Status::Idle) => self.queue.turn_ended(),
            ChatEvent::Status(_) => self.queue.turn_began(),
            ChatEvent::Message(message) if message.role == Role::Assistant => {
                let prompt = message.parent.as_ref();
                if message.is_over() {
                    self.queue.answer_began(prompt);
                } else {
                    self.queue.answer_is(&message.id, prompt);
                }
            }
            ChatEvent::Part(part) if part.says_something() => {
                self.queue.answered_in(&part.message);
            }
            ChatEvent::Delta { message, .. } => self.queue.answered_in(message),
            ChatEvent::Resync(resync) => self.weigh(resync).await,
            _ => {}
        }
        self.events.send(SessionEvent::Chat(event)).await;
    }

    /// Moves the queue by what the server holds.
    async fn weigh(&mut self, resync: &Resync) {
        let waiting = self.queue.waiting();
        let delivered = waiting.iter().map(|prompt| &prompt.message);
        let delivered: Vec<&MessageId> = delivered.filter(|id| resync.holds(id)).collect();
        for id in &delivered {
            self.recorder.posted(id).await;
            self.queue.delivered(id, resync.answers(id));
        }
        if !delivered.is_empty() {
            self.tell_queue().await;
        }
        if resync.status == Status::Idle {
            self.queue.turn_ended();
        } else {
            self.queue.turn_began();
        }
        if self.queue.in_flight().is_some_and(|id| resync.answers(id)) {
            self.queue.answer_began(None);
        }
    }

    pub(super) async fn tell_queue(&self) {
        let event = SessionEvent::Queue {
            prompts: self.queue.waiting(),
            held: self.queue.is_held(),
        };
        self.events.send(event).await;
    }

    /// Says what has become of the sandbox while the connection was lost.
    pub(crate) fn verdict(&self) -> impl Future<Output = Verdict> + use<> {
        let server = self.server.clone();
        async move {
            match server {
                Some(server) => server.verdict().await,
                None => Verdict::Unknown,
            }
        }
    }
}
