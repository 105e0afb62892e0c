//! The actions that were run from the palette last.

use crate::app::action::Action;

/// Actions that are remembered.
const KEPT: usize = 20;

/// Newest first, each once.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in crate::app) struct RecentActions(Vec<Action>);

impl RecentActions {
    /// The action is run now.
    pub(in crate::app) fn note(&mut self, action: Action) {
        self.0.retain(|known| *known != action);
        self.0.insert(0, action);
        self.0.truncate(KEPT);
    }

    pub(super) fn newest(&self) -> &[Action] {
        &self.0
    }
}
