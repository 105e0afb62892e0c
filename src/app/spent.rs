//! What the sandbox on the screen has cost since it was made, or resumed last: the words, and when they
//! change. In whole minutes, so that nothing is drawn between two of them. Pure arithmetic.

use std::time::Duration;

use crate::domain::price::{Prices, Run};
use crate::domain::time::{UnixMillis, in_minutes};

const MINUTE_MILLIS: u64 = 60_000;

/// `$0.03 sandbox 41m`; empty where there is no price.
pub(super) fn words(run: Option<Run>, prices: &Prices, wall: UnixMillis) -> String {
    let Some(run) = run.filter(|_| prices.are_known()) else {
        return String::new();
    };
    let minutes = run.time(wall).as_secs() / 60;
    let cost = prices.of(run.size, Duration::from_mins(minutes));
    format!("{cost} sandbox {}", in_minutes(minutes))
}

/// The time until [`words`] says something else.
pub(super) fn changes_in(run: Run, wall: UnixMillis) -> Duration {
    let over = wall.0.saturating_sub(run.since.0) % MINUTE_MILLIS;
    // Of a clock that is behind, the first minute ends later than this: then nothing has changed yet.
    Duration::from_millis(MINUTE_MILLIS - over)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::price::{MicroDollars, Size};

    const PRICES: Prices = Prices {
        vcpu_hour: MicroDollars(50_400),
        gib_hour: MicroDollars(16_200),
    };

    fn run() -> Run {
        Run {
            since: UnixMillis(1_000_000),
            size: Size {
                vcpus: 2,
                memory_mib: 2048,
            },
        }
    }

    fn after(millis: u64) -> String {
        words(Some(run()), &PRICES, UnixMillis(1_000_000 + millis))
    }

    #[test]
    fn it_is_told_in_cents_and_minutes() {
        assert_eq!(after(0), "$0.00 sandbox 0m");
        assert_eq!(after(60_000), "<$0.01 sandbox 1m");
        assert_eq!(after(41 * 60_000), "$0.09 sandbox 41m");
        assert_eq!(after(72 * 60_000), "$0.16 sandbox 1h 12m");
        let free = words(Some(run()), &Prices::default(), UnixMillis(2_000_000));
        assert_eq!(free, "");
        assert_eq!(words(None, &PRICES, UnixMillis(2_000_000)), "");
    }

    proptest! {
        #[test]
        fn the_words_change_just_when_they_are_said_to(millis in 0_u64..10_000_000) {
            let wall = UnixMillis(run().since.0 + millis);
            let wait = u64::try_from(changes_in(run(), wall).as_millis()).unwrap();

            prop_assert!(wait > 0);
            prop_assert_eq!(after(millis + wait - 1), after(millis));
            prop_assert_ne!(after(millis + wait), after(millis));
        }
    }
}
