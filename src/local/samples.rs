//! Samples of what a sandbox used, kept with it.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use serde::Serialize;

/// Samples kept of one sandbox.
const KEPT: usize = 720;
/// A sample younger than this is given again.
const FRESH: Duration = Duration::from_millis(500);

#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(super) struct Sample {
    pub(super) unix_secs: u64,
    pub(super) cpu_count: usize,
    /// Of one processor: two busy ones are 200.
    pub(super) cpu_used_pct: f64,
    pub(super) mem_used: u64,
    pub(super) mem_total: u64,
    pub(super) mem_cache: u64,
    pub(super) disk_used: u64,
    pub(super) disk_total: u64,
}

/// Earlier samples of a sandbox, oldest first.
#[derive(Default)]
pub(super) struct History {
    samples: VecDeque<Sample>,
    last: Option<(Instant, Duration)>,
}

impl History {
    /// Those between two instants in Unix seconds.
    pub(super) fn between(&self, start: u64, end: u64) -> Vec<Sample> {
        let samples = self.samples.iter().copied();
        samples
            .filter(|sample| (start..=end).contains(&sample.unix_secs))
            .collect()
    }

    /// The newest one, if it is young enough to be given again.
    pub(super) fn fresh(&self) -> Option<Sample> {
        let (at, _) = self.last?;
        let newest = self.samples.back().copied();
        newest.filter(|_| at.elapsed() < FRESH)
    }

    /// When the newest one was taken, and the processor time up to then.
    pub(super) fn last(&self) -> Option<(Instant, Duration)> {
        self.last
    }

    pub(super) fn add(&mut self, sample: Sample, at: Instant, cpu: Duration) {
        if self.samples.len() == KEPT {
            self.samples.pop_front();
        }
        self.samples.push_back(sample);
        self.last = Some((at, cpu));
    }
}
