//! What of the configuration the sessions need.

use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;

use crate::domain::version::OPENCODE_VERSION;
use crate::engine::EngineSpec;

/// What of the configuration the sessions need.
#[derive(Debug, Clone)]
pub struct Settings {
    /// `None`: this process makes no sandboxes.
    pub engine: Option<EngineSpec>,
    /// How long a sandbox lives on when nothing runs in it.
    pub idle_ttl: Duration,
    /// How long a sandbox lives on once a prompt was sent.
    pub work_ttl: Duration,
    /// Where sandboxes cost: one is made once something is typed, not once it is sent.
    pub warm_start: bool,
    pub opencode_version: String,
    pub install_limit: Duration,
    /// Variables that new sandboxes get: names and values of provider keys.
    pub provider_keys: Vec<(String, SecretString)>,
    /// The keys are written into requests on their way out of the sandbox, and never enter it.
    pub secrets_at_egress: bool,
    /// What npm needs to get through to its registry from a local sandbox, whose home is fresh:
    /// settings, proxies, certificates of this machine.
    pub install_env: Vec<(String, String)>,
    /// Where work trees are packed.
    pub scratch_dir: PathBuf,
    /// The directory to which sessions that are begun here belong; `None`: nobody knows.
    pub project: Option<PathBuf>,
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
        }
    }
}
