//! What all routes have in common: what they are given, what they answer, how a body is read.

use std::sync::Arc;
use std::time::Duration;

use axum::response::Response;
use serde::de::DeserializeOwned;

use crate::local::error::ApiError;
use crate::local::sandbox::registry::Registry;

pub(super) type SharedRegistry = Arc<Registry>;
pub(super) type ApiResult<T = Response> = Result<T, ApiError>;

/// Server default of the v2 create and connect calls.
pub(super) const DEFAULT_TIMEOUT: i64 = 300;
/// Server default of the older create and resume calls.
pub(super) const OLD_TIMEOUT: i64 = 15;
/// Seconds; what is as good as no limit.
pub(super) const FOREVER: u64 = 100 * 365 * 24 * 3600;

pub(super) fn parse<T: DeserializeOwned>(body: &[u8]) -> ApiResult<T> {
    let body = if body.is_empty() { b"{}" } else { body };
    serde_json::from_slice(body).map_err(|error| ApiError::bad(format!("invalid body: {error}")))
}

pub(super) fn seconds(timeout: i64) -> ApiResult<Duration> {
    match u64::try_from(timeout) {
        Ok(seconds) if seconds > 0 => Ok(Duration::from_secs(seconds.min(FOREVER))),
        _ => Err(ApiError::bad("Timeout must be greater than 0")),
    }
}
