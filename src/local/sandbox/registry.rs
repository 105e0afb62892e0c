//! All sandboxes of a server: create, pause, resume, time to live, kill.
//!
//! Paused means one of two things. Warm: every process is stopped (SIGSTOP) and its memory kept,
//! until the server ends. Cold: no process is left, only the files; a resume starts an empty run.
//! After a restart of the server all sandboxes are paused and cold.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::http::StatusCode;
use tokio::sync::Notify;
use tokio_util::task::TaskTracker;

use super::LocalSandbox;
use super::create_replay::CreateReplays;
use super::record::{RunState, SandboxRecord};
use super::simulated_faults::SimulatedFaults;
use super::snapshot;
use super::snapshot::SnapshotStore;
use super::spec::SandboxSpec;
use super::template::{TemplateLinks, Templates};
use crate::local::auth;
use crate::local::error::{ApiError, failed};
use crate::local::interface::options::ServerOptions;
use crate::local::isolation::{Isolation, remove_dir};
use crate::local::limits::{DescriptorLimits, LimitEnforcer};
use crate::local::network::rules::NetworkRules;
use crate::local::sync::lock;
use crate::local::sync::{blocking, run_to_completion};
use crate::net::random;
use crate::os::clock::unix_now;

/// When a create that met the limit of sandboxes is worth another try, in seconds.
const LIMIT_RETRY: u64 = 5;
/// With more sandboxes, paused ones too, some may share a user: a container may have few.
const MOST_USERS: usize = 128;
/// Traffic wakes a sandbox for at least this long (E2B's rule).
const WOKEN: Duration = Duration::from_mins(5);

pub(in crate::local) struct Registry {
    pub(in crate::local) options: Arc<ServerOptions>,
    pub(in crate::local) isolation: Isolation,
    pub(in crate::local) enforcer: LimitEnforcer,
    pub(in crate::local) descriptors: DescriptorLimits,
    pub(in crate::local) templates: Templates,
    pub(in crate::local) snapshots: SnapshotStore,
    sandboxes: Mutex<HashMap<String, Arc<LocalSandbox>>>,
    pub(in crate::local) replays: CreateReplays,
    pub(in crate::local) faults: SimulatedFaults,
    pub(super) deadlines: Notify,
    pub(in crate::local) tasks: TaskTracker,
}

fn after(timeout: Duration) -> u64 {
    unix_now().plus(timeout).0
}

impl Registry {
    /// Finds the sandboxes of earlier servers. Reads the disk; called once, before serving.
    pub(in crate::local) fn open(
        options: ServerOptions,
        isolation: Isolation,
    ) -> std::io::Result<Arc<Self>> {
        let root = options.state_dir.join("sandboxes");
        std::fs::create_dir_all(&root)?;
        let mut sandboxes = HashMap::new();
        for entry in std::fs::read_dir(&root)?.flatten() {
            match LocalSandbox::load(entry.path(), &options, &isolation) {
                Ok(sandbox) => {
                    sandboxes.insert(sandbox.record().id, Arc::new(sandbox));
                }
                // Its create or its kill was cut off: nobody will ever ask for it.
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                    if let Err(error) = remove_dir(&entry.path()) {
                        tracing::warn!(directory = %entry.path().display(), %error, "not removed");
                    }
                }
                Err(error) => {
                    tracing::warn!(directory = %entry.path().display(), %error, "not a sandbox");
                }
            }
        }
        let descriptors = DescriptorLimits::raise();
        Ok(Arc::new(Self {
            templates: Templates::new(&options, descriptors),
            snapshots: SnapshotStore::new(&options.state_dir),
            enforcer: LimitEnforcer::find(options.limits, &isolation),
            descriptors,
            options: Arc::new(options),
            isolation,
            sandboxes: Mutex::new(sandboxes),
            replays: CreateReplays::default(),
            faults: SimulatedFaults::default(),
            deadlines: Notify::new(),
            tasks: TaskTracker::new(),
        }))
    }

    pub(in crate::local) fn get(&self, id: &str) -> Result<Arc<LocalSandbox>, ApiError> {
        // An old id has a client id behind a dash.
        let id = id.split('-').next().unwrap_or_default();
        lock(&self.sandboxes)
            .get(id)
            .cloned()
            .ok_or_else(|| ApiError::no_sandbox(id))
    }

    /// Newest first.
    pub(in crate::local) fn all(&self) -> Vec<Arc<LocalSandbox>> {
        let mut all: Vec<_> = lock(&self.sandboxes).values().cloned().collect();
        all.sort_by_cached_key(|sandbox| {
            let record = sandbox.record();
            (std::cmp::Reverse(record.started_at), record.id)
        });
        all
    }

    pub(in crate::local) async fn create(
        &self,
        new: SandboxSpec,
    ) -> Result<Arc<LocalSandbox>, ApiError> {
        let base = new.origin.as_ref().map(|origin| origin.template.clone());
        let template = base.as_ref().unwrap_or(&new.template);
        let mut links = self.templates.prepare(template).await?;
        if base.is_some() {
            // It has the links already, and its directories are not to be trusted.
            links = TemplateLinks::default();
        }
        let unlucky = |error: std::io::Error| ApiError::internal(format!("no randomness: {error}"));
        let id = self.new_id().map_err(unlucky)?;
        let traffic_token = if new.public_traffic {
            None
        } else {
            Some(random::token().map_err(unlucky)?)
        };
        let record = SandboxRecord {
            id: id.clone(),
            template: new.template,
            metadata: new.metadata,
            env_vars: new.env_vars,
            envd_token: random::token().map_err(unlucky)?,
            traffic_token,
            started_at: unix_now().0,
            ends_at: after(new.timeout),
            auto_pause: new.auto_pause,
            auto_pause_memory: new.auto_pause_memory,
            state: RunState::Running,
            auto_resume: new.auto_resume,
            timeout_secs: new.timeout.as_secs(),
            mask_host: new.mask_host,
            network_rules: new.network_rules,
            base,
            secure: new.secure,
        };
        let dir = self.options.state_dir.join("sandboxes").join(&id);
        let sandbox = self.create_dirs(dir.clone(), record, links).await?;
        // A kill waits until it runs, else the run would outlive the sandbox.
        let turn = sandbox.transition.lock().await;
        let started = async {
            self.insert_within_quota(&id, &sandbox)?;
            snapshot::restore_files(new.origin, dir.clone()).await?;
            self.start(&sandbox).await
        };
        if let Err(error) = started.await {
            lock(&self.sandboxes).remove(&id);
            remove(dir).await;
            return Err(error);
        }
        drop(turn);
        sandbox.log.note("created");
        for note in new.notes {
            sandbox.log.note(note);
        }
        if !new.ignored.is_empty() {
            let fields = new.ignored.join(", ");
            sandbox
                .log
                .note(format!("not enforced on this server: {fields}"));
        }
        self.deadlines.notify_one();
        Ok(sandbox)
    }

    /// A new id; where sandboxes have user ids of their own, one whose user id is free.
    fn new_id(&self) -> std::io::Result<String> {
        let taken: Vec<_> = self.all().iter().map(|other| other.paths.owner()).collect();
        loop {
            let id = auth::sandbox_id()?;
            let owner = self.isolation.owner(&id);
            if owner.is_none() || !taken.contains(&owner) || taken.len() > MOST_USERS {
                return Ok(id);
            }
        }
    }

    /// Makes the directories of a new sandbox.
    async fn create_dirs(
        &self,
        dir: PathBuf,
        record: SandboxRecord,
        links: TemplateLinks,
    ) -> Result<Arc<LocalSandbox>, ApiError> {
        let (options, isolation) = (Arc::clone(&self.options), self.isolation.clone());
        let made = blocking(move || {
            let links = links.within_reach(&isolation, &options.state_dir)?;
            let made = LocalSandbox::create(dir.clone(), record, &options, &isolation);
            let made = made.and_then(|sandbox| {
                links.link_into(&sandbox.home())?;
                Ok(Arc::new(sandbox))
            });
            if made.is_err() {
                let _ = remove_dir(&dir);
            }
            made
        });
        made.await.map_err(failed("create the sandbox's directory"))
    }

    fn insert_within_quota(&self, id: &str, sandbox: &Arc<LocalSandbox>) -> Result<(), ApiError> {
        let mut sandboxes = lock(&self.sandboxes);
        let running = |other: &&Arc<LocalSandbox>| other.record().state == RunState::Running;
        let limit = self.options.max_sandboxes;
        if sandboxes.values().filter(running).count() >= limit {
            let message =
                format!("you have reached the maximum number of concurrent sandboxes ({limit})");
            let refused = ApiError::new(StatusCode::TOO_MANY_REQUESTS, message);
            return Err(refused.retry_after(LIMIT_RETRY));
        }
        sandboxes.insert(id.to_owned(), Arc::clone(sandbox));
        Ok(())
    }

    /// Resumes a paused sandbox (true) or extends the time of a running one (false).
    pub(in crate::local) async fn connect(
        &self,
        id: &str,
        timeout: Duration,
    ) -> Result<bool, ApiError> {
        let sandbox = self.get(id)?;
        let _turn = sandbox.transition.lock().await;
        self.get(id)?;
        let ends_at = after(timeout);
        let resumed = sandbox.record().state == RunState::Paused;
        if resumed {
            match sandbox.run() {
                Some(run) => run
                    .helper
                    .thaw()
                    .await
                    .map_err(|e| ApiError::internal(e.message))?,
                None => self.start(&sandbox).await?,
            }
        }
        let store = sandbox.change(|record| {
            record.state = RunState::Running;
            if resumed {
                // As at E2B: since when it runs, not since when it exists.
                record.started_at = unix_now().0;
            }
            record.ends_at = if resumed {
                ends_at
            } else {
                record.ends_at.max(ends_at)
            };
        });
        store.await.map_err(failed("store the sandbox"))?;
        if resumed {
            sandbox.log.note("resumed");
        }
        self.deadlines.notify_one();
        Ok(resumed)
    }

    /// Wakes a paused sandbox for traffic, if it was asked to be woken and its processes were
    /// kept; else does nothing. The caller has seen the right token.
    pub(in crate::local) async fn wake(
        self: &Arc<Self>,
        sandbox: &LocalSandbox,
    ) -> Result<(), ApiError> {
        let record = sandbox.record();
        if wakes(&record, sandbox) {
            let timeout = Duration::from_secs(record.timeout_secs).max(WOKEN);
            let registry = Arc::clone(self);
            run_to_completion(async move { registry.connect(&record.id, timeout).await }).await?;
        }
        Ok(())
    }

    /// Pauses a running sandbox, with its processes kept in memory or without them.
    pub(in crate::local) async fn pause(&self, id: &str, memory: bool) -> Result<(), ApiError> {
        let sandbox = self.get(id)?;
        let _turn = sandbox.transition.lock().await;
        self.get(id)?;
        if sandbox.record().state == RunState::Paused {
            let message = format!("Error pausing sandbox - sandbox '{id}' is already paused");
            return Err(ApiError::new(StatusCode::CONFLICT, message));
        }
        self.pause_now(&sandbox, memory).await
    }

    /// The caller has locked the sandbox's `transition`.
    pub(super) async fn pause_now(
        &self,
        sandbox: &LocalSandbox,
        memory: bool,
    ) -> Result<(), ApiError> {
        let stored = sandbox.change(|record| record.state = RunState::Paused);
        stored.await.map_err(failed("store the sandbox"))?;
        sandbox.log.note("paused");
        let Some(run) = sandbox.run() else {
            return Ok(());
        };
        if memory {
            run.cut_connections();
            run.helper
                .freeze()
                .await
                .map_err(|refused| ApiError::internal(refused.message))
        } else {
            sandbox.set_run(None);
            self.stop(sandbox, &run).await;
            Ok(())
        }
    }

    pub(in crate::local) async fn kill(&self, id: &str) -> Result<(), ApiError> {
        let sandbox = self.get(id)?;
        let _turn = sandbox.transition.lock().await;
        self.kill_now(&sandbox).await
    }

    /// The caller has locked the sandbox's `transition`.
    pub(super) async fn kill_now(&self, sandbox: &LocalSandbox) -> Result<(), ApiError> {
        let id = sandbox.record().id;
        lock(&self.sandboxes)
            .remove(&id)
            .ok_or_else(|| ApiError::no_sandbox(&id))?;
        self.replays.forget(&id);
        if let Some(run) = sandbox.set_run(None) {
            self.stop(sandbox, &run).await;
        }
        remove(sandbox.dir.clone()).await;
        Ok(())
    }

    /// Sets or (`only_extend`) prolongs the time of a running sandbox.
    pub(in crate::local) async fn set_timeout(
        &self,
        id: &str,
        timeout: Duration,
        only_extend: bool,
    ) -> Result<(), ApiError> {
        let sandbox = self.get(id)?;
        let record = sandbox.record();
        if record.state != RunState::Running {
            return Err(ApiError::no_sandbox(id));
        }
        let ends_at = after(self.faults.cap(timeout, record.started_at)?);
        let store = sandbox.change(|record| {
            record.ends_at = if only_extend {
                record.ends_at.max(ends_at)
            } else {
                ends_at
            };
        });
        store.await.map_err(failed("store the sandbox"))?;
        self.deadlines.notify_one();
        Ok(())
    }

    /// Sets what a sandbox may reach from its next connection on.
    pub(in crate::local) async fn set_network_rules(
        &self,
        id: &str,
        network_rules: NetworkRules,
    ) -> Result<(), ApiError> {
        let sandbox = self.get(id)?;
        *lock(&sandbox.network_rules) = network_rules.clone();
        let stored = sandbox.change(|record| record.network_rules = network_rules);
        stored.await.map_err(failed("store the sandbox"))?;
        sandbox.log.note("network rules changed");
        Ok(())
    }

    /// Stops every run; files and records stay.
    pub(in crate::local) async fn close(&self) {
        self.templates.close().await;
        let all = self.all();
        let closing = all.iter().map(async |sandbox| {
            let _turn = sandbox.transition.lock().await;
            if let Some(run) = sandbox.set_run(None) {
                let _ = sandbox
                    .change(|record| record.state = RunState::Paused)
                    .await;
                self.stop(sandbox, &run).await;
            }
        });
        futures::future::join_all(closing).await;
    }
}

/// Whether traffic would wake this sandbox.
pub(in crate::local) fn wakes(record: &SandboxRecord, sandbox: &LocalSandbox) -> bool {
    record.auto_resume && record.state == RunState::Paused && sandbox.run().is_some()
}

async fn remove(dir: PathBuf) {
    let shown = dir.display().to_string();
    let removed = tokio::task::spawn_blocking(move || remove_dir(&dir)).await;
    if let Ok(Err(error)) = removed {
        tracing::warn!(directory = shown, %error, "a sandbox's directory could not be removed");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::local::interface::options::HelperCommand;
    use crate::local::isolation::{IsolationRequest, Level, ServerDirs, decide};
    use crate::local::limits::ResourceLimits;

    fn registry(dir: &std::path::Path) -> Arc<Registry> {
        let options = ServerOptions {
            state_dir: dir.to_owned(),
            own_dirs: Vec::new(),
            cache_dir: dir.join("cache"),
            api_key: String::new().into(),
            is_key_private: false,
            version: String::new(),
            helper: HelperCommand {
                program: "/bin/false".into(),
                arguments: Vec::new(),
            },
            max_sandboxes: 1,
            path: String::new(),
            user: String::new(),
            install_env: Vec::new(),
            opencode_version: String::new(),
            extra_file_roots: Vec::new(),
            isolation: IsolationRequest {
                most: Level::None,
                ..IsolationRequest::default()
            },
            limits: ResourceLimits::default(),
            domain: String::new(),
        };
        let dirs = ServerDirs {
            state: dir,
            above: &[],
        };
        let isolation = decide(options.isolation, &dirs).unwrap();
        Registry::open(options, isolation).unwrap()
    }

    fn record(ends_at: u64) -> SandboxRecord {
        let record = serde_json::json!({
            "id": "ione", "template": "base", "metadata": {}, "env_vars": {}, "envd_token": "",
            "traffic_token": null, "started_at": 0, "ends_at": ends_at, "auto_pause": false,
            "auto_pause_memory": false, "state": "running", "auto_resume": false, "timeout_secs": 0,
            "mask_host": null, "base": null, "network_rules": {"allow": [], "deny": [], "rewrite": {}},
            "secure": true,
        });
        serde_json::from_value(record).unwrap()
    }

    fn sandbox(registry: &Registry, ends_at: u64) -> Arc<LocalSandbox> {
        let record = record(ends_at);
        let dir = registry.options.state_dir.join("sandboxes/ione");
        let made = LocalSandbox::create(dir, record, &registry.options, &registry.isolation);
        let made = Arc::new(made.unwrap());
        registry.insert_within_quota("ione", &made).unwrap();
        made
    }

    #[tokio::test]
    async fn a_sandbox_that_got_more_time_is_not_ended_by_an_earlier_look() {
        let dir = tempfile::tempdir().unwrap();
        let registry = registry(dir.path());
        let sandbox = sandbox(&registry, 1);

        registry
            .set_timeout("ione", Duration::from_mins(1), false)
            .await
            .unwrap();
        let turn = sandbox.transition.lock().await;
        registry.expire(&sandbox, turn).await.unwrap();
        let kept = registry.get("ione").is_ok() && sandbox.dir.exists();

        let changed = sandbox.change(|record| record.ends_at = 1);
        changed.await.unwrap();
        let turn = sandbox.transition.lock().await;
        registry.expire(&sandbox, turn).await.unwrap();
        let ended = registry.get("ione").is_err() && !sandbox.dir.exists();

        assert_eq!((kept, ended), (true, true));
    }

    #[tokio::test]
    async fn a_create_that_fails_leaves_no_directory() {
        let dir = tempfile::tempdir().unwrap();
        let registry = registry(dir.path());
        let home = dir.path().join("sandboxes/ione");
        // The second link finds the first in its place.
        let links = TemplateLinks(vec![
            ("program", "/bin/true".into()),
            ("program", "/bin/true".into()),
        ]);

        let failed = registry.create_dirs(home.clone(), record(1), links).await;

        assert!(failed.is_err());
        assert!(!home.exists());
    }

    #[test]
    fn what_a_create_or_a_kill_left_that_was_cut_off_is_removed_at_the_next_start() {
        let dir = tempfile::tempdir().unwrap();
        let full = registry(dir.path());
        sandbox(&full, 1);
        let half = dir.path().join("sandboxes/ihalf");
        std::fs::create_dir_all(half.join("home/.local")).unwrap();
        let garbled = dir.path().join("sandboxes/igarbled");
        std::fs::create_dir_all(&garbled).unwrap();
        std::fs::write(garbled.join("sandbox.json"), "{").unwrap();

        let again = registry(dir.path());

        assert!(!half.exists() && garbled.exists());
        assert!(again.get("ione").is_ok());
    }
}
