//! The shell around `app`: the real terminal, the loop, and everything that `app` can only
//! describe.
//!
//! Input: keys, signals, session events. Output: frames, and calls of the
//! [`SessionHandle`]. [`run`] connects the parts: [`terminal`] takes the
//! terminal over, [`input`] reads it, [`event_loop`] updates and draws when [`pacer`] allows,
//! [`screen`] turns frames into bytes, [`writer`] writes them, [`highlighting`] finds the colours of
//! code, [`effects`] and [`desktop`] do the rest.
//! [`passthrough`] gives the whole terminal to a sandbox's shell. Knows no protocol, no store and
//! no key map.
//!
//! Runtime: the loop must run on `block_on`'s own thread (the panic hook restores the terminal for
//! that thread only); two workers are enough.

pub mod desktop;
mod effects;
mod event_loop;
mod highlighting;
mod input;
mod pacer;
pub mod passthrough;
mod screen;
mod shown;
mod terminal;
mod writer;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::domain::id::SessionKey;
use crate::domain::session::SessionEvent;

pub use desktop::Desktop;
pub use effects::{CommandRefused, ReplyTask, SessionHandle, StoredTask};
pub use event_loop::LoopModel;
pub use screen::Screen;
pub use shown::UiModel;
pub use terminal::TerminalError;

use effects::Effects;
use event_loop::{EventLoop, EventSources, Finished, LoopSignal};
use terminal::{AfterContinue, StopSignal, Terminal, after_continue};
use writer::FrameWriter;

/// What the caller passes to the loop.
#[derive(Debug)]
pub struct Setup<D> {
    pub door: D,
    /// Bounded; while it is full, the session's task waits or merges events.
    pub sessions: mpsc::Receiver<(SessionKey, SessionEvent)>,
    pub desktop: Desktop,
    /// The value of TERM.
    pub term: Option<String>,
    /// Makes ids differ from those of other programs on the same server.
    pub seed: u64,
}

/// Shows `model` until it quits, a signal stops it or the terminal is gone; then releases the
/// terminal and lets `shut_down` end the sessions. Another ctrl-c or SIGTERM meanwhile aborts that
/// too. Returns text for the user. A panic of the model goes on after that.
///
/// # Errors
///
/// Without a terminal, or if it cannot show a screen; nothing has been changed then.
pub async fn run<M: LoopModel, D: SessionHandle>(
    model: M,
    setup: Setup<D>,
    shut_down: impl AsyncFnOnce(D),
) -> Result<Vec<String>, TerminalError> {
    let terminal = Terminal::take(setup.term.as_deref())?;
    let writer = FrameWriter::start(terminal.frames())?;
    let (signals_in, signals) = mpsc::channel(4);
    let mut listeners = JoinSet::new();
    listeners.spawn(listen(signals_in));
    let sources = EventSources {
        sessions: setup.sessions,
        signals,
    };
    let effects = Effects::new(setup.door, setup.desktop);
    let mut event_loop = EventLoop::new(model, effects, terminal, writer, sources);
    event_loop.seed_ids(setup.seed);
    let result = event_loop.run().await;
    let Finished {
        sessions,
        mut signals,
        parting_words,
        panic,
    } = event_loop.finish();
    tokio::select! {
        () = shut_down(sessions) => {}
        () = stopped(&mut signals) => tracing::warn!("shut down in a hurry"),
    }
    if let Some(panic) = panic {
        std::panic::resume_unwind(panic);
    }
    result?;
    Ok(parting_words)
}

/// Waits for the next request to quit. The terminal is already released.
async fn stopped(signals: &mut mpsc::Receiver<LoopSignal>) {
    loop {
        match signals.recv().await {
            Some(LoopSignal::Suspend) if terminal::has_job_control() => {
                // If the process cannot be stopped, it continues.
                let _ = terminal::stop_by_signal(StopSignal::Process);
            }
            Some(LoopSignal::Suspend | LoopSignal::Continue) => {}
            Some(LoopSignal::Stop | LoopSignal::Interrupt) | None => return,
        }
    }
}

/// Turns the process's signals into values. Ctrl-c, ctrl-z and ctrl-\ are keys in raw mode; their
/// signals come from outside, or from the keyboard while the terminal is released.
async fn listen(signals: mpsc::Sender<LoopSignal>) -> std::io::Result<()> {
    let of = |kind: rustix::process::Signal| signal(SignalKind::from_raw(kind.as_raw()));
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hang_up = signal(SignalKind::hangup())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut quit = signal(SignalKind::quit())?;
    let mut suspended = of(rustix::process::Signal::TSTP)?;
    let mut continued = of(rustix::process::Signal::CONT)?;
    loop {
        let received = tokio::select! {
            biased;
            _ = terminate.recv() => LoopSignal::Stop,
            _ = hang_up.recv() => LoopSignal::Stop,
            _ = interrupt.recv() => LoopSignal::Interrupt,
            _ = quit.recv() => LoopSignal::Interrupt,
            _ = suspended.recv() => LoopSignal::Suspend,
            _ = continued.recv() => {
                match after_continue(&mut terminate, &mut hang_up, &mut continued).await {
                    AfterContinue::End => LoopSignal::Stop,
                    AfterContinue::Continue => LoopSignal::Continue,
                }
            }
        };
        if signals.send(received).await.is_err() {
            return Ok(());
        }
    }
}
