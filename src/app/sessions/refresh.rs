//! When the engine is asked for the sandboxes that no session has: at the start, then from time to time
//! while the list is in sight, and after something was done to one. Nothing waits for the answer, and only
//! one question is on its way.

use std::time::Duration;

use crate::app::cx::Cx;
use crate::domain::time::Monotonic;

/// From an answer to the next question.
const PERIOD: Duration = Duration::from_mins(2);
/// What a question may be later: of several programs each asks at its own time.
const SPREAD: Duration = Duration::from_mins(1);

/// When the list of such sandboxes is refreshed.
#[derive(Debug, Default)]
pub(in crate::app) struct RefreshState {
    next: NextRefresh,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum NextRefresh {
    /// Not at all.
    #[default]
    Never,
    /// The answer is on its way; `again`: it will be old when it comes.
    InFlight { again: bool },
    /// From then on, once the list is in sight.
    Due(Monotonic),
}

impl RefreshState {
    /// Notes that a refresh is wanted. Returns whether it is to be asked for now; else it is as soon as
    /// the answer to the last one is here.
    pub(in crate::app) fn begin(&mut self) -> bool {
        let again = matches!(self.next, NextRefresh::InFlight { .. });
        self.next = NextRefresh::InFlight { again };
        !again
    }

    /// Notes the answer, after which the next refresh is due some time later. Returns whether one is to
    /// be asked for at once.
    pub(in crate::app) fn answered(&mut self, cx: &mut Cx<'_>) -> bool {
        let again = self.next == NextRefresh::InFlight { again: true };
        let wait = PERIOD.saturating_add(cx.ids.jitter(SPREAD));
        self.next = NextRefresh::Due(cx.now.saturating_add(wait));
        again
    }

    /// When the next one is due, if nothing else asks before; never while nobody sees the list.
    pub(in crate::app) fn due(&self, now: Monotonic, is_in_sight: bool) -> Option<Monotonic> {
        match self.next {
            NextRefresh::Due(due) if is_in_sight => Some(due.max(now)),
            _ => None,
        }
    }
}
