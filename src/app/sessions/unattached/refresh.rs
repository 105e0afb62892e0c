//! When unattached sandboxes are listed: at the start, then from time to time while the list is
//! visible, and after an operation on one of them. Nothing waits for the response, and only one
//! request is in flight.

use std::time::Duration;

use crate::app::cx::Cx;
use crate::domain::time::Monotonic;

/// From a response to the next request.
const PERIOD: Duration = Duration::from_mins(2);
/// A random delay of at most this much, so that several programs do not send requests at the same
/// moment.
const SPREAD: Duration = Duration::from_mins(1);

/// When unattached sandboxes are listed next.
#[derive(Debug, Default)]
pub(in crate::app) struct RefreshState {
    next: NextRefresh,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum NextRefresh {
    /// Never.
    #[default]
    Never,
    /// A request is in flight; `again`: its response will be out of date.
    InFlight { again: bool },
    /// From then on, once the list is visible.
    Due(Monotonic),
}

impl RefreshState {
    /// Notes that a refresh is wanted. Returns whether to send the request now; otherwise it is
    /// sent after the response to the last one.
    pub(in crate::app) fn begin(&mut self) -> bool {
        let again = matches!(self.next, NextRefresh::InFlight { .. });
        self.next = NextRefresh::InFlight { again };
        !again
    }

    /// Notes the response, which makes the next refresh due after a while. Returns whether to send
    /// another request at once.
    pub(in crate::app) fn answered(&mut self, cx: &mut Cx<'_>) -> bool {
        let again = self.next == NextRefresh::InFlight { again: true };
        let wait = PERIOD.saturating_add(cx.ids.jitter(SPREAD));
        self.next = NextRefresh::Due(cx.now.saturating_add(wait));
        again
    }

    /// When the next refresh is due; never while the list is not visible.
    pub(in crate::app) fn due(&self, now: Monotonic, is_in_sight: bool) -> Option<Monotonic> {
        match self.next {
            NextRefresh::Due(due) if is_in_sight => Some(due.max(now)),
            _ => None,
        }
    }
}
