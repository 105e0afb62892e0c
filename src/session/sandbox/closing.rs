//! Pauses, resumes or kills sandboxes, including those of sessions that are not open, or whose boot has not reached
//! a server.

use super::lifecycle::{close, is_engine_of, look, settled, ttl};
use super::listing::{is_gone, made_before};
use crate::domain::failure::Failure;
use crate::domain::id::{SandboxId, SessionKey};
use crate::domain::sandbox::usage::Usage;
use crate::domain::sandbox::{Phase, SandboxInfo};
use crate::domain::session::{CloseAction, SessionOrigin, SessionSpec};
use crate::session::context::SessionContext;
use crate::session::failures;
use crate::session::recorder::{Recorder, removal};

/// Closes a stored session's sandbox and stores the result; returns it, and the usage of its sandboxes.
pub async fn close_stored(
    context: &SessionContext,
    key: &SessionKey,
    closing: CloseAction,
) -> (Phase, Usage) {
    let recorder = recorder(context, key);
    let never = || Phase::Gone(Failure::new("the session never had a sandbox"));
    let closed = close_recorded(context, &recorder, closing).await;
    let phase = closed.unwrap_or_else(never);
    store(&recorder, &phase).await;
    (phase, recorder.life(None).await)
}

/// Resumes a stored session's sandbox and stores the result; returns it.
pub async fn resume_stored(context: &SessionContext, key: &SessionKey) -> Phase {
    let recorder = recorder(context, key);
    let Some(place) = recorder.stored_record().await else {
        return Phase::Gone(Failure::new("the session never had a sandbox"));
    };
    let phase = match resume(context, &recorder, &place.sandbox).await {
        Ok(()) => Phase::Dormant,
        Err(phase) => phase,
    };
    store(&recorder, &phase).await;
    phase
}

fn recorder(context: &SessionContext, key: &SessionKey) -> Recorder {
    let spec = SessionSpec {
        key: key.clone(),
        origin: SessionOrigin::Stored,
    };
    Recorder::open(context, &spec)
}

/// A failure to close or to resume says nothing about the sandbox.
async fn store(recorder: &Recorder, phase: &Phase) {
    if !matches!(phase, Phase::Failed(_)) {
        recorder.phase(phase).await;
        recorder.flush().await;
    }
}

async fn resume(
    context: &SessionContext,
    recorder: &Recorder,
    sandbox: &SandboxInfo,
) -> Result<(), Phase> {
    let Some(id) = &sandbox.id else {
        return Err(Phase::Gone(Failure::new("the session never had a sandbox")));
    };
    let engine = context.engine().await;
    let engine = engine.map_err(|error| failures::engine(&error))?;
    is_engine_of(sandbox, &engine)?;
    let ttl = ttl(context, &engine);
    match settled(|| engine.control.connect(id.as_str(), Some(ttl))).await {
        Ok(_) => {
            look(&engine, recorder, id).await;
            Ok(())
        }
        Err(error) if is_gone(&error) => Err(Phase::Gone(failures::gone(id.as_str()))),
        Err(error) => Err(Phase::Failed(failures::e2b(&error))),
    }
}

/// Closes the sandbox recorded for a session; returns the result, or `None` if there is none.
pub(in crate::session) async fn close_recorded(
    context: &SessionContext,
    recorder: &Recorder,
    closing: CloseAction,
) -> Option<Phase> {
    let sandbox = recorder.stored_record().await?.sandbox;
    // If a create call's response was lost, its password had been stored before.
    if sandbox.id.is_none() && recorder.password().is_none() {
        return None;
    }
    let closed = close_known(context, recorder, &sandbox, closing).await;
    closed.unwrap_or_else(Some)
}

async fn close_known(
    context: &SessionContext,
    recorder: &Recorder,
    sandbox: &SandboxInfo,
    closing: CloseAction,
) -> Result<Option<Phase>, Phase> {
    let engine = context.engine().await;
    let engine = engine.map_err(|error| failures::engine(&error))?;
    // Another engine does not know it, which would look like gone.
    is_engine_of(sandbox, &engine)?;
    let made = if let Some(id) = &sandbox.id {
        Some(id.clone())
    } else {
        let made = made_before(&engine, recorder.key()).await;
        let made = made.map_err(|error| Phase::Failed(failures::e2b(&error)))?;
        made.map(SandboxId::from)
    };
    let Some(id) = made else { return Ok(None) };
    let closed = close(&engine, Some(recorder), &id, closing).await;
    Ok(Some(closed.unwrap_or(Phase::Dormant)))
}

/// Kills the session's sandbox if it is closed so and not known to be gone, and deletes the session. Its task has
/// ended.
///
/// # Errors
/// As [`removal::remove`]; and the sandbox could not be killed: then nothing is deleted.
pub async fn close_and_remove(
    context: &SessionContext,
    key: &SessionKey,
    closing: CloseAction,
) -> Result<(), Failure> {
    let Some(records) = &context.records else {
        return Ok(());
    };
    let stored = records.store.session(key).await;
    let stored = stored.map_err(|error| removal::failed(&error))?;
    let is_gone = stored.is_none_or(|stored| matches!(stored.summary.phase, Phase::Gone(_)));
    if closing == CloseAction::Kill
        && !is_gone
        && let (Phase::Failed(failure), _) = close_stored(context, key, closing).await
    {
        return Err(failure);
    }
    removal::remove(records, key).await
}

/// Closes an unattached sandbox; returns what became of it.
pub async fn close_unattached(
    context: &SessionContext,
    id: &SandboxId,
    closing: CloseAction,
) -> Phase {
    let engine = match context.engine().await {
        Ok(engine) => engine,
        Err(error) => return Phase::Failed(failures::engine(&error)),
    };
    let closed = close(&engine, None, id, closing).await;
    closed.unwrap_or(Phase::Dormant)
}
