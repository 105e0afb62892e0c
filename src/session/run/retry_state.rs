//! Transient failures in a row: how long to wait before the next attempt, and what to report meanwhile.
//!
//! Reasons and jitter enter, waits leave. During the first half minute a lost connection is retried eagerly: while
//! the user watches, most losses last a few seconds, and asking a running server is cheap. A boot costs more and is
//! retried slowly from the start. A connection that does not last does not end the row: a server that accepts each
//! and drops it at once would be asked several times a second without end.

use std::time::Duration;

use tokio::time::Instant;

use crate::domain::sandbox::Outage;
use crate::domain::time::UnixMillis;
use crate::net::backoff::Backoff;
use crate::session::context::timing::Timing;

/// A row of transient failures.
#[derive(Debug)]
pub(in crate::session) struct RetryState {
    backoff: Backoff,
    /// The time reported.
    since: Option<UnixMillis>,
    /// When the first of them was noticed.
    began: Option<Instant>,
    eager: Option<EagerRetry>,
    /// A connection that lives this long has recovered.
    lasting: Duration,
}

/// Eager retries: for how long, and the longest wait meanwhile.
#[derive(Debug, Clone, Copy)]
struct EagerRetry {
    lasts: Duration,
    cap: Duration,
}

impl RetryState {
    pub(in crate::session) fn of_boots(timing: &Timing) -> Self {
        Self {
            backoff: Backoff::new(timing.backoff_base, timing.backoff_cap),
            since: None,
            began: None,
            eager: None,
            lasting: timing.lasting,
        }
    }

    pub(in crate::session) fn of_connections(timing: &Timing) -> Self {
        let eager = EagerRetry {
            lasts: timing.eager_for,
            cap: timing.eager_cap,
        };
        Self {
            eager: Some(eager),
            ..Self::of_boots(timing)
        }
    }

    /// Failures since the last success.
    pub(in crate::session) fn attempt(&self) -> u32 {
        self.backoff.attempt()
    }

    /// Resets after a success.
    pub(in crate::session) fn over(&mut self) {
        self.backoff.reset();
        self.since = None;
        self.began = None;
    }

    /// A connection had recovered and was live for this long.
    pub(in crate::session) fn lived(&mut self, life: Duration) {
        if life >= self.lasting {
            self.over();
        }
    }

    /// The connection was silent for this long before the loss was noticed.
    pub(in crate::session) fn silent_for(&mut self, silence: Duration, now: UnixMillis) {
        self.since = (!silence.is_zero()).then(|| now.minus(silence));
    }

    /// Whether there is a loss, recent enough for eager retries.
    pub(in crate::session) fn is_eager(&self) -> bool {
        let lasts = self.eager.map_or(Duration::ZERO, |eager| eager.lasts);
        self.began.is_some_and(|began| began.elapsed() < lasts)
    }

    /// Records a failure, by its reason and the minimum wait; returns how long to wait, and what to report.
    pub(in crate::session) fn next(
        &mut self,
        (reason, least): (String, Duration),
        jitter: f64,
        now: UnixMillis,
    ) -> (Duration, Outage) {
        let since = *self.since.get_or_insert(now);
        self.began.get_or_insert_with(Instant::now);
        let cap = self.eager.filter(|_| self.is_eager());
        let cap = cap.map_or(Duration::MAX, |eager| eager.cap);
        let wait = self.backoff.next_within(cap, jitter, Some(least));
        let outage = Outage {
            since,
            attempt: self.backoff.attempt(),
            next_at: now.plus(wait),
            reason,
        };
        (wait, outage)
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    /// The waits of the attempts in the first minute, if each fails at once.
    async fn waits(mut retry_state: RetryState, jitter: f64) -> Vec<(Duration, Duration)> {
        let began = Instant::now();
        let mut waits = Vec::new();
        while began.elapsed() < Duration::from_mins(2) {
            let failed = ("x".to_owned(), Duration::ZERO);
            let (wait, _) = retry_state.next(failed, jitter, UnixMillis(0));
            waits.push((began.elapsed(), wait));
            tokio::time::advance(wait).await;
        }
        waits
    }

    #[tokio::test(start_paused = true)]
    async fn a_lost_connection_is_retried_at_least_each_second_for_half_a_minute() {
        let timing = Timing::default();
        let half_minute = Duration::from_secs(30);
        for jitter in [0.0, 0.5, 1.0] {
            let waits = waits(RetryState::of_connections(&timing), jitter).await;

            let (eager, later): (Vec<_>, Vec<_>) =
                waits.into_iter().partition(|(at, _)| *at < half_minute);
            assert!(
                eager
                    .iter()
                    .all(|(_, wait)| *wait <= Duration::from_secs(1))
            );
            assert!(eager.len() >= 30, "{}", eager.len());
            let last = later.last().map(|(_, wait)| *wait);
            assert!(last >= Some(timing.backoff_cap / 2), "{last:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn eager_retries_restart_with_each_loss_and_respect_the_server() {
        let timing = Timing::default();
        let mut retry_state = RetryState::of_connections(&timing);
        assert!(!retry_state.is_eager());
        let failed = |secs| ("x".to_owned(), Duration::from_secs(secs));

        let (wait, _) = retry_state.next(failed(7), 1.0, UnixMillis(0));
        assert_eq!(wait, Duration::from_secs(7));
        tokio::time::advance(timing.eager_for).await;
        assert!(!retry_state.is_eager());
        retry_state.over();
        retry_state.next(failed(0), 1.0, UnixMillis(0));

        assert!(retry_state.is_eager());
    }

    #[tokio::test(start_paused = true)]
    async fn a_server_that_drops_each_connection_soon_is_asked_less_and_less_often() {
        let timing = Timing::default();
        let mut retry_state = RetryState::of_connections(&timing);
        let life = Duration::from_millis(100);
        let began = Instant::now();
        let (mut eager, mut later) = (0, Vec::new());
        while began.elapsed() < Duration::from_mins(10) {
            retry_state.lived(life);
            let (wait, _) = retry_state.next(("x".to_owned(), Duration::ZERO), 1.0, UnixMillis(0));
            if began.elapsed() < Duration::from_secs(30) {
                assert!(wait <= Duration::from_secs(1), "{wait:?}");
                eager += 1;
            } else {
                later.push(wait);
            }
            tokio::time::advance(life + wait).await;
        }
        assert!(eager <= 32, "{eager}");
        assert_eq!(later.last(), Some(&timing.backoff_cap));

        // The loss of one that lasted is retried eagerly again.
        retry_state.lived(timing.lasting);
        let (wait, outage) = retry_state.next(("x".to_owned(), Duration::ZERO), 1.0, UnixMillis(0));

        assert_eq!((wait, outage.attempt), (timing.backoff_base, 1));
        assert!(retry_state.is_eager());
    }

    #[tokio::test(start_paused = true)]
    async fn a_boot_is_retried_slowly() {
        let waits = waits(RetryState::of_boots(&Timing::default()), 1.0).await;

        assert!(waits.len() < 20, "{}", waits.len());
    }
}
