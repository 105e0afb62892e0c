//! Pauses or kills the sandbox of a session that is not open.

use super::recorder::Recorder;
use super::sandbox::is_gone;
use super::words;
use super::world::World;
use crate::domain::failure::Failure;
use crate::domain::id::SessionKey;
use crate::domain::sandbox::Phase;
use crate::domain::session::{Closing, Origin, SessionSpec};

/// Closes a stored session's sandbox and stores what became of it; returns that.
pub async fn close_stored(world: &World, key: &SessionKey, closing: Closing) -> Phase {
    let spec = SessionSpec {
        key: key.clone(),
        origin: Origin::Stored,
    };
    let recorder = Recorder::open(world, &spec);
    let id = recorder
        .stored_place()
        .await
        .and_then(|place| place.sandbox.id);
    let phase = match id {
        Some(id) => close(world, id.as_str(), closing).await,
        None => Phase::Gone(Failure::new("the session never had a sandbox")),
    };
    // A failure to close says nothing about the sandbox.
    if !matches!(phase, Phase::Failed(_)) {
        recorder.phase(&phase).await;
        recorder.flush().await;
    }
    phase
}

async fn close(world: &World, id: &str, closing: Closing) -> Phase {
    let engine = match world.engine().await {
        Ok(engine) => engine,
        Err(error) => return Phase::Failed(words::engine(&error)),
    };
    let (done, phase) = match closing {
        Closing::Detach => return Phase::Dormant,
        Closing::Pause => (engine.control.pause(id).await.map(drop), Phase::Paused),
        Closing::Kill => (
            engine.control.kill(id).await.map(drop),
            Phase::Gone(words::killed(id)),
        ),
    };
    match done {
        Ok(()) => phase,
        Err(error) if is_gone(&error) => Phase::Gone(words::gone(id)),
        Err(error) => Phase::Failed(words::e2b(&error)),
    }
}
