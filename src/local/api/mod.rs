//! The control plane's REST routes. What E2B has and we do not is answered 501 with the reason.
//!
//! It knows E2B's bodies and the registry of sandboxes; it knows no process, no file of a sandbox, and not how
//! a sandbox is isolated.
//!
//! In reading order: this file; [`request`](mod@request), what all routes share; [`create`], [`list`], [`view`](mod@view) and [`page`];
//! [`observe`]; [`snapshots`], [`templates`] and [`template_names`]; [`status`](mod@status), our own addition; [`unsupported`].

mod create;
mod list;
mod observe;
mod page;
mod request;
mod snapshots;
pub(super) mod status;
mod template_names;
mod templates;
mod unsupported;
mod view;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{Path, Request, State};
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use axum::{Json, Router, middleware};
use secrecy::ExposeSecret;
use serde_json::Value;

use crate::e2b::wire;
use crate::local::api::status::{STATUS, ServerStatus};
use crate::local::auth;
use crate::local::error::ApiError;
use crate::local::interface::outbound_digest::outbound_digest;
use crate::local::network::rules::NetworkRules;
use crate::local::sandbox::record::RunState;
use crate::local::sandbox::template::InstallProgress;
use crate::local::sandbox::template::npm::InstallSettings;
use crate::local::sync::run_to_completion;
use request::{ApiResult, DEFAULT_TIMEOUT, FOREVER, OLD_TIMEOUT, SharedRegistry, parse, seconds};
use view::{listed, view};

/// Snake case on the wire, as in the create call.
const INTERNET: &str = "allow_internet_access";

const NETWORK: &str = "network rules: the outbound proxy cannot enforce them here";
const OTHER_RULES: &str = "network rules beside allowOut, denyOut, rules and allow_internet_access";
const LATE_RULES: &str =
    "network.rules for a sandbox created without them: its processes do not trust the proxy";

/// All control plane routes, behind the API key.
pub(super) fn router(registry: SharedRegistry) -> Router {
    Router::new()
        .route("/v2/sandboxes", post(create::create).get(list::list))
        .route("/sandboxes", post(create::create_old).get(list::list_old))
        .route("/sandboxes/{id}", get(detail).delete(kill))
        .route("/sandboxes/{id}/connect", post(connect))
        .route("/v2/sandboxes/{id}/connect", post(connect))
        .route("/sandboxes/{id}/resume", post(resume))
        .route("/sandboxes/{id}/timeout", post(set_timeout))
        .route("/sandboxes/{id}/refreshes", post(refresh))
        .route("/sandboxes/{id}/pause", post(pause))
        .route("/sandboxes/{id}/metrics", get(observe::metrics))
        .route("/sandboxes/metrics", get(observe::metrics_of_many))
        .route("/sandboxes/{id}/logs", get(observe::logs))
        .route("/v2/sandboxes/{id}/logs", get(observe::logs_v2))
        .route("/sandboxes/{id}/snapshots", post(snapshots::create))
        .route("/sandboxes/{id}/fork", post(snapshots::fork))
        .route("/sandboxes/{id}/network", put(set_network))
        .route("/snapshots", get(snapshots::list))
        .route("/templates", get(templates::list))
        .route("/v2/templates", get(templates::list))
        .route("/templates/aliases/{alias}", get(templates::by_alias))
        .route(
            "/templates/{id}",
            get(templates::detail).delete(templates::delete),
        )
        .route(STATUS, get(status))
        .route("/sandbar/templates/{name}/install", post(install))
        .fallback(unsupported::no_route)
        .method_not_allowed_fallback(unsupported::no_method)
        .layer(middleware::from_fn_with_state(
            Arc::clone(&registry),
            require_key,
        ))
        .route("/health", get(|| async { "Health check successful" }))
        .with_state(registry)
}

async fn require_key(
    State(registry): State<SharedRegistry>,
    request: Request,
    next: Next,
) -> Response {
    let presented = request
        .headers()
        .get("x-api-key")
        .map_or(&b""[..], HeaderValue::as_bytes);
    if auth::same(
        presented,
        registry.options.api_key.expose_secret().as_bytes(),
    ) {
        return next.run(request).await;
    }
    ApiError::new(StatusCode::UNAUTHORIZED, "Invalid API key").into_response()
}

async fn connect(
    State(registry): State<SharedRegistry>,
    Path(id): Path<String>,
    body: Bytes,
) -> ApiResult {
    let timeout = parse::<wire::ConnectSandbox>(&body)?
        .timeout
        .unwrap_or(DEFAULT_TIMEOUT);
    let timeout = seconds(timeout)?;
    registry.faults.check_not_transitioning()?;
    registry.faults.check_timeout(timeout)?;
    let (resumed, body) = run_to_completion(async move {
        let resumed = registry.connect(&id, timeout).await?;
        Ok((resumed, view(&registry, &*registry.get(&id)?)))
    })
    .await?;
    let status = if resumed {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    };
    Ok((status, Json(body)).into_response())
}

async fn resume(
    State(registry): State<SharedRegistry>,
    Path(id): Path<String>,
    body: Bytes,
) -> ApiResult {
    let timeout = parse::<wire::ResumeSandbox>(&body)?
        .timeout
        .unwrap_or(OLD_TIMEOUT);
    if registry.get(&id)?.record().state == RunState::Running {
        let message = format!("Sandbox '{id}' is already running");
        return Err(ApiError::new(StatusCode::CONFLICT, message));
    }
    let timeout = seconds(timeout)?;
    registry.faults.check_not_transitioning()?;
    registry.faults.check_timeout(timeout)?;
    let body = run_to_completion(async move {
        registry.connect(&id, timeout).await?;
        Ok(view(&registry, &*registry.get(&id)?))
    });
    Ok((StatusCode::CREATED, Json(body.await?)).into_response())
}

async fn set_timeout(
    State(registry): State<SharedRegistry>,
    Path(id): Path<String>,
    body: Bytes,
) -> ApiResult<StatusCode> {
    let timeout = parse::<wire::SetTimeout>(&body)?.timeout;
    // A negative time ends the sandbox now (E2B's rule).
    let timeout = if timeout < 0 {
        Duration::ZERO
    } else {
        seconds(timeout)?
    };
    registry.faults.check_not_transitioning()?;
    registry.set_timeout(&id, timeout, false).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn refresh(
    State(registry): State<SharedRegistry>,
    Path(id): Path<String>,
    body: Bytes,
) -> ApiResult<StatusCode> {
    let duration = parse::<wire::RefreshSandbox>(&body)?
        .duration
        .unwrap_or(OLD_TIMEOUT);
    registry
        .set_timeout(&id, seconds(duration.max(OLD_TIMEOUT))?, true)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Replaces all rules for the network.
async fn set_network(
    State(registry): State<SharedRegistry>,
    Path(id): Path<String>,
    body: Bytes,
) -> ApiResult<StatusCode> {
    let body: serde_json::Map<String, Value> = parse(&body)?;
    let internet = body.get(INTERNET).and_then(Value::as_bool);
    let (allow, deny) = (body.get(create::ALLOW), body.get(create::DENY));
    let rules = body.get(create::RULES);
    // What E2B refuses is refused first, whether rules can be in force here or not.
    let network_rules = NetworkRules::read(internet, allow, deny, rules).map_err(ApiError::bad)?;
    let sandbox = registry.get(&id)?;
    if !registry.isolation.enforces_network_rules() {
        return Err(ApiError::unsupported(NETWORK));
    }
    let known = [create::ALLOW, create::DENY, create::RULES, INTERNET];
    let other = |(name, value): (&String, &Value)| {
        !known.contains(&name.as_str()) && !create::is_empty(value)
    };
    if body.iter().any(other) {
        return Err(ApiError::unsupported(OTHER_RULES));
    }
    if !network_rules.rewrite.is_empty() && sandbox.ca.is_none() {
        return Err(ApiError::unsupported(LATE_RULES));
    }
    registry.set_network_rules(&id, network_rules).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn pause(
    State(registry): State<SharedRegistry>,
    Path(id): Path<String>,
    body: Bytes,
) -> ApiResult<StatusCode> {
    let memory = parse::<wire::PauseSandbox>(&body)?.memory.unwrap_or(true);
    registry.faults.check_not_transitioning()?;
    run_to_completion(async move { registry.pause(&id, memory).await }).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn kill(
    State(registry): State<SharedRegistry>,
    Path(id): Path<String>,
) -> ApiResult<StatusCode> {
    run_to_completion(async move { registry.kill(&id).await }).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn detail(State(registry): State<SharedRegistry>, Path(id): Path<String>) -> ApiResult {
    let record = registry.get(&id)?.record();
    let mut network = wire::Network {
        allow_public_traffic: Some(record.traffic_token.is_none()),
        ..wire::Network::default()
    };
    // What is not in force is not shown.
    let network_rules =
        Some(&record.network_rules).filter(|_| registry.isolation.enforces_network_rules());
    for (name, places) in [
        (create::ALLOW, network_rules.map(|rules| &rules.allow)),
        (create::DENY, network_rules.map(|rules| &rules.deny)),
    ] {
        if let Some(places) = places.filter(|places| !places.is_empty()) {
            network
                .other
                .insert(name.to_owned(), serde_json::json!(places));
        }
    }
    let lifecycle = wire::Lifecycle {
        on_timeout: if record.auto_pause { "pause" } else { "kill" }.to_owned(),
        auto_resume: record.auto_resume,
    };
    Ok(Json(wire::SandboxDetail {
        domain: Some(registry.options.domain.clone()),
        envd_access_token: record.open_token().map(Into::into),
        allow_internet_access: Some(!network_rules.is_some_and(NetworkRules::denies_all)),
        network: Some(network),
        lifecycle: Some(lifecycle),
        listed: listed(&registry, record),
    })
    .into_response())
}

/// `GET /sandbar/status`: who serves here. Our own addition.
async fn status(State(registry): State<SharedRegistry>) -> Json<ServerStatus> {
    Json(ServerStatus {
        pid: std::process::id(),
        version: registry.options.version.clone(),
        isolation: registry.isolation.clone(),
        running: registry
            .all()
            .iter()
            .filter(|sandbox| sandbox.run().is_some())
            .count(),
        limits: registry.enforcer.enforced.clone(),
        program: registry.options.helper.program.clone(),
        outbound_digest: outbound_digest(&registry.options.install_env, &registry.options.api_key),
    })
}

/// What a caller brings for an install: settings of npm, proxies and certificates as it has them, since this
/// server has those of the shell that started it, and how long it waits. Kept for the install alone; asked
/// for only where nobody else has the key.
#[derive(serde::Deserialize)]
struct InstallBody {
    #[serde(default)]
    env: BTreeMap<String, String>,
    limit_secs: u64,
}

/// `POST /sandbar/templates/{name}/install`: installs the template if need be, and streams its
/// progress as NDJSON: `{"line": "…"}` while it runs, at the end `{"done": true}` or
/// `{"error": "…"}`. Our own addition, so that a long first create can be shown beforehand.
async fn install(
    State(registry): State<SharedRegistry>,
    Path(name): Path<String>,
    body: Bytes,
) -> ApiResult {
    if !registry.options.is_key_private {
        return stream_install(registry, name, None);
    }
    let terms: InstallBody = parse(&body)?;
    let terms = InstallSettings {
        env: terms.env.into_iter().collect(),
        limit: Duration::from_secs(terms.limit_secs.clamp(1, FOREVER)),
    };
    stream_install(registry, name, Some(terms))
}

fn stream_install(
    registry: SharedRegistry,
    name: String,
    terms: Option<InstallSettings>,
) -> ApiResult {
    let progress = registry.templates.install(&name, terms.clone())?;
    let lines = futures::stream::unfold(progress, move |mut progress| {
        let (registry, name, terms) = (Arc::clone(&registry), name.clone(), terms.clone());
        async move {
            let mut step = progress.next().await?;
            if let (InstallProgress::Error(_), true) = (&step, progress.is_foreign)
                && let Ok(own) = registry.templates.install(&name, terms)
            {
                progress = own;
                let told =
                    "another session's install failed; trying again with this session's settings";
                step = InstallProgress::Line(told.to_owned());
            }
            let mut line = serde_json::to_vec(&step).unwrap_or_default();
            line.push(b'\n');
            Some((Ok::<_, std::convert::Infallible>(line), progress))
        }
    });
    Ok((
        [("content-type", "application/x-ndjson")],
        Body::from_stream(lines),
    )
        .into_response())
}
