//! A model provider on the internet, from a sandbox's point of view: reached over TLS under its own name, through a
//! proxy that routes every host to it. It rejects requests without the key.

use std::convert::Infallible;
use std::sync::Arc;

use http::{Request, Response, StatusCode};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use sandbar::demo::Pace;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use super::home::Home;
use super::http::{Server, plain_client};
use super::optional::Optional;

/// The file with its CA's certificate.
const TRUSTED: &str = "trusted.pem";

pub(crate) struct Provider {
    proxy: Server,
    folder: TempDir,
    _model: Server,
}

/// What its connections share.
struct Site {
    host: &'static str,
    acceptor: TlsAcceptor,
    /// The expected value of `authorization`.
    wanted: String,
    /// The scripted model behind it.
    model: String,
}

impl Provider {
    /// `host` is the name in its certificate.
    pub(crate) fn start(host: &'static str, key: &str) -> Self {
        let made = rcgen::generate_simple_self_signed([host.to_owned()]).unwrap();
        let folder = super::folder();
        std::fs::write(folder.path().join(TRUSTED), made.cert.pem()).unwrap();
        let key_of_tls = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![made.cert.der().clone()],
                PrivateKeyDer::from(key_of_tls),
            );
        let model = Server::model(Pace::Lively);
        let site = Arc::new(Site {
            host,
            acceptor: TlsAcceptor::from(Arc::new(config.unwrap())),
            wanted: format!("Bearer {key}"),
            model: model.url(),
        });
        let proxy = Server::start(async move |listener, _| {
            let mut connections = JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                connections.spawn(tunnel(client, Arc::clone(&site)));
            }
        });
        Self {
            proxy,
            folder,
            _model: model,
        }
    }

    /// A home for local sandboxes that the key must not enter, whose proxy reaches only this provider. `None` if
    /// this machine has no such sandboxes.
    pub(crate) fn home(&self) -> Option<Home> {
        let given = Home::new().isolation();
        let lacks = (!given.starts_with("full")).then_some(given.as_str());
        if !Optional::IsolationFull.is_there(lacks) {
            return None;
        }
        let home = Home::with_sandboxes()
            .set("HTTPS_PROXY", self.proxy.url())
            .set("NODE_EXTRA_CA_CERTS", self.folder.path().join(TRUSTED))
            .set("SANDBAR_SECRETS", "egress");
        Some(home)
    }
}

/// However a connection ends, it is over.
async fn tunnel(mut client: TcpStream, site: Arc<Site>) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if client.read_buf(&mut head).await.unwrap_or(0) == 0 {
            return;
        }
    }
    let wanted = format!("CONNECT {}:443 HTTP/1.1\r\n", site.host);
    if !head.starts_with(wanted.as_bytes()) {
        let _gone = client.write_all(b"HTTP/1.1 403 No\r\n\r\n").await;
        return;
    }
    let _gone = client.write_all(b"HTTP/1.1 200 Yes\r\n\r\n").await;
    let Ok(stream) = site.acceptor.accept(client).await else {
        return;
    };
    let service = service_fn(move |request| {
        let site = Arc::clone(&site);
        async move { Ok::<_, Infallible>(answer(&site, request).await) }
    });
    let _over = http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

async fn answer(site: &Site, request: Request<Incoming>) -> Response<reqwest::Body> {
    let (mut parts, body) = request.into_parts();
    let shown = parts.headers.get("authorization");
    if shown.is_none_or(|shown| shown != site.wanted.as_str()) {
        let mut refused = Response::new("{\"error\": {\"message\": \"no such key\"}}".into());
        *refused.status_mut() = StatusCode::UNAUTHORIZED;
        return refused;
    }
    assert!(parts.uri.path().ends_with("/chat/completions"));
    parts.headers.remove("host");
    let model = plain_client();
    let answer = model
        .request(parts.method, format!("{}/v1/chat/completions", site.model))
        .headers(parts.headers)
        .body(reqwest::Body::wrap(body))
        .send();
    answer.await.unwrap().into()
}
