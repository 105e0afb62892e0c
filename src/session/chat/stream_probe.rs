//! Proves that an opened event stream passes events on.
//!
//! OpenCode sends `server.connected` before it subscribes the stream to its events; what happens in between reaches
//! nobody. Observed on 1.18.33: of 16 streams opened at once, none received a prompt that was posted as soon as
//! "connected" had arrived, for up to 20 ms on an idle machine and much longer on a busy one. So a probe is sent
//! behind it: an event that nobody acts upon. Once it comes back, all later events arrive, and one more fetch closes
//! the gap.
//!
//! It fetches nothing itself; `follow` does, when this reports the probe.

use std::time::Duration;

use futures::FutureExt as _;
use futures::future::BoxFuture;

use crate::net::random;
use crate::opencode::client::OpencodeClient;
use crate::opencode::wire::event::Event;

/// How often the probe is sent. Then a server that does not return it is treated like one that does not know the
/// call.
const TRIES: u32 = 4;

/// A probe under way.
pub(in crate::session) struct StreamProbe {
    client: OpencodeClient,
    command: String,
    /// Between two sends.
    pause: Duration,
    tries: u32,
    sent: Option<BoxFuture<'static, ()>>,
}

impl StreamProbe {
    /// Prepares a probe; the first wait for it sends it. `patience` is the total time that it has to come back.
    pub(in crate::session) fn new(client: OpencodeClient, patience: Duration) -> Self {
        // Without randomness another client's probe could be taken for ours: then the second fetch is only too
        // early.
        let name = random::hex::<8>().unwrap_or_default();
        Self {
            client,
            command: format!("sandbar.marker.{name}"),
            pause: patience / TRIES,
            tries: 0,
            sent: None,
        }
    }

    /// Whether this event is the probe.
    pub(in crate::session) fn is(&self, event: &Event) -> bool {
        matches!(event, Event::Command { command } if *command == self.command)
    }

    /// Sends the probe repeatedly, and returns when it has not come back for too long. Cancel-safe.
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
