//! Takes the terminal over and gives it back, whatever happens.
//!
//! Enters: the value of TERM. Leaves: raw mode, the alternate screen, bracketed paste and the keyboard
//! protocol, switched on together and off together: on quit, on error, on panic of the UI thread, before
//! an editor or a suspension. Knows nothing of frames.
//!
//! Nothing is ever asked of the terminal: an answer would arrive among the keys. The keyboard protocol
//! (kitty's, level 1) is switched on unasked, as it makes Esc Esc two keys even if both arrive in one
//! read; terminals ignore private sequences they do not know, but for the Linux console's older
//! kernels, which print them. Autowrap is off: a terminal that draws an emoji wider than we
//! think must not break the line.

use std::fs::File;
use std::io::{self, IsTerminal as _, Write as _};
use std::os::fd::AsFd as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::ThreadId;

use crossterm::terminal::{disable_raw_mode, enable_raw_mode, size};
use thiserror::Error;

use super::keys::Keys;

/// Alternate screen, remember the title, bracketed paste, no autowrap. Then what another program may
/// have left: origin and insert mode off, letters instead of line drawing.
const ENTER: &str = "\x1b[?1049h\x1b[22;2t\x1b[?2004h\x1b[?7l\x1b[?6l\x1b[4l\x0f\x1b(B";
/// Kitty keyboard protocol, "disambiguate escape codes" (flag 1); each screen has its own stack.
const KEYBOARD_ON: &str = "\x1b[>1u";
const KEYBOARD_OFF: &str = "\x1b[<1u";
/// Clicks and wheel, with coordinates beyond column 223 (SGR).
const MOUSE_ON: &str = "\x1b[?1000h\x1b[?1006h";
const MOUSE_OFF: &str = "\x1b[?1006l\x1b[?1000l";
/// Ends an open frame and all that [`ENTER`] and frames set.
const LEAVE: &str = "\x1b[?2026l\x1b[r\x1b[m\x1b[?7h\x1b[?2004l\x1b[23;2t\x1b[?25h\x1b[?1049l";

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

/// What the loop needs of a terminal.
pub(super) trait Console {
    type Input: futures::Stream<Item = io::Result<crossterm::event::Event>> + Unpin;

    /// Begins to read keys. Only one at a time; dropped before the terminal is lent to others.
    fn input(&mut self) -> Self::Input;
    /// Takes the terminal over, again.
    fn enter(&mut self) -> io::Result<()>;
    /// Gives the terminal back; does nothing if it is not taken.
    fn leave(&mut self);
    /// Returns columns and rows.
    fn size(&self) -> (u16, u16);
}

/// The real terminal, taken over while this lives.
#[derive(Debug)]
pub(super) struct Terminal {
    /// Shared with the panic hook.
    taken: Arc<AtomicBool>,
    keyboard: bool,
}

impl Terminal {
    /// Takes the terminal over.
    pub(super) fn take(term: Option<&str>) -> Result<Self, TerminalError> {
        if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
            return Err(TerminalError::NotATerminal);
        }
        let mut terminal = Self {
            taken: Arc::default(),
            keyboard: speaks_privately(term)?,
        };
        terminal.hook_panics(std::thread::current().id());
        terminal.enter()?;
        Ok(terminal)
    }

    /// Gives the terminal back before the report of a panic on the UI thread is printed. The hook
    /// also runs for panics that a task's supervisor catches: those go to the log, and the screen
    /// stays.
    fn hook_panics(&self, ui: ThreadId) {
        let taken = Arc::clone(&self.taken);
        let keyboard = self.keyboard;
        let report = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if std::thread::current().id() == ui {
                give_back(&taken, keyboard);
                report(panic);
            } else if taken.load(Ordering::SeqCst) {
                tracing::error!("{panic}");
            } else {
                report(panic);
            }
        }));
    }
}

/// Returns standard output as a file: no line buffer cuts a frame into several writes.
pub(super) fn output() -> io::Result<File> {
    Ok(File::from(io::stdout().as_fd().try_clone_to_owned()?))
}

impl Console for Terminal {
    type Input = Keys;

    fn input(&mut self) -> Keys {
        Keys::default()
    }

    fn enter(&mut self) -> io::Result<()> {
        enable_raw_mode()?;
        self.taken.store(true, Ordering::SeqCst);
        let mut modes = String::from(ENTER);
        if self.keyboard {
            modes.push_str(KEYBOARD_ON);
        }
        let mut stdout = io::stdout();
        stdout.write_all(modes.as_bytes())?;
        stdout.flush()
    }

    fn leave(&mut self) {
        give_back(&self.taken, self.keyboard);
    }

    fn size(&self) -> (u16, u16) {
        match size() {
            Ok((columns, rows)) if columns > 0 && rows > 0 => (columns, rows),
            _ => (80, 24),
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.leave();
    }
}

/// Undoes everything once; what fails cannot be helped.
fn give_back(taken: &AtomicBool, keyboard: bool) {
    if !taken.swap(false, Ordering::SeqCst) {
        return;
    }
    let keyboard = if keyboard { KEYBOARD_OFF } else { "" };
    let modes = format!("{MOUSE_OFF}{keyboard}{LEAVE}");
    let mut stdout = io::stdout();
    let _ = stdout.write_all(modes.as_bytes());
    let _ = stdout.flush();
    let _ = disable_raw_mode();
}

/// Returns the bytes that turn mouse reports on or off.
pub(super) fn mouse(on: bool) -> &'static [u8] {
    if on { MOUSE_ON } else { MOUSE_OFF }.as_bytes()
}

/// Whether the terminal may be sent private sequences that it may not know.
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
