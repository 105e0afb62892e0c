//! Lists of sandboxes: filters, order and pages.

use std::collections::{BTreeMap, HashMap};

use axum::Json;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::IntoResponse;

use crate::e2b::wire;

use super::super::error::ApiError;
use super::super::sandbox::{Record, State as SandboxState};
use super::{Answer, App, listed, templates};

/// Default and maximum of a page (E2B's own).
const PAGE: usize = 100;

pub(super) async fn list_old(
    State(app): State<App>,
    Query(mut query): Query<HashMap<String, String>>,
) -> Answer {
    query.insert("state".to_owned(), "running".to_owned());
    list(State(app), Query(query)).await
}

pub(super) async fn list(
    State(app): State<App>,
    Query(query): Query<HashMap<String, String>>,
) -> Answer {
    let after = query.get("startedAfter").map(|text| {
        let millis = wire::unix_millis(text).and_then(|millis| u64::try_from(millis).ok());
        millis.ok_or_else(|| ApiError::bad("startedAfter must be an RFC 3339 time"))
    });
    let after = after.transpose()?;
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
                .is_none_or(|template| templates::plain_name(template) == record.template)
            && after.is_none_or(|after| record.started_at > after)
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
