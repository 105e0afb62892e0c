//! What a connection holds, and what it waits for.

use std::time::Duration;

use futures::StreamExt;
use futures::future::{BoxFuture, FutureExt};
use futures::stream::FuturesUnordered;
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::domain::chat::ChatEvent;
use crate::domain::failure::Failure;
use crate::domain::id::SandboxId;
use crate::domain::price::Run;
use crate::domain::session::SnapshotInfo;
use crate::domain::time::UnixMillis;
use crate::session::run::outcome::{Elsewhere, Lost};
use crate::session::run::prompt_delivery::DeliveryEvent;
use crate::session::run::retry_state::Outages;
use crate::session::run::server::Server;
use crate::session::run::state::Serving;

/// News that may wait between the stream and the driver.
const NEWS: usize = 64;

/// Something to deal with.
pub(crate) enum Happened {
    /// A command was dealt with.
    Commanded,
    News(ChatEvent),
    Called(Called),
    Elsewhere(Elsewhere),
    Lost(Lost),
}

/// How a call to the server ended.
pub(crate) enum Called {
    Done,
    Failed(Failure),
    /// A call for a prompt.
    Delivery(DeliveryEvent),
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

/// Whether a snapshot is being taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keeping {
    No,
    Yes,
    /// And another one is due behind it.
    YesAndAgain,
}

/// Lives from the opening of the stream to its end.
pub(crate) struct Connection {
    pub(super) server: Server,
    pub(super) news: mpsc::Receiver<ChatEvent>,
    stream: BoxFuture<'static, Lost>,
    pub(super) calls: FuturesUnordered<BoxFuture<'static, Called>>,
    /// Since when the conversation is here.
    pub(super) live: Option<Instant>,
    pub(super) keeping: Keeping,
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
        Some(Self {
            server,
            news,
            stream,
            calls: FuturesUnordered::new(),
            live: None,
            keeping: Keeping::No,
        })
    }

    /// How long it has lived since it came to life, if ever.
    pub(crate) fn life(&self) -> Option<Duration> {
        self.live.map(|since| since.elapsed())
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
}
