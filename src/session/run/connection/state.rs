//! What a connection holds, and what it waits for.

use std::convert::Infallible;
use std::sync::Weak;
use std::time::Duration;

use futures::StreamExt;
use futures::future::{BoxFuture, FutureExt};
use futures::stream::FuturesUnordered;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use crate::domain::chat::{ChatEvent, Permission};
use crate::domain::failure::Failure;
use crate::domain::id::SandboxId;
use crate::domain::sandbox::price::RunningSandbox;
use crate::domain::session::{SessionEvent, SnapshotInfo};
use crate::domain::time::UnixMillis;
use crate::session::run::outcome::{Disconnect, StoreChange};
use crate::session::run::prompt_delivery::DeliveryEvent;
use crate::session::run::retry_state::RetryState;
use crate::session::run::state::SessionState;
use crate::session::server::OpencodeServer;

/// News buffered between the stream and the driver.
const NEWS: usize = 64;

/// Something to handle.
pub(crate) enum ConnectionInput {
    /// A command was handled.
    Commanded,
    News(ChatEvent),
    Called(CallResult),
    Elsewhere(StoreChange),
    Lost(Disconnect),
}

/// How a call to the server ended.
pub(crate) enum CallResult {
    Done,
    Failed(Failure),
    /// A call for a prompt.
    Delivery(DeliveryEvent),
    /// The sandbox times out then.
    LivesUntil(UnixMillis),
    /// Half of the time until then has passed, or the timeout could not be set.
    Renew(Option<UnixMillis>),
    /// When the sandbox times out, as its server reports.
    EndsAt(UnixMillis),
    News(ChatEvent),
    /// An automatic answer failed.
    Unanswered(Box<Permission>, Failure),
    /// Only for the listener; nothing is recorded.
    Tell(SessionEvent),
    /// The same; and the code in the sandbox is not the one of the last snapshot.
    FilesChanged(SessionEvent),
    Runs(SandboxId, RunningSandbox),
    Kept(Result<SnapshotInfo, Failure>),
}

/// Whether a snapshot is being taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SnapshotJob {
    No,
    Yes,
    /// And another one is due after it.
    YesAndAgain,
}

/// What the user sees waiting for an answer: the connection may be lost before it comes.
#[derive(Debug, Default)]
pub(super) struct Unanswered {
    pub(super) providers: bool,
    /// Alive while the key of a provider is being stored.
    pub(super) key: Weak<()>,
    /// The provider that is logged in to.
    pub(super) login: Option<String>,
}

/// Lives from the opening of the stream to its end.
pub(crate) struct Connection {
    pub(super) server: OpencodeServer,
    pub(super) news: mpsc::Receiver<ChatEvent>,
    stream: BoxFuture<'static, Disconnect>,
    pub(super) calls: FuturesUnordered<BoxFuture<'static, CallResult>>,
    /// When the conversation became available.
    pub(super) live: Option<Instant>,
    pub(super) keeping: SnapshotJob,
    /// Somebody waits for a login in the browser; without it, that ends.
    pub(super) login: Option<oneshot::Sender<Infallible>>,
    pub(super) unanswered: Unanswered,
}

impl Connection {
    /// Prepares the stream; nothing is sent before the first wait. `None` without a server.
    pub(crate) fn open(serving: &SessionState, outage: &RetryState) -> Option<Self> {
        let server = serving.server.clone()?;
        let (sender, news) = mpsc::channel(NEWS);
        let mut timing = serving.context.timing.clone();
        if outage.is_eager() {
            timing.stream_open = timing.stream_open.min(timing.eager_open);
        }
        let after_gap = outage.attempt() > 0;
        let stream = server.clone().follow(timing, after_gap, sender).boxed();
        Some(Self {
            server,
            news,
            stream,
            calls: FuturesUnordered::new(),
            live: None,
            keeping: SnapshotJob::No,
            login: None,
            unanswered: Unanswered::default(),
        })
    }

    /// How long it has been live, if ever.
    pub(crate) fn life(&self) -> Option<Duration> {
        self.live.map(|since| since.elapsed())
    }

    /// Waits for the next thing to handle. Cancel-safe: nothing is taken that is not returned.
    pub(crate) async fn wait(&mut self) -> ConnectionInput {
        tokio::select! {
            biased;
            Some(event) = self.news.recv() => ConnectionInput::News(event),
            Some(called) = self.calls.next(), if !self.calls.is_empty() => ConnectionInput::Called(called),
            phase = self.server.process_ended() => ConnectionInput::Lost(Disconnect::Until(phase)),
            lost = &mut self.stream => ConnectionInput::Lost(lost),
        }
    }
}
