//! What a new sandbox is to be: asked for by a create call, or by a fork of another sandbox.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use crate::local::network::rules::NetworkRules;

/// What a create call asks for, already checked.
#[expect(
    clippy::struct_excessive_bools,
    reason = "the wire's own switches, each for itself"
)]
pub(in crate::local) struct SandboxSpec {
    pub(in crate::local) template: String,
    pub(in crate::local) metadata: BTreeMap<String, String>,
    pub(in crate::local) env_vars: BTreeMap<String, String>,
    pub(in crate::local) timeout: Duration,
    pub(in crate::local) auto_pause: bool,
    pub(in crate::local) auto_pause_memory: bool,
    pub(in crate::local) public_traffic: bool,
    pub(in crate::local) auto_resume: bool,
    pub(in crate::local) mask_host: Option<String>,
    pub(in crate::local) network_rules: NetworkRules,
    /// Fields that asked for what this server does not do.
    pub(in crate::local) ignored: Vec<String>,
    /// Whether envd wants its token.
    pub(in crate::local) secure: bool,
    /// Notes for the log.
    pub(in crate::local) notes: Vec<String>,
    /// Files to begin with.
    pub(in crate::local) origin: Option<FileOrigin>,
}

/// What a new sandbox begins with: a snapshot, or the sandbox that it is a fork of.
#[derive(Clone)]
pub(in crate::local) struct FileOrigin {
    pub(in crate::local) dir: PathBuf,
    /// The template of the programs that belong to the files.
    pub(in crate::local) template: String,
}
