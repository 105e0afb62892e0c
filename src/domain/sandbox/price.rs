//! What a sandbox costs: its size, its running time, the prices per hour.
//!
//! Whole numbers, so that sums are exact and comparable. Where the prices come from, and since when
//! a sandbox runs, is not known here. The result is an estimate: only the account shows what is
//! billed.

use std::fmt;
use std::iter::Sum;
use std::time::Duration;

use crate::domain::time::UnixMillis;

/// Millionths of a US dollar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct MicroDollars(pub u64);

/// The resources of a sandbox, used or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SandboxSize {
    pub vcpus: u32,
    pub memory_mib: u64,
}

/// A running sandbox, since its creation or its last resume.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RunningSandbox {
    pub since: UnixMillis,
    pub size: SandboxSize,
}

/// Per hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Prices {
    pub vcpu_hour: MicroDollars,
    pub gib_hour: MicroDollars,
}

impl RunningSandbox {
    pub fn time(&self, now: UnixMillis) -> Duration {
        now.since(self.since)
    }
}

impl Prices {
    /// Whether any price is set.
    pub fn are_known(&self) -> bool {
        *self != Self::default()
    }

    /// The cost of this much time, rounded down to a millionth.
    pub fn of(&self, size: SandboxSize, time: Duration) -> MicroDollars {
        const HOUR_MILLIS: u128 = 3_600_000;
        const GIB: u128 = 1024;
        let vcpus = u128::from(size.vcpus) * u128::from(self.vcpu_hour.0);
        let memory = u128::from(size.memory_mib) * u128::from(self.gib_hour.0);
        let hour = (vcpus * GIB).saturating_add(memory);
        let total = hour.saturating_mul(time.as_millis()) / (HOUR_MILLIS * GIB);
        MicroDollars(u64::try_from(total).unwrap_or(u64::MAX))
    }
}

impl Sum for MicroDollars {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        Self(all.fold(0, |sum, one| sum.saturating_add(one.0)))
    }
}

/// `$0.12`: the nearest cent; `<$0.01` for less than half of one.
impl fmt::Display for MicroDollars {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cents = self.0 / 10_000 + u64::from(self.0 % 10_000 >= 5000);
        if cents == 0 && self.0 > 0 {
            return f.write_str("<$0.01");
        }
        write!(f, "${}.{:02}", cents / 100, cents % 100)
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;
    use proptest::prelude::*;

    use super::*;

    const E2B: Prices = Prices {
        vcpu_hour: MicroDollars(50_400),
        gib_hour: MicroDollars(16_200),
    };

    fn size() -> impl Strategy<Value = SandboxSize> {
        (any::<u32>(), 0..=1_u64 << 40)
            .prop_map(|(vcpus, memory_mib)| SandboxSize { vcpus, memory_mib })
    }

    #[test]
    fn the_examples_of_e2bs_documentation_come_out() {
        let usual = SandboxSize {
            vcpus: 2,
            memory_mib: 512,
        };
        let large = SandboxSize {
            vcpus: 8,
            memory_mib: 4096,
        };

        let hour = Duration::from_hours(1);
        assert_eq!(E2B.of(usual, hour), MicroDollars(108_900));
        assert_eq!(E2B.of(large, hour), MicroDollars(468_000));
    }

    #[test]
    fn an_amount_is_shown_in_cents() {
        let shown = [0, 1, 4999, 5000, 14_999, 995_000, 123_456_789]
            .map(|micros| MicroDollars(micros).to_string());

        assert_eq!(
            shown,
            [
                "$0.00", "<$0.01", "<$0.01", "$0.01", "$0.01", "$1.00", "$123.46"
            ]
        );
    }

    proptest! {
        #[test]
        fn more_time_never_costs_less_and_no_time_nothing(
            size in size(), short in any::<u32>(), more in any::<u32>(),
        ) {
            let time = |millis: u64| Duration::from_millis(millis);
            let first = E2B.of(size, time(u64::from(short)));
            let second = E2B.of(size, time(u64::from(short) + u64::from(more)));

            prop_assert!(first <= second);
            prop_assert_eq!(E2B.of(size, Duration::ZERO), MicroDollars(0));
        }

        #[test]
        fn the_parts_of_a_time_cost_as_much_as_the_whole_but_for_rounding(
            size in size(), first in any::<u32>(), second in any::<u32>(),
        ) {
            let cost = |millis: u64| E2B.of(size, Duration::from_millis(millis)).0;
            let (first, second) = (u64::from(first), u64::from(second));

            let whole = cost(first + second);
            let parts = cost(first) + cost(second);
            prop_assert!(whole == parts || whole == parts + 1);
        }

        #[test]
        fn no_numbers_make_it_panic(
            vcpus in any::<u32>(), memory_mib in any::<u64>(), price in any::<u64>(), secs in any::<u64>(),
        ) {
            let prices = Prices { vcpu_hour: MicroDollars(price), gib_hour: MicroDollars(price) };
            let cost = prices.of(SandboxSize { vcpus, memory_mib }, Duration::from_secs(secs));

            prop_assert!(!cost.to_string().is_empty());
        }
    }
}
