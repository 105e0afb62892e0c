//! The channel from a session's task to its listener: bounded, in order; logs never block.

use tokio::sync::mpsc;

use crate::domain::id::SessionKey;
use crate::domain::log::LogLine;
use crate::domain::session::SessionEvent;

/// A session's end of the channel.
#[derive(Debug, Clone)]
pub(crate) struct EventSender {
    key: SessionKey,
    sender: mpsc::Sender<(SessionKey, SessionEvent)>,
}

impl EventSender {
    pub(crate) fn new(key: SessionKey, sender: mpsc::Sender<(SessionKey, SessionEvent)>) -> Self {
        Self { key, sender }
    }

    /// Waits for capacity. A listener that is gone is no error: the session is about to end.
    pub(crate) async fn send(&self, event: SessionEvent) {
        if self.sender.send((self.key.clone(), event)).await.is_err() {
            tracing::debug!(key = %self.key, "the listener has gone");
        }
    }

    /// Sends lines if there is capacity; never waits. `false`: the listener is behind, and `lines` was not called.
    pub(crate) fn offer_logs(&self, lines: impl FnOnce() -> Vec<LogLine>) -> bool {
        match self.sender.try_reserve() {
            Ok(place) => {
                let lines = lines();
                if !lines.is_empty() {
                    place.send((self.key.clone(), SessionEvent::Logs(lines)));
                }
                true
            }
            // Nobody will read them any more.
            Err(mpsc::error::TrySendError::Closed(())) => {
                drop(lines());
                true
            }
            Err(mpsc::error::TrySendError::Full(())) => false,
        }
    }
}
