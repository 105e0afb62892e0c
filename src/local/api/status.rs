//! What a server says of itself to other programs of ours.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::local::interface::isolation::Isolation;
use crate::local::interface::limits::EnforcedLimits;

/// The path that is asked by those who only look.
pub(in crate::local) const STATUS: &str = "/sandbar/status";

/// The answer to `GET /sandbar/status`.
#[derive(Serialize, Deserialize)]
pub(in crate::local) struct ServerStatus {
    pub(in crate::local) pid: u32,
    pub(in crate::local) version: String,
    pub(in crate::local) isolation: Isolation,
    /// Sandboxes that have processes, stopped ones too.
    pub(in crate::local) running: usize,
    /// What its sandboxes may use.
    pub(in crate::local) limits: EnforcedLimits,
    /// This program's file, where sandboxes without a view of their own can start it.
    pub(in crate::local) program: PathBuf,
    /// How its sandboxes get out of this machine.
    pub(in crate::local) outbound_digest: String,
}
