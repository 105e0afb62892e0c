//! Sandbox run times in `sandbar ls`, and their cost by the configured prices. Only E2B charges; a local sandbox has
//! only its time.

use crate::config::Config;
use crate::domain::sandbox::EngineKind;
use crate::domain::sandbox::price::{MicroDollars, Prices, RunningSandbox};
use crate::domain::sandbox::usage::{ObservedRun, RunEnd, Usage};
use crate::domain::time::{UnixMillis, in_minutes};

/// Prices, and the time up to which to count.
pub(in crate::cli) struct CostReport {
    pub(in crate::cli) prices: Prices,
    pub(in crate::cli) now: UnixMillis,
}

impl CostReport {
    pub(in crate::cli) fn new(config: &Config, now: UnixMillis) -> Self {
        let prices = config.prices.prices();
        Self { prices, now }
    }

    pub(in crate::cli) fn usage(&self, seen: impl IntoIterator<Item = ObservedRun>) -> Usage {
        Usage::of(seen, self.now)
    }

    /// The cost of runs; `None` if nothing is charged, or the price is unknown.
    pub(in crate::cli) fn cost(&self, engine: EngineKind, usage: &Usage) -> Option<MicroDollars> {
        let is_known = engine == EngineKind::E2b && self.prices.are_known();
        is_known.then(|| usage.cost(&self.prices, self.now))
    }

    /// Time since the start of the run: `41m`, `-`.
    pub(in crate::cli) fn up(&self, run: Option<RunningSandbox>) -> String {
        let minutes = |run: RunningSandbox| run.time(self.now).as_secs() / 60;
        run.map_or_else(|| "-".to_owned(), |run| in_minutes(minutes(run)))
    }

    /// Total time observed: `41m`, `41m $0.03`, `at most 41m $0.03`, `-`.
    pub(in crate::cli) fn in_all(
        &self,
        engine: EngineKind,
        seen: impl IntoIterator<Item = ObservedRun>,
    ) -> String {
        let usage = self.usage(seen);
        if usage.is_empty() {
            return "-".to_owned();
        }
        let bound = if usage.at_most { "at most " } else { "" };
        let time = in_minutes(usage.time(self.now).as_secs() / 60);
        match self.cost(engine, &usage) {
            Some(cost) => format!("{bound}{time} {cost}"),
            None => format!("{bound}{time}"),
        }
    }

    /// The cost so far and to come of all sandboxes that run at E2B, and the cost of all that ever ran, each sandbox
    /// once.
    pub(in crate::cli) fn total(
        &self,
        seen: impl IntoIterator<Item = ObservedRun>,
    ) -> Option<String> {
        let seen: Vec<ObservedRun> = seen.into_iter().collect();
        let running = seen.iter().filter(|seen| seen.end == RunEnd::Runs).cloned();
        let (running, all) = (self.usage(running), self.usage(seen.iter().cloned()));
        if all.is_empty() || !self.prices.are_known() {
            return None;
        }
        let what = match running.sandboxes() {
            0 => "sandboxes at E2B so far".to_owned(),
            1 => "1 sandbox runs at E2B".to_owned(),
            n => format!("{n} sandboxes run at E2B"),
        };
        let mut parts = Vec::new();
        if running.is_running() {
            let cost = running.cost(&self.prices, self.now);
            let hourly = running.hourly(&self.prices);
            parts.push(format!("about {cost} so far, {hourly} an hour"));
        }
        if all != running {
            let about = if all.at_most { "at most" } else { "about" };
            parts.push(format!(
                "{about} {} in total",
                all.cost(&self.prices, self.now)
            ));
        }
        Some(format!("{what}: {}", parts.join("; ")))
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;
    use crate::domain::sandbox::price::SandboxSize;

    const NOW: UnixMillis = UnixMillis(10_000_000_000);

    fn cost_report() -> CostReport {
        CostReport {
            prices: Prices {
                vcpu_hour: MicroDollars(50_400),
                gib_hour: MicroDollars(16_200),
            },
            now: NOW,
        }
    }

    fn ago(minutes: u64) -> UnixMillis {
        UnixMillis(NOW.0 - minutes * 60_000)
    }

    fn run(minutes: u64) -> RunningSandbox {
        RunningSandbox {
            since: ago(minutes),
            size: SandboxSize {
                vcpus: 2,
                memory_mib: 2048,
            },
        }
    }

    fn seen(sandbox: &str, minutes: u64, end: RunEnd) -> ObservedRun {
        ObservedRun {
            sandbox: sandbox.into(),
            run: run(minutes),
            end,
        }
    }

    #[test]
    fn e2b_sandboxes_have_a_price_and_local_ones_only_a_time() {
        let cost_report = cost_report();
        let in_all = |cost_report: &CostReport, engine, minutes| {
            cost_report.in_all(engine, [seen("a", minutes, RunEnd::Runs)])
        };

        assert_eq!(in_all(&cost_report, EngineKind::E2b, 72), "1h 12m $0.16");
        assert_eq!(in_all(&cost_report, EngineKind::Local, 41), "41m");
        assert_eq!(cost_report.in_all(EngineKind::E2b, []), "-");
        assert_eq!(
            (cost_report.up(Some(run(72))), cost_report.up(None)),
            ("1h 12m".to_owned(), "-".to_owned())
        );
        let free = CostReport {
            prices: Prices::default(),
            now: NOW,
        };
        assert_eq!(in_all(&free, EngineKind::E2b, 41), "41m");
        assert_eq!(free.total([seen("a", 60, RunEnd::Runs)]), None);
    }

    #[test]
    fn the_total_of_a_session_has_all_runs_and_marks_an_upper_bound() {
        let cost_report = cost_report();
        let over = |end| {
            let runs = [seen("old", 900, end), seen("new", 60, RunEnd::Runs)];
            cost_report.in_all(EngineKind::E2b, runs)
        };

        assert_eq!(over(RunEnd::At(ago(840))), "2h 0m $0.27");
        assert_eq!(over(RunEnd::AtMost(ago(840))), "at most 2h 0m $0.27");
    }

    #[test]
    fn the_total_counts_a_sandbox_once() {
        let total = |runs: &[ObservedRun]| cost_report().total(runs.iter().cloned());
        let runs = |sandbox, minutes| seen(sandbox, minutes, RunEnd::Runs);

        assert_eq!(total(&[]), None);
        assert_eq!(
            total(&[runs("a", 60)]).unwrap(),
            "1 sandbox runs at E2B: about $0.13 so far, $0.13 an hour"
        );
        assert_eq!(
            total(&[runs("a", 60), runs("a", 60), runs("b", 30)]).unwrap(),
            "2 sandboxes run at E2B: about $0.20 so far, $0.27 an hour"
        );
        let over = seen("a", 900, RunEnd::At(ago(840)));
        let unseen = seen(
            "c",
            900,
            RunEnd::Open {
                limit: Some(ago(840)),
            },
        );
        assert_eq!(
            total(&[runs("a", 60), over.clone(), over.clone()]).unwrap(),
            "1 sandbox runs at E2B: about $0.13 so far, $0.13 an hour; about $0.27 in total"
        );
        assert_eq!(
            total(&[over, unseen]).unwrap(),
            "sandboxes at E2B so far: at most $0.27 in total"
        );
    }
}
