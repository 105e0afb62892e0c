//! The local server as a process of its own: where it is, how it is started, and how that fails.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;

use super::isolation::Isolation;
use super::limits::EnforcedLimits;

/// Time for a daemon to come up and answer.
pub(in crate::local) const START_LIMIT: Duration = Duration::from_secs(15);

/// A daemon that has answered.
#[derive(Debug, Clone)]
pub struct Daemon {
    /// The control plane's base URL.
    pub url: String,
    pub api_key: SecretString,
    pub pid: u32,
    /// The version of the program that it runs.
    pub version: String,
    /// How far its sandboxes are isolated.
    pub isolation: Isolation,
    /// Sandboxes that have processes, stopped ones too.
    pub running: usize,
    /// What its sandboxes may use.
    pub limits: EnforcedLimits,
    /// The program's file, where sandboxes below level full can start it.
    pub program: PathBuf,
    /// The [`outbound_digest`](crate::local::outbound_digest) of the shell that started it.
    pub outbound_digest: String,
    /// Where its files are.
    pub state_dir: PathBuf,
}

/// How to start the program as a daemon.
#[derive(Debug, Clone)]
pub struct DaemonLaunch {
    pub program: PathBuf,
    /// A hidden subcommand that calls [`serve`](crate::local::daemon::serve).
    pub arguments: Vec<String>,
    /// The whole environment.
    pub env: Vec<(String, String)>,
}

#[derive(Debug, thiserror::Error)]
pub enum DaemonError {
    #[error("use the local server's directory {directory}")]
    Directory {
        directory: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("start the local server {program}")]
    Spawn {
        program: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("the local server did not start; its log {log} ends with: {tail}")]
    NotUp { log: PathBuf, tail: String },
    #[error("a local server is running, but has not answered for {} s", START_LIMIT.as_secs())]
    Silent,
    #[error("the local server (process {pid}) did not stop")]
    NotStopped { pid: u32 },
}
