//! One connection to OpenCode: the event stream, the calls under way, the queue that moves.

mod keeping;
mod posting;

use std::time::Duration;

use futures::StreamExt;
use futures::future::{BoxFuture, FutureExt};
use futures::stream::FuturesUnordered;
use tokio::sync::mpsc;

use self::keeping::Keeping;
use self::posting::shows;
use super::outages::Outages;
use super::outcome::{Elsewhere, Lost, Stop};
use super::server::Server;
use super::serving::Serving;
use super::translate::turn::Turn;
use super::words;
use crate::domain::chat::{ChatEvent, Status};
use crate::domain::failure::Failure;
use crate::domain::id::{MessageId, SandboxId};
use crate::domain::price::Run;
use crate::domain::session::{Prompt, SessionCommand, SnapshotInfo};
use crate::domain::time::UnixMillis;
use crate::session::world::wall;

/// News that may wait between the stream and the driver.
const NEWS: usize = 64;

/// Something to deal with.
pub(crate) enum Happened {
    Command(SessionCommand),
    News(ChatEvent),
    Called(Called),
    Elsewhere(Elsewhere),
    Lost(Lost),
}

/// How a call to the server ended.
pub(crate) enum Called {
    Done,
    Failed(Failure),
    /// The server has the prompt; its turn will begin, unless it ran already.
    Posted(MessageId),
    /// `refused`: the server will not take it; else the connection failed.
    NotPosted {
        prompt: Prompt,
        failure: Failure,
        refused: bool,
    },
    /// What the server says some time after it took a prompt; `looks` counts how often it was asked.
    Looked {
        prompt: MessageId,
        looks: u32,
        turn: Option<Turn>,
    },
    /// Some time after a turn has failed.
    Recovered,
    /// The sandbox's time to live ends then.
    LivesUntil(UnixMillis),
    /// Half of the time until then has passed, or it could not be set.
    Renew(Option<UnixMillis>),
    /// When the sandbox's time ends, as its server has it.
    EndsAt(UnixMillis),
    News(ChatEvent),
    Runs(SandboxId, Run),
    Kept(Result<SnapshotInfo, Failure>),
}

/// Times that differ by less are one and the same, told by two clocks.
const SAME_TIME: Duration = Duration::from_secs(3);

/// Lives from the opening of the stream to its end.
pub(crate) struct Connection {
    server: Server,
    news: mpsc::Receiver<ChatEvent>,
    stream: BoxFuture<'static, Lost>,
    calls: FuturesUnordered<BoxFuture<'static, Called>>,
    /// Prompts that were posted and that the server has not shown yet, to be put back if the connection is
    /// lost: it takes a prompt before it keeps it, and may end in between (seen on 1.18.33).
    posting: Vec<Prompt>,
    /// The prompt that was in flight when the connection before was lost. Its server may have ended since.
    earlier: Option<MessageId>,
    live: bool,
    keeping: Keeping,
}

impl Connection {
    /// Prepares the stream; nothing is sent before the first wait. `None` without a server.
    pub(crate) fn open(serving: &Serving, outage: &Outages) -> Option<Self> {
        let server = serving.server.clone()?;
        let (sender, news) = mpsc::channel(NEWS);
        let mut timing = serving.world.timing.clone();
        if outage.is_eager() {
            timing.stream_open = timing.stream_open.min(timing.eager_open);
        }
        let after_gap = outage.attempt() > 0;
        let stream = server.clone().follow(timing, after_gap, sender).boxed();
        let (calls, posting) = (FuturesUnordered::new(), Vec::new());
        Some(Self {
            server,
            news,
            stream,
            calls,
            posting,
            earlier: None,
            live: false,
            keeping: Keeping::No,
        })
    }

    pub(crate) fn was_live(&self) -> bool {
        self.live
    }

    /// Waits for the next thing to deal with. Cancel-safe: nothing is taken that is not returned.
    pub(crate) async fn wait(&mut self) -> Happened {
        tokio::select! {
            biased;
            Some(event) = self.news.recv() => Happened::News(event),
            Some(called) = self.calls.next(), if !self.calls.is_empty() => Happened::Called(called),
            phase = self.server.process_ended() => Happened::Lost(Lost::Until(phase)),
            lost = &mut self.stream => Happened::Lost(lost),
        }
    }

    /// Deals with it; `Some` when the connection is over.
    pub(crate) async fn handle(
        &mut self,
        serving: &mut Serving,
        happened: Happened,
    ) -> Result<Option<Lost>, Stop> {
        match happened {
            Happened::Command(SessionCommand::Reconnect) => {
                serving.world.woke().await;
                self.lost(serving).await;
                let reason = "the connection was given up for a new one";
                return Ok(Some(Lost::connection(reason)));
            }
            Happened::Command(command) => self.command(serving, command).await?,
            Happened::News(event) => self.received(serving, event).await,
            Happened::Called(called) => self.called(serving, called).await,
            Happened::Elsewhere(Elsewhere::Changed) => {
                serving.heard_of(Elsewhere::Changed).await;
            }
            Happened::Elsewhere(Elsewhere::TookOver) => {
                self.lost(serving).await;
                serving.heard_of(Elsewhere::TookOver).await;
                return Ok(Some(Lost::TookOver));
            }
            Happened::Lost(lost) => {
                self.lost(serving).await;
                return Ok(Some(lost));
            }
        }
        self.post_next(serving).await;
        Ok(None)
    }

    async fn received(&mut self, serving: &mut Serving, event: ChatEvent) {
        let first = matches!(event, ChatEvent::Resync(_)) && !self.live;
        // An error without a turn is followed by no idle, so that it has a time of its own.
        let patience = match event {
            ChatEvent::Error(_) => Some(5 * serving.world.timing.settles),
            ChatEvent::Status(Status::Idle) if serving.queue.is_unsettled() => {
                Some(serving.world.timing.settles)
            }
            _ => None,
        };
        let was_busy = serving.queue.is_busy();
        if !self.posting.is_empty() {
            self.confirm(serving, |id| shows(&event, id)).await;
        }
        serving.news(event).await;
        // Working sandboxes live longer than idle ones, whoever began the turn.
        let settings = &serving.world.settings;
        let ttl = match (was_busy, serving.queue.is_busy()) {
            (true, true) if first => Some(settings.work_ttl),
            (false, true) => Some(settings.work_ttl),
            (true, false) => Some(settings.idle_ttl),
            (true, true) | (false, false) => None,
        };
        let ttl = ttl.filter(|_| serving.recorder.drives());
        if first {
            self.live = true;
            serving.connected().await;
            self.ask_for_the_run();
            // Taken by the server over an earlier connection.
            self.earlier = serving.queue.in_flight().cloned();
            if let Some(prompt) = self.earlier.clone() {
                self.look(serving, prompt, 1);
            }
        }
        if let Some(ttl) = ttl {
            self.live_for(serving, ttl);
        } else if first {
            // A sandbox that ran already may live longer than we ask for.
            self.ask_for_the_end(serving);
        }
        // After each turn, and after what happened while nobody was here.
        if (first || was_busy) && !serving.queue.is_busy() {
            self.keep(serving);
        }
        if let Some(patience) = patience {
            let recovers = tokio::time::sleep(patience);
            self.calls
                .push(recovers.map(|()| Called::Recovered).boxed());
        }
    }

    async fn command(
        &mut self,
        serving: &mut Serving,
        command: SessionCommand,
    ) -> Result<(), Stop> {
        match command {
            SessionCommand::SendNow(id) => {
                if let Some(prompt) = serving.queue.remove(&id) {
                    serving.queue.sent(&prompt);
                    if serving.claim(&prompt, true).await {
                        self.post(prompt);
                    }
                }
            }
            SessionCommand::Abort => {
                serving.queue.aborted();
                serving.hold().await;
                self.calls
                    .push(self.server.clone().abort().map(done).boxed());
            }
            SessionCommand::ReplyPermission { id, reply } => {
                let call = self.server.clone().reply_permission(id, reply);
                self.calls.push(call.map(done).boxed());
            }
            SessionCommand::ReplyQuestion { id, reply } => {
                let call = self.server.clone().reply_question(id, reply);
                self.calls.push(call.map(done).boxed());
            }
            SessionCommand::Extend => {
                let settings = &serving.world.settings;
                let (is_busy, idle) = (serving.queue.is_busy(), settings.idle_ttl);
                let ttl = if is_busy { settings.work_ttl } else { idle };
                let lives = self.server.clone().live_for(ttl);
                self.calls.push(lives.map(lives_until).boxed());
            }
            SessionCommand::Revive => serving.command_failed(words::not_gone()).await,
            SessionCommand::UseTemplate(_) => {
                serving.command_failed(words::has_conversation()).await;
            }
            SessionCommand::LoadOlder => {
                let call = self.server.clone().older();
                self.calls.push(
                    call.map(|page| page.map_or_else(Called::Failed, Called::News))
                        .boxed(),
                );
            }
            command => {
                serving.offline(command).await?;
            }
        }
        Ok(())
    }

    /// Sets the sandbox's time. Where that fails it is tried again as long as the agent works; the user
    /// need not hear of it, as the time that is left is shown.
    fn live_for(&mut self, serving: &Serving, ttl: Duration) {
        let lives = self.server.clone().live_for(ttl);
        let (before, patience) = (serving.lives(), serving.world.timing.backoff_cap);
        let told = async move {
            match lives.await {
                Err(failure) => {
                    tracing::warn!(?failure, "the sandbox's time could not be set");
                    tokio::time::sleep(patience).await;
                    Called::Renew(before)
                }
                until => lives_until(until),
            }
        };
        self.calls.push(told.boxed());
    }

    /// Comes back to the sandbox's time in good time: a turn may last longer than a sandbox lives, and
    /// others may change it.
    fn renew(&self, serving: &Serving, until: UnixMillis) {
        let half = until.since(wall()) / 2;
        let renew = tokio::time::sleep(half.max(serving.world.timing.backoff_cap));
        let renew = renew.map(move |()| Called::Renew(Some(until)));
        self.calls.push(renew.boxed());
    }

    fn ask_for_the_run(&self) {
        let server = self.server.clone();
        let run = async move { server.run().await };
        let told = run.map(|run| run.map_or(Called::Done, |(id, run)| Called::Runs(id, run)));
        self.calls.push(told.boxed());
    }

    fn ask_for_the_end(&self, serving: &Serving) {
        let ends = self.server.clone().ends_at();
        let (before, patience) = (serving.lives(), serving.world.timing.backoff_cap);
        let told = async move {
            if let Ok(until) = ends.await {
                return until.map_or(Called::Done, Called::EndsAt);
            }
            tokio::time::sleep(patience).await;
            Called::Renew(before)
        };
        self.calls.push(told.boxed());
    }

    async fn called(&mut self, serving: &mut Serving, called: Called) {
        match called {
            Called::Renew(until) if serving.lives() != until => {}
            Called::Done => {}
            Called::Failed(failure) => serving.command_failed(failure).await,
            Called::News(event) => serving.news(event).await,
            Called::Runs(sandbox, run) => serving.runs(sandbox, run).await,
            Called::Posted(id) => self.look(serving, id, 1),
            Called::NotPosted {
                prompt,
                failure,
                refused,
            } => {
                let before = self.posting.len();
                self.posting.retain(|other| other.message != prompt.message);
                // Else the server has shown it meanwhile: only its answer was lost.
                if self.posting.len() < before {
                    serving.not_posted(prompt, failure, refused).await;
                }
            }
            Called::LivesUntil(until) => {
                serving.lives_until(until).await;
                serving.tell_of_plan(self.server.longest_life()).await;
                self.renew(serving, until);
            }
            Called::Renew(_) => {
                if serving.queue.is_busy() {
                    self.live_for(serving, serving.world.settings.work_ttl);
                } else {
                    self.ask_for_the_end(serving);
                }
            }
            Called::EndsAt(until) => {
                let known = serving.lives().unwrap_or_default();
                let differs = known.since(until).max(until.since(known));
                if differs > SAME_TIME {
                    serving.lives_until(until).await;
                }
                self.renew(serving, serving.lives().unwrap_or(until));
            }
            Called::Kept(kept) => self.kept(serving, kept).await,
            Called::Recovered => serving.queue.recovered(),
            Called::Looked {
                prompt,
                looks,
                turn,
            } => self.looked(serving, prompt, looks, turn).await,
        }
    }
}

fn lives_until(until: Result<Option<UnixMillis>, Failure>) -> Called {
    match until {
        Ok(Some(until)) => Called::LivesUntil(until),
        Ok(None) => Called::Done,
        Err(failure) => Called::Failed(failure),
    }
}

fn done(result: Result<(), Failure>) -> Called {
    result.map_or_else(Called::Failed, |()| Called::Done)
}
