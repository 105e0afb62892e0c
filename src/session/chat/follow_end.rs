//! Why following a conversation ended, or fetching it failed.

use super::mailbox::ListenerGone;
use crate::opencode::error::OpencodeError;
use crate::opencode::events::StreamEnd;

/// Why following ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FollowEnd {
    /// The stream was closed in order, or the server discarded its state.
    Ended,
    /// Nothing was received for too long.
    Stalled,
    /// The server does not accept the password.
    Unauthorized,
    /// The conversation does not exist on the server.
    SessionNotFound,
    Http(OpencodeError),
    /// The receiver was dropped.
    ListenerGone,
}

impl From<OpencodeError> for FollowEnd {
    fn from(error: OpencodeError) -> Self {
        match error {
            OpencodeError::Unauthorized { .. } => Self::Unauthorized,
            other => Self::Http(other),
        }
    }
}

impl From<StreamEnd> for FollowEnd {
    fn from(end: StreamEnd) -> Self {
        match end {
            StreamEnd::Ended => Self::Ended,
            StreamEnd::Stalled => Self::Stalled,
            StreamEnd::Failed(error) => error.into(),
        }
    }
}

impl From<ListenerGone> for FollowEnd {
    fn from(_: ListenerGone) -> Self {
        Self::ListenerGone
    }
}
