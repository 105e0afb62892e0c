//! Snapshots and forks. Both promise to keep the memory of processes, which cannot be done here: they
//! are made where no process runs, and a snapshot also where it was asked for without memory.

use std::collections::HashMap;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use serde_json::{Map, Value, json};

use super::page;
use super::request::{ApiResult, OLD_TIMEOUT, SharedRegistry, parse, seconds};
use super::template_names::stands_for;
use super::view::view;
use crate::local::error::{ApiError, failed};
use crate::local::sandbox::fork::SnapshotName;
use crate::local::sandbox::registry::Registry;
use crate::local::sandbox::snapshot::{LocalSnapshot, NEWEST, ProcessMemory};
use crate::local::sandbox::template::NAMES;
use crate::local::sync;
use crate::local::sync::run_to_completion;

/// Most forks of one call (E2B's own).
const FORKS: u64 = 20;

fn shown(snapshot: &LocalSnapshot) -> Value {
    let names: Vec<_> = snapshot.name.iter().collect();
    json!({ "snapshotID": snapshot.reference(), "names": names })
}

pub(super) async fn create(
    State(registry): State<SharedRegistry>,
    Path(id): Path<String>,
    body: Bytes,
) -> ApiResult {
    let body: Map<String, Value> = parse(&body)?;
    let name = body.get("name").and_then(Value::as_str);
    let name = name
        .filter(|name| !name.is_empty())
        .map(named)
        .transpose()?;
    let memory = match body.get("memory").and_then(Value::as_bool) {
        Some(false) => ProcessMemory::LeftOut,
        Some(true) | None => ProcessMemory::Kept,
    };
    let made = run_to_completion(async move { registry.snapshot(&id, name, memory).await }).await?;
    Ok((StatusCode::CREATED, Json(shown(&made))).into_response())
}

/// A name that a snapshot may have, with the tag behind a colon.
fn named(name: &str) -> ApiResult<SnapshotName> {
    let (plain, tag) = name.split_once(':').unwrap_or((name, NEWEST));
    let good = |text: &str, more: &[u8]| {
        let good =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || more.contains(&byte);
        !text.is_empty() && text.bytes().all(good)
    };
    let taken = NAMES.contains(&plain) || stands_for(plain).is_some();
    if taken || !good(plain, b"-_") || !good(tag, b"-_.") {
        let message = format!(
            "'{name}' is not a valid snapshot name: use lower-case letters, digits, - and _, and if you like a colon and a tag"
        );
        return Err(ApiError::bad(message));
    }
    Ok(SnapshotName {
        plain: plain.to_owned(),
        tag: tag.to_owned(),
    })
}

pub(super) async fn list(
    State(registry): State<SharedRegistry>,
    Query(query): Query<HashMap<String, String>>,
) -> ApiResult {
    let snapshots = registry.snapshots.clone();
    let mut all = blocking(move || Ok(snapshots.all())).await?;
    let wanted = query.get("name").map(|name| {
        let (name, tag) = name
            .split_once(':')
            .map_or((&**name, None), |(n, t)| (n, Some(t)));
        (name, tag)
    });
    all.retain(|one| {
        let is_wanted = |(name, tag): (&str, Option<&str>)| {
            one.is_named(name) && tag.is_none_or(|tag| one.tag == tag)
        };
        query.get("sandboxID").is_none_or(|id| one.sandbox == *id) && wanted.is_none_or(is_wanted)
    });
    let mut headers = HeaderMap::new();
    let page = page::of(all, &query, |one| (one.made_at, &one.id), &mut headers)?;
    let page: Vec<_> = page.iter().map(shown).collect();
    Ok((headers, Json(page)).into_response())
}

/// Deletes a snapshot; false if there is none of this id or name.
pub(super) async fn delete(registry: &SharedRegistry, id: &str) -> ApiResult<bool> {
    let (snapshots, id) = (registry.snapshots.clone(), id.to_owned());
    blocking(move || snapshots.delete(&id)).await
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> std::io::Result<T> + Send + 'static,
) -> ApiResult<T> {
    sync::blocking(work).await.map_err(failed("snapshots"))
}

pub(super) async fn fork(
    State(registry): State<SharedRegistry>,
    Path(id): Path<String>,
    body: Bytes,
) -> ApiResult {
    let body: Map<String, Value> = parse(&body)?;
    let count = body.get("count").map_or(Some(1), Value::as_u64);
    let count = count.filter(|count| (1..=FORKS).contains(count));
    let count = count.ok_or_else(|| ApiError::bad(format!("count must be from 1 to {FORKS}")))?;
    let timeout = body.get("timeout").map_or(Some(OLD_TIMEOUT), Value::as_i64);
    let timeout = seconds(timeout.unwrap_or_default())?;
    registry.faults.check_timeout(timeout)?;
    let forks = run_to_completion(async move {
        let forks = registry.fork(&id, count, timeout).await?;
        let told = forks.into_iter().map(|fork| match fork {
            Ok(sandbox) => json!({ "sandbox": view(&registry, &sandbox) }),
            Err(error) => json!({
                "error": { "code": error.status.as_u16(), "message": error.message },
            }),
        });
        Ok(told.collect::<Vec<_>>())
    });
    Ok((StatusCode::CREATED, Json(forks.await?)).into_response())
}

/// The snapshot that a create call names instead of a template.
pub(super) async fn named_by(
    registry: &Registry,
    template: &str,
) -> ApiResult<Option<LocalSnapshot>> {
    let (snapshots, wanted) = (registry.snapshots.clone(), template.to_owned());
    blocking(move || Ok(snapshots.find(&wanted))).await
}
