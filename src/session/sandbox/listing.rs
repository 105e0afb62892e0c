//! What an engine's list means to a session: whose a sandbox is, since when it runs, whether it is gone.
//!
//! Nothing is changed here, neither in the engine nor in the store.

use crate::domain::id::{SandboxId, SessionKey};
use crate::domain::sandbox::Phase;
use crate::domain::sandbox::price::{RunningSandbox, SandboxSize};
use crate::domain::time::UnixMillis;
use crate::e2b::error::{Error, ErrorKind, Result};
use crate::e2b::list::ListFilter;
use crate::e2b::wire::{ListedSandbox, SandboxState, unix_millis};
use crate::engine::Engine;
use crate::session::failures;

/// The metadata entry with the session's key.
pub(in crate::session) const METADATA_KEY: &str = "sandbar.key";
/// The metadata entry with the session's name at that time.
pub(in crate::session) const METADATA_NAME: &str = "sandbar.name";

/// Since when a listed sandbox runs, and how large it is; `None` if it is not running or this is unknown. E2B
/// restarts its clock at each resume (its public sources of 2025), and so does its bill.
pub fn run_of(sandbox: &ListedSandbox) -> Option<RunningSandbox> {
    let since = u64::try_from(unix_millis(&sandbox.started_at)?).ok()?;
    let run = RunningSandbox {
        since: UnixMillis(since),
        size: SandboxSize {
            vcpus: sandbox.cpu_count,
            memory_mib: sandbox.memory_mb,
        },
    };
    (sandbox.state == SandboxState::Running).then_some(run)
}

/// When a listed sandbox times out.
pub fn ends_of(sandbox: &ListedSandbox) -> Option<UnixMillis> {
    let ends = u64::try_from(unix_millis(&sandbox.end_at)?).ok()?;
    Some(UnixMillis(ends))
}

/// The phase of a session whose sandbox the engine no longer knows.
pub fn gone(id: &SandboxId) -> Phase {
    Phase::Gone(failures::gone(id.as_str()))
}

/// Whether the engine's error means that it does not know the sandbox.
pub(in crate::session) fn is_gone(error: &Error) -> bool {
    matches!(
        error.kind,
        ErrorKind::NotFound { .. } | ErrorKind::SandboxGone { .. }
    )
}

/// The session's sandbox if an earlier create call succeeded and its response was lost: a second one would run and
/// cost beside it.
pub(in crate::session) async fn made_before(
    engine: &Engine,
    session: &SessionKey,
) -> Result<Option<String>> {
    let key = session.to_string();
    let filter = ListFilter {
        metadata: [(METADATA_KEY.to_owned(), key.clone())].into(),
        ..ListFilter::default()
    };
    let page = engine.control.list(&filter, None).await?;
    // A server that does not support the filter lists others too.
    let is_ours = |one: &ListedSandbox| one.metadata.get(METADATA_KEY) == Some(&key);
    let found = page.sandboxes.into_iter().find(is_ours);
    Ok(found.map(|found| found.sandbox_id))
}
