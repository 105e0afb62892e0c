//! Our shell scripts as processes of a sandbox.
//!
//! Callers with a sandbox decide how one is run and what its output means.

use std::time::Duration;

use crate::e2b::process::StartProcess;

/// How long a short script may take.
pub(in crate::session) const SHORT: Duration = Duration::from_secs(30);

/// One of our scripts as a process: `sh -c SCRIPT sandbar ARGUMENTS`, so that arguments are never parsed as code.
pub(in crate::session) fn script_process(script: &str, arguments: &[&str]) -> StartProcess {
    let fixed = ["-c", script, "sandbar"].into_iter();
    StartProcess::program("/bin/sh", fixed.chain(arguments.iter().copied()))
}
