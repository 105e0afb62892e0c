//! Finds or starts the source of sandboxes: E2B, or the local server. The client code is the same; only the address
//! differs.
//!
//! In: an [`EngineSpec`], made from the configuration. Out: an [`Engine`], which creates and reaches sandboxes. It
//! knows no session, no OpenCode and no screen.

mod skew;

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use futures::StreamExt;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use crate::domain::sandbox::EngineKind;
use crate::e2b::control::ControlClient;
use crate::e2b::error::Error as E2bError;
use crate::e2b::host::Addresses;
use crate::local::daemon::{self, Daemon, DaemonError, DaemonLaunch};
use crate::local::{Level, PROGRAM_INSIDE, outbound_digest};
use crate::net::http::{Http, HttpSetupError};
use serde::de::IgnoredAny;
use skew::SkewAnswer;

/// This program's version, which a local server should have too.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Extra time for the server to report how an install ended that exceeded its limit.
const LAST_WORDS: Duration = Duration::from_secs(10);
/// Creating a sandbox may wait for its template to be installed.
const CREATE_LIMIT: Duration = Duration::from_mins(10);

/// Which engine to use, and how it is found.
#[derive(Debug, Clone)]
pub enum EngineSpec {
    E2b {
        api_key: Option<SecretString>,
        addresses: Addresses,
    },
    Local(LocalSpec),
}

/// How the local daemon is found, or started.
#[derive(Debug, Clone)]
pub struct LocalSpec {
    pub state_dir: PathBuf,
    pub launch: DaemonLaunch,
    /// A daemon with weaker isolation is not used.
    pub least: Level,
}

impl EngineSpec {
    pub fn kind(&self) -> EngineKind {
        match self {
            Self::E2b { .. } => EngineKind::E2b,
            Self::Local(_) => EngineKind::Local,
        }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The text says which other sources were tried; it may be empty.
    #[error("E2B_API_KEY is not set{0}")]
    NoKey(String),
    #[error("set up the HTTP client")]
    Http(#[from] HttpSetupError),
    #[error(transparent)]
    E2b(#[from] E2bError),
    #[error(transparent)]
    Daemon(#[from] DaemonError),
    /// The daemon was started with other settings, or this machine supports no more.
    #[error("isolation '{}' is required, and the local server provides {is}", least.name())]
    Isolation { least: Level, is: String },
    /// The template's programs could not be installed; the text is the installer's own.
    #[error("{0}")]
    Template(String),
}

/// An engine that is available. Cheap to clone.
#[derive(Clone)]
pub struct Engine {
    pub kind: EngineKind,
    pub control: ControlClient,
    pub addresses: Addresses,
    /// How strongly sandboxes are isolated from this machine, in a word or two; `None` for E2B.
    pub isolation: Option<&'static str>,
    /// Whether every sandbox has all ports to itself.
    pub own_network: bool,
    /// Whether keys can be written into outbound requests.
    pub writes_into_requests: bool,
    /// The program that serves the demo model inside a sandbox; `None`: it cannot run there.
    pub demo_program: Option<PathBuf>,
    /// What the user should know about the engine; empty if nothing.
    pub notice: String,
    local: Option<Daemon>,
    http: Http,
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine")
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

impl Engine {
    /// Connects to the engine; starts the local daemon if it is not running.
    pub async fn find_or_start(spec: &EngineSpec, http: &Http) -> Result<Self, EngineError> {
        match spec {
            EngineSpec::E2b { api_key, addresses } => {
                let key = api_key
                    .clone()
                    .ok_or_else(|| EngineError::NoKey(String::new()))?;
                let api = addresses.api.clone();
                Ok(Self {
                    kind: EngineKind::E2b,
                    control: ControlClient::new(http.pool().clone(), api, key)?,
                    addresses: addresses.clone(),
                    isolation: None,
                    own_network: true,
                    writes_into_requests: true,
                    demo_program: None,
                    notice: String::new(),
                    local: None,
                    http: http.clone(),
                })
            }
            EngineSpec::Local(local) => {
                let daemon = newest(local).await?;
                if daemon.isolation.level < local.least {
                    return Err(EngineError::Isolation {
                        least: local.least,
                        is: daemon.isolation.line(),
                    });
                }
                Self::local(daemon, &local.launch, http)
            }
        }
    }

    /// The running local daemon, or nothing: never starts one.
    pub async fn find(spec: &EngineSpec, http: &Http) -> Result<Option<Self>, EngineError> {
        match spec {
            EngineSpec::E2b { .. } => Self::find_or_start(spec, http).await.map(Some),
            EngineSpec::Local(local) => match daemon::find(&local.state_dir).await {
                Some(daemon) => Self::local(daemon, &local.launch, http).map(Some),
                None => Ok(None),
            },
        }
    }

    /// Whether the engine is still available: a local daemon may have been stopped meanwhile.
    pub async fn is_there(&self) -> bool {
        match &self.local {
            Some(daemon) => daemon::find(&daemon.state_dir).await.is_some(),
            None => true,
        }
    }

    /// Whether the local daemon has ended. An unresponsive one has not, and E2B never has.
    pub async fn has_ended(&self) -> bool {
        match &self.local {
            Some(daemon) => !self.is_there().await && !daemon::is_running(&daemon.state_dir),
            None => false,
        }
    }

    /// Whether the engine is the local server and not running. An unresponsive one is running.
    pub fn is_stopped(spec: &EngineSpec) -> bool {
        match spec {
            EngineSpec::E2b { .. } => false,
            EngineSpec::Local(local) => !daemon::is_running(&local.state_dir),
        }
    }

    fn local(daemon: Daemon, launch: &DaemonLaunch, http: &Http) -> Result<Self, EngineError> {
        let addresses = Addresses::new(Some("localhost"), Some(&daemon.url), None)?;
        let key = daemon.api_key.clone();
        let isolation = &daemon.isolation;
        let control = ControlClient::new(http.pool().clone(), addresses.api.clone(), key)?;
        Ok(Self {
            kind: EngineKind::Local,
            control: control.with_limit(CREATE_LIMIT),
            addresses,
            isolation: Some(isolation.word()),
            own_network: isolation.own_network(),
            writes_into_requests: isolation.enforces_network_rules(),
            demo_program: Some(if isolation.level == Level::Full {
                PathBuf::from(PROGRAM_INSIDE)
            } else {
                daemon.program.clone()
            }),
            notice: notice(&daemon, &launch.env),
            local: Some(daemon),
            http: http.clone(),
        })
    }

    /// Makes sure that a template exists before a sandbox is created from it, and passes on the installer's lines.
    /// E2B's templates always exist.
    pub async fn prepare(
        &self,
        template: &str,
        terms: &InstallTerms<'_>,
        mut line: impl FnMut(String),
    ) -> Result<(), EngineError> {
        let Some(daemon) = &self.local else {
            return Ok(());
        };
        let url = format!("{}/sandbar/templates/{template}/install", daemon.url);
        let failed =
            |error: reqwest::Error| EngineError::Template(crate::net::http::describe(error));
        let client = self.http.pool().client();
        let key = daemon.api_key.expose_secret();
        let request = client.post(&url).header("x-api-key", key).json(terms);
        // The server's own limit decides, plus a little time to report the result.
        let install = async {
            let answer = request.send().await.map_err(failed)?;
            if !answer.status().is_success() {
                // The create call that follows reports E2B's own error about the template.
                return Ok(());
            }
            let mut bytes = answer.bytes_stream();
            let mut buffer = Vec::new();
            while let Some(chunk) = bytes.next().await {
                buffer.extend_from_slice(&chunk.map_err(failed)?);
                while let Some(end) = buffer.iter().position(|&byte| byte == b'\n') {
                    let step: Vec<u8> = buffer.drain(..=end).collect();
                    match serde_json::from_slice(&step) {
                        Ok(InstallStep::Line(text)) => line(text),
                        Ok(InstallStep::Error(text)) => return Err(EngineError::Template(text)),
                        Ok(InstallStep::Done(_)) | Err(_) => {}
                    }
                }
            }
            Ok(())
        };
        let limit = Duration::from_secs(terms.limit_secs) + LAST_WORDS;
        let installed = tokio::time::timeout(limit, install).await;
        installed.unwrap_or_else(|_| {
            let told = format!("it did not end within {} s", terms.limit_secs);
            Err(EngineError::Template(told))
        })
    }
}

/// The daemon; an older one without running sandboxes is replaced by this program's.
async fn newest(local: &LocalSpec) -> Result<Daemon, DaemonError> {
    let daemon = daemon::find_or_start(&local.state_dir, &local.launch).await?;
    if skew::advise(&daemon.version, daemon.running, VERSION) != SkewAnswer::Renew {
        return Ok(daemon);
    }
    daemon::stop(&local.state_dir).await?;
    daemon::find_or_start(&local.state_dir, &local.launch).await
}

/// The notice if the local server was started from a shell with other proxies or certificates.
const OTHER_WAY_OUT: &str = "the proxies or certificates of the local server and its sandboxes differ from this shell's: `sandbar local stop` ends it, and pauses its sandboxes; the next session \
    starts a new one";

/// What the user should know about the local server.
fn notice(daemon: &Daemon, env: &[(String, String)]) -> String {
    let isolation = daemon.isolation.notice();
    let skew = skew(&daemon.version, daemon.running);
    let told = Some(isolation).filter(|told| !told.is_empty());
    let is_other = daemon.outbound_digest != outbound_digest(env, &daemon.api_key);
    let stale = is_other.then(|| OTHER_WAY_OUT.to_owned());
    let all = told.into_iter().chain(skew).chain(stale);
    all.collect::<Vec<_>>().join("; ")
}

/// The notice for a local server of this version.
pub fn skew(version: &str, running: usize) -> Option<String> {
    match skew::advise(version, running, VERSION) {
        SkewAnswer::Use => None,
        SkewAnswer::Renew => Some(format!(
            "it belongs to sandbar {version}, and this is {VERSION}; the next session replaces it"
        )),
        SkewAnswer::Tell(told) => Some(told),
    }
}

/// What an install request carries: the caller's npm settings, proxies and certificates.
#[derive(Serialize)]
pub struct InstallTerms<'a> {
    pub env: BTreeMap<&'a str, &'a str>,
    pub limit_secs: u64,
}

/// A line of the local server's response to an install request.
#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum InstallStep {
    Line(String),
    Error(String),
    Done(IgnoredAny),
}
