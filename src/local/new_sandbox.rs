//! What a create call asks for, whoever makes it: a client, or a fork of another sandbox.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use super::egress::Egress;

/// What a create call asks for, already checked.
#[expect(
    clippy::struct_excessive_bools,
    reason = "the wire's own switches, each for itself"
)]
pub(super) struct NewSandbox {
    pub(super) template: String,
    pub(super) metadata: BTreeMap<String, String>,
    pub(super) env_vars: BTreeMap<String, String>,
    pub(super) timeout: Duration,
    pub(super) auto_pause: bool,
    pub(super) auto_pause_memory: bool,
    pub(super) public_traffic: bool,
    pub(super) auto_resume: bool,
    pub(super) mask_host: Option<String>,
    pub(super) egress: Egress,
    /// Fields that asked for what this server does not do.
    pub(super) ignored: Vec<String>,
    /// Whether envd wants its token.
    pub(super) secure: bool,
    /// What whoever reads its log is to know.
    pub(super) notes: Vec<String>,
    /// Files to begin with.
    pub(super) origin: Option<Origin>,
}

/// What a new sandbox begins with: a snapshot, or the sandbox that it is a fork of.
#[derive(Clone)]
pub(super) struct Origin {
    pub(super) dir: PathBuf,
    /// Whose programs belong to the files.
    pub(super) template: String,
}
