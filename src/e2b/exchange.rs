//! One plain HTTP call: URL, timeout, bounded body, and classified failures.
//!
//! The control plane and envd's `/health` and `/files` use it; RPCs use `connect`. The caller sets the
//! authentication headers.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use reqwest::{RequestBuilder, Response, Url};
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;

use super::error::{Error, ErrorKind, Result, excerpt, is_html};
use super::host::shown_host;

/// Maximum size of a JSON response body.
pub(super) const MAX_JSON: usize = 8 * 1024 * 1024;
/// Maximum size of an error body that we read.
pub(super) const MAX_ERROR: usize = 64 * 1024;

/// How responses are awaited and shown.
#[derive(Clone)]
pub(super) struct Exchange {
    /// For the whole call, from connecting to the last byte.
    pub limit: Duration,
    /// Redacted in error messages.
    pub secret: Option<SecretString>,
}

/// A response with its whole body. Any status.
pub(super) struct ReceivedAnswer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
    secret: Option<SecretString>,
}

impl Exchange {
    /// Sends the request and reads the response, whatever its status. A success above `max` bytes is an error.
    pub(super) async fn send(
        &self,
        request: RequestBuilder,
        max: usize,
    ) -> KindResult<ReceivedAnswer> {
        let (http, request) = request.timeout(self.limit).build_split();
        let request = request.map_err(|error| ErrorKind::of_client(&error, "", self.limit))?;
        let host = shown_host(request.url());
        let gone_wrong = |error: &reqwest::Error| ErrorKind::of_client(error, &host, self.limit);
        let mut response = http
            .execute(request)
            .await
            .map_err(|error| gone_wrong(&error))?;
        let status = response.status();
        let max = if status.is_success() { max } else { MAX_ERROR };
        let body = match read(&mut response, max).await {
            Ok(body) => body,
            // Enough of a failure to classify it.
            Err(BodyFailure::TooLarge(body)) if !status.is_success() => body,
            Err(BodyFailure::TooLarge(_)) => return Err(ErrorKind::TooLarge { limit: max }),
            Err(BodyFailure::Client(error)) => return Err(gone_wrong(&error)),
        };
        let secret = self.secret.clone();
        Ok(ReceivedAnswer {
            status,
            headers: response.headers().clone(),
            body,
            secret,
        })
    }
}

/// A result whose operation is not named yet.
pub(super) type KindResult<T> = std::result::Result<T, ErrorKind>;

/// Adds the operation to a failure.
pub(super) trait During<T> {
    fn during(self, operation: impl FnOnce() -> String) -> Result<T>;
}

impl<T> During<T> for KindResult<T> {
    fn during(self, operation: impl FnOnce() -> String) -> Result<T> {
        self.map_err(|kind| Error::new(operation(), kind))
    }
}

impl ReceivedAnswer {
    /// The response itself if its status is a success, otherwise its error.
    pub(super) fn accepted(self) -> KindResult<Self> {
        if self.status.is_success() {
            Ok(self)
        } else {
            Err(self.failure())
        }
    }

    pub(super) fn failure(&self) -> ErrorKind {
        ErrorKind::of_answer(self.status, &self.headers, &self.body, self.secret.as_ref())
    }

    /// Parses the body. A web page gets its own error: a wrong address often responds 200 with one.
    pub(super) fn json<T: DeserializeOwned>(&self) -> KindResult<T> {
        serde_json::from_slice(&self.body).map_err(|error| {
            if is_html(&self.headers, &self.body) {
                ErrorKind::Html {
                    status: self.status.as_u16(),
                }
            } else {
                ErrorKind::Unreadable {
                    cause: excerpt(&error.to_string(), self.secret.as_ref()),
                }
            }
        })
    }
}

pub(super) enum BodyFailure {
    Client(reqwest::Error),
    /// The part received until then.
    TooLarge(Bytes),
}

/// Reads at most `max` bytes of a body.
pub(super) async fn read(
    response: &mut Response,
    max: usize,
) -> std::result::Result<Bytes, BodyFailure> {
    let mut body = BytesMut::new();
    while let Some(chunk) = response.chunk().await.map_err(BodyFailure::Client)? {
        let room = max - body.len();
        body.extend_from_slice(chunk.get(..room).unwrap_or(&chunk));
        if chunk.len() > room {
            return Err(BodyFailure::TooLarge(body.freeze()));
        }
    }
    Ok(body.freeze())
}

/// Appends path segments, each percent-encoded: an id can never reach another path.
pub(super) fn url(base: &Url, segments: &[&str]) -> Url {
    let mut url = base.clone();
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().extend(segments);
    }
    url
}

/// Adds a header whose value no log shows.
pub(super) fn secret_header(
    headers: &mut HeaderMap,
    name: &'static str,
    secret: &SecretString,
) -> KindResult<()> {
    let mut value =
        HeaderValue::from_str(secret.expose_secret()).map_err(|_| ErrorKind::Invalid {
            cause: format!("the value for {name} has invalid characters"),
        })?;
    value.set_sensitive(true);
    headers.insert(HeaderName::from_static(name), value);
    Ok(())
}
