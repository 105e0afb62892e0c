//! Tells keys of a person from keys of a paste, where the terminal does not mark pastes.
//!
//! Mental model: a key that comes within [`BURST`] of the one before belongs to a burst. An Enter in
//! a burst is taken as a new line at first. If the burst goes on, it was one. If nothing follows for
//! [`SETTLE`] and it was the burst's only one, it ended a line that a program typed (`tmux
//! send-keys`), and is a real Enter after all. If a person's Enter is taken for a new line, BURST is
//! too long; if a paste is sent half-way, SETTLE is too short for the line it comes through.

use std::time::Duration;

use crate::domain::time::Monotonic;

const BURST: Duration = Duration::from_millis(8);
const SETTLE: Duration = Duration::from_millis(80);

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Typing {
    last_key: Option<Monotonic>,
    /// When text was typed, pasted or sent last.
    last_text: Option<Monotonic>,
    /// Enters in the running burst.
    enters: u32,
    /// The last one of them, as long as nothing followed it.
    held: Option<Monotonic>,
}

/// What an Enter is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Enter {
    Real,
    /// A new line, at least until [`Typing::settled`] says otherwise.
    NewLine,
}

impl Typing {
    /// A key that is not Enter.
    pub(super) fn key(&mut self, now: Monotonic) {
        if !self.in_burst(now) {
            self.enters = 0;
        }
        self.held = None;
        self.last_key = Some(now);
    }

    /// Text was typed, pasted or sent.
    pub(super) fn text(&mut self, now: Monotonic) {
        self.last_text = Some(now);
    }

    pub(super) fn enter(&mut self, now: Monotonic) -> Enter {
        let burst = self.in_burst(now);
        self.last_key = Some(now);
        if !burst {
            self.enters = 0;
            return Enter::Real;
        }
        self.enters += 1;
        self.held = Some(now);
        Enter::NewLine
    }

    /// Whether the new line of a burst turns out to have been a real Enter. Says so once.
    pub(super) fn settled(&mut self, now: Monotonic) -> bool {
        match self.held {
            Some(at) if at + SETTLE <= now => {
                self.held = None;
                self.enters == 1
            }
            _ => false,
        }
    }

    pub(super) fn due(&self) -> Option<Monotonic> {
        self.held.map(|at| at + SETTLE)
    }

    pub(super) fn last_key(&self) -> Option<Monotonic> {
        self.last_key
    }

    pub(super) fn last_text(&self) -> Option<Monotonic> {
        self.last_text
    }

    /// Whether a key that comes now is a program's, not a person's.
    pub(super) fn in_burst(&self, now: Monotonic) -> bool {
        self.last_key
            .is_some_and(|last| now.saturating_sub(last) <= BURST)
    }
}
