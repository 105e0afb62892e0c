//! E2B's official SDKs against our own server, started as users do: the versions whose traffic was recorded for
//! `src/local`, and the oldest that is still in use.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::support::home::Home;
use crate::support::set_up;

/// Each of these creates a dozen sandboxes and more; one after the other they are no burden.
static TURN: Mutex<()> = Mutex::new(());

/// Waits until no other client is running.
pub(crate) fn turn() -> MutexGuard<'static, ()> {
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// `sandbar local serve`; stopped on drop.
pub(crate) struct Server {
    process: Child,
    /// The environment of a program that uses E2B.
    pub(crate) variables: Vec<(String, String)>,
}

impl Server {
    pub(crate) fn start(home: &Home) -> Self {
        let mut process = home.command(&["local", "serve", "--port", "0"]);
        let mut process = process.stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let variables = lines
            .map(|line| line.unwrap())
            .map(|line| {
                let assignment = line.strip_prefix("export ").unwrap();
                let (name, value) = assignment.split_once('=').unwrap();
                (name.to_owned(), value.to_owned())
            })
            .take(3)
            .collect();
        Self { process, variables }
    }
}

impl Server {
    pub(crate) fn pid(&self) -> u32 {
        self.process.id()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let pid = rustix::process::Pid::from_child(&self.process);
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        let _ = self.process.wait();
    }
}

/// Runs a program of `tests/fixtures/sdk` against its own server. `checks` is the number of its checks for this SDK,
/// so that a missing one is noticed.
fn passes(interpreter: &Path, program: &str, arguments: &[&Path], checks: usize) {
    passes_at("full", interpreter, program, arguments, checks);
}

/// The same with this isolation level.
fn passes_at(level: &str, interpreter: &Path, program: &str, arguments: &[&Path], checks: usize) {
    let last = format!("done {checks}\n");
    let home = Home::new().set("SANDBAR_ISOLATION", level);
    ends_with(&home, &last, interpreter, program, |command| {
        command.args(arguments)
    });
}

/// The same for a program with more arguments and another last line.
fn ends_with(
    home: &Home,
    last: &str,
    interpreter: &Path,
    program: &str,
    given: impl FnOnce(&mut Command) -> &mut Command,
) {
    let _turn = turn();
    let server = Server::start(home);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/sdk");

    let mut command = Command::new(interpreter);
    command
        .arg(folder.join(program))
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap())
        .envs(server.variables.iter().cloned());
    let checked = given(&mut command).output().unwrap();

    let said = String::from_utf8_lossy(&checked.stdout);
    let errors = String::from_utf8_lossy(&checked.stderr);
    assert!(
        checked.status.success() && said.ends_with(last),
        "{said}\n{errors}"
    );
}

#[test]
fn the_official_javascript_sdk_cannot_tell_the_difference() {
    let sdk = set_up::javascript_sdk("2.51.0");

    passes(Path::new("node"), "check.mjs", &[&sdk], 14);
}

#[test]
fn every_call_of_the_official_javascript_sdk_works() {
    let sdk = set_up::javascript_sdk("2.51.0");

    ends_with(
        &Home::new(),
        "88 passed, 0 failed\n",
        Path::new("node"),
        "conformance.mjs",
        |command| {
            command
                .env("E2B_SDK_DIR", &sdk)
                .env("CHECK_BAD_API_KEY", "e2b_wrong")
                // Generous: a busy machine must not fail a test.
                .env("CHECK_TIMEOUT_MS", "120000")
        },
    );
}

#[test]
fn the_official_python_sdk_cannot_tell_the_difference() {
    let python = set_up::python_with_sdk("2.63.0");

    passes(&python, "check.py", &[], 50);
}

#[test]
fn the_older_javascript_sdk_works_too() {
    let sdk = set_up::javascript_sdk("2.8.1");

    passes(Path::new("node"), "check.mjs", &[&sdk], 14);
}

#[test]
fn the_older_python_sdk_works_too() {
    let python = set_up::python_with_sdk("2.8.1");

    passes(&python, "check.py", &[], 36);
}

#[test]
fn with_landlock_alone_the_javascript_sdk_works_too() {
    let sdk = set_up::javascript_sdk("2.51.0");

    passes_at("filesystem", Path::new("node"), "check.mjs", &[&sdk], 14);
}

#[test]
fn without_isolation_the_python_sdk_works_too() {
    let python = set_up::python_with_sdk("2.63.0");

    passes_at("none", &python, "check.py", &[], 50);
}
