//! Proves that an opened event stream passes events on.
//!
//! OpenCode says `server.connected` before it gives the stream its share of the events; what happens
//! in between is told to nobody. Observed on 1.18.33: of 16 streams opened at once, none heard of a
//! prompt posted as soon as "connected" had come, for up to 20 ms on an idle machine and much longer
//! on a busy one. So a marker is sent behind it: an event that nobody acts upon. Once it comes back,
//! all that happens will come, and one look at what the server holds closes the gap.
//!
//! It does not fetch anything; `follow_chat` does, when this says so.

use std::time::Duration;

use futures::FutureExt as _;
use futures::future::BoxFuture;

use crate::net::random;
use crate::opencode::client::OpencodeClient;
use crate::opencode::wire::event::Event;

/// How often the marker is sent. A server that will not show it is given up then, as one that
/// does not know the call.
const TRIES: u32 = 4;

/// A marker under way.
pub(in crate::session) struct StreamProbe {
    client: OpencodeClient,
    command: String,
    /// From one sending to the next.
    pause: Duration,
    tries: u32,
    sent: Option<BoxFuture<'static, ()>>,
}

impl StreamProbe {
    /// Prepares a marker; it is sent with the first wait for it. `patience` is all the time that it
    /// gets to come back.
    pub(in crate::session) fn new(client: OpencodeClient, patience: Duration) -> Self {
        // Without randomness another's marker could be taken for ours: that only looks too early.
        let name = random::hex::<8>().unwrap_or_default();
        Self {
            client,
            command: format!("sandbar.marker.{name}"),
            pause: patience / TRIES,
            tries: 0,
            sent: None,
        }
    }

    /// Whether this event is the marker.
    pub(in crate::session) fn is(&self, event: &Event) -> bool {
        matches!(event, Event::Command { command } if *command == self.command)
    }

    /// Sends it, again and again, and returns when it has not come back for too long. Cancel-safe.
    pub(in crate::session) async fn given_up(&mut self) {
        loop {
            if let Some(sent) = &mut self.sent {
                sent.await;
                self.sent = None;
            }
            if self.tries == TRIES {
                return;
            }
            self.tries += 1;
            let (client, command, pause) = (self.client.clone(), self.command.clone(), self.pause);
            let send = async move {
                if let Err(error) = client.publish_command(&command).await {
                    tracing::debug!(%error, "the marker could not be sent");
                }
                tokio::time::sleep(pause).await;
            };
            self.sent = Some(send.boxed());
        }
    }
}
