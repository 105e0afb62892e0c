//! What the advice in notices depends on.

use crate::domain::id::SessionKey;
use crate::domain::sandbox::SessionStatus;

/// What advice depends on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::app) struct Situation {
    /// The session on the screen, and its state.
    pub(in crate::app) session: Option<(SessionKey, SessionStatus)>,
    pub(in crate::app) composer_is_empty: bool,
    /// An answer to a request is being written.
    pub(in crate::app) writes_answer: bool,
    pub(in crate::app) has_models: bool,
    /// How many messages are loaded.
    pub(in crate::app) messages: usize,
}

/// The session of which a warning says that its sandbox is about to end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::app) struct EndingSandbox {
    pub(in crate::app) session: SessionKey,
    pub(in crate::app) is_shown: bool,
}
