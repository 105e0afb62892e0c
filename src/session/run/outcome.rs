//! How a wait, a command or a connection of a session ends, for the driver.

use std::time::Duration;

use crate::domain::sandbox::Phase;
use crate::domain::session::CloseAction;

/// The session is to end, and what becomes of its sandbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct StopSession(pub(crate) CloseAction);

/// Why a connection is over.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Disconnect {
    /// It may recover.
    Connection {
        /// For the user.
        reason: String,
        /// The server's minimum wait before a retry.
        least: Duration,
        /// How long nothing had been received.
        silence: Duration,
    },
    /// It will not recover by itself.
    Until(Phase),
    /// A boot follows at once: the user wants the session back, or this process now drives it and must receive
    /// everything again to record it.
    Boot,
}

impl Disconnect {
    /// A lost connection, with its reason.
    pub(crate) fn connection(reason: impl Into<String>) -> Self {
        Self::Connection {
            reason: reason.into(),
            least: Duration::ZERO,
            silence: Duration::ZERO,
        }
    }
}

/// A change by another process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StoreChange {
    /// It wrote to the store.
    Changed,
    /// It no longer drives the session; this one does.
    TookOver,
}

/// What a command asks of the waiting caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CommandOutcome {
    Done,
    /// The waiting caller tries now, or replaces the connection.
    Retry,
    /// The connection is given up, and a boot checks what became of the sandbox.
    Boot,
}
