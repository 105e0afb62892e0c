//! What lies above the panes. A closed set: the last one opened sees the keys first.

use super::keymap::Context;
use super::picker::Picker;
use super::sessions::Target;
use crate::domain::id::SessionKey;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Overlay {
    /// All keys; `scroll` counts rows from the top.
    Help {
        scroll: u16,
    },
    Confirm(Confirm),
    /// The models to choose from.
    Models(Picker),
    /// The templates to boot the shown session from.
    Templates(Picker),
}

/// A question of ours. Its words are made when it is drawn, so that they are never stale.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Confirm {
    Quit,
    Kill {
        /// The rows that were asked for, and all sessions that share a sandbox with one of them; never
        /// empty.
        victims: Vec<Target>,
        /// Counts rows from the top.
        scroll: u16,
    },
    Revive(SessionKey),
}

impl Overlay {
    pub(super) fn context(&self) -> Context {
        match self {
            Self::Help { .. } => Context::Help,
            Self::Confirm(_) => Context::Confirm,
            Self::Models(_) | Self::Templates(_) => Context::Picker,
        }
    }

    /// How far it is scrolled, where it can be.
    pub(super) fn scroll_mut(&mut self) -> Option<&mut u16> {
        match self {
            Self::Help { scroll } | Self::Confirm(Confirm::Kill { scroll, .. }) => Some(scroll),
            Self::Confirm(Confirm::Quit | Confirm::Revive(_))
            | Self::Models(_)
            | Self::Templates(_) => None,
        }
    }
}
