//! The server as a process of its own that outlives the program that started it: one per user
//! (that is, per state directory), found again through files.
//!
//! The server's lock ([`super::lock`]) says whether it lives and where; `start.lock` is locked while
//! somebody starts one.
//! `daemon.json` (0600) says where it is and holds its API key; it stays behind after the end, so
//! that the next daemon tries the same port with the same key and stored URLs keep working. Whoever
//! has the port while no daemon lives may be anybody: nothing is sent there, and a daemon that does
//! not get its port takes a new key.
//!
//! It ends by itself when for a while no sandbox had processes and nobody asked for one; the next
//! session starts another.
//!
//! The daemon leaves the terminal's session (`setsid`), its directory (`/`) and its streams (a
//! log file). It does not survive a logout where systemd kills the user's processes.

use std::fs::OpenOptions;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{Method, Request};
use http_body_util::BodyExt;
use hyper_util::rt::TokioIo;
use rustix::fs::FlockOperation;
use rustix::process::{Pid, Signal};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::Command;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::lock;
use super::lock::ServerLock;
use crate::local::api::status::{STATUS, ServerStatus};
use crate::local::auth;
use crate::local::interface::daemon::START_LIMIT;
use crate::local::interface::options::ServerOptions;
use crate::local::sync::blocking;
use crate::os::private_file::{lock_file, write_private};
use crate::os::regular_file;

pub use crate::local::interface::daemon::{Daemon, DaemonError, DaemonLaunch};

const HEALTH_LIMIT: Duration = Duration::from_secs(2);
const STOP_LIMIT: Duration = Duration::from_secs(30);
const STEP: Duration = Duration::from_millis(20);
const ADDRESS: &str = "daemon.json";
/// How much of the log an error quotes.
const QUOTED: usize = 600;

/// `daemon.json`.
#[derive(Serialize, Deserialize)]
struct DaemonAddress {
    port: u16,
    api_key: String,
}

impl DaemonAddress {
    fn read(state_dir: &Path) -> Option<Self> {
        let text = regular_file::read(&state_dir.join(ADDRESS), regular_file::SMALL).ok()?;
        serde_json::from_slice(&text).ok()
    }

    fn url(&self) -> String {
        format!(
            "http://{}",
            SocketAddr::from((Ipv4Addr::LOCALHOST, self.port))
        )
    }
}

/// The daemon of this directory, if one runs and answers.
pub async fn find(state_dir: &Path) -> Option<Daemon> {
    let address = DaemonAddress::read(state_dir)?;
    // Another server may have the directory, and anybody the port: nothing is sent to either.
    let holder = lock::holder(state_dir)?;
    if holder.url != Some(address.url()) {
        return None;
    }
    let answer = timeout(HEALTH_LIMIT, ask(&address, STATUS))
        .await
        .ok()?
        .ok()?;
    let status: ServerStatus = serde_json::from_slice(&answer).ok()?;
    Some(Daemon {
        url: address.url(),
        api_key: address.api_key.into(),
        pid: status.pid,
        version: status.version,
        isolation: status.isolation,
        running: status.running,
        limits: status.limits,
        program: status.program,
        outbound_digest: status.outbound_digest,
        state_dir: state_dir.to_owned(),
    })
}

/// The daemon of this directory; started if none runs.
pub async fn find_or_start(state_dir: &Path, launch: &DaemonLaunch) -> Result<Daemon, DaemonError> {
    let directory = |source| DaemonError::Directory {
        directory: state_dir.to_owned(),
        source,
    };
    if let Some(daemon) = find(state_dir).await {
        return Ok(daemon);
    }
    std::fs::create_dir_all(state_dir).map_err(directory)?;
    let lock = state_dir.join("start.lock");
    let locked =
        tokio::task::spawn_blocking(move || lock_file(&lock, FlockOperation::LockExclusive));
    let _lock = locked
        .await
        .map_err(io::Error::other)
        .flatten()
        .map_err(directory)?;
    // Somebody else may have started it while we waited; and on a busy machine one that runs may
    // take its time.
    let limit = Instant::now() + START_LIMIT;
    loop {
        if let Some(daemon) = find(state_dir).await {
            return Ok(daemon);
        }
        if !is_running(state_dir) {
            break;
        }
        if Instant::now() > limit {
            return Err(DaemonError::Silent);
        }
        sleep(STEP).await;
    }
    start(state_dir, launch).await
}

/// Starts a daemon and waits until it answers.
async fn start(state_dir: &Path, launch: &DaemonLaunch) -> Result<Daemon, DaemonError> {
    let log = state_dir.join("daemon.log");
    let mut how = OpenOptions::new();
    let output = regular_file::open(&log, how.create(true).append(true).mode(0o600));
    let output = output.map_err(|source| DaemonError::Directory {
        directory: state_dir.to_owned(),
        source,
    })?;
    let spawn = |source| DaemonError::Spawn {
        program: launch.program.clone(),
        source,
    };
    let mut child = Command::new(&launch.program)
        .args(&launch.arguments)
        .env_clear()
        .envs(launch.env.iter().map(|(name, value)| (name, value)))
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(output.try_clone().map_err(spawn)?)
        .stderr(output)
        .spawn()
        .map_err(spawn)?;
    let limit = Instant::now() + START_LIMIT;
    while Instant::now() < limit && !matches!(child.try_wait(), Ok(Some(_))) {
        if let Some(daemon) = find(state_dir).await {
            return Ok(daemon);
        }
        sleep(STEP).await;
    }
    let _ = child.start_kill();
    let text = std::fs::read(&log).unwrap_or_default();
    let tail = String::from_utf8_lossy(
        text.get(text.len().saturating_sub(QUOTED)..)
            .unwrap_or_default(),
    );
    Err(DaemonError::NotUp {
        log,
        tail: tail.trim().to_owned(),
    })
}

/// Whether a server of this directory lives, though it may not answer. Does not wait.
pub fn is_running(state_dir: &Path) -> bool {
    lock::is_held(state_dir)
}

/// Stops the daemon of this directory and waits for its end; false if none runs.
pub async fn stop(state_dir: &Path) -> Result<bool, DaemonError> {
    let Some(daemon) = find(state_dir).await else {
        return Ok(false);
    };
    let failed = DaemonError::NotStopped { pid: daemon.pid };
    let pid = i32::try_from(daemon.pid).ok().and_then(Pid::from_raw);
    // The process has just answered with our key, so the number is surely its own.
    if pid.is_none_or(|pid| rustix::process::kill_process(pid, Signal::TERM).is_err()) {
        return Err(failed);
    }
    let limit = Instant::now() + STOP_LIMIT;
    while Instant::now() < limit {
        if !is_running(state_dir) {
            return Ok(true);
        }
        sleep(STEP).await;
    }
    Err(failed)
}

/// Runs the daemon until SIGTERM, or until it has been of no use for `idle`: the whole work of its
/// process. `options.api_key` is the key for a first start; later the stored one counts.
pub async fn serve(mut options: ServerOptions, idle: Duration) -> io::Result<()> {
    // Fails only if we lead a group already: then nobody detached us, and we stay where we are.
    let _ = rustix::process::setsid();
    let state_dir = options.state_dir.clone();
    let dir = state_dir.clone();
    std::fs::create_dir_all(&state_dir)?;
    let lock = blocking(move || ServerLock::take(&dir)).await?;
    let old = DaemonAddress::read(&state_dir);
    let wanted = old.as_ref().map_or(0, |old| old.port);
    let bound = TcpListener::bind((Ipv4Addr::LOCALHOST, wanted)).await;
    let listener = if let Ok(listener) = bound {
        if let Some(old) = old {
            options.api_key = old.api_key.into();
        }
        listener
    } else {
        options.api_key = SecretString::default();
        TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?
    };
    if options.api_key.expose_secret().is_empty() {
        options.api_key = auth::api_key()?.into();
    }
    options.is_key_private = true;
    let address = DaemonAddress {
        port: listener.local_addr()?.port(),
        api_key: options.api_key.expose_secret().to_owned(),
    };
    let mut ended = [
        signal(SignalKind::terminate())?,
        signal(SignalKind::interrupt())?,
    ];
    let shutdown = CancellationToken::new();
    // At once: until then the file names the old port, which any program may have. Early callers wait a little.
    let file = state_dir.join(ADDRESS);
    write_private(&file, &serde_json::to_vec(&address)?)?;
    let server = super::start_locked(vec![listener], options, lock, shutdown.clone()).await?;
    let [terminate, interrupt] = &mut ended;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
        () = server.idle(idle) => tracing::info!("ends, since nobody has used it for {idle:?}"),
    }
    shutdown.cancel();
    server.closed().await;
    Ok(())
}

async fn ask(address: &DaemonAddress, path: &str) -> io::Result<Bytes> {
    let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, address.port)).await?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .map_err(io::Error::other)?;
    let request = Request::builder()
        .method(Method::GET)
        .uri(path)
        .header("host", format!("localhost:{}", address.port))
        .header("x-api-key", &address.api_key)
        .body(Body::empty())
        .map_err(io::Error::other)?;
    let exchange = async {
        let response = sender
            .send_request(request)
            .await
            .map_err(io::Error::other)?;
        if !response.status().is_success() {
            return Err(io::Error::other("another server has the port"));
        }
        Ok(response
            .into_body()
            .collect()
            .await
            .map_err(io::Error::other)?
            .to_bytes())
    };
    tokio::select! {
        answer = exchange => answer,
        // The connection drives the exchange and ends after it.
        _ = connection => Err(io::Error::from(io::ErrorKind::ConnectionReset)),
    }
}
