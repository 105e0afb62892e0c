//! Sandboxes, and in this file one of them: its record on disk, its directories, and its run while it has one.
//!
//! Layout below the server's `sandboxes/<id>/`: `sandbox.json` (0600, the [`SandboxRecord`]), `home/`
//! (what the API can read and write), `tmp/` (its `TMPDIR`), `etc/` (at level full), `helper.log`.
//!
//! It knows no HTTP server and no client of one: the API, envd and the gateway come to it.
//!
//! In reading order: [`record`] and [`spec`]; this file; [`registry`] with [`run_lifecycle`] and [`reaper`];
//! [`snapshot`] and [`fork`]; [`template`]; [`log`]; [`metrics`], [`samples`] and [`memory_watch`];
//! [`create_replay`] and [`simulated_faults`].

pub(super) mod create_replay;
pub(super) mod fork;
pub(super) mod log;
pub(super) mod memory_watch;
pub(super) mod metrics;
mod reaper;
pub(super) mod record;
pub(super) mod registry;
mod run_lifecycle;
pub(super) mod samples;
pub(super) mod simulated_faults;
pub(super) mod snapshot;
pub(super) mod spec;
pub(super) mod template;

use std::collections::BTreeMap;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use tokio::sync::Mutex as AsyncMutex;
use tokio_util::sync::CancellationToken;

use crate::local::envd::watch::PolledWatchers;
use crate::local::helper::client::Helper;
use crate::local::helper::process_tree;
use crate::local::interface::options::ServerOptions;
use crate::local::isolation::{Isolation, Level, PathMap};
use crate::local::limits::DescriptorQuota;
use crate::local::limits::usage::MemorySources;
use crate::local::network::ca::CertificateAuthority;
use crate::local::network::rules::NetworkRules;
use crate::local::network::{forward_proxy, trust_bundle};
use crate::local::process::Processes;
use crate::local::sync::lock;
use crate::os::private_file::write_private;
use crate::os::regular_file;
use log::SandboxLog;
use record::{RunState, SandboxRecord};
use samples::MetricsHistory;

/// A record with all that a create call may hold is smaller.
const LARGEST: u64 = 16 * 1024 * 1024;

/// A run: from create or cold resume to kill, cold pause, or the helper's death.
pub(super) struct SandboxRun {
    pub(super) helper: Arc<Helper>,
    /// Processes of ours that the sandbox runs below; all others are its users'.
    pub(super) infra_processes: Vec<u32>,
    pub(super) processes: Arc<Processes>,
    /// Polled watchers; they go with the run.
    pub(super) watchers: PolledWatchers,
    /// Of the server's descriptors.
    pub(super) quota: DescriptorQuota,
    /// Ends with the run.
    pub(super) over: CancellationToken,
    /// Ends with the run or the next pause; connections from outside end with it.
    connections: Mutex<CancellationToken>,
}

impl SandboxRun {
    /// The helper has started nothing yet.
    pub(super) async fn new(
        helper: Helper,
        log: Arc<SandboxLog>,
        quota: DescriptorQuota,
    ) -> Arc<Self> {
        let infra_processes = members(&helper).await;
        let (helper, over) = (Arc::new(helper), CancellationToken::new());
        let processes = Processes::new(Arc::clone(&helper), log, quota.clone(), over.clone());
        let connections = Mutex::new(over.child_token());
        Arc::new(Self {
            helper,
            infra_processes,
            processes,
            watchers: PolledWatchers::default(),
            quota,
            over,
            connections,
        })
    }

    /// How many processes of its users it has, also those that they left behind.
    pub(super) async fn process_count(&self) -> usize {
        let members = members(&self.helper).await;
        members
            .iter()
            .filter(|pid| !self.infra_processes.contains(pid))
            .count()
    }

    /// Cancelled when connections of this moment must end.
    pub(super) fn connections(&self) -> CancellationToken {
        lock(&self.connections).clone()
    }

    /// Cuts everybody off; later connections are not affected.
    pub(super) fn cut_connections(&self) {
        let old = std::mem::replace(&mut *lock(&self.connections), self.over.child_token());
        old.cancel();
        self.processes.drop_subscribers();
    }
}

async fn members(helper: &Helper) -> Vec<u32> {
    let root = helper.pid().await.unwrap_or_default();
    let walking = tokio::task::spawn_blocking(move || {
        let members = process_tree::descendants(root).into_iter();
        members.map(|member| member.pid).collect()
    });
    walking.await.unwrap_or_default()
}

pub(super) struct LocalSandbox {
    pub(super) dir: PathBuf,
    /// Its files as its processes see them.
    pub(super) paths: PathMap,
    /// Variables about the network: its proxy, and which certificates to trust.
    network: Vec<(String, String)>,
    /// Signs the certificates with which its proxy sets headers; only if header rules were given when the
    /// sandbox was made or loaded.
    pub(super) ca: Option<Arc<CertificateAuthority>>,
    /// The record's rules, for its proxy.
    pub(super) network_rules: Arc<Mutex<NetworkRules>>,
    /// Where its processes look for programs of the system.
    system_path: String,
    /// Bytes that its processes may use.
    pub(super) memory_limit: Option<u64>,
    kept: Arc<StoredRecord>,
    run: Mutex<Option<Arc<SandboxRun>>>,
    pub(super) history: Mutex<MetricsHistory>,
    /// What happened to it and in it; the API's logs.
    pub(super) log: Arc<SandboxLog>,
    /// Held during create, pause, resume and kill, so that these never overlap.
    pub(super) transition: AsyncMutex<()>,
}

impl LocalSandbox {
    /// Makes the directories of a new sandbox.
    pub(super) fn create(
        dir: PathBuf,
        record: SandboxRecord,
        options: &ServerOptions,
        isolation: &Isolation,
    ) -> io::Result<Self> {
        let mut builder = std::fs::DirBuilder::new();
        builder.recursive(true).mode(0o700);
        builder.create(dir.join("home"))?;
        builder.create(dir.join("tmp"))?;
        // A login shell's /etc/profile sets PATH anew; the SDKs start everything by `bash -l -c`.
        let sandbox = Self::stored(dir, record, options, isolation);
        let path = sandbox.system_path.replace('\'', "'\\''");
        let profile = format!("export PATH=\"$HOME/.local/bin\":'{path}'\n");
        std::fs::write(sandbox.dir.join("home/.profile"), profile)?;
        sandbox.kept.save()?;
        Ok(sandbox)
    }

    /// A sandbox as its directory holds it, without a run.
    fn stored(
        dir: PathBuf,
        record: SandboxRecord,
        options: &ServerOptions,
        isolation: &Isolation,
    ) -> Self {
        let outbound_digest = isolation
            .enforces_network_rules()
            .then(forward_proxy::variables);
        let mut network = outbound_digest.unwrap_or_default();
        let writes = isolation.enforces_network_rules() && !record.network_rules.rewrite.is_empty();
        let ca = writes.then(CertificateAuthority::new).and_then(|made| {
            let told =
                |error: &_| tracing::error!(%error, "no certificate authority can be created for a sandbox");
            made.inspect_err(told).ok().map(Arc::new)
        });
        let own = ca.as_ref().map(|ca| ca.pem());
        if trust_bundle::bundle(&options.install_env, own).is_some() {
            network.extend(trust_bundle::variables(&isolation.certificates(&dir)));
        }
        Self {
            paths: PathMap::new(&dir, isolation.level == Level::Full)
                .owned_by(isolation.owner(&record.id))
                .with_roots(&options.extra_file_roots),
            network,
            ca,
            memory_limit: options.limits.memory,
            system_path: isolation.search_path(&options.path),
            network_rules: Arc::new(Mutex::new(record.network_rules.clone())),
            kept: Arc::new(StoredRecord {
                file: dir.join("sandbox.json"),
                record: Mutex::new(record),
                saving: Mutex::new(()),
            }),
            dir,
            run: Mutex::default(),
            history: Mutex::default(),
            log: Arc::default(),
            transition: AsyncMutex::default(),
        }
    }

    /// Reads a sandbox left by an earlier server: its processes are gone, its files are here.
    pub(super) fn load(
        dir: PathBuf,
        options: &ServerOptions,
        isolation: &Isolation,
    ) -> io::Result<Self> {
        let stored = regular_file::read(&dir.join("sandbox.json"), LARGEST)?;
        let mut record: SandboxRecord = serde_json::from_slice(&stored)?;
        record.state = RunState::Paused;
        Ok(Self::stored(dir, record, options, isolation))
    }

    /// Its processes and files, for a measurement of its memory.
    pub(super) fn measured(&self, pids: Vec<u32>) -> MemorySources {
        MemorySources {
            pids,
            dirs: ["home", "tmp"].map(|part| self.dir.join(part)).into(),
            own_files: self.paths.is_own(),
        }
    }

    /// The home on this machine; processes may see it elsewhere ([`PathMap::home`]).
    pub(super) fn home(&self) -> PathBuf {
        self.dir.join("home")
    }

    pub(super) fn record(&self) -> SandboxRecord {
        lock(&self.kept.record).clone()
    }

    /// Changes the record, which holds at once, and stores it.
    pub(super) async fn change(&self, change: impl FnOnce(&mut SandboxRecord)) -> io::Result<()> {
        change(&mut lock(&self.kept.record));
        let kept = Arc::clone(&self.kept);
        let saved = tokio::task::spawn_blocking(move || kept.save()).await;
        saved.map_err(io::Error::other).flatten()
    }

    /// The run, whether frozen or not.
    pub(super) fn run(&self) -> Option<Arc<SandboxRun>> {
        lock(&self.run).clone()
    }

    pub(super) fn set_run(&self, run: Option<Arc<SandboxRun>>) -> Option<Arc<SandboxRun>> {
        std::mem::replace(&mut *lock(&self.run), run)
    }

    /// The run if the sandbox is running: what envd and the proxy may use.
    pub(super) fn live(&self) -> Option<Arc<SandboxRun>> {
        let running = lock(&self.kept.record).state == RunState::Running;
        self.run()
            .filter(|run| running && !run.helper.gone().is_cancelled())
    }

    /// The environment of a process: ours, then the create's, then the request's. Nothing of the
    /// server's own environment is in it but the search path.
    pub(super) fn environment(
        &self,
        options: &ServerOptions,
        request: &BTreeMap<String, String>,
    ) -> BTreeMap<String, String> {
        let record = self.record();
        let home = self.paths.home().display().to_string();
        let user = self.user(options).to_owned();
        let own = [
            ("PATH", format!("{home}/.local/bin:{}", self.system_path)),
            ("HOME", home),
            ("USER", user.clone()),
            ("LOGNAME", user),
            ("SHELL", "/bin/bash".to_owned()),
            ("TMPDIR", self.paths.tmp().display().to_string()),
            ("LANG", "C.UTF-8".to_owned()),
            ("E2B_SANDBOX", "true".to_owned()),
            ("E2B_SANDBOX_ID", record.id),
            ("E2B_TEMPLATE_ID", record.template),
        ];
        let mut env: BTreeMap<_, _> = own
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect();
        env.extend(self.network.iter().cloned());
        if self.paths.is_own() {
            // The system's own place for global packages is closed to this user.
            let prefix = format!("{}/.local", self.paths.home().display());
            env.insert("npm_config_prefix".to_owned(), prefix);
        }
        env.extend(record.env_vars);
        env.extend(request.clone());
        env
    }

    /// The name of the user as whom its processes run.
    pub(super) fn user<'a>(&self, options: &'a ServerOptions) -> &'a str {
        if self.paths.is_own() || self.paths.owner().is_some() {
            "user"
        } else {
            &options.user
        }
    }
}

/// The record of a sandbox, in memory and on disk.
struct StoredRecord {
    file: PathBuf,
    record: Mutex<SandboxRecord>,
    /// Held while it is stored, so that an older state never overwrites a newer one.
    saving: Mutex<()>,
}

impl StoredRecord {
    /// Waits for the disk; not for async threads.
    fn save(&self) -> io::Result<()> {
        let _turn = lock(&self.saving);
        let record = lock(&self.record).clone();
        write_private(&self.file, &serde_json::to_vec_pretty(&record)?)
    }
}
