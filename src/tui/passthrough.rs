//! Connects the user's terminal to a shell in a sandbox.
//!
//! Input: a [`Shell`], and the terminal's raw keys. Output: the keys to the shell, and only the
//! drawing part of its output ([`OutputFilter`]): a program in the sandbox reaches neither the
//! clipboard nor the keyboard. As in ssh, Enter, `~`, `.` leaves a shell that hangs.

use std::future::Future;
use std::io::{self, IsTerminal as _, Stdin, Write as _};
use std::pin::Pin;

use bytes::{Bytes, BytesMut};
use crossterm::terminal::{disable_raw_mode, enable_raw_mode, size};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::Instant;

use super::TerminalError;
use super::terminal::{self, AfterContinue, StopSignal};
use crate::domain::failure::Failure;
use crate::session::sandbox::shell::{Keyboard, Shell, ShellEvent, TerminalSize};
use crate::text::ansi::OutputFilter;
use crate::text::visible_bytes::visible_line;

/// The most bytes of keys in one read; a paste is longer.
const READ: usize = 16 * 1024;

/// How a shell was left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShellExit {
    /// It ended with this exit code.
    Ended(i32),
    /// The user left it, or had to.
    Away,
}

/// The size of the user's terminal.
///
/// # Errors
/// There is no terminal.
pub fn terminal_size() -> Result<TerminalSize, TerminalError> {
    if !(io::stdin().is_terminal() && io::stdout().is_terminal()) {
        return Err(TerminalError::NotATerminal);
    }
    Ok(now())
}

fn now() -> TerminalSize {
    let (columns, rows) = match size() {
        Ok((columns, rows)) if columns > 0 && rows > 0 => (columns, rows),
        _ => (80, 24),
    };
    TerminalSize { columns, rows }
}

/// Passes keys to the shell and its output to the terminal until either ends.
///
/// # Errors
/// The terminal could not be read or written.
pub async fn pass_through(shell: &mut Shell) -> Result<ShellExit, TerminalError> {
    let mut way = ShellRelay::open(shell.keyboard())?;
    let left = way.follow(shell).await;
    let given_back = way.give_back();
    let left = left?;
    given_back?;
    Ok(left)
}

/// Always resets raw mode; in the background the terminal belongs to another process, and the
/// kernel would stop us for the change.
struct RawMode;

impl RawMode {
    fn enable() -> io::Result<Self> {
        // If raw mode could not be reset in the background, this call would do nothing.
        disable_raw_mode()?;
        enable_raw_mode()?;
        Ok(Self)
    }
}

impl Drop for RawMode {
    fn drop(&mut self) {
        if terminal::is_foreground() {
            let _ = disable_raw_mode();
        }
    }
}

type Sending = Pin<Box<dyn Future<Output = Result<(), Failure>>>>;

struct ShellRelay {
    keyboard: Keyboard,
    relay: OutputFilter,
    escape: Escape,
    /// Keys that wait until earlier ones have been delivered.
    typed: BytesMut,
    resized: bool,
    sending: Option<Sending>,
    /// When the sandbox's time was last extended.
    given_time: Instant,
    input: AsyncFd<Stdin>,
    hang_up: Signal,
    terminate: Signal,
    size_changed: Signal,
    suspended: Signal,
    continued: Signal,
    raw: Option<RawMode>,
    /// The program in the sandbox must redraw its screen; a change of the size makes it do so.
    redraw: bool,
}

impl ShellRelay {
    fn open(keyboard: Keyboard) -> io::Result<Self> {
        let of = |kind: rustix::process::Signal| signal(SignalKind::from_raw(kind.as_raw()));
        Ok(Self {
            keyboard,
            relay: OutputFilter::default(),
            escape: Escape::default(),
            typed: BytesMut::new(),
            resized: false,
            sending: None,
            given_time: Instant::now(),
            input: standard_input()?,
            hang_up: signal(SignalKind::hangup())?,
            terminate: signal(SignalKind::terminate())?,
            size_changed: signal(SignalKind::window_change())?,
            suspended: of(rustix::process::Signal::TSTP)?,
            continued: of(rustix::process::Signal::CONT)?,
            raw: Some(RawMode::enable()?),
            redraw: false,
        })
    }

    async fn follow(&mut self, shell: &mut Shell) -> io::Result<ShellExit> {
        loop {
            self.send_next();
            tokio::select! {
                biased;
                _ = self.hang_up.recv() => return Ok(ShellExit::Away),
                _ = self.terminate.recv() => return Ok(ShellExit::Away),
                Some(()) = self.size_changed.recv() => self.resized = true,
                Some(()) = self.suspended.recv() => {
                    if !self.suspend().await? {
                        return Ok(ShellExit::Away);
                    }
                }
                Some(()) = self.continued.recv() => {
                    if !self.continued().await? {
                        return Ok(ShellExit::Away);
                    }
                }
                keys = read_keys(&self.input) => {
                    let keys = keys?;
                    if keys.is_empty() {
                        return Ok(ShellExit::Away);
                    }
                    if !self.escape.pass(&keys, &mut self.typed) {
                        return Ok(ShellExit::Away);
                    }
                }
                sent = sent(self.sending.as_mut()) => {
                    self.sending = None;
                    if let Err(failure) = sent {
                        note(&format!("not typed: {}", failure.summary))?;
                    }
                }
                event = shell.next() => {
                    if let Some(left) = self.handle(event)? {
                        return Ok(left);
                    }
                }
            }
        }
    }

    /// Suspends on a signal from outside, with the terminal in its earlier state; takes it again
    /// when continued. Ctrl-z itself is a key for the shell in the sandbox. `false`: we must quit.
    async fn suspend(&mut self) -> io::Result<bool> {
        if !terminal::has_job_control() {
            return Ok(true);
        }
        let (undo, redo) = self.relay.interrupt();
        write(&undo)?;
        self.raw = None;
        terminal::stop_by_signal(StopSignal::Process)?;
        if !self.until_continued().await || !self.until_foreground().await? {
            return Ok(false);
        }
        self.take_again(&redo)?;
        Ok(true)
    }

    /// Takes the terminal again after a stop that cannot be caught: it was not released. `false`:
    /// we must quit.
    async fn continued(&mut self) -> io::Result<bool> {
        if !self.until_foreground().await? {
            return Ok(false);
        }
        let (undo, redo) = self.relay.interrupt();
        write(&undo)?;
        self.take_again(&redo)?;
        Ok(true)
    }

    /// Waits for SIGCONT. `false`: we must quit first.
    async fn until_continued(&mut self) -> bool {
        tokio::select! {
            biased;
            _ = self.hang_up.recv() => false,
            _ = self.terminate.recv() => false,
            Some(()) = self.continued.recv() => true,
        }
    }

    /// After a SIGCONT: waits until we are in the foreground; does not touch the terminal
    /// meanwhile, and stops again as the kernel would stop us. `false`: we must quit first.
    async fn until_foreground(&mut self) -> io::Result<bool> {
        loop {
            let (terminate, hang_up) = (&mut self.terminate, &mut self.hang_up);
            match terminal::after_continue(terminate, hang_up, &mut self.continued).await {
                AfterContinue::End => return Ok(false),
                AfterContinue::Continue if terminal::is_foreground() => return Ok(true),
                AfterContinue::Continue => terminal::stop_by_signal(StopSignal::Background)?,
            }
            if !self.until_continued().await {
                return Ok(false);
            }
        }
    }

    fn take_again(&mut self, redo: &[u8]) -> io::Result<()> {
        self.raw = None;
        self.raw = Some(RawMode::enable()?);
        write(redo)?;
        self.redraw = true;
        Ok(())
    }

    /// Restores the terminal; in the background it belongs to another process.
    fn give_back(&mut self) -> io::Result<()> {
        let undo = self.relay.undo();
        let undone = if terminal::is_foreground() {
            write(&undo)
        } else {
            Ok(())
        };
        self.raw = None;
        undone
    }

    fn handle(&mut self, event: ShellEvent) -> io::Result<Option<ShellExit>> {
        match event {
            ShellEvent::Printed(bytes) => write(&self.relay.pass(&bytes))?,
            ShellEvent::Lost(why) => {
                note(&format!(
                    "connection lost: {why}; trying again, Enter ~ . leaves"
                ))?;
            }
            // The size makes the program there redraw itself.
            ShellEvent::Back => {
                self.resized = true;
                note("connected again")?;
            }
            ShellEvent::Ended(code) => return Ok(Some(ShellExit::Ended(code))),
        }
        Ok(None)
    }

    /// Only one call is in flight, which keeps the keys in order.
    fn send_next(&mut self) {
        if self.sending.is_some() {
            return;
        }
        let keyboard = self.keyboard.clone();
        if std::mem::take(&mut self.redraw) {
            // The same size again would not be a change.
            self.resized = true;
            let mut size = now();
            size.rows = size.rows.saturating_sub(1).max(1);
            self.sending = Some(Box::pin(async move { keyboard.resize(size).await }));
        } else if std::mem::take(&mut self.resized) {
            self.sending = Some(Box::pin(async move { keyboard.resize(now()).await }));
        } else if !self.typed.is_empty() {
            if self.given_time.elapsed() >= keyboard.half_life() {
                self.given_time = Instant::now();
                let keyboard = keyboard.clone();
                tokio::spawn(async move { keyboard.live_on().await });
            }
            let keys = self.typed.split().freeze();
            self.sending = Some(Box::pin(async move { keyboard.send(keys).await }));
        }
    }
}

async fn sent(sending: Option<&mut Sending>) -> Result<(), Failure> {
    match sending {
        Some(sending) => sending.await,
        None => std::future::pending().await,
    }
}

#[expect(
    deprecated,
    reason = "what replaces it is unsafe, and standard input keeps its descriptor"
)]
fn standard_input() -> io::Result<AsyncFd<Stdin>> {
    AsyncFd::with_interest(io::stdin(), Interest::READABLE)
}

/// Waits for keys; an empty result: the terminal is gone. Cancel-safe. Reads nothing ahead: a
/// blocked read would stop us in the background before we could see that we must quit.
async fn read_keys(input: &AsyncFd<Stdin>) -> io::Result<Bytes> {
    loop {
        let mut ready = input.readable().await?;
        // Other processes read the same terminal, and a read would block if they were first.
        let mut polled = [PollFd::new(input.get_ref(), PollFlags::IN)];
        if poll(&mut polled, Some(&Timespec::default()))? == 0 {
            ready.clear_ready();
            continue;
        }
        let mut keys = vec![0; READ];
        match rustix::io::read(input.get_ref(), &mut keys) {
            Ok(read) => keys.truncate(read),
            // The terminal was hung up.
            Err(Errno::IO) => keys.clear(),
            Err(Errno::INTR) => continue,
            Err(error) => return Err(error.into()),
        }
        return Ok(keys.into());
    }
}

fn write(bytes: &[u8]) -> io::Result<()> {
    let mut stdout = io::stdout();
    stdout.write_all(bytes)?;
    stdout.flush()
}

/// Prints a line of our own between the shell's.
fn note(text: &str) -> io::Result<()> {
    write(format!("\r\n[sandbar: {}]\r\n", visible_line(text)).as_bytes())
}

/// Detects Enter, `~`, `.` among the keys. `~` twice sends one.
#[derive(Debug)]
struct Escape {
    at: EscapeState,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum EscapeState {
    LineStart,
    Tilde,
    Elsewhere,
}

impl Default for Escape {
    fn default() -> Self {
        Self {
            at: EscapeState::LineStart,
        }
    }
}

impl Escape {
    /// Appends the shell's part of `keys` to `typed`; `false`: the user leaves.
    fn pass(&mut self, keys: &[u8], typed: &mut BytesMut) -> bool {
        for &key in keys {
            let next = match key {
                b'\r' | b'\n' => EscapeState::LineStart,
                _ => EscapeState::Elsewhere,
            };
            self.at = match (self.at, key) {
                (EscapeState::LineStart, b'~') => EscapeState::Tilde,
                (EscapeState::Tilde, b'.') => return false,
                (EscapeState::Tilde, b'~') => {
                    typed.extend_from_slice(b"~");
                    EscapeState::Elsewhere
                }
                (EscapeState::Tilde, _) => {
                    typed.extend_from_slice(&[b'~', key]);
                    next
                }
                (EscapeState::LineStart | EscapeState::Elsewhere, _) => {
                    typed.extend_from_slice(&[key]);
                    next
                }
            };
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    /// What the shell receives of keys in these pieces; `None`: the user leaves.
    fn typed(pieces: &[&str]) -> Option<String> {
        let (mut escape, mut typed) = (Escape::default(), BytesMut::new());
        for piece in pieces {
            if !escape.pass(piece.as_bytes(), &mut typed) {
                return None;
            }
        }
        Some(String::from_utf8(typed.to_vec()).unwrap())
    }

    #[test]
    fn a_tilde_and_a_point_leave_at_the_start_of_a_line_only() {
        assert_eq!(typed(&["ls\r~", "."]), None);
        assert_eq!(typed(&["~."]), None);
        assert_eq!(typed(&["ls ~.\r"]).as_deref(), Some("ls ~.\r"));
        assert_eq!(typed(&["~", "~."]).as_deref(), Some("~."));
        assert_eq!(typed(&["~/bin\r~\r."]).as_deref(), Some("~/bin\r~\r."));
    }
}
