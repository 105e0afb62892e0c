//! What is kept of a sandbox on disk, in its `sandbox.json`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::egress::Egress;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum State {
    Running,
    Paused,
}

/// What survives a restart of the server. Holds secrets: tokens and the variables of the create.
#[derive(Clone, Serialize, Deserialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of the create call"
)]
pub(super) struct Record {
    pub(super) id: String,
    pub(super) template: String,
    pub(super) metadata: BTreeMap<String, String>,
    pub(super) env_vars: BTreeMap<String, String>,
    pub(super) envd_token: String,
    /// Present when ports are not public.
    pub(super) traffic_token: Option<String>,
    /// Milliseconds since the epoch, like `ends_at`.
    pub(super) started_at: u64,
    pub(super) ends_at: u64,
    pub(super) auto_pause: bool,
    /// Whether the pause at the end keeps the processes.
    pub(super) auto_pause_memory: bool,
    pub(super) state: State,
    /// Whether traffic wakes it from a pause that kept its processes.
    pub(super) auto_resume: bool,
    /// The time to live that the create asked for.
    pub(super) timeout_secs: u64,
    /// The `Host` that servers in the sandbox see instead of the public name.
    pub(super) mask_host: Option<String>,
    /// Whose programs it has, where that is not `template`: it began with a snapshot.
    pub(super) base: Option<String>,
    /// In force where the sandbox has a network of its own.
    pub(super) egress: Egress,
    /// Whether envd wants its token.
    pub(super) secure: bool,
}

impl Record {
    /// envd's token as clients get it; none where it wants none.
    pub(super) fn open_token(&self) -> Option<String> {
        self.secure.then(|| self.envd_token.clone())
    }
}
