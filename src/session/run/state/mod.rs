//! What a session holds while it lives, and what it does with news.
//!
//! Everything is recorded before it is forwarded to the listener or posted to the server, so that a crash at any
//! instant loses nothing that was typed. [`SessionState`] works with or without a connection; `connection` adds what
//! needs one, `commands.rs` what the user asks for.
//!
//! The stored queue is authoritative, since other processes may have the session open too; the one here follows it.

mod delivery;
mod ending;
mod requests;
mod usage;

use std::sync::Arc;

use tokio::sync::watch;
use tokio::time::Instant;

use super::asked_permissions::AskedPermissions;
use super::outcome::{CommandOutcome, StoreChange};
use super::prompt_delivery::{DeliveryCall, DeliveryEvent, PromptDelivery};
use crate::domain::chat::ChatEvent;
use crate::domain::failure::Failure;
use crate::domain::id::TemplateId;
use crate::domain::log::LogLine;
use crate::domain::preferences::PromptChoice;
use crate::domain::sandbox::usage::ObservedRun;
use crate::domain::sandbox::{EngineKind, Phase};
use crate::domain::session::{PromptQueue, Revival, SessionEvent, SessionOrigin, SessionSpec};
use crate::domain::time::UnixMillis;
use crate::session::boot::cx::BootCx;
use crate::session::context::{SessionContext, wall};
use crate::session::events::EventSender;
use crate::session::recorder::Recorder;
use crate::session::sandbox::SandboxVerdict;
use crate::session::server::OpencodeServer;
use crate::session::snapshot::revive;
use crate::session::{failures, snapshot};

/// A session's own state, whatever the connection does.
pub(crate) struct SessionState {
    pub(in crate::session) context: Arc<SessionContext>,
    pub(in crate::session) events: EventSender,
    pub(in crate::session) recorder: Recorder,
    pub(in crate::session) delivery: PromptDelivery,
    /// Calls for the prompts, for the connection to start.
    calls: Vec<DeliveryCall>,
    /// The queue as last sent to the listener.
    told: Option<PromptQueue>,
    pub(in crate::session) server: Option<OpencodeServer>,
    /// When the sandbox times out, as last set here.
    lives_until: Option<UnixMillis>,
    /// The running sandbox, as its engine reported it.
    running: Option<ObservedRun>,
    /// The user wants the session back if its sandbox turns out to be gone.
    wants_revival: bool,
    /// Reported once the session is back.
    revival: Option<Revival>,
    /// Replaces the session's own template at the next boot.
    template: Option<TemplateId>,
    /// Boots started; a repeated one may proceed with what the first asked about.
    boots: u32,
    changes: watch::Receiver<u64>,
    /// The user knows that the account's plan allows less than the settings ask for.
    told_of_plan: bool,
    /// What the agent asks for.
    pub(in crate::session) requests: AskedPermissions,
    /// When to check again whether the driving process has gone.
    next_look: Instant,
}

impl SessionState {
    pub(crate) fn new(
        context: Arc<SessionContext>,
        events: EventSender,
        recorder: Recorder,
        changes: watch::Receiver<u64>,
    ) -> Self {
        Self {
            changes,
            next_look: Instant::now(),
            context,
            events,
            recorder,
            delivery: PromptDelivery::default(),
            calls: Vec::new(),
            told: None,
            server: None,
            lives_until: None,
            running: None,
            wants_revival: false,
            revival: None,
            template: None,
            boots: 0,
            told_of_plan: false,
            requests: AskedPermissions::default(),
        }
    }

    /// Sends the stored state to the listener, before anything is booted.
    pub(crate) async fn restore(&mut self) {
        if self.recorder.try_drive() {
            self.recorder.unclaim_all().await;
        }
        let composer = self.recorder.stored_composer().await;
        let Some(stored) = self.recorder.stored().await else {
            if self.recorder.stores_composer_alone() {
                let choice = PromptChoice::default();
                self.tell(SessionEvent::Restored { composer, choice }).await;
            }
            return;
        };
        let choice = stored.choice;
        self.tell(SessionEvent::Restored { composer, choice }).await;
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
        self.tell_auto().await;
        self.tell_snapshot().await;
        self.store_changed().await;
    }

    async fn tell_snapshot(&self) {
        let snapshot = snapshot::last(&self.recorder).await;
        let snapshot = snapshot.as_ref().map(snapshot::info);
        self.events.send(SessionEvent::Snapshot(snapshot)).await;
    }

    /// Waits until another process has done something that matters here. Cancel-safe.
    pub(crate) async fn elsewhere(&mut self) -> StoreChange {
        loop {
            tokio::select! {
                Ok(()) = self.changes.changed() => return StoreChange::Changed,
                () = tokio::time::sleep_until(self.next_look), if !self.recorder.holds_lock() => {
                    self.next_look = Instant::now() + self.context.timing.store_poll;
                    if self.recorder.try_drive() {
                        return StoreChange::TookOver;
                    }
                }
                else => std::future::pending().await,
            }
        }
    }

    /// Handles a change by another process.
    pub(crate) async fn on_store_change(&mut self, elsewhere: StoreChange) {
        if elsewhere == StoreChange::TookOver {
            self.recorder.unclaim_all().await;
        }
        self.tell_auto().await;
        self.store_changed().await;
    }

    /// The stored phase, whichever process wrote it.
    pub(crate) async fn stored_phase(&self) -> Option<Phase> {
        self.recorder.stored_phase().await
    }

    /// Whether this process may boot the session: because it drives it, or because the driver has booted it.
    pub(crate) async fn may_boot(&self) -> bool {
        self.recorder.holds_lock()
            || self
                .recorder
                .stored_record()
                .await
                .is_none_or(|place| place.is_complete())
    }

    /// Whether the session's sandbox exists, costs nothing, or has something to do.
    pub(crate) async fn is_wanted(&self, spec: &SessionSpec) -> bool {
        let engine = self.context.settings.engine.as_ref();
        if engine.is_none_or(|engine| engine.kind() != EngineKind::E2b) || self.has_prompts() {
            return true;
        }
        let place = match (&spec.origin, self.recorder.stored_record().await) {
            (_, Some(place)) => place,
            // From here on it can be found again, with what is typed for it.
            (SessionOrigin::New(new), None) => self.recorder.plan(new.clone(), wall()).await,
            (SessionOrigin::Stored | SessionOrigin::Attach { .. }, None) => return true,
        };
        place.sandbox.id.is_some() || place.conversation.is_some()
    }

    /// Whether a prompt waits to be sent.
    pub(crate) fn has_prompts(&self) -> bool {
        self.delivery.has_waiting()
    }

    /// Whether there is something to come back to: a sandbox, with a conversation in it.
    pub(crate) async fn has_record(&self) -> bool {
        let place = self.recorder.stored_record().await;
        place.is_some_and(|place| place.is_complete())
    }

    /// `wanted`: the sandbox is resumed if it is paused.
    pub(crate) fn boot_cx(&mut self, spec: &SessionSpec, wanted: bool) -> BootCx {
        self.boots += 1;
        BootCx {
            context: Arc::clone(&self.context),
            events: self.events.clone(),
            recorder: self.recorder.clone(),
            spec: spec.clone(),
            large_code: self.boots > 1,
            template: self.template.take(),
            joins: false,
            resumes: wanted,
        }
    }

    pub(crate) async fn booted(&mut self, server: OpencodeServer) {
        self.server = Some(server);
        self.running = None;
        if std::mem::take(&mut self.wants_revival) {
            self.command_failed(failures::not_gone()).await;
        }
    }

    /// Nothing may contact a sandbox that is not running: traffic resumes some.
    pub(crate) fn unfollow(&mut self) {
        if let Some(sandbox) = self
            .server
            .as_mut()
            .and_then(|server| server.sandbox.as_mut())
        {
            sandbox.follower = None;
        }
    }

    /// Whether a sandbox that turned out to be gone is replaced; then the next boot does it.
    pub(crate) async fn revives(&mut self) -> bool {
        if !std::mem::take(&mut self.wants_revival) {
            return false;
        }
        if !self.recorder.holds_lock() {
            self.command_failed(failures::open_elsewhere()).await;
            return false;
        }
        let Some((revival, lost)) = revive::begin(&self.recorder).await else {
            self.command_failed(failures::no_snapshot()).await;
            return false;
        };
        self.server = None;
        self.lives_until = None;
        self.running = None;
        self.revival = Some(revival);
        self.deliver(DeliveryEvent::Revived(lost.clone())).await;
        for message in lost {
            self.news(ChatEvent::MessageRemoved(message)).await;
        }
        self.store_changed().await;
        true
    }

    pub(crate) async fn announce(&mut self, phase: Phase) {
        self.recorder.phase(&phase).await;
        let is_over = matches!(phase, Phase::Paused | Phase::Gone(_));
        if is_over && !self.recorder.holds_lock() {
            // The process that drives the session has taken newer ones.
            self.tell_snapshot().await;
        }
        self.events.send(SessionEvent::Phase(phase)).await;
        if is_over {
            self.running = None;
            self.tell_runs().await;
        }
    }

    /// The boot finds out whether the sandbox is gone.
    pub(in crate::session) fn wants_revival(&mut self) {
        self.wants_revival = true;
    }

    /// Whether the user asked for a new sandbox and no boot has decided on it yet.
    pub(crate) fn is_revival_wanted(&self) -> bool {
        self.wants_revival
    }

    /// The user asks for a new sandbox while this process still has, or tries, a connection to the old one. Another
    /// process may have killed it: then the screen already says that it is gone.
    pub(in crate::session) async fn revive_connected(&mut self) -> CommandOutcome {
        if matches!(self.stored_phase().await, Some(Phase::Gone(_))) {
            self.wants_revival = true;
            return CommandOutcome::Boot;
        }
        self.command_failed(failures::not_gone()).await;
        CommandOutcome::Done
    }

    /// The next boot uses this template, if nothing is lost by it.
    pub(in crate::session) async fn use_template(
        &mut self,
        template: TemplateId,
    ) -> CommandOutcome {
        let place = self.recorder.stored_record().await;
        if place.is_some_and(|place| place.conversation.is_some()) {
            self.command_failed(failures::has_conversation()).await;
        } else if !self.recorder.holds_lock() {
            self.command_failed(failures::open_elsewhere()).await;
        } else {
            self.template = Some(template);
            return CommandOutcome::Retry;
        }
        CommandOutcome::Done
    }

    /// The conversation is available.
    pub(in crate::session) async fn connected(&mut self) {
        self.announce(Phase::Live).await;
        if let Some(revival) = self.revival.take() {
            let line = LogLine::ours(wall(), failures::revived(revival.missing));
            self.recorder.logs(vec![line.clone()]).await;
            self.events.send(SessionEvent::Logs(vec![line])).await;
            self.events.send(SessionEvent::Revived(revival)).await;
        }
    }

    /// Tells the listener alone.
    pub(crate) async fn tell(&self, event: SessionEvent) {
        self.events.send(event).await;
    }

    pub(in crate::session) async fn command_failed(&self, failure: Failure) {
        self.events.send(SessionEvent::CommandFailed(failure)).await;
    }

    /// News of the conversation: recorded, forwarded, and applied to the prompts.
    pub(crate) async fn news(&mut self, event: ChatEvent) {
        let news = self.delivery.news(&event);
        self.recorder.chat(&event).await;
        // First: a prompt that leaves the queue must be in the conversation by then.
        self.events.send(SessionEvent::Chat(event)).await;
        if let Some(news) = news {
            self.deliver(news).await;
        }
    }

    /// Asks what became of the sandbox while the connection was lost.
    pub(crate) fn verdict(&self) -> impl Future<Output = SandboxVerdict> + use<> {
        let server = self.server.clone();
        async move {
            match server {
                Some(server) => server.verdict().await,
                None => SandboxVerdict::Unknown,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;
    use tokio::sync::mpsc;

    use super::*;
    use crate::domain::session::SessionOrigin;
    use crate::net::http::HttpOptions;
    use crate::session::context::RecordStore;
    use crate::store::files::snapshots::{NewContent, StoredSnapshot};

    #[tokio::test]
    async fn a_process_that_does_not_drive_tells_the_newest_snapshot_of_a_gone_session() {
        let directory = tempfile::tempdir().unwrap();
        let records = RecordStore::open(directory.path());
        let spec = SessionSpec {
            key: "one".into(),
            origin: SessionOrigin::Stored,
        };
        let mut context = SessionContext::new(Instant::now(), HttpOptions::default());
        context.records = Some(records.clone());
        let context = Arc::new(context);
        let driving = Recorder::open(&context, &spec);
        assert!(driving.try_drive());
        let recorder = Recorder::open(&context, &spec);
        let (sender, mut events) = mpsc::channel(16);
        let events_out = EventSender::new(spec.key.clone(), sender);
        let (_tell, changes) = watch::channel(0);
        let mut serving = SessionState::new(context, events_out, recorder, changes);
        serving.restore().await;

        // Taken by the other one, and then the sandbox was killed.
        let snapshot = StoredSnapshot {
            at: UnixMillis(7),
            ..StoredSnapshot::default()
        };
        let files = &records.snapshots;
        files
            .save(&spec.key, &snapshot, &NewContent::default())
            .unwrap();
        serving
            .announce(Phase::Gone(Failure::new("it was killed")))
            .await;

        let told = std::iter::from_fn(|| events.try_recv().ok());
        let told: Vec<SessionEvent> = told.map(|(_, event)| event).collect();
        let newest = Some(snapshot::info(&snapshot));
        let at = |wanted: &SessionEvent| told.iter().position(|event| event == wanted);
        let snapshot = at(&SessionEvent::Snapshot(newest)).unwrap();
        let gone = Phase::Gone(Failure::new("it was killed"));
        assert_eq!(at(&SessionEvent::Phase(gone)), Some(snapshot + 1));
    }
}
