//! Answers that are given again to a create with the same `Idempotency-Key`, so that a client that
//! lost the answer does not make a second sandbox. Kept in memory, the newest ones only.
//!
//! A key stands for one request: the same route and the same body. It is forgotten with its sandbox,
//! for the answer would name one that is gone. What E2B does with another body under a known key is
//! not documented; here it is refused as the standard's draft says (422,
//! draft-ietf-httpapi-idempotency-key-header-07, section 2.7).

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use axum::http::{HeaderValue, StatusCode};
use serde_json::Value;
use sha2::{Digest, Sha256};
use tokio::sync::OnceCell;

use crate::local::error::ApiError;
use crate::local::sync::lock;

const KEPT: usize = 1000;
const OTHER_BODY: &str = "this Idempotency-Key was used with another request body; use a new key for \
     another request";

/// An answer; empty while the first call is under way, or when it failed.
type ReplaySlot = Arc<OnceCell<Value>>;

/// Which request a key stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::local) struct IdempotentRequest {
    route: &'static str,
    key: String,
    body: [u8; 32],
}

impl IdempotentRequest {
    pub(in crate::local) fn new(
        route: &'static str,
        header: &HeaderValue,
        body: &[u8],
    ) -> Result<Self, ApiError> {
        Ok(Self {
            route,
            key: key(header)?.to_owned(),
            body: Sha256::digest(body).into(),
        })
    }

    fn has_key_of(&self, other: &Self) -> bool {
        (self.route, &self.key) == (other.route, &other.key)
    }
}

#[derive(Default)]
pub(in crate::local) struct CreateReplays(Mutex<VecDeque<(IdempotentRequest, ReplaySlot)>>);

impl CreateReplays {
    pub(in crate::local) fn slot(
        &self,
        request: IdempotentRequest,
    ) -> Result<ReplaySlot, ApiError> {
        let mut kept = lock(&self.0);
        let known = kept
            .iter()
            .position(|(known, _)| known.has_key_of(&request));
        if let Some((first, slot)) = known.and_then(|at| kept.get(at)) {
            if *first == request {
                return Ok(Arc::clone(slot));
            }
            let is_used = slot.initialized() || Arc::strong_count(slot) > 1;
            if is_used {
                return Err(ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, OTHER_BODY));
            }
        }
        // Nothing came of the request that had the key.
        known.and_then(|at| kept.remove(at));
        if kept.len() == KEPT {
            kept.pop_front();
        }
        let slot = ReplaySlot::default();
        kept.push_back((request, Arc::clone(&slot)));
        Ok(slot)
    }

    /// Forgets the answers that name this sandbox.
    pub(in crate::local) fn forget(&self, sandbox: &str) {
        let names = |slot: &ReplaySlot| {
            slot.get()
                .is_some_and(|answer| answer["sandboxID"] == sandbox)
        };
        lock(&self.0).retain(|(_, slot)| !names(slot));
    }
}

/// Reads the header: 1 to 255 of `[a-z0-9-]` (E2B's rule, Python SDK 2.63.0).
fn key(header: &HeaderValue) -> Result<&str, ApiError> {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    header
        .to_str()
        .ok()
        .filter(|key| (1..=255).contains(&key.len()) && key.bytes().all(allowed))
        .ok_or_else(|| ApiError::bad("Idempotency-Key must be 1 to 255 characters of [a-z0-9-]"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn request(route: &'static str, body: &str) -> IdempotentRequest {
        IdempotentRequest::new(route, &HeaderValue::from_static("one"), body.as_bytes()).unwrap()
    }

    #[test]
    fn keys_are_short_and_plain() {
        let valid = |text: &'static str| key(&HeaderValue::from_static(text)).is_ok();

        assert!(valid("a-1") && !valid("") && !valid("A") && !valid("a b"));
    }

    #[test]
    fn a_key_stands_for_one_body_of_one_route() {
        let replays = CreateReplays::default();
        let first = replays.slot(request("v2", "{}")).unwrap();
        first.set(json!({ "sandboxID": "ione" })).unwrap();

        let again = replays.slot(request("v2", "{}")).unwrap();
        let other_route = replays.slot(request("v1", "{}")).unwrap();
        let other_body = replays.slot(request("v2", "{ }")).unwrap_err();

        assert!(again.initialized() && !other_route.initialized());
        assert_eq!(other_body.status, StatusCode::UNPROCESSABLE_ENTITY);
    }

    #[test]
    fn a_key_is_free_again_when_its_request_failed_or_its_sandbox_is_gone() {
        let replays = CreateReplays::default();
        let running = replays.slot(request("v2", "1")).unwrap();
        let meanwhile = replays.slot(request("v2", "2")).is_err();
        drop(running);
        let next = replays.slot(request("v2", "2")).unwrap();
        next.set(json!({ "sandboxID": "ione" })).unwrap();

        replays.forget("itwo");
        let kept = replays.slot(request("v2", "2")).unwrap().initialized();
        replays.forget("ione");
        let forgotten = replays.slot(request("v2", "2")).unwrap();

        assert!(meanwhile && kept && !forgotten.initialized());
    }
}
