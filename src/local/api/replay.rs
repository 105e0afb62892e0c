//! Answers that are given again to a create with the same `Idempotency-Key`, so that a client that
//! lost the answer does not make a second sandbox. Kept in memory, the newest ones only.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use axum::http::HeaderValue;
use serde_json::Value;
use tokio::sync::OnceCell;

use super::super::error::ApiError;
use super::super::sandbox::guard;

const KEPT: usize = 1000;

/// An answer; empty while the first call is under way, or when it failed.
type Slot = Arc<OnceCell<Value>>;

#[derive(Default)]
pub(in crate::local) struct Replays(Mutex<VecDeque<(String, Slot)>>);

impl Replays {
    pub(super) fn slot(&self, key: &str) -> Slot {
        let mut kept = guard(&self.0);
        if let Some((_, slot)) = kept.iter().find(|(known, _)| known == key) {
            return Arc::clone(slot);
        }
        if kept.len() == KEPT {
            kept.pop_front();
        }
        let slot = Slot::default();
        kept.push_back((key.to_owned(), Arc::clone(&slot)));
        slot
    }
}

/// Reads the header: 1 to 255 of `[a-z0-9-]` (E2B's rule, Python SDK 2.63.0).
pub(super) fn key(header: &HeaderValue) -> Result<&str, ApiError> {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    header
        .to_str()
        .ok()
        .filter(|key| (1..=255).contains(&key.len()) && key.bytes().all(allowed))
        .ok_or_else(|| ApiError::bad("Idempotency-Key must be 1 to 255 characters of [a-z0-9-]"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_short_and_plain() {
        let valid = |text: &'static str| key(&HeaderValue::from_static(text)).is_ok();

        assert!(valid("a-1") && !valid("") && !valid("A") && !valid("a b"));
    }
}
