//! When the session's sandboxes run, and what they cost.

use super::{Recorder, logged};
use crate::domain::id::SandboxId;
use crate::domain::sandbox::EngineKind;
use crate::domain::sandbox::price::RunningSandbox;
use crate::domain::sandbox::usage::{ObservedRun, Usage};
use crate::domain::time::UnixMillis;
use crate::session::context::wall;

impl Recorder {
    /// The sandbox runs.
    pub(crate) async fn run_seen(
        &self,
        id: &SandboxId,
        run: RunningSandbox,
        ends_at: Option<UnixMillis>,
    ) {
        if let Some(records) = self.driven() {
            let seen = records.store.run_seen(&self.key, id, run, ends_at).await;
            logged("run", seen);
        }
    }

    /// The sandbox no longer runs: since now if it was ended here, otherwise since an unknown time.
    pub(crate) async fn runs_ended(&self, now: bool) {
        if let Some(records) = self.driven() {
            let ended = records.store.runs_ended(&self.key, wall(), now).await;
            logged("run", ended);
        }
    }

    /// Total usage of the session's sandboxes; `running` runs now. Empty where nothing is charged.
    pub(crate) async fn life(&self, running: Option<&ObservedRun>) -> Usage {
        let place = self.stored_record().await;
        let costs = place.is_some_and(|place| place.sandbox.engine == EngineKind::E2b);
        let Some(records) = self.records.as_ref().filter(|_| costs) else {
            return Usage::default();
        };
        let stored = logged("run", records.store.runs(&self.key).await).unwrap_or_default();
        Usage::of(stored.into_iter().chain(running.cloned()), wall())
    }
}
