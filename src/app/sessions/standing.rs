//! How it stands with a sandbox that no session has.

/// What is done to a stranger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::app) enum Standing {
    BeingAdopted,
    BeingPaused,
    BeingKilled,
    /// It cannot be adopted, for this reason.
    Refused(String),
}
