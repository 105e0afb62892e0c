//! When to retry: a pure schedule.
//!
//! Attempts and jitter enter, delays leave. It has no clock and no random source: the caller sleeps and supplies the
//! jitter, so that a test knows every delay.
//!
//! The delay doubles from `base` to `cap`; half of it is fixed and half is scaled by the jitter, so that many
//! sessions that lost the same network do not return at the same moment.

use std::time::Duration;

/// The longest `Retry-After` that is obeyed: the user is waiting.
const RETRY_AFTER_CAP: Duration = Duration::from_mins(5);

/// Counts attempts and returns how long to wait before the next one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backoff {
    base: Duration,
    cap: Duration,
    attempt: u32,
    /// How often the delay has doubled.
    doublings: u32,
}

impl Backoff {
    pub fn new(base: Duration, cap: Duration) -> Self {
        Self {
            base,
            cap,
            attempt: 0,
            doublings: 0,
        }
    }

    /// Failures since the last [`Self::reset`].
    pub fn attempt(&self) -> u32 {
        self.attempt
    }

    /// Counts a failure and returns the wait before the next attempt.
    ///
    /// `jitter` is a random number in `0.0..1.0`; others are clamped. `retry_after` is the server's request: a lower
    /// bound, up to five minutes.
    pub fn next(&mut self, jitter: f64, retry_after: Option<Duration>) -> Duration {
        self.next_within(self.cap, jitter, retry_after)
    }

    /// Like [`Self::next`], with another cap for this call. The delay grows no further than this cap, so that it
    /// continues from there when a later cap is longer.
    pub fn next_within(
        &mut self,
        cap: Duration,
        jitter: f64,
        retry_after: Option<Duration>,
    ) -> Duration {
        self.attempt = self.attempt.saturating_add(1);
        let cap = cap.min(self.cap).max(self.base);
        let whole = self.base.saturating_mul(1_u32 << self.doublings);
        if whole < cap {
            self.doublings = (self.doublings + 1).min(30);
        }
        let whole = whole.min(cap);
        let jitter = if jitter.is_nan() {
            0.0
        } else {
            jitter.clamp(0.0, 1.0)
        };
        let half = whole / 2;
        let delay = half + half.mul_f64(jitter);
        delay.max(retry_after.unwrap_or_default().min(RETRY_AFTER_CAP))
    }

    /// Resets after a success that lasted: one that breaks at once counts as another failure.
    pub fn reset_if_lasting(&mut self, life: Duration, lasting: Duration) {
        if life >= lasting {
            self.reset();
        }
    }

    /// Resets after a success.
    pub fn reset(&mut self) {
        self.attempt = 0;
        self.doublings = 0;
    }
}

/// Parses a `Retry-After` header in seconds, with an optional fraction.
///
/// The date form needs a clock, and our servers do not use it: `None`.
pub fn retry_after(value: &str) -> Option<Duration> {
    let seconds: f64 = value.trim().parse().ok()?;
    Duration::try_from_secs_f64(seconds).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const BASE: Duration = Duration::from_millis(100);
    const CAP: Duration = Duration::from_secs(2);

    #[test]
    fn delays_double_up_to_the_cap_and_start_again_after_a_success() {
        let mut backoff = Backoff::new(BASE, CAP);

        let delays: Vec<u128> = (0..7)
            .map(|_| backoff.next(1.0, None).as_millis())
            .collect();
        backoff.reset();

        assert_eq!(delays, [100, 200, 400, 800, 1600, 2000, 2000]);
        assert_eq!(backoff.next(0.0, None), BASE / 2);
    }

    #[test]
    fn a_lower_cap_holds_the_delay_and_lets_it_grow_later() {
        let mut backoff = Backoff::new(BASE, CAP);
        let low = Duration::from_millis(400);
        let millis = |delay: Duration| delay.as_millis();

        let eager: Vec<u128> = (0..5)
            .map(|_| millis(backoff.next_within(low, 1.0, None)))
            .collect();
        let later: Vec<u128> = (0..4).map(|_| millis(backoff.next(1.0, None))).collect();

        assert_eq!(eager, [100, 200, 400, 400, 400]);
        assert_eq!(later, [400, 800, 1600, 2000]);
        assert_eq!(backoff.attempt(), 9);
    }

    #[test]
    fn a_server_that_asks_for_more_time_gets_it_within_reason() {
        let mut backoff = Backoff::new(BASE, CAP);

        assert_eq!(
            backoff.next(1.0, retry_after(" 7 ")),
            Duration::from_secs(7)
        );
        assert_eq!(backoff.next(1.0, retry_after("999999")), RETRY_AFTER_CAP);
        assert_eq!(retry_after("-1"), None);
        assert_eq!(retry_after("NaN"), None);
        assert_eq!(retry_after("Wed, 21 Oct 2026 07:28:00 GMT"), None);
    }

    proptest! {
        #[test]
        fn no_delay_is_longer_than_the_cap_or_shorter_than_half_the_base(
            jitters in prop::collection::vec(any::<f64>(), 1..80),
        ) {
            let mut backoff = Backoff::new(BASE, CAP);
            for jitter in jitters {
                let delay = backoff.next(jitter, None);
                prop_assert!(delay >= BASE / 2 && delay <= CAP, "{delay:?}");
            }
        }

        #[test]
        fn any_header_is_read_without_a_panic(value in ".{0,40}") {
            let _ = retry_after(&value);
        }
    }
}
