//! Polls the memory of the sandboxes where no control group limits it, and kills the largest process
//! of one that uses too much, as the kernel would.
//!
//! All sandboxes share one walk of the machine's process table at each poll, and only one that may be
//! above its limit is measured exactly: a sandbox that does nothing costs next to nothing.

use std::sync::Arc;
use std::time::Duration;

use rustix::process::Signal;
use tokio_util::sync::CancellationToken;

use super::registry::Registry;
use super::{LocalSandbox, SandboxRun};
use crate::local::helper::process_tree;
use crate::local::helper::process_tree::ProcessTable;
use crate::local::interface::limits::bytes;
use crate::local::limits::usage;

/// Between two polls.
const STEP: Duration = Duration::from_secs(2);

/// A sandbox that has processes, and the first of these.
struct WatchedSandbox {
    sandbox: Arc<LocalSandbox>,
    run: Arc<SandboxRun>,
    root: u32,
}

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
        let watched = registry.all().into_iter().filter_map(|sandbox| {
            let run = sandbox.live()?;
            let root = run.helper.running()?;
            Some(WatchedSandbox { sandbox, run, root })
        });
        let watched: Vec<_> = watched.collect();
        if watched.is_empty() {
            continue;
        }
        let polling = tokio::task::spawn_blocking(move || {
            for (one, pids) in suspects(&watched, |one| one.root, limit, ProcessTable::read) {
                judge(one, pids, limit);
            }
        });
        let _ = polling.await;
    }
}

/// Those that may be above the limit, with their processes. Walks the process table once.
fn suspects<T>(
    watched: &[T],
    root: impl Fn(&T) -> u32,
    limit: u64,
    read: impl FnOnce() -> ProcessTable,
) -> Vec<(&T, Vec<u32>)> {
    let (table, unmapped) = (read(), usage::unmapped());
    let with_pids = watched.iter().map(|one| {
        let members = table.below(root(one)).into_iter();
        let pids: Vec<u32> = members.map(|member| member.pid).collect();
        (one, pids)
    });
    with_pids
        .filter(|(_, pids)| usage::most(pids, unmapped) > limit)
        .collect()
}

/// Measures a sandbox, and kills its largest process if it is above the limit.
fn judge(one: &WatchedSandbox, pids: Vec<u32>, limit: u64) {
    let usage = usage::measure(&one.sandbox.measured(pids));
    if usage.total <= limit {
        return;
    }
    // The processes that isolate the sandbox must stay: without them nothing is left of it.
    let may_go = |pid: u32| !one.run.infra_processes.contains(&pid);
    let Some(pid) = largest(&usage.processes, may_go) else {
        return;
    };
    process_tree::signal(pid, Signal::KILL);
    let name = std::fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
    let note = format!(
        "out of memory: the limit is {}; killed the largest process, {}",
        bytes(limit),
        name.trim()
    );
    tracing::warn!("a sandbox was {note}");
    one.sandbox.log.note(note);
}

fn largest(processes: &[(u32, u64)], may_go: impl Fn(u32) -> bool) -> Option<u32> {
    let those = processes.iter().filter(|(pid, _)| may_go(*pid));
    those.max_by_key(|(_, bytes)| *bytes).map(|(pid, _)| *pid)
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn the_largest_goes_but_for_those_that_hold_the_sandbox_up() {
        let processes = [(1, 10), (2, 60), (3, 30)];

        assert_eq!(largest(&processes, |_| true), Some(2));
        assert_eq!(largest(&processes, |pid| pid != 2), Some(3));
        assert_eq!(largest(&processes, |_| false), None);
    }

    #[test]
    fn one_walk_of_the_process_table_serves_all_sandboxes() {
        let mut children: Vec<_> = (0..3)
            .map(|_| {
                std::process::Command::new("sleep")
                    .arg("60")
                    .spawn()
                    .unwrap()
            })
            .collect();
        let watched = [std::process::id(); 50];
        let mut walks = 0;

        let found = suspects(
            &watched,
            |root| *root,
            0,
            || {
                walks += 1;
                ProcessTable::read()
            },
        );
        let has_all = found
            .iter()
            .all(|(_, pids)| children.iter().all(|child| pids.contains(&child.id())));

        assert_eq!((walks, found.len(), has_all), (1, 50, true));
        assert_eq!(
            suspects(&watched, |root| *root, u64::MAX, ProcessTable::read).len(),
            0
        );
        for child in &mut children {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }
}
