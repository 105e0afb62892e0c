//! The operation on an unattached sandbox.

/// An operation that has not ended, or was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::app) enum PendingAction {
    Adopting,
    Pausing,
    Killing,
    /// It cannot be adopted, for this reason.
    Refused(String),
}
