//! The errors between us and E2B, classified by what the caller would do about them.
//!
//! An [`Error`] names the operation and its subject ("create a sandbox from template base"), and an [`ErrorKind`]
//! says how it failed. Servers' messages are truncated and stripped of control characters; keys and tokens that a
//! server repeats are redacted; hosts are named, whole URLs are not.

use std::error::Error as _;
use std::time::Duration;

use http::{HeaderMap, StatusCode, header};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

/// Maximum characters of a server's message in an error.
const EXCERPT: usize = 300;

pub type Result<T> = std::result::Result<T, Error>;

/// An operation that failed, and how.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{operation}: {kind}")]
pub struct Error {
    /// Verb and subject, e.g. "kill sandbox i0123".
    pub operation: String,
    pub kind: ErrorKind,
}

/// How an operation failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ErrorKind {
    /// 401: the API key (control plane) or the envd access token (sandbox) is wrong or missing.
    #[error("not authorized: {message}")]
    Unauthorized { message: String },
    /// 403: known, but not allowed; also a missing traffic access token.
    #[error("refused: {message}")]
    Forbidden { message: String },
    /// 404, or Connect's `not_found`: no such sandbox, template, process or file.
    #[error("not found: {message}")]
    NotFound { message: String },
    /// 409, or Connect's `already_exists`: already paused, still transitioning, already there.
    #[error("in conflict: {message}")]
    Conflict { message: String },
    /// 429; `retry_after` is what the server requested, if anything.
    #[error("too many requests: {message}{}", wait(*.retry_after))]
    RateLimited {
        message: String,
        retry_after: Option<Duration>,
    },
    /// 502 of the sandbox proxy: killed, timed out, or paused without auto-resume.
    #[error("the sandbox is gone: {message}")]
    SandboxGone { message: String },
    /// 502 of the sandbox proxy: the sandbox runs, but nothing listens on the port (yet).
    #[error("nothing listens on the sandbox's port: {message}")]
    PortNotOpen { message: String },
    /// A web page instead of JSON: a wrong address, a captive portal, a gateway's error page.
    #[error("got a web page instead of an answer from the API (HTTP {status})")]
    Html { status: u16 },
    /// No connection to the host: name, network, TLS or a closed port.
    #[error("cannot reach {host}: {cause}")]
    Unreachable { host: String, cause: String },
    /// The response did not arrive in time, or a stream was silent for too long.
    #[error("no answer within {} s", .after.as_secs_f32().ceil())]
    TimedOut { after: Duration },
    /// The connection ended before the response was complete.
    #[error("the connection was lost: {cause}")]
    Broken { cause: String },
    /// Any other error status.
    #[error("HTTP {status}: {message}")]
    Status { status: u16, message: String },
    /// Any other Connect error, by its code's name.
    #[error("{code}: {message}")]
    Rpc { code: &'static str, message: String },
    /// A success with an unreadable body.
    #[error("the answer cannot be read: {cause}")]
    Unreadable { cause: String },
    /// More bytes than the caller accepts.
    #[error("larger than {limit} bytes")]
    TooLarge { limit: usize },
    /// An address, id or header that cannot be used.
    #[error("{cause}")]
    Invalid { cause: String },
}

impl Error {
    pub fn new(operation: impl Into<String>, kind: ErrorKind) -> Self {
        Self {
            operation: operation.into(),
            kind,
        }
    }

    /// Whether the same call may succeed later without a change on our side.
    pub fn is_retryable(&self) -> bool {
        match &self.kind {
            ErrorKind::RateLimited { .. }
            | ErrorKind::PortNotOpen { .. }
            | ErrorKind::Unreachable { .. }
            | ErrorKind::TimedOut { .. }
            | ErrorKind::Broken { .. } => true,
            ErrorKind::Html { status } | ErrorKind::Status { status, .. } => *status >= 500,
            ErrorKind::Rpc { code, .. } => *code == "unavailable",
            ErrorKind::Unauthorized { .. }
            | ErrorKind::Forbidden { .. }
            | ErrorKind::NotFound { .. }
            | ErrorKind::Conflict { .. }
            | ErrorKind::SandboxGone { .. }
            | ErrorKind::Unreadable { .. }
            | ErrorKind::TooLarge { .. }
            | ErrorKind::Invalid { .. } => false,
        }
    }

    /// How long the server asked us to wait.
    pub fn retry_after(&self) -> Option<Duration> {
        match self.kind {
            ErrorKind::RateLimited { retry_after, .. } => retry_after,
            _ => None,
        }
    }
}

impl ErrorKind {
    /// Classifies an error response. `secret` is what we sent, in case the server repeats it.
    pub(super) fn of_answer(
        status: StatusCode,
        headers: &HeaderMap,
        body: &[u8],
        secret: Option<&SecretString>,
    ) -> Self {
        let json = serde_json::from_slice::<Value>(body).ok();
        if json.is_none() && is_html(headers, body) {
            return Self::Html {
                status: status.as_u16(),
            };
        }
        let message = message(json.as_ref(), body, secret);
        // Connect errors have a word as `code`, others the HTTP status.
        let code = json
            .as_ref()
            .and_then(|body| body.get("code"))
            .and_then(Value::as_str);
        if let Some(code) = code.and_then(|code| code.parse().ok()) {
            return Self::of_code(code, message);
        }
        match status.as_u16() {
            401 => Self::Unauthorized { message },
            403 => Self::Forbidden { message },
            404 => Self::NotFound { message },
            409 => Self::Conflict { message },
            429 => Self::RateLimited {
                message,
                retry_after: crate::net::http::retry_after(headers),
            },
            // Only the message distinguishes these, for the official SDKs too.
            502 if message.contains("was not found") => Self::SandboxGone { message },
            502 if message.contains("port is not open") => Self::PortNotOpen { message },
            status => Self::Status { status, message },
        }
    }

    /// Classifies a Connect code with a server's message.
    pub(super) fn of_code(code: connectrpc::ErrorCode, message: String) -> Self {
        use connectrpc::ErrorCode as Code;
        match code {
            Code::NotFound => Self::NotFound { message },
            Code::AlreadyExists => Self::Conflict { message },
            Code::Unauthenticated => Self::Unauthorized { message },
            Code::PermissionDenied => Self::Forbidden { message },
            Code::ResourceExhausted => Self::RateLimited {
                message,
                retry_after: None,
            },
            other => Self::Rpc {
                code: other.as_str(),
                message,
            },
        }
    }

    /// Classifies a failure of the HTTP client; the URL is left out, since it may carry a query.
    pub(super) fn of_client(error: &reqwest::Error, host: &str, limit: Duration) -> Self {
        let cause = innermost(error);
        if error.is_connect() {
            Self::Unreachable {
                host: host.to_owned(),
                cause,
            }
        } else if error.is_timeout() {
            Self::TimedOut { after: limit }
        } else if error.is_builder() {
            Self::Invalid { cause }
        } else if error.is_decode() && !broke_off(error) {
            Self::Unreadable { cause }
        } else {
            Self::Broken { cause }
        }
    }
}

/// Makes a server's message fit into one line of an error: no control characters, no secrets, truncated.
pub(super) fn excerpt(text: &str, secret: Option<&SecretString>) -> String {
    let blotted = match secret.map(ExposeSecret::expose_secret) {
        Some(secret) if !secret.is_empty() => text.replace(secret, "…"),
        _ => text.to_owned(),
    };
    let spaced: String = blotted
        .chars()
        .map(|c| if is_unprintable(c) { ' ' } else { c })
        .collect();
    let words = spaced.split_whitespace().collect::<Vec<_>>().join(" ");
    match words.char_indices().nth(EXCERPT) {
        Some((end, _)) => format!("{}…", words.get(..end).unwrap_or_default()),
        None => words,
    }
}

/// Control characters, and those that reorder or hide the text around them.
fn is_unprintable(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
        || c == '\u{feff}'
}

fn message(json: Option<&Value>, body: &[u8], secret: Option<&SecretString>) -> String {
    let told = json
        .and_then(|body| body.get("message"))
        .and_then(Value::as_str);
    let text = match told {
        Some(text) => excerpt(text, secret),
        None => excerpt(&String::from_utf8_lossy(body), secret),
    };
    if text.is_empty() {
        "no reason given".to_owned()
    } else {
        text
    }
}

pub(super) fn is_html(headers: &HeaderMap, body: &[u8]) -> bool {
    let content_type = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    content_type.is_some_and(|value| value.starts_with("text/html"))
        || body.trim_ascii_start().first() == Some(&b'<')
}

fn wait(retry_after: Option<Duration>) -> String {
    retry_after
        .map(|wait| format!(" (try again in {} s)", wait.as_secs()))
        .unwrap_or_default()
}

/// Whether a response ended prematurely, which the client reports as a decoding error.
fn broke_off(error: &reqwest::Error) -> bool {
    let cause = error.source().and_then(|cause| cause.downcast_ref());
    cause.is_some_and(reqwest::Error::is_body)
}

fn innermost(error: &(dyn std::error::Error + 'static)) -> String {
    let mut last = error;
    while let Some(next) = last.source() {
        last = next;
    }
    match last.downcast_ref::<reqwest::Error>() {
        // A client error without a source prints its URL, which may carry a query.
        Some(_) => "the HTTP client gave up".to_owned(),
        None => excerpt(&last.to_string(), None),
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;
    use proptest::prelude::*;

    use super::*;

    fn read(status: u16, body: &str) -> ErrorKind {
        let status = StatusCode::from_u16(status).unwrap();
        ErrorKind::of_answer(
            status,
            &HeaderMap::new(),
            body.as_bytes(),
            Some(&"e2b_hush".into()),
        )
    }

    #[test]
    fn the_two_answers_of_the_sandbox_proxy_are_told_apart_by_their_words() {
        let gone = r#"{"sandboxId":"i1","message":"The sandbox was not found","code":502}"#;
        let closed = r#"{"sandboxId":"i1","message":"The sandbox is running but port is not open","port":4096,"code":502}"#;

        assert_eq!(
            read(502, gone),
            ErrorKind::SandboxGone {
                message: "The sandbox was not found".into()
            }
        );
        assert_eq!(
            read(502, closed),
            ErrorKind::PortNotOpen {
                message: "The sandbox is running but port is not open".into()
            }
        );
        assert_eq!(
            read(502, "bad gateway"),
            ErrorKind::Status {
                status: 502,
                message: "bad gateway".into()
            }
        );
    }

    #[test]
    fn a_word_as_code_is_a_connect_error_whatever_the_status() {
        assert_eq!(
            read(
                404,
                r#"{"code":"not_found","message":"process with pid 9 not found"}"#
            ),
            ErrorKind::NotFound {
                message: "process with pid 9 not found".into()
            }
        );
        assert_eq!(
            read(
                400,
                r#"{"code":"invalid_argument","message":"cwd '/x' does not exist"}"#
            ),
            ErrorKind::Rpc {
                code: "invalid_argument",
                message: "cwd '/x' does not exist".into()
            }
        );
    }

    #[test]
    fn a_page_is_not_quoted() {
        assert_eq!(
            read(200, " <!doctype html><title>Log in</title>"),
            ErrorKind::Html { status: 200 }
        );
    }

    #[test]
    fn a_server_that_repeats_the_key_or_sends_escapes_is_not_quoted_so() {
        let error = Error::new(
            "list sandboxes",
            read(
                401,
                "{\"code\":401,\"message\":\"bad key e2b_hush \\u001b[31m\\nnow\"}",
            ),
        );

        assert_eq!(
            error.to_string(),
            "list sandboxes: not authorized: bad key … [31m now"
        );
    }

    #[test]
    fn each_kind_says_something_else() {
        let text = || "text".to_owned();
        let kinds = [
            ErrorKind::Unauthorized { message: text() },
            ErrorKind::Forbidden { message: text() },
            ErrorKind::NotFound { message: text() },
            ErrorKind::Conflict { message: text() },
            ErrorKind::RateLimited {
                message: text(),
                retry_after: None,
            },
            ErrorKind::RateLimited {
                message: text(),
                retry_after: Some(Duration::from_secs(7)),
            },
            ErrorKind::SandboxGone { message: text() },
            ErrorKind::PortNotOpen { message: text() },
            ErrorKind::Html { status: 200 },
            ErrorKind::Unreachable {
                host: "api.e2b.app".into(),
                cause: text(),
            },
            ErrorKind::TimedOut {
                after: Duration::from_millis(59_500),
            },
            ErrorKind::Broken { cause: text() },
            ErrorKind::Status {
                status: 500,
                message: text(),
            },
            ErrorKind::Rpc {
                code: "internal",
                message: text(),
            },
            ErrorKind::Unreadable { cause: text() },
            ErrorKind::TooLarge { limit: 10 },
            ErrorKind::Invalid { cause: text() },
        ];

        let lines: Vec<_> = kinds
            .into_iter()
            .map(|kind| Error::new("kill sandbox i1", kind))
            .map(|error| format!("{error} | retry: {}", error.is_retryable()))
            .collect();

        insta::assert_snapshot!(lines.join("\n"));
    }

    proptest! {
        #[test]
        fn an_excerpt_is_one_short_line_without_controls(text in "\\PC{0,400}|(?s).{0,400}") {
            let out = excerpt(&text, None);
            prop_assert!(!out.chars().any(is_unprintable));
            prop_assert!(out.chars().count() <= EXCERPT + 1);
        }
    }
}
