//! The errors of calls to OpenCode.
//!
//! Each variant names the operation. The server's messages are truncated and contain neither our password nor the
//! URL; responses with provider keys never get here, since only error bodies are read as text. A server in a sandbox
//! is reached through a proxy, whose responses look like the server's: they are told apart here.

use std::time::Duration;

use reqwest::StatusCode;
use reqwest::header::HeaderMap;
use serde::Deserialize;

use super::wire::lenient;
use crate::net::http;

/// Maximum bytes of a server's message in an error.
const EXCERPT: usize = 400;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpencodeError {
    /// No connection, or it broke before the response was complete.
    #[error("{operation}: {problem}")]
    Transport {
        operation: &'static str,
        problem: String,
        /// The call cannot have reached the server.
        connect: bool,
    },
    #[error("{operation}: no answer within {after:?}")]
    Timeout {
        operation: &'static str,
        after: Duration,
    },
    /// 401: the password is missing or wrong.
    #[error("{operation}: the server does not accept the password")]
    Unauthorized { operation: &'static str },
    /// The sandbox runs, the server does not (yet).
    #[error("{operation}: the sandbox runs, but nothing listens on the server's port")]
    PortClosed { operation: &'static str },
    /// The sandbox is gone, or paused.
    #[error("{operation}: the sandbox was not found")]
    SandboxNotFound { operation: &'static str },
    /// A response that is not JSON: a web page, another program, an incompatible version.
    #[error("{operation}: the answer is not OpenCode's ({found})")]
    NotOpencode {
        operation: &'static str,
        /// The content type, or what was missing.
        found: String,
    },
    /// The server rejected the call.
    #[error("{operation}: {status} {name}{}{message}", if name.is_empty() || message.is_empty() { "" } else { ": " })]
    Status {
        operation: &'static str,
        status: u16,
        /// The server's name for the error, e.g. `NotFoundError`; may be empty.
        name: String,
        /// Its message, or an excerpt of the body; may be empty.
        message: String,
        /// What the server requested, if anything.
        retry_after: Option<Duration>,
    },
    #[error("{operation}: the answer cannot be read ({problem})")]
    Unreadable {
        operation: &'static str,
        problem: String,
    },
    #[error("{operation}: the answer is larger than {limit} bytes")]
    TooLarge {
        operation: &'static str,
        limit: usize,
    },
    /// The base URL, a header or the password cannot be used in a request.
    #[error("{operation}: {problem}")]
    Request {
        operation: &'static str,
        problem: &'static str,
    },
}

impl OpencodeError {
    /// Whether the same call may succeed later without any change.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Transport { .. } | Self::Timeout { .. } | Self::PortClosed { .. } => true,
            Self::Status { status, .. } => matches!(status, 408 | 409 | 425 | 429 | 500..),
            Self::Unauthorized { .. }
            | Self::SandboxNotFound { .. }
            | Self::NotOpencode { .. }
            | Self::Unreadable { .. }
            | Self::TooLarge { .. }
            | Self::Request { .. } => false,
        }
    }

    /// The HTTP status, if the server itself rejected the call.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Status { status, .. } => Some(*status),
            Self::Unauthorized { .. } => Some(401),
            _ => None,
        }
    }

    /// How long the server asked us to wait.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Status { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    pub(super) fn transport(operation: &'static str, error: reqwest::Error) -> Self {
        Self::Transport {
            operation,
            connect: error.is_connect(),
            problem: crate::net::http::describe(error),
        }
    }

    /// The message says where, never what: values may be secret.
    pub(super) fn unreadable(operation: &'static str, error: &serde_json::Error) -> Self {
        Self::Unreadable {
            operation,
            problem: format!("{:?} error at byte {}", error.classify(), error.column()),
        }
    }

    /// Classifies an error response.
    pub(super) fn from_answer(
        operation: &'static str,
        status: StatusCode,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Self {
        let ErrorBody { name, message } = ErrorBody::parse(body);
        match status {
            StatusCode::UNAUTHORIZED => Self::Unauthorized { operation },
            StatusCode::BAD_GATEWAY if message.contains("port is not open") => {
                Self::PortClosed { operation }
            }
            StatusCode::BAD_GATEWAY if message.contains("was not found") => {
                Self::SandboxNotFound { operation }
            }
            status => Self::Status {
                operation,
                status: status.as_u16(),
                name,
                message,
                retry_after: http::retry_after(headers),
            },
        }
    }
}

/// The text of an error response, in any of its shapes.
#[derive(Debug, PartialEq, Eq)]
struct ErrorBody {
    name: String,
    message: String,
}

/// OpenCode v1: `{name, data: {message}}`; v2 and some of v1: `{_tag, message}`; E2B's proxy:
/// `{message, code}`.
#[derive(Default, Deserialize)]
struct AnyBody {
    #[serde(default, deserialize_with = "lenient::or_default")]
    name: String,
    #[serde(default, rename = "_tag", deserialize_with = "lenient::or_default")]
    tag: String,
    #[serde(default, deserialize_with = "lenient::or_default")]
    message: String,
    #[serde(default, deserialize_with = "lenient::or_default")]
    data: AnyData,
}

#[derive(Default, Deserialize)]
struct AnyData {
    #[serde(default, deserialize_with = "lenient::or_default")]
    message: String,
}

impl ErrorBody {
    fn parse(body: &[u8]) -> Self {
        let Ok(any) = serde_json::from_slice::<AnyBody>(body) else {
            return Self {
                name: String::new(),
                message: excerpt(&String::from_utf8_lossy(
                    &body[..body.len().min(4 * EXCERPT)],
                )),
            };
        };
        let first = |one: String, other: String| if one.is_empty() { other } else { one };
        Self {
            name: excerpt(&first(any.name, any.tag)),
            message: excerpt(&first(any.data.message, any.message)),
        }
    }
}

/// One line without control characters, short enough for a message.
fn excerpt(text: &str) -> String {
    let words = text.split(|c: char| c.is_control() || c.is_whitespace());
    let mut line = String::new();
    for word in words.filter(|word| !word.is_empty()) {
        if line.len() + word.len() > EXCERPT {
            line.push('…');
            break;
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use pretty_assertions::assert_eq;
    use proptest::prelude::*;

    fn message_of(status: u16, body: &str) -> String {
        let status = StatusCode::from_u16(status).unwrap();
        OpencodeError::from_answer(
            "get the session",
            status,
            &HeaderMap::new(),
            body.as_bytes(),
        )
        .to_string()
    }

    #[test]
    fn every_shape_of_an_error_body_keeps_the_message_of_the_server() {
        let texts = [
            message_of(
                404,
                r#"{"name":"NotFoundError","data":{"message":"Session not found: ses_1"}}"#,
            ),
            message_of(
                404,
                r#"{"_tag":"PermissionNotFoundError","requestID":"per_1","message":"gone"}"#,
            ),
            message_of(401, ""),
            message_of(
                502,
                r#"{"sandboxId":"i","message":"The sandbox was not found","code":502}"#,
            ),
            message_of(
                502,
                r#"{"message":"The sandbox is running but port is not open","port":3000,"code":502}"#,
            ),
            message_of(502, "<html>\r\nBad\x1b[31m gateway"),
            message_of(500, ""),
        ];

        assert_eq!(
            texts,
            [
                "get the session: 404 NotFoundError: Session not found: ses_1",
                "get the session: 404 PermissionNotFoundError: gone",
                "get the session: the server does not accept the password",
                "get the session: the sandbox was not found",
                "get the session: the sandbox runs, but nothing listens on the server's port",
                "get the session: 502 <html> Bad [31m gateway",
                "get the session: 500 ",
            ]
        );
    }

    #[test]
    fn transient_errors_are_retryable() {
        let retryable = |status: u16, body: &str| {
            let status = StatusCode::from_u16(status).unwrap();
            OpencodeError::from_answer("x", status, &HeaderMap::new(), body.as_bytes())
                .is_retryable()
        };

        assert!(retryable(502, r#"{"message":"port is not open"}"#));
        assert!(retryable(503, ""));
        assert!(!retryable(
            502,
            r#"{"message":"The sandbox was not found"}"#
        ));
        assert!(!retryable(401, ""));
        assert!(!retryable(400, ""));
    }

    proptest! {
        #[test]
        fn any_body_gives_a_short_line(body in prop::collection::vec(any::<u8>(), 0..3000)) {
            let ErrorBody { name, message } = ErrorBody::parse(&body);
            prop_assert!(name.len() + message.len() <= 2 * EXCERPT + 6);
            prop_assert!(!message.chars().any(char::is_control));
        }
    }
}
