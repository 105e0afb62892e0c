//! The record of a sandbox on disk, its `sandbox.json`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::local::network::rules::NetworkRules;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(in crate::local) enum RunState {
    Running,
    Paused,
}

/// What survives a restart of the server. Holds secrets: tokens and the variables of the create.
#[derive(Clone, Serialize, Deserialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of the create call"
)]
pub(in crate::local) struct SandboxRecord {
    pub(in crate::local) id: String,
    pub(in crate::local) template: String,
    pub(in crate::local) metadata: BTreeMap<String, String>,
    pub(in crate::local) env_vars: BTreeMap<String, String>,
    pub(in crate::local) envd_token: String,
    /// Present when ports are not public.
    pub(in crate::local) traffic_token: Option<String>,
    /// Milliseconds since the epoch, like `ends_at`.
    pub(in crate::local) started_at: u64,
    pub(in crate::local) ends_at: u64,
    pub(in crate::local) auto_pause: bool,
    /// Whether the pause at the end keeps the processes.
    pub(in crate::local) auto_pause_memory: bool,
    pub(in crate::local) state: RunState,
    /// Whether traffic wakes it from a pause that kept its processes.
    pub(in crate::local) auto_resume: bool,
    /// The time to live that the create asked for.
    pub(in crate::local) timeout_secs: u64,
    /// The `Host` that servers in the sandbox see instead of the public name.
    pub(in crate::local) mask_host: Option<String>,
    /// The template of its programs, where that is not `template`: it began with a snapshot.
    pub(in crate::local) base: Option<String>,
    /// In force where the sandbox has a network of its own.
    pub(in crate::local) network_rules: NetworkRules,
    /// Whether envd wants its token.
    pub(in crate::local) secure: bool,
}

impl SandboxRecord {
    /// envd's token as clients get it; none where it wants none.
    pub(in crate::local) fn open_token(&self) -> Option<String> {
        self.secure.then(|| self.envd_token.clone())
    }
}
