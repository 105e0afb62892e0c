//! Terminals of a sandbox's processes, opened inside the sandbox by its helper.
//!
//! A process that is to own a terminal must lead a session and take the terminal as its
//! controlling one between fork and exec. Code of ours there would be unsafe, so our own program
//! is started in its place with a hidden subcommand, does both to itself ([`become_leader`]), and
//! turns into the wanted program. The process id stays the same.

use std::convert::Infallible;
use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rustix::pty::OpenptFlags;
use rustix::termios::Winsize;

use super::protocol::{HelperErrorKind, PtySize};
use super::spawn::{SpawnError, check_directory, not_started};

/// Our program, also where its file cannot be seen.
const OWN_PROGRAM: &str = "/proc/self/exe";

/// The hidden subcommand that leads to [`become_leader`].
const STAGE: [&str; 3] = ["internal", "terminal", "--"];

/// The two ends of a process's terminal, ours first. Where the sandbox cannot open terminals, its
/// server has sent theirs and keeps ours.
pub(in crate::local) fn given_or_new(
    mut given: Vec<OwnedFd>,
    size: PtySize,
) -> Result<(Option<OwnedFd>, OwnedFd), SpawnError> {
    match given.pop() {
        Some(theirs) => Ok((None, theirs)),
        None => open(size).map(|(ours, theirs)| (Some(ours), theirs)),
    }
}

/// Opens a terminal: our end and theirs. Neither becomes the terminal of this process.
pub(in crate::local) fn open(size: PtySize) -> Result<(OwnedFd, OwnedFd), SpawnError> {
    pair(size).map_err(|error| (HelperErrorKind::Failed, format!("open a terminal: {error}")))
}

/// Starts a process in a terminal.
pub(in crate::local) fn spawn(
    argv: &[String],
    env: Vec<(String, String)>,
    cwd: &Path,
    terminal: OwnedFd,
) -> Result<u32, SpawnError> {
    let Some(program) = argv.first() else {
        return Err((
            HelperErrorKind::Failed,
            "a process needs a program".to_owned(),
        ));
    };
    check_directory(cwd)?;
    // The stage between could only tell by an exit code.
    find(program, &env, cwd).map_err(|error| not_started(program, &error))?;
    let failed = |error: io::Error| (HelperErrorKind::Failed, format!("open a terminal: {error}"));
    let copies = terminal
        .try_clone()
        .and_then(|first| Ok((first, terminal.try_clone()?)));
    let (stdin, stdout) = copies.map_err(failed)?;
    let child = Command::new(OWN_PROGRAM)
        .args(STAGE)
        .args(argv)
        .env_clear()
        .envs(env)
        .current_dir(cwd)
        .stdin(Stdio::from(stdin))
        .stdout(Stdio::from(stdout))
        .stderr(Stdio::from(terminal))
        .spawn()
        .map_err(|error| not_started(program, &error))?;
    Ok(child.id())
}

/// Makes the terminal on standard input this process's own and turns into the program.
pub fn become_leader(argv: &[OsString]) -> io::Result<Infallible> {
    let Some((program, arguments)) = argv.split_first() else {
        return Err(io::Error::from(io::ErrorKind::InvalidInput));
    };
    rustix::process::setsid()?;
    rustix::process::ioctl_tiocsctty(rustix::stdio::stdin())?;
    Err(Command::new(program).args(arguments).exec())
}

/// Changes the size; the processes in the terminal get SIGWINCH.
pub(in crate::local) fn resize(terminal: &File, size: PtySize) -> io::Result<()> {
    let size = Winsize {
        ws_row: size.rows,
        ws_col: size.cols,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    Ok(rustix::termios::tcsetwinsize(terminal, size)?)
}

fn pair(size: PtySize) -> io::Result<(OwnedFd, OwnedFd)> {
    // Other threads of a server start programs meanwhile.
    let how = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
    let ours = rustix::pty::openpt(how)?;
    rustix::io::fcntl_setfd(&ours, rustix::io::FdFlags::CLOEXEC)?;
    rustix::pty::grantpt(&ours)?;
    rustix::pty::unlockpt(&ours)?;
    let name = OsString::from_vec(rustix::pty::ptsname(&ours, Vec::new())?.into_bytes());
    let theirs = OpenOptions::new()
        .read(true)
        .write(true)
        .custom_flags(i32::try_from(rustix::fs::OFlags::NOCTTY.bits()).unwrap_or_default())
        .open(PathBuf::from(name))?;
    let ours = File::from(ours);
    resize(&ours, size)?;
    Ok((ours.into(), theirs.into()))
}

/// Looks for a program as exec will do it.
fn find(program: &str, env: &[(String, String)], cwd: &Path) -> io::Result<()> {
    let is_program = |path: PathBuf| {
        path.metadata()
            .is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
    };
    if program.contains('/') {
        // An absolute path replaces the directory on join.
        cwd.join(program).metadata()?;
        return Ok(());
    }
    let path = env.iter().find(|(name, _)| name == "PATH");
    let found = path.is_some_and(|(_, path)| {
        path.split(':')
            .any(|folder| is_program(cwd.join(folder).join(program)))
    });
    found
        .then_some(())
        .ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))
}
