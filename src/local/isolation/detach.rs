//! Gives up what a sandbox must not inherit from the program that started the server: the terminal, open files, the
//! session keyring, ignored signals, the umask, and a priority above the usual one.
//!
//! Every way into a sandbox begins with this program as `internal detach`. It gives all of that up and
//! then turns into the program that follows: bubblewrap, pasta's stage, or the helper itself. The
//! helper checks it once more before it takes its first request ([`lead_session`]), so that a sandbox
//! never starts with a terminal that is not its own. Own code between fork and exec would be unsafe.
//!
//! What is left as it is, because it gives nothing away or limits a sandbox further: limits of
//! resources, the control group, the processors, supplementary groups of an ordinary user (only root
//! can drop them; inside a user namespace nothing belongs to them).

use std::convert::Infallible;
use std::ffi::OsString;
use std::io;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use tokio::signal::unix::{SignalKind, signal};

/// The hidden subcommand that leads to [`detach`].
const STAGE: [&str; 3] = ["internal", "detach", "--"];

/// The first descriptor after the standard streams.
const FIRST_OPEN: i32 = 3;

/// The highest number of a signal on Linux.
const LAST_SIGNAL: i32 = 64;

/// As on E2B.
const UMASK: Mode = Mode::WGRP.union(Mode::WOTH);

/// The words that stand before a command so that it inherits nothing. `program`: this one's file.
pub(super) fn words(program: &Path) -> Vec<OsString> {
    let stage = STAGE.iter().map(OsString::from);
    std::iter::once(program.into()).chain(stage).collect()
}

/// Keeps every open file but the standard streams from the programs that this one starts.
///
/// `close_range` in one call where the kernel has it, else a walk through the open descriptors. Files
/// that Rust opens are marked anyway; this is for those that were open when the program started.
pub fn close_on_exec() {
    close_fds::set_fds_cloexec(FIRST_OPEN, &[]);
}

/// Gives up what a sandbox must not inherit, and turns into the program.
pub fn detach(argv: &[OsString]) -> io::Result<Infallible> {
    let Some((program, arguments)) = argv.split_first() else {
        return Err(io::Error::from(io::ErrorKind::InvalidInput));
    };
    lead_session()?;
    close_on_exec();
    leave_keyring();
    drop_privileges_of_scheduling()?;
    unignore_signals()?;
    rustix::process::umask(UMASK);
    Err(Command::new(program).args(arguments).exec())
}

/// Leads a session of its own that has no terminal. It also leaves the process group of the server,
/// so that ctrl-c there does not reach a sandbox.
///
/// # Errors
///
/// Where a terminal is left.
pub(in crate::local) fn lead_session() -> io::Result<()> {
    // It fails for a process that leads a session already, which bubblewrap has seen to.
    if let Err(error) = rustix::process::setsid() {
        let session = rustix::process::getsid(None)?;
        if session != rustix::process::getpid() {
            return Err(io::Error::other(format!("begin a session: {error}")));
        }
    }
    let how = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
    match rustix::fs::open("/dev/tty", how, Mode::empty()) {
        Err(Errno::NXIO | Errno::NOENT | Errno::NODEV) => Ok(()),
        Ok(_) => Err(io::Error::other(
            "the terminal of the server is still open to the sandbox",
        )),
        Err(error) => Err(io::Error::other(format!(
            "find out whether a terminal is left: {error}"
        ))),
    }
}

/// Has no capabilities, and gets none by starting a set-user-id program: a server may have rights beyond its
/// user's. For the helper; to build a sandbox takes them.
pub(in crate::local) fn give_up_rights() -> io::Result<()> {
    use rustix::thread::{
        CapabilitySet, CapabilitySets, clear_ambient_capability_set, set_capabilities,
        set_no_new_privs,
    };
    set_no_new_privs(true)?;
    clear_ambient_capability_set()?;
    let none = CapabilitySet::empty();
    Ok(set_capabilities(
        None,
        CapabilitySets {
            effective: none,
            permitted: none,
            inheritable: none,
        },
    )?)
}

/// Joins a new, empty session keyring. Where that cannot be (a kernel without keyrings, a container
/// that forbids them, no quota left), processes still cannot ask for the old one: the filter of system
/// calls denies all that has to do with keys.
fn leave_keyring() {
    let _ = keyutils::Keyring::join_anonymous_session();
}

/// A server that the kernel prefers to others does not pass that on.
fn drop_privileges_of_scheduling() -> io::Result<()> {
    if rustix::process::getpriority_process(None)? < 0 {
        rustix::process::setpriority_process(None, 0)?;
    }
    // Missing where the kernel has no such file.
    let file = "/proc/self/oom_score_adj";
    let score = std::fs::read_to_string(file).unwrap_or_default();
    if score.trim().starts_with('-') {
        std::fs::write(file, "0")?;
    }
    Ok(())
}

/// Has all signals treated in the default way: those that are ignored stay so across exec, and ctrl-c
/// in a sandbox's terminal would do nothing after `nohup sandbar ...` or `sandbar ... &` in a script.
/// A signal with a handler gets the default with the next program; a direct call would be unsafe.
fn unignore_signals() -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let _entered = runtime.enter();
    for number in 1..=LAST_SIGNAL {
        // Some can have no handler: SIGKILL, and those that tell of a fault.
        let _ = signal(SignalKind::from_raw(number));
    }
    Ok(())
}
