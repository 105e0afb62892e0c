//! When the engine is asked for the sandboxes that no session has.

use crate::domain::time::Monotonic;

/// When the engine is asked for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Asking {
    /// Not at all.
    #[default]
    Never,
    /// The answer is on its way; `again`: it will be old when it comes.
    Waits { again: bool },
    /// From then on, once the list is in sight.
    Due(Monotonic),
}

impl Asking {
    /// Notes a question. Returns whether it is to be asked now; else it is as soon as the answer to the
    /// last one is here.
    pub(super) fn ask(&mut self) -> bool {
        let again = matches!(self, Self::Waits { .. });
        *self = Self::Waits { again };
        !again
    }

    /// Notes the answer; the next question is due at `due`. Returns whether one is to be asked at once.
    pub(super) fn answered(&mut self, due: Monotonic) -> bool {
        let again = *self == Self::Waits { again: true };
        *self = Self::Due(due);
        again
    }

    /// When the next question is due, if nothing else asks before.
    pub(super) fn due(self) -> Option<Monotonic> {
        match self {
            Self::Due(due) => Some(due),
            Self::Never | Self::Waits { .. } => None,
        }
    }
}
