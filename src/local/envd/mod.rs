//! envd as the SDKs see it, for sandboxes whose processes and files are on this machine: the
//! process and filesystem services, `/files`, `/health`, `/envs`. Routes get their sandbox as an
//! extension, from the proxy in front.

mod files;
mod filesystem;
mod path;
mod process;

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Json};
use base64::Engine as _;
use connectrpc::{ConnectError, ConnectRpcService, Limits, RequestContext};

use crate::e2b::proto::filesystem::FilesystemExt as _;
use crate::e2b::proto::process::ProcessExt as _;

use super::auth;
use super::error::ApiError;
use super::registry::Registry;
use super::sandbox::{Run, Sandbox};

/// Largest RPC message; standard input comes in one.
const MESSAGE_LIMIT: usize = 64 * 1024 * 1024;

/// The sandbox that a request is for.
#[derive(Clone)]
pub(super) struct Context {
    pub(super) sandbox: Arc<Sandbox>,
    pub(super) run: Arc<Run>,
    pub(super) registry: Arc<Registry>,
}

pub(super) fn router() -> Router {
    let services = Arc::new(process::Service).register(connectrpc::Router::new());
    let services = Arc::new(filesystem::Service).register(services);
    let limits = Limits::default()
        .with_max_message_size(MESSAGE_LIMIT)
        .with_max_request_body_size(MESSAGE_LIMIT);
    let rpc = ConnectRpcService::new(services).with_limits(limits);
    Router::new()
        .route("/files", get(files::download).post(files::upload))
        .route("/envs", get(envs))
        .route(
            "/metrics",
            get(|| async { ApiError::unsupported("metrics") }),
        )
        .route_service("/process.Process/{method}", rpc.clone())
        .route_service("/filesystem.Filesystem/{method}", rpc)
        .fallback(|| async { ApiError::new(StatusCode::NOT_FOUND, "envd has no such endpoint") })
        .layer(middleware::from_fn(require_token))
        .layer(DefaultBodyLimit::disable())
        .route("/health", get(|| async { StatusCode::NO_CONTENT }))
}

/// envd's own answer, plain JSON even in front of an RPC.
pub(super) fn unauthorized() -> Response {
    let message =
        "unauthorized access, please provide a valid access token or method signing if supported";
    ApiError::new(StatusCode::UNAUTHORIZED, message).into_response()
}

async fn require_token(
    Extension(cx): Extension<Context>,
    request: Request,
    next: Next,
) -> Response {
    let given = request
        .headers()
        .get("x-access-token")
        .map_or(&b""[..], HeaderValue::as_bytes);
    if !auth::same(given, cx.sandbox.record().envd_token.as_bytes()) {
        return unauthorized();
    }
    if let Err(message) = known_user(request.headers(), &cx.registry.options.user) {
        return ConnectError::unauthenticated(message).into_response_json();
    }
    next.run(request).await
}

/// The user of HTTP Basic, if one is named, must be the one whose processes these are.
fn known_user(headers: &HeaderMap, user: &str) -> Result<(), String> {
    let basic = headers
        .get("authorization")
        .and_then(|value| value.to_str().ok());
    let Some(encoded) = basic.and_then(|value| value.strip_prefix("Basic ")) else {
        return Ok(());
    };
    let decoded = base64::engine::general_purpose::STANDARD
        .decode(encoded)
        .unwrap_or_default();
    let text = String::from_utf8_lossy(&decoded);
    let name = text.split(':').next().unwrap_or_default();
    // `user` is E2B's default account; old SDKs always send it.
    if name.is_empty() || name == "user" || name == user {
        return Ok(());
    }
    Err(format!(
        "invalid username: '{name}': local sandboxes run as '{user}'"
    ))
}

trait IntoJson {
    fn into_response_json(self) -> Response;
}

impl IntoJson for ConnectError {
    fn into_response_json(self) -> Response {
        let json = [("content-type", "application/json")];
        (self.http_status(), json, self.to_json()).into_response()
    }
}

async fn envs(Extension(cx): Extension<Context>) -> Response {
    let env = cx
        .sandbox
        .environment(&cx.registry.options, &std::collections::BTreeMap::new());
    ([("cache-control", "no-store")], Json(env)).into_response()
}

/// The sandbox of an RPC.
fn context(cx: &RequestContext) -> Result<Context, ConnectError> {
    let found = cx.extensions().get::<Context>().cloned();
    found.ok_or_else(|| ConnectError::internal("the request has no sandbox"))
}
