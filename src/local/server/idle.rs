//! Whether a server is in use: it has a sandbox with processes, running or stopped, or it gets requests.
//! Requests for its status do not count.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::local::gateway::activity::RequestActivity;
use crate::local::sandbox::registry::Registry;

/// Waits until the server has been of no use for so long. Cancel-safe.
pub(in crate::local) async fn idle(
    registry: &Registry,
    activity: &RequestActivity,
    limit: Duration,
) {
    let is_used =
        || activity.is_asked() || registry.all().iter().any(|sandbox| sandbox.run().is_some());
    quiet(limit, is_used, || activity.begun()).await;
}

/// Waits until for so long it was never used and `count` stood still.
async fn quiet(limit: Duration, is_used: impl Fn() -> bool, count: impl Fn() -> u64) {
    // What happens between two looks shows in the count.
    let step = (limit / 10).clamp(Duration::from_millis(10), Duration::from_secs(30));
    let mut since = Instant::now();
    let mut seen = count();
    while since.elapsed() < limit {
        sleep(step).await;
        let now = count();
        if is_used() || now != seen {
            since = Instant::now();
            seen = now;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    const LIMIT: Duration = Duration::from_mins(15);

    #[tokio::test(start_paused = true)]
    async fn a_server_that_nobody_uses_is_idle_after_the_limit() {
        let began = Instant::now();

        quiet(LIMIT, || false, || 0).await;

        let took = began.elapsed();
        assert!(took >= LIMIT && took < LIMIT * 2, "{took:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn use_and_short_questions_begin_the_wait_anew() {
        let began = Instant::now();
        let hour = Duration::from_hours(1);
        let used = || began.elapsed() < hour;
        let questions = Cell::new(0);
        // The last one comes two hours after the use has ended.
        let count = || {
            if began.elapsed() < hour * 3 {
                questions.set(questions.get() + 1);
            }
            questions.get()
        };

        quiet(LIMIT, used, count).await;

        assert!(began.elapsed() + Duration::from_secs(30) >= hour * 3 + LIMIT);
    }
}
