//! Lookups of templates. They cannot be built here; `base` and `opencode` are always there.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde_json::{Value, json};

use super::request::{ApiResult, SharedRegistry};
use super::snapshots;
use super::template_names::{plain_name, stands_for};
use super::view::{ENVD_VERSION, disk_size_mb, memory_mb, processors, time};
use crate::local::error::ApiError;
use crate::local::sandbox::template::NAMES;

pub(super) async fn list(State(registry): State<SharedRegistry>) -> Json<Vec<Value>> {
    Json(
        NAMES
            .iter()
            .map(|name| described(&registry, name))
            .collect(),
    )
}

pub(super) async fn detail(
    State(registry): State<SharedRegistry>,
    Path(id): Path<String>,
) -> ApiResult {
    let name = known(&id)?;
    Ok(Json(described(&registry, name)).into_response())
}

/// Whether an alias exists: how the SDKs ask.
pub(super) async fn by_alias(
    State(registry): State<SharedRegistry>,
    Path(alias): Path<String>,
) -> ApiResult {
    if let Some(snapshot) = snapshots::named_by(&registry, plain_name(&alias)).await? {
        return Ok(Json(json!({ "templateID": snapshot.id, "public": false })).into_response());
    }
    let name = known(&alias)?;
    Ok(Json(json!({ "templateID": name, "public": true })).into_response())
}

/// Deletes a snapshot; a template stays.
pub(super) async fn delete(
    State(registry): State<SharedRegistry>,
    Path(id): Path<String>,
) -> ApiResult {
    if snapshots::delete(&registry, &id).await? {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let name = known(&id)?;
    let message = format!("the template '{name}' is built into the local server");
    Err(ApiError::new(StatusCode::FORBIDDEN, message))
}

fn known(id: &str) -> Result<&'static str, ApiError> {
    let wanted = plain_name(id);
    let found = NAMES.iter().find(|name| **name == wanted).copied();
    let found = found.or_else(|| stands_for(wanted));
    found.ok_or_else(|| ApiError::new(StatusCode::NOT_FOUND, format!("Template '{id}' not found")))
}

fn described(registry: &SharedRegistry, name: &str) -> Value {
    let running = registry.all();
    let spawned = running
        .iter()
        .map(|sandbox| sandbox.record())
        .filter(|record| record.template == name);
    let last = spawned.map(|record| record.started_at).max();
    json!({
        "templateID": name,
        "buildID": name,
        "cpuCount": processors(),
        "memoryMB": memory_mb(registry),
        "diskSizeMB": disk_size_mb(registry),
        "public": true,
        "aliases": [name],
        "names": [name],
        "createdAt": time(0),
        "updatedAt": time(0),
        "createdBy": null,
        "lastSpawnedAt": last.map(time),
        "spawnCount": 0,
        "buildCount": 1,
        "envdVersion": ENVD_VERSION,
        "buildStatus": "ready",
    })
}
