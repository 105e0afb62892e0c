//! The observed runs of sandboxes, and their total in time and money.
//!
//! A sandbox runs from its creation or a resume to the next pause or its end. Not every end is
//! observed: a sandbox may be paused by its time to live, or from elsewhere. Such a run counts up
//! to the latest time at which it can have ended, and the total is marked as an upper bound.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::domain::id::SandboxId;
use crate::domain::sandbox::price::{MicroDollars, Prices, RunningSandbox, SandboxSize};
use crate::domain::time::UnixMillis;

/// An observed run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObservedRun {
    pub sandbox: SandboxId,
    pub run: RunningSandbox,
    pub end: RunEnd,
}

/// What is known about the end of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunEnd {
    /// It is running, as its engine reports.
    Runs,
    /// No end was reported. It ends by itself at the limit, if it has one.
    Open { limit: Option<UnixMillis> },
    /// Its end was not observed, but it had ended by then.
    AtMost(UnixMillis),
    /// It ended then.
    At(UnixMillis),
}

/// The total of several runs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Usage {
    /// Runs that are over, by size.
    past: Vec<(SandboxSize, Duration)>,
    running: Vec<RunningSandbox>,
    /// Whether the runs that are over may have been shorter.
    pub at_most: bool,
}

impl Usage {
    /// Adds up runs, in any order. A run that several sessions of one sandbox have observed counts
    /// once, with the most exact end.
    pub fn of(seen: impl IntoIterator<Item = ObservedRun>, now: UnixMillis) -> Self {
        let mut sandboxes: BTreeMap<SandboxId, BTreeMap<UnixMillis, (SandboxSize, RunEnd)>> =
            BTreeMap::new();
        for ObservedRun { sandbox, run, end } in seen {
            let runs = sandboxes.entry(sandbox).or_default();
            let known = runs.entry(run.since).or_insert((run.size, end));
            known.1 = known.1.and(end, now);
        }
        let mut life = Self::default();
        for runs in sandboxes.into_values() {
            // A sandbox has only one run at a time.
            let mut next = None;
            for (since, (size, end)) in runs.into_iter().rev() {
                life.add(RunningSandbox { since, size }, end.before(next, now), now);
                next = Some(since);
            }
        }
        life
    }

    fn add(&mut self, run: RunningSandbox, end: RunEnd, now: UnixMillis) {
        let Some((until, is_exact)) = end.known(now) else {
            self.running.push(run);
            return;
        };
        self.at_most |= !is_exact;
        let time = until.since(run.since);
        match self.past.iter_mut().find(|(size, _)| *size == run.size) {
            Some((_, sum)) => *sum = sum.saturating_add(time),
            None => self.past.push((run.size, time)),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.past.is_empty() && self.running.is_empty()
    }

    pub fn is_running(&self) -> bool {
        !self.running.is_empty()
    }

    /// The time up to now. Runs of different sandboxes add up even at the same time.
    pub fn time(&self, now: UnixMillis) -> Duration {
        let past = self.past.iter().map(|(_, time)| *time);
        let running = self.running.iter().map(|run| run.time(now));
        past.chain(running)
            .fold(Duration::ZERO, Duration::saturating_add)
    }

    pub fn cost(&self, prices: &Prices, now: UnixMillis) -> MicroDollars {
        let past = self.past.iter().map(|(size, time)| prices.of(*size, *time));
        let running = self.running.iter();
        let running = running.map(|run| prices.of(run.size, run.time(now)));
        past.chain(running).sum()
    }

    /// The cost per hour of the running sandboxes.
    pub fn hourly(&self, prices: &Prices) -> MicroDollars {
        let running = self.running.iter();
        let hour = Duration::from_hours(1);
        running.map(|run| prices.of(run.size, hour)).sum()
    }

    /// How many sandboxes run.
    pub fn sandboxes(&self) -> usize {
        self.running.len()
    }
}

impl RunEnd {
    /// When the run ended, or had ended at the latest, and whether that is exact; `None` if it is
    /// running.
    fn known(self, now: UnixMillis) -> Option<(UnixMillis, bool)> {
        match self {
            Self::Runs => None,
            Self::Open { limit } => Some((limit.map_or(now, |limit| limit.min(now)), false)),
            Self::AtMost(at) => Some((at, false)),
            Self::At(at) => Some((at, true)),
        }
    }

    /// Combines two observations of the same end.
    fn and(self, other: Self, now: UnixMillis) -> Self {
        let (Some((one, is_exact)), Some((two, is_other_exact))) =
            (self.known(now), other.known(now))
        else {
            return Self::Runs;
        };
        match (is_exact, is_other_exact) {
            (true, true) => Self::At(one.min(two)),
            (true, false) => self,
            (false, true) => other,
            (false, false) => Self::AtMost(one.min(two)),
        }
    }

    /// The end, if the next run of the sandbox began at `next`.
    fn before(self, next: Option<UnixMillis>, now: UnixMillis) -> Self {
        match next {
            Some(next) if self.known(now).is_none_or(|(until, _)| until > next) => {
                Self::AtMost(next)
            }
            _ => self,
        }
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;
    use proptest::prelude::*;

    use super::*;

    const PRICES: Prices = Prices {
        vcpu_hour: MicroDollars(50_400),
        gib_hour: MicroDollars(16_200),
    };
    const SIZE: SandboxSize = SandboxSize {
        vcpus: 2,
        memory_mib: 2048,
    };
    const HOUR: u64 = 3_600_000;
    const NOW: UnixMillis = at(100);

    const fn at(hours: u64) -> UnixMillis {
        UnixMillis(hours * HOUR)
    }

    fn seen(sandbox: &str, since: u64, end: RunEnd) -> ObservedRun {
        let run = RunningSandbox {
            since: at(since),
            size: SIZE,
        };
        let sandbox = sandbox.into();
        ObservedRun { sandbox, run, end }
    }

    /// Hours, and whether they are an upper bound.
    fn hours(runs: &[ObservedRun]) -> (u64, bool) {
        let life = Usage::of(runs.iter().cloned(), NOW);
        (life.time(NOW).as_secs() / 3600, life.at_most)
    }

    #[test]
    fn a_run_counts_to_its_end_or_to_the_latest_that_it_can_have_had() {
        let of = |end| hours(&[seen("a", 90, end)]);

        assert_eq!(of(RunEnd::Runs), (10, false));
        assert_eq!(of(RunEnd::At(at(92))), (2, false));
        assert_eq!(of(RunEnd::AtMost(at(93))), (3, true));
        assert_eq!(of(RunEnd::Open { limit: None }), (10, true));
        let limit = |hours| Some(at(hours));
        assert_eq!(of(RunEnd::Open { limit: limit(94) }), (4, true));
        assert_eq!(of(RunEnd::Open { limit: limit(200) }), (10, true));
        assert_eq!(hours(&[]), (0, false));
    }

    #[test]
    fn no_two_runs_of_a_sandbox_count_at_a_time() {
        let first = seen("a", 80, RunEnd::Open { limit: None });
        let second = seen("a", 90, RunEnd::Runs);

        assert_eq!(hours(&[second.clone(), first.clone()]), (20, true));
        let other = seen("b", 90, RunEnd::Runs);
        assert_eq!(hours(&[second, first, other]), (30, true));
    }

    #[test]
    fn what_several_sessions_saw_of_one_run_counts_once_by_the_best_knowledge() {
        let all = |ends: &[RunEnd]| {
            let runs: Vec<_> = ends.iter().map(|end| seen("a", 90, *end)).collect();
            let turned: Vec<_> = runs.iter().rev().cloned().collect();
            assert_eq!(hours(&runs), hours(&turned));
            hours(&runs)
        };
        let open = RunEnd::Open { limit: None };

        assert_eq!(all(&[open, RunEnd::AtMost(at(94))]), (4, true));
        assert_eq!(
            all(&[RunEnd::At(at(92)), RunEnd::AtMost(at(91))]),
            (2, false)
        );
        assert_eq!(all(&[open, RunEnd::Runs]), (10, false));
    }

    #[test]
    fn time_that_is_over_costs_as_much_as_time_that_runs() {
        let over = Usage::of([seen("a", 90, RunEnd::At(NOW))], NOW);
        let runs = Usage::of([seen("a", 90, RunEnd::Runs)], NOW);

        assert_eq!(over.cost(&PRICES, NOW), runs.cost(&PRICES, NOW));
        assert_eq!((over.sandboxes(), runs.sandboxes()), (0, 1));
        assert_eq!(over.hourly(&PRICES), MicroDollars(0));
        assert_eq!(
            runs.hourly(&PRICES),
            PRICES.of(SIZE, Duration::from_hours(1))
        );
    }

    fn ends() -> impl Strategy<Value = RunEnd> {
        prop_oneof![
            Just(RunEnd::Runs),
            proptest::option::of(any::<u64>()).prop_map(|at| RunEnd::Open {
                limit: at.map(UnixMillis)
            }),
            any::<u64>().prop_map(|at| RunEnd::AtMost(UnixMillis(at))),
            any::<u64>().prop_map(|at| RunEnd::At(UnixMillis(at))),
        ]
    }

    proptest! {
        #[test]
        fn a_sandbox_never_counts_longer_than_since_its_first_run_and_nothing_panics(
            runs in proptest::collection::vec((0_u64..1000, ends()), 0..8),
        ) {
            let now = UnixMillis(1000);
            let seen = runs.iter().map(|(since, end)| ObservedRun {
                sandbox: "a".into(),
                run: RunningSandbox { since: UnixMillis(*since), size: SIZE },
                // No observed end is later than now.
                end: match *end {
                    RunEnd::At(at) => RunEnd::At(at.min(now)),
                    RunEnd::AtMost(at) => RunEnd::AtMost(at.min(now)),
                    end => end,
                },
            });

            let time = Usage::of(seen, now).time(now);

            let first = runs.iter().map(|(since, _)| *since).min().unwrap_or(1000);
            prop_assert!(time <= Duration::from_millis(1000 - first));
        }
    }
}
