//! Finds or starts what sandboxes come from: E2B, or the local server. One client code; only the
//! address differs.
//!
//! In: an [`EngineSpec`], made from the configuration. Out: an [`Engine`], with which sandboxes are
//! made and reached. It knows no session, no OpenCode and no screen.

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

/// What a server gets to say how an install ended that took too long.
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
    /// A daemon whose sandboxes are shut off less is not used.
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
    /// The text says what else was looked at; it may be empty.
    #[error("E2B_API_KEY is not set{0}")]
    NoKey(String),
    #[error("set up the HTTP client")]
    Http(#[from] HttpSetupError),
    #[error(transparent)]
    E2b(#[from] E2bError),
    #[error(transparent)]
    Daemon(#[from] DaemonError),
    /// The daemon was started with other settings, or this machine gives no more.
    #[error("isolation '{}' is required, and the local server provides {is}", least.name())]
    Isolation { least: Level, is: String },
    /// The template's programs could not be installed; the text is the installer's own.
    #[error("{0}")]
    Template(String),
}

/// An engine that can be used. Cheap to clone.
#[derive(Clone)]
pub struct Engine {
    pub kind: EngineKind,
    pub control: ControlClient,
    pub addresses: Addresses,
    /// How far sandboxes are shut off from this machine, in a word or two; `None` for E2B.
    pub isolation: Option<&'static str>,
    /// Whether every sandbox has all ports to itself.
    pub own_network: bool,
    /// Whether keys can be written into requests as they leave a sandbox.
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
    /// Connects to the engine; starts the local daemon if it does not run.
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

    /// Whether the engine can still be used: a local daemon may have been stopped meanwhile.
    pub async fn is_there(&self) -> bool {
        match &self.local {
            Some(daemon) => daemon::find(&daemon.state_dir).await.is_some(),
            None => true,
        }
    }

    /// Whether the local daemon has ended. One that merely does not answer has not, and E2B never has.
    pub async fn has_ended(&self) -> bool {
        match &self.local {
            Some(daemon) => !self.is_there().await && !daemon::is_running(&daemon.state_dir),
            None => false,
        }
    }

    /// Whether the engine is the local server and does not run. One that merely does not answer does.
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

    /// Sees to it that a template is there before a sandbox is made from it, and hands on the
    /// installer's lines. E2B's templates are always there.
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
        // Its own limit decides, and a little time for its last words.
        let install = async {
            let answer = request.send().await.map_err(failed)?;
            if !answer.status().is_success() {
                // The create call that follows says in E2B's own words what is wrong with the template.
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

/// The daemon; an older one, in which nothing runs, is replaced by this program's.
async fn newest(local: &LocalSpec) -> Result<Daemon, DaemonError> {
    let daemon = daemon::find_or_start(&local.state_dir, &local.launch).await?;
    if skew::advise(&daemon.version, daemon.running, VERSION) != SkewAnswer::Renew {
        return Ok(daemon);
    }
    daemon::stop(&local.state_dir).await?;
    daemon::find_or_start(&local.state_dir, &local.launch).await
}

/// Said where the local server was started from a shell with other proxies or certificates.
const OTHER_WAY_OUT: &str = "the local server runs with other proxies or certificates than this shell, and its sandboxes use those: `sandbar local stop` ends it, and pauses its sandboxes; the next session \
    starts a new one";

/// What whoever starts a session should know of the local server.
fn notice(daemon: &Daemon, env: &[(String, String)]) -> String {
    let isolation = daemon.isolation.notice();
    let skew = skew(&daemon.version, daemon.running);
    let told = Some(isolation).filter(|told| !told.is_empty());
    let is_other = daemon.outbound_digest != outbound_digest(env, &daemon.api_key);
    let stale = is_other.then(|| OTHER_WAY_OUT.to_owned());
    let all = told.into_iter().chain(skew).chain(stale);
    all.collect::<Vec<_>>().join("; ")
}

/// What is to be said of a local server of this version.
pub fn skew(version: &str, running: usize) -> Option<String> {
    match skew::advise(version, running, VERSION) {
        SkewAnswer::Use => None,
        SkewAnswer::Renew => Some(format!(
            "it is of sandbar {version}, this is {VERSION}; the next session replaces it"
        )),
        SkewAnswer::Tell(told) => Some(told),
    }
}

/// What goes with the request for an install: npm's settings, proxies and certificates of whoever asks.
#[derive(Serialize)]
pub struct InstallTerms<'a> {
    pub env: BTreeMap<&'a str, &'a str>,
    pub limit_secs: u64,
}

/// A line of the local server's answer to an install.
#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum InstallStep {
    Line(String),
    Error(String),
    Done(IgnoredAny),
}
