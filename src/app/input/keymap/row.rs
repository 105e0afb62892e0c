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

macro_rules! action {
    (App $variant:ident $($number:literal)?) => { Action::App(AppAction::$variant $(($number))?) };
    (Chat $variant:ident) => { Action::Chat(ChatAction::$variant) };
    (Sessions $variant:ident) => { Action::Sessions(SessionsAction::$variant) };
    (Logs $variant:ident) => { Action::Logs(LogsAction::$variant) };
    (Changes $variant:ident) => { Action::Changes(ChangesAction::$variant) };
}

/// Parses `Room::Action "name" "hint" "description" / "slash" [Context Context: "key" "key" => "hint
/// there"]`.
macro_rules! rows {
    ($($group:ident {$(
        $room:ident :: $variant:ident $(($number:literal))? $name:literal $hint:literal $what:literal
        $(/ $slash:literal)*
        $([$($context:ident)+ : $($keys:literal)+ $(=> $own:literal)?])+
    )+})+) => {
        &[$($(ActionRow {
            group: KeyGroup::$group,
            action: action!($room $variant $($number)?),
            name: $name,
            hint: $hint,
            what: $what,
            slash: &[$($slash),*],
            keys: &[$(DefaultKeys {
                contexts: &[$(KeyContext::$context),+],
                keys: &[$($keys),+],
                hint: rows!(@hint $($own)?),
            }),+],
        }),+),+]
    };
    (@hint $own:literal) => { Some($own) };
    (@hint) => { None };
}

pub(super) use {action, rows};
