//! What lies above the panes: a closed set, of which the last one opened sees the keys first.
//!
//! In reading order: `picker` is a list that is filtered by typing, `kill_confirm` says what a kill takes along, `view`
//! and `view_picker` draw. It does not know what is done with an answer: the root does that.

pub(super) mod kill_confirm;
pub(super) mod picker;
pub(super) mod view;
pub(super) mod view_picker;

use super::input::key::Key;
use super::input::keymap::KeyContext;
use super::sessions::RowTarget;
use crate::domain::id::SessionKey;
use picker::Picker;

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
        targets: Vec<RowTarget>,
        /// Counts rows from the top.
        scroll: u16,
    },
    Revive(SessionKey),
}

impl Overlay {
    pub(super) fn context(&self) -> KeyContext {
        match self {
            Self::Help { .. } => KeyContext::Help,
            Self::Confirm(_) => KeyContext::Confirm,
            Self::Models(_) | Self::Templates(_) => KeyContext::Picker,
        }
    }

    fn picker_mut(&mut self) -> Option<&mut Picker> {
        match self {
            Self::Models(picker) | Self::Templates(picker) => Some(picker),
            Self::Help { .. } | Self::Confirm(_) => None,
        }
    }

    /// How far it is scrolled, where it can be.
    fn scroll_mut(&mut self) -> Option<&mut u16> {
        match self {
            Self::Help { scroll } | Self::Confirm(Confirm::Kill { scroll, .. }) => Some(scroll),
            Self::Confirm(Confirm::Quit | Confirm::Revive(_))
            | Self::Models(_)
            | Self::Templates(_) => None,
        }
    }
}

/// All that lies above the panes. The last one sees the keys first and is drawn last.
#[derive(Debug, Default)]
pub(super) struct Overlays {
    stack: Vec<Overlay>,
}

impl Overlays {
    pub(super) fn push(&mut self, overlay: Overlay) {
        self.stack.push(overlay);
    }

    pub(super) fn pop(&mut self) -> Option<Overlay> {
        self.stack.pop()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.stack.is_empty()
    }

    pub(super) fn top(&self) -> Option<&Overlay> {
        self.stack.last()
    }

    /// From the lowest up.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Overlay> {
        self.stack.iter()
    }

    /// Takes a key that is typed. Returns whether there is something to type it into.
    pub(super) fn type_key(&mut self, key: Key) -> bool {
        let picker = self.stack.last_mut().and_then(Overlay::picker_mut);
        let Some(picker) = picker else {
            return false;
        };
        picker.type_key(key);
        true
    }

    /// Moves what lies on top by `rows`, up where negative; `matching` choices are in a list of it.
    pub(super) fn scroll(&mut self, rows: i16, matching: usize) {
        let Some(top) = self.stack.last_mut() else {
            return;
        };
        if let Some(picker) = top.picker_mut() {
            picker.go(rows, matching);
        } else if let Some(scroll) = top.scroll_mut() {
            *scroll = scroll.saturating_add_signed(rows);
        }
    }

    /// Takes the first row that was drawn of what lies on top: there is no going beyond the last page.
    pub(super) fn drawn(&mut self, first: Option<u16>) {
        let scroll = self.stack.last_mut().and_then(Overlay::scroll_mut);
        if let (Some(scroll), Some(first)) = (scroll, first) {
            *scroll = first;
        }
    }
}
