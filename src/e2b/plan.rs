//! The longest sandbox lifetime of the account's plan: E2B reports it only when it is exceeded.
//!
//! A create or connect that asks for more is rejected with the number of hours; a change of the timeout is silently
//! cut, and rejected once the sandbox has run that long (E2B's public sources of August 2026, and observed on E2B).
//! What is learnt applies to later calls.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::error::{Error, ErrorKind};

/// Plans are stated in hours.
const HOUR: u64 = 3600;
/// Times that differ by less are the same, read from two clocks.
const SAME: Duration = Duration::from_secs(5);

/// What was learnt of an account's plan. Shared by clones.
#[derive(Debug, Clone, Default)]
pub(super) struct PlanLimits {
    /// In seconds; 0: unknown.
    longest: Arc<AtomicU64>,
    /// In hours, assumed from the last timeout that was cut; 0: none.
    supposed: Arc<AtomicU64>,
}

impl PlanLimits {
    pub(super) fn longest(&self) -> Option<Duration> {
        let secs = self.longest.load(Ordering::Relaxed);
        (secs > 0).then(|| Duration::from_secs(secs))
    }

    /// As much of a timeout as the plan is known to allow.
    pub(super) fn allowed(&self, asked: Duration) -> Duration {
        self.longest().map_or(asked, |longest| asked.min(longest))
    }

    fn learn(&self, longest: Duration) {
        self.longest.store(longest.as_secs(), Ordering::Relaxed);
    }

    /// Learns from a rejection; true: the same call with less may succeed.
    pub(super) fn refused(&self, kind: &ErrorKind, asked: Duration) -> bool {
        let longest = longest_of(kind).filter(|longest| *longest < asked);
        if let Some(longest) = longest {
            self.learn(longest);
        }
        longest.is_some()
    }

    /// Learns from the result of a requested timeout: `left` remains, of `whole` in total.
    ///
    /// The server does not say why it is less: another client may have set a shorter timeout in between. A plan is
    /// learnt only from a lifetime of whole hours, and only if the next call gets the same.
    pub(super) fn granted(&self, asked: Duration, left: Duration, whole: Duration) {
        let is_cut = left + SAME < asked;
        let hours = if is_cut { whole_hours(whole) } else { 0 };
        let supposed = self.supposed.swap(hours, Ordering::Relaxed);
        if hours > 0 && supposed == hours {
            self.learn(Duration::from_secs(hours * HOUR));
        }
        // It allows more than was learnt: the plan was changed.
        if self.longest().is_some_and(|longest| longest + SAME < whole) {
            self.learn(Duration::ZERO);
        }
    }
}

/// A lifetime in hours; 0: it is not a whole number.
fn whole_hours(whole: Duration) -> u64 {
    let secs = (whole + SAME).as_secs();
    if secs % HOUR <= 2 * SAME.as_secs() {
        secs / HOUR
    } else {
        0
    }
}

/// The limit in a rejection: "Timeout cannot be greater than N hours".
fn longest_of(kind: &ErrorKind) -> Option<Duration> {
    let (_, rest) = refusal(kind)?.split_once("cannot be greater than ")?;
    let mut words = rest.split_whitespace();
    let number: u64 = words.next()?.parse().ok().filter(|number| *number > 0)?;
    let unit = match words
        .next()?
        .trim_end_matches(|c: char| !c.is_ascii_alphabetic())
    {
        "second" | "seconds" => 1,
        "minute" | "minutes" => 60,
        "hour" | "hours" => 3600,
        _ => return None,
    };
    number.checked_mul(unit).map(Duration::from_secs)
}

/// Whether a call was rejected since the sandbox has run as long as the plan allows. Its current timeout stays.
pub fn is_at_its_longest(error: &Error) -> bool {
    let said = refusal(&error.kind).map(str::to_ascii_lowercase);
    said.is_some_and(|said| said.contains("max instance length"))
}

fn refusal(kind: &ErrorKind) -> Option<&str> {
    match kind {
        ErrorKind::Status {
            status: 400,
            message,
        } => Some(message),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(status: u16, message: &str) -> ErrorKind {
        let message = message.to_owned();
        ErrorKind::Status { status, message }
    }

    #[test]
    fn the_longest_life_is_read_from_the_refusal() {
        let longest = |message: &str| longest_of(&refused(400, message));
        let hours = Duration::from_hours;

        assert_eq!(
            longest("Timeout cannot be greater than 1 hours"),
            Some(hours(1))
        );
        assert_eq!(
            longest("Timeout cannot be greater than 24 hours."),
            Some(hours(24))
        );
        assert_eq!(longest("Timeout must be greater than 0"), None);
        assert_eq!(longest("Timeout cannot be greater than 0 hours"), None);
        assert_eq!(
            longest("Timeout cannot be greater than 18446744073709551615 hours"),
            None
        );
        assert_eq!(
            longest_of(&refused(500, "cannot be greater than 1 hours")),
            None
        );
    }

    #[test]
    fn a_rejection_without_a_usable_limit_is_not_retried() {
        let plan = PlanLimits::default();
        let kind = refused(400, "Timeout cannot be greater than 1 hours");
        let hour = Duration::from_hours(1);

        assert!(!plan.refused(&kind, hour));
        assert_eq!(plan.longest(), None);
        assert!(plan.refused(&kind, hour * 6));
        assert_eq!(plan.allowed(hour * 6), hour);
    }

    #[test]
    fn a_timeout_that_was_cut_twice_shows_the_plan() {
        let plan = PlanLimits::default();
        let (hour, minute) = (Duration::from_hours(1), Duration::from_mins(1));

        plan.granted(hour, Duration::from_secs(3598), hour);
        assert_eq!(plan.longest(), None);
        // Ten minutes of the hour have passed.
        plan.granted(6 * hour, 50 * minute, Duration::from_millis(3_599_700));
        assert_eq!(plan.longest(), None);
        plan.granted(6 * hour, 20 * minute, hour);
        assert_eq!(plan.longest(), Some(hour));
    }

    #[test]
    fn a_shorter_timeout_by_another_client_is_no_plan() {
        let plan = PlanLimits::default();
        let (hour, minute) = (Duration::from_hours(1), Duration::from_mins(1));

        // Half an hour, however often it occurs.
        for age in [0, 10, 20] {
            let whole = (age + 30) * minute;
            plan.granted(6 * hour, 30 * minute, whole);
        }
        assert_eq!(plan.longest(), None);
        // It looked like a plan's limit, but the next request is granted.
        plan.granted(6 * hour, hour, hour);
        plan.granted(6 * hour, 6 * hour, 6 * hour + 10 * minute);
        plan.granted(6 * hour, 50 * minute, hour);
        assert_eq!(plan.longest(), None);
    }

    #[test]
    fn a_plan_that_allows_more_than_was_learnt_is_not_held_to_it() {
        let plan = PlanLimits::default();
        let hour = Duration::from_hours(1);
        let kind = refused(400, "Timeout cannot be greater than 1 hours");
        assert!(plan.refused(&kind, 6 * hour));

        plan.granted(hour, hour, hour + Duration::from_mins(10));

        assert_eq!(plan.longest(), None);
    }
}
