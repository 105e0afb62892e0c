//! Sets headers in requests to hosts that have header rules: the sandbox's TLS ends here, each request gets
//! its headers and goes on over a connection of our own to the real host.
//!
//! What comes back goes back as it comes. Without upgrades: a web socket is refused by the host, as a request
//! that asks for none.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use http::header::{CONNECTION, CONTENT_LENGTH, HOST, TE, TRAILER, TRANSFER_ENCODING, UPGRADE};
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode, Version};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::sync::OnceCell;
use tokio_rustls::TlsAcceptor;

use super::ca::CertificateAuthority;
use super::trust_bundle;
use crate::net::http::{self as net, HttpOptions, Proxies};

/// A model may think for long before it says anything.
const SILENCE: Duration = Duration::from_hours(1);
const CONNECT_LIMIT: Duration = Duration::from_secs(15);

/// What concerns one connection only.
const HOPS: [HeaderName; 7] = [
    CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    TE,
    TRAILER,
    TRANSFER_ENCODING,
    UPGRADE,
];

/// Of one sandbox. Cloning shares it.
#[derive(Clone)]
pub(in crate::local) struct TlsInterceptor {
    ca: Arc<CertificateAuthority>,
    /// The server's own variables: its proxies, and whom it trusts.
    env: Arc<[(String, String)]>,
    client: Arc<OnceCell<reqwest::Client>>,
}

impl TlsInterceptor {
    pub(in crate::local) fn new(ca: Arc<CertificateAuthority>, env: &[(String, String)]) -> Self {
        Self {
            ca,
            env: env.into(),
            client: Arc::default(),
        }
    }

    /// Serves a connection that the sandbox has opened to `host`, in lower case.
    ///
    /// # Errors
    /// In words: there is nobody to answer to.
    pub(in crate::local) async fn serve(
        &self,
        client: TcpStream,
        host: &str,
        headers: HeaderMap,
    ) -> std::io::Result<()> {
        let config = self
            .ca
            .host(host)
            .map_err(|error| std::io::Error::other(error.to_string()))?;
        let stream = TlsAcceptor::from(config).accept(client).await?;
        let (host, headers) = (Arc::<str>::from(host), Arc::new(headers));
        let service = service_fn(move |request| {
            let (this, host, headers) = (self.clone(), Arc::clone(&host), Arc::clone(&headers));
            async move { Ok::<_, Infallible>(this.pass(request, &host, &headers).await) }
        });
        let served = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
        served.await.map_err(std::io::Error::other)
    }

    async fn pass(
        &self,
        request: Request<Incoming>,
        host: &str,
        headers: &HeaderMap,
    ) -> Response<reqwest::Body> {
        match self.send(request, host, headers).await {
            Ok(mut answer) => {
                for hop in &HOPS {
                    answer.headers_mut().remove(hop);
                }
                *answer.version_mut() = Version::HTTP_11;
                answer
            }
            Err(why) => {
                let mut answer = Response::new(format!("{why}\n").into());
                *answer.status_mut() = StatusCode::BAD_GATEWAY;
                answer
            }
        }
    }

    async fn send(
        &self,
        request: Request<Incoming>,
        host: &str,
        headers: &HeaderMap,
    ) -> Result<Response<reqwest::Body>, String> {
        let client = self.client.get_or_try_init(|| client(&self.env)).await?;
        let (mut parts, body) = request.into_parts();
        let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
        let url = format!("https://{host}{path}");
        // The client writes its own; the length is the body's.
        for name in HOPS.iter().chain(&[HOST, CONTENT_LENGTH]) {
            parts.headers.remove(name);
        }
        parts
            .headers
            .entry(http::header::ACCEPT_ENCODING)
            .or_insert(HeaderValue::from_static("identity"));
        // Also in the place of several of the same name.
        for (name, value) in headers {
            parts.headers.insert(name, value.clone());
        }
        let sent = client
            .request(parts.method, url)
            .headers(parts.headers)
            .body(reqwest::Body::wrap(body))
            .send();
        let answer = sent.await.map_err(net::describe)?;
        Ok(answer.into())
    }
}

/// A client that goes out as the server itself would.
async fn client(env: &[(String, String)]) -> Result<reqwest::Client, String> {
    let find = |wanted: &str| {
        let mut found = env
            .iter()
            .filter(|(name, _)| name.eq_ignore_ascii_case(wanted));
        found.next().map(|(_, value)| value.clone())
    };
    let options = HttpOptions {
        connect_timeout: CONNECT_LIMIT,
        read_timeout: Some(SILENCE),
        proxies: Proxies {
            http: None,
            https: find("https_proxy").or_else(|| find("http_proxy")),
            except: find("no_proxy").unwrap_or_default(),
        },
        tls: true,
    };
    let env = env.to_owned();
    let built = tokio::task::spawn_blocking(move || {
        let mut builder = net::builder(&options).map_err(|error| error.to_string())?;
        if let Some(trusted) = trust_bundle::bundle(&env, None) {
            let trusted = reqwest::Certificate::from_pem_bundle(&trusted).map_err(net::describe)?;
            for certificate in trusted {
                builder = builder.add_root_certificate(certificate);
            }
        }
        // What comes back is not ours to read.
        let builder = builder
            .no_gzip()
            .redirect(reqwest::redirect::Policy::none());
        builder.build().map_err(net::describe)
    });
    built.await.map_err(|error| error.to_string())?
}
