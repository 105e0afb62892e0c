//! Accepts the server's connections and serves each: only so many at a time, and only for so long
//! while nothing is asked.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

/// Time for the whole head of a request, from the connection's beginning or the end of the request
/// before. Clients keep idle connections for up to 90 s (reqwest's default) and must be the first to
/// let go: they cannot repeat what is not safe to repeat.
const HEAD_LIMIT: Duration = Duration::from_mins(2);
/// Pause after an accept that failed, mostly for want of descriptors.
const PAUSE: Duration = Duration::from_millis(100);

/// Serves until the server shuts down. `places`: one for each connection; who finds none waits.
pub(in crate::local) async fn accept(
    listener: TcpListener,
    app: Router,
    places: Arc<Semaphore>,
    shutdown: CancellationToken,
) {
    loop {
        let next = async {
            let place = Arc::clone(&places).acquire_owned().await;
            (place, listener.accept().await)
        };
        let (place, accepted) = tokio::select! {
            // Streams may be open for ever, so this does not wait for them.
            () = shutdown.cancelled() => return,
            next = next => next,
        };
        match accepted {
            Ok((stream, _)) => {
                let app = app.clone();
                // Ends with the connection.
                tokio::spawn(async move {
                    let _place = place;
                    serve(stream, app).await;
                });
            }
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

async fn serve(stream: TcpStream, app: Router) {
    // Small pieces of a stream would wait for the client's acknowledgement of those before.
    let _ = stream.set_nodelay(true);
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_LIMIT)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(app))
        .with_upgrades();
    if let Err(error) = served.await {
        tracing::debug!(%error, "a connection ended");
    }
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, SocketAddr};

    use axum::routing::get;
    use pretty_assertions::assert_eq;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    const LIMIT: Duration = Duration::from_secs(10);
    const ASKED: &[u8] = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

    async fn server(places: usize) -> (SocketAddr, CancellationToken) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let app = Router::new().route("/", get(async || "answer"));
        let shutdown = CancellationToken::new();
        let places = Arc::new(Semaphore::new(places));
        tokio::spawn(accept(listener, app, places, shutdown.clone()));
        (address, shutdown)
    }

    async fn read_all(stream: &mut TcpStream) -> String {
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }

    #[tokio::test]
    async fn who_does_not_finish_its_question_is_let_go() {
        let (address, _shutdown) = server(8).await;
        let mut slow = TcpStream::connect(address).await.unwrap();
        slow.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n")
            .await
            .unwrap();
        let mut other = TcpStream::connect(address).await.unwrap();
        other.write_all(ASKED).await.unwrap();
        let answered = read_all(&mut other).await;

        // From here on time goes by whenever nobody has anything to do.
        tokio::time::pause();
        let ended = read_all(&mut slow).await;

        assert!(answered.ends_with("answer"), "{answered}");
        assert_eq!(ended, "");
    }

    #[tokio::test]
    async fn who_finds_no_place_is_served_when_one_is_free() {
        let (address, _shutdown) = server(1).await;
        let held = TcpStream::connect(address).await.unwrap();
        let mut waiting = TcpStream::connect(address).await.unwrap();
        waiting.write_all(ASKED).await.unwrap();
        let mut byte = [0];
        let early = tokio::time::timeout(Duration::from_millis(1), waiting.peek(&mut byte)).await;

        drop(held);
        let answered = tokio::time::timeout(LIMIT, read_all(&mut waiting)).await;

        assert!(early.is_err() && answered.unwrap().ends_with("answer"));
    }
}
