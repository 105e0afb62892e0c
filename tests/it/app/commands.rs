//! The commands through the real binary: their output, its stream, and their exit codes.

#![expect(clippy::unwrap_used, reason = "a test's helpers fail the test")]

use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;

use pretty_assertions::assert_eq;
use sandbar::domain::sandbox::usage::RunEnd;
use sandbar::domain::sandbox::{EngineKind, Phase, SandboxInfo};
use sandbar::domain::session::{CodeSource, NewSession, SessionSummary};
use sandbar::domain::time::UnixMillis;
use sandbar::e2b::control::ControlClient;
use sandbar::e2b::envd::EnvdClient;
use sandbar::e2b::host::Addresses;
use sandbar::e2b::process::StartProcess;
use sandbar::e2b::wire::{NewSandbox, SandboxState};
use sandbar::local::{self, LocalServer};
use sandbar::store::{Store, StoredSession};
use sandbar::text::hidden::is_hidden;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::support::folder;
use crate::support::http::plain_client;
use crate::support::local::{KEY, options};
use crate::support::screen::{Launch, Screen};

/// Generous: a busy machine must not fail a test.
const LIMIT: Duration = Duration::from_mins(1);

/// A user's files, and the program run on them with an otherwise empty environment.
struct User {
    home: tempfile::TempDir,
    env: Vec<(&'static str, String)>,
}

impl User {
    fn new() -> Self {
        Self {
            home: folder(),
            env: Vec::new(),
        }
    }

    fn with(mut self, name: &'static str, value: &str) -> Self {
        self.env.push((name, value.to_owned()));
        self
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sandbar"));
        command
            .args(arguments)
            .current_dir(self.home.path())
            .env_clear()
            .env("PATH", std::env::var("PATH").unwrap())
            .env("SANDBAR_HOME", self.home.path())
            .envs(self.env.iter().map(|(name, value)| (name, value)));
        command
    }

    /// The program in a terminal, not started yet.
    fn terminal(&self, arguments: &[&str]) -> Launch {
        let launch = Launch::new(env!("CARGO_BIN_EXE_sandbar"))
            .args(arguments)
            .directory(self.home.path())
            .env("PATH", std::env::var("PATH").unwrap())
            .env("SANDBAR_HOME", self.home.path());
        let env = self.env.iter();
        env.fold(launch, |launch, (name, value)| launch.env(name, value))
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        Ran::from(self.command(arguments).output().unwrap())
    }

    async fn run_beside(&self, arguments: &[&str], directory: &Path) -> Ran {
        let mut command = self.command(arguments);
        command.current_dir(directory);
        let output = tokio::process::Command::from(command).output();
        Ran::from(tokio::time::timeout(LIMIT, output).await.unwrap().unwrap())
    }
}

#[derive(Debug)]
struct Ran {
    code: Option<i32>,
    out: String,
    err: String,
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

#[test]
fn help_goes_to_standard_output_and_a_wrong_flag_is_a_usage_error() {
    let user = User::new();

    let help = user.run(&["--help"]);
    let wrong = user.run(&["ls", "--jsno"]);

    assert_eq!((help.code, help.err.as_str()), (Some(0), ""));
    assert!(help.out.contains("Usage: sandbar"), "{help:?}");
    assert_eq!((wrong.code, wrong.out.as_str()), (Some(2), ""));
    assert!(wrong.err.contains("'--json'"), "{wrong:?}");
}

#[test]
fn mistakes_in_the_configuration_are_told_with_their_place() {
    let user = User::new();
    let path = user.home.path().join("config.toml");
    std::fs::write(&path, "engin = \"local\"\nidle_ttl = 3\n").unwrap();

    let ran = user.run(&["config"]);

    assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""));
    let place = path.display().to_string();
    insta::assert_snapshot!(ran.err.replace(&place, "CONFIG"), @r#"
    sandbar: CONFIG:1:1: there is no setting "engin"
        1 | engin = "local"
          | ^^^^^
        did you mean "engine"?
      
      CONFIG:2:12: idle_ttl: this is not a duration
        2 | idle_ttl = 3
          |            ^
        write a number with a unit: "90s", "30m", "6h"
    "#);
}

#[test]
fn without_a_home_the_error_says_what_to_set() {
    let ran: Ran = User::new()
        .command(&["ls"])
        .env_remove("SANDBAR_HOME")
        .output()
        .unwrap()
        .into();

    assert_eq!(ran.code, Some(2));
    assert_eq!(
        ran.err,
        "sandbar: there is no home directory: HOME is not set\n    \
         set SANDBAR_HOME to a directory where sandbar may keep its files\n"
    );
}

#[test]
fn an_empty_list_says_how_to_begin_and_leaves_pipes_empty() {
    let user = User::new();

    let plain = user.run(&["ls"]);
    let json = user.run(&["ls", "--json"]);

    assert_eq!((plain.code, plain.out.as_str()), (Some(0), ""));
    assert_eq!(
        plain.err,
        "no sessions yet; `sandbar` starts one, `sandbar run PROMPT` too\n"
    );
    assert_eq!((json.code, json.out.as_str()), (Some(0), "[]\n"));
}

#[test]
fn an_unknown_name_is_an_error_for_every_command_that_takes_one() {
    let user = User::new();
    let repository = user.home.path().join(".git");
    std::fs::create_dir(&repository).unwrap();
    std::fs::write(repository.join("HEAD"), "ref: refs/heads/main\n").unwrap();

    let prompt = ["run", "hi", "--session"];
    for command in ["kill", "rm", "diff", "apply", "pause", "resume", "run"] {
        let arguments = if command == "run" {
            &prompt[..]
        } else {
            &[command]
        };
        let ran = user.run(&[arguments, &["nothing"]].concat());

        assert_eq!((ran.code, ran.out.as_str()), (Some(1), ""), "{command}");
        assert_eq!(
            ran.err,
            "sandbar: there is no session named nothing\n  \
             hint: there are no sessions yet; `sandbar` starts one\n",
            "{command}"
        );
    }
}

#[test]
fn e2b_without_a_key_is_a_missing_account() {
    let user = User::new();

    for arguments in [
        &["ls", "--engine", "e2b"][..],
        &["--engine", "e2b", "run", "hi"],
    ] {
        let ran = user.run(arguments);

        assert_eq!(ran.code, Some(3), "{ran:?}");
        assert_eq!(
            ran.err,
            "sandbar: no E2B account is set up\n  E2B_API_KEY is not set\n  \
             hint: set it, or use --engine local, which needs no account\n"
        );
    }
}

#[test]
fn attach_refuses_what_is_no_address_before_it_takes_the_screen() {
    let user = User::new();

    let ran = user.run(&["attach", "ftp://host"]);

    assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""));
    assert_eq!(
        ran.err,
        "sandbar: 'ftp://host' is not the address of a server\n  unsupported scheme ftp\n  \
         hint: give the URL that `opencode serve` printed, like http://127.0.0.1:4096\n"
    );
    for address in [
        "http://bob:hun/ter2@:0:0",
        "bob:hun/ter2@host",
        "ftp://bob:hun/ter2@host",
    ] {
        let ran = user.run(&["attach", address]);
        assert!(ran.code == Some(2) && !ran.err.contains("ter2"), "{ran:?}");
    }
}

#[test]
fn a_model_that_is_asked_for_without_a_key_is_a_missing_credential() {
    for engine in ["e2b", "local"] {
        let user = User::new().with("E2B_API_KEY", "e2b_key");
        let ran = user.run(&["run", "--engine", engine, "--model", "anthropic/x", "hi"]);

        assert_eq!((ran.code, ran.out.as_str()), (Some(3), ""), "{ran:?}");
        assert_eq!(
            ran.err,
            "sandbar: no key is set for the model anthropic/x\n  \
             no model provider's key is set, and the project does not configure the model's provider\n  \
             hint: set its provider's key, such as ANTHROPIC_API_KEY; `sandbar config` lists them\n"
        );
    }
}

#[test]
fn a_closed_pipe_is_no_failure() {
    let user = User::new();

    for arguments in [&["keys"][..], &["config"], &["ls", "--json"], &["--help"]] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut command = user.command(arguments);
        let output = command.stdout(writer).stderr(std::process::Stdio::piped());
        let ran = Ran::from(output.spawn().unwrap().wait_with_output().unwrap());

        assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "{arguments:?}");
    }
}

#[test]
fn the_configuration_is_shown_with_its_sources_and_secrets_as_dots() {
    let user = User::new()
        .with("ANTHROPIC_API_KEY", "sk-ant-swordfish")
        .with("E2B_API_KEY", "e2b_swordfish");

    let plain = user.run(&["--template", "mine", "config"]);
    let json = user.run(&["config", "--json"]);

    assert_eq!((plain.code, json.code), (Some(0), Some(0)));
    let first = format!("{}/config.toml (not there)\n", user.home.path().display());
    assert!(plain.out.starts_with(&first), "{plain:?}");
    let words = |name: &str| -> Vec<String> {
        let mut lines = plain.out.lines().map(str::split_whitespace);
        let found = lines.find(|line| line.clone().next() == Some(name));
        found.unwrap().map(str::to_owned).collect()
    };
    assert_eq!(words("engine"), ["engine", "default", "e2b"]);
    assert_eq!(
        words("template"),
        ["template", "flag", "--template", "mine"]
    );
    assert_eq!(words("E2B_API_KEY")[1..3], ["env", "E2B_API_KEY"]);
    let all = format!("{plain:?}{json:?}");
    assert!(!all.contains("swordfish"), "{all}");
    let values: Vec<Value> = serde_json::from_str(&json.out).unwrap();
    assert!(values.iter().all(|value| value["v"] == 1));
    assert_eq!(values[0]["exists"], false);
}

#[test]
fn the_keys_are_those_that_the_user_has_set() {
    let user = User::new();
    let config = "[keys]\n\"app.zoom\" = \"ctrl-o\"\n";
    std::fs::write(user.home.path().join("config.toml"), config).unwrap();

    let ran = user.run(&["keys"]);

    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""));
    let zoom = ran.out.lines().find(|line| line.ends_with("app.zoom"));
    assert!(zoom.unwrap().contains("ctrl-o"), "{}", ran.out);
}

#[test]
fn mistakes_in_the_keys_are_told_with_their_place() {
    let user = User::new();
    let path = user.home.path().join("config.toml");
    let told = |keys: &str| {
        std::fs::write(&path, format!("[keys]\n{keys}\n")).unwrap();
        let ran = user.run(&["config"]);
        assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""));
        ran.err.replace(&path.display().to_string(), "CONFIG")
    };

    let no_key = told("\"app.zoom\" = [\"f5\", \"hyper-z\"]");
    let taken = told("\"app.zoom\" = \"ctrl-d\"");
    let no_terminal_sends = told("\"app.zoom\" = \"f99\"");

    insta::assert_snapshot!(format!("{no_key}\n{taken}\n{no_terminal_sends}"), @r#"
    sandbar: CONFIG:2:14: keys.app.zoom: `hyper-z` is not a key; keys are written like `ctrl-k`, `shift-tab`, `f6`, `ctrl-x n`
        2 | "app.zoom" = ["f5", "hyper-z"]
          |              ^^^^^^^^^^^^^^^^^

    sandbar: CONFIG:2:14: keys.app.zoom: `ctrl-d` is bound to both `logs.page_down` and `app.zoom` in the context "logs"; give one of them another key
        2 | "app.zoom" = "ctrl-d"
          |              ^^^^^^^^

    sandbar: CONFIG:2:14: keys.app.zoom: `f99` is a key that no terminal sends: the function keys are f1 to f35
        2 | "app.zoom" = "f99"
          |              ^^^^^
    "#);
}

/// A local server that stands in for E2B, and a user with an account on it.
struct Account {
    user: User,
    store: Store,
    control: ControlClient,
    addresses: Addresses,
    http: reqwest::Client,
    _server: LocalServer,
    _files: tempfile::TempDir,
    shutdown: CancellationToken,
}

impl Drop for Account {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}

impl Account {
    async fn new() -> Self {
        let files = folder();
        let options = options(files.path(), files.path().join("cache"));
        let shutdown = CancellationToken::new();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = local::start(vec![listener], options, shutdown.clone())
            .await
            .unwrap();
        let url = server.url();
        let user = User::new()
            .with("E2B_API_KEY", KEY)
            .with("E2B_API_URL", &url)
            .with("E2B_SANDBOX_URL", &url);
        let addresses = Addresses::new(None, Some(&url), Some(&url)).unwrap();
        let http = plain_client();
        let control = ControlClient::new(http.clone(), addresses.api.clone(), KEY.into()).unwrap();
        Self {
            store: Store::open(&user.home.path().join("state")).store,
            user,
            control,
            addresses,
            http,
            _server: server,
            _files: files,
            shutdown,
        }
    }

    /// Creates a sandbox as sandbar does, and returns a client to run scripts in it.
    async fn sandbox(&self, name: &str) -> (String, EnvdClient) {
        self.sandbox_with(&[("sandbar", "1"), ("sandbar.name", name)])
            .await
    }

    async fn sandbox_with(&self, metadata: &[(&str, &str)]) -> (String, EnvdClient) {
        let metadata = metadata.iter();
        let new = NewSandbox {
            template_id: "base".to_owned(),
            timeout: Some(600),
            auto_pause: Some(true),
            secure: Some(true),
            metadata: metadata
                .map(|&(k, v)| (k.to_owned(), v.to_owned()))
                .collect(),
            ..NewSandbox::default()
        };
        let made = self.control.create(&new).await.unwrap();
        let address = self.addresses.envd(&made).unwrap();
        let envd = EnvdClient::new(self.http.clone(), address).unwrap();
        (made.sandbox_id, envd)
    }

    /// Stores a session in a sandbox.
    async fn store(&self, name: &str, sandbox: &str, directory: Option<&str>) {
        let session = StoredSession {
            summary: SessionSummary {
                key: name.into(),
                name: name.to_owned(),
                title: format!("About {name}"),
                sandbox: SandboxInfo {
                    engine: EngineKind::E2b,
                    id: Some(sandbox.into()),
                    template: None,
                    opencode_url: None,
                    opencode_version: None,
                    ends_at: None,
                    isolation: None,
                    directory: directory.map(str::to_owned),
                    demo: false,
                },
                opencode_session: None,
                phase: Phase::Dormant,
                project: None,
                shown: None,
                auto: false,
                pinned: false,
                archived: false,
                unread: false,
                cost: 0.0,
                changed: None,
                created: UnixMillis(1),
                updated: UnixMillis(2),
            },
            port: None,
            new: Some(NewSession {
                name: name.to_owned(),
                template: "base".into(),
                code: CodeSource::Empty,
                model: None,
                demo: false,
            }),
        };
        self.store.save_session(&session).await.unwrap();
    }

    fn terminal(&self, arguments: &[&str]) -> Launch {
        self.user.terminal(arguments)
    }

    async fn run(&self, arguments: &[&str]) -> Ran {
        self.user.run_beside(arguments, self.user.home.path()).await
    }

    /// Name, state and sandbox of each listed session.
    async fn list(&self) -> Vec<[String; 3]> {
        let ran = self.run(&["ls", "--json"]).await;
        assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""));
        let rows: Vec<Value> = serde_json::from_str(&ran.out).unwrap();
        let cell = |row: &Value, name: &str| row[name].as_str().unwrap().to_owned();
        let cells = |row| ["name", "state", "sandbox"].map(|name| cell(row, name));
        rows.iter().map(cells).collect()
    }
}

fn row(name: &str, state: &str, sandbox: &str) -> [String; 3] {
    [name, state, sandbox].map(str::to_owned)
}

#[tokio::test]
async fn the_list_joins_what_is_stored_with_what_runs() {
    let account = Account::new().await;
    let (runs, _) = account.sandbox("runs").await;
    let (sleeps, _) = account.sandbox("sleeps").await;
    let (strange, _) = account.sandbox("strange").await;
    account.store("runs", &runs, None).await;
    account.store("sleeps", &sleeps, None).await;
    account.store("lost", "nosuchsandbox", None).await;
    account.control.pause(&sleeps).await.unwrap();

    let listed = account.list().await;

    assert_eq!(
        listed,
        [
            row("lost", "gone", "nosuchsandbox"),
            row("sleeps", "paused", &sleeps),
            row("runs", "running", &runs),
            row("strange", "running", &strange),
        ]
    );
    let lost = account.store.by_name("lost").await.unwrap().unwrap();
    assert!(matches!(lost.summary.phase, Phase::Gone(_)), "{lost:?}");
    let table = account.run(&["ls"]).await;
    assert!(
        table.out.contains(&format!(
            "(made on another machine; sandbar adopt {strange})"
        )),
        "{table:?}"
    );
    // Two are running, and both cost.
    assert!(table.out.contains("  0m "), "{table:?}");
    let total = table.err.trim_end().rsplit('\n').next().unwrap_or_default();
    assert!(
        total.starts_with("2 sandboxes run at E2B: about "),
        "{table:?}"
    );
    let json = account.run(&["ls", "--json"]).await;
    let rows: Vec<Value> = serde_json::from_str(&json.out).unwrap();
    assert!(rows[1]["cost_micro_usd"].is_null(), "{rows:?}");
    assert!(
        rows[2]["cost_micro_usd"].is_u64() && rows[2]["up_secs"].is_u64(),
        "{rows:?}"
    );
}

#[tokio::test]
async fn a_paused_and_resumed_sandbox_has_two_runs_that_count_once_for_its_sessions() {
    let account = Account::new().await;
    let (id, _) = account.sandbox("one").await;
    for name in ["one", "sibling"] {
        account.store(name, &id, None).await;
    }
    // Both observe the first run; only one of them observes its end and the second run.
    account.list().await;

    for command in ["pause", "resume"] {
        let ran = account.run(&[command, "one"]).await;
        assert_eq!(ran.code, Some(0), "{ran:?}");
    }

    let all = account.store.all_runs().await.unwrap();
    let stored: Vec<_> = all
        .iter()
        .filter(|(key, _)| key.as_str() == "one")
        .collect();
    let [(_, first), (_, second)] = stored[..] else {
        panic!("{stored:?}");
    };
    let RunEnd::At(paused) = first.end else {
        panic!("{stored:?}");
    };
    assert!(first.run.since <= paused && paused <= second.run.since);
    assert!(matches!(second.end, RunEnd::Open { limit: Some(_) }));
    let table = account.run(&["ls"]).await;
    assert!(
        table.err.starts_with("1 sandbox runs at E2B: about "),
        "{table:?}"
    );
    assert!(table.err.contains(" an hour; about "), "{table:?}");
}

#[tokio::test]
async fn a_sandbox_that_cannot_be_adopted_is_told_with_the_reason_and_left_as_it_was() {
    let account = Account::new().await;
    let (foreign, _) = account.sandbox_with(&[]).await;
    let (bare, _) = account.sandbox("bare").await;
    let (other, other_envd) = account.sandbox("other").await;
    let (mute, mute_envd) = account.sandbox("mute").await;
    let key = [("sandbar", "1"), ("sandbar.key", "one")];
    let (left, _) = account.sandbox_with(&key).await;
    account.store("one", "elsewhere", None).await;
    let served = ["sandbar", "opencode", "/work", "4096", "", "1"];
    for (envd, arguments) in [(&other_envd, &[][..]), (&mute_envd, &served[..])] {
        let script = ["-c", "exec sleep 600"].iter().chain(arguments);
        let mut process = StartProcess::program("/bin/sh", script.copied());
        process.tag = Some("opencode".to_owned());
        envd.start(&process).await.unwrap();
    }
    account.control.pause(&bare).await.unwrap();

    let mut told = String::new();
    let made = [&foreign, &bare, &other, &mute, &left];
    let known = made.map(String::as_str).into_iter();
    for id in known.chain(["elsewhere", "nosuchsandbox"]) {
        let ran = account.run(&["adopt", id]).await;
        assert_eq!((ran.code, ran.out.as_str()), (Some(1), ""), "{id}");
        told += &ran.err;
    }
    let ran = account.run(&["adopt", &bare, "--name", "one"]).await;
    told += &ran.err;

    let names = ["FOREIGN", "BARE", "OTHER", "MUTE", "LEFT"];
    for (id, name) in made.into_iter().zip(names) {
        told = told.replace(id, name);
    }
    insta::assert_snapshot!(told, @r#"
    sandbar: sandbox FOREIGN cannot be adopted
      sandbar did not create it, so what runs in it is unknown
      hint: `sandbar run` starts a new session
    sandbar: sandbox BARE cannot be adopted
      OpenCode is not running in it, and it has no session's work tree
      hint: `sandbar kill BARE` ends it
    sandbar: sandbox OTHER cannot be adopted
      its OpenCode was started by an incompatible version of sandbar
      hint: open it on the machine that made it; `sandbar kill OTHER` ends it
    sandbar: sandbox MUTE cannot be adopted
      the password of its OpenCode server was not found in it
      hint: open it on the machine that made it; `sandbar kill MUTE` ends it
    sandbar: sandbox LEFT cannot be adopted
      it was created for session one, which now uses sandbox elsewhere
      hint: `sandbar kill LEFT` ends it
    sandbar: sandbox elsewhere cannot be adopted
      it already belongs to session one
      hint: `sandbar --session one` opens it
    sandbar: there is no sandbox nosuchsandbox
      no account configured here has it
      hint: `sandbar ls` lists the account's sandboxes
    sandbar: a session named one already exists
      it is about "About one"
      hint: give another --name, or continue that one with `sandbar run --session one`
    "#);
    let state = account.control.get(&bare).await.unwrap().listed.state;
    assert_eq!(state, SandboxState::Paused);
    assert_eq!(account.store.sessions().await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_a_terminal_kill_asks_and_only_a_yes_kills() {
    let account = Account::new().await;
    let (id, _) = account.sandbox("one").await;
    account.store("one", &id, None).await;
    let title = "all \u{1b}[2Jwell\u{202e}\nKill nothing? [y/N]".to_owned();
    account.store.set_title(&"one".into(), title).await.unwrap();
    account.store.flush().await.unwrap();

    let mut screen = account.terminal(&["kill", "one"]).start();
    screen.wait_for("Kill this sandbox? [y/N]");
    let shown =
        "one \"all ␛[2Jwell⟨U+202E⟩␊Kill nothing? [y/N]\": there is no snapshot; all its files";
    assert!(
        screen.contents().replace('\n', "").contains(shown),
        "{}",
        screen.contents()
    );
    screen.send("\r");
    assert_eq!(screen.wait_exit().exit_code(), 1);
    assert!(screen.contents().contains("nothing was killed"));
    assert_visible(&screen);
    assert!(account.control.get(&id).await.is_ok());

    let mut screen = account.terminal(&["kill", "one"]).start();
    screen.wait_for("Kill this sandbox? [y/N]");
    screen.send("yes\r");
    assert_eq!(screen.wait_exit().exit_code(), 0);
    assert!(account.control.get(&id).await.is_err());
}

#[tokio::test]
async fn rm_removes_what_is_gone_and_refuses_what_has_a_sandbox() {
    let account = Account::new().await;
    let (runs, _) = account.sandbox("runs").await;
    let (sleeps, _) = account.sandbox("sleeps").await;
    account.control.pause(&sleeps).await.unwrap();
    account.store("runs", &runs, None).await;
    account.store("sleeps", &sleeps, None).await;
    for name in ["lost", "missing", "also"] {
        account.store(name, &format!("nosuch{name}"), None).await;
    }

    let typo = account.run(&["rm", "lost", "mising"]).await;
    assert_eq!((typo.code, typo.out.as_str()), (Some(1), ""));
    let some = account.run(&["rm", "runs", "lost", "sleeps"]).await;
    assert_eq!((some.code, some.out.as_str()), (Some(1), "removed lost\n"));
    insta::assert_snapshot!(some.err, @"
    sandbar: session runs still has a sandbox
      it runs
      hint: `sandbar kill runs` first; it says what is lost
    sandbar: session sleeps still has a sandbox
      it is paused, with its files
      hint: `sandbar kill sleeps` first; it says what is lost
    ");
    let gone = account.run(&["rm", "--gone", "--json"]).await;
    let removed = |name| json!({ "v": 1, "type": "removed", "session": name });
    let told: Value = serde_json::from_str(&gone.out).unwrap();
    assert_eq!(
        (gone.code, told),
        (Some(0), json!([removed("also"), removed("missing")]))
    );
    let none = account.run(&["rm", "--gone"]).await;
    assert_eq!(
        (none.code, none.err.as_str()),
        (Some(0), "no session is gone\n")
    );

    let left = account.list().await;
    let left: Vec<&str> = left.iter().map(|row| row[0].as_str()).collect();
    assert_eq!(left, ["sleeps", "runs"]);
    let killed = account.run(&["kill", "-y", "runs"]).await;
    let removed = account.run(&["rm", "runs"]).await;
    assert_eq!((killed.code, removed.code), (Some(0), Some(0)));
    assert_eq!(account.list().await.len(), 1);
}

#[tokio::test]
async fn a_sandbox_already_in_the_requested_state_is_reported() {
    let account = Account::new().await;
    let (id, _) = account.sandbox("one").await;
    account.store("one", &id, None).await;

    for (command, state) in [
        ("resume", "runs"),
        ("pause", "paused"),
        ("pause", "is paused"),
    ] {
        let ran = account.run(&[command, "one"]).await;
        assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "{ran:?}");
        let expected = if state == "paused" {
            "paused one in ".to_owned()
        } else {
            format!("one {state} already\n")
        };
        assert!(ran.out.starts_with(&expected), "{ran:?}");
    }
}

/// All commands resolve names alike; the terminal does so before it takes the screen.
#[tokio::test]
async fn all_commands_report_an_unknown_name_alike_with_similar_ones() {
    let account = Account::new().await;
    account.store("parser", "nosuchsandbox", None).await;
    let init = Command::new("git")
        .arg("init")
        .current_dir(account.user.home.path())
        .output();
    assert!(init.unwrap().status.success());

    for line in [
        "--session praser",
        "run --session praser hi",
        "shell praser",
        "diff praser",
        "apply praser",
        "pause praser",
        "resume parser praser",
        "kill --yes praser",
        "rm praser",
        "revive praser",
    ] {
        let arguments: Vec<&str> = line.split(' ').collect();
        let ran = account.run(&arguments).await;

        assert_eq!(
            (ran.code, ran.out.as_str()),
            (Some(1), ""),
            "{line}: {ran:?}"
        );
        assert!(
            ran.err.ends_with(
                "sandbar: there is no session named praser\n  hint: did you mean parser?\n"
            ),
            "{line}: {ran:?}"
        );
    }
    let word = account.run(&["parser"]).await;
    assert_eq!(word.code, Some(2));
    assert!(
        word.err.contains("tip: `sandbar --session parser` opens"),
        "{word:?}"
    );
    let misplaced = account.run(&["--session", "parser", "ls"]).await;
    assert_eq!(misplaced.code, Some(2));
    assert!(
        misplaced
            .err
            .contains("`sandbar --session parser` opens the terminal"),
        "{misplaced:?}"
    );
}

#[tokio::test]
async fn a_run_with_a_taken_name_is_refused_and_one_that_never_began_leaves_nothing() {
    let account = Account::new().await;
    account.store("one", "nosuchsandbox", None).await;
    let with_key = |arguments: &[&str]| {
        let mut command = account.user.command(arguments);
        command.env("ANTHROPIC_API_KEY", "sk-ant-x");
        tokio::process::Command::from(command).output()
    };

    let taken = with_key(&["run", "--name", "one", "hi"]).await;
    let taken = Ran::from(taken.unwrap());
    let failed = with_key(&["run", "--name", "new", "--template", "nosuch", "hi"]).await;
    let failed = Ran::from(failed.unwrap());

    assert_eq!((taken.code, taken.out.as_str()), (Some(1), ""));
    insta::assert_snapshot!(taken.err, @r#"
    sandbar: a session named one already exists
      it is about "About one"
      hint: give another --name, or continue that one with `sandbar run --session one`
    "#);
    assert_eq!(
        (failed.code, failed.out.as_str()),
        (Some(1), ""),
        "{failed:?}"
    );
    assert!(failed.err.contains("session new removed\n"), "{failed:?}");
    let names: Vec<String> = account
        .list()
        .await
        .into_iter()
        .map(|[name, ..]| name)
        .collect();
    assert_eq!(names, ["one"]);
    let state = account.user.home.path().join("state");
    for folder in ["secrets", "snapshots", "locks"] {
        let left = std::fs::read_dir(state.join(folder)).map_or(0, Iterator::count);
        assert_eq!(left, 0, "{folder}");
    }
}

#[tokio::test]
async fn a_gone_session_is_not_continued_but_can_be_revived() {
    let account = Account::new().await;
    account.store("one", "nosuchsandbox", None).await;

    let ran = account.run(&["run", "--session", "one", "hi"]).await;
    let repo = account
        .run(&[
            "--repo",
            "https://x.invalid",
            "run",
            "--session",
            "one",
            "hi",
        ])
        .await;

    assert_eq!((ran.code, ran.out.as_str()), (Some(1), ""));
    assert_eq!(
        ran.err,
        "sandbar: session one is gone\n  its sandbox is no longer there\n  \
         hint: `sandbar revive one` brings it back\n"
    );
    assert_eq!(repo.code, Some(2));
    assert!(
        repo.err.contains("--repo is for new sessions, not for one"),
        "{repo:?}"
    );
}

/// Nothing that reached the terminal is executed by it or hidden from the user. A line end is the terminal's own
/// `\r\n`.
fn assert_visible(screen: &Screen) {
    let raw = String::from_utf8(screen.raw()).unwrap();
    let hidden: Vec<char> = raw
        .replace("\r\n", "\n")
        .chars()
        .filter(|c| is_hidden(*c))
        .collect();
    assert!(hidden.is_empty(), "{hidden:?} in {raw:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_sandbox_holds_is_visible_on_a_terminal_and_exact_in_a_pipe() {
    let account = Account::new().await;
    let (id, envd) = account.sandbox("hostile").await;
    let script = |script: &str| StartProcess::shell(format!("set -- ~/code; {script}"));
    let begun = envd.run(&script(BEGIN), LIMIT, 4096).await.unwrap();
    assert!(begun.exit.success(), "{begun:?}");
    let work = r#"cd "$1"; printf 'one\033]0;owned\007\033[2J\r\nt\342\200\256wo\302\2333 \tx\n' >file; \
        printf 'latin \377\376 text\n' >other; pwd"#;
    let done = envd.run(&script(work), LIMIT, 4096).await.unwrap();
    let directory = String::from_utf8(done.stdout).unwrap();
    account.store("hostile", &id, Some(directory.trim())).await;

    let command = account.user.command(&["diff", "hostile"]);
    let mut command = tokio::process::Command::from(command);
    let piped = command.output().await.unwrap();
    let screen = account.terminal(&["diff", "hostile"]).size(100, 40).start();
    assert_eq!(screen.wait_exit().exit_code(), 0);

    assert!(piped.status.success(), "{piped:?}");
    for bytes in [
        &b"\n+one\x1b]0;owned\x07\x1b[2J\r\n"[..],
        b"\n+t\xe2\x80\xaewo\xc2\x9b3 \tx\n",
        b"\n+latin \xff\xfe text\n",
    ] {
        let mut windows = piped.stdout.windows(bytes.len());
        assert!(windows.any(|window| window == bytes), "{piped:?}");
    }
    let contents = screen.contents();
    for text in [
        "+one␛]0;owned␇␛[2J␍",
        "+t⟨U+202E⟩wo⟨U+009B⟩3 ",
        "+latin ⟨FF⟩⟨FE⟩ text",
    ] {
        assert!(contents.contains(text), "no {text:?} in\n{contents}");
    }
    assert_visible(&screen);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn names_titles_and_mistakes_are_visible_on_a_terminal() {
    let account = Account::new().await;
    account.store("one", "nosuchsandbox", None).await;
    let title = "t\u{1b}]52;c;eA==\u{7}\u{200b}\nfalse row\u{9b}2J".to_owned();
    account.store.set_title(&"one".into(), title).await.unwrap();
    account.store.flush().await.unwrap();
    let hostile = "x\u{1b}[31m\u{202e}y\nsandbar: done";

    for (arguments, code, shown) in [
        (&["ls"][..], 0, "t␛]52;c;eA==␇⟨U+200B⟩␊false row⟨U+009B⟩2J"),
        (
            &["ls", "--json"],
            0,
            r"t\u001b]52;c;eA==\u0007\u200b\nfalse row\u009b2J",
        ),
        (&["diff", hostile], 1, "named x␛[31m⟨U+202E⟩y␊sandbar: done"),
        (
            &["pause", hostile],
            1,
            "named x␛[31m⟨U+202E⟩y␊sandbar: done",
        ),
        (&["attach", hostile], 2, "'x␛[31m⟨U+202E⟩y␊sandbar: done'"),
        (
            &["--template", hostile, "config"],
            0,
            "x␛[31m⟨U+202E⟩y␊sandbar: done",
        ),
        (
            &["run", "--name", "one", "hi"],
            1,
            "is about \"t␛]52;c;eA==␇⟨U+200B⟩␊false row⟨U+009B⟩2J\"",
        ),
    ] {
        let screen = account.terminal(arguments).size(200, 60).start();
        let exit = screen.wait_exit().exit_code();
        let contents = screen.contents();
        assert!(
            contents.contains(shown),
            "{arguments:?}: no {shown:?} in\n{contents}"
        );
        assert_eq!(exit, code, "{arguments:?}");
        assert_visible(&screen);
    }
}

#[test]
fn a_mistake_on_the_command_line_is_quoted_visibly_and_keeps_its_colours() {
    let user = User::new();
    let hostile = "--\u{1b}]0;owned\u{7}\u{202e}\u{1b}[2J";

    let screen = user.terminal(&["ls", hostile]).start();
    assert_eq!(screen.wait_exit().exit_code(), 2);
    let raw = String::from_utf8(screen.raw()).unwrap();
    assert!(raw.contains("--␛]0;owned␇⟨U+202E⟩␛[2J"), "{raw:?}");
    assert!(
        !raw.contains("\u{1b}]") && !raw.contains("\u{1b}[2J"),
        "{raw:?}"
    );
    assert!(raw.contains("\u{1b}[1m"), "colours of our own: {raw:?}");

    let plain = user.terminal(&["ls", hostile]).env("NO_COLOR", "1").start();
    plain.wait_exit();
    assert!(plain.contents().contains("--␛]0;owned␇⟨U+202E⟩␛[2J"));
    assert_visible(&plain);
}

#[tokio::test]
async fn kill_takes_names_and_ids_and_tells_all_sessions_of_a_sandbox() {
    let account = Account::new().await;
    let (shared, _) = account.sandbox("one").await;
    let (strange, _) = account.sandbox("strange").await;
    account.store("one", &shared, None).await;
    account.store("two", &shared, None).await;

    let typo = account.run(&["kill", "one", "twoo"]).await;
    assert_eq!((typo.code, typo.out.as_str()), (Some(1), ""));
    assert!(typo.err.contains("hint: did you mean two?"), "{typo:?}");
    assert!(
        account.control.get(&shared).await.is_ok(),
        "nothing is killed yet"
    );

    // There is no terminal to ask on.
    let unasked = account.run(&["kill", "one", "two", &strange]).await;
    assert_eq!((unasked.code, unasked.out.as_str()), (Some(2), ""));
    assert_eq!(
        unasked.err.replace(&strange, "ID"),
        "two \"About two\": there is no snapshot; all its files will be lost\n\
         one \"About one\": there is no snapshot; all its files will be lost\n\
         sandbox ID, which no session here uses: all its files will be lost\n\
         sandbar: kill was not confirmed\n  nothing was killed: without a terminal sandbar cannot ask\n  \
         hint: run it with --yes\n"
    );
    for id in [&shared, &strange] {
        assert!(account.control.get(id).await.is_ok());
    }

    let killed = account
        .run(&["kill", "--yes", "one", "two", &strange])
        .await;
    assert_eq!((killed.code, killed.err.as_str()), (Some(0), ""));
    assert_eq!(
        killed.out,
        format!("killed two, one (sandbox {shared})\nkilled sandbox {strange}\n")
    );
    for id in [&shared, &strange] {
        assert!(account.control.get(id).await.is_err());
    }
    for name in ["one", "two"] {
        let session = account.store.by_name(name).await.unwrap().unwrap();
        assert!(matches!(session.summary.phase, Phase::Gone(_)));
    }

    // A sandbox that is gone needs no confirmation.
    let again = account.run(&["kill", "one"]).await;
    assert_eq!((again.code, again.err.as_str()), (Some(0), ""));
    let words = format!("two, one (sandbox {shared}) was already gone");
    assert!(again.out.starts_with(&words), "{again:?}");
    let again = account.run(&["kill", "one", "--json"]).await;
    let told: Value = serde_json::from_str(&again.out).unwrap();
    assert_eq!(
        told,
        json!([{
            "v": 1, "type": "killed", "sessions": ["two", "one"], "sandbox": shared,
            "was_there": false,
        }])
    );
}

/// A work tree with one file, as both sides have it at the beginning.
const BEGIN: &str = "set -e; mkdir -p \"$1\"; cd \"$1\"; git init -q; printf 'one\\ntwo\\n' >file; \
    git add file; export GIT_AUTHOR_DATE=2026-01-01T00:00:00Z GIT_COMMITTER_DATE=2026-01-01T00:00:00Z; \
    git -c user.name=a -c user.email=a@example.invalid commit -q -m first; \
    git update-ref refs/sandbar/base HEAD";

#[tokio::test]
async fn work_is_fetched_from_a_running_and_a_paused_sandbox() {
    let account = Account::new().await;
    let (id, envd) = account.sandbox("worker").await;
    let script = |script: &str| StartProcess::shell(format!("set -- ~/code; {script}"));
    let begun = envd.run(&script(BEGIN), LIMIT, 4096).await.unwrap();
    assert!(begun.exit.success(), "{begun:?}");
    let home = envd
        .run(&script("cd \"$1\"; pwd"), LIMIT, 4096)
        .await
        .unwrap();
    let directory = String::from_utf8(home.stdout).unwrap();
    account.store("worker", &id, Some(directory.trim())).await;
    let tree = tempfile::tempdir().unwrap();
    let here = tree.path().join("inside");
    let begun = Command::new("sh")
        .args(["-c", BEGIN, "sh"])
        .arg(tree.path())
        .status();
    assert!(begun.unwrap().success());
    std::fs::create_dir(&here).unwrap();

    let nothing = account.user.run_beside(&["apply", "worker"], &here).await;
    assert_eq!((nothing.code, nothing.out.as_str()), (Some(0), ""));
    assert_eq!(nothing.err, "there are no changes in session worker\n");

    let work = "cd \"$1\"; printf 'one\\n2\\n' >file; printf '\\000\\377' >new";
    assert!(
        envd.run(&script(work), LIMIT, 4096)
            .await
            .unwrap()
            .exit
            .success()
    );
    let running = account.run(&["diff", "worker"]).await;
    assert_eq!((running.code, running.err.as_str()), (Some(0), ""));
    assert!(running.out.contains("-two\n+2\n") && running.out.contains("GIT binary patch"));

    account.control.pause(&id).await.unwrap();
    let paused = account.run(&["diff", "worker"]).await;
    assert_eq!((paused.code, &paused.out), (Some(0), &running.out));
    assert!(paused.err.contains("pausing it again"), "{paused:?}");
    let state = account.control.get(&id).await.unwrap().listed.state;
    assert_eq!(state, SandboxState::Paused);
    // The run for this command costs like any other.
    let runs = account.store.runs(&"worker".into()).await.unwrap();
    let ends: Vec<RunEnd> = runs.iter().map(|seen| seen.end).collect();
    assert!(matches!(ends[..], [RunEnd::At(_)]), "{runs:?}");

    let applied = account.user.run_beside(&["apply", "worker"], &here).await;
    assert_eq!(applied.code, Some(0), "{applied:?}");
    assert_eq!(applied.out, "+1 -1  file\nbinary  new\n");
    assert_eq!(
        std::fs::read(tree.path().join("file")).unwrap(),
        b"one\n2\n"
    );
    assert_eq!(std::fs::read(tree.path().join("new")).unwrap(), [0, 255]);

    applied_again(&account, tree.path()).await;
}

/// The work of session `worker` is in this work tree, and in no other.
async fn applied_again(account: &Account, tree: &Path) {
    let again = account.user.run_beside(&["apply", "worker"], tree).await;
    assert_eq!((again.code, again.out.as_str()), (Some(0), ""));
    let told = "the work of session worker is already in ";
    assert!(again.err.contains(told), "{again:?}");

    std::fs::write(tree.join("file"), "mine\n").unwrap();
    let refused = account.user.run_beside(&["apply", "worker"], tree).await;
    assert_eq!((refused.code, refused.out.as_str()), (Some(1), ""));
    assert!(
        refused
            .err
            .contains("changed here and in the session\n  file\n  hint: "),
        "{refused:?}"
    );
    assert!(
        refused.err.contains("sandbar diff worker > work.patch"),
        "{refused:?}"
    );

    let other = tempfile::tempdir().unwrap();
    let script = "git init -q; printf 'one\\ntwo\\n' >file";
    let made = Command::new("sh")
        .args(["-c", script])
        .current_dir(other.path())
        .status();
    assert!(made.unwrap().success());
    let unrelated = ["apply", "worker"];
    let unrelated = account.user.run_beside(&unrelated, other.path()).await;
    assert_eq!((unrelated.code, unrelated.out.as_str()), (Some(1), ""));
    let told = "is unrelated to session worker";
    assert!(unrelated.err.contains(told), "{unrelated:?}");
    assert!(unrelated.err.contains("sandbar apply --force worker"));
    let forced = ["apply", "--force", "worker"];
    let forced = account.user.run_beside(&forced, other.path()).await;
    assert_eq!(forced.out, "+1 -1  file\nbinary  new\n", "{forced:?}");
}

#[tokio::test]
async fn a_wrong_key_is_reported_and_the_list_is_still_printed() {
    let account = Account::new().await;
    account.store("one", "some", None).await;
    let mut command = account.user.command(&["ls"]);
    command.env("E2B_API_KEY", "e2b_wrong");

    let output = tokio::process::Command::from(command).output().await;
    let ran = Ran::from(output.unwrap());

    assert_eq!(ran.code, Some(1));
    assert!(ran.out.contains("unknown"), "{ran:?}");
    assert!(ran.err.contains("E2B_API_KEY"), "{ran:?}");
    assert!(!ran.err.contains("e2b_wrong"), "{ran:?}");
}
