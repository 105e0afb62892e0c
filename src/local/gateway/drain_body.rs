//! Reads the rest of a request's body when a handler has answered without reading it to the end: a
//! wrong key, a sandbox that is gone. The HTTP library would close the connection after such an
//! answer, and a client that sends head and body in two pieces, or has the connection in its pool
//! already, would see a broken connection instead of the answer or at its next request.
//!
//! So the rest is read and thrown away before the answer goes out, as servers in Go do it (E2B's
//! are): up to [`MOST`] bytes, and not for longer than [`PATIENCE`].

use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use bytes::Bytes;
use http_body::{Body as _, Frame, SizeHint};
use http_body_util::BodyExt as _;

use crate::local::sync::lock;

/// Longest rest that is read away (of Go's `net/http`).
const MOST: usize = 256 * 1024;
/// Longest wait for it.
const PATIENCE: Duration = Duration::from_secs(5);

/// The body of a request, for its handler.
struct HandlerBody(Arc<Mutex<Body>>);

/// The same body, for the time when the handler has answered.
pub(in crate::local) struct UnreadBody(Arc<Mutex<Body>>);

/// Lends a request's body to its handler, so that the rest can be read afterwards.
pub(in crate::local) fn keep(request: Request) -> (Request, UnreadBody) {
    let (parts, body) = request.into_parts();
    let body = Arc::new(Mutex::new(body));
    let lent = Body::new(HandlerBody(Arc::clone(&body)));
    (Request::from_parts(parts, lent), UnreadBody(body))
}

impl UnreadBody {
    /// Reads what is left, unless somebody still reads it to answer in a stream.
    pub(in crate::local) async fn read_away(self) {
        let Some(body) = Arc::into_inner(self.0) else {
            return;
        };
        let mut body = body
            .into_inner()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        if body.is_end_stream() {
            return;
        }
        let reading = async {
            let mut left = MOST;
            while let Some(Ok(frame)) = body.frame().await {
                let length = frame.data_ref().map_or(0, Bytes::len);
                let Some(less) = left.checked_sub(length) else {
                    return;
                };
                left = less;
            }
        };
        // A client that does not send on gets its answer, and loses the connection.
        let _ = tokio::time::timeout(PATIENCE, reading).await;
    }
}

impl http_body::Body for HandlerBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut *lock(&self.0)).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        lock(&self.0).is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        lock(&self.0).size_hint()
    }
}
