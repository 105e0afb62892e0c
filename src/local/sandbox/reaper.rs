//! Ends sandboxes whose time to live is over: pauses or kills them, as their create call asked.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::MutexGuard;
use tokio_util::sync::CancellationToken;

use super::LocalSandbox;
use super::record::RunState;
use super::registry::Registry;
use crate::local::error::ApiError;
use crate::os::clock::unix_now;

/// The longest wait of the reaper, so that a changed clock is noticed.
const REAPER_STEP: Duration = Duration::from_mins(1);

/// When the reaper comes back to a sandbox that is being worked on.
const BUSY: Duration = Duration::from_secs(1);

impl Registry {
    /// Ends sandboxes whose time is over, until the server shuts down.
    pub(in crate::local) async fn reap(self: Arc<Self>, shutdown: CancellationToken) {
        loop {
            let mut wait = REAPER_STEP;
            for sandbox in self.all() {
                let record = sandbox.record();
                if record.state != RunState::Running {
                    continue;
                }
                let left = Duration::from_millis(record.ends_at.saturating_sub(unix_now().0));
                if !left.is_zero() {
                    wait = wait.min(left);
                } else if let Ok(turn) = sandbox.transition.try_lock() {
                    let _ = self.expire(&sandbox, turn).await;
                } else {
                    // A copy of its files may take minutes; others do not wait for that.
                    wait = wait.min(BUSY);
                }
            }
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = self.deadlines.notified() => {}
                () = tokio::time::sleep(wait) => {}
            }
        }
    }

    /// Ends a sandbox whose time is over, unless it has got more since somebody looked.
    pub(super) async fn expire(
        &self,
        sandbox: &LocalSandbox,
        _turn: MutexGuard<'_, ()>,
    ) -> Result<(), ApiError> {
        let record = sandbox.record();
        if record.state != RunState::Running || record.ends_at > unix_now().0 {
            return Ok(());
        }
        if record.auto_pause {
            sandbox.log.note("its time ran out; pausing it");
            self.pause_now(sandbox, record.auto_pause_memory).await
        } else {
            self.kill_now(sandbox).await
        }
    }
}
