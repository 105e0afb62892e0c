//! What the status bar says for a while.

use crate::domain::time::Monotonic;

/// How long the notice of a failed command stands.
pub(super) const NOTICE_OF_FAILURE: Monotonic = Monotonic::from_secs(8);

/// A line for the status bar that goes away by itself.
#[derive(Debug, Clone)]
pub(super) struct Notice {
    pub(super) text: String,
    pub(super) until: Monotonic,
}
