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

    /// Those of the store, by their names.
    pub(in crate::app) fn restore(&mut self, names: &[String]) {
        let known = |name: &String| Action::all().find(|action| action.name() == *name);
        self.0 = names.iter().filter_map(known).collect();
    }

    pub(super) fn newest(&self) -> &[Action] {
        &self.0
    }
}
