//! The demo model's two routes, and the pace of its answers.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Json, Response};
use axum::routing::{get, post};
use axum::{Router, serve as serve_router};
use futures::stream;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::MODEL;
use super::choose::{ModelAnswer, answer};
use super::reply;
use super::request::ModelRequest;
use super::script::ScriptBook;

/// Every request contains the whole conversation, which may be long.
const MAX_BODY: usize = 64 * 1024 * 1024;

/// How fast the model answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// Like a fast model: about 50 words a second.
    Lively,
    /// Everything at once, for tests.
    Instant,
}

#[derive(Clone)]
struct DemoModel {
    book: Arc<ScriptBook>,
    pace: Pace,
    shutdown: CancellationToken,
}

/// Serves the demo model at the lively pace until `shutdown`.
///
/// # Errors
/// When the listener fails, or a built-in script cannot be read.
pub async fn serve(listener: TcpListener, shutdown: CancellationToken) -> io::Result<()> {
    serve_at(Pace::Lively, listener, shutdown).await
}

/// Serves the demo model until `shutdown`, which cuts off running answers.
pub async fn serve_at(
    pace: Pace,
    listener: TcpListener,
    shutdown: CancellationToken,
) -> io::Result<()> {
    let book = ScriptBook::built_in().map_err(io::Error::other)?;
    let model = DemoModel {
        book: Arc::new(book),
        pace,
        shutdown: shutdown.clone(),
    };
    let router = Router::new()
        .route("/v1/chat/completions", post(complete))
        .route("/v1/models", get(models))
        .fallback(unknown)
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .with_state(model);
    serve_router(listener, router)
        .with_graceful_shutdown(shutdown.cancelled_owned())
        .await
}

async fn models() -> Json<Value> {
    let model = json!({ "id": MODEL, "object": "model", "created": 0, "owned_by": "sandbar" });
    Json(json!({ "object": "list", "data": [model] }))
}

async fn unknown() -> Response {
    failure(StatusCode::NOT_FOUND, "The demo model has no such endpoint")
}

async fn complete(State(model): State<DemoModel>, body: Bytes) -> Response {
    let Ok(body) = serde_json::from_slice::<Value>(&body) else {
        return failure(StatusCode::BAD_REQUEST, "The request is not JSON");
    };
    let request = ModelRequest::read(&body);
    let speech = match answer(&model.book, &request) {
        ModelAnswer::Say(speech) => speech,
        ModelAnswer::Fail { status, message } => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
            return failure(status, &message);
        }
    };
    if !request.stream {
        return Json(reply::whole(&speech, &request)).into_response();
    }
    let pace = match model.pace {
        Pace::Lively => speech.pace.unwrap_or(Duration::from_millis(20)),
        Pace::Instant => Duration::ZERO,
    };
    let frames = reply::frames(&speech, &request);
    let headers = [
        (header::CONTENT_TYPE, "text/event-stream"),
        (header::CACHE_CONTROL, "no-cache"),
    ];
    (headers, paced(frames, pace, model.shutdown)).into_response()
}

/// Sends the frames one after the other with a delay between them.
fn paced(frames: Vec<String>, pace: Duration, shutdown: CancellationToken) -> Body {
    let start = (frames.into_iter(), shutdown);
    let frames = stream::unfold(start, move |(mut frames, shutdown)| async move {
        let frame = frames.next()?;
        if !pace.is_zero() {
            tokio::select! {
                () = shutdown.cancelled() => return None,
                () = tokio::time::sleep(pace) => {}
            }
        }
        Some((Ok::<_, Infallible>(Bytes::from(frame)), (frames, shutdown)))
    });
    Body::from_stream(frames)
}

fn failure(status: StatusCode, message: &str) -> Response {
    let body = reply::error(message, "invalid_request_error");
    (status, Json(body)).into_response()
}
