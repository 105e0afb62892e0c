//! How a server is set up.

use std::path::PathBuf;

use secrecy::SecretString;

use super::isolation::IsolationRequest;
use super::limits::ResourceLimits;

/// How a server is set up. Nothing is read from the environment; the caller says all.
#[derive(Debug, Clone)]
pub struct ServerOptions {
    /// Holds the sandboxes, across restarts.
    pub state_dir: PathBuf,
    /// Directories of this program's own that hold `state_dir`: where the server is root, they are
    /// opened for its sandboxes' users to pass.
    pub own_dirs: Vec<PathBuf>,
    /// Holds installed templates; may be shared between servers.
    pub cache_dir: PathBuf,
    /// What clients must send as `X-API-Key`.
    pub api_key: SecretString,
    /// Whether nobody but this user has the key. Whoever says how npm is run here runs any program.
    pub is_key_private: bool,
    /// This program's version, for those who find the server running.
    pub version: String,
    /// How to start a sandbox's helper.
    pub helper: HelperCommand,
    /// How many sandboxes may run at a time.
    pub max_sandboxes: usize,
    /// The search path of processes and of npm, `:`-separated.
    pub path: String,
    /// The name of the user as whom processes run.
    pub user: String,
    /// What npm gets beside `PATH`: `npm_config_*`, proxies, certificate files.
    pub install_env: Vec<(String, String)>,
    /// The OpenCode of the template `opencode`.
    pub opencode_version: String,
    /// Directories that the file API may touch beside a sandbox's own.
    pub extra_file_roots: Vec<PathBuf>,
    /// Which isolation sandboxes get.
    pub isolation: IsolationRequest,
    /// What each sandbox may use.
    pub limits: ResourceLimits,
    /// What clients see as the sandboxes' domain, e.g. `sbx.localhost:4000`. Empty: made from
    /// the first listener's port.
    pub domain: String,
}

/// How to start a sandbox's helper process.
#[derive(Debug, Clone)]
pub struct HelperCommand {
    /// Our own program.
    pub program: PathBuf,
    /// The hidden subcommand that leads to [`init_main`](crate::local::init_main).
    pub arguments: Vec<String>,
}
