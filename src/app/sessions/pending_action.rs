//! What is being done to a sandbox that no session has.

/// What was asked for and has not ended, or could not be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::app) enum PendingAction {
    Adopting,
    Pausing,
    Killing,
    /// It cannot be adopted, for this reason.
    Refused(String),
}
