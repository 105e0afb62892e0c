//! Finding the background server: one of another version, one with weaker isolation than required, and one that is
//! no longer needed.

use std::collections::HashMap;
use std::fs::File;
use std::io::Write as _;
use std::net::TcpListener;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use sandbar::engine::{Engine, EngineError, EngineSpec, LocalSpec};
use sandbar::local::{Level, daemon};
use sandbar::net::http::Http;
use secrecy::ExposeSecret;
use serde_json::json;
use tokio::io::{AsyncBufReadExt as _, BufReader};

use crate::local::http_api::{ApiHarness, KEY};
use crate::support::folder;
use crate::support::http::plain_options;

/// Generous: a busy machine must not fail a test.
const LIMIT: Duration = Duration::from_mins(1);

/// Makes the server look like its directory's daemon, as long as the lock is held. Nothing may stop it: its process
/// is the test's.
fn announce(harness: &ApiHarness, state: &Path) -> File {
    let address = json!({ "port": harness.server.address().port(), "api_key": KEY });
    std::fs::create_dir_all(state).unwrap();
    std::fs::write(state.join("daemon.json"), address.to_string()).unwrap();
    let mut lock = File::create(state.join("server.lock")).unwrap();
    lock.lock().unwrap();
    let holder = json!({ "pid": 1, "url": harness.server.url() });
    lock.write_all(holder.to_string().as_bytes()).unwrap();
    lock
}

fn spec(state: &Path, least: Level) -> EngineSpec {
    EngineSpec::Local(LocalSpec {
        state_dir: state.to_owned(),
        // Never started: a daemon is found.
        launch: daemon::DaemonLaunch {
            program: "/bin/false".into(),
            arguments: Vec::new(),
            env: Vec::new(),
        },
        least,
    })
}

#[tokio::test]
async fn a_server_of_another_version_is_used_with_a_notice() {
    let harness = ApiHarness::new().await;
    let sandbox = harness.base().await;
    let state = harness.dir.path().join("found");
    let _lock = announce(&harness, &state);
    let http = Http::new(&plain_options()).unwrap();

    let engine = Engine::find_or_start(&spec(&state, Level::None), &http).await;

    let notice = engine.unwrap().notice;
    assert!(
        notice.starts_with("the local server runs sandbar 0.0.0, but this is sandbar "),
        "{notice}"
    );
    sandbox.kill().await;
}

#[tokio::test]
async fn a_server_that_was_started_from_a_shell_with_other_proxies_is_used_with_a_notice() {
    let proxy = |url: &str| vec![("https_proxy".to_owned(), url.to_owned())];
    let harness = ApiHarness::with(|options| options.install_env = proxy("http://one:1")).await;
    let sandbox = harness.base().await;
    let state = harness.dir.path().join("found");
    let _lock = announce(&harness, &state);
    let http = Http::new(&plain_options()).unwrap();
    let notice = async |env: Vec<(String, String)>| {
        let mut spec = spec(&state, Level::None);
        if let EngineSpec::Local(local) = &mut spec {
            local.launch.env = env;
        }
        let engine = Engine::find_or_start(&spec, &http).await;
        engine.unwrap().notice
    };

    let told = "the proxies or certificates of the local server and its sandboxes differ from this shell's";
    assert!(!notice(proxy("http://one:1")).await.contains(told));
    assert!(notice(proxy("http://two:1")).await.contains(told));
    assert!(notice(Vec::new()).await.contains(told));
    sandbox.kill().await;
}

#[tokio::test]
async fn a_server_with_weaker_isolation_than_required_is_not_used() {
    let harness = ApiHarness::new().await;
    // With a sandbox in it, it would not be replaced.
    let sandbox = harness.base().await;
    let state = harness.dir.path().join("found");
    let _lock = announce(&harness, &state);
    let http = Http::new(&plain_options()).unwrap();

    let full = Engine::find_or_start(&spec(&state, Level::Full), &http).await;
    let any = Engine::find_or_start(&spec(&state, Level::None), &http).await;

    let Err(error @ EngineError::Isolation { .. }) = full else {
        panic!("{full:?}");
    };
    assert!(
        error.to_string().starts_with(
            "isolation 'full' is required, and the local server provides isolation: none"
        ),
        "{error}"
    );
    assert!(any.is_ok());
    sandbox.kill().await;
}

/// The environment of a daemon with its files below `home`.
fn launch(home: &Path, idle: &str) -> daemon::DaemonLaunch {
    let env = HashMap::from([
        ("PATH", std::env::var("PATH").unwrap()),
        ("SANDBAR_HOME", home.display().to_string()),
        ("SANDBAR_ISOLATION", "none".to_owned()),
        ("SANDBAR_SERVER_IDLE", idle.to_owned()),
    ]);
    let env = env.into_iter();
    daemon::DaemonLaunch {
        program: env!("CARGO_BIN_EXE_sandbar").into(),
        arguments: ["local", "serve", "--daemon"].map(str::to_owned).into(),
        env: env.map(|(name, value)| (name.to_owned(), value)).collect(),
    }
}

/// Waits for the daemon's lock, which it holds as long as it lives.
async fn ended(state: &Path) {
    let lock = File::open(state.join("server.lock")).unwrap();
    let waiting = tokio::task::spawn_blocking(move || lock.lock());
    tokio::time::timeout(LIMIT, waiting)
        .await
        .expect("the daemon did not end")
        .unwrap()
        .unwrap();
}

#[tokio::test]
async fn an_unused_server_exits_by_itself_and_is_started_again() {
    let home = folder();
    let state = home.path().join("state/local");

    let first = daemon::find_or_start(&state, &launch(home.path(), "300ms"))
        .await
        .unwrap();
    ended(&state).await;
    assert!(daemon::find(&state).await.is_none());

    let second = daemon::find_or_start(&state, &launch(home.path(), "1h"))
        .await
        .unwrap();
    let stopped = daemon::stop(&state).await.unwrap();

    assert!(stopped);
    assert_ne!(second.pid, first.pid);
    assert_eq!(second.url, first.url);
    assert_eq!(second.running, 0);
}

/// A server in the foreground with its files below `home`, as a command that is not started yet.
fn foreground(home: &Path) -> tokio::process::Command {
    let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_sandbar"));
    let launch = launch(home, "1h");
    command
        .args(["local", "serve", "--port", "0"])
        .env_clear()
        .envs(launch.env)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

#[tokio::test]
async fn a_second_server_on_the_same_files_is_refused_with_the_name_of_the_first() {
    let home = folder();
    let mut first = foreground(home.path()).spawn().unwrap();
    let mut lines = BufReader::new(first.stdout.take().unwrap()).lines();
    let line = lines.next_line().await.unwrap().unwrap();
    let url = line.strip_prefix("export E2B_API_URL=").unwrap();

    let second = foreground(home.path()).output().await.unwrap();

    assert!(!second.status.success());
    let told = String::from_utf8_lossy(&second.stderr);
    let pid = first.id().unwrap();
    let wanted = format!("another local server (process {pid}, {url}) manages the sandboxes in ");
    assert!(told.contains(&wanted), "{told}");
    assert!(
        told.contains("stop it first, or set SANDBAR_HOME to another directory"),
        "{told}"
    );
    first.kill().await.unwrap();
    let mut third = foreground(home.path()).spawn().unwrap();
    let mut lines = BufReader::new(third.stdout.take().unwrap()).lines();
    assert!(lines.next_line().await.unwrap().is_some());
}

#[tokio::test]
async fn a_server_within_another_program_keeps_the_background_server_out() {
    let home = folder();
    let state = home.path().join("state/local");
    let harness = ApiHarness::with(|options| options.state_dir = state.clone()).await;

    let started = tokio::process::Command::new(env!("CARGO_BIN_EXE_sandbar"))
        .args(["local", "serve", "--daemon"])
        .env_clear()
        .envs(launch(home.path(), "1h").env)
        .output()
        .await
        .unwrap();

    let told = String::from_utf8_lossy(&started.stderr);
    assert!(!started.status.success());
    let url = harness.server.url();
    assert!(
        told.contains(&format!(", {url}) manages the sandboxes in ")),
        "{told}"
    );
}

#[tokio::test]
async fn a_program_on_the_port_of_an_ended_daemon_gets_no_key() {
    let home = folder();
    let state = home.path().join("state/local");
    let launch = launch(home.path(), "1h");
    let key = |daemon: &daemon::Daemon| daemon.api_key.expose_secret().to_owned();
    let first = daemon::find_or_start(&state, &launch).await.unwrap();
    daemon::stop(&state).await.unwrap();
    let address = first.url.strip_prefix("http://").unwrap();
    let other = TcpListener::bind(address).unwrap();
    other.set_nonblocking(true).unwrap();

    let found = daemon::find(&state).await;
    let asked = other.accept().map(|(_, from)| from);
    let second = daemon::find_or_start(&state, &launch).await.unwrap();
    daemon::stop(&state).await.unwrap();
    drop(other);
    let third = daemon::find_or_start(&state, &launch).await.unwrap();
    daemon::stop(&state).await.unwrap();

    assert!(found.is_none());
    let none = asked.unwrap_err().kind();
    assert_eq!(none, std::io::ErrorKind::WouldBlock);
    assert!(second.url != first.url && key(&second) != key(&first));
    assert_eq!((&third.url, key(&third)), (&second.url, key(&second)));
}
