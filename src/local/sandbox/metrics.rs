//! What a sandbox uses: processor time and memory of its processes, disk of its directories.
//!
//! A sample is taken when somebody asks, and kept, so that repeated questions give a series. The
//! share of the processors is that between two samples; the first one waits a moment for it.
//! The totals are the sandbox's limits, or the machine's where these are lower. Linux only, by
//! `/proc`.

use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::{Duration, Instant};

use super::samples::MetricsSample;
use super::{LocalSandbox, SandboxRun};
use crate::local::error::ApiError;
use crate::local::helper::process_tree;
use crate::local::limits::usage::{kilobytes, measure};
use crate::local::sync::lock;
use crate::os::clock::unix_now;

/// Between the two looks of a first sample; the clock of `/proc` ticks every 10 ms.
const MOMENT: Duration = Duration::from_millis(200);
/// Files counted for the disk; a sandbox with more is shown as using what these use.
const FILES: usize = 500_000;

/// What the processes used up to now.
#[derive(Debug, Clone, Copy, Default)]
struct ProcessUsage {
    cpu: Duration,
    memory: u64,
}

/// Takes a sample of a running sandbox and keeps it.
pub(in crate::local) async fn sample(
    sandbox: &LocalSandbox,
    run: &SandboxRun,
) -> Result<MetricsSample, ApiError> {
    if let Some(sample) = lock(&sandbox.history).fresh() {
        return Ok(sample);
    }
    let root = run.helper.pid().await.unwrap_or_default();
    let earlier = lock(&sandbox.history).last();
    let (before, first) = if let Some(earlier) = earlier {
        earlier
    } else {
        let first = look(sandbox, root).await?;
        let at = Instant::now();
        tokio::time::sleep(MOMENT).await;
        (at, first.cpu)
    };
    let used = look(sandbox, root).await?;
    let at = Instant::now();
    let dir = sandbox.dir.clone();
    let disk = tokio::task::spawn_blocking(move || disk(&dir)).await;
    let (disk_used, disk_total) = disk.map_err(|error| ApiError::internal(error.to_string()))?;
    // Less than before: processes have ended and taken their time with them.
    let cpu = used.cpu.saturating_sub(first).as_secs_f64();
    let passed = at.duration_since(before).as_secs_f64();
    let sample = MetricsSample {
        unix_secs: unix_now().0 / 1000,
        cpu_count: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
        cpu_used_pct: (cpu / passed.max(0.01) * 10_000.0).round() / 100.0,
        mem_used: used.memory,
        mem_total: total_memory(sandbox.memory_limit),
        mem_cache: memory("Cached:"),
        disk_used,
        disk_total,
    };
    lock(&sandbox.history).add(sample, at, used.cpu);
    Ok(sample)
}

async fn look(sandbox: &LocalSandbox, root: u32) -> Result<ProcessUsage, ApiError> {
    let mut measured = sandbox.measured(Vec::new());
    let looked = tokio::task::spawn_blocking(move || {
        let members = process_tree::descendants(root).into_iter();
        measured.pids = members.map(|member| member.pid).collect();
        let times = measured
            .pids
            .iter()
            .map(|pid| cpu_time(&proc(*pid, "stat")));
        ProcessUsage {
            cpu: times.flatten().sum(),
            memory: measure(&measured).total,
        }
    });
    looked
        .await
        .map_err(|error| ApiError::internal(error.to_string()))
}

fn proc(pid: u32, file: &str) -> String {
    std::fs::read_to_string(format!("/proc/{pid}/{file}")).unwrap_or_default()
}

/// User and system time of a `/proc/PID/stat`, its own and that of the children it waited for.
fn cpu_time(stat: &str) -> Option<Duration> {
    let (_, rest) = stat.rsplit_once(") ")?;
    let fields = rest.split(' ').skip(11).take(4);
    let ticks: u64 = fields.filter_map(|field| field.parse::<u64>().ok()).sum();
    let a_second = rustix::param::clock_ticks_per_second().max(1);
    Some(Duration::from_millis(
        ticks.saturating_mul(1000).checked_div(a_second)?,
    ))
}

fn memory(field: &str) -> u64 {
    let info = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    kilobytes(&info, field).saturating_mul(1024)
}

/// Bytes that may be used where this is the limit.
pub(in crate::local) fn total_memory(limit: Option<u64>) -> u64 {
    memory("MemTotal:").min(limit.unwrap_or(u64::MAX))
}

/// The size of the file system that a directory is on, in bytes.
pub(in crate::local) fn disk_size(dir: &Path) -> u64 {
    rustix::fs::statvfs(dir).map_or(0, |system| system.f_blocks.saturating_mul(system.f_frsize))
}

/// Used by the sandbox, and the size of the file system it is on.
fn disk(dir: &Path) -> (u64, u64) {
    let total = disk_size(dir);
    let (mut used, mut count) = (0_u64, 0);
    let mut open = vec![dir.to_owned()];
    while let Some(dir) = open.pop() {
        for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
            count += 1;
            if count > FILES {
                return (used, total);
            }
            let Ok(metadata) = entry.metadata() else {
                continue;
            };
            // Of a hole in a file nothing is used. POSIX counts in blocks of 512 bytes.
            used = used.saturating_add(metadata.blocks().saturating_mul(512));
            if metadata.is_dir() {
                open.push(entry.path());
            }
        }
    }
    (used, total)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_text_breaks_the_parsers(text in "\\PC*") {
            let _ = cpu_time(&text);
        }
    }
}
