//! What happened in a sandbox and what it uses: the calls for logs and metrics.

use std::collections::{BTreeMap, HashMap};

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::response::IntoResponse;
use serde_json::{Value, json};

use super::request::{ApiResult, SharedRegistry};
use super::view::time;
use crate::local::error::ApiError;
use crate::local::sandbox::log::SandboxLogLine;
use crate::local::sandbox::metrics;
use crate::local::sandbox::samples::MetricsSample;
use crate::local::sync::lock;

pub(super) type QueryParams = HashMap<String, String>;

/// Lines of one answer, unless fewer are asked for.
const LINES: usize = 1000;

fn number(query: &QueryParams, name: &str) -> Result<Option<u64>, ApiError> {
    let given = query.get(name).map(|text| text.parse());
    given
        .transpose()
        .map_err(|_| ApiError::bad(format!("{name} must be a number")))
}

/// The samples between `start` and `end` (Unix seconds), with a new one if the sandbox runs.
pub(super) async fn metrics(
    State(registry): State<SharedRegistry>,
    Path(id): Path<String>,
    Query(query): Query<QueryParams>,
) -> ApiResult {
    let (start, end) = (number(&query, "start")?, number(&query, "end")?);
    let sandbox = registry.get(&id)?;
    if let Some(run) = sandbox.live() {
        metrics::sample(&sandbox, &run).await?;
    }
    let samples = lock(&sandbox.history).between(start.unwrap_or(0), end.unwrap_or(u64::MAX));
    Ok(Json(samples.iter().map(shown).collect::<Vec<_>>()).into_response())
}

/// The newest sample of several sandboxes.
pub(super) async fn metrics_of_many(
    State(registry): State<SharedRegistry>,
    Query(query): Query<QueryParams>,
) -> ApiResult {
    let ids = query.get("sandbox_ids").map_or("", String::as_str);
    let mut sandboxes = serde_json::Map::new();
    for id in ids.split(',').filter(|id| !id.is_empty()) {
        let Ok(sandbox) = registry.get(id) else {
            continue;
        };
        let Some(run) = sandbox.live() else { continue };
        let sample = metrics::sample(&sandbox, &run).await?;
        sandboxes.insert(id.to_owned(), shown(&sample));
    }
    Ok(Json(json!({ "sandboxes": sandboxes })).into_response())
}

fn shown(sample: &MetricsSample) -> Value {
    json!({
        "timestamp": time(sample.unix_secs.saturating_mul(1000)),
        "timestampUnix": sample.unix_secs,
        "cpuCount": sample.cpu_count,
        "cpuUsedPct": sample.cpu_used_pct,
        "memUsed": sample.mem_used,
        "memTotal": sample.mem_total,
        "memCache": sample.mem_cache,
        "diskUsed": sample.disk_used,
        "diskTotal": sample.disk_total,
    })
}

/// The older call: from `start` (Unix milliseconds) on, oldest first. The CLI reads each `line` as
/// JSON (2.19.0).
pub(super) async fn logs(
    State(registry): State<SharedRegistry>,
    Path(id): Path<String>,
    Query(query): Query<QueryParams>,
) -> ApiResult {
    let start = number(&query, "start")?.unwrap_or(0);
    let lines = registry.get(&id)?.log.lines().into_iter();
    let lines: Vec<_> = lines
        .filter(|line| line.unix_millis >= start)
        .take(limit(&query)?)
        .collect();
    let logs: Vec<_> = lines
        .iter()
        .map(|line| json!({ "timestamp": time(line.unix_millis), "line": raw(line).to_string() }))
        .collect();
    let entries: Vec<_> = lines.iter().map(entry).collect();
    Ok(Json(json!({ "logs": logs, "logEntries": entries })).into_response())
}

/// The newer call: beside a cursor (Unix milliseconds), with a search, in either direction.
pub(super) async fn logs_v2(
    State(registry): State<SharedRegistry>,
    Path(id): Path<String>,
    Query(query): Query<QueryParams>,
) -> ApiResult {
    let cursor = number(&query, "cursor")?;
    let search = query.get("search").map_or("", String::as_str);
    let backward = query.get("direction").is_some_and(|way| way == "backward");
    let level = query.get("level").map_or("info", String::as_str);
    let mut lines = registry.get(&id)?.log.lines();
    lines.retain(|line| {
        let beside = cursor.is_none_or(|cursor| {
            if backward {
                line.unix_millis <= cursor
            } else {
                line.unix_millis >= cursor
            }
        });
        beside && line.message.contains(search) && matches!(level, "info" | "debug")
    });
    if backward {
        lines.reverse();
    }
    let entries: Vec<_> = lines.iter().take(limit(&query)?).map(entry).collect();
    Ok(Json(json!({ "logs": entries })).into_response())
}

fn limit(query: &QueryParams) -> Result<usize, ApiError> {
    let limit = number(query, "limit")?.and_then(|limit| usize::try_from(limit).ok());
    Ok(limit.unwrap_or(LINES).min(LINES))
}

/// A line as the sandbox's own logger would have written it.
fn raw(line: &SandboxLogLine) -> Value {
    let mut raw = line.fields.clone();
    raw.insert("level".to_owned(), "info".into());
    raw.insert("logger".to_owned(), line.logger.into());
    raw.insert("message".to_owned(), line.message.clone().into());
    raw.into()
}

/// A line as newer clients have it; their fields are all texts.
fn entry(line: &SandboxLogLine) -> Value {
    let logger = ("logger".to_owned(), line.logger.to_owned());
    let fields = line.fields.iter().map(|(name, value)| {
        let text = value.as_str().map(str::to_owned);
        (name.clone(), text.unwrap_or_else(|| value.to_string()))
    });
    json!({
        "timestamp": time(line.unix_millis),
        "level": "info",
        "message": line.message,
        "fields": std::iter::once(logger).chain(fields).collect::<BTreeMap<_, _>>(),
    })
}
