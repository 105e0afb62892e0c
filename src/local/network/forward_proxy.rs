//! How a sandbox with a network of its own reaches other hosts: an HTTP proxy that the server serves on
//! a port inside the sandbox. `CONNECT` becomes a plain copy of bytes; other requests are sent on,
//! one for each connection.
//!
//! Not reached through it: this machine itself (loopback, its own addresses) and link-local
//! addresses, where clouds keep their metadata. Everything else is, the local network too, since
//! models and registries may be there ([`super::blocked_hosts`]); and what the sandbox's creator denied ([`NetworkRules`]) is not.
//! Tunnels to hosts that have header rules are not copied but intercepted ([`TlsInterceptor`]).
//! Where the server's own environment names a proxy, requests go on through that.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine as _;
use http::HeaderMap;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::blocked_hosts::{is_closed, own_name, refusal};
use super::proxy_request::{ProxyRequest, host_and_port};
use super::rules::NetworkRules;
use super::tls_intercept::TlsInterceptor;
use crate::local::limits::DescriptorQuota;
use crate::local::sync::lock;

/// The proxy's port inside of every sandbox, next to envd's.
pub(in crate::local) const PORT: u16 = 49984;
/// Longest head of a request.
const HEAD: usize = 64 * 1024;
const HEAD_LIMIT: Duration = Duration::from_secs(30);
const CONNECT_LIMIT: Duration = Duration::from_secs(15);
/// Connections of one sandbox at a time; further ones wait to be accepted. Each takes two descriptors
/// of the server, which other sandboxes need too.
const CONNECTIONS: usize = 256;
/// Requests are written into on their way to this port only.
const TLS_PORT: u16 = 443;
const ESTABLISHED: &[u8] = b"HTTP/1.1 200 Connection established\r\n\r\n";
/// Pause after an accept that failed, mostly for want of descriptors.
const PAUSE: Duration = Duration::from_millis(100);

/// What tells programs of the proxy.
pub(in crate::local) fn variables() -> Vec<(String, String)> {
    let url = format!("http://127.0.0.1:{PORT}");
    let local = "localhost,127.0.0.1,::1";
    let all = [
        ("HTTP_PROXY", url.as_str()),
        ("HTTPS_PROXY", &url),
        ("http_proxy", &url),
        ("https_proxy", &url),
        ("NO_PROXY", local),
        ("no_proxy", local),
        // Node honours the variables only if told so.
        ("NODE_USE_ENV_PROXY", "1"),
    ];
    all.map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
}

/// A proxy beyond ours.
#[derive(Debug, Clone, PartialEq, Eq)]
struct UpstreamProxy {
    host: String,
    port: u16,
    /// `user:password`, if the URL has one.
    login: Option<String>,
}

impl UpstreamProxy {
    fn parse(url: &str) -> Option<Self> {
        let rest = url.strip_prefix("http://").unwrap_or(url);
        if rest.contains("://") {
            return None;
        }
        let authority = rest.split('/').next()?;
        let (login, place) = match authority.rsplit_once('@') {
            Some((login, place)) => (Some(login.to_owned()), place),
            None => (None, authority),
        };
        let (host, port) = host_and_port(place, 80)?;
        Some(Self { host, port, login })
    }

    fn header(&self) -> String {
        let Some(login) = &self.login else {
            return String::new();
        };
        let encoded = base64::engine::general_purpose::STANDARD.encode(login);
        format!("Proxy-Authorization: Basic {encoded}\r\n")
    }
}

/// The proxy of one sandbox.
#[derive(Clone)]
pub(in crate::local) struct ForwardProxy {
    upstream: Option<Arc<UpstreamProxy>>,
    direct: Arc<[String]>,
    /// The sandbox's rules, which may change while it runs; new connections keep them.
    rules: Arc<Mutex<NetworkRules>>,
    interceptor: Option<TlsInterceptor>,
    connections: usize,
}

impl ForwardProxy {
    /// `env`: the server's own proxy variables are looked for in here.
    /// `interceptor`: for sandboxes whose rules may set headers.
    pub(in crate::local) fn new(
        env: &[(String, String)],
        rules: Arc<Mutex<NetworkRules>>,
        interceptor: Option<TlsInterceptor>,
    ) -> Self {
        let find = |wanted: &str| {
            let mut found = env
                .iter()
                .filter(|(name, _)| name.eq_ignore_ascii_case(wanted));
            found.next().map(|(_, value)| value.as_str())
        };
        let upstream = find("https_proxy").or_else(|| find("http_proxy"));
        let direct = find("no_proxy").unwrap_or_default().split(',');
        Self {
            upstream: upstream.and_then(UpstreamProxy::parse).map(Arc::new),
            direct: direct
                .map(|name| name.trim().trim_start_matches("*.").trim_start_matches('.'))
                .filter(|name| !name.is_empty())
                .map(str::to_ascii_lowercase)
                .collect(),
            rules,
            interceptor,
            connections: CONNECTIONS,
        }
    }

    /// With fewer connections at a time where the server has few descriptors.
    pub(in crate::local) fn at_most(mut self, quota: &DescriptorQuota) -> Self {
        self.connections = quota.outbound_connections(CONNECTIONS);
        self
    }

    /// Serves until the sandbox's run is over.
    pub(in crate::local) async fn serve(self, listener: TcpListener, over: CancellationToken) {
        let connections = TaskTracker::new();
        let free = Arc::new(Semaphore::new(self.connections));
        loop {
            let next = async {
                let place = Arc::clone(&free).acquire_owned().await;
                (place, listener.accept().await)
            };
            let (place, accepted) = tokio::select! {
                () = over.cancelled() => return,
                next = next => next,
            };
            let Ok((client, _)) = accepted else {
                tokio::time::sleep(PAUSE).await;
                continue;
            };
            let (proxy, over) = (self.clone(), over.clone());
            connections.spawn(async move {
                let _place = place;
                tokio::select! {
                    _ = proxy.pass(client) => {}
                    () = over.cancelled() => {}
                }
            });
        }
    }

    async fn pass(&self, mut client: TcpStream) -> io::Result<()> {
        let (head, rest) = timeout(HEAD_LIMIT, read_head(&mut client)).await??;
        let Some(request) = ProxyRequest::parse(&head) else {
            return refuse(
                &mut client,
                400,
                "this proxy supports only CONNECT and http://",
            )
            .await;
        };
        if let Some(headers) = self.written_into(&request) {
            return self.intercept(client, rest, &request.host, headers).await;
        }
        match timeout(CONNECT_LIMIT, self.open(&request)).await {
            Ok(Ok(mut server)) => {
                let _ = server.set_nodelay(true);
                let _ = client.set_nodelay(true);
                if request.tunnel {
                    client.write_all(ESTABLISHED).await?;
                }
                server.write_all(&rest).await?;
                tokio::io::copy_bidirectional(&mut client, &mut server).await?;
                Ok(())
            }
            Ok(Err(error)) if error.kind() == io::ErrorKind::PermissionDenied => {
                refuse(&mut client, 403, &error.to_string()).await
            }
            Ok(Err(error)) => refuse(&mut client, 502, &error.to_string()).await,
            Err(_) => refuse(&mut client, 504, "the server was not reached in time").await,
        }
    }

    /// What is written into the requests of a tunnel, if anything is.
    fn written_into(&self, request: &ProxyRequest) -> Option<HeaderMap> {
        let goes_by_tls = request.tunnel && request.port == TLS_PORT;
        let rules = goes_by_tls.then(|| lock(&self.rules));
        rules?.rewrite.headers(&request.host)
    }

    /// Ends a tunnel here, under the same rules for where it may go as others.
    async fn intercept(
        &self,
        mut client: TcpStream,
        rest: Vec<u8>,
        host: &str,
        headers: HeaderMap,
    ) -> io::Result<()> {
        let rules = lock(&self.rules).clone();
        let allowed = timeout(CONNECT_LIMIT, allowed(host, TLS_PORT, &rules)).await?;
        let has_way = self.upstream.is_some() && rules.permits(host, None);
        match (allowed, &self.interceptor) {
            (Err(error), _) if error.kind() == io::ErrorKind::PermissionDenied => {
                refuse(&mut client, 403, &error.to_string()).await
            }
            (Err(error), _) if !has_way => refuse(&mut client, 502, &error.to_string()).await,
            // Programs wait for the answer before they begin with TLS.
            (_, Some(interceptor)) if rest.is_empty() => {
                client.write_all(ESTABLISHED).await?;
                interceptor.serve(client, host, headers).await
            }
            _ => refuse(&mut client, 502, "no headers can be added to this request").await,
        }
    }

    /// Connects to where a request goes, and sends on the head of a plain one.
    async fn open(&self, request: &ProxyRequest) -> io::Result<TcpStream> {
        let (host, port) = (request.host.as_str(), request.port);
        let near = self
            .direct
            .iter()
            .any(|name| name == "*" || host == name || host.ends_with(&format!(".{name}")));
        let upstream = self.upstream.as_ref().filter(|_| !near);
        let rules = lock(&self.rules).clone();
        let addresses = allowed(host, port, &rules).await;
        let Some(upstream) = upstream else {
            let mut last = io::Error::from(io::ErrorKind::NotFound);
            for address in addresses? {
                match TcpStream::connect(address).await {
                    Ok(mut server) => {
                        server.write_all(request.direct.as_bytes()).await?;
                        return Ok(server);
                    }
                    Err(error) => last = error,
                }
            }
            return Err(last);
        };
        // A name that we cannot resolve may be known to the proxy beyond.
        match addresses {
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => return Err(error),
            Err(_) if !rules.permits(host, None) => return Err(denied(host)),
            _ => {}
        }
        let mut server = TcpStream::connect((upstream.host.as_str(), upstream.port)).await?;
        let head = request.through(&upstream.header());
        server.write_all(head.as_bytes()).await?;
        if request.tunnel {
            let (answer, rest) = read_head(&mut server).await?;
            let good = answer
                .split(' ')
                .nth(1)
                .is_some_and(|code| code.starts_with('2'));
            if !good || !rest.is_empty() {
                let line = answer.lines().next().unwrap_or_default();
                return Err(io::Error::other(format!(
                    "the upstream proxy answered: {line}"
                )));
            }
        }
        Ok(server)
    }
}

/// The addresses of a host that a sandbox may reach. An error of kind `PermissionDenied` if its name is
/// this machine's or odd, or one of them is this machine's, link-local or denied: who has both a good and
/// a bad one is up to no good.
async fn allowed(host: &str, port: u16, rules: &NetworkRules) -> io::Result<Vec<SocketAddr>> {
    if !rules.may_look_up(host) {
        return Err(denied(host));
    }
    if let Some(message) = refusal(host, &own_name()) {
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, message));
    }
    let addresses: Vec<SocketAddr> = tokio::net::lookup_host((host, port)).await?.collect();
    let permitted = |address: &SocketAddr| rules.permits(host, Some(address.ip()));
    if !addresses.iter().all(permitted) {
        return Err(denied(host));
    }
    if addresses.iter().any(|address| is_closed(address.ip())) {
        let message = format!("sandboxes may not reach this machine itself ('{host}')");
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, message));
    }
    Ok(addresses)
}

fn denied(host: &str) -> io::Error {
    let message = format!("the network rules of this sandbox deny '{host}'");
    io::Error::new(io::ErrorKind::PermissionDenied, message)
}

async fn read_head(stream: &mut TcpStream) -> io::Result<(String, Vec<u8>)> {
    let mut bytes = Vec::new();
    loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            let rest = bytes.split_off(end + 4);
            return Ok((String::from_utf8_lossy(&bytes).into_owned(), rest));
        }
        if bytes.len() > HEAD {
            return Err(io::Error::other("the head of the message is too long"));
        }
        if stream.read_buf(&mut bytes).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
}

async fn refuse(client: &mut TcpStream, code: u16, message: &str) -> io::Result<()> {
    let answer = format!(
        "HTTP/1.1 {code} Refused\r\nContent-Type: text/plain\r\nContent-Length: {}\r\n\
         Connection: close\r\n\r\n{message}\n",
        message.len() + 1
    );
    client.write_all(answer.as_bytes()).await?;
    client.shutdown().await
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn a_proxy_beyond_is_read_with_its_login() {
        let upstream = UpstreamProxy::parse("http://me:secret@proxy.example:3128/").unwrap();

        assert_eq!(
            (upstream.host.as_str(), upstream.port),
            ("proxy.example", 3128)
        );
        assert_eq!(
            upstream.header(),
            "Proxy-Authorization: Basic bWU6c2VjcmV0\r\n"
        );
    }

    #[tokio::test]
    async fn a_proxy_beyond_is_asked_for_no_name_of_this_machine() {
        let beyond = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let url = format!("http://{}", beyond.local_addr().unwrap());
        let outbound = ForwardProxy::new(&[("HTTP_PROXY".to_owned(), url)], Arc::default(), None);
        let open = async |line: &str| {
            let head = format!("{line} HTTP/1.1\r\n\r\n");
            outbound.open(&ProxyRequest::parse(&head).unwrap()).await
        };

        for host in [
            "no-such-name.localhost",
            "127.1",
            "0x7f.1",
            "ⓛocalhost",
            "[::ffff:7f00:1]",
        ] {
            for line in [format!("CONNECT {host}:80"), format!("GET http://{host}/")] {
                let error = open(&line).await.unwrap_err();
                assert_eq!(
                    error.kind(),
                    io::ErrorKind::PermissionDenied,
                    "{line}: {error}"
                );
            }
        }
        // What is not known here may be known there.
        let sent = open("GET http://no-such-name.invalid/").await;
        let (mut asked, _) = beyond.accept().await.unwrap();
        let (head, _) = read_head(&mut asked).await.unwrap();

        assert!(
            sent.is_ok() && head.starts_with("GET http://no-such-name.invalid/ "),
            "{head}"
        );
    }

    #[tokio::test]
    async fn a_sandbox_holds_only_so_many_connections_and_the_next_comes_when_one_ends() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let over = CancellationToken::new();
        let outbound = ForwardProxy::new(&[], Arc::default(), None);
        let serving = tokio::spawn(outbound.serve(listener, over.clone()));
        // Refused as soon as it is served.
        let ask = async || {
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.write_all(b"nonsense\r\n\r\n").await.unwrap();
            stream
        };
        let mut held = Vec::new();
        for _ in 0..CONNECTIONS {
            held.push(TcpStream::connect(address).await.unwrap());
        }

        let mut waiting = ask().await;
        let mut answer = String::new();
        let early = timeout(
            Duration::from_millis(1),
            waiting.read_to_string(&mut answer),
        )
        .await;
        held.pop();
        let limit = Duration::from_secs(10);
        let late = timeout(limit, waiting.read_to_string(&mut answer)).await;

        assert!(early.is_err() && late.is_ok(), "{early:?} {late:?}");
        assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
        over.cancel();
        serving.await.unwrap();
    }
}
