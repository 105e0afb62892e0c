//! `sandbar local serve` in its own terminal, at an isolation level, run by the tests' account or by an ordinary
//! one, and started by a shell with resources that no sandbox may inherit.

use std::fs;
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use sandbar::e2b::control::ControlClient;
use sandbar::e2b::envd::EnvdClient;
use sandbar::e2b::host::Addresses;
use sandbar::e2b::process::{StartProcess, TerminalSize};
use sandbar::local::Level;
use sandbar::net::http::Http;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::http::{Call, plain_options, runtime};
use super::screen::{DEADLINE, Launch, Screen};

/// A uid without an account, for servers that root does not run. Not among those that root's server gives to its
/// sandboxes.
const ORDINARY: u32 = 1_700_000_000;

/// Timeout of a call to the server.
const LIMIT: Duration = Duration::from_mins(1);

/// The account that runs a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Account {
    Root,
    Ordinary,
}

impl Account {
    /// Those that can be tested here; a missing one is reported on stderr.
    pub(crate) fn all() -> &'static [Self] {
        if is_root() {
            return &[Self::Root, Self::Ordinary];
        }
        told("a server of root");
        &[Self::Ordinary]
    }
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

fn told(what: &str) {
    #[expect(clippy::print_stderr, reason = "what was not tested is told")]
    {
        eprintln!("not tested: {what}");
    }
}

/// Whether it stays with the terminal or becomes a background server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ground {
    Fore,
    Back,
}

/// A running server with one sandbox. Dropping it ends the server.
pub(crate) struct Serving {
    pub(crate) account: Account,
    pub(crate) level: Level,
    pub(crate) screen: Screen,
    envd: EnvdClient,
    runtime: tokio::runtime::Runtime,
    dir: TempDir,
}

impl Serving {
    /// Runs one after the other, at each level that this machine supports, for each account. `before`: lines of `sh`
    /// that the same process runs first; `$ROOM` is a directory that only root can enter.
    pub(crate) fn everywhere(ground: Ground, before: &str, mut look: impl FnMut(&Self)) {
        let mut found = 0;
        for account in Account::all() {
            for level in Level::ALL {
                match Self::start(*account, level, ground, before) {
                    Some(serving) => {
                        look(&serving);
                        found += 1;
                    }
                    None => told(&format!("isolation {} of {account:?}", level.name())),
                }
            }
        }
        assert!(found > 0, "no server can be tested here");
    }

    fn start(account: Account, level: Level, ground: Ground, before: &str) -> Option<Self> {
        let dir = super::folder();
        let at = |name: &str| dir.path().join(name);
        for folder in ["home", "sandbar", "room"] {
            fs::create_dir(at(folder)).unwrap();
        }
        let mut words = vec!["-c".to_owned(), String::new(), "sh".to_owned()];
        let mut own_terminal = String::new();
        if account == Account::Ordinary && is_root() {
            let user = ORDINARY.to_string();
            words.extend(["setpriv", "--reuid", &user, "--regid", &user].map(str::to_owned));
            words.extend(["--clear-groups", "--"].map(str::to_owned));
            for folder in ["home", "sandbar"] {
                chown(at(folder), Some(ORDINARY), Some(ORDINARY)).unwrap();
            }
            // As after a login.
            own_terminal = format!("chown {user} \"$(tty)\"");
        }
        words[1] = format!("{own_terminal}\n{before}\nexec \"$@\"");
        let ending = match ground {
            Ground::Fore => ["--port", "0"].as_slice(),
            Ground::Back => ["--daemon"].as_slice(),
        };
        let program = [env!("CARGO_BIN_EXE_sandbar"), "local", "serve"];
        words.extend(program.iter().chain(ending).map(|word| (*word).to_owned()));
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let screen = Launch::new("/bin/sh")
            .args(&words)
            .directory(Path::new("/"))
            .env("HOME", at("home"))
            .env("SANDBAR_HOME", at("sandbar"))
            .env("SANDBAR_ISOLATION", level.name())
            .env("SANDBAR_REQUIRE_ISOLATION", "none")
            .env("PATH", "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin")
            .env("ROOM", at("room"))
            .size(200, 12)
            .start();
        let (url, key, given) = match ground {
            Ground::Fore => told_on(&screen),
            Ground::Back => told_in(&at("sandbar/state/local/daemon.json")),
        };
        (given == level).then(|| {
            let runtime = runtime();
            let envd = runtime.block_on(sandbox(&url, &key));
            Self {
                account,
                level,
                screen,
                envd,
                runtime,
                dir,
            }
        })
    }

    /// `Filesystem of Ordinary`, for a test's messages.
    pub(crate) fn name(&self) -> String {
        format!("{:?} of {:?}", self.level, self.account)
    }

    /// The directory that only root can enter.
    pub(crate) fn room(&self) -> PathBuf {
        self.dir.path().join("room")
    }

    /// Where the server's files are.
    pub(crate) fn state(&self) -> PathBuf {
        self.dir.path().join("sandbar")
    }

    /// A program's output in the sandbox, with pipes.
    pub(crate) fn run(&self, program: &str, arguments: &[&str]) -> String {
        self.run_on(None, program, arguments)
    }

    /// The same on its own pty.
    pub(crate) fn run_in_terminal(&self, program: &str, arguments: &[&str]) -> String {
        let size = TerminalSize {
            columns: 200,
            rows: 50,
        };
        self.run_on(Some(size), program, arguments)
    }

    fn run_on(&self, terminal: Option<TerminalSize>, program: &str, arguments: &[&str]) -> String {
        let process = StartProcess {
            terminal,
            ..StartProcess::program(program, arguments.iter().copied())
        };
        let ran = self.envd.run(&process, LIMIT, 1 << 20);
        let output = self.runtime.block_on(ran).unwrap();
        let text = [output.stdout, output.stderr].concat();
        String::from_utf8_lossy(&text).replace('\r', "")
    }

    /// The server's descendants on this machine: helpers, their parents, and the sandbox's own.
    pub(crate) fn processes(&self) -> Vec<u32> {
        super::process::descendants(self.screen.pid())
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let pid = i32::try_from(self.screen.pid()).unwrap();
        let pid = rustix::process::Pid::from_raw(pid).unwrap();
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        if !std::thread::panicking() {
            self.screen.wait_exit();
        }
    }
}

/// URL, key and level as the server prints them.
fn told_on(screen: &Screen) -> (String, String, Level) {
    screen.wait_for("limits: ");
    let contents = screen.contents();
    let value = |start: &str| {
        let line = contents.lines().find_map(|line| line.strip_prefix(start));
        line.unwrap_or_else(|| panic!("no {start:?} in {contents}"))
    };
    let level = value("isolation: ");
    let level = level.split([' ', ';']).next().unwrap();
    (
        value("export E2B_API_URL=").to_owned(),
        value("export E2B_API_KEY=").to_owned(),
        Level::named(level).unwrap(),
    )
}

/// The same for a background server.
fn told_in(file: &Path) -> (String, String, Level) {
    let began = Instant::now();
    while began.elapsed() < DEADLINE {
        let told = fs::read(file).ok();
        if let Some(told) = told.and_then(|told| serde_json::from_slice::<Value>(&told).ok()) {
            let url = format!("http://127.0.0.1:{}", told["port"]);
            let key = told["api_key"].as_str().unwrap().to_owned();
            let status = Call {
                api_key: Some(key.clone()),
                ..Call::get(format!("{url}/sandbar/status"))
            };
            let (_, status) = status.send(LIMIT).unwrap();
            let status: Value = serde_json::from_str(&status).unwrap();
            let level = status["isolation"]["level"].as_str().unwrap().to_owned();
            return (url, key, Level::named(&level).unwrap());
        }
        std::thread::yield_now();
    }
    panic!("the server in the background did not come up");
}

/// A new sandbox of the server.
async fn sandbox(url: &str, key: &str) -> EnvdClient {
    let addresses = Addresses::new(None, Some(url), Some(url)).unwrap();
    let http = Http::new(&plain_options()).unwrap();
    let create = super::http::plain_client()
        .post(format!("{url}/sandboxes"))
        .header("x-api-key", key)
        .timeout(LIMIT)
        .json(&json!({"templateID": "base"}));
    let made: Value = create.send().await.unwrap().json().await.unwrap();
    let id = made["sandboxID"].as_str();
    let id = id.unwrap_or_else(|| panic!("no sandbox was made: {made}"));
    let control = ControlClient::new(
        http.pool().clone(),
        addresses.api.clone(),
        key.to_owned().into(),
    );
    let connected = control.unwrap().connect(id, None).await.unwrap();
    let envd = addresses.envd(&connected.sandbox).unwrap();
    EnvdClient::new(http.pool().clone(), envd).unwrap()
}
