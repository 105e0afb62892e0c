//! Calls that E2B has and the local server has not: they say so, with the reason. Paths as in E2B's
//! specification of its API (August 2026), and the two that the SDKs call beside it (`/events`,
//! `/volumecontent`).

use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use crate::local::error::ApiError;

const TEMPLATES: &str = "custom templates: it has 'base' and 'opencode', and a snapshot of a sandbox can be used as a template";
const TAGS: &str = "tags of templates: a snapshot gets its tag when it is made (name:tag)";
const VOLUMES: &str = "volumes: share data through files or git";
const SECRETS: &str = "stored secrets: give them in envVars, or in network.rules as headers";
const TEAMS: &str = "teams: whoever has its API key may do everything";
const KEYS: &str = "managing keys: its one API key is printed when it starts";
const NODES: &str = "nodes and administration: it serves this one machine";
const EVENTS: &str = "events and webhooks: see the logs of each sandbox";

/// Answers what no route does.
pub(super) async fn no_route(request: Request) -> Response {
    let path = request.uri().path();
    let error = match reason(path) {
        Some(reason) => ApiError::unsupported(reason),
        None => ApiError::new(StatusCode::NOT_FOUND, "there is no such route"),
    };
    error.into_response()
}

/// Answers a method that a path does not have.
pub(super) async fn no_method(request: Request) -> Response {
    let error = match reason(request.uri().path()) {
        Some(reason) => ApiError::unsupported(reason),
        None => ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "method not allowed"),
    };
    error.into_response()
}

/// Why a path of E2B's is not served.
fn reason(path: &str) -> Option<&'static str> {
    let path = path.strip_prefix('/')?;
    let versions = ["v1/", "v2/", "v3/"];
    let plain = versions
        .iter()
        .find_map(|version| path.strip_prefix(version));
    let segments: Vec<_> = plain.unwrap_or(path).split('/').collect();
    match segments[..] {
        ["templates", "tags"] | ["templates", _, "tags"] => Some(TAGS),
        ["templates"]
        | ["templates", _]
        | ["templates", _, "files" | "builds", _]
        | ["templates", _, "builds", _, "status" | "logs"] => Some(TEMPLATES),
        ["volumes"] | ["volumes", _] | ["volumecontent", _, "path" | "dir" | "file"] => {
            Some(VOLUMES)
        }
        ["secrets"] | ["secrets", _] => Some(SECRETS),
        ["teams"] | ["teams", _, "metrics"] | ["teams", _, "metrics", "max"] => Some(TEAMS),
        ["api-keys" | "access-tokens"] | ["api-keys" | "access-tokens", _] => Some(KEYS),
        ["nodes"] | ["nodes", _] | ["admin", _, ..] => Some(NODES),
        ["events", "sandboxes" | "webhooks"] | ["events", "sandboxes" | "webhooks", _] => {
            Some(EVENTS)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_e2b_has_is_told_apart_from_what_nobody_has() {
        for (path, wanted) in [
            ("/v3/templates", Some(TEMPLATES)),
            ("/v2/templates/a/builds/b", Some(TEMPLATES)),
            ("/templates/a/builds/b/status", Some(TEMPLATES)),
            ("/templates/a/tags", Some(TAGS)),
            ("/templates/tags", Some(TAGS)),
            ("/volumes/a", Some(VOLUMES)),
            ("/teams", Some(TEAMS)),
            ("/events/sandboxes", Some(EVENTS)),
            ("/templates/a/nothing", None),
            ("/v9/templates", None),
            ("/volumes/a/b", None),
            ("/", None),
            ("", None),
        ] {
            assert_eq!(reason(path), wanted, "{path}");
        }
    }

    proptest! {
        #[test]
        fn no_path_breaks_the_table(path in "\\PC*") {
            let _ = reason(&path);
        }
    }
}
