//! The official JavaScript SDK against the program's own server, as its users start it.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use crate::support::home::Home;
use crate::support::set_up;

/// What `check.mjs` checks; one that vanishes is noticed.
const CHECKS: usize = 14;

/// `sandbar local serve`; told to stop when it is dropped.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let pid = rustix::process::Pid::from_child(&self.0);
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        let _ = self.0.wait();
    }
}

#[test]
fn the_official_javascript_sdk_cannot_tell_the_difference() {
    let sdk = set_up::javascript_sdk();
    let home = Home::new();
    let mut server = home.command(&["local", "serve", "--port", "0"]);
    let server = server.stdout(Stdio::piped()).spawn().unwrap();
    let mut server = Server(server);
    let lines = BufReader::new(server.0.stdout.take().unwrap()).lines();
    let variables: Vec<(String, String)> = lines
        .map(|line| line.unwrap())
        .map(|line| {
            let assignment = line.strip_prefix("export ").unwrap();
            let (name, value) = assignment.split_once('=').unwrap();
            (name.to_owned(), value.to_owned())
        })
        .take(3)
        .collect();

    let checked = Command::new("node")
        .arg(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/fixtures/sdk/check.mjs"
        ))
        .arg(sdk)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap())
        .envs(variables)
        .output()
        .unwrap();

    let said = String::from_utf8_lossy(&checked.stdout);
    let errors = String::from_utf8_lossy(&checked.stderr);
    assert!(
        checked.status.success() && said.ends_with(&format!("done {CHECKS}\n")),
        "{said}\n{errors}"
    );
}
