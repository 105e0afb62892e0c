//! Takes the terminal over and always releases it again.
//!
//! Input: the value of TERM. Output: raw mode, the alternate screen, bracketed paste and the
//! keyboard protocol, set together and reset together: on quit, on error, on a panic of the UI
//! thread, before an editor or a suspension. Knows nothing about the content of frames.
//!
//! Another thread writes the frames. [`FrameOutput`] passes them only while the terminal is taken,
//! under the same lock as taking and releasing it: no frame is written in between. A terminal that
//! does not read, because of ctrl-s or a dead connection, keeps that lock: the terminal is
//! therefore taken and released on a thread of its own, with a time limit.
//!
//! The terminal's abilities are never queried: answers arrive among the keys (see [`super::input::background`], the one
//! question that is asked). The keyboard protocol
//! (kitty's, level 1) is enabled without a query, since it makes Esc Esc two keys even if both
//! arrive in one read; terminals ignore unknown private sequences, except the Linux console of
//! older kernels, which prints them. Autowrap is off: a terminal that draws an emoji wider than
//! expected must not break the line.

use std::fs::File;
use std::io::{self, IsTerminal as _, Write as _};
use std::os::fd::AsFd as _;
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::thread::ThreadId;
use std::time::Duration;

use crossterm::terminal::{disable_raw_mode, enable_raw_mode, size};
use rustix::process::{getpgrp, getpid, getsid};
use thiserror::Error;
use tokio::signal::unix::Signal;

use super::input::keys::KeyReader;

/// Alternate screen, save the title, bracketed paste, focus events, no autowrap. Then reset what another program
/// may have left: origin and insert mode, and line drawing.
const ENTER: &str = "\x1b[?1049h\x1b[22;2t\x1b[?2004h\x1b[?1004h\x1b[?7l\x1b[?6l\x1b[4l\x0f\x1b(B";
/// Kitty keyboard protocol, "disambiguate escape codes" (flag 1); each screen has its own stack.
const KEYBOARD_ON: &str = "\x1b[>1u";
const KEYBOARD_OFF: &str = "\x1b[<1u";
/// Clicks and wheel, with coordinates beyond column 223 (SGR).
const MOUSE_ON: &str = "\x1b[?1000h\x1b[?1006h";
const MOUSE_OFF: &str = "\x1b[?1006l\x1b[?1000l";
/// Ends an open frame and resets all that [`ENTER`] and frames set.
const LEAVE: &str =
    "\x1b[?2026l\x1b[r\x1b[m\x1b[?7h\x1b[?1004l\x1b[?2004l\x1b[23;2t\x1b[?25h\x1b[?1049l";

/// How long to wait for a terminal that does not read.
pub(super) const PATIENCE: Duration = Duration::from_millis(500);

/// Why the screen cannot be used.
#[derive(Debug, Error)]
pub enum TerminalError {
    #[error("standard input and output are not a terminal; for scripts there is `sandbar run`")]
    NotATerminal,
    #[error("TERM=dumb cannot show a screen; `sandbar run` works without one")]
    Dumb,
    #[error("the terminal could not be set up")]
    Io(#[from] io::Error),
}

/// Which processes stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StopSignal {
    /// Ours, on a signal that all processes of the job received.
    Process,
    /// The whole job, as the terminal stops it for ctrl-z.
    Job,
    /// The whole job, because it needs the terminal and is in the background.
    Background,
}

/// What the loop needs from a terminal.
pub(super) trait Console {
    type Input: futures::Stream<Item = io::Result<crossterm::event::Event>> + Unpin;

    /// Starts to read keys. Only one at a time; dropped before the terminal is lent.
    fn input(&mut self) -> Self::Input;
    /// Takes the terminal over, or takes it again.
    fn enter(&mut self) -> io::Result<()>;
    /// Releases the terminal; does nothing if it is not taken.
    fn leave(&mut self);
    /// Returns columns and rows.
    fn size(&self) -> (u16, u16);
    /// Whether a shell would continue a stopped process.
    fn has_job_control(&self) -> bool;
    /// Whether we are in the foreground.
    fn is_foreground(&self) -> bool;
    /// Stops; returns when we are continued, or shortly before we stop.
    fn stop(&self, stop: StopSignal) -> io::Result<()>;
}

/// The real terminal, taken over while this value lives.
#[derive(Debug)]
pub(super) struct Terminal {
    /// Shared with the panic hook and with the thread that writes frames.
    output: Arc<Mutex<FrameOutput<File>>>,
    is_taken: bool,
    /// A release that is still in progress, because the terminal does not read.
    late: Option<Receiver<bool>>,
}

/// The gate between frames and the terminal.
#[derive(Debug)]
struct FrameOutput<W> {
    sink: W,
    taken: bool,
    /// Whether the keyboard protocol is used.
    keyboard: bool,
}

impl<W: io::Write> FrameOutput<W> {
    fn enter(&mut self) -> io::Result<()> {
        self.taken = true;
        let keyboard = if self.keyboard { KEYBOARD_ON } else { "" };
        self.sink
            .write_all(format!("{ENTER}{keyboard}").as_bytes())?;
        self.sink.flush()
    }

    /// Resets everything once, and returns whether there was something to reset; failures are
    /// ignored.
    fn leave(&mut self) -> bool {
        if !std::mem::take(&mut self.taken) {
            return false;
        }
        let keyboard = if self.keyboard { KEYBOARD_OFF } else { "" };
        let modes = format!("{MOUSE_OFF}{keyboard}{LEAVE}");
        let _ = self.sink.write_all(modes.as_bytes());
        let _ = self.sink.flush();
        true
    }

    /// Writes a frame; without effect while the terminal is released, since everything is redrawn
    /// afterwards.
    fn frame(&mut self, frame: &[u8]) -> io::Result<()> {
        if !self.taken {
            return Ok(());
        }
        self.sink.write_all(frame)?;
        self.sink.flush()
    }
}

fn lock<W>(output: &Mutex<FrameOutput<W>>) -> MutexGuard<'_, FrameOutput<W>> {
    output.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Terminal {
    /// Takes the terminal over.
    pub(super) fn take(term: Option<&str>) -> Result<Self, TerminalError> {
        if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
            return Err(TerminalError::NotATerminal);
        }
        let output = FrameOutput {
            // As a file: no line buffer splits a frame into several writes.
            sink: File::from(io::stdout().as_fd().try_clone_to_owned()?),
            taken: false,
            keyboard: speaks_privately(term)?,
        };
        let mut terminal = Self {
            output: Arc::new(Mutex::new(output)),
            is_taken: false,
            late: None,
        };
        terminal.hook_panics(std::thread::current().id());
        terminal.enter()?;
        Ok(terminal)
    }

    /// Returns a function that writes frames to the terminal, on any thread.
    pub(super) fn frames(&self) -> impl FnMut(&[u8]) -> io::Result<()> + Send + 'static {
        let output = Arc::clone(&self.output);
        move |frame| lock(&output).frame(frame)
    }

    /// Releases the terminal before the report of a panic on the UI thread is printed. The hook
    /// also runs for panics that a task's supervisor catches: those go to the log, and the screen
    /// stays.
    fn hook_panics(&self, ui: ThreadId) {
        let output = Arc::clone(&self.output);
        let report = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if std::thread::current().id() == ui {
                give_back_in_panic(&output);
                report(panic);
            } else if is_taken(&output) {
                tracing::error!("{panic}");
            } else {
                report(panic);
            }
        }));
    }
}

/// Whether the terminal is taken, even if this thread panicked while it held the lock.
fn is_taken(output: &Mutex<FrameOutput<File>>) -> bool {
    match output.try_lock() {
        Ok(output) => output.taken,
        Err(TryLockError::Poisoned(output)) => output.into_inner().taken,
        Err(TryLockError::WouldBlock) => true,
    }
}

/// The panicking thread may hold the lock, and would wait for itself.
fn give_back_in_panic(output: &Mutex<FrameOutput<File>>) {
    let was_taken = match output.try_lock() {
        Ok(mut output) => output.leave(),
        Err(TryLockError::Poisoned(output)) => output.into_inner().leave(),
        Err(TryLockError::WouldBlock) => {
            let written = in_thread(|| {
                let mut stdout = io::stdout();
                let modes = format!("{MOUSE_OFF}{LEAVE}");
                stdout.write_all(modes.as_bytes()).is_ok() && stdout.flush().is_ok()
            });
            // The terminal may not be reading.
            written.is_ok_and(|written| written.recv_timeout(PATIENCE).unwrap_or(true))
        }
    };
    if was_taken {
        let _ = disable_raw_mode();
    }
}

/// Runs `write` on a thread of its own, since a terminal that does not read may block it.
fn in_thread<T: Send + 'static>(
    write: impl FnOnce() -> T + Send + 'static,
) -> io::Result<Receiver<T>> {
    let (done, result) = sync_channel(1);
    let thread = std::thread::Builder::new().name("terminal-modes".into());
    thread.spawn(move || {
        // If it is too late, no one receives it any more.
        let _ = done.send(write());
    })?;
    Ok(result)
}

fn does_not_read() -> io::Error {
    let why = "the terminal accepts no output";
    io::Error::new(io::ErrorKind::TimedOut, why)
}

impl Console for Terminal {
    type Input = KeyReader;

    fn input(&mut self) -> KeyReader {
        KeyReader::default()
    }

    fn enter(&mut self) -> io::Result<()> {
        if let Some(late) = self.late.take()
            && late.recv_timeout(PATIENCE).is_err()
        {
            return Err(does_not_read());
        }
        // If raw mode could not be reset in the background, this call would do nothing.
        disable_raw_mode()?;
        enable_raw_mode()?;
        self.is_taken = true;
        let output = Arc::clone(&self.output);
        let entered = in_thread(move || lock(&output).enter())?;
        let entered = entered.recv_timeout(PATIENCE);
        entered.unwrap_or_else(|_| Err(does_not_read()))
    }

    fn leave(&mut self) {
        if !std::mem::take(&mut self.is_taken) {
            return;
        }
        let output = Arc::clone(&self.output);
        if let Ok(left) = in_thread(move || lock(&output).leave()) {
            let is_late = left.recv_timeout(PATIENCE).is_err();
            self.late = is_late.then_some(left);
        }
        // These settings belong to the kernel: they are restored even if the terminal does not
        // read. In the background the terminal belongs to another process, and the kernel would
        // stop us for the change.
        if is_foreground() {
            let _ = disable_raw_mode();
        }
    }

    fn size(&self) -> (u16, u16) {
        match size() {
            Ok((columns, rows)) if columns > 0 && rows > 0 => (columns, rows),
            _ => (80, 24),
        }
    }

    fn has_job_control(&self) -> bool {
        has_job_control()
    }

    fn is_foreground(&self) -> bool {
        is_foreground()
    }

    fn stop(&self, stop: StopSignal) -> io::Result<()> {
        stop_by_signal(stop)
    }
}

/// Whether a shell with job control started us: it gives each job a process group of its own. In
/// the group of the session's leader, as for the only program of a terminal window, a stop would be
/// for ever; the kernel ignores ctrl-z there too.
pub(super) fn has_job_control() -> bool {
    getsid(None).is_ok_and(|session| session != getpgrp())
}

/// Whether our process group has the terminal; also `true` if this is unknown.
pub(super) fn is_foreground() -> bool {
    rustix::termios::tcgetpgrp(io::stdin()).map_or(true, |group| group == getpgrp())
}

/// How long a process that was continued in the background waits before it stops again.
const UNTIL_STOPPED_AGAIN: Duration = Duration::from_millis(200);

/// What follows a SIGCONT in the background.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AfterContinue {
    /// A signal that ends us.
    End,
    /// Another SIGCONT, or nothing.
    Continue,
}

/// Waits, before a process that was continued in the background stops again, for the signal that
/// ends it; returns at once in the foreground. A shell that ends a stopped job sends that signal
/// first and SIGCONT second, but two threads may take them, so the second may be seen first: a
/// process that stopped itself then would not end.
pub(super) async fn after_continue(
    terminate: &mut Signal,
    hang_up: &mut Signal,
    continued: &mut Signal,
) -> AfterContinue {
    if is_foreground() {
        return AfterContinue::Continue;
    }
    let end = async {
        tokio::select! { _ = terminate.recv() => {}, _ = hang_up.recv() => {} }
    };
    first_of(end, async {
        continued.recv().await;
    })
    .await
}

async fn first_of(
    end: impl Future<Output = ()>,
    continued: impl Future<Output = ()>,
) -> AfterContinue {
    tokio::select! {
        biased;
        () = end => AfterContinue::End,
        () = continued => AfterContinue::Continue,
        () = tokio::time::sleep(UNTIL_STOPPED_AGAIN) => AfterContinue::Continue,
    }
}

/// SIGTSTP is caught and would only come back to us.
pub(super) fn stop_by_signal(stop: StopSignal) -> io::Result<()> {
    use rustix::process::{Signal, kill_current_process_group, kill_process};
    match stop {
        StopSignal::Process => kill_process(getpid(), Signal::STOP)?,
        StopSignal::Job => kill_current_process_group(Signal::STOP)?,
        StopSignal::Background => kill_current_process_group(Signal::TTOU)?,
    }
    Ok(())
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.leave();
    }
}

/// Returns the bytes that enable or disable mouse reports.
pub(super) fn mouse(on: bool) -> &'static [u8] {
    if on { MOUSE_ON } else { MOUSE_OFF }.as_bytes()
}

/// Whether the terminal may receive private sequences that it may not know.
fn speaks_privately(term: Option<&str>) -> Result<bool, TerminalError> {
    match term {
        Some("dumb") => Err(TerminalError::Dumb),
        Some("linux") | None => Ok(false),
        Some(_) => Ok(true),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_switched_on_is_switched_off() {
        let mut terminal = vt100::Parser::new(5, 20, 0);
        terminal.process(b"shell");

        terminal.process(ENTER.as_bytes());
        terminal.process(mouse(true));
        terminal.process(b"\x1b[2;3r\x1b[?25lours");
        assert!(terminal.screen().alternate_screen());
        assert!(terminal.screen().bracketed_paste());

        terminal.process(MOUSE_OFF.as_bytes());
        terminal.process(LEAVE.as_bytes());
        let screen = terminal.screen();
        assert_eq!(screen.contents(), "shell");
        assert!(!screen.alternate_screen() && !screen.bracketed_paste() && !screen.hide_cursor());
        assert_eq!(screen.mouse_protocol_mode(), vt100::MouseProtocolMode::None);
    }

    #[test]
    fn no_frame_comes_out_between_leaving_and_entering() {
        let mut output = FrameOutput {
            sink: Vec::new(),
            taken: false,
            keyboard: true,
        };

        output.enter().unwrap();
        output.frame(b"one").unwrap();
        assert!(output.leave());
        output.frame(b"late").unwrap();
        assert!(!output.leave(), "once is enough");
        output.enter().unwrap();
        output.frame(b"two").unwrap();

        let enter = format!("{ENTER}{KEYBOARD_ON}");
        let written = format!("{enter}one{MOUSE_OFF}{KEYBOARD_OFF}{LEAVE}{enter}two");
        assert_eq!(String::from_utf8(output.sink).unwrap(), written);
    }

    #[tokio::test(start_paused = true)]
    async fn what_ends_us_is_seen_before_we_stop_again_in_the_background() {
        use std::future::{pending, ready};
        use tokio::time::{Instant, sleep};

        let late = sleep(UNTIL_STOPPED_AGAIN / 2);
        assert_eq!(first_of(late, pending()).await, AfterContinue::End);
        assert_eq!(first_of(ready(()), ready(())).await, AfterContinue::End);
        let began = Instant::now();
        let again = first_of(pending(), ready(()));
        assert_eq!(again.await, AfterContinue::Continue);
        assert_eq!(
            began.elapsed(),
            Duration::ZERO,
            "the shell gave us the terminal meanwhile"
        );
        let nothing = first_of(pending(), pending());
        assert_eq!(nothing.await, AfterContinue::Continue);
        assert_eq!(began.elapsed(), UNTIL_STOPPED_AGAIN);
    }

    #[test]
    fn a_dumb_terminal_is_told_what_to_use_instead() {
        let error = speaks_privately(Some("dumb")).unwrap_err();
        assert_eq!(
            error.to_string(),
            "TERM=dumb cannot show a screen; `sandbar run` works without one"
        );
        assert!(!speaks_privately(Some("linux")).unwrap());
        assert!(speaks_privately(Some("xterm-256color")).unwrap());
    }
}
