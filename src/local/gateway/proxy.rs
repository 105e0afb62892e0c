//! Routes each request to the control plane, to a sandbox's envd, or to a
//! port on which a process of that sandbox listens. Bodies stream both ways, unbuffered; an
//! upgrade (WebSocket) becomes a plain copy of bytes. Neither has a time limit.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use futures::StreamExt;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::sync::{Mutex, OwnedSemaphorePermit};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tower_service::Service;

use super::drain_body;
use super::route;
use super::route::{ENVD_PORT, RequestTarget};
use crate::e2b::wire::GatewayError;
use crate::local::helper::protocol::HelperErrorKind;
use crate::local::sandbox::registry;
use crate::local::sandbox::registry::Registry;
use crate::local::sandbox::{LocalSandbox, SandboxRun};
use crate::local::{auth, envd};

/// Pauses between the attempts to reach a port (E2B's proxy makes the same five attempts).
const PAUSES: [Duration; 4] = [
    Duration::from_millis(100),
    Duration::from_millis(200),
    Duration::from_millis(300),
    Duration::from_millis(400),
];
const NOT_FOUND: &str = "The sandbox was not found";
const TRANSITIONING: &str = "The sandbox is still transitioning. Try again in a moment.";
/// Longest wait for the end of a pause or resume.
const MOMENT: Duration = Duration::from_secs(2);
const NOT_RESUMED: &str = "This sandbox can't be resumed with the credentials provided";
const TRAFFIC_HEADER: &str = "e2b-traffic-access-token";

#[derive(Clone)]
pub(in crate::local) struct Gateway {
    pub(in crate::local) registry: Arc<Registry>,
    pub(in crate::local) api: Router,
    pub(in crate::local) envd: Router,
}

/// Routes one request; the outermost handler.
pub(in crate::local) async fn dispatch(State(front): State<Gateway>, request: Request) -> Response {
    let browser = is_browser(request.headers());
    let (request, rest) = drain_body::keep(request);
    let response = answer(front, request).await;
    rest.read_away().await;
    if browser && response.extensions().get::<GatewayMessage>().is_some() {
        return page(&response);
    }
    response
}

async fn answer(mut front: Gateway, mut request: Request) -> Response {
    let (id, port) = match route::target(request.headers(), request.uri().path()) {
        RequestTarget::Refused(reason) => return (StatusCode::BAD_REQUEST, reason).into_response(),
        RequestTarget::Api => return front.api.call(request).await.into_response(),
        RequestTarget::Port { id, port } => (id, port),
        RequestTarget::Token if envd::is_preflight(&request) => return envd::preflight(),
        RequestTarget::Token => match by_secret(&front.registry, &request) {
            Some(id) => (id, ENVD_PORT),
            // A token comes from a sandbox, which is gone.
            None if request.headers().contains_key("x-access-token") => {
                return unreachable_port("", NOT_FOUND, None);
            }
            None => return envd::unauthorized(),
        },
    };
    if port == ENVD_PORT && envd::is_preflight(&request) {
        return envd::preflight();
    }
    let Ok(sandbox) = front.registry.get(&id) else {
        return unreachable_port(&id, NOT_FOUND, None);
    };
    let allowed = may_reach(&sandbox, port, &request);
    if let Err(refused) = wake(&front.registry, &sandbox, allowed).await {
        return refused;
    }
    let run = match live(&id, &sandbox).await {
        Ok(run) => run,
        Err(unreachable) => return unreachable,
    };
    if port == ENVD_PORT {
        let over = run.connections();
        let context = envd::context::SandboxContext {
            sandbox,
            run,
            registry: Arc::clone(&front.registry),
        };
        request.extensions_mut().insert(context);
        let response = front.envd.call(request).await.into_response();
        return with_sandbox(response, over);
    }
    if !allowed {
        let message = format!("the header {TRAFFIC_HEADER} is missing or wrong");
        return gateway(StatusCode::FORBIDDEN, &id, &message, None);
    }
    if let Some(mask) = sandbox.record().mask_host {
        mask_host(&mask, port, request.headers_mut());
    }
    to_port(&id, &run, port, request).await
}

/// Sends a request to a port in a sandbox, if the sandbox may have another connection.
async fn to_port(id: &str, run: &SandboxRun, port: u16, request: Request) -> Response {
    // Its two ends.
    let place = match run.quota.take(2) {
        Ok(place) => Arc::new(place),
        Err(message) => return gateway(StatusCode::SERVICE_UNAVAILABLE, id, &message, Some(port)),
    };
    let way = PortConnection {
        over: run.connections(),
        place,
    };
    match dial(run, port).await {
        Some(stream) => forward(id, port, stream, request, way).await,
        None => unreachable_port(
            id,
            "The sandbox is running but port is not open",
            Some(port),
        ),
    }
}

/// The run of a sandbox. One that is being paused or resumed is waited for, a moment: what comes
/// then is an answer, and "try again" is none.
async fn live(id: &str, sandbox: &LocalSandbox) -> Result<Arc<SandboxRun>, Response> {
    if let Some(run) = sandbox.live() {
        return Ok(run);
    }
    if !settled(&sandbox.transition).await {
        return Err(gateway(StatusCode::CONFLICT, id, TRANSITIONING, None));
    }
    let run = sandbox.live();
    run.ok_or_else(|| unreachable_port(id, NOT_FOUND, None))
}

/// Waits until no transition is under way; false if that takes longer than a moment.
async fn settled(transition: &Mutex<()>) -> bool {
    timeout(MOMENT, transition.lock()).await.is_ok()
}

fn may_reach(sandbox: &LocalSandbox, port: u16, request: &Request) -> bool {
    if port == ENVD_PORT {
        envd::may_use(sandbox, request)
    } else {
        may_pass(sandbox, request)
    }
}

/// Wakes a sandbox that asked for it, if the request may reach it; does nothing to others.
async fn wake(
    registry: &Arc<Registry>,
    sandbox: &LocalSandbox,
    allowed: bool,
) -> Result<(), Response> {
    let record = sandbox.record();
    if !registry::wakes(&record, sandbox) {
        return Ok(());
    }
    if !allowed {
        let refused = gateway(StatusCode::FORBIDDEN, &record.id, NOT_RESUMED, None);
        return Err(refused);
    }
    let woken = registry.wake(sandbox).await;
    woken.map_err(|error| gateway(error.status, &record.id, &error.message, None))
}

/// The sandbox whose token the request has, or whose token signed it.
fn by_secret(registry: &Registry, request: &Request) -> Option<String> {
    let mut all = registry.all().into_iter();
    all.find(|sandbox| envd::is_for(sandbox, request))
        .map(|sandbox| sandbox.record().id)
}

fn may_pass(sandbox: &LocalSandbox, request: &Request) -> bool {
    sandbox.record().traffic_token.is_none_or(|wanted| {
        let given = request
            .headers()
            .get(TRAFFIC_HEADER)
            .map_or(&b""[..], HeaderValue::as_bytes);
        auth::same(given, wanted.as_bytes())
    })
}

fn unreachable_port(id: &str, message: &str, port: Option<u16>) -> Response {
    gateway(StatusCode::BAD_GATEWAY, id, message, port)
}

fn gateway(status: StatusCode, id: &str, message: &str, port: Option<u16>) -> Response {
    let body = GatewayError {
        sandbox_id: id.to_owned(),
        message: message.to_owned(),
        port,
        code: status.as_u16(),
    };
    let mut response = (status, axum::Json(body)).into_response();
    let json = HeaderValue::from_static("application/json; charset=utf-8");
    response.headers_mut().insert("content-type", json);
    response
        .extensions_mut()
        .insert(GatewayMessage(message.to_owned()));
    response
}

/// What a gateway answer says, for people.
#[derive(Clone)]
struct GatewayMessage(String);

/// Whether a person looks at it: a browser that opens a page, no script in one (E2B's rule).
fn is_browser(headers: &HeaderMap) -> bool {
    let text = |name: &str| {
        let value = headers.get(name).and_then(|value| value.to_str().ok());
        value.unwrap_or_default()
    };
    text("user-agent").starts_with("Mozilla/") && text("accept").contains("text/html")
}

/// The same answer to read. The words are ours, so nothing in them needs escaping.
fn page(answer: &Response) -> Response {
    let told = answer.extensions().get::<GatewayMessage>();
    let message = told.map_or("", |told| told.0.as_str());
    let html =
        format!("<!doctype html><meta charset=\"utf-8\"><title>sandbox</title><p>{message}.</p>\n");
    (answer.status(), axum::response::Html(html)).into_response()
}

/// Shows the server another `Host`; `${PORT}` in it stands for the port.
fn mask_host(mask: &str, port: u16, headers: &mut HeaderMap) {
    let masked = mask.replace("${PORT}", &port.to_string());
    let Ok(masked) = HeaderValue::from_str(&masked) else {
        return;
    };
    if let Some(original) = headers.insert("host", masked) {
        headers.insert("x-forwarded-host", original);
    }
}

async fn dial(run: &SandboxRun, port: u16) -> Option<TcpStream> {
    for pause in PAUSES.into_iter().map(Some).chain([None]) {
        match run.helper.dial(port).await {
            Ok(stream) => return Some(stream),
            Err(refused) if refused.reason != HelperErrorKind::NotListening => return None,
            Err(_) => {}
        }
        if let Some(pause) = pause {
            tokio::time::sleep(pause).await;
        }
    }
    None
}

/// A connection into a sandbox, as long as one of these lives.
#[derive(Clone)]
struct PortConnection {
    /// Cuts it.
    over: CancellationToken,
    place: Arc<OwnedSemaphorePermit>,
}

async fn forward(
    id: &str,
    port: u16,
    stream: TcpStream,
    mut request: Request,
    way: PortConnection,
) -> Response {
    let _ = stream.set_nodelay(true);
    let lost = || {
        unreachable_port(
            id,
            "The sandbox is running but port is not open",
            Some(port),
        )
    };
    let Ok((mut sender, connection)) = hyper::client::conn::http1::Builder::new()
        .handshake(TokioIo::new(stream))
        .await
    else {
        return lost();
    };
    let PortConnection { over, place } = way.clone();
    // Ends with the connection, or with the sandbox's run.
    tokio::spawn(async move {
        let _place = place;
        tokio::select! {
            _ = connection.with_upgrades() => {}
            () = over.cancelled() => {}
        }
    });
    let client = hyper::upgrade::on(&mut request);
    let mut response = match sender.send_request(request).await {
        Ok(response) => response,
        Err(error) => {
            tracing::debug!(%error, port, "a request into a sandbox failed");
            let message = "The sandbox is running but its server closed the connection";
            return unreachable_port(id, message, Some(port));
        }
    };
    if response.status() == StatusCode::SWITCHING_PROTOCOLS {
        let upstream = hyper::upgrade::on(&mut response);
        tokio::spawn(async move {
            let (Ok(client), Ok(upstream)) = tokio::join!(client, upstream) else {
                return;
            };
            let (mut client, mut upstream) = (TokioIo::new(client), TokioIo::new(upstream));
            tokio::select! {
                _ = tokio::io::copy_bidirectional(&mut client, &mut upstream) => {}
                () = way.over.cancelled() => {}
            }
            drop(way);
        });
        return response.map(|_| Body::empty()).into_response();
    }
    until(response.map(Body::new), way.over)
}

/// An answer of envd. As at E2B a stream is cut with its sandbox: after a proper end with an error the
/// SDKs do not ask whether it is gone, and say that it may be (2.45).
fn with_sandbox(response: Response, over: CancellationToken) -> Response {
    let is_stream = http_body::Body::size_hint(response.body())
        .exact()
        .is_none();
    if is_stream || response.headers().contains_key("content-disposition") {
        until(response, over)
    } else {
        response
    }
}

/// Cuts a body short when its sandbox is paused or gone, so that the client notices.
fn until(response: Response, over: CancellationToken) -> Response {
    let (parts, body) = response.into_parts();
    if http_body::Body::size_hint(&body).exact() == Some(0) {
        return Response::from_parts(parts, body);
    }
    let cut = futures::stream::once(async move {
        over.cancelled().await;
        Err(axum::Error::new(std::io::Error::other(
            "the sandbox is paused or gone",
        )))
    });
    let mut body = Box::pin(body.into_data_stream());
    let mut cut = Box::pin(cut);
    let both = futures::stream::poll_fn(move |cx| {
        let cut = cut.poll_next_unpin(cx);
        if cut.is_ready() {
            cut
        } else {
            body.poll_next_unpin(cx)
        }
    });
    Response::from_parts(parts, Body::from_stream(both))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_transition_is_waited_for_but_not_for_long() {
        let transition = Mutex::new(());
        let turn = transition.lock().await;

        let stuck = settled(&transition).await;
        let ends = async {
            tokio::time::sleep(MOMENT / 2).await;
            drop(turn);
        };
        let (ended, ()) = tokio::join!(settled(&transition), ends);

        assert_eq!((stuck, ended), (false, true));
    }
}
