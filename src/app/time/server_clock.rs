//! The offset of the server's clock: it may be minutes ahead of ours or behind it.
//!
//! Input: the times in the server's events, each with our wall clock at its arrival. Output: the
//! time on the server, so that "for 12 s" and "in 5 s" come from one clock. All times in events are
//! in the server's past: a time in our future shows how far ahead the server is. Whether the server
//! is behind shows only in events of something that has just happened, which are sent at once.

use std::time::Duration;

use crate::domain::chat::{ChatEvent, Message, PartKind};
use crate::domain::time::UnixMillis;

/// Events need time to arrive: a smaller difference is no offset.
const SAME: Duration = Duration::from_secs(3);
/// The precision of the times in the transcript.
const MINUTE: Duration = Duration::from_mins(1);
/// No clock is off by more; such values are not times.
const MOST: Duration = Duration::from_hours(24);

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::app) struct ServerClock {
    /// The newest time in the server's events.
    newest: UnixMillis,
    /// Each as far as is known; one of them is zero.
    ahead: Duration,
    behind: Duration,
}

impl ServerClock {
    /// The time on the server.
    pub(in crate::app) fn at(&self, wall: UnixMillis) -> UnixMillis {
        wall.plus(self.ahead).minus(self.behind)
    }

    /// A time of the server on our clock, to be shown in minutes. An offset of less than a minute is
    /// not applied: it may be the delay of a slow connection, and another screen, which has met no
    /// delay, must show the same minute.
    pub(in crate::app) fn here(&self, at: UnixMillis) -> UnixMillis {
        let offset = |measured: Duration| {
            if measured < MINUTE {
                Duration::ZERO
            } else {
                measured
            }
        };
        at.minus(offset(self.ahead)).plus(offset(self.behind))
    }

    /// Learns from an event that arrives now.
    pub(in crate::app) fn observe(&mut self, event: &ChatEvent, wall: UnixMillis) {
        match event {
            // The age of these is unknown.
            ChatEvent::Resync(resync) => {
                *self = Self::default();
                let times = resync
                    .messages
                    .iter()
                    .map(|known| newest_of(&known.message));
                for at in times {
                    self.is_past(at, wall);
                }
            }
            ChatEvent::Message(message) => self.happened(newest_of(message), wall),
            ChatEvent::Part(part) => {
                let at = match &part.kind {
                    PartKind::Tool(call) => call.ended.or(call.started),
                    PartKind::Reasoning { started, ended, .. } => ended.or(*started),
                    _ => None,
                };
                if let Some(at) = at {
                    self.happened(at, wall);
                }
            }
            _ => {}
        }
    }

    /// Something happened just now, unless a later time arrived before.
    fn happened(&mut self, at: UnixMillis, wall: UnixMillis) {
        if at <= self.newest {
            return;
        }
        self.is_past(at, wall);
        if at <= wall {
            self.ahead = Duration::ZERO;
        }
        let behind = wall.since(at);
        self.behind = if is_off(behind) {
            behind
        } else {
            Duration::ZERO
        };
    }

    fn is_past(&mut self, at: UnixMillis, wall: UnixMillis) {
        self.newest = self.newest.max(at);
        let ahead = at.since(wall);
        if is_off(ahead) {
            self.ahead = self.ahead.max(ahead);
        }
    }
}

fn is_off(difference: Duration) -> bool {
    difference > SAME && difference < MOST
}

fn newest_of(message: &Message) -> UnixMillis {
    message.completed.unwrap_or(message.created)
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;
    use crate::app::chat::tests::{message, resync, tool};
    use crate::domain::chat::{MessageWithParts, Role, ToolStatus, TurnStatus};

    const NOW: UnixMillis = UnixMillis(1_000_000_000);
    const MINUTES: Duration = Duration::from_mins(5);

    fn fetched(at: UnixMillis) -> ChatEvent {
        let known = MessageWithParts {
            message: message("m", Role::User, at.0),
            parts: Vec::new(),
        };
        ChatEvent::Resync(Box::new(resync(vec![known], TurnStatus::Busy)))
    }

    fn begins(at: UnixMillis) -> ChatEvent {
        ChatEvent::Message(message("n", Role::Assistant, at.0))
    }

    fn server_time_after(events: &[ChatEvent]) -> UnixMillis {
        let mut clock = ServerClock::default();
        for event in events {
            clock.observe(event, NOW);
        }
        clock.at(NOW)
    }

    #[test]
    fn a_server_whose_times_are_in_our_future_is_ahead() {
        let ahead = NOW.plus(MINUTES);

        assert_eq!(server_time_after(&[fetched(ahead)]), ahead);
        assert_eq!(server_time_after(&[begins(ahead)]), ahead);
    }

    #[test]
    fn a_server_that_is_behind_shows_in_what_has_just_happened() {
        let behind = NOW.minus(MINUTES);

        assert_eq!(
            server_time_after(&[fetched(behind), begins(behind.plus(MINUTES / 60))]),
            behind.plus(MINUTES / 60)
        );
    }

    #[test]
    fn fetched_times_may_be_old_and_say_nothing_about_the_clock() {
        assert_eq!(server_time_after(&[fetched(NOW.minus(MINUTES))]), NOW);
        // An older message that is sent again.
        let old = NOW.minus(MINUTES);
        assert_eq!(
            server_time_after(&[fetched(NOW.minus(Duration::from_secs(1))), begins(old)]),
            NOW
        );
    }

    #[test]
    fn a_delay_does_not_change_the_minute_that_a_message_is_shown_with() {
        let shown = |late: Duration| {
            let mut clock = ServerClock::default();
            clock.observe(&begins(NOW.minus(late)), NOW);
            clock.here(NOW.minus(late))
        };

        let delay = Duration::from_secs(20);
        assert_eq!(shown(delay), NOW.minus(delay));
        assert_eq!(shown(MINUTES), NOW);
    }

    #[test]
    fn clocks_that_differ_only_by_the_delay_are_equal() {
        let mut call = tool("m", "p", ToolStatus::Running, "");
        if let PartKind::Tool(call) = &mut call.kind {
            call.started = Some(NOW.minus(Duration::from_millis(700)));
        }

        assert_eq!(server_time_after(&[ChatEvent::Part(call)]), NOW);
    }
}
