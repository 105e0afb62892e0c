//! Lists of sandboxes: filters, order and pages.

use std::collections::{BTreeMap, HashMap};

use axum::Json;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::IntoResponse;

use super::page;
use super::request::{ApiResult, SharedRegistry};
use super::template_names::stands_for;
use super::view::listed;
use crate::e2b::wire;
use crate::local::error::ApiError;
use crate::local::sandbox::record::{RunState, SandboxRecord};

pub(super) async fn list_old(
    State(registry): State<SharedRegistry>,
    Query(mut query): Query<HashMap<String, String>>,
) -> ApiResult {
    query.insert("state".to_owned(), "running".to_owned());
    list(State(registry), Query(query)).await
}

pub(super) async fn list(
    State(registry): State<SharedRegistry>,
    Query(query): Query<HashMap<String, String>>,
) -> ApiResult {
    let after = query.get("startedAfter").map(|text| {
        let millis = wire::unix_millis(text).and_then(|millis| u64::try_from(millis).ok());
        millis.ok_or_else(|| ApiError::bad("startedAfter must be an RFC 3339 time"))
    });
    let after = after.transpose()?;
    let metadata = metadata_filter(query.get("metadata").map_or("", String::as_str));
    let template = query.get("template").map(|name| filter(name)).transpose()?;
    let state = query.get("state").map(String::as_str);
    let state = |one: &str| state.is_none_or(|states| states.split(',').any(|state| state == one));
    let mut all: Vec<SandboxRecord> = registry
        .all()
        .iter()
        .map(|sandbox| sandbox.record())
        .collect();
    all.retain(|record| {
        state(name_of(record.state))
            && template.is_none_or(|template| template == record.template)
            // At that time or later (E2B's rule).
            && after.is_none_or(|after| record.started_at >= after)
            && metadata
                .iter()
                .all(|(key, value)| record.metadata.get(key) == Some(value))
    });
    let mut headers = HeaderMap::new();
    if state("running") {
        let running = all
            .iter()
            .filter(|record| record.state == RunState::Running)
            .count();
        headers.insert("x-total-running", HeaderValue::from(running));
    }
    let page = page::of(
        all,
        &query,
        |record| (record.started_at, &record.id),
        &mut headers,
    )?;
    let page: Vec<_> = page
        .into_iter()
        .map(|record| listed(&registry, record))
        .collect();
    Ok((headers, Json(page)).into_response())
}

fn name_of(state: RunState) -> &'static str {
    match state {
        RunState::Running => "running",
        RunState::Paused => "paused",
    }
}

/// The template that a list is asked for. Sandboxes do not say of which build they are.
fn filter(template: &str) -> ApiResult<&str> {
    if template.contains(':') {
        let message = "Invalid template: tags are not supported here because sandboxes are not \
            tag-scoped";
        return Err(ApiError::bad(message));
    }
    Ok(stands_for(template).unwrap_or(template))
}

/// The SDKs encode keys and values, join them as a form, encode that, and encode it again as a
/// query value. The last layer is off already.
fn metadata_filter(text: &str) -> BTreeMap<String, String> {
    let form = unescape(text);
    form.split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            (unescape(key), unescape(value))
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

    /// As `encodeURIComponent` does it, but for every byte.
    fn escape(text: &str) -> String {
        text.bytes().fold(String::new(), |escaped, byte| {
            format!("{escaped}%{byte:02x}")
        })
    }

    proptest! {
        #[test]
        fn any_metadata_is_found_as_it_was_given(
            metadata in proptest::collection::btree_map("\\PC{1,8}", "[%&=+ 0-9A-Fé]{0,8}", 0..4),
        ) {
            let pairs: Vec<_> = metadata.iter().map(|(k, v)| {
                format!("{}={}", escape(&escape(k)), escape(&escape(v)))
            }).collect();

            prop_assert_eq!(metadata_filter(&pairs.join("&")), metadata);
        }

        #[test]
        fn no_filter_text_breaks_the_parser(text in "\\PC*") {
            let _ = metadata_filter(&text);
        }
    }
}
