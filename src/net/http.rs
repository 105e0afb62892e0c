//! The one HTTP stack: how clients are built, names are resolved, and failures are described.
//!
//! Options enter, [`Http`] leaves: two `reqwest` clients that are cheap to clone, one of which pools its
//! connections. There is no timeout for a whole request here, since that would cut event streams, nor for silence,
//! since that would cut steps with longer limits of their own: connecting has one, and callers set their own for
//! each call and stream. Nothing here reads the environment, and nothing knows what is sent.

use std::error::Error as _;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use http::{HeaderMap, HeaderValue, header};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use secrecy::{ExposeSecret, SecretString};

use super::backoff;

/// Hosts that are never reached through a proxy. `localhost` covers `*.localhost` too.
const LOOPBACK: &str = "localhost,127.0.0.0/8,::1";

/// After this much silence on a connection, its peer is pinged.
const SILENCE: Duration = Duration::from_secs(30);
/// If many sessions lose their connections together, the pool is renewed only once.
const LATELY: Duration = Duration::from_secs(1);

/// The server's `Retry-After`, if it is in seconds.
pub fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let value = headers.get(header::RETRY_AFTER)?;
    backoff::retry_after(value.to_str().ok()?)
}

/// How clients are built.
#[derive(Debug, Clone)]
pub struct HttpOptions {
    /// For name resolution, the TCP connection and TLS together.
    pub connect_timeout: Duration,
    /// The longest silence while a response is awaited or read. Without it, only the callers' own limits apply.
    pub read_timeout: Option<Duration>,
    pub proxies: Proxies,
    /// Whether `https://` can be reached. Without it, no certificates are loaded, which takes tens of milliseconds.
    pub tls: bool,
}

impl Default for HttpOptions {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(10),
            read_timeout: None,
            proxies: Proxies::default(),
            tls: true,
        }
    }
}

/// Proxies from the user's environment; loopback is always reached directly.
#[derive(Clone, Default)]
pub struct Proxies {
    /// For `http://` URLs (`http_proxy`). May contain a password.
    pub http: Option<String>,
    /// For `https://` URLs (`HTTPS_PROXY`). May contain a password.
    pub https: Option<String>,
    /// Hosts, domains and networks that are reached directly (`NO_PROXY`), separated by commas.
    pub except: String,
}

impl Proxies {
    /// Whether any of them is itself reached over TLS.
    pub fn need_tls(&self) -> bool {
        let mut all = self.http.iter().chain(&self.https);
        all.any(|url| !url.starts_with("http://"))
    }
}

impl fmt::Debug for Proxies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proxies")
            .field("http", &self.http.is_some())
            .field("https", &self.https.is_some())
            .field("except", &self.except)
            .finish()
    }
}

/// Why no client could be built.
#[derive(Debug, thiserror::Error)]
pub enum HttpSetupError {
    #[error("the proxy for {scheme} addresses is not a usable URL")]
    Proxy { scheme: &'static str },
    #[error("set up HTTP and TLS: {0}")]
    Client(String),
}

/// A client that reuses its connections until they are dropped. Clones share them.
#[derive(Debug, Clone)]
pub struct Pool(Arc<Mutex<PooledClient>>);

#[derive(Debug)]
struct PooledClient {
    client: reqwest::Client,
    renewed: Option<Instant>,
}

impl From<reqwest::Client> for Pool {
    fn from(client: reqwest::Client) -> Self {
        let kept = PooledClient {
            client,
            renewed: None,
        };
        Self(Arc::new(Mutex::new(kept)))
    }
}

impl Pool {
    /// The current client, for one request.
    pub fn client(&self) -> reqwest::Client {
        self.kept().client.clone()
    }

    fn kept(&self) -> MutexGuard<'_, PooledClient> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Idle connections per host. Several calls fetch a conversation at once, but a hundred watched sessions would hold
/// a hundred times as many descriptors, here and at the servers.
const KEPT: usize = 2;

/// The clients of this program. Clones share connections.
#[derive(Debug, Clone)]
pub struct Http {
    options: HttpOptions,
    pooled: Pool,
    fresh: reqwest::Client,
}

impl Http {
    /// Builds the clients; loads the system's certificates if needed.
    pub fn new(options: &HttpOptions) -> Result<Self, HttpSetupError> {
        Ok(Self {
            options: options.clone(),
            pooled: build(builder(options)?)?.into(),
            fresh: build(builder(options)?.pool_max_idle_per_host(0))?,
        })
    }

    /// For ordinary calls and streams.
    pub fn pool(&self) -> &Pool {
        &self.pooled
    }

    /// Drops the pooled connections; those in use continue. A connection that died silently, as all do when the
    /// machine is suspended, would let each request sent over it run into its timeout. Does nothing if it was done a
    /// moment ago. Reloads the system's certificates: not for an async task.
    pub fn renew(&self) {
        let is_new = |kept: &PooledClient| kept.renewed.is_some_and(|at| at.elapsed() < LATELY);
        if is_new(&self.pooled.kept()) {
            return;
        }
        match builder(&self.options).and_then(build) {
            Ok(client) => {
                *self.pooled.kept() = PooledClient {
                    client,
                    renewed: Some(Instant::now()),
                };
            }
            Err(error) => tracing::warn!(%error, "the connections stay as they are"),
        }
    }

    /// For probes: each request has its own connection, so that one which a starting server has accepted and
    /// forgotten is never reused.
    pub fn fresh(&self) -> &reqwest::Client {
        &self.fresh
    }
}

fn build(builder: reqwest::ClientBuilder) -> Result<reqwest::Client, HttpSetupError> {
    builder
        .build()
        .map_err(|error| HttpSetupError::Client(describe(error)))
}

/// Starts a client with our limits, name resolution and proxies. For clients that need more than [`Http`].
pub fn builder(options: &HttpOptions) -> Result<reqwest::ClientBuilder, HttpSetupError> {
    let mut builder = reqwest::Client::builder()
        .connect_timeout(options.connect_timeout)
        .tcp_keepalive(SILENCE)
        .pool_max_idle_per_host(KEPT)
        // All requests to a host share one connection, and would keep using it after it died silently.
        .http2_keep_alive_interval(SILENCE)
        .http2_keep_alive_timeout(SILENCE / 3)
        .dns_resolver(std::sync::Arc::new(Resolver))
        .tls_built_in_root_certs(options.tls)
        .user_agent(concat!("sandbar/", env!("CARGO_PKG_VERSION")))
        // Without this, reqwest would read the environment itself and use a proxy for loopback.
        .no_proxy();
    if let Some(limit) = options.read_timeout {
        builder = builder.read_timeout(limit);
    }
    let except = reqwest::NoProxy::from_string(&format!("{LOOPBACK},{}", options.proxies.except));
    if let Some(url) = &options.proxies.http {
        let proxy =
            reqwest::Proxy::http(url).map_err(|_| HttpSetupError::Proxy { scheme: "http" })?;
        builder = builder.proxy(proxy.no_proxy(except.clone()));
    }
    if let Some(url) = &options.proxies.https {
        let proxy =
            reqwest::Proxy::https(url).map_err(|_| HttpSetupError::Proxy { scheme: "https" })?;
        builder = builder.proxy(proxy.no_proxy(except));
    }
    Ok(builder)
}

/// Resolves `localhost` and all names below it to loopback, others by the system.
///
/// E2B's hosts are names below a domain; a server on this machine uses `*.localhost`, which system resolvers often
/// do not resolve although browsers do.
#[derive(Debug, Clone, Copy)]
struct Resolver;

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            // The connector replaces the port.
            if is_loopback_name(name.as_str()) {
                let address = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);
                return Ok(Box::new(std::iter::once(address)) as Addrs);
            }
            let addresses: Vec<SocketAddr> =
                tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

fn is_loopback_name(name: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
    name == "localhost" || name.ends_with(".localhost")
}

/// Creates a header value that prints as `Sensitive`; `None` if the secret contains control characters.
pub fn secret_header(value: &SecretString) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(value.expose_secret()).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// Creates the `Authorization` value of HTTP Basic; it prints as `Sensitive`.
pub fn basic_auth(user: &str, password: &SecretString) -> Option<HeaderValue> {
    use base64::Engine as _;
    let pair = format!("{user}:{}", password.expose_secret());
    let encoded = base64::engine::general_purpose::STANDARD.encode(pair);
    secret_header(&SecretString::from(format!("Basic {encoded}")))
}

/// Describes a transport failure with its causes in one line, without the URL, which may contain a token.
pub fn describe(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_below_localhost_are_loopback_and_look_alikes_are_not() {
        assert!(is_loopback_name("4096-abc.localhost"));
        assert!(is_loopback_name("LOCALHOST."));
        assert!(!is_loopback_name("localhost.example.org"));
        assert!(!is_loopback_name("notlocalhost"));
    }

    #[test]
    fn secrets_do_not_show_in_debug_output() {
        let password = SecretString::from("hunter2");
        let header = basic_auth("opencode", &password).unwrap();
        let proxies = Proxies {
            https: Some("http://user:hunter2@proxy:3128".into()),
            ..Proxies::default()
        };

        assert_eq!(header.to_str().unwrap(), "Basic b3BlbmNvZGU6aHVudGVyMg==");
        assert_eq!(format!("{header:?}"), "Sensitive");
        assert!(!format!("{proxies:?}").contains("hunter2"));
        assert!(secret_header(&SecretString::from("a\nb")).is_none());
    }

    #[tokio::test]
    async fn a_localhost_name_reaches_loopback_past_a_proxy_and_errors_hide_the_url() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let http = Http::new(&HttpOptions {
            proxies: Proxies {
                http: Some("http://proxy.invalid:1".into()),
                ..Proxies::default()
            },
            ..HttpOptions::default()
        })
        .unwrap();

        // The server closes every connection: only reaching it counts.
        let url = format!("http://4096-abc.localhost:{port}/?auth_token=hunter2");
        let accept = async { drop(listener.accept().await.unwrap()) };
        let (answer, ()) = tokio::join!(http.pool().client().get(url).send(), accept);

        let text = describe(answer.unwrap_err());
        assert!(!text.contains("hunter2"), "{text}");
    }

    #[tokio::test]
    async fn dropped_connections_are_not_reused() {
        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let taken = Arc::new(std::sync::atomic::AtomicUsize::new(0));
        let count = || taken.load(std::sync::atomic::Ordering::SeqCst);
        let counter = Arc::clone(&taken);
        tokio::spawn(async move {
            while let Ok((mut peer, _)) = listener.accept().await {
                counter.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                tokio::spawn(async move {
                    let mut request = [0; 1024];
                    while peer.read(&mut request).await.is_ok_and(|read| read > 0) {
                        let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
                        peer.write_all(answer).await.unwrap();
                    }
                });
            }
        });
        let http = Http::new(&HttpOptions::default()).unwrap();
        let call = async || {
            let answer = http.pool().client().get(&url).send().await.unwrap();
            answer.bytes().await.unwrap();
        };

        call().await;
        call().await;
        let kept = count();
        http.renew();
        call().await;
        let renewed = count();
        // It was done a moment ago.
        http.renew();
        call().await;

        assert_eq!((kept, renewed, count()), (1, 2, 2));
    }

    #[tokio::test]
    async fn two_of_the_connections_for_many_concurrent_requests_are_pooled() {
        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
        const AT_ONCE: usize = 6;
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let (closed, mut told) = tokio::sync::mpsc::channel(AT_ONCE);
        tokio::spawn(async move {
            // Answered only when all have arrived, so that each needs its own connection.
            let mut peers = Vec::new();
            for _ in 0..AT_ONCE {
                peers.push(listener.accept().await.unwrap().0);
            }
            for mut peer in peers {
                let closed = closed.clone();
                tokio::spawn(async move {
                    let mut request = [0; 1024];
                    while peer.read(&mut request).await.is_ok_and(|read| read > 0) {
                        let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
                        peer.write_all(answer).await.unwrap();
                    }
                    closed.send(()).await.unwrap();
                });
            }
        });
        let http = Http::new(&HttpOptions::default()).unwrap();
        let call = async || {
            let answer = http.pool().client().get(&url).send().await.unwrap();
            answer.bytes().await.unwrap();
        };

        futures::future::join_all((0..AT_ONCE).map(|_| call())).await;
        for _ in 0..AT_ONCE - KEPT {
            told.recv().await.unwrap();
        }
        // No further connection is accepted: this call must reuse one.
        call().await;

        assert!(told.try_recv().is_err());
    }
}
