//! Copies of running sandboxes: snapshots, and forks that run beside the original.
//!
//! Both promise to keep the memory of processes. That cannot be copied here, so they are refused
//! where there is some, unless the caller wants the files alone. A sandbox is stopped while its files
//! are copied, so that they fit together.

use std::sync::Arc;
use std::time::Duration;

use super::LocalSandbox;
use super::record::RunState;
use super::registry::Registry;
use super::snapshot;
use super::snapshot::{LocalSnapshot, ProcessMemory};
use super::spec::{FileOrigin, SandboxSpec};
use crate::local::auth;
use crate::local::error::{ApiError, failed};
use crate::local::helper::client::HelperError;
use crate::os::clock::unix_now;

/// What a snapshot is to be called.
pub(in crate::local) struct SnapshotName {
    pub(in crate::local) plain: String,
    pub(in crate::local) tag: String,
}

impl Registry {
    /// Copies a sandbox's files; nothing in it runs meanwhile.
    pub(in crate::local) async fn snapshot(
        &self,
        id: &str,
        name: Option<SnapshotName>,
        memory: ProcessMemory,
    ) -> Result<LocalSnapshot, ApiError> {
        let sandbox = self.get(id)?;
        let record = sandbox.record();
        let unlucky = |error: std::io::Error| ApiError::internal(format!("no randomness: {error}"));
        let snapshot = LocalSnapshot {
            id: auth::sandbox_id().map_err(unlucky)?,
            name: name.as_ref().map(|name| name.plain.clone()),
            tag: name.map_or_else(|| snapshot::NEWEST.to_owned(), |name| name.tag),
            sandbox: record.id,
            template: record.base.unwrap_or(record.template),
            made_at: unix_now().0,
        };
        let (snapshots, dir, made) = (
            self.snapshots.clone(),
            sandbox.dir.clone(),
            snapshot.clone(),
        );
        with_frozen(&sandbox, memory, move || snapshots.take(&made, &dir)).await?;
        sandbox.log.note("snapshot taken");
        Ok(snapshot)
    }

    /// Makes sandboxes that begin where this one is; each may fail for itself.
    pub(in crate::local) async fn fork(
        &self,
        id: &str,
        count: u64,
        timeout: Duration,
    ) -> Result<Vec<Result<Arc<LocalSandbox>, ApiError>>, ApiError> {
        let snapshot = self.snapshot(id, None, ProcessMemory::Kept).await?;
        let record = self.get(id)?.record();
        let mut forks = Vec::new();
        for _ in 0..count {
            let fork = self.create(SandboxSpec {
                template: record.template.clone(),
                metadata: record.metadata.clone(),
                env_vars: record.env_vars.clone(),
                timeout,
                auto_pause: record.auto_pause,
                auto_pause_memory: record.auto_pause_memory,
                public_traffic: record.traffic_token.is_none(),
                auto_resume: record.auto_resume,
                mask_host: record.mask_host.clone(),
                network_rules: record.network_rules.clone(),
                secure: record.secure,
                ignored: Vec::new(),
                notes: Vec::new(),
                origin: Some(FileOrigin {
                    dir: self.snapshots.dir(&snapshot.id),
                    template: snapshot.template.clone(),
                }),
            });
            forks.push(fork.await);
        }
        let snapshots = self.snapshots.clone();
        let deleted = tokio::task::spawn_blocking(move || snapshots.delete(&snapshot.id));
        if let Ok(Err(error)) = deleted.await {
            tracing::warn!(%error, "the files of a fork could not be removed");
        }
        Ok(forks)
    }
}

/// Works on the files of a sandbox while none of its processes runs. Not to be dropped before its
/// end: they would stay stopped.
async fn with_frozen(
    sandbox: &LocalSandbox,
    memory: ProcessMemory,
    work: impl FnOnce() -> std::io::Result<()> + Send + 'static,
) -> Result<(), ApiError> {
    let _turn = sandbox.transition.lock().await;
    if !sandbox.dir.exists() {
        return Err(ApiError::no_sandbox(&sandbox.record().id));
    }
    let refused = |refused: HelperError| ApiError::internal(refused.message);
    let run = sandbox.run();
    let running = run
        .as_ref()
        .filter(|_| sandbox.record().state == RunState::Running);
    if let Some(run) = running {
        run.helper.freeze().await.map_err(refused)?;
    }
    // Counted while they are stopped: none can come after.
    let lost = match (&run, memory) {
        (Some(run), ProcessMemory::Kept) => run.process_count().await,
        _ => 0,
    };
    let worked = if lost == 0 {
        let worked = tokio::task::spawn_blocking(work).await;
        let worked = worked.map_err(std::io::Error::other).flatten();
        worked.map_err(failed("copy the files"))
    } else {
        Err(ApiError::unsupported(&format!(
            "snapshots and forks with the memory of processes (running: {lost}); end them, or take a snapshot of the files alone (memory: false)"
        )))
    };
    if let Some(run) = running {
        run.helper.thaw().await.map_err(refused)?;
    }
    worked
}
