//! What the chat keeps of the menu.

use super::files::FileSearch;
use super::mentions::Mentions;
use super::menu::Menu;

/// The menu's state, and what was picked from it.
#[derive(Debug, Clone, PartialEq, Default)]
pub(in crate::app::chat) struct Completion {
    pub(super) menu: Option<Menu>,
    /// Where the user closed the menu: it stays closed there.
    pub(super) closed_at: Option<(usize, usize)>,
    pub(super) files: FileSearch,
    pub(in crate::app::chat) mentions: Mentions,
}

impl Completion {
    /// Whether there is a row to choose.
    pub(in crate::app::chat) fn is_open(&self) -> bool {
        self.menu.as_ref().is_some_and(|menu| !menu.rows.is_empty())
    }

    /// Whether something is to be completed, and nothing is there to choose yet.
    pub(in crate::app::chat) fn is_waiting(&self) -> bool {
        self.menu.is_some() && !self.is_open() && self.files.is_searching()
    }

    /// The files that the last search found.
    pub(in crate::app::chat) fn files(&self) -> &[String] {
        self.files.paths()
    }

    /// The text is another one.
    pub(in crate::app::chat) fn close(&mut self) {
        self.menu = None;
        self.closed_at = None;
    }
}
