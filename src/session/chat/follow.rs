//! Follows one conversation for as long as one event stream lives.
//!
//! In: a client, the session's id. Out: [`ChatEvent`]s, the first of them a [`Resync`](ChatEvent::Resync) with what
//! the server holds; events received during that fetch follow it. A second resync follows once the stream is known
//! to pass events on. The catalog, which may take the server seconds, comes last, once, and delays nothing. Only
//! `translate` interprets OpenCode's events.
//!
//! It never retries: it returns why it ended, and the driver decides. Dropping the future cancels everything it
//! started.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures::FutureExt as _;
use futures::future::BoxFuture;
use tokio::sync::mpsc;

use super::fetch::{self, FetchScope, FetchedConversation};
use super::follow_end::FollowEnd;
use super::history::HistoryCursor;
use super::mailbox::{ListenerGone, Mailbox};
use super::stream_probe::StreamProbe;
use super::translate::{Concern, Translator, parts, prompts};
use crate::domain::chat::{Catalog, ChatEvent};
use crate::domain::id::OpencodeSessionId;
use crate::domain::prompt::PromptOffers;
use crate::opencode::client::OpencodeClient;
use crate::session::context::timing::Timing;

/// Generations of sub-agents that are resolved.
const DEPTH: usize = 8;

/// What to follow, and how.
#[derive(Debug, Clone)]
pub struct FollowRequest {
    pub client: OpencodeClient,
    pub session: OpencodeSessionId,
    pub scope: FetchScope,
    /// An earlier stream was lost: events may be missing.
    pub after_gap: bool,
    pub timing: Timing,
    /// Shared with the task that loads older messages.
    pub history: Arc<HistoryCursor>,
    /// Set once the catalog was delivered; it is requested until then. It costs the server as much as everything
    /// else together, and does not change with a connection.
    pub has_catalog: Arc<AtomicBool>,
}

impl FollowRequest {
    /// The server discarded its state: perhaps a provider's key was stored, by whichever client, so the catalog is
    /// another one.
    fn state_discarded(&self) -> FollowEnd {
        if self.scope == FetchScope::Conversation {
            self.has_catalog.store(false, Ordering::Relaxed);
        }
        FollowEnd::Ended
    }
}

/// Follows until the stream ends; sends everything that concerns the conversation to the listener.
///
/// What was translated before the end is delivered before this returns, unless the listener is gone.
pub async fn follow(follow: FollowRequest, tx: mpsc::Sender<ChatEvent>) -> FollowEnd {
    let mut mailbox = Mailbox::new(tx);
    let end = match run(&follow, &mut mailbox).await {
        Ok(never) => match never {},
        Err(end) => end,
    };
    match mailbox.flush().await {
        Ok(()) => end,
        Err(ListenerGone) => FollowEnd::ListenerGone,
    }
}

async fn run(
    follow: &FollowRequest,
    mailbox: &mut Mailbox,
) -> Result<std::convert::Infallible, FollowEnd> {
    let (client, timing) = (&follow.client, &follow.timing);
    let what = (follow.session.as_str(), follow.scope);
    let mut events = fetch::open(client, timing).await?;
    let (fetched, early) = fetch::beside(&mut events, client, what, timing).await?;

    let mut translator = Translator::beginning(&fetched);
    tell(follow, &mut translator, fetched, mailbox).await;
    let mut early = VecDeque::from(early);
    // Sent last: the conversation must not wait for it.
    let mut marker = StreamProbe::new(client.clone(), timing.look_again);
    // Until then the first fetch may have been too early, see `stream_probe`.
    let (mut is_proven, mut look_again) = (false, false);
    let knows = follow.has_catalog.load(Ordering::Relaxed);
    let mut catalog = (!knows).then(|| catalog(client.clone()).boxed());
    loop {
        let event = if let Some(event) = early.pop_front() {
            event
        } else if look_again {
            look_again = false;
            let (fetched, since) = fetch::beside(&mut events, client, what, timing).await?;
            translator.fetched(&fetched);
            tell(follow, &mut translator, fetched, mailbox).await;
            early = since.into();
            continue;
        } else {
            tokio::select! {
                biased;
                delivered = mailbox.deliver(), if mailbox.has_waiting() => {
                    delivered?;
                    continue;
                }
                event = events.next(timing.watchdog), if !mailbox.is_full() => event?,
                () = marker.given_up(), if !is_proven => {
                    (is_proven, look_again) = (true, true);
                    continue;
                }
                found = optional(&mut catalog) => {
                    catalog = None;
                    if let Some((found, offers)) = found {
                        mailbox.post(ChatEvent::Offers(Box::new(offers)));
                        follow.has_catalog.store(true, Ordering::Relaxed);
                        mailbox.post(ChatEvent::Catalog(found));
                    }
                    continue;
                }
            }
        };
        if !is_proven && marker.is(&event) {
            (is_proven, look_again) = (true, true);
        }
        if follow.scope == FetchScope::State && event.is_content() {
            continue;
        }
        match translator.concern(&event) {
            Concern::None => {}
            Concern::Whose(session) => find_out(client, &mut translator, &session).await,
            Concern::Gone => return Err(FollowEnd::SessionNotFound),
            Concern::LookAgain => return Err(follow.state_discarded()),
        }
        translator.translate(event, &mut |event| mailbox.post(event));
    }
}

/// Sends everything that was fetched.
async fn tell(
    follow: &FollowRequest,
    translator: &mut Translator,
    fetched: FetchedConversation,
    mailbox: &mut Mailbox,
) {
    for session in fetched.askers() {
        find_out(&follow.client, translator, &session).await;
    }
    let page = &fetched.page;
    let ids = page.messages.iter().map(|message| &*message.info.id);
    let more = follow.history.newest_page(ids, page.older.as_deref());
    translator.resync(fetched, more, follow.after_gap, &mut |event| {
        mailbox.post(event);
    });
}

/// Awaits an optional future; without one it never completes.
async fn optional<T>(future: &mut Option<BoxFuture<'_, T>>) -> T {
    match future {
        Some(future) => future.await,
        None => std::future::pending().await,
    }
}

/// Finds out whether a session belongs to the conversation: asks the server about unknown sessions, which were
/// created before this stream was opened.
pub(in crate::session) async fn find_out(
    client: &OpencodeClient,
    translator: &mut Translator,
    session: &str,
) {
    let mut line = vec![session.to_owned()];
    while let Some(eldest) = line.last()
        && !translator.is_family(eldest)
    {
        let parent = client
            .session(eldest)
            .await
            .ok()
            .and_then(|session| session.parent_id);
        match parent {
            Some(parent) if line.len() < DEPTH => line.push(parent),
            _ => return,
        }
    }
    for pair in line.windows(2).rev() {
        translator.learn_child(&pair[0], &pair[1]);
    }
}

/// Fetches the catalog; `None` on failure, which the next connection repairs.
async fn catalog(client: OpencodeClient) -> Option<(Catalog, PromptOffers)> {
    let (providers, agents, config, commands, resources) = tokio::join!(
        client.providers(),
        client.agents(),
        client.config(),
        client.commands(),
        client.resources()
    );
    let failed = providers.as_ref().err().or(agents.as_ref().err());
    if let Some(error) = failed {
        tracing::debug!(%error, "the models and agents could not be listed");
    }
    let configured = config.ok().and_then(|config| config.model);
    let agents = agents.unwrap_or_default();
    let offers = prompts::offers(
        commands.unwrap_or_default(),
        agents.clone(),
        resources.unwrap_or_default(),
    );
    let catalog = parts::catalog(providers.ok()?, agents, configured.as_deref());
    Some((catalog, offers))
}
