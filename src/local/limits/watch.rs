//! Looks at the memory of the sandboxes where no control group does, and kills the largest process
//! of one that uses too much, as the kernel would.

use std::sync::Arc;
use std::time::Duration;

use rustix::process::Signal;
use tokio_util::sync::CancellationToken;

use super::super::registry::Registry;
use super::super::sandbox::Sandbox;
use super::super::{metrics, tree};

/// Between two looks: each reads the machine's process table.
const STEP: Duration = Duration::from_secs(2);

/// Watches until the server shuts down.
pub(in crate::local) async fn watch(
    registry: Arc<Registry>,
    limit: u64,
    shutdown: CancellationToken,
) {
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = tokio::time::sleep(STEP) => {}
        }
        for sandbox in registry.all() {
            let Some(run) = sandbox.live() else { continue };
            let Some(root) = run.helper.pid().await else {
                continue;
            };
            let looking = tokio::task::spawn_blocking(move || look(&sandbox, root, limit));
            let _ = looking.await;
        }
    }
}

fn look(sandbox: &Sandbox, root: u32, limit: u64) {
    let pids = tree::descendants(root);
    // Pages that processes share are counted for each here, which costs little.
    let rough: Vec<_> = pids
        .iter()
        .map(|member| (member.pid, metrics::resident_set(member.pid)))
        .collect();
    if victim(&rough, limit).is_none() {
        return;
    }
    let exact: Vec<_> = pids
        .iter()
        .map(|member| (member.pid, metrics::memory_of(member.pid)))
        .collect();
    let Some(pid) = victim(&exact, limit) else {
        return;
    };
    tree::signal(pid, Signal::KILL);
    let name = std::fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
    let note = format!(
        "out of memory: the limit is {}; killed the largest process, {}",
        super::bytes(limit),
        name.trim()
    );
    tracing::warn!("a sandbox was {note}");
    sandbox.journal.note(note);
}

/// The largest of the processes, if together they use more than the limit.
fn victim(processes: &[(u32, u64)], limit: u64) -> Option<u32> {
    let sum: u64 = processes.iter().map(|(_, bytes)| bytes).sum();
    let largest = processes.iter().max_by_key(|(_, bytes)| *bytes)?;
    (sum > limit).then_some(largest.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_goes_when_all_together_use_too_much() {
        let processes = [(1, 10), (2, 60), (3, 30)];

        assert_eq!(victim(&processes, 100), None);
        assert_eq!(victim(&processes, 99), Some(2));
        assert_eq!(victim(&[], 0), None);
    }
}
