//! Whether a server is of use to anybody: it has a sandbox with processes, running or stopped, or
//! somebody asks it something. A look at its status is no use of it.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use bytes::Bytes;
use http_body::{Frame, SizeHint};
use tokio::time::{Instant, sleep};

use super::registry::Registry;

/// The path that is asked by those who only look.
pub(super) const STATUS: &str = "/sandbar/status";

/// Requests of a server.
#[derive(Debug, Default)]
pub(super) struct Activity {
    open: AtomicU64,
    begun: AtomicU64,
}

/// A request, until its answer has been sent or given up.
struct Open(Arc<Activity>);

impl Open {
    fn new(activity: &Arc<Activity>) -> Self {
        activity.open.fetch_add(1, Ordering::Relaxed);
        activity.begun.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(activity))
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Counts a request.
pub(super) async fn count(
    State(activity): State<Arc<Activity>>,
    request: Request,
    next: Next,
) -> Response {
    if request.uri().path() == STATUS {
        return next.run(request).await;
    }
    let open = Open::new(&activity);
    let answer = next.run(request).await;
    answer.map(|body| Body::new(Counted { body, _open: open }))
}

/// The body of an answer, with which its request lives and is dropped. Its length stays known:
/// without it every answer would be chunked.
struct Counted {
    body: Body,
    _open: Open,
}

impl http_body::Body for Counted {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Waits until the server has been of no use for so long. Cancel-safe.
pub(super) async fn idle(registry: &Registry, limit: Duration) {
    let activity = &registry.activity;
    let is_used = || {
        activity.open.load(Ordering::Relaxed) > 0
            || registry.all().iter().any(|sandbox| sandbox.run().is_some())
    };
    quiet(limit, is_used, || activity.begun.load(Ordering::Relaxed)).await;
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
