//! What the server of a session that is not open reports about it.

use crate::domain::failure::Failure;
use crate::domain::sandbox::{Phase, SessionStatus};

/// The report of a running session's server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Activity {
    Idle,
    Working,
    /// The agent's request, on one line: `bash: cargo publish`. It is the agent's text, and may be
    /// hostile.
    NeedsYou(String),
    /// The sandbox runs, but its server does not answer.
    Silent(Failure),
}

impl Activity {
    /// The state that the user sees for a session in this phase. A paused or gone session needs no
    /// one, whatever was reported before; the report of a server that answers overrides a stored
    /// failure.
    pub fn state(&self, phase: &Phase) -> SessionStatus {
        match (phase, self) {
            (Phase::Dormant | Phase::Live | Phase::Failed(_), Self::NeedsYou(_)) => {
                SessionStatus::NeedsYou
            }
            (Phase::Dormant | Phase::Live | Phase::Failed(_), Self::Working) => {
                SessionStatus::Working
            }
            (Phase::Dormant | Phase::Live | Phase::Failed(_), Self::Idle) => SessionStatus::Idle,
            (Phase::Dormant | Phase::Live, Self::Silent(_)) => SessionStatus::Reconnecting,
            _ => SessionStatus::of(phase, false, false),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_that_is_over_waits_for_nobody_and_one_that_answers_has_not_failed() {
        let failure = || Failure::new("x");
        let asks = Activity::NeedsYou("bash: ls".to_owned());

        assert_eq!(asks.state(&Phase::Dormant), SessionStatus::NeedsYou);
        assert_eq!(
            asks.state(&Phase::Failed(failure())),
            SessionStatus::NeedsYou
        );
        assert_eq!(asks.state(&Phase::Paused), SessionStatus::Paused);
        assert_eq!(asks.state(&Phase::Gone(failure())), SessionStatus::Gone);
        let silent = Activity::Silent(failure());
        assert_eq!(silent.state(&Phase::Dormant), SessionStatus::Reconnecting);
        assert_eq!(
            silent.state(&Phase::Failed(failure())),
            SessionStatus::Failed
        );
    }
}
