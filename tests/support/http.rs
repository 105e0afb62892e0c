//! Blocking HTTP for tests: an independent client, and servers that respond wrongly.

use std::net::SocketAddr;
use std::thread::JoinHandle;
use std::time::Duration;

use axum::Router;
use reqwest::{Client, Method, RequestBuilder};
use sandbar::net::http::HttpOptions;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};
use tokio_util::sync::CancellationToken;

pub(crate) fn runtime() -> Runtime {
    super::duration::measure();
    Builder::new_current_thread().enable_all().build().unwrap()
}

/// An independent client, for `http://` only: loading the machine's certificates takes longer than most requests.
pub(crate) fn plain_client() -> Client {
    let builder = Client::builder().no_proxy().tls_built_in_root_certs(false);
    builder.build().unwrap()
}

/// The program's own options for `http://` only.
pub(crate) fn plain_options() -> HttpOptions {
    HttpOptions {
        tls: false,
        ..HttpOptions::default()
    }
}

/// A request on its own connection.
pub(crate) struct Call {
    pub(crate) method: &'static str,
    pub(crate) url: String,
    /// Of HTTP basic authentication; the user is `opencode`.
    pub(crate) password: Option<String>,
    pub(crate) api_key: Option<String>,
    pub(crate) body: Option<Value>,
}

impl Call {
    pub(crate) fn get(url: impl Into<String>) -> Self {
        Self {
            method: "GET",
            url: url.into(),
            password: None,
            api_key: None,
            body: None,
        }
    }

    /// Sends it and returns the status and the body.
    pub(crate) fn send(&self, limit: Duration) -> reqwest::Result<(u16, String)> {
        runtime().block_on(async {
            let answer = self.request().timeout(limit).send().await?;
            Ok((answer.status().as_u16(), answer.text().await?))
        })
    }

    /// Sends it and passes chunks of the response's body to `more` until that returns false.
    pub(crate) fn follow(&self, limit: Duration, mut more: impl FnMut(&str) -> bool) {
        let reading = async {
            let mut answer = self.request().send().await.unwrap();
            while let Some(piece) = answer.chunk().await.unwrap() {
                if !more(&String::from_utf8_lossy(&piece)) {
                    return;
                }
            }
            panic!("{} ended", self.url);
        };
        runtime().block_on(async {
            let read = tokio::time::timeout(limit, reading).await;
            assert!(read.is_ok(), "waited in vain for more of {}", self.url);
        });
    }

    fn request(&self) -> RequestBuilder {
        let method = Method::from_bytes(self.method.as_bytes()).unwrap();
        let mut request = plain_client().request(method, &self.url);
        if let Some(password) = &self.password {
            request = request.basic_auth("opencode", Some(password));
        }
        if let Some(key) = &self.api_key {
            request = request.header("x-api-key", key);
        }
        if let Some(body) = &self.body {
            request = request.json(body);
        }
        request
    }
}

/// A server on its own thread, stopped on drop.
pub(crate) struct Server {
    address: SocketAddr,
    shutdown: CancellationToken,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Serves on a free port until it is dropped.
    pub(crate) fn start<F>(
        serve: impl FnOnce(TcpListener, CancellationToken) -> F + Send + 'static,
    ) -> Self
    where
        F: Future<Output = ()>,
    {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let shutdown = CancellationToken::new();
        let token = shutdown.clone();
        let thread = std::thread::spawn(move || {
            runtime().block_on(async {
                let listener = TcpListener::from_std(listener).unwrap();
                let ended = token.clone().cancelled_owned();
                // Connections that clients keep open must not block the test.
                tokio::select! {
                    () = serve(listener, token) => {}
                    () = ended => {}
                }
            });
        });
        Self {
            address,
            shutdown,
            thread: Some(thread),
        }
    }

    /// Responds to every request with this page.
    pub(crate) fn page(status: u16, kind: &'static str, body: &'static str) -> Self {
        let status = axum::http::StatusCode::from_u16(status).unwrap();
        let answer = move || async move { (status, [("content-type", kind)], body) };
        let router = Router::new().fallback(answer);
        Self::start(async move |listener, _| axum::serve(listener, router).await.unwrap())
    }

    /// The program's scripted model, at this pace.
    pub(crate) fn model(pace: sandbar::demo::Pace) -> Self {
        Self::start(async move |listener, shutdown| {
            sandbar::demo::serve_at(pace, listener, shutdown)
                .await
                .unwrap();
        })
    }

    /// `http://127.0.0.1:PORT`
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shutdown.cancel();
        if let Some(thread) = self.thread.take() {
            // A panic of the server shows in what the test missed.
            let _ = thread.join();
        }
    }
}

/// A reserved port that refuses connections.
pub(crate) struct ClosedPort {
    address: SocketAddr,
    _socket: rustix::fd::OwnedFd,
}

impl ClosedPort {
    pub(crate) fn new() -> Self {
        use rustix::net::{AddressFamily, SocketType, bind, getsockname, socket};
        let socket = socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
        bind(&socket, &SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
        let address = SocketAddr::try_from(getsockname(&socket).unwrap()).unwrap();
        Self {
            address,
            _socket: socket,
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}
