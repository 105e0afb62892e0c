//! Who has the terminal while the loop does not draw, and why it was released.

use std::future::Future;
use std::pin::Pin;

use tokio_util::sync::CancellationToken;

use crate::tui::desktop::Returned;
use crate::tui::terminal::StopSignal;

/// A program that has the terminal until it ends.
pub(super) struct TerminalProgram {
    run: Pin<Box<dyn Future<Output = Returned>>>,
    /// Asks the program to end, within a limited time.
    pub(super) end: CancellationToken,
}

impl TerminalProgram {
    /// `run` receives the token that asks the program to end.
    pub(super) fn new<F>(run: impl FnOnce(CancellationToken) -> F) -> Self
    where
        F: Future<Output = Returned> + 'static,
    {
        let end = CancellationToken::new();
        Self {
            run: Box::pin(run(end.clone())),
            end,
        }
    }
}

/// Why the terminal is released.
pub(super) enum Handover {
    Program(TerminalProgram),
    Stop(StopSignal),
    /// A signal that cannot be caught stopped us, and we continue: the terminal was not released.
    Continued,
}

/// Who has the terminal.
pub(super) enum TerminalLease {
    Program(TerminalProgram),
    /// The shell that started us, until we are continued in the foreground.
    Shell,
}

/// Waits for the program that has the terminal; for ever if there is none.
pub(super) async fn ended(lease: Option<&mut TerminalLease>) -> Returned {
    match lease {
        Some(TerminalLease::Program(program)) => (&mut program.run).await,
        Some(TerminalLease::Shell) | None => std::future::pending().await,
    }
}
