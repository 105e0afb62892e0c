//! Turns: which answer is the last one of a turn, and what the whole turn cost.
//!
//! The server knows messages only. A turn begins with a prompt of the user and lasts until the
//! agent is done; it has an answer for each step. Prompts that came while it ran belong to it, and
//! so do the messages that the server wrote by itself, for example to go on after a compaction.

use std::ops::Bound::{Excluded, Unbounded};

use super::{EntryOrder, MessageEntry, Transcript};
use crate::domain::chat::{Message, PartKind, Role};
use crate::domain::time::UnixMillis;

/// At most this many messages of a turn are counted.
const MOST: usize = 500;

/// The end of the conversation, as far as it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::app::chat) enum LastTurn {
    /// A turn runs.
    Running,
    /// The server is idle.
    AtRest,
    /// There is no connection.
    Unknown,
}

/// A whole turn.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(in crate::app::chat) struct TurnTotals {
    pub(in crate::app::chat) began: UnixMillis,
    /// US dollars.
    pub(in crate::app::chat) cost: f64,
    /// All tokens except those that the provider had cached: each step sends the same ones again.
    pub(in crate::app::chat) tokens: u64,
}

impl Transcript {
    /// Whether this is the last answer of a turn that is over.
    pub(in crate::app::chat) fn ends_turn(&self, place: EntryOrder, state: LastTurn) -> bool {
        let Some(entry) = self.at(place) else {
            return false;
        };
        let message = &entry.message;
        if message.role != Role::Assistant {
            return false;
        }
        let is_last_step = message.error.is_some() || (message.is_over() && !goes_on(message));
        let later = self.entries.range((Excluded(place), Unbounded));
        let mut has_prompt = false;
        for (_, other) in later.take_while(|(later, _)| !later.echo) {
            match other.message.role {
                Role::Assistant => return has_prompt && is_last_step,
                Role::User => has_prompt |= other.begins_turn(),
            }
        }
        match state {
            LastTurn::AtRest => true,
            LastTurn::Running => is_last_step && (has_prompt || message.error.is_some()),
            LastTurn::Unknown => is_last_step,
        }
    }

    /// The agent of the newest answer; searches a few messages only.
    pub(in crate::app::chat) fn working_agent(&self) -> Option<&str> {
        let mut newest = self.newest().take(16).map(|entry| &entry.message);
        let answer = newest.find(|message| message.role == Role::Assistant)?;
        answer.agent.as_deref()
    }

    /// What the newest turn cost so far.
    pub(in crate::app::chat) fn last_turn_cost(&self) -> f64 {
        let last = self.entries.last_key_value();
        last.map_or(0.0, |(last, _)| self.turn_totals(*last).cost)
    }

    /// What the turn cost whose last answer this is.
    pub(in crate::app::chat) fn turn_totals(&self, last: EntryOrder) -> TurnTotals {
        let mut totals = TurnTotals::default();
        let mut has_prompt = false;
        for (_, entry) in self.entries.range(..=last).rev().take(MOST) {
            let message = &entry.message;
            match message.role {
                // A turn before this one.
                Role::Assistant if has_prompt && !goes_on(message) => break,
                Role::Assistant => {
                    let tokens = &message.tokens;
                    totals.cost += message.cost;
                    totals.tokens += tokens.context() - tokens.cache_read;
                    totals.began = message.created;
                }
                Role::User if entry.begins_turn() => {
                    has_prompt = true;
                    totals.began = message.created;
                }
                Role::User => {}
            }
        }
        totals
    }
}

/// The text of the message that stands for a line that the user ran in a shell (1.18.33).
const SHELL_LINE: &str = "The following tool was executed by the user";

impl MessageEntry {
    /// Whether the user sent it, so that it can be undone.
    pub(in crate::app::chat) fn is_prompt(&self) -> bool {
        self.known
            && self.message.role == Role::User
            && (self.begins_turn() || self.is_shell_line())
    }

    /// Whether it stands for a line that the user ran in a shell.
    pub(super) fn is_shell_line(&self) -> bool {
        let mut parts = self.parts.iter().map(|known| &known.part.kind);
        let is_it = |kind: &PartKind| matches!(kind, PartKind::Text { text, synthetic: true, .. } if text == SHELL_LINE);
        self.message.role == Role::User && parts.next().is_some_and(is_it) && parts.next().is_none()
    }

    /// Whether the user wrote something in it, or asked for a compaction: the server writes user
    /// messages too.
    fn begins_turn(&self) -> bool {
        let mut parts = self.parts.iter().map(|known| &known.part.kind);
        !parts.all(|kind| match kind {
            PartKind::Text { synthetic, .. } => *synthetic,
            PartKind::Compaction { auto } => *auto,
            _ => false,
        })
    }
}

/// Whether the model wants to go on with the results of its calls.
fn goes_on(message: &Message) -> bool {
    message.error.is_none() && matches!(message.finish.as_deref(), Some("tool-calls" | "unknown"))
}
