//! Who has the terminal while the loop does not draw, and why it was given away.

use std::future::Future;
use std::pin::Pin;

use crate::app::event::Reply;
use crate::tui::terminal::StopSignal;

/// A program that has the terminal until it ends.
type TerminalProgram = Pin<Box<dyn Future<Output = Option<Reply>>>>;

/// Why the terminal is given to somebody.
pub(super) enum Handover {
    Program(TerminalProgram),
    Stop(StopSignal),
    /// We were stopped by a signal that nobody can catch, and go on: the terminal was not given back.
    Continued,
}

/// Who has the terminal.
pub(super) enum Lease {
    Program(TerminalProgram),
    /// The shell that we were started from; until we are continued in the foreground.
    Shell,
}

/// Waits for a program that has the terminal; for ever if there is none.
pub(super) async fn ended(lease: Option<&mut Lease>) -> Option<Reply> {
    match lease {
        Some(Lease::Program(program)) => program.await,
        Some(Lease::Shell) | None => std::future::pending().await,
    }
}
