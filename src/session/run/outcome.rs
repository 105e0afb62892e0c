//! How a wait, a command or a connection of a session ends, for who runs the session.

use std::time::Duration;

use crate::domain::sandbox::Phase;
use crate::domain::session::CloseAction;

/// The session is to end, and what becomes of its sandbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct StopSession(pub(crate) CloseAction);

/// Why a connection is over.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Disconnect {
    /// It may come back.
    Connection {
        /// In words.
        reason: String,
        /// The server wants no other try before.
        least: Duration,
        /// So long nothing had been heard.
        silence: Duration,
    },
    /// It will not come back by itself.
    Until(Phase),
    /// This process drives the session from here on, and has to see all of it again to record it.
    TookOver,
}

impl Disconnect {
    /// The connection, for this reason.
    pub(crate) fn connection(reason: impl Into<String>) -> Self {
        Self::Connection {
            reason: reason.into(),
            least: Duration::ZERO,
            silence: Duration::ZERO,
        }
    }
}

/// What another process did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StoreChange {
    /// It wrote to the store.
    Changed,
    /// It drives the session no more; this one does.
    TookOver,
}

/// What a command asks of whoever waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CommandOutcome {
    Done,
    Retry,
}
