//! What the sandboxes of the session on the screen have cost in total: the text, and when it
//! changes. It counts whole minutes, so that nothing is redrawn in between. Pure arithmetic.

use std::time::Duration;

use crate::domain::sandbox::price::Prices;
use crate::domain::sandbox::usage::Usage;
use crate::domain::time::{UnixMillis, in_minutes};

const MINUTE_MILLIS: u64 = 60_000;

/// `$0.03 sandbox 41m`; empty where there is no price.
pub(in crate::app) fn words(usage: &Usage, prices: &Prices, wall: UnixMillis) -> String {
    if usage.is_empty() || !prices.are_known() {
        return String::new();
    }
    let cost = usage.cost(prices, last_change(usage, wall));
    let time = in_minutes(usage.time(wall).as_secs() / 60);
    let bound = if usage.at_most { "at most " } else { "" };
    format!("{bound}{cost} sandbox {time}")
}

/// The time until [`words`] changes; `None`: it never does.
pub(in crate::app) fn changes_in(usage: &Usage, wall: UnixMillis) -> Option<Duration> {
    // If the clock is behind, the first minute ends later than this: then nothing changes yet.
    let left = MINUTE_MILLIS - since_change(usage, wall);
    usage.is_running().then(|| Duration::from_millis(left))
}

/// When the current minute began.
fn last_change(usage: &Usage, wall: UnixMillis) -> UnixMillis {
    UnixMillis(wall.0.saturating_sub(since_change(usage, wall)))
}

fn since_change(usage: &Usage, wall: UnixMillis) -> u64 {
    let over = usage.time(wall).as_millis() % u128::from(MINUTE_MILLIS);
    u64::try_from(over).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::sandbox::price::{MicroDollars, RunningSandbox, SandboxSize};
    use crate::domain::sandbox::usage::{ObservedRun, RunEnd};

    const PRICES: Prices = Prices {
        vcpu_hour: MicroDollars(50_400),
        gib_hour: MicroDollars(16_200),
    };
    const SINCE: u64 = 1_000_000;

    fn seen(since: u64, end: RunEnd) -> ObservedRun {
        let run = RunningSandbox {
            since: UnixMillis(since),
            size: SandboxSize {
                vcpus: 2,
                memory_mib: 2048,
            },
        };
        let sandbox = "a".into();
        ObservedRun { sandbox, run, end }
    }

    fn usage(seen: &[ObservedRun]) -> Usage {
        Usage::of(seen.iter().cloned(), UnixMillis(SINCE))
    }

    fn words_at(usage: &Usage, wall: u64) -> String {
        words(usage, &PRICES, UnixMillis(wall))
    }

    #[test]
    fn the_cost_is_shown_in_cents_and_minutes() {
        let runs = usage(&[seen(SINCE, RunEnd::Runs)]);
        let after = |minutes: u64| words_at(&runs, SINCE + minutes * 60_000);

        assert_eq!(after(0), "$0.00 sandbox 0m");
        assert_eq!(after(1), "<$0.01 sandbox 1m");
        assert_eq!(after(41), "$0.09 sandbox 41m");
        assert_eq!(after(72), "$0.16 sandbox 1h 12m");
        assert_eq!(words(&runs, &Prices::default(), UnixMillis(2_000_000)), "");
        assert_eq!(words_at(&Usage::default(), 2_000_000), "");
    }

    #[test]
    fn what_ran_before_counts_and_is_an_upper_bound_where_its_end_was_not_seen() {
        let half = UnixMillis(SINCE - 300_000);
        let before = |end| usage(&[seen(SINCE - 600_000, end), seen(SINCE, RunEnd::Runs)]);

        let (exact, bound) = (before(RunEnd::At(half)), before(RunEnd::AtMost(half)));
        assert_eq!(words_at(&exact, SINCE + 60_000 * 36), "$0.09 sandbox 41m");
        assert_eq!(
            words_at(&bound, SINCE + 60_000 * 36),
            "at most $0.09 sandbox 41m"
        );
        let over = usage(&[seen(SINCE - 600_000, RunEnd::At(half))]);
        assert_eq!(changes_in(&over, UnixMillis(SINCE)), None);
    }

    proptest! {
        #[test]
        fn the_words_change_just_when_they_are_said_to(
            millis in 0_u64..10_000_000, before in 0_u64..500_000,
        ) {
            let first = seen(1, RunEnd::At(UnixMillis(1 + before)));
            let runs = usage(&[first, seen(SINCE, RunEnd::Runs)]);
            let wall = SINCE + millis;
            let wait = changes_in(&runs, UnixMillis(wall)).unwrap();
            let wait = u64::try_from(wait.as_millis()).unwrap();

            prop_assert!(wait > 0);
            prop_assert_eq!(words_at(&runs, wall + wait - 1), words_at(&runs, wall));
            prop_assert_ne!(words_at(&runs, wall + wait), words_at(&runs, wall));
        }
    }
}
