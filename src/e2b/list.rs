//! Filter and pages of the sandbox list, with the metadata filter's peculiar encoding.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::wire::{ListedSandbox, SandboxState};

/// Which sandboxes to list. The default is all of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListFilter {
    /// All pairs must match.
    pub metadata: BTreeMap<String, String>,
    /// Empty: in any state.
    pub states: Vec<SandboxState>,
    /// Sandboxes a page; the server's default and maximum is 100.
    pub limit: Option<u32>,
}

/// One page of the list, newest first.
#[derive(Debug, Clone, PartialEq)]
pub struct ListPage {
    pub sandboxes: Vec<ListedSandbox>,
    /// Header `X-Next-Token`; absent on the last page.
    pub next: Option<String>,
}

impl ListFilter {
    pub(super) fn query(&self, next: Option<&str>) -> Vec<(&'static str, String)> {
        let mut query = self.old_query();
        let states: Vec<_> = self
            .states
            .iter()
            .filter_map(|state| state_name(*state))
            .collect();
        if !states.is_empty() {
            query.push(("state", states.join(",")));
        }
        if let Some(limit) = self.limit {
            query.push(("limit", limit.to_string()));
        }
        if let Some(next) = next {
            query.push(("nextToken", next.to_owned()));
        }
        query
    }

    /// `GET /sandboxes` supports only the metadata filter.
    pub(super) fn old_query(&self) -> Vec<(&'static str, String)> {
        if self.metadata.is_empty() {
            return Vec::new();
        }
        vec![("metadata", encode_metadata(&self.metadata))]
    }
}

fn state_name(state: SandboxState) -> Option<&'static str> {
    match state {
        SandboxState::Running => Some("running"),
        SandboxState::Paused => Some("paused"),
        SandboxState::Unknown => None,
    }
}

/// Encodes keys and values twice; the HTTP client encodes the query a third time.
///
/// `{"a b": "c&d"}` arrives as `metadata=a%252520b%3Dc%252526d` (npm `e2b` 2.51.0 and Python `e2b` 2.63.0:
/// each percent-encodes the pairs, joins them as a form, and puts the form into the query).
pub fn encode_metadata(metadata: &BTreeMap<String, String>) -> String {
    let twice = |text: &str| percent(&percent(text));
    let pairs: Vec<_> = metadata
        .iter()
        .map(|(key, value)| format!("{}={}", twice(key), twice(value)))
        .collect();
    pairs.join("&")
}

/// Percent-encodes everything but RFC 3986's unreserved characters.
fn percent(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                out.push(char::from(byte));
            }
            _ => {
                // Writing to a string cannot fail.
                let _ = write!(out, "%{byte:02X}");
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;
    use proptest::collection::btree_map;
    use proptest::prelude::*;
    use reqwest::Url;

    use super::*;

    /// The query as it leaves the machine.
    fn on_the_wire(filter: &ListFilter, next: Option<&str>) -> String {
        let url = Url::parse("http://host/v2/sandboxes").unwrap();
        let request = reqwest::Client::new()
            .get(url)
            .query(&filter.query(next))
            .build()
            .unwrap();
        request.url().query().unwrap_or_default().to_owned()
    }

    #[test]
    fn the_metadata_filter_is_encoded_three_times_as_the_sdks_do() {
        let filter = ListFilter {
            metadata: [("a b".into(), "c&d".into())].into(),
            states: vec![SandboxState::Running, SandboxState::Paused],
            limit: Some(5),
        };

        assert_eq!(
            on_the_wire(&filter, Some("MQ==")),
            "metadata=a%252520b%3Dc%252526d&state=running%2Cpaused&limit=5&nextToken=MQ%3D%3D"
        );
        assert_eq!(on_the_wire(&ListFilter::default(), None), "");
    }

    /// Undoes one percent-encoding.
    fn unescape(text: &str) -> String {
        let mut bytes = Vec::new();
        let mut rest = text.as_bytes();
        while let Some((&byte, tail)) = rest.split_first() {
            rest = tail;
            if byte == b'%' {
                let (hex, tail) = rest.split_at(2);
                rest = tail;
                bytes.push(u8::from_str_radix(std::str::from_utf8(hex).unwrap(), 16).unwrap());
            } else {
                bytes.push(byte);
            }
        }
        String::from_utf8(bytes).unwrap()
    }

    proptest! {
        /// Parses as E2B's server does: decode the query, unescape, split at & and =, unescape.
        #[test]
        fn a_server_reads_back_what_was_filtered_for(
            metadata in btree_map("(?s).{1,8}", "(?s).{0,8}", 1..4),
        ) {
            let filter = ListFilter { metadata: metadata.clone(), ..ListFilter::default() };
            let url = Url::parse(&format!("http://host/?{}", on_the_wire(&filter, None))).unwrap();
            let (_, form) = url.query_pairs().next().unwrap();

            let read: BTreeMap<_, _> = unescape(&form)
                .split('&')
                .filter_map(|pair| pair.split_once('='))
                .map(|(key, value)| (unescape(key), unescape(value)))
                .collect();

            prop_assert_eq!(read, metadata);
        }
    }
}
