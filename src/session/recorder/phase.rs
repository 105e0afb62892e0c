//! The phase of a session that no process drives.

use crate::domain::id::SessionKey;
use crate::domain::sandbox::Phase;
use crate::session::context::{RecordStore, wall};
use crate::store::sessions::lock::SessionLock;

/// Stores what has become of the sandbox of a session that nobody drives; of one that somebody does, that
/// process says it.
pub(in crate::session) async fn store_phase(
    records: &RecordStore,
    key: &SessionKey,
    phase: &Phase,
) {
    let Some(_lock) = SessionLock::try_take(&records.directory, key) else {
        return;
    };
    let mut stored = records.store.set_phase(key, phase).await;
    if stored.is_ok() && matches!(phase, Phase::Paused | Phase::Gone(_)) {
        stored = records.store.runs_ended(key, wall(), false).await;
    }
    if let Err(error) = stored {
        tracing::warn!(%error, "the phase of a session is not stored");
    }
}
