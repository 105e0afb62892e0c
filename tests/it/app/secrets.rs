//! Secrets are only in the files made for them: not in other files, not in output, not on the screen, not in the
//! arguments of a process.

use std::collections::{BTreeSet, HashSet};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use pretty_assertions::assert_eq;
use sandbar::session::context::RecordStore;
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

use crate::support::home::Home;
use crate::support::http::runtime;
use crate::support::screen::Screen;

const PROVIDER_KEY: &str = "sk-ant-api03-4c1b7d0f9a2e8835bb60";
/// Between two scans of the machine's processes.
const LOOK: Duration = Duration::from_millis(20);

/// The arguments of all processes seen.
struct Arguments {
    stop: Sender<()>,
    watcher: JoinHandle<HashSet<String>>,
}

impl Arguments {
    fn watch() -> Self {
        let (stop, stopped) = channel();
        let watcher = std::thread::spawn(move || {
            let mut seen = HashSet::new();
            while stopped.recv_timeout(LOOK) == Err(RecvTimeoutError::Timeout) {
                let processes = fs::read_dir("/proc").unwrap().flatten();
                // Some exit during the scan.
                let arguments =
                    processes.filter_map(|entry| fs::read(entry.path().join("cmdline")).ok());
                seen.extend(arguments.map(|bytes| text(&bytes).replace('\0', " ")));
            }
            seen
        });
        Self { stop, watcher }
    }

    fn seen(self) -> HashSet<String> {
        self.stop.send(()).unwrap();
        self.watcher.join().unwrap()
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A secret and its name.
#[derive(Debug)]
struct Secret(&'static str, String);

impl Secret {
    fn is_in(&self, text: &str) -> bool {
        // As in the header of HTTP basic authentication.
        let encoded = BASE64_STANDARD.encode(format!("opencode:{}", self.1));
        text.contains(&self.1) || text.contains(&encoded)
    }
}

/// A work tree whose OpenCode configuration has one model, with the provider's key.
fn repository(home: &Home) {
    let config = json!({
        "enabled_providers": ["test"],
        "provider": { "test": {
            "npm": "@ai-sdk/openai-compatible",
            "options": { "baseURL": "http://127.0.0.1:9/v1", "apiKey": "{env:ANTHROPIC_API_KEY}" },
            "models": { "model": { "name": "Test model" } },
        }},
    });
    fs::write(home.work().join("opencode.json"), config.to_string()).unwrap();
    let who = ["-c", "user.name=test", "-c", "user.email=test@localhost"];
    for arguments in [
        &["init", "--quiet"][..],
        &["add", "."],
        &["commit", "--quiet", "-m", "one"],
    ] {
        let git = Command::new("git")
            .args(who)
            .args(arguments)
            .current_dir(home.work())
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_SYSTEM", "/dev/null")
            .status();
        assert!(git.unwrap().success(), "the tests need git");
    }
}

/// The secrets of a home's sessions.
fn secrets(here: &Home, local: &Home) -> Vec<Secret> {
    let records = RecordStore::open(&here.state());
    let mut secrets = Vec::new();
    for session in runtime().block_on(records.store.sessions()).unwrap() {
        let kept = records.secrets.load(&session.key).unwrap().unwrap();
        let password = kept.opencode_password.unwrap();
        secrets.push(Secret("password", password.expose_secret().into()));
        let id = session.sandbox.id.unwrap();
        let (_, joined) = local.api("POST", &format!("/v2/sandboxes/{id}/connect"));
        let joined: Value = serde_json::from_str(&joined).unwrap();
        for (name, field) in [
            ("envd's token", "envdAccessToken"),
            ("traffic token", "trafficAccessToken"),
        ] {
            secrets.push(Secret(name, joined[field].as_str().unwrap().to_owned()));
        }
    }
    secrets
}

/// All files below a directory; symlinks are not followed.
fn files_below(directory: &Path, all: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => files_below(&entry.path(), all),
            Ok(kind) if kind.is_file() => all.push(entry.path()),
            _ => {}
        }
    }
}

/// The files of a home that contain each secret, and their modes; without names and ids.
fn places(home: &Home, secrets: &[Secret]) -> BTreeSet<String> {
    let state = home.state();
    let root = state.parent().unwrap().parent().unwrap();
    let mut files = Vec::new();
    files_below(root, &mut files);
    let mut places = BTreeSet::new();
    for file in files {
        let held = text(&fs::read(&file).unwrap_or_default());
        let mode = file
            .metadata()
            .map(|file| file.permissions().mode() & 0o777);
        let place = file.strip_prefix(root).unwrap();
        let folder = place.parent().unwrap();
        let sandboxes = Path::new("sandbar/state/local/sandboxes");
        let place = if folder == Path::new("sandbar/state/secrets") {
            "a session's secrets".to_owned()
        } else if folder.parent() == Some(sandboxes) && place.ends_with("sandbox.json") {
            "a sandbox's record".to_owned()
        } else {
            place.display().to_string()
        };
        for Secret(name, _) in secrets.iter().filter(|secret| secret.is_in(&held)) {
            let mode = mode.as_ref().unwrap();
            places.insert(format!("{name}: {place}, {mode:o}"));
        }
    }
    places
}

/// The output of all commands and terminals.
#[derive(Debug, Default)]
struct Said(Vec<(String, String)>);

impl Said {
    fn run(&mut self, home: &Home, arguments: &[&str]) -> Option<i32> {
        let ran = home.run(arguments);
        let said = format!("{}\n{}", ran.stdout, ran.stderr);
        self.0.push((arguments.join(" "), said));
        ran.code
    }

    /// Which of the output contains a secret, and which secret.
    fn holding(&self, secrets: &[Secret]) -> Vec<String> {
        let told = self.0.iter().flat_map(|(what, said)| {
            let found = secrets.iter().filter(|secret| secret.is_in(said));
            found.map(move |Secret(name, _)| format!("{name} in {what}"))
        });
        told.collect()
    }

    fn screen(&mut self, screen: &Screen) {
        self.0.push(("the screen".to_owned(), text(&screen.raw())));
    }
}

/// Boots a session in the server's account, whose sandbox gets the provider's key, and lets a prompt fail.
fn start(here: &Home) -> Screen {
    repository(here);
    let start = ["--engine", "e2b", "--model", "test/absent"];
    let mut screen = here.terminal(&start).size(140, 40).start();
    screen.wait_for("sending it creates the sandbox");
    screen.send("A prompt that fails\r");
    screen.wait_for("Model not found");
    screen.wait_for("idle");
    screen
}

/// Runs every command that reports on one session or on all.
fn ask(said: &mut Said, home: &Home) {
    let name = home.stored()[0][0].clone();
    for command in [
        &["doctor", "--json"][..],
        &["doctor"],
        &["config", "--json"],
        &["config"],
        &["ls", "--json"],
        &["ls"],
        &["local", "status", "--json"],
        &["diff", &name],
        &["diff", "no-such-session"],
    ] {
        said.run(home, command);
    }
}

#[test]
fn secrets_are_only_in_the_files_made_for_them() {
    let arguments = Arguments::watch();
    let mut said = Said::default();
    let user = |home: Home| {
        let home = home.set("SANDBAR_LOG", "debug");
        home.set("ANTHROPIC_API_KEY", PROVIDER_KEY)
    };
    let local = user(Home::with_sandboxes());
    let prompt = ["run", "--engine", "local", "--demo", "--json", "table"];
    assert_eq!(said.run(&local, &prompt), Some(0), "{said:?}");
    // The same server as an account of E2B.
    let (url, key) = local.account();
    let here = user(Home::new())
        .set("E2B_API_URL", &url)
        .set("E2B_SANDBOX_URL", &url)
        .set("E2B_API_KEY", &key);
    let mut screen = start(&here);
    for home in [&local, &here] {
        ask(&mut said, home);
    }

    let mut all = secrets(&here, &local);
    all.extend(secrets(&local, &local));
    all.push(Secret("provider's key", PROVIDER_KEY.to_owned()));
    all.push(Secret("account's key", key));
    // While the store is open, including its write-ahead log.
    let (places_here, places_local) = (places(&here, &all), places(&local, &all));
    screen.send("\x04");
    screen.wait_exit();
    said.screen(&screen);
    let name = here.stored()[0][0].clone();
    assert_eq!(
        said.run(&here, &["kill", "--yes", "--json", &name]),
        Some(0)
    );

    let ours = [
        "password: a session's secrets, 600",
        "traffic token: a session's secrets, 600",
    ];
    assert!(places_here.iter().eq(ours), "{places_here:?}");
    let servers = [
        "account's key: sandbar/state/local/daemon.json, 600",
        "envd's token: a sandbox's record, 600",
        "password: a sandbox's record, 600",
        "password: a session's secrets, 600",
        "provider's key: a sandbox's record, 600",
        "traffic token: a sandbox's record, 600",
        "traffic token: a session's secrets, 600",
    ];
    assert!(places_local.iter().eq(servers), "{places_local:?}");
    let left = places(&here, &all);
    assert!(left.is_empty(), "what opened the killed sandbox: {left:?}");
    assert_eq!(said.holding(&all), [""; 0]);
    let seen = arguments.seen();
    assert!(seen.iter().any(|one| one.contains("opencode serve")));
    let holds = |one: &&String| all.iter().any(|secret| secret.is_in(one));
    assert_eq!(seen.iter().find(holds), None);
}
