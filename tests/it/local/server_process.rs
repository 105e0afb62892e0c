//! The server in the foreground: what it leaves behind however it ends, its limits, and its errors if it cannot
//! start.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::fs::{CWD, FileType, Mode, mknodat};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout};

use crate::local::http_api::until;
use crate::support::folder;
use crate::support::http::plain_client;

/// Generous: a busy machine must not fail a test.
const LIMIT: Duration = Duration::from_mins(1);

struct Server {
    process: Child,
    _lines: Lines<BufReader<ChildStdout>>,
    url: String,
    key: String,
}

impl Server {
    async fn start(home: &Path, variables: &[(&str, &str)]) -> Self {
        let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_sandbar"));
        let mut process = command
            .args(["local", "serve", "--port", "0"])
            .env_clear()
            .env("PATH", std::env::var("PATH").unwrap())
            .env("SANDBAR_HOME", home)
            .env("SANDBAR_ISOLATION", "none")
            .envs(variables.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let mut values = Vec::new();
        for _ in 0..3 {
            let line = lines.next_line().await.unwrap().unwrap();
            values.push(line.split_once('=').unwrap().1.to_owned());
        }
        Self {
            process,
            _lines: lines,
            url: values[0].clone(),
            key: values[2].clone(),
        }
    }

    fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.process.id().unwrap()).unwrap();
        kill_process(Pid::from_raw(pid).unwrap(), signal).unwrap();
    }
}

/// Processes with this variable in their environment.
fn having(variable: &str) -> usize {
    let entries = std::fs::read_dir("/proc").unwrap().flatten();
    let environments = entries.map(|entry| std::fs::read(entry.path().join("environ")));
    let has = |environment: &Vec<u8>| {
        let mut variables = environment.split(|byte| *byte == 0);
        variables.any(|one| one == variable.as_bytes())
    };
    environments.flatten().filter(has).count()
}

#[tokio::test]
async fn npm_and_its_children_end_with_the_server_however_that_ends() {
    for signal in [Signal::KILL, Signal::TERM] {
        let home = folder();
        // A registry that accepts the request and never responds.
        let registry = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let registry_url = format!("http://{}/", registry.local_addr().unwrap());
        let variables = [("npm_config_registry", registry_url.as_str())];
        let server = Server::start(home.path(), &variables).await;
        let client = plain_client();
        let create = client
            .post(format!("{}/sandboxes", server.url))
            .header("x-api-key", &server.key)
            .json(&json!({ "templateID": "opencode" }));
        let creating = tokio::spawn(create.send());
        let asked = tokio::time::timeout(LIMIT, registry.accept()).await;
        let _question = asked.unwrap().unwrap();
        let cache = std::fs::read_dir(home.path().join("cache"))
            .unwrap()
            .flatten();
        let install = cache
            .map(|entry| entry.path())
            .find(|path| path.ends_with("install.partial"))
            .unwrap();
        let variable = format!("HOME={}", install.display());
        let before = having(&variable);

        server.signal(signal);

        until(|| async { having(&variable) == 0 }).await;
        assert!(before > 0, "{signal:?}");
        let _ = creating.await;
    }
}

/// The program's output with few descriptors, and whether it exited by itself.
fn says(home: &Path, arguments: &str, descriptors: usize) -> String {
    let program = env!("CARGO_BIN_EXE_sandbar");
    let script = format!("ulimit -n {descriptors}; exec timeout 60 {program} {arguments}");
    let ran = Command::new("/bin/sh")
        .args(["-c", &script])
        .env_clear()
        .env("PATH", std::env::var("PATH").unwrap())
        .env("SANDBAR_HOME", home)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = [ran.stdout, ran.stderr].concat();
    let text = String::from_utf8_lossy(&text).into_owned();
    // The exit codes of `timeout` for a hang, and of a panic.
    let code = ran.status.code();
    assert!(
        code.is_some_and(|code| code != 124 && code != 101),
        "{arguments}: {code:?} {text}"
    );
    text
}

#[test]
fn with_few_descriptors_there_is_an_answer_or_an_error_and_no_panic() {
    let home = folder();
    // The port is taken, so that a server with enough descriptors exits too.
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let serve = format!("local serve --port {}", taken.local_addr().unwrap().port());
    for descriptors in [6, 12, 20] {
        for arguments in ["ls", "local status", &serve] {
            let text = says(home.path(), arguments, descriptors);
            let wanted = format!("may open only {descriptors} files at a time, and needs 64");
            assert!(text.contains(&wanted), "{arguments}: {text}");
        }
        // It needs only a few.
        says(home.path(), "config", descriptors);
    }
    let enough = says(home.path(), &serve, 64);
    assert!(enough.contains("cannot listen on port"), "{enough}");
}

#[tokio::test]
async fn a_fifo_in_place_of_the_lock_is_reported_without_waiting() {
    let home = folder();
    let state = home.path().join("state/serve");
    std::fs::create_dir_all(&state).unwrap();
    let lock = state.join("server.lock");
    mknodat(CWD, &lock, FileType::Fifo, Mode::RWXU, 0).unwrap();

    let ran = tokio::process::Command::new(env!("CARGO_BIN_EXE_sandbar"))
        .args(["local", "serve", "--port", "0"])
        .env_clear()
        .env("SANDBAR_HOME", home.path())
        .output();
    let ran = tokio::time::timeout(LIMIT, ran).await.unwrap().unwrap();

    let told = String::from_utf8_lossy(&ran.stderr);
    let wanted = format!(
        "lock {}: this is a FIFO, not a regular file",
        lock.display()
    );
    assert!(!ran.status.success() && told.contains(&wanted), "{told}");
}
