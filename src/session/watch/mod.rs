//! Watches running sessions that are not open: what each does and waits for.
//!
//! In: the keys of the sessions. Out: [`SessionEvent::Activity`] whenever a session's state changes, and its phase
//! once its sandbox turns out to be paused or gone, which ends the watcher. A watcher reads the event stream of the
//! session's server and fetches no messages. It resumes nothing, takes no lock, and asks the control plane each time
//! before it contacts the sandbox.
//!
//! At most [`AT_ONCE`] of them query at a time; the others wait for their turn. A server that does not answer is
//! retried with growing delays.
//!
//! `activity` tracks the state, `server_access` queries the server.

pub(super) mod activity;
pub(super) mod server_access;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use futures::stream::StreamExt as _;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{Instant, timeout};

use super::chat::fetch::FetchScope;
use super::chat::follow::{FollowRequest, follow};
use super::chat::follow_end::FollowEnd;
use super::chat::history::HistoryCursor;
use super::context::{RecordStore, SessionContext};
use super::events::EventSender;
use super::failures;
use super::recorder::phase::store_phase;
use crate::domain::chat::ChatEvent;
use crate::domain::failure::Failure;
use crate::domain::id::SessionKey;
use crate::domain::sandbox::Phase;
use crate::domain::session::activity::Activity;
use crate::domain::session::{SessionEvent, SessionSummary};
use crate::net::backoff::Backoff;
use crate::net::random;
use crate::opencode::error::OpencodeError;
use crate::store::StoredSession;
use activity::ActivityTracker;
use server_access::ServerAccess;

/// Sessions queried at the same time.
const AT_ONCE: usize = 8;
/// News buffered between the stream and its reader.
const NEWS: usize = 64;

/// The watchers of this process; they end on drop.
#[derive(Debug)]
pub(super) struct SessionWatchers {
    tasks: JoinSet<()>,
    running: HashMap<SessionKey, AbortHandle>,
    turns: Arc<Semaphore>,
}

impl SessionWatchers {
    pub(super) fn new() -> Self {
        Self {
            tasks: JoinSet::new(),
            running: HashMap::new(),
            turns: Arc::new(Semaphore::new(AT_ONCE)),
        }
    }

    /// Watches exactly these sessions from now on. Those already watched are not interrupted.
    pub(super) fn set(
        &mut self,
        context: &Arc<SessionContext>,
        keys: Vec<SessionKey>,
        events: impl Fn(SessionKey) -> EventSender,
    ) {
        while self.tasks.try_join_next().is_some() {}
        let Some(records) = &context.records else {
            return;
        };
        let wanted: HashSet<&SessionKey> = keys.iter().collect();
        self.running.retain(|key, task| {
            let stays = wanted.contains(key) && !task.is_finished();
            if !stays {
                task.abort();
            }
            stays
        });
        for key in keys {
            if self.running.contains_key(&key) {
                continue;
            }
            let watcher = SessionWatcher {
                context: Arc::clone(context),
                records: records.clone(),
                events: events(key.clone()),
                turns: Arc::clone(&self.turns),
                key: key.clone(),
                told: None,
            };
            self.running.insert(key, self.tasks.spawn(watcher.run()));
        }
    }

    /// Stops watching this one: it is opened.
    pub(super) fn leave(&mut self, key: &SessionKey) {
        if let Some(task) = self.running.remove(key) {
            task.abort();
        }
    }
}

/// Watches one session, until its sandbox no longer runs or its conversation is gone.
struct SessionWatcher {
    context: Arc<SessionContext>,
    records: RecordStore,
    events: EventSender,
    turns: Arc<Semaphore>,
    key: SessionKey,
    /// The last activity sent.
    told: Option<Activity>,
}

impl SessionWatcher {
    async fn run(mut self) {
        let timing = &self.context.timing;
        let mut backoff = Backoff::new(timing.watch_backoff, timing.watch_backoff_cap);
        while let Some(failure) = self.watch(&mut backoff).await {
            self.tell(Activity::Silent(failure)).await;
            tokio::time::sleep(backoff.next(random::jitter(), None)).await;
        }
    }

    /// Follows one stream. `Some`: it broke for this reason, and may recover.
    async fn watch(&mut self, backoff: &mut Backoff) -> Option<Failure> {
        // Never closed.
        let mut turn = Some(Arc::clone(&self.turns).acquire_owned().await.ok()?);
        let session = self.records.store.session(&self.key).await.ok()??;
        let limit = self.context.timing.ask_limit;
        let access = timeout(limit, server_access::find(&self.context, &session)).await;
        let (client, conversation) = match access.unwrap_or_else(|_| Err(no_answer())) {
            Ok(ServerAccess::Runs(client, conversation)) => (*client, conversation),
            Ok(ServerAccess::Over(phase)) => {
                store_phase(&self.records, &self.key, &phase).await;
                self.events.send(SessionEvent::Phase(phase)).await;
                return None;
            }
            Err(failure) => return Some(failure),
        };
        let what = FollowRequest {
            client,
            session: conversation,
            scope: FetchScope::State,
            after_gap: false,
            timing: self.context.timing.clone(),
            history: Arc::new(HistoryCursor::default()),
            // So that it is not requested.
            has_catalog: Arc::new(AtomicBool::new(true)),
        };
        let (sender, mut news) = mpsc::channel(NEWS);
        let mut following = Box::pin(follow(what, sender));
        let mut woken = self.context.woken();
        let mut heard = ActivityTracker::default();
        let mut since: Option<Instant> = None;
        let mut is_late = std::pin::pin!(tokio::time::sleep(limit));
        loop {
            tokio::select! {
                biased;
                Some(event) = news.recv() => {
                    heard.receive(&event);
                    if matches!(event, ChatEvent::Resync(_)) {
                        since.get_or_insert_with(Instant::now);
                        turn = None;
                    }
                    // Nothing is known before the first of them.
                    if turn.is_none() {
                        self.tell(heard.activity()).await;
                    }
                }
                () = &mut is_late, if turn.is_some() => {
                    turn = None;
                    self.tell(Activity::Silent(no_answer())).await;
                }
                Ok(()) = woken.changed() => {
                    backoff.reset();
                    return Some(no_answer());
                }
                end = &mut following => {
                    let lived = since.map(|since| since.elapsed()).unwrap_or_default();
                    backoff.reset_if_lasting(lived, self.context.timing.lasting);
                    return ended(&end);
                }
            }
        }
    }

    /// Sends the activity if it has changed.
    async fn tell(&mut self, activity: Activity) {
        let is_new = match (&self.told, &activity) {
            (Some(Activity::Silent(_)), Activity::Silent(_)) => false,
            (told, activity) => told.as_ref() != Some(activity),
        };
        if is_new {
            self.told = Some(activity.clone());
            self.events.send(SessionEvent::Activity(activity)).await;
        }
    }
}

/// Why following ended; `None`: there is nothing to come back to.
fn ended(end: &FollowEnd) -> Option<Failure> {
    match end {
        FollowEnd::ListenerGone | FollowEnd::SessionNotFound | FollowEnd::Unauthorized => None,
        FollowEnd::Ended => Some(Failure::new("the server closed the event stream")),
        FollowEnd::Stalled => Some(no_answer()),
        FollowEnd::Http(error) => Some(failures::opencode(error)),
    }
}

fn no_answer() -> Failure {
    Failure::new("server does not answer").retryable()
}

/// The result of querying a session's sandbox and server once.
#[derive(Debug, Clone, PartialEq)]
pub enum WatchReport {
    Does(Activity),
    /// The sandbox is paused or gone.
    Over(Phase),
}

/// Queries the servers of these sessions once, a few at a time and each only briefly; the sessions belong to the
/// engine of the context's settings.
pub async fn ask_all(
    context: &SessionContext,
    sessions: &[SessionSummary],
) -> Vec<(SessionKey, WatchReport)> {
    let Some(records) = &context.records else {
        return Vec::new();
    };
    let asked = sessions.iter().map(async |session| {
        let stored = records.store.session(&session.key).await.ok()??;
        let limit = context.timing.ask_limit;
        let seen = timeout(limit, ask(context, &stored)).await;
        let seen = seen.unwrap_or_else(|_| WatchReport::Does(Activity::Silent(no_answer())));
        if let WatchReport::Over(phase) = &seen {
            store_phase(records, &session.key, phase).await;
        }
        Some((session.key.clone(), seen))
    });
    let asked = futures::stream::iter(asked).buffer_unordered(2 * AT_ONCE);
    asked.filter_map(async |seen| seen).collect().await
}

async fn ask(context: &SessionContext, session: &StoredSession) -> WatchReport {
    let silent = |failure| WatchReport::Does(Activity::Silent(failure));
    match server_access::find(context, session).await {
        Ok(ServerAccess::Over(phase)) => WatchReport::Over(phase),
        Ok(ServerAccess::Runs(client, conversation)) => {
            match activity::ask(&client, conversation.as_str()).await {
                Ok(activity) => WatchReport::Does(activity),
                Err(FollowEnd::Unauthorized) => {
                    let operation = "get the session";
                    silent(failures::opencode(&OpencodeError::Unauthorized {
                        operation,
                    }))
                }
                Err(FollowEnd::SessionNotFound) => {
                    silent(Failure::new("the server does not have this conversation"))
                }
                Err(end) => silent(ended(&end).unwrap_or_else(no_answer)),
            }
        }
        Err(failure) => silent(failure),
    }
}
