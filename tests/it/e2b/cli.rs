//! E2B's official CLI against our own server.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use pretty_assertions::assert_eq;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::e2b::sdk::{Server, turn};
use crate::support::home::Home;
use crate::support::screen::{Launch, Screen};
use crate::support::set_up;

/// The CLI with a server, in a home where nobody is logged in.
struct Cli {
    program: PathBuf,
    home: TempDir,
    server: Server,
    _server_home: Home,
}

/// The result of a call.
#[derive(Debug, PartialEq)]
struct Ran {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

impl Cli {
    fn new() -> Self {
        let server_home = Home::new();
        Self {
            program: set_up::e2b_cli(),
            home: tempfile::tempdir().unwrap(),
            server: Server::start(&server_home),
            _server_home: server_home,
        }
    }

    fn env(&self) -> Vec<(String, String)> {
        let home = self.home.path().display().to_string();
        let mut env = self.server.variables.clone();
        env.extend([
            ("PATH".to_owned(), std::env::var("PATH").unwrap()),
            ("HOME".to_owned(), home),
            // Otherwise it would ask a registry for updates.
            ("NO_UPDATE_NOTIFIER".to_owned(), "1".to_owned()),
        ]);
        env
    }

    fn run_with(&self, arguments: &[&str], input: &str) -> Ran {
        let mut child = Command::new("node")
            .arg(&self.program)
            .args(arguments)
            .env_clear()
            .envs(self.env())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // Most calls exit without reading it.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        let output = child.wait_with_output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Ran {
            code: output.status.code(),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }

    /// The stderr of a successful call, for users.
    fn tells(&self, arguments: &[&str]) -> String {
        let ran = self.run_with(arguments, "");
        assert_eq!(ran.code, Some(0), "{arguments:?}: {ran:?}");
        ran.stdout + &ran.stderr
    }

    /// The stdout of a successful call, for programs.
    fn says(&self, arguments: &[&str]) -> String {
        let ran = self.run_with(arguments, "");
        assert_eq!(ran.code, Some(0), "{arguments:?}: {ran:?}");
        ran.stdout
    }

    fn json(&self, arguments: &[&str]) -> Value {
        let said = self.says(arguments);
        let parsed = serde_json::from_str(said.trim());
        parsed.unwrap_or_else(|error| panic!("{arguments:?}: {error}: {said}"))
    }

    fn create(&self) -> String {
        let made = self.says(&["sandbox", "create", "--detach", "base"]);
        made.trim().to_owned()
    }

    fn terminal(&self, arguments: &[&str]) -> Screen {
        let program = self.program.display().to_string();
        let launch = Launch::new("node").args(&[&[&*program], arguments].concat());
        let env = self.env().into_iter();
        env.fold(launch, |launch, (name, value)| launch.env(&name, value))
            .start()
    }
}

#[test]
fn sandboxes_are_made_listed_paused_resumed_and_killed() {
    let _turn = turn();
    let cli = Cli::new();
    let states = |filter: &str| {
        let list = cli.json(&["sandbox", "list", "--format", "json", "--state", filter]);
        let list = list.as_array().unwrap().clone();
        list.iter()
            .map(|one| (one["sandboxId"].clone(), one["state"].clone()))
            .collect::<Vec<_>>()
    };

    let id = cli.create();
    let table = cli.says(&["sandbox", "list"]);
    let info = cli.json(&["sandbox", "info", "--format", "json", &id]);
    let paused = cli.tells(&["sandbox", "pause", &id]);
    let again = cli.tells(&["sandbox", "pause", &id]);
    let (running, asleep) = (states("running"), states("running,paused"));
    let resumed = cli.tells(&["sandbox", "resume", &id]);
    let awake = states("running");
    let other = cli.create();
    let killed = cli.tells(&["sandbox", "kill", &id]);
    let gone = cli.tells(&["sandbox", "kill", &id]);
    let all = cli.tells(&["sandbox", "kill", "--all"]);
    let none = cli.tells(&["sandbox", "list"]);

    assert!(table.contains(&id) && table.contains("Running"), "{table}");
    assert_eq!(info["sandboxId"], json!(id));
    assert!(paused.contains("has been paused"), "{paused}");
    assert!(again.contains("already paused"), "{again}");
    assert_eq!(running, []);
    assert_eq!(asleep, [(json!(id), json!("paused"))]);
    assert!(resumed.contains("has been resumed"), "{resumed}");
    assert_eq!(awake, [(json!(id), json!("running"))]);
    assert!(killed.contains("has been killed"), "{killed}");
    assert!(gone.contains("wasn't found"), "{gone}");
    assert!(all.contains(&other), "{all}");
    assert!(none.contains("No sandboxes found"), "{none}");
}

#[test]
fn commands_logs_metrics_and_templates_are_shown() {
    let _turn = turn();
    let cli = Cli::new();
    let id = cli.create();

    let exec = ["sandbox", "exec", "-c", "/", "-e", "GIVEN=value", &id];
    let script = "pwd; echo $GIVEN; cat; echo bad >&2; exit 7";
    let ran = cli.run_with(&[&exec[..], &[script]].concat(), "from here\n");
    let background = cli.tells(&["sandbox", "exec", "--background", &id, "sleep 1000"]);
    let logs = cli.says(&["sandbox", "logs", &id]);
    let processes = [
        "sandbox",
        "logs",
        "--loggers",
        "process",
        "--format",
        "json",
    ];
    let processes = cli.says(&[&processes[..], &[&id]].concat());
    let metrics = cli.json(&["sandbox", "metrics", "--format", "json", &id]);
    let templates = cli.json(&["template", "list", "--format", "json"]);
    let table = cli.says(&["template", "list"]);
    let nobody = cli.run_with(&["sandbox", "info", "inone"], "");

    assert_eq!((ran.code, &*ran.stdout), (Some(7), "/\nvalue\nfrom here\n"));
    assert!(ran.stderr.starts_with("bad\n"), "{ran:?}");
    assert!(background.trim().parse::<u32>().is_ok(), "{background}");
    assert!(logs.contains("created"), "{logs}");
    assert!(processes.contains("process_start"), "{processes}");
    assert!(!processes.contains("created"), "{processes}");
    assert!(metrics["memTotal"].as_u64() > Some(0), "{metrics}");
    assert_eq!(templates[0]["templateID"], "base");
    assert!(table.contains("opencode"), "{table}");
    assert_eq!(nobody.code, Some(1), "{nobody:?}");
}

/// Waits for the shell prompt of any user.
fn prompted(screen: &Screen) {
    screen.wait_until("a prompt", |screen| {
        let text = screen.contents();
        text.contains("$ ") || text.contains("# ")
    });
}

#[test]
fn a_terminal_is_opened_in_a_new_sandbox_and_in_one_that_runs() {
    let _turn = turn();
    let cli = Cli::new();

    let mut new = cli.terminal(&["sandbox", "create", "-e", "GIVEN=value", "base"]);
    prompted(&new);
    new.send("echo $GIVEN-$((40 + 2))\r");
    new.wait_for("value-42");
    new.send("exit\r");
    new.wait_for("Closing terminal connection");
    assert!(new.wait_exit().success(), "{}", new.contents());

    let id = cli.create();
    let mut running = cli.terminal(&["sandbox", "connect", &id]);
    prompted(&running);
    running.resize(100, 31);
    // The new size has its own call, and may arrive after the input.
    running.send("until [ \"$(stty size)\" = '31 100' ]; do :; done; echo resized-$((40 + 2))\r");
    running.wait_for("resized-42");
    running.send("exit\r");
    assert!(running.wait_exit().success(), "{}", running.contents());
}
