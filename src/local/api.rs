//! The control plane's REST routes. What E2B has and we do not is answered 501 with the reason.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{Path, Query, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use axum::{Json, Router, middleware};
use secrecy::ExposeSecret;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::e2b::wire;

use super::auth;
use super::daemon::Status;
use super::error::ApiError;
use super::registry::{NewSandbox, Registry};
use super::sandbox::{Record, Sandbox, State as SandboxState};

/// Server default of the v2 create and connect calls.
const DEFAULT_TIMEOUT: i64 = 300;
/// Server default of the older create and resume calls.
const OLD_TIMEOUT: i64 = 15;
/// Default and maximum of a page (E2B's own).
const PAGE: usize = 100;
/// What the SDKs take features from; the lowest that has all we offer.
pub(super) const ENVD_VERSION: &str = "0.6.4";
const CLIENT_ID: &str = "local";
const FOREVER: u64 = 100 * 365 * 24 * 3600;

type App = Arc<Registry>;
type Answer<T = Response> = Result<T, ApiError>;

/// All control plane routes, behind the API key.
pub(super) fn router(registry: App) -> Router {
    Router::new()
        .route("/v2/sandboxes", post(create).get(list))
        .route("/sandboxes", post(create_old).get(list_old))
        .route("/sandboxes/{id}", get(detail).delete(kill))
        .route("/sandboxes/{id}/connect", post(connect))
        .route("/v2/sandboxes/{id}/connect", post(connect))
        .route("/sandboxes/{id}/resume", post(resume))
        .route("/sandboxes/{id}/timeout", post(set_timeout))
        .route("/sandboxes/{id}/refreshes", post(refresh))
        .route("/sandboxes/{id}/pause", post(pause))
        .route(
            "/sandboxes/{id}/metrics",
            get(|| missing("metrics of a sandbox")),
        )
        .route("/sandboxes/{id}/logs", get(|| missing("logs of a sandbox")))
        .route(
            "/v2/sandboxes/{id}/logs",
            get(|| missing("logs of a sandbox")),
        )
        .route("/sandboxes/{id}/snapshots", post(|| missing("snapshots")))
        .route(
            "/sandboxes/{id}/fork",
            post(|| missing("forks of a sandbox")),
        )
        .route(
            "/sandboxes/{id}/network",
            axum::routing::put(|| missing("network rules")),
        )
        .route("/snapshots", get(|| missing("snapshots")))
        .route(
            "/templates/{id}",
            delete(|| missing("templates made through the API")),
        )
        .route("/sandbar/status", get(status))
        .route("/sandbar/templates/{name}/install", get(install))
        .fallback(|| async { ApiError::new(StatusCode::NOT_FOUND, "there is no such route") })
        .layer(middleware::from_fn_with_state(
            Arc::clone(&registry),
            require_key,
        ))
        .route("/health", get(|| async { "Health check successful" }))
        .with_state(registry)
}

async fn require_key(State(app): State<App>, request: Request, next: Next) -> Response {
    let presented = request
        .headers()
        .get("x-api-key")
        .map_or(&b""[..], HeaderValue::as_bytes);
    if auth::same(presented, app.options.api_key.expose_secret().as_bytes()) {
        return next.run(request).await;
    }
    ApiError::new(StatusCode::UNAUTHORIZED, "Invalid API key").into_response()
}

fn missing(what: &str) -> std::future::Ready<ApiError> {
    std::future::ready(ApiError::unsupported(what))
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Answer<T> {
    let body = if body.is_empty() { b"{}" } else { body };
    serde_json::from_slice(body).map_err(|error| ApiError::bad(format!("invalid body: {error}")))
}

fn seconds(timeout: i64) -> Answer<Duration> {
    match u64::try_from(timeout) {
        Ok(seconds) if seconds > 0 => Ok(Duration::from_secs(seconds.min(FOREVER))),
        _ => Err(ApiError::bad("Timeout must be greater than 0")),
    }
}

async fn create(State(app): State<App>, body: Bytes) -> Answer {
    create_with(app, body, DEFAULT_TIMEOUT).await
}

async fn create_old(State(app): State<App>, body: Bytes) -> Answer {
    create_with(app, body, OLD_TIMEOUT).await
}

async fn create_with(app: App, body: Bytes, default: i64) -> Answer {
    let raw: serde_json::Map<String, Value> = parse(&body)?;
    let wanted = checked(&raw, parse(&body)?, default)?;
    // Goes on if the caller hangs up: a half-made sandbox would belong to nobody.
    let made = tokio::spawn({
        let app = Arc::clone(&app);
        async move { app.create(wanted).await }
    });
    let sandbox = made
        .await
        .map_err(|error| ApiError::internal(error.to_string()))??;
    Ok((StatusCode::CREATED, Json(view(&app, &sandbox))).into_response())
}

fn checked(
    raw: &serde_json::Map<String, Value>,
    body: wire::NewSandbox,
    default: i64,
) -> Answer<NewSandbox> {
    let empty = |value: &Value| match value {
        Value::Null => true,
        Value::Array(list) => list.is_empty(),
        Value::Object(map) => map.is_empty(),
        _ => false,
    };
    for (field, what) in [
        ("mcp", "the MCP gateway"),
        ("volumeMounts", "volumes"),
        ("iam", "identity tokens"),
    ] {
        if raw.get(field).is_some_and(|value| !empty(value)) {
            return Err(ApiError::unsupported(what));
        }
    }
    let network = body.network.unwrap_or_default();
    if body.allow_internet_access == Some(false) || network.other.values().any(|rule| !empty(rule))
    {
        return Err(ApiError::unsupported(
            "network rules: its sandboxes share this machine's network",
        ));
    }
    if body.auto_resume.is_some_and(|resume| resume.enabled) {
        return Err(ApiError::unsupported(
            "auto-resume: connect to a paused sandbox instead",
        ));
    }
    let env_vars = body
        .env_vars
        .into_iter()
        .map(|(k, v)| (k, v.expose_secret().to_owned()));
    Ok(NewSandbox {
        template: body.template_id,
        metadata: body.metadata,
        env_vars: env_vars.collect(),
        timeout: seconds(body.timeout.unwrap_or(default))?,
        auto_pause: body.auto_pause.unwrap_or(false),
        auto_pause_memory: body.auto_pause_memory.unwrap_or(true),
        public_traffic: network.allow_public_traffic.unwrap_or(true),
    })
}

async fn connect(State(app): State<App>, Path(id): Path<String>, body: Bytes) -> Answer {
    let timeout = parse::<wire::ConnectSandbox>(&body)?
        .timeout
        .unwrap_or(DEFAULT_TIMEOUT);
    let resumed = app.connect(&id, seconds(timeout)?).await?;
    let status = if resumed {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    };
    Ok((status, Json(view(&app, &*app.get(&id)?))).into_response())
}

async fn resume(State(app): State<App>, Path(id): Path<String>, body: Bytes) -> Answer {
    let timeout = parse::<wire::ResumeSandbox>(&body)?
        .timeout
        .unwrap_or(OLD_TIMEOUT);
    if app.get(&id)?.record().state == SandboxState::Running {
        let message = format!("Sandbox '{id}' is already running");
        return Err(ApiError::new(StatusCode::CONFLICT, message));
    }
    app.connect(&id, seconds(timeout)?).await?;
    Ok((StatusCode::CREATED, Json(view(&app, &*app.get(&id)?))).into_response())
}

async fn set_timeout(
    State(app): State<App>,
    Path(id): Path<String>,
    body: Bytes,
) -> Answer<StatusCode> {
    let timeout = parse::<wire::SetTimeout>(&body)?.timeout;
    // A negative time ends the sandbox now (E2B's rule).
    let timeout = if timeout < 0 {
        Duration::ZERO
    } else {
        seconds(timeout)?
    };
    app.set_timeout(&id, timeout, false)?;
    Ok(StatusCode::NO_CONTENT)
}

async fn refresh(
    State(app): State<App>,
    Path(id): Path<String>,
    body: Bytes,
) -> Answer<StatusCode> {
    let duration = parse::<wire::RefreshSandbox>(&body)?
        .duration
        .unwrap_or(OLD_TIMEOUT);
    app.set_timeout(&id, seconds(duration.max(OLD_TIMEOUT))?, true)?;
    Ok(StatusCode::NO_CONTENT)
}

async fn pause(State(app): State<App>, Path(id): Path<String>, body: Bytes) -> Answer<StatusCode> {
    let memory = parse::<wire::PauseSandbox>(&body)?.memory.unwrap_or(true);
    app.pause(&id, memory).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn kill(State(app): State<App>, Path(id): Path<String>) -> Answer<StatusCode> {
    app.kill(&id).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn detail(State(app): State<App>, Path(id): Path<String>) -> Answer {
    let record = app.get(&id)?.record();
    let network = wire::Network {
        allow_public_traffic: Some(record.traffic_token.is_none()),
        ..wire::Network::default()
    };
    let lifecycle = wire::Lifecycle {
        on_timeout: if record.auto_pause { "pause" } else { "kill" }.to_owned(),
        auto_resume: false,
    };
    Ok(Json(wire::SandboxDetail {
        domain: Some(app.options.domain.clone()),
        envd_access_token: Some(record.envd_token.clone().into()),
        allow_internet_access: Some(true),
        network: Some(network),
        lifecycle: Some(lifecycle),
        listed: listed(record),
    })
    .into_response())
}

fn view(app: &Registry, sandbox: &Sandbox) -> wire::Sandbox {
    let record = sandbox.record();
    wire::Sandbox {
        sandbox_id: record.id,
        template_id: record.template,
        client_id: CLIENT_ID.to_owned(),
        envd_version: ENVD_VERSION.to_owned(),
        alias: None,
        envd_access_token: Some(record.envd_token.into()),
        traffic_access_token: record.traffic_token.map(Into::into),
        domain: Some(app.options.domain.clone()),
    }
}

/// A sandbox as lists show it. It has the whole machine, so its processors are the machine's;
/// memory and disk are not limited, and 0 says so.
fn listed(record: Record) -> wire::ListedSandbox {
    let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    wire::ListedSandbox {
        sandbox_id: record.id,
        alias: Some(record.template.clone()),
        template_id: record.template,
        client_id: CLIENT_ID.to_owned(),
        started_at: time(record.started_at),
        end_at: time(record.ends_at),
        cpu_count: u32::try_from(processors).unwrap_or(1),
        memory_mb: memory_mb(),
        disk_size_mb: 0,
        state: match record.state {
            SandboxState::Running => wire::SandboxState::Running,
            SandboxState::Paused => wire::SandboxState::Paused,
        },
        envd_version: ENVD_VERSION.to_owned(),
        metadata: record.metadata,
    }
}

fn time(unix_millis: u64) -> String {
    wire::to_rfc3339(i64::try_from(unix_millis).unwrap_or(i64::MAX))
}

/// The machine's memory: nothing smaller limits a sandbox.
fn memory_mb() -> u64 {
    let info = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let total = info.lines().find_map(|line| line.strip_prefix("MemTotal:"));
    let kilobytes = total.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kilobytes.unwrap_or(0) / 1024
}

async fn list_old(
    State(app): State<App>,
    Query(mut query): Query<HashMap<String, String>>,
) -> Answer {
    query.insert("state".to_owned(), "running".to_owned());
    list(State(app), Query(query)).await
}

async fn list(State(app): State<App>, Query(query): Query<HashMap<String, String>>) -> Answer {
    if query.contains_key("startedAfter") {
        return Err(ApiError::unsupported("the filter startedAfter"));
    }
    let metadata = metadata_filter(query.get("metadata").map_or("", String::as_str));
    let limit = query.get("limit").map_or(Ok(PAGE), |limit| limit.parse());
    let limit = limit
        .map_err(|_| ApiError::bad("limit must be a number"))?
        .clamp(1, PAGE);
    let mut all: Vec<Record> = app.all().iter().map(|sandbox| sandbox.record()).collect();
    all.retain(|record| {
        let state = match record.state {
            SandboxState::Running => "running",
            SandboxState::Paused => "paused",
        };
        query
            .get("state")
            .is_none_or(|states| states.split(',').any(|one| one == state))
            && query
                .get("template")
                .is_none_or(|template| *template == record.template)
            && metadata
                .iter()
                .all(|(key, value)| record.metadata.get(key) == Some(value))
    });
    let running = all
        .iter()
        .filter(|record| record.state == SandboxState::Running)
        .count();
    if query.get("order").is_some_and(|order| order == "asc") {
        all.reverse();
    }
    // The token is the last id of the page before: a kill in between shifts nothing.
    let start = query.get("nextToken").map_or(0, |token| {
        all.iter()
            .position(|record| record.id == *token)
            .map_or(all.len(), |at| at + 1)
    });
    let more = all.len() > start + limit;
    let page: Vec<_> = all
        .into_iter()
        .skip(start)
        .take(limit)
        .map(listed)
        .collect();
    let mut headers = HeaderMap::new();
    headers.insert("x-total-running", HeaderValue::from(running));
    let last = page.last().filter(|_| more);
    if let Some(token) = last.and_then(|last| HeaderValue::from_str(&last.sandbox_id).ok()) {
        headers.insert("x-next-token", token);
    }
    Ok((headers, Json(page)).into_response())
}

/// The SDKs encode keys and values, join them as a form, encode that, and encode it again as a
/// query value. The last layer is off already.
fn metadata_filter(text: &str) -> BTreeMap<String, String> {
    let form = unescape(text);
    form.split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            (unescape(&unescape(key)), unescape(&unescape(value)))
        })
        .collect()
}

fn unescape(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let digits = tail.get(..2).and_then(|two| std::str::from_utf8(two).ok());
        let byte = digits.and_then(|two| u8::from_str_radix(two, 16).ok());
        if let (b'%', Some(byte)) = (first, byte) {
            bytes.push(byte);
            rest = tail.get(2..).unwrap_or_default();
        } else {
            bytes.push(first);
            rest = tail;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// `GET /sandbar/status`: who serves here. Our own addition.
async fn status(State(app): State<App>) -> Json<Status> {
    Json(Status {
        pid: std::process::id(),
        version: app.options.version.clone(),
    })
}

/// `GET /sandbar/templates/{name}/install`: installs the template if need be, and streams its
/// progress as NDJSON: `{"line": "…"}` while it runs, at the end `{"done": true}` or
/// `{"error": "…"}`. Our own addition, so that a long first create can be shown beforehand.
async fn install(State(app): State<App>, Path(name): Path<String>) -> Answer {
    let progress = app.templates.install(&name)?;
    let lines = futures::stream::unfold(progress, |mut progress| async move {
        let step = progress.next().await?;
        let mut line = serde_json::to_vec(&step).unwrap_or_default();
        line.push(b'\n');
        Some((Ok::<_, std::convert::Infallible>(line), progress))
    });
    Ok((
        [("content-type", "application/x-ndjson")],
        Body::from_stream(lines),
    )
        .into_response())
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_metadata_filter_is_decoded_as_often_as_the_sdks_encode_it() {
        // `{"a b": "c&d"}` arrives as `metadata=a%252520b%3Dc%252526d`; one layer is the query's.
        let filter = metadata_filter("a%2520b=c%2526d&who=js");

        let wanted = [("a b", "c&d"), ("who", "js")].map(|(k, v)| (k.to_owned(), v.to_owned()));
        assert_eq!(filter, BTreeMap::from(wanted));
    }

    proptest! {
        #[test]
        fn no_filter_text_breaks_the_parser(text in "\\PC*") {
            let _ = metadata_filter(&text);
        }
    }
}
