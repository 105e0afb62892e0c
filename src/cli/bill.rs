//! What `sandbar ls` says of sandboxes that run: how long, and what that costs by the prices of the
//! configuration. Only E2B takes money; a local sandbox has its time alone.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::config::Config;
use crate::domain::price::{MicroDollars, Prices, Run};
use crate::domain::sandbox::EngineKind;
use crate::domain::time::{UnixMillis, in_minutes};

const HOUR: Duration = Duration::from_hours(1);

/// Prices, and the moment up to which they count.
pub(super) struct Bill {
    pub(super) prices: Prices,
    pub(super) now: UnixMillis,
}

impl Bill {
    pub(super) fn new(config: &Config, now: UnixMillis) -> Self {
        let prices = config.prices.prices();
        Self { prices, now }
    }

    /// What a run has cost so far; `None` where nothing is taken, or the price is not known.
    pub(super) fn cost(&self, engine: EngineKind, run: Run) -> Option<MicroDollars> {
        let is_known = engine == EngineKind::E2b && self.prices.are_known();
        is_known.then(|| self.prices.of(run.size, run.time(self.now)))
    }

    /// `41m`, `41m $0.03`, `-`.
    pub(super) fn cell(&self, engine: EngineKind, run: Option<Run>) -> String {
        let Some(run) = run else {
            return "-".to_owned();
        };
        let time = in_minutes(run.time(self.now).as_secs() / 60);
        match self.cost(engine, run) {
            Some(cost) => format!("{time} {cost}"),
            None => time,
        }
    }

    /// What all that run have cost so far and will cost, each sandbox once.
    pub(super) fn total<'a>(
        &self,
        runs: impl Iterator<Item = (EngineKind, &'a str, Run)>,
    ) -> Option<String> {
        let runs: BTreeMap<&str, (MicroDollars, MicroDollars)> = runs
            .filter_map(|(engine, id, run)| {
                Some((
                    id,
                    (self.cost(engine, run)?, self.prices.of(run.size, HOUR)),
                ))
            })
            .collect();
        let cost: MicroDollars = runs.values().map(|(cost, _)| *cost).sum();
        let hourly: MicroDollars = runs.values().map(|(_, hourly)| *hourly).sum();
        let what = match runs.len() {
            0 => return None,
            1 => "1 sandbox runs".to_owned(),
            n => format!("{n} sandboxes run"),
        };
        Some(format!(
            "{what} at E2B: about {cost} so far, {hourly} an hour"
        ))
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;
    use crate::domain::price::Size;

    const NOW: UnixMillis = UnixMillis(10_000_000_000);

    fn bill() -> Bill {
        Bill {
            prices: Prices {
                vcpu_hour: MicroDollars(50_400),
                gib_hour: MicroDollars(16_200),
            },
            now: NOW,
        }
    }

    fn run(minutes: u64) -> Run {
        Run {
            since: UnixMillis(NOW.0 - minutes * 60_000),
            size: Size {
                vcpus: 2,
                memory_mib: 2048,
            },
        }
    }

    #[test]
    fn what_runs_at_e2b_has_a_price_and_what_runs_here_only_a_time() {
        let bill = bill();

        assert_eq!(bill.cell(EngineKind::E2b, Some(run(72))), "1h 12m $0.16");
        assert_eq!(bill.cell(EngineKind::Local, Some(run(41))), "41m");
        assert_eq!(bill.cell(EngineKind::E2b, None), "-");
        let free = Bill {
            prices: Prices::default(),
            now: NOW,
        };
        assert_eq!(free.cell(EngineKind::E2b, Some(run(41))), "41m");
    }

    #[test]
    fn the_total_counts_a_sandbox_once_and_none_of_this_machine() {
        let total = |runs: &[(EngineKind, &str, u64)]| {
            let runs = runs
                .iter()
                .map(|(engine, id, minutes)| (*engine, *id, run(*minutes)));
            bill().total(runs)
        };

        assert_eq!(total(&[(EngineKind::Local, "a", 60)]), None);
        assert_eq!(
            total(&[(EngineKind::E2b, "a", 60), (EngineKind::Local, "b", 60)]).unwrap(),
            "1 sandbox runs at E2B: about $0.13 so far, $0.13 an hour"
        );
        let siblings = [("a", 60), ("a", 60), ("b", 30)];
        assert_eq!(
            total(&siblings.map(|(id, minutes)| (EngineKind::E2b, id, minutes))).unwrap(),
            "2 sandboxes run at E2B: about $0.20 so far, $0.27 an hour"
        );
    }
}
