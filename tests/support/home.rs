//! The program in a home of its own: nothing of the machine's configuration reaches it, and everything that it
//! started ends with the test.

use std::ffi::OsString;
use std::fs;
use std::io::{ErrorKind, Read};
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal};
use sandbar::domain::version::OPENCODE_VERSION;
use sandbar::e2b::control::ControlClient;
use sandbar::e2b::envd::EnvdClient;
use sandbar::e2b::host::Addresses;
use sandbar::e2b::process::StartProcess;
use sandbar::net::http::Http;
use sandbar::store::Store;
use sandbar::store::files::snapshots::SnapshotFiles;
use serde_json::Value;
use tempfile::TempDir;

use super::http::{Call, plain_options, runtime};
use super::process::parent;
use super::screen::Launch;
use super::set_up;
use super::slot::Slot;

/// For a whole headless run with the boot of a sandbox; generous.
const DEADLINE: Duration = Duration::from_mins(3);

/// Where the program's files are during a test. Dropping it ends the local server and its sandboxes.
pub(crate) struct Home {
    root: TempDir,
    extra: Vec<(&'static str, OsString)>,
    slot: Option<Slot>,
}

/// The result of a command.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Home {
    /// A home where no sandbox will be started.
    pub(crate) fn new() -> Self {
        let root = super::folder();
        for folder in ["home", "tmp", "work", "sandbar/cache"] {
            fs::create_dir_all(root.path().join(folder)).unwrap();
        }
        Self {
            root,
            extra: Vec::new(),
            slot: None,
        }
    }

    /// A home for local sandboxes. Waits for a slot, and has the template's programs ready.
    pub(crate) fn with_sandboxes() -> Self {
        let slot = Slot::take();
        let mut home = Self::new();
        home.slot = Some(slot);
        let template = home.cache().join(format!("opencode-{OPENCODE_VERSION}"));
        for (package, folder) in set_up::packages() {
            let link = template.join("node_modules").join(package);
            fs::create_dir_all(link.parent().unwrap()).unwrap();
            symlink(folder, link).unwrap();
        }
        home
    }

    /// Where the templates' programs are.
    pub(crate) fn cache(&self) -> PathBuf {
        self.root.path().join("sandbar/cache")
    }

    /// Sets a variable for everything started from here on.
    pub(crate) fn set(mut self, name: &'static str, value: impl Into<OsString>) -> Self {
        self.extra.push((name, value.into()));
        self
    }

    /// An empty directory outside any work tree, where the program is started.
    pub(crate) fn work(&self) -> PathBuf {
        self.root.path().join("work")
    }

    fn env(&self) -> Vec<(&'static str, OsString)> {
        let at = |folder: &str| self.root.path().join(folder).into_os_string();
        let mut env = vec![
            ("SANDBAR_HOME", at("sandbar")),
            ("HOME", at("home")),
            ("TMPDIR", at("tmp")),
            ("PATH", std::env::var_os("PATH").unwrap_or_default()),
            ("USER", "tester".into()),
            ("LANG", "C.UTF-8".into()),
            ("TERM", "xterm-256color".into()),
        ];
        env.extend(self.extra.iter().cloned());
        env
    }

    /// The program in a terminal, not started yet.
    pub(crate) fn terminal(&self, arguments: &[&str]) -> Launch {
        self.terminal_of(env!("CARGO_BIN_EXE_sandbar"), arguments)
    }

    /// Another program in a terminal, with the same environment, not started yet.
    pub(crate) fn terminal_of(&self, program: &str, arguments: &[&str]) -> Launch {
        let launch = Launch::new(program).args(arguments).directory(&self.work());
        let env = self.env().into_iter();
        env.fold(launch, |launch, (name, value)| launch.env(name, value))
    }

    /// The program without a terminal, not started yet.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        self.command_of(env!("CARGO_BIN_EXE_sandbar"), arguments)
    }

    fn command_of(&self, program: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        command
            .args(arguments)
            .current_dir(self.work())
            .env_clear()
            .envs(self.env())
            .stdin(Stdio::null());
        command
    }

    /// The isolation of local sandboxes on this machine: first the level, then how, or why not more.
    pub(crate) fn isolation(&self) -> String {
        let ran = self.run(&["doctor", "--json"]);
        let told: Value = serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{ran:?}"));
        let checks = told["checks"].as_array().unwrap();
        let isolation = checks.iter().find(|check| check["name"] == "isolation");
        isolation.unwrap()["found"].as_str().unwrap().to_owned()
    }

    /// Runs the program to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        self.run_of(env!("CARGO_BIN_EXE_sandbar"), arguments)
    }

    /// Runs another program, with the same environment, to its end.
    pub(crate) fn run_of(&self, program: &str, arguments: &[&str]) -> Ran {
        let mut child = self
            .command_of(program, arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (stdout, stderr) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        let stdout = thread::spawn(move || read(stdout));
        let stderr = thread::spawn(move || read(stderr));
        let pid = rustix::process::Pid::from_child(&child);
        let (send, ended) = channel();
        thread::spawn(move || send.send(child.wait()));
        let status = ended.recv_timeout(DEADLINE);
        if status.is_err() {
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
        }
        let (stdout, stderr) = (stdout.join().unwrap(), stderr.join().unwrap());
        let Ok(status) = status else {
            panic!("{program} {arguments:?} did not end; it said\n{stdout}\n{stderr}");
        };
        Ran {
            code: status.unwrap().code(),
            stdout,
            stderr,
        }
    }

    /// Calls the local server's API directly: completes the URL and adds the key.
    pub(crate) fn api(&self, method: &'static str, path: &str) -> (u16, String) {
        let (url, key) = self.account();
        let call = Call {
            method,
            api_key: Some(key),
            ..Call::get(format!("{url}{path}"))
        };
        call.send(Duration::from_secs(30)).unwrap()
    }

    /// The state of `sandbar local serve`.
    pub(crate) fn serve_state(&self) -> PathBuf {
        self.root.path().join("sandbar/state/serve")
    }

    /// The ids of the local server's sandboxes, running or paused.
    pub(crate) fn sandboxes(&self) -> Vec<String> {
        let (status, body) = self.api("GET", "/v2/sandboxes?state=running,paused");
        assert_eq!(status, 200, "{body}");
        let list: Vec<Value> = serde_json::from_str(&body).unwrap();
        let ids = list.iter().map(|sandbox| sandbox["sandboxID"].as_str());
        ids.map(|id| id.unwrap().to_owned()).collect()
    }

    /// Where sessions are recorded, and the local server has its sandboxes.
    pub(crate) fn state(&self) -> PathBuf {
        self.root.path().join("sandbar/state")
    }

    /// The store, as another process opens it.
    pub(crate) fn store(&self) -> Store {
        Store::open(&self.state()).store
    }

    /// Deletes all records of sessions. The sandboxes stay on the local server.
    pub(crate) fn lose_store(&self) {
        for entry in fs::read_dir(self.state()).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() {
                match fs::remove_file(path) {
                    // SQLite deletes its own files as the last connection closes, maybe only now.
                    Err(error) if error.kind() == ErrorKind::NotFound => {}
                    removed => removed.unwrap(),
                }
            } else if !path.ends_with("local") {
                fs::remove_dir_all(path).unwrap();
            }
        }
    }

    /// The local server as an account of E2B: its URL and its key.
    pub(crate) fn account(&self) -> (String, String) {
        let (port, key) = self.daemon();
        (format!("http://127.0.0.1:{port}"), key)
    }

    /// Runs a script in a sandbox and returns its output.
    pub(crate) fn in_sandbox(&self, id: &str, script: &str) -> String {
        let (url, key) = self.account();
        let addresses = Addresses::new(None, Some(&url), Some(&url)).unwrap();
        let http = Http::new(&plain_options()).unwrap();
        let http = http.pool();
        let script = StartProcess::program("/bin/sh", ["-c", script]);
        let output = runtime().block_on(async {
            let api = addresses.api.clone();
            let control = ControlClient::new(http.clone(), api, key.into()).unwrap();
            let connected = control.connect(id, None).await.unwrap();
            let envd = addresses.envd(&connected.sandbox).unwrap();
            let envd = EnvdClient::new(http.clone(), envd).unwrap();
            envd.run(&script, DEADLINE, 1 << 20).await.unwrap()
        });
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.exit.success(), "{said}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// The local server's port and key.
    fn daemon(&self) -> (u64, String) {
        let file = self.root.path().join("sandbar/state/local/daemon.json");
        let daemon: Value = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
        let key = daemon["api_key"].as_str().unwrap().to_owned();
        (daemon["port"].as_u64().unwrap(), key)
    }

    /// Leaves a session whose boot fails with the reason `why` on the screen, and whose sandbox is paused. Returns
    /// its name.
    pub(crate) fn leave_failed(&self, arguments: &[&str], why: &str) -> String {
        let screen = self.terminal(arguments).size(120, 36).start();
        screen.wait_for(why);
        let before = self.sandboxes();
        let pid = Pid::from_raw(i32::try_from(screen.pid()).unwrap()).unwrap();
        rustix::process::kill_process(pid, Signal::TERM).unwrap();
        screen.wait_exit();
        let [name, sandbox, _] = self.stored()[0].clone();
        assert!(before.contains(&sandbox), "{name} has no sandbox");
        let ran = self.run(&["pause", &name]);
        assert_eq!(ran.code, Some(0), "{ran:?}");
        name
    }

    /// Name, sandbox and conversation of each session in the store, last used first.
    pub(crate) fn stored(&self) -> Vec<[String; 3]> {
        let sessions = runtime().block_on(self.store().sessions()).unwrap();
        let sessions = sessions.iter().map(|session| {
            let sandbox = session.sandbox.id.as_ref().map(ToString::to_string);
            let conversation = session.opencode_session.as_ref();
            [
                session.name.clone(),
                sandbox.unwrap_or_default(),
                conversation.map(ToString::to_string).unwrap_or_default(),
            ]
        });
        sessions.collect()
    }

    /// Waits until the newest session's draft is stored, in the slot of its first or second process.
    pub(crate) fn wait_for_draft(&self, text: &str) {
        let began = Instant::now();
        let store = self.store();
        let runtime = runtime();
        let mut drafts = Vec::new();
        while began.elapsed() < DEADLINE {
            let sessions = runtime.block_on(store.sessions()).unwrap();
            let first = &sessions[0].key;
            let desks = [first.clone(), format!("{first}-d1").into()];
            let stored = desks
                .iter()
                .map(|desk| runtime.block_on(store.draft(desk)).unwrap());
            drafts = stored.collect();
            if drafts.iter().any(|draft| draft == text) {
                return;
            }
        }
        panic!("the draft {text:?} was not stored, but {drafts:?}");
    }

    /// Waits until the newest session's snapshot contains the conversation up to these words.
    pub(crate) fn wait_for_snapshot(&self, words: &str) {
        let began = Instant::now();
        let state = self.state();
        let store = self.store();
        let files = SnapshotFiles::new(&state);
        let sessions = runtime().block_on(store.sessions()).unwrap();
        let key = &sessions[0].key;
        while began.elapsed() < DEADLINE {
            // Files of a snapshot that was replaced meanwhile no longer exist.
            let snapshot = files.load(key).unwrap();
            let own = snapshot.and_then(|snapshot| {
                let own = snapshot.conversations.first()?;
                files.conversation(key, own).ok()
            });
            let own = own.unwrap_or_default();
            if String::from_utf8_lossy(&own).contains(words) {
                return;
            }
            thread::yield_now();
        }
        panic!("no snapshot with {words:?} was taken");
    }

    /// Waits until an OpenCode server of this home was started; it need not serve yet.
    pub(crate) fn wait_for_server(&self) -> i32 {
        let began = Instant::now();
        while began.elapsed() < DEADLINE {
            if let [server] = self.opencode_servers()[..] {
                return server;
            }
            thread::yield_now();
        }
        panic!("no server was started");
    }

    /// The port in a server's arguments.
    pub(crate) fn port_of(server: i32) -> u16 {
        let arguments = fs::read_to_string(format!("/proc/{server}/cmdline")).unwrap();
        let mut arguments = arguments.split('\0');
        arguments.find(|argument| *argument == "--port").unwrap();
        arguments.next().unwrap().parse().unwrap()
    }

    /// The ids in the environment of this home's sandbox processes. At level full their paths are the same in all
    /// sandboxes.
    fn sandbox_ids(&self) -> Vec<String> {
        let states = [
            self.root.path().join("sandbar/state/local"),
            self.serve_state(),
        ];
        let sandboxes = states.map(|state| fs::read_dir(state.join("sandboxes")));
        let entries = sandboxes.into_iter().flatten().flatten().flatten();
        entries
            .map(|entry| format!("E2B_SANDBOX_ID={}", entry.file_name().to_string_lossy()))
            .collect()
    }

    /// The process ids of the OpenCode servers in this home's sandboxes.
    pub(crate) fn opencode_servers(&self) -> Vec<i32> {
        self.processes("opencode serve --hostname ")
    }

    /// The process ids of their demo models.
    pub(crate) fn demo_models(&self) -> Vec<i32> {
        self.processes(" internal demo --port ")
    }

    fn processes(&self, words: &str) -> Vec<i32> {
        let root = self.root.path().to_string_lossy().into_owned();
        let ids = self.sandbox_ids();
        let processes = fs::read_dir("/proc").unwrap().flatten();
        let numbered = processes.filter_map(|entry| {
            let pid = entry.file_name().to_str()?.parse().ok()?;
            let arguments = fs::read(entry.path().join("cmdline")).ok()?;
            let arguments = String::from_utf8_lossy(&arguments).replace('\0', " ");
            // Another user's is not readable to a root without all its capabilities.
            let environ = fs::read(entry.path().join("environ")).unwrap_or_default();
            let mut environ = environ.split(|byte| *byte == 0);
            let is_meant = arguments.contains(words);
            let is_ours = is_meant
                && (arguments.starts_with(&root)
                    || environ.any(|variable| ids.iter().any(|id| variable == id.as_bytes())));
            is_ours.then_some(pid)
        });
        let found: Vec<i32> = numbered.collect();
        // A child just forked is a copy until it executes its own program.
        let is_copy = |pid: &i32| parent(*pid).is_some_and(|parent| found.contains(&parent));
        found.iter().copied().filter(|pid| !is_copy(pid)).collect()
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        if !self.root.path().join("sandbar/state/local").exists() {
            return;
        }
        let stopped = Command::new(env!("CARGO_BIN_EXE_sandbar"))
            .args(["local", "stop"])
            .env_clear()
            .envs(self.env())
            .stdin(Stdio::null())
            .output();
        let stopped = stopped.is_ok_and(|output| output.status.success());
        for pid in self.opencode_servers() {
            let pid = rustix::process::Pid::from_raw(pid).unwrap();
            // It may have exited by itself meanwhile.
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
        }
        assert!(
            stopped || thread::panicking(),
            "the local server could not be stopped"
        );
    }
}

fn read(mut stream: impl Read) -> String {
    let mut text = Vec::new();
    // What was read before an error is still returned.
    let _ = stream.read_to_end(&mut text);
    String::from_utf8_lossy(&text).into_owned()
}
