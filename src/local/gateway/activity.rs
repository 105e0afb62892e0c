//! The requests of a server, counted from their coming until their answer has been sent or given up.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use bytes::Bytes;
use http_body::{Frame, SizeHint};

use crate::local::api::status::STATUS;

/// Requests of a server.
#[derive(Debug, Default)]
pub(in crate::local) struct RequestActivity {
    open: AtomicU64,
    begun: AtomicU64,
}

impl RequestActivity {
    /// Whether a request is under way.
    pub(in crate::local) fn is_asked(&self) -> bool {
        self.open.load(Ordering::Relaxed) > 0
    }

    /// How many requests there have been.
    pub(in crate::local) fn begun(&self) -> u64 {
        self.begun.load(Ordering::Relaxed)
    }
}

/// A request, until its answer has been sent or given up.
struct OpenRequest(Arc<RequestActivity>);

impl OpenRequest {
    fn new(activity: &Arc<RequestActivity>) -> Self {
        activity.open.fetch_add(1, Ordering::Relaxed);
        activity.begun.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(activity))
    }
}

impl Drop for OpenRequest {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Counts a request.
pub(in crate::local) async fn count(
    State(activity): State<Arc<RequestActivity>>,
    request: Request,
    next: Next,
) -> Response {
    if request.uri().path() == STATUS {
        return next.run(request).await;
    }
    let open = OpenRequest::new(&activity);
    let answer = next.run(request).await;
    answer.map(|body| Body::new(CountedBody { body, _open: open }))
}

/// The body of an answer, with which its request lives and is dropped. Its length stays known:
/// without it every answer would be chunked.
struct CountedBody {
    body: Body,
    _open: OpenRequest,
}

impl http_body::Body for CountedBody {
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
