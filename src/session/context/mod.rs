//! What all sessions of this process share. Made before any of them, and knows none.
//!
//! [`settings`] is what the sessions need of the configuration, [`timing`] every duration, [`clone_access`] who gets in at
//! a private repository, [`lazy_keyring`] keys that are looked up when one is needed first, [`typed_passwords`] what the user typed.

pub mod clone_access;
pub mod lazy_keyring;
pub mod settings;
pub mod timing;
pub mod typed_passwords;

use std::borrow::Cow;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

use secrecy::SecretString;
use tempfile::TempDir;
use tokio::sync::{OnceCell, watch};
use tokio::time::Instant;

pub use crate::os::clock::unix_now as wall;

use super::failures;
use crate::domain::failure::Failure;
use crate::domain::session::{CredentialRef, SessionOrigin, SessionSpec};
use crate::domain::time::Monotonic;
use crate::engine::{Engine, EngineError, EngineSpec};
use crate::net::http::{Http, HttpOptions, HttpSetupError};
use crate::opencode::client::{CallLimits, OpencodeClient, ServerAddress};
use crate::store::Store;
use crate::store::files::secrets::SecretFiles;
use crate::store::files::snapshots::SnapshotFiles;
use clone_access::CloneAccess;
use lazy_keyring::LazyKeyring;
use settings::Settings;
use timing::Timing;
use typed_passwords::TypedPasswords;

/// Wake-ups that sessions report within this time are one.
const WAKING: Duration = Duration::from_secs(1);

/// Where sessions are recorded.
#[derive(Debug, Clone)]
pub struct RecordStore {
    pub store: Store,
    pub secrets: SecretFiles,
    pub snapshots: SnapshotFiles,
    /// The state directory, for locks.
    pub directory: PathBuf,
}

impl RecordStore {
    /// Opens the store in the background: this returns at once.
    pub fn open(directory: &Path) -> Self {
        Self {
            store: Store::open_in_background(directory),
            secrets: SecretFiles::new(directory),
            snapshots: SnapshotFiles::new(directory),
            directory: directory.to_owned(),
        }
    }
}

/// Created once, before the first session. Nothing here is slow to create: the HTTP client, which takes a while to
/// load certificates, is created on first use.
#[derive(Debug)]
pub struct SessionContext {
    pub timing: Timing,
    pub settings: Settings,
    /// `None`: nothing is recorded.
    pub records: Option<RecordStore>,
    /// Where the texts are stored that are typed in conversations of servers that somebody else runs.
    pub attached_composers: Option<RecordStore>,
    pub http_options: HttpOptions,
    /// Keys that are read when one is first needed.
    pub late: Option<LazyKeyring>,
    /// Values of the variables that a [`CredentialRef::Env`] may name.
    pub variables: HashMap<String, SecretString>,
    /// They take precedence over the variables.
    pub typed: TypedPasswords,
    /// User of a server that somebody else runs; `None`: OpenCode's default user.
    pub user: Option<String>,
    /// Credentials for repositories to clone; the last match wins.
    pub clone_access: Vec<CloneAccess>,
    /// When this program started; zero of the monotonic clock.
    pub started: Instant,
    http: OnceLock<Http>,
    /// When the machine was last found to have been suspended.
    woken: watch::Sender<Instant>,
    engine: OnceCell<Engine>,
}

impl SessionContext {
    pub fn new(started: Instant, http_options: HttpOptions) -> Self {
        Self {
            timing: Timing::default(),
            settings: Settings::default(),
            records: None,
            attached_composers: None,
            http_options,
            late: None,
            variables: HashMap::new(),
            typed: TypedPasswords::default(),
            user: None,
            clone_access: Vec::new(),
            started,
            http: OnceLock::new(),
            woken: watch::Sender::new(started),
            engine: OnceCell::new(),
        }
    }

    pub(crate) fn http(&self) -> Result<Http, HttpSetupError> {
        if let Some(http) = self.http.get() {
            return Ok(http.clone());
        }
        let http = Http::new(&self.http_options)?;
        Ok(self.http.get_or_init(|| http).clone())
    }

    /// Drops the pooled connections: one of them failed.
    pub(crate) async fn renew_connections(&self) {
        if let Some(http) = self.http.get().cloned() {
            // Only a panic ends it early, and the panic hook reports that.
            let _ended = tokio::task::spawn_blocking(move || http.renew()).await;
        }
    }

    /// The machine was suspended: all connections are dead without knowing it. Each session reports this; only the
    /// first report counts.
    pub(crate) async fn woke(&self) {
        self.renew_connections().await;
        self.woken.send_if_modified(|last| {
            let is_news = last.elapsed() > WAKING;
            if is_news {
                *last = Instant::now();
            }
            is_news
        });
    }

    /// Changes after each suspend of the machine, for tasks that follow something.
    pub(crate) fn woken(&self) -> watch::Receiver<Instant> {
        self.woken.subscribe()
    }

    /// The engine, found or started on first use. A failure is not cached.
    pub(crate) async fn engine(&self) -> Result<Engine, EngineError> {
        let spec = &self.spec().await?;
        let find = || async { Engine::find_or_start(spec, &self.http()?).await };
        let engine = self.engine.get_or_try_init(find).await?;
        if engine.is_there().await {
            return Ok(engine.clone());
        }
        // The local daemon was stopped since; a new one has the same key and port.
        Engine::find_or_start(spec, &self.http()?).await
    }

    /// The engine of the settings, with its key.
    async fn spec(&self) -> Result<Cow<'_, EngineSpec>, EngineError> {
        let no_key = |told: &str| EngineError::NoKey(told.to_owned());
        let spec = self.settings.engine.as_ref().ok_or_else(|| no_key(""))?;
        let (
            EngineSpec::E2b {
                api_key: None,
                addresses,
            },
            Some(late),
        ) = (spec, &self.late)
        else {
            return Ok(Cow::Borrowed(spec));
        };
        let api_key = Some(late.account().await.map_err(|told| no_key(&told))?);
        let addresses = addresses.clone();
        Ok(Cow::Owned(EngineSpec::E2b { api_key, addresses }))
    }

    /// The environment of new sandboxes: names and values of provider keys.
    pub(crate) async fn provider_keys(&self) -> Vec<(String, SecretString)> {
        let mut keys = self.settings.provider_keys.clone();
        if let Some(late) = &self.late {
            keys.extend(late.provider_keys().await);
        }
        keys
    }

    /// Resolves the model: a new session gets the demo model if there is no key for another.
    pub(crate) async fn settled(&self, mut spec: SessionSpec) -> SessionSpec {
        if let (SessionOrigin::New(new), Some(late)) = (&mut spec.origin, &self.late)
            && new.demo
        {
            new.demo = late.provider_keys().await.is_empty();
        }
        spec
    }

    /// A private directory for packing, removed on drop.
    pub(crate) fn scratch(&self) -> Result<TempDir, Failure> {
        let made = tempfile::Builder::new()
            .prefix("sandbar-")
            .tempdir_in(&self.settings.scratch_dir);
        made.map_err(|error| {
            Failure::new("there is no space to pack the code")
                .detail(format!("{}: {error}", self.settings.scratch_dir.display()))
                .hint("check that the temporary directory is writable")
        })
    }

    pub(crate) fn secret(&self, credential: &CredentialRef) -> Option<SecretString> {
        match credential {
            CredentialRef::Env(name) => {
                let typed = self.typed.get(name);
                typed.or_else(|| self.variables.get(name).cloned())
            }
            CredentialRef::None | CredentialRef::Stored(_) => None,
        }
    }

    /// The user typed this password: it is what the credential refers to from now on.
    pub(crate) fn use_password(&self, credential: &CredentialRef, password: SecretString) {
        if let CredentialRef::Env(name) = credential {
            self.typed.set(name, password);
        }
    }

    /// A client of an OpenCode server.
    pub(crate) fn opencode(
        &self,
        base_url: String,
        password: Option<SecretString>,
        headers: Vec<(String, SecretString)>,
    ) -> Result<OpencodeClient, Failure> {
        let http = self.http().map_err(|error| failures::http(&error))?;
        let server = ServerAddress {
            base_url,
            user: self.user.clone(),
            password,
            headers,
            directory: None,
        };
        let limits = CallLimits {
            call: self.timing.call,
            slow_call: self.timing.slow_call,
            health: self.timing.health_timeout,
        };
        let client = OpencodeClient::new(http, &server, limits);
        client.map_err(|error| failures::opencode(&error))
    }

    pub(crate) fn now(&self) -> Monotonic {
        self.started.elapsed()
    }
}
