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
    /// Older servers do not say.
    #[serde(default)]
    pub(super) isolation: Option<Isolation>,
    /// Sandboxes that have processes, stopped ones too.
    #[serde(default)]
    pub(super) running: Option<usize>,
    /// What its sandboxes may use.
    #[serde(default)]
    pub(super) limits: Option<Enforced>,
    /// This program's file, where sandboxes without a view of their own can start it.
    #[serde(default)]
    pub(super) program: Option<PathBuf>,
}
