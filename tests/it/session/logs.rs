//! The output of `opencode serve` is stored once and in order, whatever breaks on the way to the store; and it is
//! bounded in the sandbox, where nobody needs to read it.

use std::collections::VecDeque;
use std::fs;
use std::io::Read as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use pretty_assertions::assert_eq;
use rustix::process::{Pid, Signal, kill_process};

use crate::support::fault_proxy::FaultProxy;
use crate::support::home::Home;
use crate::support::http::runtime;
use crate::support::log_files::{LogFiles, unlike};
use crate::support::screen::Screen;

/// Generous: a busy machine must not fail a test.
const LIMIT: Duration = Duration::from_mins(1);

fn wait_until<T>(what: &str, mut done: impl FnMut() -> Option<T>) -> T {
    let until = Instant::now() + LIMIT;
    loop {
        if let Some(done) = done() {
            return done;
        }
        assert!(Instant::now() < until, "waited in vain for {what}");
        std::thread::yield_now();
    }
}

/// Waits until there is one more start than in `before`.
fn wait_for_files(sandboxes: &Path, before: &[&LogFiles]) -> LogFiles {
    wait_until(&format!("log file no. {}", before.len() + 1), || {
        let mut files = LogFiles::below(sandboxes).into_iter();
        files.find(|file| before.iter().all(|one| *one != file))
    })
}

/// Waits until the store has exactly the content of the files, with no gap reported.
fn assert_stored(home: &Home, files: &[&LogFiles]) {
    let store = home.store();
    let runtime = runtime();
    let files: Vec<LogFiles> = files.iter().map(|&file| file.clone()).collect();
    let mut told = String::new();
    let until = Instant::now() + LIMIT;
    while Instant::now() < until {
        let sessions = runtime.block_on(store.sessions()).unwrap();
        let lines = runtime
            .block_on(store.logs(&sessions[0].key, usize::MAX))
            .unwrap();
        told = unlike(&lines, &files);
        if told.is_empty() {
            return;
        }
    }
    panic!("the store has not what the files have:\n{told}");
}

fn kill(screen: &Screen) {
    let pid = Pid::from_raw(screen.pid().try_into().unwrap()).unwrap();
    kill_process(pid, Signal::KILL).unwrap();
    screen.wait_exit();
}

/// A user of the server with this configuration, and the proxy for everything that concerns processes; the chat
/// bypasses it.
fn client(contents: &str) -> (FaultProxy, Home) {
    let value = |name: &str| {
        let mut lines = contents
            .lines()
            .filter_map(|line| line.strip_prefix("export "));
        let value = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
        value
            .unwrap_or_else(|| panic!("no {name} in {contents}"))
            .trim()
            .to_owned()
    };
    let proxy = FaultProxy::start(&value("E2B_API_URL"), VecDeque::new());
    let home = Home::new()
        .set("E2B_API_URL", value("E2B_API_URL"))
        .set("E2B_API_KEY", value("E2B_API_KEY"))
        .set("E2B_SANDBOX_URL", proxy.url())
        .set("ANTHROPIC_API_KEY", "not-used");
    (proxy, home)
}

#[test]
fn streams_that_break_and_programs_that_are_killed_lose_no_line_and_double_none() {
    let server = Home::with_sandboxes();
    let serving = server
        .terminal(&["local", "serve", "--port", "0"])
        .size(160, 10)
        .start();
    serving.wait_for("serving sandboxes");
    let (proxy, home) = client(&serving.contents());
    let start = || home.terminal(&["--engine", "e2b"]).size(140, 40).start();
    let mut screen = start();
    // With an account, a sandbox is created on request.
    screen.wait_for("sending it creates the sandbox");
    screen.send("\x18r");
    let files = wait_for_files(&server.serve_state(), &[]);
    screen.wait_for("○ idle");
    assert_stored(&home, &[&files]);

    for round in 0..20 {
        files.print(round * 200..round * 200 + 100);
        proxy.cut();
        files.print(round * 200 + 100..round * 200 + 200);
    }
    assert_stored(&home, &[&files]);

    // Nobody is connected, and nobody can connect for a while.
    kill(&screen);
    files.print(4000..5000);
    screen = start();
    screen.wait_for("○ idle");
    assert_stored(&home, &[&files]);
    wait_until("two readers of the log", || {
        (readers_of(&files) == 2).then_some(())
    });

    // The server ends while nobody is connected: the next start is another one, and the last output of this one is
    // not lost.
    kill(&screen);
    files.print(5000..6000);
    let opencode = server.opencode_servers();
    assert_eq!(opencode.len(), 1);
    kill_process(Pid::from_raw(opencode[0]).unwrap(), Signal::KILL).unwrap();
    screen = start();
    screen.wait_until(
        "a boot, or the end of the server that still seemed to run",
        |screen| {
            let contents = screen.contents();
            contents.contains("○ idle") || contents.contains("try again")
        },
    );
    if screen.contents().contains("try again") {
        screen.send("\x18r");
    }
    let next = wait_for_files(&server.serve_state(), &[&files]);
    screen.wait_for("○ idle");
    assert_stored(&home, &[&files, &next]);
    wait_until("the end of the old readers", || {
        (readers_of(&files) == 0).then_some(())
    });
}

/// The number of processes that read a start's files.
fn readers_of(files: &LogFiles) -> usize {
    let name = format!(".sandbar/logs/{}.", files.start());
    let processes = fs::read_dir("/proc").unwrap().flatten();
    let reads = processes.filter(|entry| {
        let arguments = fs::read(entry.path().join("cmdline")).unwrap_or_default();
        let arguments = String::from_utf8_lossy(&arguments);
        arguments.starts_with("tail\0") && arguments.contains(&name)
    });
    reads.count()
}

/// A program in place of the server, started like the server.
struct Printing {
    home: tempfile::TempDir,
    child: Child,
}

impl Printing {
    fn start(script: &str) -> Self {
        let home = tempfile::tempdir().unwrap();
        let program = home.path().join("program");
        fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o700)).unwrap();
        let child = Command::new("/bin/sh")
            .args([
                "-c",
                concat!(
                    include_str!("../../../assets/sandbox/config-dirs.sh"),
                    include_str!("../../../assets/sandbox/server-file.sh"),
                    include_str!("../../../assets/sandbox/serve.sh")
                ),
                "sandbar",
            ])
            .args([program.as_path(), home.path()])
            .args(["9", "", "7"])
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap())
            .env("HOME", home.path())
            .env("OPENCODE_SERVER_PASSWORD", "password")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        Self {
            child: child.unwrap(),
            home,
        }
    }

    fn file(&self, end: &str) -> PathBuf {
        self.home
            .path()
            .join(".sandbar/logs")
            .join(format!("7.{end}"))
    }

    /// Where the remaining part of a file begins, and the bytes from there on.
    fn read(&self, end: &str, from: u64) -> (u64, String) {
        let read = Command::new("/bin/sh")
            .args([
                "-c",
                include_str!("../../../assets/sandbox/read-log.sh"),
                "sandbar",
            ])
            .args([format!("7.{end}"), from.to_string(), String::new()])
            .env("HOME", self.home.path())
            .output();
        let read = String::from_utf8(read.unwrap().stdout).unwrap();
        let (place, bytes) = read.split_once('\n').unwrap();
        (place.parse().unwrap(), bytes.to_owned())
    }
}

impl Drop for Printing {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn fifty_megabytes_that_nobody_reads_stall_nobody_and_take_sixteen() {
    const LINE: u64 = 64;
    const LINES: u64 = 50 * 1024 * 1024 / LINE;
    let script = format!(
        "echo first >&2; awk 'BEGIN {{ for (i = 0; i < {LINES}; i++) printf \"%0{}d\\n\", i }}'
        : > \"$HOME/printed\"; while :; do sleep 1; done",
        LINE - 1
    );

    let mut printing = Printing::start(&script);
    let printed = printing.home.path().join("printed");
    wait_until("the end of the printing", || printed.exists().then_some(()));
    wait_until("room on the disk", || {
        let blocks = fs::metadata(printing.file("out")).unwrap().blocks();
        (blocks * 512 <= 16 * 1024 * 1024).then_some(())
    });

    let (place, kept) = printing.read("out", 0);
    assert_eq!(place + u64::try_from(kept.len()).unwrap(), LINES * LINE);
    assert!(
        kept.len() >= 10 * 1024 * 1024,
        "only {} bytes are left",
        kept.len()
    );
    let first = place.div_ceil(LINE);
    let whole = &kept[usize::try_from(first * LINE - place).unwrap()..];
    let lines = whole.lines().map(|line| line.parse::<u64>().unwrap());
    assert!(
        lines.eq(first..LINES),
        "the lines that are left are not those at the end"
    );
    assert_eq!(printing.read("err", 0), (0, "first\n".to_owned()));
    assert_eq!(
        printing.read("out", LINES * LINE - 4),
        (LINES * LINE - 4, format!("{}\n", (LINES - 1) % 1000))
    );
    let mode = |path: PathBuf| fs::metadata(path).unwrap().mode() & 0o777;
    assert_eq!(
        [mode(printing.file("out")), mode(printing.file("err"))],
        [0o600; 2]
    );
    assert_eq!(mode(printing.home.path().join(".sandbar/logs")), 0o700);
    // A reader of the output's end waits only for the program.
    let mut stdout = printing.child.stdout.take().unwrap();
    let (tell, streamed) = channel();
    std::thread::spawn(move || {
        let mut streamed = Vec::new();
        tell.send(stdout.read_to_end(&mut streamed).map(|_| streamed).ok())
    });
    printing.child.kill().unwrap();
    assert_eq!(streamed.recv_timeout(LIMIT), Ok(Some(Vec::new())));
}
