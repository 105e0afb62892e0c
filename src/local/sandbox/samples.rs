//! Samples of what a sandbox used, kept with it.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use serde::Serialize;

/// Samples kept of one sandbox.
const KEPT: usize = 720;
/// A sample younger than this is given again.
const FRESH: Duration = Duration::from_millis(500);

#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(in crate::local) struct MetricsSample {
    pub(in crate::local) unix_secs: u64,
    pub(in crate::local) cpu_count: usize,
    /// Of one processor: two busy ones are 200.
    pub(in crate::local) cpu_used_pct: f64,
    pub(in crate::local) mem_used: u64,
    pub(in crate::local) mem_total: u64,
    pub(in crate::local) mem_cache: u64,
    pub(in crate::local) disk_used: u64,
    pub(in crate::local) disk_total: u64,
}

/// Earlier samples of a sandbox, oldest first.
#[derive(Default)]
pub(in crate::local) struct MetricsHistory {
    samples: VecDeque<MetricsSample>,
    last: Option<(Instant, Duration)>,
}

impl MetricsHistory {
    /// Those between two instants in Unix seconds.
    pub(in crate::local) fn between(&self, start: u64, end: u64) -> Vec<MetricsSample> {
        let samples = self.samples.iter().copied();
        samples
            .filter(|sample| (start..=end).contains(&sample.unix_secs))
            .collect()
    }

    /// The newest one, if it is young enough to be given again.
    pub(in crate::local) fn fresh(&self) -> Option<MetricsSample> {
        let (at, _) = self.last?;
        let newest = self.samples.back().copied();
        newest.filter(|_| at.elapsed() < FRESH)
    }

    /// When the newest one was taken, and the processor time up to then.
    pub(in crate::local) fn last(&self) -> Option<(Instant, Duration)> {
        self.last
    }

    pub(in crate::local) fn add(&mut self, sample: MetricsSample, at: Instant, cpu: Duration) {
        if self.samples.len() == KEPT {
            self.samples.pop_front();
        }
        self.samples.push_back(sample);
        self.last = Some((at, cpu));
    }
}
