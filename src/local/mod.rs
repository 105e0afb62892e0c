//! An embedded server that speaks E2B's protocol for sandboxes on this machine: control plane,
//! envd, and the proxy to the sandboxes' ports, all on one loopback port.
//!
//! In: a listener, [`Options`], a token for shutdown. Out: HTTP. Each sandbox has one helper
//! process (our own program, see [`init_main`]) that starts and ends everything in it, behind a wall
//! as high as the machine offers ([`Isolation`]); without isolation a sandbox is a home directory, a
//! clean environment and a process tree, and no wall.
//!
//! It knows E2B's REST bodies and envd's messages, and no client, session or screen.

mod api;
mod auth;
pub mod daemon;
mod door;
mod egress;
mod envd;
mod error;
mod feed;
mod fork;
mod helper;
mod init;
mod isolation;
mod journal;
mod metrics;
mod outbound;
mod process;
mod proxy;
mod registry;
mod remainder;
mod route;
mod sandbox;
mod snapshot;
mod streams;
mod template;
mod terminal;
mod tree;

use crate::net::random;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use axum::Router;
use secrecy::SecretString;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

pub use helper::HelperCommand;
pub use init::init_main;
pub use isolation::{Isolation, Level, Network, PROGRAM_INSIDE, Wanted};
pub use terminal::become_leader;

use registry::Registry;

/// A new API key: 256 random bits as hex digits.
pub fn new_key() -> io::Result<SecretString> {
    random::token().map(SecretString::from)
}

/// How a server is set up. Nothing is read from the environment; the caller says all.
#[derive(Debug, Clone)]
pub struct Options {
    /// Holds the sandboxes, across restarts.
    pub state_dir: PathBuf,
    /// Holds installed templates; may be shared between servers.
    pub cache_dir: PathBuf,
    /// What clients must send as `X-API-Key`.
    pub api_key: SecretString,
    /// This program's version, for those who find the server running.
    pub version: String,
    /// How to start a sandbox's helper.
    pub helper: HelperCommand,
    /// Most running sandboxes at a time.
    pub max_sandboxes: usize,
    /// The search path of processes and of npm, `:`-separated.
    pub path: String,
    /// The name of the user as whom processes run.
    pub user: String,
    /// What npm gets beside `PATH`: `npm_config_*`, proxies, certificate files.
    pub install_env: Vec<(String, String)>,
    /// The OpenCode of the template `opencode`.
    pub opencode_version: String,
    /// Directories that the file API may touch beside a sandbox's own.
    pub extra_file_roots: Vec<PathBuf>,
    /// How far sandboxes shall be shut off.
    pub isolation: Wanted,
    /// What clients see as the sandboxes' domain, e.g. `sbx.localhost:4000`. Empty: made from
    /// the first listener's port.
    pub domain: String,
}

/// A running server.
#[derive(Debug)]
pub struct LocalServer {
    address: SocketAddr,
    domain: String,
    isolation: Isolation,
    tasks: JoinSet<()>,
}

impl LocalServer {
    /// The first listener's address.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The control plane's base URL.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The domain of the sandboxes' hosts, with the port.
    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// How far its sandboxes are shut off.
    pub fn isolation(&self) -> &Isolation {
        &self.isolation
    }

    /// Waits until the server has ended after its shutdown: no sandbox runs any more.
    pub async fn closed(mut self) {
        while self.tasks.join_next().await.is_some() {}
    }
}

/// Starts a server on listeners that the caller has bound, all to loopback addresses.
///
/// After `shutdown` every sandbox's processes are killed and the sandboxes are kept as paused.
pub fn start(
    listeners: Vec<TcpListener>,
    mut options: Options,
    shutdown: CancellationToken,
) -> io::Result<LocalServer> {
    let addresses = listeners
        .iter()
        .map(TcpListener::local_addr)
        .collect::<io::Result<Vec<_>>>()?;
    let Some(&address) = addresses.first() else {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "no listener was given",
        ));
    };
    if addresses.iter().any(|address| !address.ip().is_loopback()) {
        let message = "the local server listens on loopback addresses only";
        return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
    }
    if options.domain.is_empty() {
        options.domain = format!("{}:{}", route::NAME, address.port());
    }
    std::fs::create_dir_all(&options.state_dir)?;
    // Links in the path would make every file seem to be outside.
    options.state_dir = options.state_dir.canonicalize()?;
    let domain = options.domain.clone();
    let isolation = isolation::decide(options.isolation, &options.helper, &options.state_dir)?;
    tracing::info!("{}", isolation.line());
    let registry = Registry::open(options, isolation.clone())?;
    let front = proxy::Front {
        api: api::router(registry.clone()),
        envd: envd::router(),
        registry: registry.clone(),
    };
    let app = Router::new().fallback(proxy::dispatch).with_state(front);
    let mut tasks = JoinSet::new();
    for listener in listeners {
        let (app, shutdown) = (app.clone(), shutdown.clone());
        tasks.spawn(async move {
            // Streams may be open for ever, so this does not wait for them.
            tokio::select! {
                served = async { axum::serve(listener, app).await } => {
                    if let Err(error) = served {
                        tracing::error!(%error, "the local server stopped");
                    }
                }
                () = shutdown.cancelled() => {}
            }
        });
    }
    tasks.spawn(registry.clone().reap(shutdown.clone()));
    tasks.spawn(async move {
        shutdown.cancelled().await;
        registry.close().await;
    });
    Ok(LocalServer {
        address,
        domain,
        isolation,
        tasks,
    })
}
