//! How long the session's sandbox runs: until when, since when, and what it costs.

use std::time::Duration;

use super::SessionState;
use crate::domain::id::SandboxId;
use crate::domain::log::LogLine;
use crate::domain::sandbox::price::RunningSandbox;
use crate::domain::sandbox::usage::{ObservedRun, RunEnd};
use crate::domain::session::SessionEvent;
use crate::domain::time::UnixMillis;
use crate::session::context::wall;
use crate::session::failures;

impl SessionState {
    /// The sandbox's timeout was set.
    pub(crate) async fn lives_until(&mut self, until: UnixMillis) {
        self.lives_until = Some(until);
        if let Some(sandbox) = self.recorder.ends_at(until).await {
            self.events.send(SessionEvent::Sandbox(sandbox)).await;
        }
        self.record_run().await;
    }

    /// Says once that the account's plan allows a shorter lifetime than the settings ask for.
    pub(crate) async fn tell_of_plan(&mut self, longest: Option<Duration>) {
        let settings = &self.context.settings;
        let told = longest.and_then(|longest| failures::cut_by_plan(settings, longest));
        if let Some(told) = told.filter(|_| !std::mem::replace(&mut self.told_of_plan, true)) {
            let line = LogLine::ours(wall(), told);
            self.recorder.logs(vec![line.clone()]).await;
            self.events.send(SessionEvent::Logs(vec![line])).await;
        }
    }

    /// Records since when the sandbox runs.
    pub(crate) async fn runs(&mut self, sandbox: SandboxId, run: RunningSandbox) {
        let end = RunEnd::Runs;
        self.running = Some(ObservedRun { sandbox, run, end });
        self.record_run().await;
        self.tell_runs().await;
    }

    /// Includes its timeout: that counts if nobody sees its end.
    async fn record_run(&self) {
        let Some(ObservedRun { sandbox, run, .. }) = &self.running else {
            return;
        };
        let ends_at = match self.lives_until {
            Some(until) => Some(until),
            None => self
                .recorder
                .stored_record()
                .await
                .and_then(|place| place.sandbox.ends_at),
        };
        self.recorder.run_seen(sandbox, *run, ends_at).await;
    }

    pub(crate) async fn tell_runs(&self) {
        let life = self.recorder.life(self.running.as_ref()).await;
        self.events.send(SessionEvent::Runs(life)).await;
    }

    /// When the sandbox times out, as last set by this connection or an earlier one.
    pub(crate) fn lives(&self) -> Option<UnixMillis> {
        self.lives_until
    }
}
