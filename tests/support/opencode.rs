//! A real `opencode serve` for a test, in its own home and work tree.

use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Read};
use std::net::TcpListener;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Condvar, Mutex, PoisonError, Weak};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};
use sandbar::demo::Pace;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::http::{Call, Server};
use super::set_up;
use super::slot::Slot;

/// Generous: starting takes two seconds on an idle machine.
const DEADLINE: Duration = Duration::from_mins(1);

/// A running server. Dropping it ends the server and its descendants.
pub(crate) struct OpenCode {
    /// `http://127.0.0.1:PORT`
    url: String,
    password: String,
    work_tree: TempDir,
    home: TempDir,
    process: Process,
    _slot: Slot,
}

/// A server whose only model is the demo model.
pub(crate) struct Site {
    pub(crate) server: OpenCode,
    _model: Server,
}

static SHARED: Mutex<Weak<Site>> = Mutex::new(Weak::new());

impl Site {
    pub(crate) fn new() -> Self {
        let model = Server::model(Pace::Lively);
        let server = OpenCode::start(&format!("{}/v1", model.url()));
        Self {
            server,
            _model: model,
        }
    }

    /// One for all concurrent tests with their own conversations: starting a server takes as long as most of them.
    pub(crate) fn shared() -> Arc<Self> {
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        shared.upgrade().unwrap_or_else(|| {
            let fresh = Arc::new(Self::new());
            *shared = Arc::downgrade(&fresh);
            fresh
        })
    }
}

impl OpenCode {
    /// Starts a server whose only model is served at `model_url` (`http://…/v1`, the protocol of `OpenAI`), and
    /// waits until it is healthy. The model is named `test/model`.
    pub(crate) fn start(model_url: &str) -> Self {
        Self::start_with(&config(model_url))
    }

    /// Starts a server with this configuration, JSON as in `opencode.json`, and waits until it is healthy.
    pub(crate) fn start_with(config: &str) -> Self {
        let slot = Slot::take();
        let home = tempfile::tempdir().unwrap();
        let work_tree = tempfile::tempdir().unwrap();
        git(work_tree.path(), &["init", "--quiet"]);
        let password = random_password();
        // Another process may take the port between our probe and the server's bind.
        for _ in 0..3 {
            let port = free_port();
            let mut command = command(home.path(), work_tree.path(), port);
            command
                .env("OPENCODE_SERVER_PASSWORD", &password)
                .env("OPENCODE_CONFIG_CONTENT", config);
            let process = Process::spawn(&mut command);
            if process.wait_for("listening on ") {
                let url = format!("http://127.0.0.1:{port}");
                let server = Self {
                    url,
                    password,
                    work_tree,
                    home,
                    process,
                    _slot: slot,
                };
                server.wait_until_healthy();
                return server;
            }
            let output = process.output();
            assert!(
                output.contains("ServeError"),
                "opencode did not start:\n{output}"
            );
        }
        panic!("opencode found three free ports taken, one after the other");
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) fn password(&self) -> &str {
        &self.password
    }

    /// The git work tree that the server was started in.
    pub(crate) fn work_tree(&self) -> &Path {
        self.work_tree.path()
    }

    /// The server's home directory.
    pub(crate) fn home(&self) -> &Path {
        self.home.path()
    }

    /// The server's whole output, for messages of failing tests.
    pub(crate) fn output(&self) -> String {
        self.process.output()
    }

    /// Requests `GET path` on a fresh connection and returns the status and the body.
    pub(crate) fn get(&self, path: &str) -> (u16, String) {
        self.request(path, Some(&self.password), DEADLINE).unwrap()
    }

    /// The status of a request with this password, or with none.
    pub(crate) fn status(&self, path: &str, password: Option<&str>) -> u16 {
        self.request(path, password, DEADLINE).unwrap().0
    }

    /// Posts to the server as another client would, and returns the response.
    pub(crate) fn post(&self, path: &str, body: Value) -> Value {
        let call = Call {
            method: "POST",
            body: Some(body),
            ..self.call(path, Some(&self.password))
        };
        let (status, body) = call.send(DEADLINE).unwrap();
        assert!((200..300).contains(&status), "{path}: {status} {body}");
        serde_json::from_str(&body).unwrap_or(Value::Null)
    }

    /// Creates a conversation and returns its id.
    pub(crate) fn conversation(&self) -> String {
        let made = self.post("/session", json!({}));
        made["id"].as_str().unwrap().to_owned()
    }

    /// A request to send as another client.
    pub(crate) fn call(&self, path: &str, password: Option<&str>) -> Call {
        Call {
            password: password.map(str::to_owned),
            ..Call::get(format!("{}{path}", self.url))
        }
    }

    fn request(
        &self,
        path: &str,
        password: Option<&str>,
        limit: Duration,
    ) -> reqwest::Result<(u16, String)> {
        self.call(path, password).send(limit)
    }

    fn wait_until_healthy(&self) {
        let until = Instant::now() + DEADLINE;
        loop {
            // A request that arrives just before the handler is ready is never answered (seen on 1.18.33).
            match self.request(
                "/global/health",
                Some(&self.password),
                Duration::from_secs(1),
            ) {
                Ok((_, body)) if body.contains("\"healthy\":true") => return,
                other => assert!(
                    Instant::now() < until,
                    "opencode is not healthy: {other:?}\n{}",
                    self.output()
                ),
            }
        }
    }
}

fn command(home: &Path, work_tree: &Path, port: u16) -> Command {
    // The tests' models are in their configuration; loading the full catalog takes the server seconds.
    let catalog = home.join("models.json");
    std::fs::write(&catalog, "{}").unwrap();
    let mut path = set_up::ripgrep_folder().into_os_string();
    path.push(":");
    path.push(std::env::var_os("PATH").unwrap_or_default());
    let mut command = Command::new(set_up::opencode());
    command
        .args([
            "serve",
            "--hostname",
            "127.0.0.1",
            "--port",
            &port.to_string(),
        ])
        .args(["--print-logs", "--log-level", "INFO"])
        .current_dir(work_tree)
        .env_clear()
        .env("PATH", path)
        .env("HOME", home)
        .env("OPENCODE_DISABLE_MODELS_FETCH", "1")
        .env("OPENCODE_MODELS_PATH", catalog)
        .env("OPENCODE_DISABLE_AUTOUPDATE", "1")
        .env("npm_config_offline", "true")
        // Its own group, so that its children end with it.
        .process_group(0);
    command
}

fn config(model_url: &str) -> String {
    json!({
        "model": "test/model",
        "small_model": "test/model",
        "enabled_providers": ["test"],
        "share": "disabled",
        "autoupdate": false,
        "snapshot": false,
        "provider": { "test": {
            "npm": "@ai-sdk/openai-compatible",
            "options": { "baseURL": model_url, "apiKey": "none" },
            "models": { "model": { "name": "Test model", "tool_call": true } },
        }},
    })
    .to_string()
}

/// Runs git without the machine's own configuration.
fn git(folder: &Path, arguments: &[&str]) {
    let status = Command::new("git")
        .args(arguments)
        .current_dir(folder)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_SYSTEM", "/dev/null")
        .status();
    assert!(
        status.is_ok_and(|status| status.success()),
        "the tests need git"
    );
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}

fn random_password() -> String {
    let mut bytes = [0_u8; 16];
    getrandom::fill(&mut bytes).unwrap();
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// A child, its output, and its exit.
struct Process {
    group: Pid,
    printed: Arc<Printed>,
    /// Waits for its exit.
    reaper: Option<thread::JoinHandle<()>>,
}

#[derive(Default)]
struct Printed {
    text: Mutex<Text>,
    changed: Condvar,
}

#[derive(Default)]
struct Text {
    lines: String,
    /// Streams that have reached their end.
    closed: usize,
}

impl Process {
    fn spawn(command: &mut Command) -> Self {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let group = Pid::from_child(&child);
        let printed = Arc::new(Printed::default());
        read_lines(child.stdout.take().unwrap(), Arc::clone(&printed));
        read_lines(child.stderr.take().unwrap(), Arc::clone(&printed));
        Self {
            group,
            printed,
            reaper: Some(thread::spawn(move || drop(child.wait()))),
        }
    }

    /// Waits until `words` are printed; `false` if the process exits without them.
    fn wait_for(&self, words: &str) -> bool {
        let text = self.printed.text.lock().unwrap();
        let waiting = |text: &mut Text| !text.lines.contains(words) && text.closed < 2;
        let (text, timeout) = self
            .printed
            .changed
            .wait_timeout_while(text, DEADLINE, waiting)
            .unwrap();
        assert!(
            !timeout.timed_out(),
            "waited in vain for {words:?} in:\n{}",
            text.lines
        );
        text.lines.contains(words)
    }

    fn output(&self) -> String {
        self.printed.text.lock().unwrap().lines.clone()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Nobody reads what it leaves, and a graceful exit takes long.
        let _ = kill_process_group(self.group, Signal::KILL);
        let _ = self.reaper.take().map(thread::JoinHandle::join);
    }
}

fn read_lines(stream: impl Read + Send + 'static, printed: Arc<Printed>) {
    thread::spawn(move || {
        let mut stream = BufReader::new(stream);
        let mut line = Vec::new();
        while stream
            .read_until(b'\n', &mut line)
            .is_ok_and(|read| read > 0)
        {
            printed
                .text
                .lock()
                .unwrap()
                .lines
                .push_str(&String::from_utf8_lossy(&line));
            printed.changed.notify_all();
            line.clear();
        }
        printed.text.lock().unwrap().closed += 1;
        printed.changed.notify_all();
    });
}
