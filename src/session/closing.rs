//! Pauses, resumes or kills the sandbox of a session that is not open, or whose boot has not come to a
//! server.

use super::boot_sandbox::{is_engine_of, made_before, ttl};
use super::recorder::Recorder;
use super::sandbox::is_gone;
use super::words;
use super::world::World;
use crate::domain::failure::Failure;
use crate::domain::id::{SandboxId, SessionKey};
use crate::domain::sandbox::{Phase, SandboxInfo};
use crate::domain::session::{Closing, Origin, SessionSpec};
use crate::engine::Engine;

/// Closes a stored session's sandbox and stores what became of it; returns that.
pub async fn close_stored(world: &World, key: &SessionKey, closing: Closing) -> Phase {
    let spec = SessionSpec {
        key: key.clone(),
        origin: Origin::Stored,
    };
    let recorder = Recorder::open(world, &spec);
    let never = || Phase::Gone(Failure::new("the session never had a sandbox"));
    let closed = close_recorded(world, &recorder, closing).await;
    let phase = closed.unwrap_or_else(never);
    // A failure to close says nothing about the sandbox.
    if !matches!(phase, Phase::Failed(_)) {
        recorder.phase(&phase).await;
        recorder.flush().await;
    }
    phase
}

/// Resumes a stored session's sandbox and stores what became of it; returns that.
pub async fn resume_stored(world: &World, key: &SessionKey) -> Phase {
    let spec = SessionSpec {
        key: key.clone(),
        origin: Origin::Stored,
    };
    let recorder = Recorder::open(world, &spec);
    let Some(place) = recorder.stored_place().await else {
        return Phase::Gone(Failure::new("the session never had a sandbox"));
    };
    let phase = match resume(world, &place.sandbox).await {
        Ok(()) => Phase::Dormant,
        Err(phase) => phase,
    };
    if !matches!(phase, Phase::Failed(_)) {
        recorder.phase(&phase).await;
        recorder.flush().await;
    }
    phase
}

async fn resume(world: &World, sandbox: &SandboxInfo) -> Result<(), Phase> {
    let Some(id) = &sandbox.id else {
        return Err(Phase::Gone(Failure::new("the session never had a sandbox")));
    };
    let engine = world.engine().await;
    let engine = engine.map_err(|error| words::engine(&error))?;
    is_engine_of(sandbox, &engine)?;
    let ttl = ttl(world, &engine);
    match engine.control.connect(id.as_str(), Some(ttl)).await {
        Ok(_) => Ok(()),
        Err(error) if is_gone(&error) => Err(Phase::Gone(words::gone(id.as_str()))),
        Err(error) => Err(Phase::Failed(words::e2b(&error))),
    }
}

/// Closes the sandbox that is recorded of a session; returns what became of it, or `None` where there is
/// none.
pub(super) async fn close_recorded(
    world: &World,
    recorder: &Recorder,
    closing: Closing,
) -> Option<Phase> {
    let sandbox = recorder.stored_place().await?.sandbox;
    let id = match &sandbox.id {
        Some(id) => id.to_string(),
        // It may have been made by a call whose answer was lost; then its password was stored before.
        None => {
            recorder.password()?;
            let engine = world.engine().await.ok()?;
            made_before(&engine, recorder.key()).await.ok()??
        }
    };
    Some(match close(world, &sandbox, &id, closing).await {
        Ok(phase) | Err(phase) => phase,
    })
}

/// Closes a sandbox that no session has; returns what became of it.
pub async fn close_stranger(world: &World, id: &SandboxId, closing: Closing) -> Phase {
    let engine = match world.engine().await {
        Ok(engine) => engine,
        Err(error) => return Phase::Failed(words::engine(&error)),
    };
    match close_with(&engine, id.as_str(), closing).await {
        Ok(phase) | Err(phase) => phase,
    }
}

async fn close(
    world: &World,
    sandbox: &SandboxInfo,
    id: &str,
    closing: Closing,
) -> Result<Phase, Phase> {
    let engine = world.engine().await;
    let engine = engine.map_err(|error| words::engine(&error))?;
    // Another engine does not know it, which would read as gone.
    is_engine_of(sandbox, &engine)?;
    close_with(&engine, id, closing).await
}

async fn close_with(engine: &Engine, id: &str, closing: Closing) -> Result<Phase, Phase> {
    let (done, phase) = match closing {
        Closing::Detach => return Ok(Phase::Dormant),
        Closing::Kill => (
            engine.control.kill(id).await.map(drop),
            Phase::Gone(words::killed(id)),
        ),
        Closing::Pause => (engine.control.pause(id).await.map(drop), Phase::Paused),
    };
    match done {
        Ok(()) => Ok(phase),
        Err(error) if is_gone(&error) => Err(Phase::Gone(words::gone(id))),
        Err(error) => Err(Phase::Failed(words::e2b(&error))),
    }
}
