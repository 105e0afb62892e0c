//! A real HTTP server on a free loopback port, for tests: it records requests and responds by rule.

use std::sync::{Arc, Mutex};

use axum::body::Bytes;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use http::HeaderMap;
use reqwest::Url;

/// One request as it arrived.
#[derive(Debug, Clone)]
pub(super) struct RecordedRequest {
    pub method: String,
    /// Path and query, not decoded.
    pub target: String,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl RecordedRequest {
    /// Method, target and body in one line, as in the recordings.
    pub(super) fn line(&self) -> String {
        let body = String::from_utf8_lossy(&self.body);
        format!("{} {} {body}", self.method, self.target)
            .trim_end()
            .to_owned()
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

pub(super) struct Stub {
    pub url: Url,
    seen: Arc<Mutex<Vec<RecordedRequest>>>,
}

impl Stub {
    /// Starts the server; it ends with the test's runtime.
    pub(super) async fn start<A: IntoResponse>(
        rule: impl Fn(&RecordedRequest) -> A + Clone + Send + Sync + 'static,
    ) -> Self {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let notes = Arc::clone(&seen);
        let app = axum::Router::new().fallback(move |request: Request| async move {
            let (parts, body) = request.into_parts();
            let body = axum::body::to_bytes(body, 64 << 20).await.unwrap();
            let target = parts.uri.to_string();
            let arrived = RecordedRequest {
                method: parts.method.to_string(),
                target,
                headers: parts.headers,
                body,
            };
            let answer: Response = rule(&arrived).into_response();
            notes.lock().unwrap().push(arrived);
            answer
        });
        Self {
            url: serve(app).await,
            seen,
        }
    }

    pub(super) fn seen(&self) -> Vec<RecordedRequest> {
        self.seen.lock().unwrap().clone()
    }

    /// Each request in one line.
    pub(super) fn lines(&self) -> Vec<String> {
        self.seen().iter().map(RecordedRequest::line).collect()
    }
}

/// Serves on a free port of 127.0.0.1.
pub(super) async fn serve(app: axum::Router) -> Url {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await });
    Url::parse(&format!("http://{address}")).unwrap()
}

/// The address of a reserved port that refuses connections, as long as the socket lives.
pub(super) fn closed_port() -> (Url, tokio::net::TcpSocket) {
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket
        .bind(std::net::SocketAddr::from(([127, 0, 0, 1], 0)))
        .unwrap();
    let url = Url::parse(&format!("http://{}", socket.local_addr().unwrap())).unwrap();
    (url, socket)
}

pub(super) fn http() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().build().unwrap()
}
