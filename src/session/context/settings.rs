//! The part of the configuration that the sessions need.

use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;

use crate::domain::version::OPENCODE_VERSION;
use crate::engine::EngineSpec;
use crate::rules::file::RulesFile;

#[derive(Debug, Clone)]
pub struct Settings {
    /// `None`: this process creates no sandboxes.
    pub engine: Option<EngineSpec>,
    /// The timeout of a sandbox in which nothing runs.
    pub idle_ttl: Duration,
    /// The timeout of a sandbox after a prompt was sent.
    pub work_ttl: Duration,
    /// Where sandboxes cost: create one when the user starts typing, not when a prompt is sent.
    pub warm_start: bool,
    pub opencode_version: String,
    pub install_limit: Duration,
    /// Environment of new sandboxes: names and values of provider keys.
    pub provider_keys: Vec<(String, SecretString)>,
    /// The keys are written into outbound requests, and never enter the sandbox.
    pub secrets_at_egress: bool,
    /// What npm needs to reach its registry from a local sandbox, whose home is empty: settings, proxies, this
    /// machine's certificates.
    pub install_env: Vec<(String, String)>,
    /// Where work trees are packed.
    pub scratch_dir: PathBuf,
    /// The directory that sessions begun here belong to; `None`: unknown.
    pub project: Option<PathBuf>,
    /// The user's rules for permissions; `None`: none count.
    pub rules: Option<RulesFile>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            engine: None,
            idle_ttl: Duration::from_mins(30),
            work_ttl: Duration::from_hours(6),
            warm_start: false,
            opencode_version: OPENCODE_VERSION.to_owned(),
            install_limit: Duration::from_mins(10),
            provider_keys: Vec::new(),
            secrets_at_egress: false,
            install_env: Vec::new(),
            scratch_dir: PathBuf::from("/tmp"),
            project: None,
            rules: None,
        }
    }
}
