//! envd as the SDKs see it, for sandboxes whose processes and files are on this machine: the
//! process and filesystem services, `/files`, `/health`, `/metrics`, `/envs`. Routes get their sandbox as an
//! extension, from the proxy in front.
//!
//! It knows one sandbox and its run, and nothing of the control plane.
//!
//! In reading order: this file and [`context`]; processes: [`process`]; files: [`files`] with [`transfer`],
//! [`signature`] and [`metadata`]; [`filesystem`] with [`path`] and [`entry`]; directories that are watched:
//! [`watch`], [`inotify`] and [`watch_quota`].

pub(super) mod context;
mod entry;
mod files;
mod filesystem;
mod inotify;
mod metadata;
mod path;
mod process;
mod signature;
mod transfer;
pub(super) mod watch;
mod watch_quota;

use std::collections::HashMap;
use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Query, Request};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use axum::{Extension, Json};
use base64::Engine as _;
use connectrpc::{ConnectError, ConnectRpcService, Limits};

use crate::e2b::proto::filesystem::FilesystemExt as _;
use crate::e2b::proto::process::ProcessExt as _;
use crate::local::error::ApiError;
use crate::local::sandbox::LocalSandbox;
use crate::local::sandbox::metrics;
use context::{SandboxContext, known_name, names_token};

/// Largest RPC message; standard input comes in one.
const MESSAGE_LIMIT: usize = 64 * 1024 * 1024;

pub(super) fn router() -> Router {
    let services = Arc::new(process::ProcessService).register(connectrpc::Router::new());
    let services = Arc::new(filesystem::FilesystemService).register(services);
    let limits = Limits::default()
        .with_max_message_size(MESSAGE_LIMIT)
        .with_max_request_body_size(MESSAGE_LIMIT);
    let rpc = ConnectRpcService::new(services).with_limits(limits);
    let router = Router::new()
        .route("/envs", get(envs))
        .route("/metrics", get(metrics))
        .route_service("/process.Process/{method}", rpc.clone())
        .route_service("/filesystem.Filesystem/{method}", rpc)
        .fallback(|| async { ApiError::new(StatusCode::NOT_FOUND, "envd has no such endpoint") })
        .layer(middleware::from_fn(require_token))
        // A signature is as good as the token here; the handlers look at both.
        .route("/files", get(files::download).post(files::upload))
        .route("/health", get(|| async { StatusCode::NO_CONTENT }));
    let reserved = RESERVED.iter().fold(router, |router, path| {
        router.route(path, any(|| std::future::ready(reserved(path))))
    });
    reserved
        .layer(DefaultBodyLimit::disable())
        .layer(middleware::from_fn(share_with_pages))
}

/// What only E2B's own platform may call (its proxy's rule).
const RESERVED: [&str; 7] = [
    "/init",
    "/freeze",
    "/unfreeze",
    "/collapse",
    "/fsfreeze",
    "/fsthaw",
    "/upgrade",
];

fn reserved(path: &'static str) -> Response {
    let message = "This endpoint is reserved for internal use and cannot be called from outside";
    let body = serde_json::json!({ "code": 404, "message": message, "path": path });
    (StatusCode::NOT_FOUND, Json(body)).into_response()
}

const UNAUTHORIZED: &str =
    "unauthorized access, please provide a valid access token or method signing if supported";

/// envd's own answer, plain JSON even in front of an RPC.
pub(super) fn unauthorized() -> Response {
    ApiError::new(StatusCode::UNAUTHORIZED, UNAUTHORIZED).into_response()
}

/// Whether a browser asks if a page may send a request. It says nothing of a sandbox and cannot
/// carry a token, so it is answered for all.
pub(super) fn is_preflight(request: &Request) -> bool {
    let asks = request.headers();
    request.method() == Method::OPTIONS && asks.contains_key("access-control-request-method")
}

pub(super) fn preflight() -> Response {
    let headers = [
        ("access-control-allow-origin", "*"),
        (
            "access-control-allow-methods",
            "GET, HEAD, POST, PUT, PATCH, DELETE",
        ),
        ("access-control-allow-headers", "*, Authorization"),
        ("access-control-max-age", "7200"),
    ];
    (StatusCode::NO_CONTENT, headers).into_response()
}

/// Lets web pages read the answer, but only if whoever wrote them has the token or a signature:
/// any page can send requests to this machine.
async fn share_with_pages(
    Extension(cx): Extension<SandboxContext>,
    request: Request,
    next: Next,
) -> Response {
    let from_page = request.headers().contains_key("origin");
    let signed = request.uri().path() == "/files"
        && request
            .uri()
            .query()
            .is_some_and(|query| query.contains("signature="));
    let known = cx.has_token(request.headers());
    let mut response = next.run(request).await;
    if from_page && (known || (signed && response.status() != StatusCode::UNAUTHORIZED)) {
        let headers = response.headers_mut();
        headers.insert("access-control-allow-origin", HeaderValue::from_static("*"));
        headers.insert(
            "access-control-expose-headers",
            HeaderValue::from_static(
                "*, Content-Disposition, Content-Range, Connect-Protocol-Version",
            ),
        );
    }
    response
}

async fn require_token(
    Extension(cx): Extension<SandboxContext>,
    request: Request,
    next: Next,
) -> Response {
    if !cx.has_token(request.headers()) {
        return unauthorized();
    }
    let user = basic_user(request.headers());
    if let Err(message) = known_name(&user, cx.sandbox.user(&cx.registry.options)) {
        return refuse(&request, &ConnectError::unauthenticated(message));
    }
    next.run(request).await
}

/// Whether the request has the sandbox's token, or a signature made with it. One that has expired
/// says no less whose it is.
pub(super) fn may_use(sandbox: &LocalSandbox, request: &Request) -> bool {
    !sandbox.record().secure || is_for(sandbox, request)
}

/// The same, and it cannot be meant for another sandbox.
pub(super) fn is_for(sandbox: &LocalSandbox, request: &Request) -> bool {
    if names_token(sandbox, request.headers()) {
        return true;
    }
    let operation = if request.method() == Method::POST {
        "write"
    } else {
        "read"
    };
    let query = Query::<HashMap<String, String>>::try_from_uri(request.uri());
    let token = sandbox.record().envd_token;
    request.uri().path() == "/files"
        && query.is_ok_and(|Query(query)| {
            let checked = signature::check(&query, operation, &token, 0);
            matches!(checked, Ok(()) | Err(signature::SignatureError::Expired))
        })
}

/// The user of HTTP Basic; empty if none is named.
fn basic_user(headers: &HeaderMap) -> String {
    let basic = headers
        .get("authorization")
        .and_then(|value| value.to_str().ok());
    let Some(encoded) = basic.and_then(|value| value.strip_prefix("Basic ")) else {
        return String::new();
    };
    let decoded = base64::engine::general_purpose::STANDARD
        .decode(encoded)
        .unwrap_or_default();
    let text = String::from_utf8_lossy(&decoded);
    text.split(':').next().unwrap_or_default().to_owned()
}

/// An error in front of an RPC, in the form that its caller reads: a stream's error is in its end
/// (flag 2), of any other call it is the body. Both are JSON in every codec.
fn refuse(request: &Request, error: &ConnectError) -> Response {
    let kind = request.headers().get("content-type");
    let stream = kind.filter(|kind| kind.as_bytes().starts_with(b"application/connect+"));
    let Some(kind) = stream else {
        let json = [("content-type", "application/json")];
        return (error.http_status(), json, error.to_json()).into_response();
    };
    let error: serde_json::Value = serde_json::from_slice(&error.to_json()).unwrap_or_default();
    let end = serde_json::json!({ "error": error }).to_string();
    let length = u32::try_from(end.len()).unwrap_or_default().to_be_bytes();
    let body = [&[2], &length[..], end.as_bytes()].concat();
    ([("content-type", kind.clone())], body).into_response()
}

async fn envs(Extension(cx): Extension<SandboxContext>) -> Response {
    let env = cx
        .sandbox
        .environment(&cx.registry.options, &std::collections::BTreeMap::new());
    ([("cache-control", "no-store")], Json(env)).into_response()
}

/// Of the sandbox's processes, in envd's spelling (0.6.4).
async fn metrics(Extension(cx): Extension<SandboxContext>) -> Result<Response, ApiError> {
    let sample = metrics::sample(&cx.sandbox, &cx.run).await?;
    let body = serde_json::json!({
        "ts": sample.unix_secs,
        "cpu_count": sample.cpu_count,
        "cpu_used_pct": sample.cpu_used_pct,
        "mem_total": sample.mem_total,
        "mem_total_mib": sample.mem_total / (1024 * 1024),
        "mem_used": sample.mem_used,
        "mem_used_mib": sample.mem_used / (1024 * 1024),
        "mem_cache": sample.mem_cache,
        "disk_used": sample.disk_used,
        "disk_total": sample.disk_total,
    });
    Ok(Json(body).into_response())
}
