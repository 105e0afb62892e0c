//! A TCP proxy that breaks connections on purpose, by a plan that a seed decides.
//!
//! Each new connection gets the next fault of the plan; after that there are none. So a schedule of faults always
//! ends in a quiet time, and the same seed makes the same faults.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::http::{Server, runtime};

/// What happens to one connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Closed before anything is read.
    Refuse,
    /// Read, never answered, closed after this long.
    Silence(Duration),
    /// The response is cut off after this many bytes.
    Cut(usize),
    /// The response stalls after this many bytes, and is cut off after this long.
    Stall(usize, Duration),
    /// After this many bytes of the response nothing is sent any more, and the connection stays open.
    HalfOpen(usize),
    /// Each chunk of the response is this late; to the server this is a slow reader.
    Delay(Duration),
    /// After this many bytes of the response each bit is flipped.
    Garble(usize),
    /// A gateway responds: a status and its page.
    Answer(u16),
    /// The request arrives and is executed; its response is lost.
    Deaf,
}

const KINDS: u64 = 9;

/// A small generator (splitmix64), so that a seed determines the whole schedule.
#[derive(Debug, Clone)]
pub(crate) struct Seeded(pub(crate) u64);

impl Seeded {
    /// A number below `limit`.
    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % limit
    }

    fn fault(&mut self, kind: u64) -> Fault {
        // Most responses are short; an event stream is long.
        let bytes = match self.below(2) {
            0 => usize::try_from(self.below(400)).unwrap(),
            _ => usize::try_from(self.below(20_000)).unwrap(),
        };
        let time = Duration::from_millis(100 + self.below(900));
        match kind {
            0 => Fault::Refuse,
            1 => Fault::Silence(time),
            2 => Fault::Cut(bytes),
            3 => Fault::Stall(bytes, time),
            4 => Fault::Delay(time / 10),
            5 => Fault::Garble(bytes),
            6 => Fault::Answer([429, 502, 503][usize::try_from(self.below(3)).unwrap()]),
            7 => Fault::Deaf,
            _ => Fault::HalfOpen(bytes),
        }
    }

    /// Four to six faults, the first four of different kinds.
    pub(crate) fn plan(&mut self) -> VecDeque<Fault> {
        let mut kinds: Vec<u64> = (0..KINDS).collect();
        let mut plan = VecDeque::new();
        for _ in 0..4 {
            let at = usize::try_from(self.below(kinds.len() as u64)).unwrap();
            let kind = kinds.swap_remove(at);
            plan.push_back(self.fault(kind));
        }
        for _ in 0..self.below(3) {
            let kind = self.below(KINDS);
            plan.push_back(self.fault(kind));
        }
        plan
    }
}

struct Shared {
    target: SocketAddr,
    plan: Mutex<VecDeque<Fault>>,
    /// Cancelled and replaced to cut all current connections.
    open: Mutex<CancellationToken>,
    /// The same to stop all their traffic.
    carrying: Mutex<CancellationToken>,
    /// No connection is accepted, whatever the plan.
    refuses: AtomicBool,
    /// When each of those connections was attempted.
    refused: Mutex<Vec<Instant>>,
    /// Number of accepted connections.
    taken: watch::Sender<usize>,
}

/// Ends with all its connections on drop.
pub(crate) struct FaultProxy {
    shared: Arc<Shared>,
    server: Server,
}

impl FaultProxy {
    /// Proxies to `target`, `http://IP:PORT`.
    pub(crate) fn start(target: &str, plan: VecDeque<Fault>) -> Self {
        let target = target.trim_start_matches("http://").parse().unwrap();
        let shared = Arc::new(Shared {
            target,
            plan: Mutex::new(plan),
            open: Mutex::default(),
            carrying: Mutex::default(),
            refuses: AtomicBool::new(false),
            refused: Mutex::default(),
            taken: watch::Sender::default(),
        });
        let serving = Arc::clone(&shared);
        let server = Server::start(async move |listener, _| serve(serving, listener).await);
        Self { shared, server }
    }

    pub(crate) fn url(&self) -> String {
        self.server.url()
    }

    /// More faults, for the connections from here on.
    pub(crate) fn plan(&self, more: VecDeque<Fault>) {
        guard(&self.shared.plan).extend(more);
    }

    /// Number of faults left in the plan.
    pub(crate) fn left(&self) -> usize {
        guard(&self.shared.plan).len()
    }

    /// Sets whether new connections are refused.
    pub(crate) fn refuse(&self, refuse: bool) {
        self.shared.refuses.store(refuse, Ordering::Relaxed);
    }

    /// When connections were attempted while they were refused.
    pub(crate) fn refused(&self) -> Vec<Instant> {
        guard(&self.shared.refused).clone()
    }

    /// Number of connections accepted so far.
    pub(crate) fn taken(&self) -> usize {
        *self.shared.taken.borrow()
    }

    /// Waits until more connections than these were accepted.
    pub(crate) fn wait_for_more(&self, than: usize, limit: Duration) {
        let mut taken = self.shared.taken.subscribe();
        let is_over = runtime().block_on(async {
            let more = taken.wait_for(|taken| *taken > than);
            tokio::time::timeout(limit, more).await.is_err()
        });
        assert!(!is_over, "waited in vain for another connection");
    }

    /// Cuts every current connection.
    pub(crate) fn cut(&self) {
        std::mem::take(&mut *guard(&self.shared.open)).cancel();
    }

    /// Every current connection stays open without traffic, like those of a machine that was suspended.
    pub(crate) fn freeze(&self) {
        std::mem::take(&mut *guard(&self.shared.carrying)).cancel();
    }
}

fn guard<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn serve(shared: Arc<Shared>, listener: TcpListener) {
    let mut connections = JoinSet::new();
    loop {
        let Ok((client, _)) = listener.accept().await else {
            return;
        };
        let fault = if shared.refuses.load(Ordering::Relaxed) {
            guard(&shared.refused).push(Instant::now());
            Some(Fault::Refuse)
        } else {
            shared.taken.send_modify(|taken| *taken += 1);
            guard(&shared.plan).pop_front()
        };
        let open = guard(&shared.open).clone();
        let carrying = guard(&shared.carrying).clone();
        let connection = connection(client, shared.target, fault);
        connections.spawn(async move {
            let mut connection = pin!(connection);
            tokio::select! {
                () = open.cancelled() => return,
                // However a connection ends, it is over.
                _ = &mut connection => return,
                () = carrying.cancelled() => {}
            }
            open.cancelled().await;
        });
        while connections.try_join_next().is_some() {}
    }
}

async fn connection(
    mut client: TcpStream,
    target: SocketAddr,
    fault: Option<Fault>,
) -> std::io::Result<()> {
    match fault {
        Some(Fault::Refuse) => return Ok(()),
        Some(Fault::Silence(time)) => {
            tokio::time::sleep(time).await;
            return Ok(());
        }
        Some(Fault::Answer(status)) => return answer(&mut client, status).await,
        _ => {}
    }
    let mut server = TcpStream::connect(target).await?;
    let (mut from_client, mut to_client) = client.split();
    let (mut from_server, mut to_server) = server.split();
    let requests = tokio::io::copy(&mut from_client, &mut to_server);
    let answers = async {
        let mut sent = 0;
        let mut buffer = vec![0; 16 * 1024];
        loop {
            let count = from_server.read(&mut buffer).await?;
            if count == 0 {
                return Ok::<_, std::io::Error>(());
            }
            let piece = &mut buffer[..count];
            match fault {
                Some(Fault::Deaf) => return Ok(()),
                Some(Fault::Cut(after)) if sent + count > after => {
                    to_client.write_all(&piece[..after - sent]).await?;
                    return Ok(());
                }
                Some(Fault::Stall(after, time)) if sent + count > after => {
                    to_client.write_all(&piece[..after - sent]).await?;
                    tokio::time::sleep(time).await;
                    return Ok(());
                }
                Some(Fault::HalfOpen(after)) if sent + count > after => {
                    to_client.write_all(&piece[..after - sent]).await?;
                    return std::future::pending().await;
                }
                Some(Fault::Garble(after)) => {
                    let from = after.saturating_sub(sent).min(count);
                    piece[from..].iter_mut().for_each(|byte| *byte = !*byte);
                }
                Some(Fault::Delay(time)) => tokio::time::sleep(time).await,
                _ => {}
            }
            to_client.write_all(piece).await?;
            sent += count;
        }
    };
    tokio::select! {
        // A client that has sent everything still reads.
        Err(error) = requests => Err(error),
        done = answers => done,
    }
}

/// The error page of a gateway, not JSON.
async fn answer(client: &mut TcpStream, status: u16) -> std::io::Result<()> {
    let mut buffer = [0; 4096];
    let _request = client.read(&mut buffer).await?;
    let page = "<html><body>The gateway is not well.</body></html>";
    let retry = if status == 429 {
        "retry-after: 1\r\n"
    } else {
        ""
    };
    let answer = format!(
        "HTTP/1.1 {status} Bad\r\ncontent-type: text/html\r\n{retry}content-length: {}\r\nconnection: close\r\n\r\n{page}",
        page.len()
    );
    client.write_all(answer.as_bytes()).await
}
