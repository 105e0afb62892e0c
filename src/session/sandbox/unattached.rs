//! Which sandboxes of the account have no session in this store.
//!
//! In: the engine's list, and the stored sessions. Out: [`UnattachedSandbox`]s, those that sandbar created first.
//! What to do about one is not decided here. Names and keys come from metadata, which anybody may have written.

use std::time::Duration;

use super::access::EngineClient;
use super::listing::{METADATA_KEY, METADATA_NAME};
use crate::domain::failure::Failure;
use crate::domain::id::SandboxId;
use crate::domain::sandbox::price::SandboxSize;
use crate::domain::sandbox::unattached::{EngineState, Provenance, UnattachedSandbox};
use crate::domain::sandbox::{EngineKind, Phase};
use crate::domain::session::SessionSummary;
use crate::domain::time::UnixMillis;
use crate::e2b::wire::{ListedSandbox, SandboxState, unix_millis};
use crate::engine::{Engine, EngineSpec};
use crate::session::context::{RecordStore, SessionContext, wall};
use crate::session::recorder::phase::store_phase;
use crate::store::{Store, StoreError};

/// A younger sandbox that was created for a session without one is probably about to be recorded.
const ON_ITS_WAY: Duration = Duration::from_mins(2);

/// Asks the engine of the settings; none if it is the local one and not running, since it is not started for this.
/// The states of the sessions' own sandboxes are stored.
pub async fn ask(context: &SessionContext) -> Result<Vec<UnattachedSandbox>, Failure> {
    let Some(kind) = context.settings.engine.as_ref().map(EngineSpec::kind) else {
        return Ok(Vec::new());
    };
    let Some(host) = EngineClient::find(context).await? else {
        if let Some(records) = &context.records
            && context
                .settings
                .engine
                .as_ref()
                .is_some_and(Engine::is_stopped)
        {
            let sessions = records.store.sessions().await.unwrap_or_default();
            for session in sessions.iter().filter(|row| may_run(row, kind)) {
                store_phase(records, &session.key, &Phase::Paused).await;
            }
        }
        return Ok(Vec::new());
    };
    let listed = host.sandboxes().await?;
    // Read after the list: so a sandbox created meanwhile is listed only if its session is stored.
    let sessions = match &context.records {
        Some(records) => records.store.sessions().await.map_err(|error| {
            Failure::new("the stored sessions cannot be read").detail(error.to_string())
        })?,
        None => Vec::new(),
    };
    if let Some(records) = &context.records {
        let of_engine = |row: &&SessionSummary| row.sandbox.engine == kind;
        for session in sessions.iter().filter(of_engine) {
            agree(&host, &listed, session, records).await;
        }
    }
    let now = wall();
    let mut unattached = among(kind, &listed, &sessions);
    unattached.retain(|unattached_sandbox| !is_on_its_way(unattached_sandbox, now));
    Ok(unattached)
}

/// Stores that the sandboxes of all sessions of an engine are paused: their server was stopped, which holds whoever
/// drives them.
///
/// # Errors
/// Those of the store.
pub async fn store_stopped(store: &Store, engine: EngineKind) -> Result<(), StoreError> {
    for session in store
        .sessions()
        .await?
        .iter()
        .filter(|row| may_run(row, engine))
    {
        store.set_phase(&session.key, &Phase::Paused).await?;
    }
    store.flush().await
}

/// Whether the session has a sandbox of this engine that may run, according to the store.
fn may_run(session: &SessionSummary, engine: EngineKind) -> bool {
    session.sandbox.engine == engine
        && session.sandbox.id.is_some()
        && matches!(session.phase, Phase::Dormant | Phase::Failed(_))
}

/// Stores, for a session that nobody drives, what the engine says of its sandbox, which may have been paused or
/// resumed elsewhere, or together with the engine.
async fn agree(
    host: &EngineClient,
    listed: &[ListedSandbox],
    session: &SessionSummary,
    records: &RecordStore,
) {
    let Some(id) = &session.sandbox.id else {
        return;
    };
    let its = listed.iter().find(|one| one.sandbox_id == id.as_str());
    if its.and_then(|one| news(session, one)).is_none() {
        return;
    }
    // The list is older than the stored phase: somebody may have paused or resumed it in between.
    let now = host.sandbox(id).await.ok().flatten();
    if let Some(phase) = now.and_then(|now| news(session, &now)) {
        store_phase(records, &session.key, &phase).await;
    }
}

/// The phase of a session whose sandbox is listed, if it differs from the stored one.
fn news(session: &SessionSummary, listed: &ListedSandbox) -> Option<Phase> {
    match (listed.state, &session.phase) {
        (SandboxState::Paused, Phase::Dormant | Phase::Failed(_)) => Some(Phase::Paused),
        (SandboxState::Running, Phase::Paused | Phase::Gone(_)) => Some(Phase::Dormant),
        _ => None,
    }
}

/// Whether another program on this store has just created it and not stored that yet.
fn is_on_its_way(unattached_sandbox: &UnattachedSandbox, now: UnixMillis) -> bool {
    let is_young = |since| now.since(since) < ON_ITS_WAY;
    matches!(unattached_sandbox.provenance, Provenance::ReservedFor(_))
        && unattached_sandbox.since.is_some_and(is_young)
}

/// The listed sandboxes that no session has; those of other programs come last.
pub fn among(
    engine: EngineKind,
    listed: &[ListedSandbox],
    sessions: &[SessionSummary],
) -> Vec<UnattachedSandbox> {
    let is_known = |sandbox: &ListedSandbox| {
        let ids = sessions.iter().filter_map(|row| row.sandbox.id.as_ref());
        ids.into_iter().any(|id| id.as_str() == sandbox.sandbox_id)
    };
    let strange = listed.iter().filter(|sandbox| !is_known(sandbox));
    let mut unattached: Vec<UnattachedSandbox> = strange
        .map(|sandbox| unattached_sandbox(engine, sandbox, sessions))
        .collect();
    unattached
        .sort_by_key(|unattached_sandbox| unattached_sandbox.provenance == Provenance::ThirdParty);
    unattached
}

fn unattached_sandbox(
    engine: EngineKind,
    sandbox: &ListedSandbox,
    sessions: &[SessionSummary],
) -> UnattachedSandbox {
    let key = sandbox.metadata.get(METADATA_KEY);
    let of_key = |session: &&SessionSummary| key.is_some_and(|key| session.key.as_str() == key);
    let provenance = match sessions.iter().find(of_key) {
        Some(session) if session.sandbox.id.is_none() => {
            Provenance::ReservedFor(session.name.clone())
        }
        Some(session) => Provenance::Left(session.name.clone()),
        None if is_ours(sandbox) => Provenance::Elsewhere,
        None => Provenance::ThirdParty,
    };
    let name = sandbox.metadata.get(METADATA_NAME);
    let since = unix_millis(&sandbox.started_at).and_then(|at| u64::try_from(at).ok());
    UnattachedSandbox {
        engine,
        id: SandboxId::from(sandbox.sandbox_id.as_str()),
        key: key.map(|key| key.as_str().into()),
        name: name.cloned().unwrap_or_default(),
        state: match sandbox.state {
            SandboxState::Running => EngineState::Running,
            SandboxState::Paused => EngineState::Paused,
            SandboxState::Unknown => EngineState::Unknown,
        },
        since: since.map(UnixMillis),
        size: SandboxSize {
            vcpus: sandbox.cpu_count,
            memory_mib: sandbox.memory_mb,
        },
        provenance,
    }
}

/// Whether the metadata say that sandbar created it.
pub(in crate::session) fn is_ours(sandbox: &ListedSandbox) -> bool {
    sandbox.metadata.get("sandbar").map(String::as_str) == Some("1")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sandbox_just_created_for_a_session_is_not_unattached_for_a_while() {
        let of = |provenance| UnattachedSandbox {
            engine: EngineKind::E2b,
            id: SandboxId::from("i1"),
            key: None,
            name: String::new(),
            state: EngineState::Running,
            since: Some(UnixMillis(1_000_000)),
            size: SandboxSize {
                vcpus: 2,
                memory_mib: 512,
            },
            provenance,
        };
        let awaited = || of(Provenance::ReservedFor("one".to_owned()));

        assert!(is_on_its_way(&awaited(), UnixMillis(1_119_999)));
        assert!(!is_on_its_way(&awaited(), UnixMillis(1_120_000)));
        assert!(!is_on_its_way(
            &of(Provenance::Elsewhere),
            UnixMillis(1_000_001)
        ));
    }
}
