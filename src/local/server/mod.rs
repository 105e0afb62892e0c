//! Starts and stops a server, and holds what concerns no single sandbox.
//!
//! In reading order: this file; [`daemon`] runs one as a process of its own; [`lock`] keeps two from the same
//! directory; [`idle`] and [`fault_switch`].

pub mod daemon;
pub(super) mod fault_switch;
mod idle;
pub(super) mod lock;

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::{Router, middleware};
use secrecy::SecretString;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use self::fault_switch::FaultSwitch;
use self::lock::ServerLock;
use super::gateway::activity::{self, RequestActivity};
use super::gateway::{accept, proxy, route};
use super::interface::options::ServerOptions;
use super::isolation::{self, Isolation, IsolationRequest};
use super::limits::{self, EnforcedLimits, ResourceLimits};
use super::sandbox::memory_watch;
use super::sandbox::registry::Registry;
use super::sync::blocking;
use super::{api, auth, envd};

/// A new API key in E2B's form.
pub fn new_key() -> io::Result<SecretString> {
    auth::api_key().map(SecretString::from)
}

/// A running server.
pub struct LocalServer {
    address: SocketAddr,
    domain: String,
    isolation: Isolation,
    limits: EnforcedLimits,
    registry: Arc<Registry>,
    activity: Arc<RequestActivity>,
    tasks: JoinSet<()>,
}

impl std::fmt::Debug for LocalServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LocalServer")
            .field("address", &self.address)
            .field("isolation", &self.isolation)
            .finish_non_exhaustive()
    }
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

    /// How far its sandboxes are isolated.
    pub fn isolation(&self) -> &Isolation {
        &self.isolation
    }

    /// What its sandboxes may use.
    pub fn limits(&self) -> &EnforcedLimits {
        &self.limits
    }

    /// Lets it do what only E2B does of itself.
    pub fn faults(&self) -> FaultSwitch {
        FaultSwitch(Arc::clone(&self.registry))
    }

    /// Waits until nobody has used it for so long, and no sandbox has processes in it. Cancel-safe.
    pub async fn idle(&self, limit: Duration) {
        idle::idle(&self.registry, &self.activity, limit).await;
    }

    /// Waits until the server has ended after its shutdown: no sandbox runs any more.
    pub async fn closed(mut self) {
        while self.tasks.join_next().await.is_some() {}
    }
}

/// Starts a server on listeners that the caller has bound, all to loopback addresses.
///
/// After `shutdown` every sandbox's processes are killed and the sandboxes are kept as paused.
/// Fails where another server has the directory.
pub async fn start(
    listeners: Vec<TcpListener>,
    options: ServerOptions,
    shutdown: CancellationToken,
) -> io::Result<LocalServer> {
    let state_dir = options.state_dir.clone();
    let lock = blocking(move || {
        std::fs::create_dir_all(&state_dir)?;
        ServerLock::take(&state_dir)
    });
    let lock = lock.await?;
    start_locked(listeners, options, lock, shutdown).await
}

/// Starts a server that has the directory's lock already.
async fn start_locked(
    listeners: Vec<TcpListener>,
    mut options: ServerOptions,
    mut lock: ServerLock,
    shutdown: CancellationToken,
) -> io::Result<LocalServer> {
    let address = first_address(&listeners)?;
    lock.say(Some(format!("http://{address}")))?;
    if options.domain.is_empty() {
        options.domain = format!("{}:{}", route::NAME, address.port());
    }
    let domain = options.domain.clone();
    let opening = tokio::task::spawn_blocking(move || open(options));
    let registry = opening.await.map_err(io::Error::other).flatten()?;
    let isolation = registry.isolation.clone();
    let limits = registry.enforcer.enforced.clone();
    let front = proxy::Gateway {
        api: api::router(registry.clone()),
        envd: envd::router(),
        registry: registry.clone(),
    };
    let activity = Arc::<RequestActivity>::default();
    let counted = middleware::from_fn_with_state(Arc::clone(&activity), activity::count);
    let app = Router::new().fallback(proxy::dispatch).with_state(front);
    let app = app.layer(counted);
    let places = Arc::new(Semaphore::new(registry.descriptors.connections()));
    let mut tasks = JoinSet::new();
    let mut accepting = JoinSet::new();
    for listener in listeners {
        let (app, places, shutdown) = (app.clone(), Arc::clone(&places), shutdown.clone());
        accepting.spawn(accept::accept(listener, app, places, shutdown));
    }
    tasks.spawn(registry.clone().reap(shutdown.clone()));
    if let Some(limit) = registry.enforcer.watched_memory() {
        let registry = registry.clone();
        tasks.spawn(memory_watch::watch(registry, limit, shutdown.clone()));
    }
    let closing = registry.clone();
    tasks.spawn(async move {
        shutdown.cancelled().await;
        // The next server that gets the lock wants the same port.
        while accepting.join_next().await.is_some() {}
        closing.close().await;
        // Now another server may have the sandboxes.
        drop(lock);
    });
    Ok(LocalServer {
        address,
        domain,
        isolation,
        limits,
        registry,
        activity,
        tasks,
    })
}

/// Makes the directory ready, decides on the isolation and finds the sandboxes of earlier servers.
/// To try a level may take seconds.
fn open(mut options: ServerOptions) -> io::Result<Arc<Registry>> {
    std::fs::create_dir_all(&options.state_dir)?;
    // Links in the path would make every file seem to be outside.
    options.state_dir = options.state_dir.canonicalize()?;
    let dirs = isolation::ServerDirs {
        state: &options.state_dir,
        above: &options.own_dirs,
    };
    let isolation = isolation::decide(options.isolation, &dirs)?;
    let program = &mut options.helper.program;
    *program = isolation.within_reach(program, &options.state_dir)?;
    tracing::info!("{}", isolation.line());
    Registry::open(options, isolation)
}

/// What a server would give its sandboxes here.
pub async fn examine(
    wanted: IsolationRequest,
    limits: ResourceLimits,
    state_dir: PathBuf,
    own_dirs: Vec<PathBuf>,
) -> io::Result<(Isolation, EnforcedLimits)> {
    let looked = tokio::task::spawn_blocking(move || {
        let dirs = isolation::ServerDirs {
            state: &state_dir,
            above: &own_dirs,
        };
        let isolation = isolation::decide(wanted, &dirs)?;
        let enforced = limits::LimitEnforcer::find(limits, &isolation).enforced;
        Ok((isolation, enforced))
    });
    looked.await.map_err(io::Error::other).flatten()
}

/// Where clients find the server; all of its listeners must be for this machine alone.
fn first_address(listeners: &[TcpListener]) -> io::Result<SocketAddr> {
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
    Ok(address)
}
