//! Resumes, pauses and kills a session's sandbox: with which timeout, by which engine, and what is recorded of its
//! runs.
//!
//! Each function calls the engine, with what its list says. Nothing is known here of the processes in a sandbox.

use std::time::Duration;

use super::listing::{ends_of, is_gone, run_of};
use crate::domain::failure::Failure;
use crate::domain::id::SandboxId;
use crate::domain::sandbox::{EngineKind, Phase, SandboxInfo};
use crate::domain::session::CloseAction;
use crate::e2b::error::{Error, ErrorKind};
use crate::e2b::wire::SandboxState;
use crate::engine::Engine;
use crate::session::context::SessionContext;
use crate::session::failures;
use crate::session::recorder::Recorder;

/// Local sandboxes run until they are killed, not until a timeout: ten years.
const NO_LIMIT: Duration = Duration::from_hours(24 * 3650);

/// Refuses a sandbox that another engine created.
pub(in crate::session) fn is_engine_of(
    sandbox: &SandboxInfo,
    engine: &Engine,
) -> Result<(), Failure> {
    if sandbox.engine == engine.kind {
        return Ok(());
    }
    let kind = sandbox.engine.name();
    let failure = Failure::new(format!(
        "this session's sandbox is on another engine ({kind})"
    ));
    Err(failure.hint(format!("start sandbar with --engine {kind}")))
}

/// The timeout of a sandbox that was just created or resumed.
pub(in crate::session) fn ttl(context: &SessionContext, engine: &Engine) -> Duration {
    match engine.kind {
        EngineKind::E2b => context.settings.idle_ttl,
        EngineKind::Local | EngineKind::Attached => NO_LIMIT,
    }
}

/// How often a call is made that conflicts with a change of the sandbox.
const TRIES: u32 = 8;
/// The wait between two of them; a pause takes some seconds for each GiB of memory.
const CHANGE: Duration = Duration::from_secs(2);

/// Repeats a call while it conflicts with a change of the sandbox, such as a pause, which ends soon.
pub(in crate::session) async fn settled<T, F>(call: impl Fn() -> F) -> Result<T, Error>
where
    F: Future<Output = Result<T, Error>>,
{
    let mut left = TRIES;
    loop {
        left -= 1;
        match call().await {
            Err(error) if left > 0 && matches!(error.kind, ErrorKind::Conflict { .. }) => {
                tokio::time::sleep(CHANGE).await;
            }
            done => return done,
        }
    }
}

/// Closes a sandbox as asked and records its run, if it is a session's; `None`: it keeps running.
pub(in crate::session) async fn close(
    engine: &Engine,
    recorder: Option<&Recorder>,
    id: &SandboxId,
    closing: CloseAction,
) -> Option<Phase> {
    if closing == CloseAction::Detach {
        return None;
    }
    if let Some(recorder) = recorder {
        look(engine, recorder, id).await;
    }
    let (done, phase) = match closing {
        CloseAction::Kill => {
            let killed = settled(|| engine.control.kill(id.as_str())).await;
            (killed, Phase::Gone(failures::killed(id.as_str())))
        }
        CloseAction::Pause | CloseAction::Detach => {
            let paused = settled(|| engine.control.pause(id.as_str())).await;
            (paused, Phase::Paused)
        }
    };
    match done {
        Ok(ended_now) => {
            if let Some(recorder) = recorder {
                recorder.runs_ended(ended_now).await;
                if closing == CloseAction::Kill {
                    recorder.forget_password();
                }
            }
            Some(phase)
        }
        Err(error) if is_gone(&error) => Some(Phase::Gone(failures::gone(id.as_str()))),
        Err(error) => Some(Phase::Failed(failures::e2b(&error))),
    }
}

/// Records whether the sandbox runs, and since when: it may have been paused or resumed elsewhere without a record.
pub(in crate::session) async fn look(engine: &Engine, recorder: &Recorder, id: &SandboxId) {
    let Ok(detail) = engine.control.get(id.as_str()).await else {
        return;
    };
    if let Some(run) = run_of(&detail.listed) {
        recorder.run_seen(id, run, ends_of(&detail.listed)).await;
    } else if detail.listed.state == SandboxState::Paused {
        recorder.runs_ended(false).await;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    /// A call that meets this many changes; and how often it was made.
    async fn meets(changes: u32) -> (bool, u32) {
        let calls = AtomicU32::new(0);
        let call = || async {
            if calls.fetch_add(1, Ordering::Relaxed) < changes {
                let message = "The sandbox is still transitioning".to_owned();
                return Err(Error::new("pause", ErrorKind::Conflict { message }));
            }
            Ok(())
        };
        let done = settled(call).await.is_ok();
        (done, calls.into_inner())
    }

    #[tokio::test(start_paused = true)]
    async fn a_conflicting_change_is_waited_out_but_not_forever() {
        assert_eq!(meets(0).await, (true, 1));
        assert_eq!(meets(2).await, (true, 3));
        assert_eq!(meets(u32::MAX).await, (false, TRIES));
    }
}
