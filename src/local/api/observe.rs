//! What happened in a sandbox and what it uses: the calls for logs and metrics.

use std::collections::HashMap;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::response::IntoResponse;
use serde_json::{Value, json};

use super::super::error::ApiError;
use super::super::metrics::{self, Sample};
use super::super::sandbox::{Note, Sandbox};
use super::{Answer, App, time};

type Pairs = HashMap<String, String>;

/// Lines of one answer, unless fewer are asked for.
const LINES: usize = 1000;

fn number(query: &Pairs, name: &str) -> Result<Option<u64>, ApiError> {
    let given = query.get(name).map(|text| text.parse());
    given
        .transpose()
        .map_err(|_| ApiError::bad(format!("{name} must be a number")))
}

/// The samples between `start` and `end` (Unix seconds), with a new one if the sandbox runs.
pub(super) async fn metrics(
    State(app): State<App>,
    Path(id): Path<String>,
    Query(query): Query<Pairs>,
) -> Answer {
    let (start, end) = (number(&query, "start")?, number(&query, "end")?);
    let sandbox = app.get(&id)?;
    if let Some(run) = sandbox.live() {
        metrics::sample(&sandbox, &run).await?;
    }
    let samples = super::super::sandbox::guard(&sandbox.history)
        .between(start.unwrap_or(0), end.unwrap_or(u64::MAX));
    Ok(Json(samples.iter().map(shown).collect::<Vec<_>>()).into_response())
}

/// The newest sample of several sandboxes.
pub(super) async fn metrics_of_many(State(app): State<App>, Query(query): Query<Pairs>) -> Answer {
    let ids = query.get("sandbox_ids").map_or("", String::as_str);
    let mut sandboxes = serde_json::Map::new();
    for id in ids.split(',').filter(|id| !id.is_empty()) {
        let Ok(sandbox) = app.get(id) else { continue };
        let Some(run) = sandbox.live() else { continue };
        let sample = metrics::sample(&sandbox, &run).await?;
        sandboxes.insert(id.to_owned(), shown(&sample));
    }
    Ok(Json(json!({ "sandboxes": sandboxes })).into_response())
}

fn shown(sample: &Sample) -> Value {
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

/// The older call: from `start` (Unix milliseconds) on, oldest first.
pub(super) async fn logs(
    State(app): State<App>,
    Path(id): Path<String>,
    Query(query): Query<Pairs>,
) -> Answer {
    let start = number(&query, "start")?.unwrap_or(0);
    let notes = page(&query, &*app.get(&id)?, |note| note.unix_millis >= start)?;
    let lines: Vec<_> = notes
        .iter()
        .map(|note| json!({ "timestamp": time(note.unix_millis), "line": note.message }))
        .collect();
    let entries: Vec<_> = notes.iter().map(entry).collect();
    Ok(Json(json!({ "logs": lines, "logEntries": entries })).into_response())
}

/// The newer call: beside a cursor (Unix milliseconds), with a search, in either direction.
pub(super) async fn logs_v2(
    State(app): State<App>,
    Path(id): Path<String>,
    Query(query): Query<Pairs>,
) -> Answer {
    let cursor = number(&query, "cursor")?;
    let search = query.get("search").map_or("", String::as_str);
    let backward = query.get("direction").is_some_and(|way| way == "backward");
    let level = query.get("level").map_or("info", String::as_str);
    let mut notes = page(&query, &*app.get(&id)?, |note| {
        let beside = cursor.is_none_or(|cursor| {
            if backward {
                note.unix_millis <= cursor
            } else {
                note.unix_millis >= cursor
            }
        });
        // All that is noted is of level info.
        beside && note.message.contains(search) && matches!(level, "info" | "debug")
    })?;
    if backward {
        notes.reverse();
    }
    let entries: Vec<_> = notes.iter().map(entry).collect();
    Ok(Json(json!({ "logs": entries })).into_response())
}

fn page(
    query: &Pairs,
    sandbox: &Sandbox,
    wanted: impl Fn(&Note) -> bool,
) -> Result<Vec<Note>, ApiError> {
    let limit = number(query, "limit")?.and_then(|limit| usize::try_from(limit).ok());
    let notes = sandbox.notes().into_iter().filter(wanted);
    Ok(notes.take(limit.unwrap_or(LINES).min(LINES)).collect())
}

fn entry(note: &Note) -> Value {
    json!({
        "timestamp": time(note.unix_millis),
        "level": "info",
        "message": note.message,
        "fields": {},
    })
}
