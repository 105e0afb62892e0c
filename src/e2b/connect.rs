//! connectrpc's transport over our HTTP client, with a gate for responses that are not envd's.
//!
//! Requests of the generated clients enter; envd's responses leave unchanged. A proxy and a token check between us
//! and envd respond in their own formats (`"code": 502`, pages, plain text), of which the RPC library keeps only the
//! status on streams. The gate parses such bodies and passes their [`ErrorKind`] through the library as the source
//! of its error; [`kind_of`] extracts it again.

use std::time::Duration;

use connectrpc::client::{BoxFuture, ClientBody, ClientTransport};
use connectrpc::{ConnectError, ErrorCode};
use http::{Request, Response, header};
use secrecy::SecretString;

use super::error::{ErrorKind, excerpt};
use super::exchange::{BodyFailure, KindResult, MAX_ERROR, read};
use super::host::shown_host;
use crate::net::http::Pool;

/// Sends RPCs. Never give the client a timeout for whole requests: it would cut streams.
#[derive(Clone)]
pub(super) struct Transport {
    pub http: Pool,
    /// Redacted in error messages.
    pub secret: Option<SecretString>,
    /// The limit named in timeout errors.
    pub limit: Duration,
}

impl ClientTransport for Transport {
    type ResponseBody = reqwest::Body;
    type Error = ConnectError;

    fn send(
        &self,
        request: Request<ClientBody>,
    ) -> BoxFuture<'static, Result<Response<reqwest::Body>, ConnectError>> {
        let transport = self.clone();
        Box::pin(async move {
            let sent = transport.exchange(request).await;
            sent.map_err(|kind| ConnectError::unavailable(kind.to_string()).with_source(kind))
        })
    }
}

impl Transport {
    async fn exchange(&self, request: Request<ClientBody>) -> KindResult<Response<reqwest::Body>> {
        let request = reqwest::Request::try_from(request.map(reqwest::Body::wrap))
            .map_err(|error| ErrorKind::of_client(&error, "", self.limit))?;
        let host = shown_host(request.url());
        let failed = |error: &reqwest::Error| ErrorKind::of_client(error, &host, self.limit);
        let mut answer = self
            .http
            .client()
            .execute(request)
            .await
            .map_err(|error| failed(&error))?;
        let status = answer.status();
        if status.is_success() && !is_page(&answer) {
            return Ok(answer.into());
        }
        let body = match read(&mut answer, MAX_ERROR).await {
            Ok(body) | Err(BodyFailure::TooLarge(body)) => body,
            Err(BodyFailure::Client(error)) => return Err(failed(&error)),
        };
        Err(ErrorKind::of_answer(
            status,
            answer.headers(),
            &body,
            self.secret.as_ref(),
        ))
    }
}

fn is_page(answer: &reqwest::Response) -> bool {
    let content_type = answer.headers().get(header::CONTENT_TYPE);
    content_type.is_some_and(|value| value.as_bytes().starts_with(b"text/html"))
}

/// The library's messages for a connection that ended in the middle of a stream. It uses the same code for servers'
/// errors, so the message is the only distinction (connectrpc 0.9.1; tests verify it).
const CUT: [&str; 2] = [
    "failed to read response body",
    "Connect streaming response ended without END_STREAM envelope",
];

/// Classifies an RPC failure: the gate's result, otherwise the error of envd or the library.
pub(super) fn kind_of(error: &ConnectError, secret: Option<&SecretString>) -> ErrorKind {
    let carried = error
        .source_arc()
        .and_then(|source| source.downcast_ref::<ErrorKind>().cloned());
    if let Some(kind) = carried {
        return kind;
    }
    let words = error.message.as_deref().unwrap_or("no reason given");
    let message = excerpt(words, secret);
    match error.code {
        ErrorCode::Internal if CUT.iter().any(|cut| words.starts_with(cut)) => {
            ErrorKind::Broken { cause: message }
        }
        // The library's own limits; a server's 429 has been through the gate.
        ErrorCode::ResourceExhausted => ErrorKind::Unreadable { cause: message },
        code => ErrorKind::of_code(code, message),
    }
}
