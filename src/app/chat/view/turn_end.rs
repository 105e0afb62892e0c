//! Draws the line that ends a turn: who answered, how long it took, what it cost, and why it ended
//! if it did not end well.

use ratatui::text::{Line, Span};

use super::block::{BlockRows, Mark};
use super::part::error_lines;
use crate::app::chat::Chat;
use crate::app::chat::scroll::is_unfinished;
use crate::app::chat::transcript::{EntryOrder, LastTurn, MessageEntry};
use crate::app::time::format;
use crate::app::view::facts::fit;
use crate::app::view::theme::Theme;
use crate::domain::chat::{Message, MessageError};
use crate::text::{ansi, wrap};

/// Why a turn ended.
struct TurnReason {
    words: String,
    is_bad: bool,
}

impl Chat {
    /// The line below the last answer of a turn, or below one that ended early.
    pub(in crate::app::chat) fn turn_end(
        &self,
        entry: &MessageEntry,
        width: u16,
        theme: &Theme,
    ) -> BlockRows<'static> {
        let message = &entry.message;
        let place = self.transcript.place_of(&message.id);
        let state = self.last_turn();
        let last = place.filter(|place| self.transcript.ends_turn(*place, state));
        let reason = reason(message, state);
        let is_bad = reason.as_ref().is_some_and(|reason| reason.is_bad);
        let mut facts = Vec::new();
        if let Some(place) = last {
            facts = self.turn_facts(message, place);
        }
        let room = usize::from(width);
        let taken = reason.as_ref().map_or(0, |r| wrap::width(&r.words) + 3);
        let facts = fit(facts, room.saturating_sub(taken));
        let mut line = Line::default();
        if let Some(reason) = reason {
            let style = if reason.is_bad {
                theme.error
            } else {
                theme.dim
            };
            let words = wrap::truncate(&reason.words, room).into_owned();
            line.push_span(Span::styled(words, style));
            if !facts.is_empty() {
                line.push_span(Span::styled(format!(" · {facts}"), theme.dim));
            }
        } else {
            line.push_span(Span::styled(facts, theme.dim));
        }
        let mut lines = vec![line];
        if let Some(error) = message.error.as_ref().filter(|error| !error.is_abort()) {
            lines.extend(error_lines(error, width, theme.error));
        }
        let mark = if is_bad { Mark::BadEnd } else { Mark::TurnEnd };
        BlockRows::marked(mark, lines)
    }

    /// Agent, model, duration, tokens and cost of a turn with how soon each is left out.
    fn turn_facts(&self, message: &Message, place: EntryOrder) -> Vec<(u8, String)> {
        let totals = self.transcript.turn_totals(place);
        let mut facts = Vec::new();
        if let Some(agent) = &message.agent {
            facts.push((1, wrap::truncate(&ansi::plain(agent), 20).into_owned()));
        }
        if let Some(model) = &message.model {
            let name = ansi::plain(self.catalog.name_of(model)).into_owned();
            facts.push((2, wrap::truncate(&name, 30).into_owned()));
        }
        if let Some(completed) = message.completed {
            facts.push((4, format::running(completed.since(totals.began))));
        }
        if totals.tokens > 0 {
            facts.push((0, format!("{} tokens", format::count(totals.tokens))));
        }
        if totals.cost > 0.0 {
            facts.push((3, format::dollars(totals.cost)));
        }
        facts
    }
}

/// Why it ended, unless the model just stopped.
fn reason(message: &Message, state: LastTurn) -> Option<TurnReason> {
    let bad = |words: &str| {
        Some(TurnReason {
            words: words.to_owned(),
            is_bad: true,
        })
    };
    if let Some(error) = &message.error {
        return bad(if error.is_abort() {
            "stopped by you"
        } else {
            of_error(error)
        });
    }
    match message.finish.as_deref() {
        _ if state == LastTurn::AtRest && is_unfinished(message) => {
            bad("cut off: OpenCode ended before the answer did")
        }
        Some("length") => bad("cut off: it reached the model's output limit"),
        Some("content-filter") => bad("cut off by the provider's content filter"),
        Some("stop") | None => None,
        Some("tool-calls") => Some(TurnReason {
            words: "ended after a tool call".to_owned(),
            is_bad: false,
        }),
        Some(other) => Some(TurnReason {
            words: wrap::truncate(&ansi::plain(other), 30).into_owned(),
            is_bad: false,
        }),
    }
}

fn of_error(error: &MessageError) -> &'static str {
    match error.name.as_str() {
        "MessageOutputLengthError" => "cut off: it reached the model's output limit",
        "ContextOverflowError" => "failed: the conversation is too long for the model",
        "ProviderAuthError" => "failed: the provider refused the key",
        _ => "failed",
    }
}
