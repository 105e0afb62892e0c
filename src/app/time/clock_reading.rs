//! Both clocks at the last event: gives the time between two events, and whether the machine slept.

use crate::app::cx::Cx;
use crate::domain::time::{Monotonic, UnixMillis};

/// A larger jump of the wall clock is not an adjustment.
const SLEEP: Monotonic = Monotonic::from_secs(10);

/// Both clocks at one instant.
#[derive(Debug, Clone, Copy)]
pub(in crate::app) struct ClockReading {
    now: Monotonic,
    wall: UnixMillis,
}

impl ClockReading {
    /// Before the first event.
    pub(in crate::app) const NONE: Self = Self {
        now: Monotonic::ZERO,
        wall: UnixMillis(0),
    };

    pub(in crate::app) fn of(cx: &Cx<'_>) -> Self {
        Self {
            now: cx.now,
            wall: cx.wall,
        }
    }

    /// The wall clock at a later instant.
    pub(in crate::app) fn wall_at(self, now: Monotonic) -> UnixMillis {
        self.wall.plus(now.saturating_sub(self.now))
    }

    /// Whether the machine slept since then: the wall clock went on meanwhile, the other one did not.
    pub(in crate::app) fn has_slept(self, cx: &Cx<'_>) -> bool {
        let awake = cx.now.saturating_sub(self.now);
        self.wall > UnixMillis(0) && cx.wall.since(self.wall) > awake.saturating_add(SLEEP)
    }
}
