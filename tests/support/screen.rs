//! A program in a pseudo terminal, and the screen that a user would see.
//!
//! A thread feeds the program's output to a terminal emulator; new output wakes waiting tests, so they neither sleep
//! nor poll. All bytes are stored too: to verify that hostile text was not passed on, and that every mode was reset
//! at the end.

use std::fmt::Write as _;
use std::io::{Read as _, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread;
use std::time::{Duration, Instant};

use portable_pty::{
    ChildKiller, CommandBuilder, ExitStatus, MasterPty, PtySize, native_pty_system,
};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Mode, OFlags};
use vte::{Params, Perform};

/// How long a test waits for an expected state; a sandbox may boot meanwhile on a busy machine.
pub(crate) const DEADLINE: Duration = Duration::from_mins(1);

/// The mode that is set while a frame is written.
const SYNCHRONIZED: u16 = 2026;

/// What to start, and where. The environment is empty except for `TERM` and what [`Launch::env`] adds.
pub(crate) struct Launch {
    command: CommandBuilder,
    program: PathBuf,
    columns: u16,
    rows: u16,
}

impl Launch {
    pub(crate) fn new(program: impl AsRef<Path>) -> Self {
        let program = program.as_ref().to_owned();
        let mut command = CommandBuilder::new(&program);
        command.env_clear();
        command.env("TERM", "xterm-256color");
        Self {
            command,
            program,
            columns: 80,
            rows: 24,
        }
    }

    pub(crate) fn args(mut self, arguments: &[&str]) -> Self {
        self.command.args(arguments);
        self
    }

    pub(crate) fn env(mut self, name: &str, value: impl AsRef<std::ffi::OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    pub(crate) fn directory(mut self, folder: &Path) -> Self {
        self.command.cwd(folder);
        self
    }

    pub(crate) fn size(mut self, columns: u16, rows: u16) -> Self {
        (self.columns, self.rows) = (columns, rows);
        self
    }

    pub(crate) fn start(self) -> Screen {
        let pty = native_pty_system()
            .openpty(pty_size(self.columns, self.rows))
            .unwrap();
        let child = pty.slave.spawn_command(self.command);
        let mut child = child.unwrap_or_else(|error| panic!("{}: {error}", self.program.display()));
        // The reader receives the end only when nobody holds the other side.
        drop(pty.slave);
        let shared = Arc::new(Shared {
            state: Mutex::new(State {
                terminal: vt100::Parser::new(self.rows, self.columns, 0),
                raw: Vec::new(),
                frames: vte::Parser::new(),
                frame: Modes {
                    asked: SYNCHRONIZED,
                    last: None,
                },
                unread: false,
                closed: false,
                exit: None,
            }),
            changed: Condvar::new(),
        });
        let screen = Screen {
            shared: Arc::clone(&shared),
            keys: pty.master.take_writer().unwrap(),
            killer: child.clone_killer(),
            pid: child.process_id().unwrap(),
            pty: pty.master,
        };
        let mut output = screen.pty.try_clone_reader().unwrap();
        let waiter = Arc::clone(&shared);
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(read @ 1..) = output.read(&mut buffer) {
                shared.change(|state| state.receive(&buffer[..read]));
                let state = shared.state.lock().unwrap();
                drop(shared.changed.wait_while(state, |state| state.unread));
            }
            shared.change(|state| state.closed = true);
        });
        thread::spawn(move || {
            let exit = child.wait();
            waiter.change(|state| state.exit = exit.ok());
        });
        screen
    }
}

fn pty_size(cols: u16, rows: u16) -> PtySize {
    PtySize {
        rows,
        cols,
        pixel_width: 0,
        pixel_height: 0,
    }
}

/// A running program and its terminal. Dropping it kills the program.
pub(crate) struct Screen {
    shared: Arc<Shared>,
    keys: Box<dyn Write + Send>,
    killer: Box<dyn ChildKiller + Send + Sync>,
    pid: u32,
    pty: Box<dyn MasterPty + Send>,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    terminal: vt100::Parser,
    raw: Vec<u8>,
    /// Detects whether a frame is half written: such a screen is never seen.
    frames: vte::Parser<1024>,
    frame: Modes,
    /// The program's output is no longer read.
    unread: bool,
    /// All output has been read.
    closed: bool,
    exit: Option<ExitStatus>,
}

impl State {
    fn receive(&mut self, bytes: &[u8]) {
        self.raw.extend_from_slice(bytes);
        self.terminal.process(bytes);
        self.frames.advance(&mut self.frame, bytes);
    }

    fn is_in_frame(&self) -> bool {
        self.frame.last == Some(true) && !self.closed
    }

    /// The program has exited and its output is read.
    fn is_over(&self) -> bool {
        self.closed && self.exit.is_some()
    }

    fn picture(&self) -> String {
        let (rows, columns) = self.terminal.screen().size();
        let edge = "-".repeat(usize::from(columns));
        let mut picture = format!("+{edge}+ {columns}x{rows}\n");
        for row in self.terminal.screen().rows(0, columns) {
            let _ = writeln!(picture, "|{row}");
        }
        let end = if self.closed { " (ended)" } else { "" };
        picture + &format!("+{edge}+{end}")
    }
}

impl Shared {
    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state.lock().unwrap());
        self.changed.notify_all();
    }

    /// Waits until `done`; panics with the screen if that does not happen in time, or no longer can.
    fn wait(&self, what: &str, done: impl Fn(&State) -> bool) -> MutexGuard<'_, State> {
        let state = self.state.lock().unwrap();
        let going_on = |state: &mut State| !(done(state) || state.is_over());
        let (state, timeout) = self
            .changed
            .wait_timeout_while(state, DEADLINE, going_on)
            .unwrap();
        if !done(&state) {
            let why = if timeout.timed_out() {
                "waited in vain for"
            } else {
                "the program ended before"
            };
            let picture = state.picture();
            drop(state);
            panic!("{why} {what}; the screen was\n{picture}");
        }
        state
    }
}

impl Screen {
    /// Waits until `text` is on the screen, in one row.
    pub(crate) fn wait_for(&self, text: &str) {
        self.wait_until(&format!("{text:?}"), |screen| {
            screen
                .rows(0, screen.size().1)
                .any(|row| row.contains(text))
        });
    }

    /// Waits until the screen is as requested; `what` describes it.
    pub(crate) fn wait_until(&self, what: &str, done: impl Fn(&vt100::Screen) -> bool) {
        drop(self.shared.wait(what, |state| {
            !state.is_in_frame() && done(state.terminal.screen())
        }));
    }

    /// Whether the screen is as requested before this instant; if the program exits, it is not.
    pub(crate) fn reaches(&self, until: Instant, done: impl Fn(&vt100::Screen) -> bool) -> bool {
        let is_done = |state: &State| !state.is_in_frame() && done(state.terminal.screen());
        let state = self.shared.state.lock().unwrap();
        let left = until.saturating_duration_since(Instant::now());
        let (state, _) = self
            .shared
            .changed
            .wait_timeout_while(state, left, |state| !is_done(state))
            .unwrap();
        is_done(&state)
    }

    /// Waits until these bytes have reached the terminal, drawn or not.
    pub(crate) fn wait_for_bytes(&self, wanted: &[u8]) {
        let what = format!("{:?}", String::from_utf8_lossy(wanted));
        drop(self.shared.wait(&what, |state| {
            state.raw.windows(wanted.len()).any(|at| at == wanted)
        }));
    }

    /// Sends keys; control characters as the terminal would send them (`"\r"`, `"\x1b[A"`).
    pub(crate) fn send(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
        self.keys.flush().unwrap();
    }

    pub(crate) fn resize(&self, columns: u16, rows: u16) {
        self.shared
            .change(|state| state.terminal.screen_mut().set_size(rows, columns));
        self.pty.resize(pty_size(columns, rows)).unwrap();
    }

    /// Stops reading the program's output, and waits until no more can be written: like a stopped terminal, or one
    /// behind a dead connection.
    pub(crate) fn stop_reading(&self) {
        self.shared.change(|state| state.unread = true);
        let path = self.pty.tty_name().unwrap();
        // Not as the controlling terminal, which could stop a test.
        let flags = OFlags::RDWR | OFlags::NOCTTY;
        let terminal = rustix::fs::open(path, flags, Mode::empty()).unwrap();
        let takes_more = || {
            let mut polled = [PollFd::new(&terminal, PollFlags::OUT)];
            poll(&mut polled, Some(&Timespec::default())).unwrap() > 0
        };
        let size = self.pty.get_size().unwrap();
        let began = Instant::now();
        while takes_more() {
            assert!(began.elapsed() < DEADLINE, "the program writes no more");
            // Each resize makes it redraw everything.
            for columns in [size.cols - 1, size.cols] {
                self.pty.resize(pty_size(columns, size.rows)).unwrap();
            }
        }
    }

    /// Waits for the program's exit only.
    pub(crate) fn wait_end(&self) -> ExitStatus {
        let has_ended = |state: &State| state.exit.is_some();
        let state = self.shared.wait("the end of the program", has_ended);
        state.exit.clone().unwrap()
    }

    /// Waits for the program's exit and the end of its output.
    pub(crate) fn wait_exit(&self) -> ExitStatus {
        let state = self.shared.wait("the end of the program", State::is_over);
        state.exit.clone().unwrap()
    }

    /// The process id, for signals.
    pub(crate) fn pid(&self) -> u32 {
        self.pid
    }

    /// The text on the screen, without trailing blanks.
    pub(crate) fn contents(&self) -> String {
        self.shared
            .state
            .lock()
            .unwrap()
            .terminal
            .screen()
            .contents()
    }

    /// Waits until the panel about `subject` takes keys, which it does a moment after it appeared, and sends these.
    pub(crate) fn answer(&mut self, subject: &str, keys: &str) {
        let what = format!("a panel about {subject:?} that reads the keys");
        self.wait_until(&what, |screen| {
            let rows: Vec<String> = screen.rows(0, screen.size().1).collect();
            let any = |text: &str| rows.iter().any(|row| row.contains(text));
            any(subject) && any("! needs you") && !any("! needs you:")
        });
        self.send(keys);
    }

    /// Waits for the error above the chat that says why a session cannot be used, and returns it.
    pub(crate) fn complaint(&self) -> String {
        let is_head = |row: &str| row.starts_with("× ") && !row.starts_with("× connect ");
        self.wait_until("a complaint", |screen| {
            screen.rows(0, screen.size().1).any(|row| is_head(&row))
        });
        let contents = self.contents();
        let lines = contents.lines().skip_while(|row| !is_head(row));
        let lines = lines
            .enumerate()
            .take_while(|(index, row)| *index == 0 || row.starts_with("  "))
            .map(|(_, row)| row.trim_end());
        let text: Vec<&str> = lines
            .take_while(|row| !row.contains("What should"))
            .collect();
        text.join("\n").trim_end().to_owned()
    }

    /// All bytes that reached the terminal so far.
    pub(crate) fn raw(&self) -> Vec<u8> {
        self.shared.state.lock().unwrap().raw.clone()
    }

    /// Whether the program has last set (`true`) or reset the private mode `mode`; `None` if it never touched it.
    /// 25: cursor shown, 1049: alternate screen, 2004: bracketed paste, 1000-1006: mouse, 2026: synchronized update.
    pub(crate) fn mode(&self, mode: u16) -> Option<bool> {
        let mut modes = Modes {
            asked: mode,
            last: None,
        };
        vte::Parser::<1024>::new().advance(&mut modes, &self.raw());
        modes.last
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let _ = self.killer.kill();
    }
}

/// Records `CSI ? … h` and `CSI ? … l`.
struct Modes {
    asked: u16,
    last: Option<bool>,
}

impl Perform for Modes {
    fn csi_dispatch(&mut self, params: &Params, intermediates: &[u8], _ignore: bool, action: char) {
        if intermediates == b"?"
            && matches!(action, 'h' | 'l')
            && params.iter().any(|group| group == [self.asked])
        {
            self.last = Some(action == 'h');
        }
    }
}
