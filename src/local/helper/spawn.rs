//! Starts a sandbox's processes that have no terminal, and says why one could not be started. For a sandbox's
//! helper, in the sandbox.

use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

use super::protocol::HelperErrorKind;

/// Why a process could not be started, for the caller of the API.
pub(in crate::local) type SpawnError = (HelperErrorKind, String);

pub(in crate::local) fn spawn(
    argv: &[String],
    env: Vec<(String, String)>,
    cwd: &Path,
    fds: Vec<OwnedFd>,
) -> Result<u32, SpawnError> {
    let (Some((program, arguments)), Ok([stdin, stdout, stderr])) =
        (argv.split_first(), <[OwnedFd; 3]>::try_from(fds))
    else {
        return Err((
            HelperErrorKind::Failed,
            "a process needs a program and three pipes".to_owned(),
        ));
    };
    check_directory(cwd)?;
    let child = Command::new(program)
        .args(arguments)
        .env_clear()
        .envs(env)
        .current_dir(cwd)
        .stdin(Stdio::from(stdin))
        .stdout(Stdio::from(stdout))
        .stderr(Stdio::from(stderr))
        .process_group(0)
        .spawn()
        .map_err(|error| not_started(program, &error))?;
    Ok(child.id())
}

pub(in crate::local) fn check_directory(cwd: &Path) -> Result<(), SpawnError> {
    if cwd.is_dir() {
        return Ok(());
    }
    let message = format!("cwd '{}' does not exist", cwd.display());
    Err((HelperErrorKind::NoDirectory, message))
}

pub(in crate::local) fn not_started(program: &str, error: &io::Error) -> SpawnError {
    let reason = match error.kind() {
        io::ErrorKind::NotFound => HelperErrorKind::NoProgram,
        _ => HelperErrorKind::Failed,
    };
    (reason, format!("start '{program}': {error}"))
}
