//! The parts of the screen, and which of them has the focus.

/// A part of the screen that can have the focus.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Pane {
    Sessions,
    Chat,
    Logs,
}

/// Which pane has the focus, and whether it is zoomed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::app) struct PaneFocus {
    focused: Pane,
    zoomed: bool,
    /// The chat is the only pane.
    only_chat: bool,
}

impl PaneFocus {
    pub(in crate::app) fn on_chat(only_chat: bool) -> Self {
        Self {
            focused: Pane::Chat,
            zoomed: false,
            only_chat,
        }
    }

    pub(in crate::app) fn pane(self) -> Pane {
        self.focused
    }

    pub(in crate::app) fn is_on(self, pane: Pane) -> bool {
        self.focused == pane
    }

    pub(in crate::app) fn is_zoomed(self) -> bool {
        self.zoomed
    }

    pub(in crate::app) fn go_to(&mut self, pane: Pane) {
        if !self.only_chat {
            self.focused = pane;
        }
    }

    pub(in crate::app) fn next(&mut self) {
        self.go_to(match self.focused {
            Pane::Sessions => Pane::Chat,
            Pane::Chat => Pane::Logs,
            Pane::Logs => Pane::Sessions,
        });
    }

    pub(in crate::app) fn previous(&mut self) {
        self.go_to(match self.focused {
            Pane::Sessions => Pane::Logs,
            Pane::Chat => Pane::Sessions,
            Pane::Logs => Pane::Chat,
        });
    }

    /// Focuses the pane, or the chat if the pane has the focus.
    pub(in crate::app) fn toggle(&mut self, pane: Pane) {
        let is_there = self.is_on(pane);
        self.go_to(if is_there { Pane::Chat } else { pane });
    }

    pub(in crate::app) fn toggle_zoom(&mut self) {
        self.zoomed = !self.zoomed;
    }
}
