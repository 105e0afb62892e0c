//! Errors in the user's key bindings.

use crate::app::action::{Action, AppAction};

/// Why the user's bindings cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeymapError {
    #[error("there is no action `{name}`{}", nearest.as_ref().map(|n| format!("; did you mean `{n}`?")).unwrap_or_default())]
    UnknownAction {
        name: String,
        nearest: Option<&'static str>,
    },
    #[error(
        "`{keys}` is bound to both `{first}` and `{second}` {context}; give one of them another key"
    )]
    Conflict {
        keys: String,
        /// The context of both, in words.
        context: String,
        first: &'static str,
        second: &'static str,
    },
    #[error("`{keys}` is given twice for `{action}`")]
    Twice { keys: String, action: &'static str },
    #[error(
        "`{longer}` of `{action}` can never be pressed: `{shorter}` is a key of {other} by itself"
    )]
    Unreachable {
        longer: String,
        shorter: String,
        action: &'static str,
        /// The action with the shorter sequence, and its context in words.
        other: String,
        other_action: &'static str,
    },
    #[error("`{keys}` of `{action}` would be typed as text; add ctrl or alt to it")]
    Typed { keys: String, action: &'static str },
    #[error(
        "`{keys}` of `{action}` can never be pressed: `{reserved}` is reserved, because it cancels the keys pressed so far \
         (`app.cancel_sequence`); choose another key"
    )]
    Reserved {
        keys: String,
        action: &'static str,
        reserved: String,
    },
    #[error("`{keys}` of `{action}` must be a single key")]
    NotOneKey { keys: String, action: &'static str },
}

impl KeymapError {
    /// Whether this action's keys are part of the error.
    pub fn concerns(&self, action: &str) -> bool {
        match self {
            Self::UnknownAction { name, .. } => name == action,
            Self::Conflict { first, second, .. } => *first == action || *second == action,
            Self::Twice { action: own, .. }
            | Self::Typed { action: own, .. }
            | Self::NotOneKey { action: own, .. } => *own == action,
            Self::Reserved { action: own, .. } => {
                *own == action || action == Action::App(AppAction::CancelSequence).name()
            }
            Self::Unreachable {
                action: own,
                other_action,
                ..
            } => *own == action || *other_action == action,
        }
    }
}
