//! One session's life, in order: restore the stored state, boot, connect, serve until asked to stop.
//!
//! Commands are handled at any time: while the sandbox boots, a prompt is queued, a draft is stored, a kill is done.
//! A paused sandbox is resumed only on request; opening a session or viewing it is none. This code emits the
//! [phases](crate::domain::session::SessionEvent::Phase) that the screen needs. It knows no screen and no wire
//! format.

use std::convert::Infallible;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::commands;
use super::connection::{Connection, ConnectionInput};
use super::inbox::CommandInbox;
use super::inquiry::SandboxInquiry;
use super::outcome::{CommandOutcome, Disconnect, StopSession, StoreChange};
use super::retry_state::RetryState;
use super::state::SessionState;
use crate::domain::sandbox::{BootEvent, Phase, Stage};
use crate::domain::session::{CloseAction, SessionCommand, SessionEvent, SessionSpec};
use crate::net::random;
use crate::session::boot;
use crate::session::context::SessionContext;
use crate::session::context::wall;
use crate::session::events::EventSender;
use crate::session::failures;
use crate::session::recorder::Recorder;
use crate::session::sandbox::SandboxVerdict;

/// The channels of a session's task.
pub(crate) struct Channels {
    pub(crate) context: Arc<SessionContext>,
    pub(crate) events: EventSender,
    pub(crate) inbox: CommandInbox<SessionCommand>,
    /// Changes when another process has written to the store.
    pub(crate) changes: watch::Receiver<u64>,
}

/// How the task is asked to end, and what becomes of the sandbox then.
pub(crate) struct StopRequest {
    pub(crate) cancel: CancellationToken,
    pub(crate) policy: watch::Receiver<CloseAction>,
}

/// What ends a wait, besides a retry command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum WaitEnd {
    Retry,
    Prompt,
    /// A change by the process that drives the session.
    Change,
    Time(Duration),
}

/// Runs a session until it is closed.
pub(crate) async fn run(spec: SessionSpec, doors: Channels, ending: StopRequest) {
    let Channels {
        context,
        events,
        inbox,
        changes,
    } = doors;
    let recorder = Recorder::open(&context, &spec);
    let mut serving = SessionState::new(Arc::clone(&context), events, recorder, changes);
    serving.restore().await;
    let mut life = Driver {
        spec: context.settled(spec).await,
        context,
        serving,
        inbox,
        ending,
        wanted: false,
        inquiry: SandboxInquiry::default(),
    };
    let Err(StopSession(closing)) = Box::pin(life.live()).await;
    commands::store_all(&mut life.serving, life.inbox.close()).await;
    life.serving.end(closing).await;
}

/// The reason shown for a connection that the user asked to replace.
const GIVEN_UP: &str = "the connection was given up for a new one";

/// Retries of a transient failure before there is anything to come back to; then the user is asked.
const TRIES: u32 = 3;

struct Driver {
    context: Arc<SessionContext>,
    spec: SessionSpec,
    serving: SessionState,
    inbox: CommandInbox<SessionCommand>,
    ending: StopRequest,
    /// Somebody asked for the sandbox since it was last connected: a paused one is resumed.
    wanted: bool,
    /// What became of the sandbox, asked while the connection is lost.
    inquiry: SandboxInquiry,
}

impl Driver {
    /// Boots, serves, recovers from failures; only a [`StopSession`] ends it.
    async fn live(&mut self) -> Result<Infallible, StopSession> {
        self.wait_until_wanted().await?;
        let mut outage = RetryState::of_boots(&self.context.timing);
        self.wait_if_over().await?;
        loop {
            self.wait_for_driver().await?;
            let resumes = self.wanted;
            let work = boot::boot(self.serving.boot_cx(&self.spec, resumes));
            let work = Box::pin(work);
            let Some(booted) = self.during(work).await? else {
                continue;
            };
            let phase = match booted {
                Err(Phase::Failed(failure))
                    if let Some(least) = failure.passing
                        && (outage.attempt() < TRIES || self.serving.has_record().await) =>
                {
                    self.wait_out(&mut outage, failures::in_passing(&failure), least)
                        .await?;
                    continue;
                }
                Ok(server) => {
                    outage.over();
                    self.wanted = false;
                    self.serving.booted(server).await;
                    let ended = Box::pin(self.stay_connected()).await;
                    self.inquiry.forget();
                    match ended? {
                        // It was asked for after the connection was lost.
                        Some(phase @ Phase::Paused) if self.wanted => {
                            self.serving.unfollow();
                            self.serving.announce(phase).await;
                            continue;
                        }
                        // So was a new one: the boot finds out again that the old one is gone.
                        Some(Phase::Gone(_)) if self.serving.is_revival_wanted() => continue,
                        Some(phase) => phase,
                        None => continue,
                    }
                }
                Err(Phase::Gone(_)) if self.serving.revives().await => continue,
                // The request came while the boot asked the engine.
                Err(Phase::Paused) if self.wanted && !resumes => continue,
                Err(phase) => phase,
            };
            if matches!(phase, Phase::Paused | Phase::Gone(_)) {
                self.serving.unfollow();
            }
            let until = match phase {
                // As the screen says: a prompt to a paused sandbox resumes it.
                Phase::Paused => WaitEnd::Prompt,
                Phase::Failed(_) if !self.serving.recorder.holds_lock() => WaitEnd::Change,
                _ => WaitEnd::Retry,
            };
            if phase == Phase::Failed(failures::driven_elsewhere()) {
                self.tell_of_driver().await;
            } else {
                self.serving.announce(phase).await;
            }
            self.wait(until).await?;
            outage.over();
        }
    }

    /// Shows a session that is stored as gone or paused, until somebody wants it back.
    async fn wait_if_over(&mut self) -> Result<(), StopSession> {
        // What ended it is known; whether it is still so is asked when somebody wants it back.
        match self.serving.stored_phase().await {
            Some(gone @ Phase::Gone(_)) => {
                self.serving.announce(gone).await;
                self.wait(WaitEnd::Retry).await?;
            }
            Some(Phase::Paused) => {
                self.serving.announce(Phase::Paused).await;
                self.wait(WaitEnd::Prompt).await?;
            }
            _ => {}
        }
        Ok(())
    }

    /// A sandbox costs, so none is created before it has something to do.
    async fn wait_until_wanted(&mut self) -> Result<(), StopSession> {
        if self.serving.is_wanted(&self.spec).await {
            return Ok(());
        }
        self.serving.announce(Phase::Dormant).await;
        loop {
            tokio::select! {
                biased;
                () = self.ending.cancel.cancelled() => return Err(self.asked()),
                Some(command) = self.inbox.recv() => {
                    self.hear(&command);
                    let is_typing = matches!(&command, SessionCommand::SaveDraft(text) if !text.is_empty());
                    let is_asked = commands::handle(&mut self.serving, None, command).await? == CommandOutcome::Retry;
                    if is_asked || is_typing && self.context.settings.warm_start {
                        return Ok(());
                    }
                }
                elsewhere = self.serving.elsewhere() => self.serving.on_store_change(elsewhere).await,
            }
            if self.serving.has_prompts() {
                return Ok(());
            }
        }
    }

    /// If another process boots the session, waits until it has finished.
    async fn wait_for_driver(&mut self) -> Result<(), StopSession> {
        if self.serving.may_boot().await {
            return Ok(());
        }
        self.tell_of_driver().await;
        while !self.serving.may_boot().await {
            tokio::select! {
                biased;
                () = self.ending.cancel.cancelled() => return Err(self.asked()),
                Some(command) = self.inbox.recv() => {
                    self.hear(&command);
                    commands::handle(&mut self.serving, None, command).await?;
                }
                elsewhere = self.serving.elsewhere() => self.serving.on_store_change(elsewhere).await,
            }
        }
        Ok(())
    }

    /// Records whether a command asks for a running sandbox.
    fn hear(&mut self, command: &SessionCommand) {
        self.wanted |= matches!(
            command,
            SessionCommand::Prompt(_)
                | SessionCommand::Retry
                | SessionCommand::Revive
                | SessionCommand::UseTemplate(_)
        );
    }

    /// Another process boots the session: this one shows a boot too, of which no more is known.
    async fn tell_of_driver(&mut self) {
        let (stage, line) = (Stage::Create, failures::driven_elsewhere().summary);
        let at = self.context.now();
        for event in [
            SessionEvent::Phase(Phase::Booting(stage)),
            SessionEvent::Boot(BootEvent::Started { stage, at }),
            SessionEvent::Boot(BootEvent::Output { stage, line }),
        ] {
            self.serving.events.send(event).await;
        }
    }

    /// Serves over one connection after another; returns the phase in which only a new boot helps, or `None` if a
    /// boot should follow at once.
    async fn stay_connected(&mut self) -> Result<Option<Phase>, StopSession> {
        let mut outage = RetryState::of_connections(&self.context.timing);
        loop {
            let (lost, lived) = self.connection(&outage).await?;
            let (reason, least) = match lost {
                Disconnect::Connection {
                    reason,
                    least,
                    silence,
                } => {
                    if let Some(life) = lived {
                        outage.lived(life.saturating_sub(silence));
                        outage.silent_for(silence, wall());
                    }
                    (reason, least)
                }
                // The process may have ended with its sandbox: then the sandbox's end is what to report.
                Disconnect::Until(Phase::Failed(failure)) => match self.verdict().await? {
                    SandboxVerdict::Over(phase) => return Ok(Some(phase)),
                    SandboxVerdict::Runs => return Ok(Some(Phase::Failed(failure))),
                    SandboxVerdict::Unknown => (failure.summary, Duration::ZERO),
                },
                Disconnect::Until(phase) => return Ok(Some(phase)),
                Disconnect::Boot => return Ok(None),
            };
            self.wait_out(&mut outage, reason, least).await?;
            if let Some(phase) = self.inquire(outage.is_eager()).await? {
                return Ok(Some(phase));
            }
        }
    }

    /// What became of the sandbox.
    async fn verdict(&mut self) -> Result<SandboxVerdict, StopSession> {
        let verdict = Box::pin(self.during(self.serving.verdict())).await?;
        Ok(verdict.unwrap_or(SandboxVerdict::Unknown))
    }

    /// Asks what became of the sandbox, and waits briefly for the answer: a connection attempt would resume some
    /// paused ones. A slower answer is awaited during the next attempts. Returns the phase that makes attempts
    /// futile.
    async fn inquire(&mut self, is_eager: bool) -> Result<Option<Phase>, StopSession> {
        if let Some(phase) = self.inquiry.take_over() {
            return Ok(Some(phase));
        }
        let timing = &self.context.timing;
        let limit = if is_eager {
            timing.eager_cap
        } else {
            timing.call
        };
        let mut inquiry = std::mem::take(&mut self.inquiry);
        inquiry.ask(self.serving.verdict(), timing.call);
        let answered = tokio::time::timeout(limit, inquiry.answered());
        let waited = Box::pin(self.during(answered)).await;
        self.inquiry = inquiry;
        waited?;
        Ok(self.inquiry.take_over())
    }

    /// Reports what is lost, since when and when it is retried, and waits until then.
    async fn wait_out(
        &mut self,
        outage: &mut RetryState,
        reason: String,
        least: Duration,
    ) -> Result<(), StopSession> {
        let (wait, outage) = outage.next((reason, least), random::jitter(), wall());
        self.serving.announce(Phase::Reconnecting(outage)).await;
        self.wait(WaitEnd::Time(wait)).await?;
        // Other connections may have died too, and the machine may have been suspended.
        self.context.renew_connections().await;
        Ok(())
    }

    /// Serves one connection until it is lost; returns how long it was live, if ever.
    async fn connection(
        &mut self,
        outage: &RetryState,
    ) -> Result<(Disconnect, Option<Duration>), StopSession> {
        let Some(mut connection) = Connection::open(&self.serving, outage) else {
            return Ok((Disconnect::connection("there is no server"), None));
        };
        loop {
            let happened = tokio::select! {
                biased;
                () = self.ending.cancel.cancelled() => Err(self.asked()),
                Some(command) = self.inbox.recv() => {
                    if connection.life().is_none() {
                        self.hear(&command);
                    }
                    let link = Some(&mut connection);
                    match commands::handle(&mut self.serving, link, command).await {
                        Ok(CommandOutcome::Done) => Ok(ConnectionInput::Commanded),
                        Ok(CommandOutcome::Retry) => Ok(ConnectionInput::Lost(Disconnect::connection(GIVEN_UP))),
                        Ok(CommandOutcome::Boot) => Ok(ConnectionInput::Lost(Disconnect::Boot)),
                        Err(stop) => Err(stop),
                    }
                }
                elsewhere = self.serving.elsewhere() => Ok(ConnectionInput::Elsewhere(elsewhere)),
                phase = self.inquiry.over() => Ok(ConnectionInput::Lost(Disconnect::Until(phase))),
                happened = connection.wait() => Ok(happened),
            };
            let happened = match happened {
                Ok(happened) => happened,
                Err(stop) => {
                    // First: the end may be cut short.
                    commands::store_all(&mut self.serving, self.inbox.close()).await;
                    connection.finish_snapshot(&self.serving).await;
                    return Err(stop);
                }
            };
            let lost = connection.handle(&mut self.serving, happened).await;
            let life = connection.life();
            if life.is_some() {
                self.inquiry.forget();
                self.wanted = false;
            }
            if let Some(lost) = lost {
                return Ok((lost, life));
            }
        }
    }

    /// Awaits `work` and meanwhile serves what needs no connection. `None`: the user asked for a retry; everything
    /// created so far is stored.
    async fn during<T>(&mut self, work: impl Future<Output = T>) -> Result<Option<T>, StopSession> {
        let mut work = pin!(work);
        loop {
            tokio::select! {
                biased;
                () = self.ending.cancel.cancelled() => return Err(self.asked()),
                Some(command) = self.inbox.recv() => {
                    self.hear(&command);
                    // It was requested at the end of this very boot.
                    let is_revival = command == SessionCommand::Revive;
                    if commands::handle(&mut self.serving, None, command).await? == CommandOutcome::Retry && !is_revival {
                        return Ok(None);
                    }
                }
                elsewhere = self.serving.elsewhere() => self.serving.on_store_change(elsewhere).await,
                done = &mut work => return Ok(Some(done)),
            }
        }
    }

    /// Waits for a retry command, or for what else `until` names.
    async fn wait(&mut self, until: WaitEnd) -> Result<(), StopSession> {
        let mut limit = pin!(async move {
            match until {
                WaitEnd::Time(limit) => tokio::time::sleep(limit).await,
                WaitEnd::Retry | WaitEnd::Prompt | WaitEnd::Change => std::future::pending().await,
            }
        });
        if !matches!(until, WaitEnd::Time(_)) {
            self.wanted = false;
        }
        let mut is_gone = false;
        let stored = self.serving.stored_phase().await;
        let mut was_over = matches!(stored, Some(Phase::Paused | Phase::Gone(_)));
        loop {
            tokio::select! {
                biased;
                () = self.ending.cancel.cancelled() => return Err(self.asked()),
                Some(command) = self.inbox.recv() => {
                    self.hear(&command);
                    let is_awaited = until == WaitEnd::Prompt
                        && matches!(command, SessionCommand::Prompt(_));
                    if commands::handle(&mut self.serving, None, command).await? == CommandOutcome::Retry || is_awaited {
                        return Ok(());
                    }
                }
                elsewhere = self.serving.elsewhere() => {
                    self.serving.on_store_change(elsewhere).await;
                    if elsewhere == StoreChange::TookOver && until == WaitEnd::Change {
                        return Ok(());
                    }
                    match self.serving.stored_phase().await {
                        Some(phase @ Phase::Gone(_)) => {
                            was_over = true;
                            if !std::mem::replace(&mut is_gone, true) {
                                self.serving.announce(phase).await;
                            }
                        }
                        Some(phase @ Phase::Paused) => {
                            if !was_over && !matches!(until, WaitEnd::Time(_)) {
                                self.serving.announce(phase).await;
                            }
                            was_over = true;
                        }
                        // Another process has resumed, revived or started it.
                        Some(Phase::Dormant)
                            if (was_over || until == WaitEnd::Change)
                                && self.serving.has_record().await =>
                        {
                            return Ok(());
                        }
                        _ => {}
                    }
                }
                // Waiting is futile: the caller sees why.
                () = self.inquiry.ended() => return Ok(()),
                () = &mut limit => return Ok(()),
            }
        }
    }

    fn asked(&self) -> StopSession {
        StopSession(*self.ending.policy.borrow())
    }
}
