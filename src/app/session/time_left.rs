//! The time that a sandbox has left: the text, when it changes, and when to warn.
//!
//! Input: when the sandbox's time ends, on this machine's clock (we set it as a duration from now,
//! so the server's clock does not matter). Pure arithmetic.

use std::time::Duration;

use crate::app::time::format;
use crate::domain::time::{UnixMillis, in_minutes};

/// Below this, each second is shown, and the time comes first.
const SHORT: Duration = Duration::from_mins(5);
/// The user is warned when this much is left.
const WARNINGS: [Duration; 2] = [Duration::from_mins(1), SHORT];

/// The time that a sandbox has left, in whole seconds, rounded up as in a countdown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::app) struct TimeLeft(Duration);

impl TimeLeft {
    pub(in crate::app) fn until(ends_at: UnixMillis, wall: UnixMillis) -> Self {
        Self(ends_at.since(wall))
    }

    pub(in crate::app) fn is_short(self) -> bool {
        self.0 <= SHORT
    }

    /// `pauses in 1h 12m`, `pauses in 29m`, `pauses in 4:31`.
    pub(in crate::app) fn words(self) -> String {
        let seconds = self.0.as_millis().div_ceil(1000);
        let seconds = u64::try_from(seconds).unwrap_or(u64::MAX);
        match self.is_short() {
            true if seconds == 0 => "pauses now".to_owned(),
            true => format!(
                "pauses in {}",
                format::running(Duration::from_secs(seconds))
            ),
            false => format!("pauses in {}", in_minutes(seconds.div_ceil(60))),
        }
    }

    /// The time until [`Self::words`] changes; `None` once no time is left.
    pub(in crate::app) fn changes_in(self) -> Option<Duration> {
        let step = if self.is_short() { 1000 } else { 60_000 };
        let left = u64::try_from(self.0.as_millis()).ok()?;
        let over = left.checked_sub(1)? % step + 1;
        // The shorter format begins exactly at its limit.
        let limit = u64::try_from(SHORT.as_millis()).ok()?;
        let over = match left.checked_sub(limit) {
            Some(to_limit) if to_limit > 0 => over.min(to_limit),
            _ => over,
        };
        Some(Duration::from_millis(over))
    }

    /// The last warning that is due with this much left, by its threshold.
    pub(in crate::app) fn warning(self) -> Option<Duration> {
        WARNINGS.into_iter().find(|left| self.0 <= *left)
    }

    /// The time until the next warning.
    pub(in crate::app) fn warns_in(self) -> Option<Duration> {
        let ahead = WARNINGS.into_iter().rev().find(|left| self.0 > *left);
        ahead.map(|left| self.0.saturating_sub(left))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pretty_assertions::assert_eq;
    use proptest::prelude::*;

    fn left(millis: u64) -> TimeLeft {
        TimeLeft::until(UnixMillis(1_000_000 + millis), UnixMillis(1_000_000))
    }

    #[test]
    fn the_words_count_down() {
        let words = |millis| left(millis).words();

        assert_eq!(words(72 * 60_000), "pauses in 1h 12m");
        assert_eq!(words(29 * 60_000), "pauses in 29m");
        assert_eq!(words(28 * 60_000 + 1), "pauses in 29m");
        assert_eq!(words(5 * 60_000), "pauses in 5:00");
        assert_eq!(words(59_001), "pauses in 1:00");
        assert_eq!(words(1), "pauses in 0:01");
        assert_eq!(words(0), "pauses now");
    }

    #[test]
    fn warnings_come_at_five_minutes_and_at_one() {
        let minutes = |minutes: u64| left(minutes * 60_000);

        assert_eq!(minutes(6).warning(), None);
        assert_eq!(minutes(6).warns_in(), Some(Duration::from_mins(1)));
        assert_eq!(minutes(5).warning(), Some(Duration::from_mins(5)));
        assert_eq!(minutes(5).warns_in(), Some(Duration::from_mins(4)));
        assert_eq!(minutes(1).warning(), Some(Duration::from_mins(1)));
        assert_eq!(minutes(1).warns_in(), None);
        assert_eq!(minutes(0).warning(), Some(Duration::from_mins(1)));
    }

    proptest! {
        #[test]
        fn the_words_change_just_when_they_are_said_to(millis in 0_u64..10_000_000) {
            let now = left(millis);
            match now.changes_in() {
                None => prop_assert_eq!(millis, 0),
                Some(after) => {
                    let after = u64::try_from(after.as_millis()).unwrap();
                    prop_assert!(after > 0 && after <= millis);
                    prop_assert_eq!(left(millis - after + 1).words(), now.words());
                    prop_assert_ne!(left(millis - after).words(), now.words());
                }
            }
        }
    }
}
