//! The way from a session's task to its listener: bounded, in order, logs may be dropped.

use tokio::sync::mpsc;

use crate::domain::id::SessionKey;
use crate::domain::log::LogLine;
use crate::domain::session::SessionEvent;

/// A session's own end of the channel.
#[derive(Debug, Clone)]
pub(crate) struct Events {
    key: SessionKey,
    sender: mpsc::Sender<(SessionKey, SessionEvent)>,
}

impl Events {
    pub(crate) fn new(key: SessionKey, sender: mpsc::Sender<(SessionKey, SessionEvent)>) -> Self {
        Self { key, sender }
    }

    /// Waits for a place. A listener that has gone is no error: the session is about to end.
    pub(crate) async fn send(&self, event: SessionEvent) {
        if self.sender.send((self.key.clone(), event)).await.is_err() {
            tracing::debug!(key = %self.key, "the listener has gone");
        }
    }

    /// Offers lines; never waits. `Err` gives them back when the listener is behind: an unread
    /// stdout can stall the process, so the caller keeps the newest and counts the rest.
    pub(crate) fn offer_logs(&self, lines: Vec<LogLine>) -> Result<Vec<LogLine>, Vec<LogLine>> {
        match self.sender.try_reserve() {
            Ok(place) => {
                place.send((self.key.clone(), SessionEvent::Logs(lines.clone())));
                Ok(lines)
            }
            Err(mpsc::error::TrySendError::Closed(())) => Ok(lines),
            Err(mpsc::error::TrySendError::Full(())) => Err(lines),
        }
    }
}
