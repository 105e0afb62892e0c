//! Faults that E2B has and this server has not, simulated for tests of clients: plans with a maximum lifetime,
//! calls in the middle of a pause, an envd that is restarted. None happens unless it is switched on.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use axum::http::StatusCode;

use crate::local::error::ApiError;
use crate::os::clock::unix_now;

/// The switches; a server starts with all of them off.
#[derive(Debug, Default)]
pub(in crate::local) struct SimulatedFaults {
    /// The plan's longest life, in seconds; 0: there is none.
    pub(in crate::local) longest: AtomicU64,
    /// So many calls are still to be refused.
    pub(in crate::local) changes: AtomicU32,
}

impl SimulatedFaults {
    fn longest(&self) -> Option<Duration> {
        let secs = self.longest.load(Ordering::Relaxed);
        (secs > 0).then(|| Duration::from_secs(secs))
    }

    /// What a create or a connect may ask for (E2B's public sources of August 2026).
    pub(in crate::local) fn check_timeout(&self, timeout: Duration) -> Result<(), ApiError> {
        match self.longest() {
            Some(longest) if timeout > longest => {
                let hours = longest.as_secs() / 3600;
                let message = format!("Timeout cannot be greater than {hours} hours");
                Err(ApiError::bad(message))
            }
            _ => Ok(()),
        }
    }

    /// How long from now a sandbox may live that has run since then: more is cut without a word, and where
    /// nothing is left the call is refused (seen on E2B).
    pub(in crate::local) fn cap(
        &self,
        timeout: Duration,
        since: u64,
    ) -> Result<Duration, ApiError> {
        let Some(longest) = self.longest() else {
            return Ok(timeout);
        };
        let age = Duration::from_millis(unix_now().0.saturating_sub(since));
        match longest.saturating_sub(age) {
            Duration::ZERO => Err(ApiError::bad("Max instance length exceeded")),
            left => Ok(timeout.min(left)),
        }
    }

    /// Refuses a call that is to meet a pause.
    pub(in crate::local) fn check_not_transitioning(&self) -> Result<(), ApiError> {
        let less = |left: u32| left.checked_sub(1);
        let order = Ordering::Relaxed;
        if self.changes.fetch_update(order, order, less).is_err() {
            return Ok(());
        }
        let message = "The sandbox is still transitioning. Try again in a moment.";
        Err(ApiError::new(StatusCode::CONFLICT, message))
    }
}
