//! The snapshots of a connection: one at a time, and none that is due is skipped.

use std::time::Duration;

use futures::StreamExt;
use futures::future::FutureExt;

use super::state::{CallResult, Connection, SnapshotJob};
use crate::domain::failure::Failure;
use crate::domain::session::{SessionEvent, SnapshotInfo};
use crate::session::run::state::SessionState;
use crate::session::snapshot;

/// How long the end of a session waits for a snapshot.
const KEEPING: Duration = Duration::from_secs(2);

impl Connection {
    /// Takes a snapshot in the background.
    pub(super) fn keep(&mut self, serving: &SessionState) {
        let keep = serving.recorder.keep().filter(|_| {
            let is_ours = self.server.sandbox.is_some();
            is_ours && serving.recorder.holds_lock()
        });
        let Some(keep) = keep else { return };
        self.keeping = match self.keeping {
            SnapshotJob::No => {
                let taken = snapshot::take(self.server.clone(), keep);
                self.calls.push(taken.map(CallResult::Kept).boxed());
                SnapshotJob::Yes
            }
            SnapshotJob::Yes | SnapshotJob::YesAndAgain => SnapshotJob::YesAndAgain,
        };
    }

    /// Waits briefly for a snapshot under way, so that it includes the last turn.
    pub(crate) async fn finish_snapshot(&mut self, serving: &SessionState) {
        let kept = async {
            while self.keeping != SnapshotJob::No {
                match self.calls.next().await {
                    Some(CallResult::Kept(kept)) => self.kept(serving, kept).await,
                    Some(_) => {}
                    None => return,
                }
            }
        };
        if tokio::time::timeout(KEEPING, kept).await.is_err() {
            tracing::info!("the session ended while a snapshot was taken");
        }
    }

    pub(super) async fn kept(
        &mut self,
        serving: &SessionState,
        kept: Result<SnapshotInfo, Failure>,
    ) {
        match kept {
            Ok(info) => {
                if let Some(changed) = info.changed {
                    serving.recorder.changed(changed).await;
                }
                let event = SessionEvent::Snapshot(Some(info));
                serving.events.send(event).await;
            }
            Err(failure) => tracing::warn!(?failure, "no snapshot could be taken"),
        }
        let again = self.keeping == SnapshotJob::YesAndAgain;
        self.keeping = SnapshotJob::No;
        if again {
            self.keep(serving);
        }
    }
}
