//! Tries whether a level of isolation works here, and explains why it does not.

use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal};

use super::Network;
use super::bubblewrap;
use super::bubblewrap::BubblewrapSpec;
use super::unavailable::Unavailable;
use super::{confine, pasta};

/// Time for one attempt; then it is killed and counts as failed.
const LIMIT: Duration = Duration::from_secs(2);
const STEP: Duration = Duration::from_millis(1);

fn unavailable(why: impl Into<String>, next: impl Into<String>) -> Unavailable {
    Unavailable {
        why: why.into(),
        next: next.into(),
    }
}

/// Runs `true` in exactly the isolation that sandboxes get. If only the network is unavailable, says why;
/// the network then is [`Network::Own`].
pub(super) fn full(
    network: Network,
    owner: Option<u32>,
) -> Result<Option<Unavailable>, Unavailable> {
    if network != Network::Pasta {
        return try_full(network, owner).map(|()| None);
    }
    let Err(failed) = attempt(network, owner) else {
        return Ok(None);
    };
    // Without pasta it shows which of the two fails.
    try_full(Network::Own, owner)?;
    let is_root = rustix::process::geteuid().is_root();
    Ok(Some(match failed {
        ProbeFailure::Spawn(error) | ProbeFailure::Here(error) => {
            pasta::explain(Some(&error.to_string()), is_root)
        }
        ProbeFailure::Slow => pasta::explain(None, is_root),
        ProbeFailure::Said(text) => pasta::explain(Some(&text), is_root),
    }))
}

fn try_full(network: Network, owner: Option<u32>) -> Result<(), Unavailable> {
    attempt(network, owner).map_err(|failed| match failed {
        ProbeFailure::Spawn(error) if error.kind() == std::io::ErrorKind::NotFound => unavailable(
            "bubblewrap is not installed",
            "install the package bubblewrap, then `sandbar local stop`",
        ),
        ProbeFailure::Spawn(error) => {
            unavailable(format!("bubblewrap cannot be started: {error}"), "")
        }
        ProbeFailure::Here(error) => unavailable(error.to_string(), ""),
        ProbeFailure::Slow => unavailable("bubblewrap hangs", ""),
        ProbeFailure::Said(text) => explain(&text),
    })
}

fn attempt(network: Network, owner: Option<u32>) -> Result<(), ProbeFailure> {
    let empty = tempfile::tempdir().map_err(ProbeFailure::Here)?;
    let everybody = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(empty.path(), everybody).map_err(ProbeFailure::Here)?;
    let spec = BubblewrapSpec {
        // It runs nothing of a sandbox.
        first: Vec::new(),
        home: empty.path().to_owned(),
        tmp: empty.path().to_owned(),
        etc: empty.path().to_owned(),
        programs: Vec::new(),
        path: String::new(),
        owner,
        network,
        memory: None,
    };
    spec.write_etc().map_err(ProbeFailure::Here)?;
    let command = bubblewrap::command(&spec, &["/usr/bin/true".into()]);
    let mut command = command.map_err(ProbeFailure::Here)?;
    command.stdin(Stdio::null());
    run(command)
}

/// What stands behind bubblewrap's message.
fn explain(text: &str) -> Unavailable {
    let sysctl = |name: &str| {
        let text = std::fs::read_to_string(format!("/proc/sys/{name}")).unwrap_or_default();
        text.trim().to_owned()
    };
    if sysctl("kernel/apparmor_restrict_unprivileged_userns") == "1" {
        return unavailable(
            "AppArmor blocks user namespaces",
            "install the AppArmor profile bwrap-userns-restrict (package apparmor-profiles)",
        );
    }
    if sysctl("kernel/unprivileged_userns_clone") == "0" {
        return unavailable(
            "user namespaces are disabled",
            "sysctl kernel.unprivileged_userns_clone=1",
        );
    }
    if sysctl("user/max_user_namespaces") == "0" {
        return unavailable(
            "user namespaces are disabled",
            "sysctl user.max_user_namespaces=10000",
        );
    }
    if text.contains("mount proc") {
        return unavailable(
            "this container masks parts of /proc",
            "run it with --security-opt systempaths=unconfined",
        );
    }
    let container = ["/.dockerenv", "/run/.containerenv"];
    if container.iter().any(|file| Path::new(file).exists()) {
        return unavailable(
            "this container forbids namespaces",
            "run it with --security-opt seccomp=unconfined",
        );
    }
    let line = text.lines().next().unwrap_or("it ended without a message");
    let next = if text.contains("nknown option") {
        "bubblewrap 0.8 or newer"
    } else {
        ""
    };
    unavailable(line, next)
}

/// Whether landlock confines files.
pub(super) fn filesystem() -> Result<(), Unavailable> {
    if confine::is_offered() {
        return Ok(());
    }
    Err(unavailable(
        "the kernel does not support landlock",
        "Linux 5.13 or newer with landlock among its security modules",
    ))
}

enum ProbeFailure {
    /// Before anything was started.
    Here(std::io::Error),
    Spawn(std::io::Error),
    Slow,
    Said(String),
}

fn run(mut command: Command) -> Result<(), ProbeFailure> {
    let mut child = command
        .stderr(Stdio::piped())
        // What it started may outlive it.
        .process_group(0)
        .spawn()
        .map_err(ProbeFailure::Spawn)?;
    let until = Instant::now() + LIMIT;
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break Some(status),
            Ok(None) if Instant::now() < until => std::thread::park_timeout(STEP),
            _ => break None,
        }
    };
    let group = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    if let Some(group) = group.filter(|_| !status.is_some_and(|status| status.success())) {
        let _ = rustix::process::kill_process_group(group, Signal::KILL);
    }
    let Some(status) = status else {
        let _ = child.wait();
        return Err(ProbeFailure::Slow);
    };
    if status.success() {
        return Ok(());
    }
    let mut text = String::new();
    if let Some(stderr) = child.stderr.take() {
        let _ = stderr.take(4096).read_to_string(&mut text);
    }
    Err(ProbeFailure::Said(text))
}
