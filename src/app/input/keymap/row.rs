//! One row of the table of keys.

use super::binding::{Binding, KeyContext, KeyGroup};
use crate::app::action::Action;

/// One action.
pub(super) struct ActionRow {
    pub(super) group: KeyGroup,
    pub(super) action: Action,
    /// The name in the configuration; its meaning never changes.
    pub(super) name: &'static str,
    /// The name in hints, at most 12 columns.
    pub(super) hint: &'static str,
    /// The description, in one line of the help.
    pub(super) what: &'static str,
    /// Its names after a `/` in the composer, the first one shown; OpenCode's where it has one.
    pub(super) slash: &'static [&'static str],
    pub(super) keys: &'static [DefaultKeys],
}

/// An action's keys in some contexts.
pub(super) struct DefaultKeys {
    pub(super) contexts: &'static [KeyContext],
    pub(super) keys: &'static [&'static str],
    /// The name in hints there, where another word is clearer.
    pub(super) hint: Option<&'static str>,
}

impl ActionRow {
    pub(super) fn bindings(&self) -> impl Iterator<Item = Binding> {
        let places = self.keys.iter();
        let places = places.flat_map(|keys| keys.contexts.iter().map(move |at| (*at, keys)));
        places.map(|(context, default)| Binding {
            context,
            group: self.group,
            action: self.action,
            // A test ensures that all of them parse.
            keys: default
                .keys
                .iter()
                .filter_map(|keys| keys.parse().ok())
                .collect(),
            hint: default.hint.unwrap_or(self.hint),
            what: self.what,
        })
    }
}
