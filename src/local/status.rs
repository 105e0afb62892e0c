//! What a server says of itself to other programs of ours.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::isolation::Isolation;
use super::limits::Enforced;

/// The path that is asked by those who only look.
pub(super) const STATUS: &str = "/sandbar/status";

/// The answer to `GET /sandbar/status`.
#[derive(Serialize, Deserialize)]
pub(super) struct Status {
    pub(super) pid: u32,
    pub(super) version: String,
    pub(super) isolation: Isolation,
    /// Sandboxes that have processes, stopped ones too.
    pub(super) running: usize,
    /// What its sandboxes may use.
    pub(super) limits: Enforced,
    /// This program's file, where sandboxes without a view of their own can start it.
    pub(super) program: PathBuf,
    /// How its sandboxes get out of this machine.
    pub(super) way_out: String,
}
