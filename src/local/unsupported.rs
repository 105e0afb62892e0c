//! What stands in for the local server on systems other than Linux: the names of `mod.rs` that the rest of the
//! program uses, which answer that there is none. No daemon is ever found.
//!
//! Sandboxes need what only Linux has: namespaces, `/proc`, landlock, seccomp, child subreapers.

mod interface;

use std::convert::Infallible;
use std::ffi::OsString;
use std::future::{Ready, ready};
use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use secrecy::SecretString;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

pub use interface::isolation::{Isolation, IsolationRequest, Level, Network, PROGRAM_INSIDE};
pub use interface::limits::{EnforcedLimits, Enforcement, ResourceLimits};
pub use interface::options::{HelperCommand, ServerOptions};
pub use interface::outbound_digest::outbound_digest;

fn unsupported() -> io::Error {
    let message = "local sandboxes need Linux; use E2B on this system";
    io::Error::new(io::ErrorKind::Unsupported, message)
}

/// A server that never runs.
pub enum NoServer {}

impl NoServer {
    pub fn url(&self) -> String {
        match *self {}
    }

    pub fn isolation(&self) -> &Isolation {
        match *self {}
    }

    pub fn limits(&self) -> &EnforcedLimits {
        match *self {}
    }

    pub fn closed(self) -> Ready<()> {
        match self {}
    }
}

pub fn start(
    _: Vec<TcpListener>,
    _: ServerOptions,
    _: CancellationToken,
) -> Ready<io::Result<NoServer>> {
    ready(Err(unsupported()))
}

pub fn new_key() -> io::Result<SecretString> {
    Err(unsupported())
}

pub fn examine(
    _: IsolationRequest,
    _: ResourceLimits,
    _: PathBuf,
    _: Vec<PathBuf>,
) -> Ready<io::Result<(Isolation, EnforcedLimits)>> {
    ready(Err(unsupported()))
}

pub fn init_main() -> ExitCode {
    ExitCode::FAILURE
}

pub fn detach(_: &[OsString]) -> io::Result<Infallible> {
    Err(unsupported())
}

pub fn become_leader(_: &[OsString]) -> io::Result<Infallible> {
    Err(unsupported())
}

/// Nothing is started that must not inherit open files.
pub fn close_on_exec() {}

/// The daemon, which never runs.
pub mod daemon {
    use std::future::{Ready, ready};
    use std::io;
    use std::path::Path;
    use std::time::Duration;

    use super::{ServerOptions, unsupported};

    pub use super::interface::daemon::{Daemon, DaemonError, DaemonLaunch};

    pub fn find(_: &Path) -> Ready<Option<Daemon>> {
        ready(None)
    }

    pub fn find_or_start(_: &Path, launch: &DaemonLaunch) -> Ready<Result<Daemon, DaemonError>> {
        ready(Err(DaemonError::Spawn {
            program: launch.program.clone(),
            source: unsupported(),
        }))
    }

    pub fn is_running(_: &Path) -> bool {
        false
    }

    pub fn stop(_: &Path) -> Ready<Result<bool, DaemonError>> {
        ready(Ok(false))
    }

    pub fn serve(_: ServerOptions, _: Duration) -> Ready<io::Result<()>> {
        ready(Err(unsupported()))
    }
}
