//! How fast an answer streams, told from its deltas: the server counts tokens only at the end of a
//! step.

use std::time::Duration;

use crate::domain::time::Monotonic;

/// The rate is that of the last one to two spans.
const SPAN: Duration = Duration::from_secs(2);

/// Bytes of a token, as a rule of thumb for the tokenizers of today.
const TOKEN: u64 = 4;

/// What arrived in one span.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct RateSpan {
    since: Monotonic,
    bytes: u64,
}

/// The deltas of the last seconds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::app::chat) struct StreamRate {
    now: Option<RateSpan>,
    before: Option<RateSpan>,
}

impl StreamRate {
    /// Some text arrived.
    pub(in crate::app::chat) fn arrived(&mut self, bytes: usize, now: Monotonic) {
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        let span = self.now.get_or_insert(RateSpan {
            since: now,
            bytes: 0,
        });
        let age = now.saturating_sub(span.since);
        if age >= SPAN {
            self.before = (age < 2 * SPAN).then_some(*span);
            *span = RateSpan {
                since: now,
                bytes: 0,
            };
        }
        span.bytes += bytes;
    }

    /// About how many tokens a second arrive; `None` while nothing does, or too little to tell.
    pub(in crate::app::chat) fn tokens_per_second(&self, now: Monotonic) -> Option<u64> {
        let span = self.now?;
        let first = self.before.unwrap_or(span);
        let took = now.saturating_sub(first.since);
        if took < SPAN / 2 || now.saturating_sub(span.since) >= 2 * SPAN {
            return None;
        }
        let before = self.before.map_or(0, |before| before.bytes);
        let millis = u64::try_from(took.as_millis()).ok()?.max(1);
        let tokens = (before + span.bytes) * 1000 / millis / TOKEN;
        (tokens > 0).then_some(tokens)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Monotonic {
        Duration::from_millis(millis)
    }

    #[test]
    fn the_rate_is_that_of_the_last_seconds() {
        let mut rate = StreamRate::default();
        assert_eq!(rate.tokens_per_second(at(0)), None);
        for step in 0..100 {
            rate.arrived(20, at(step * 100));
        }
        // 200 bytes a second.
        assert_eq!(rate.tokens_per_second(at(9_950)), Some(50));
        // Nothing has come for some seconds.
        assert_eq!(rate.tokens_per_second(at(14_000)), None);

        // After a pause, it begins anew.
        rate.arrived(400, at(60_000));
        assert_eq!(rate.tokens_per_second(at(60_500)), None);
        assert_eq!(rate.tokens_per_second(at(61_000)), Some(100));
    }
}
