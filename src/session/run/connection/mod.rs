//! One connection to OpenCode: the event stream and the calls in flight.
//!
//! In reading order: `state` is what it holds, `delivery` posts prompts, `history` undoes and redoes them,
//! `conversations` is about those beside this one, `snapshot_job` keeps what a gone session is revived from.

mod conversations;
mod delivery;
mod history;
mod requests;
mod server;
mod snapshot_job;
mod state;

use std::time::Duration;

use futures::future::FutureExt;
use tokio::time::Instant;

use self::state::CallResult;
pub(crate) use self::state::{Connection, ConnectionInput};
use super::outcome::{Disconnect, StoreChange};
use super::state::SessionState;
use crate::domain::chat::ChatEvent;
use crate::domain::failure::Failure;
use crate::domain::id::OpencodeSessionId;
use crate::domain::session::SessionEvent;
use crate::domain::time::UnixMillis;
use crate::session::context::wall;

/// Times that differ by less are the same, read from two clocks.
const SAME_TIME: Duration = Duration::from_secs(3);

impl Connection {
    /// Handles the input; `Some` when the connection is over.
    pub(crate) async fn handle(
        &mut self,
        serving: &mut SessionState,
        happened: ConnectionInput,
    ) -> Option<Disconnect> {
        match happened {
            ConnectionInput::Commanded => {}
            ConnectionInput::News(event) => self.received(serving, event).await,
            ConnectionInput::Called(called) => self.called(serving, called).await,
            ConnectionInput::Elsewhere(StoreChange::Changed) => {
                serving.on_store_change(StoreChange::Changed).await;
            }
            ConnectionInput::Elsewhere(StoreChange::TookOver) => {
                self.lost(serving).await;
                serving.on_store_change(StoreChange::TookOver).await;
                return Some(Disconnect::Boot);
            }
            ConnectionInput::Lost(lost) => {
                self.lost(serving).await;
                return Some(lost);
            }
        }
        self.begin_calls(serving);
        None
    }

    async fn received(&mut self, serving: &mut SessionState, event: ChatEvent) {
        let Some(event) = self.left_for_user(serving, event).await else {
            return;
        };
        let first = matches!(event, ChatEvent::Resync(_)) && self.live.is_none();
        let has_catalog = matches!(event, ChatEvent::Catalog(_));
        let was_busy = serving.delivery.is_busy();
        serving.news(event).await;
        if has_catalog || (was_busy && !serving.delivery.is_busy()) {
            self.tell_mcp_servers();
        }
        // Working sandboxes live longer than idle ones, whoever started the turn.
        let settings = &serving.context.settings;
        let ttl = match (was_busy, serving.delivery.is_busy()) {
            (true, true) if first => Some(settings.work_ttl),
            (false, true) => Some(settings.work_ttl),
            (true, false) => Some(settings.idle_ttl),
            (true, true) | (false, false) => None,
        };
        let ttl = ttl.filter(|_| serving.recorder.holds_lock());
        if first {
            self.live = Some(Instant::now());
            serving.connected().await;
            self.ask_for_the_run();
        }
        if let Some(ttl) = ttl {
            self.live_for(serving, ttl);
        } else if first {
            // A sandbox that already ran may live longer than we ask for.
            self.ask_for_the_end(serving);
        }
        // After each turn, and for turns that ended while nothing was connected.
        if (first || was_busy) && !serving.delivery.is_busy() {
            self.keep(serving);
        }
    }

    pub(crate) fn abort(&self) {
        let aborted = self.server.clone().abort();
        self.calls.push(aborted.map(done).boxed());
    }

    /// Fetches the page before the oldest known message.
    pub(crate) fn load_older(&self) {
        let page = self.server.clone().older();
        let call = page.map(|page| page.map_or_else(CallResult::Failed, CallResult::News));
        self.calls.push(call.boxed());
    }

    /// Fetches a sub-agent's conversation.
    pub(crate) fn load_sub_agent(&self, id: OpencodeSessionId) {
        let page = self.server.clone().sub_agent(id);
        let call = page.map(|page| page.map_or_else(CallResult::Failed, CallResult::News));
        self.calls.push(call.boxed());
    }

    /// Counts the tools of a sub-agent; without an answer nothing is told.
    pub(crate) fn count_tools(&self, id: OpencodeSessionId) {
        let tools = self.server.clone().tools_of(id.clone());
        let call = tools.map(|tools| match tools {
            Ok(tools) => CallResult::News(ChatEvent::SubAgentTools(id, tools)),
            // Its conversation may be deleted.
            Err(error) => {
                tracing::debug!(%id, %error, "the tools of a sub-agent could not be counted");
                CallResult::Done
            }
        });
        self.calls.push(call.boxed());
    }

    /// Looks for files; without an answer nothing is told.
    pub(crate) fn find_files(&self, query: String) {
        let server = self.server.clone();
        let call = async move {
            match server.find_files(&query).await {
                Some(paths) => CallResult::Tell(SessionEvent::FilesFound { query, paths }),
                None => CallResult::Done,
            }
        };
        self.calls.push(call.boxed());
    }

    /// Extends the sandbox's timeout as for one that was just used.
    pub(crate) fn extend(&self, serving: &SessionState) {
        let settings = &serving.context.settings;
        let (is_busy, idle) = (serving.delivery.is_busy(), settings.idle_ttl);
        let ttl = if is_busy { settings.work_ttl } else { idle };
        let lives = self.server.clone().live_for(ttl);
        self.calls.push(lives.map(lives_until).boxed());
    }

    /// Sets the sandbox's timeout. On failure it is retried as long as the agent works; no error is shown, since the
    /// screen shows the time left.
    fn live_for(&mut self, serving: &SessionState, ttl: Duration) {
        let lives = self.server.clone().live_for(ttl);
        let (before, patience) = (serving.lives(), serving.context.timing.backoff_cap);
        let call = async move {
            match lives.await {
                Err(failure) => {
                    tracing::warn!(?failure, "the sandbox's time could not be set");
                    tokio::time::sleep(patience).await;
                    CallResult::Renew(before)
                }
                until => lives_until(until),
            }
        };
        self.calls.push(call.boxed());
    }

    /// Renews the sandbox's timeout before it expires: a turn may last longer than a sandbox lives, and others may
    /// change it.
    fn renew(&self, serving: &SessionState, until: UnixMillis) {
        let half = until.since(wall()) / 2;
        let renew = tokio::time::sleep(half.max(serving.context.timing.backoff_cap));
        let renew = renew.map(move |()| CallResult::Renew(Some(until)));
        self.calls.push(renew.boxed());
    }

    fn ask_for_the_run(&self) {
        let server = self.server.clone();
        let run = async move { server.run().await };
        let call =
            run.map(|run| run.map_or(CallResult::Done, |(id, run)| CallResult::Runs(id, run)));
        self.calls.push(call.boxed());
    }

    fn ask_for_the_end(&self, serving: &SessionState) {
        let ends = self.server.clone().ends_at();
        let (before, patience) = (serving.lives(), serving.context.timing.backoff_cap);
        let call = async move {
            if let Ok(until) = ends.await {
                return until.map_or(CallResult::Done, CallResult::EndsAt);
            }
            tokio::time::sleep(patience).await;
            CallResult::Renew(before)
        };
        self.calls.push(call.boxed());
    }

    async fn called(&mut self, serving: &mut SessionState, called: CallResult) {
        match called {
            CallResult::Renew(until) if serving.lives() != until => {}
            CallResult::Done => {}
            CallResult::Failed(failure) => serving.command_failed(failure).await,
            CallResult::News(event) => serving.news(event).await,
            CallResult::Unanswered(asked, failure) => {
                Self::unanswered(serving, *asked, failure).await;
            }
            CallResult::Tell(event) => self.told(serving, event).await,
            CallResult::FilesChanged(event) => {
                serving.tell(event).await;
                self.keep(serving);
            }
            CallResult::Runs(sandbox, run) => serving.runs(sandbox, run).await,
            CallResult::Delivery(event) => serving.deliver(event).await,
            CallResult::LivesUntil(until) => {
                serving.lives_until(until).await;
                serving.tell_of_plan(self.server.longest_life()).await;
                self.renew(serving, until);
            }
            CallResult::Renew(_) => {
                if serving.delivery.is_busy() {
                    self.live_for(serving, serving.context.settings.work_ttl);
                } else {
                    self.ask_for_the_end(serving);
                }
            }
            CallResult::EndsAt(until) => {
                let known = serving.lives().unwrap_or_default();
                let differs = known.since(until).max(until.since(known));
                if differs > SAME_TIME {
                    serving.lives_until(until).await;
                }
                self.renew(serving, serving.lives().unwrap_or(until));
            }
            CallResult::Kept(kept) => self.kept(serving, kept).await,
        }
    }
}

fn lives_until(until: Result<Option<UnixMillis>, Failure>) -> CallResult {
    match until {
        Ok(Some(until)) => CallResult::LivesUntil(until),
        Ok(None) => CallResult::Done,
        Err(failure) => CallResult::Failed(failure),
    }
}

fn done(result: Result<(), Failure>) -> CallResult {
    result.map_or_else(CallResult::Failed, |()| CallResult::Done)
}
