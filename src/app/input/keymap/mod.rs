//! The key map: the default keys of [`table`] with the user's overrides.
//!
//! Lookup walks the contexts from the front: overlays, the focused pane, everywhere. The help, the
//! hints on the screen, `sandbar keys` and the table in the README come from here, and the
//! configuration overrides keys by action name. The key map knows no pane and performs nothing.

mod binding;
mod error;
mod listing;
mod row;
mod slash;
mod table;
mod table_chat;

use super::key::{Key, KeySequence};
use crate::app::action::{Action, AppAction};

pub use binding::{Binding, KeyContext, KeyGroup};
pub use error::KeymapError;
pub use listing::{ListedKeys, merge_numbered};
pub use slash::{SlashAction, slash_actions};

/// The whole table.
#[derive(Debug, Clone, PartialEq)]
pub struct Keymap {
    bindings: Vec<Binding>,
}

/// The meaning of the keys pressed so far.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum KeyMeaning {
    Action(Action),
    /// More keys must follow.
    Leader,
    Nothing,
}

impl Default for Keymap {
    fn default() -> Self {
        Self {
            bindings: table::bindings(),
        }
    }
}

impl Keymap {
    /// The default table with the keys of the named actions replaced; an empty list unbinds the
    /// action.
    pub fn with(overrides: &[(String, Vec<KeySequence>)]) -> Result<Self, KeymapError> {
        let mut map = Self::default();
        for (name, keys) in overrides {
            let mut known = false;
            for binding in &mut map.bindings {
                if binding.action.name() == name {
                    binding.keys.clone_from(keys);
                    known = true;
                }
            }
            if !known {
                return Err(KeymapError::UnknownAction {
                    name: name.clone(),
                    nearest: map.nearest(name),
                });
            }
        }
        map.check()?;
        Ok(map)
    }

    /// All rows in the order of the help.
    pub fn bindings(&self) -> &[Binding] {
        &self.bindings
    }

    /// The rows of one context that have a key.
    pub fn rows(&self, context: KeyContext) -> impl Iterator<Item = &Binding> {
        self.bindings
            .iter()
            .filter(move |row| row.context == context && !row.keys.is_empty())
    }

    /// The meaning of `keys`, pressed one after the other, in `contexts`; the first match wins.
    pub fn meaning(&self, contexts: &[KeyContext], keys: &[Key]) -> KeyMeaning {
        for context in contexts {
            let mut leads = false;
            for row in self.rows(*context) {
                for sequence in &row.keys {
                    if sequence.keys() == keys {
                        return KeyMeaning::Action(row.action);
                    }
                    leads |= sequence.keys().starts_with(keys);
                }
            }
            if leads {
                return KeyMeaning::Leader;
            }
        }
        KeyMeaning::Nothing
    }

    /// What can follow `keys`: the rest of each sequence, and its row.
    pub fn after(&self, contexts: &[KeyContext], keys: &[Key]) -> Vec<(String, &Binding)> {
        let mut found: Vec<(String, &Binding)> = Vec::new();
        for row in contexts.iter().flat_map(|context| self.rows(*context)) {
            for sequence in &row.keys {
                if let Some(rest) = sequence.keys().strip_prefix(keys)
                    && !rest.is_empty()
                {
                    let rest: Vec<String> = rest.iter().map(ToString::to_string).collect();
                    let rest = rest.join(" ");
                    if found.iter().all(|(known, _)| *known != rest) {
                        found.push((rest, row));
                    }
                }
            }
        }
        found
    }

    /// The first key of an action that works in `contexts`: it is not text there, and no context in
    /// front binds the same key.
    pub fn key_for(&self, action: Action, contexts: &[KeyContext]) -> Option<&KeySequence> {
        self.hint_for(action, contexts).map(|(keys, _)| keys)
    }

    /// The same with its row.
    pub fn hint_for(
        &self,
        action: Action,
        contexts: &[KeyContext],
    ) -> Option<(&KeySequence, &Binding)> {
        let rows = contexts.iter().flat_map(|context| self.rows(*context));
        rows.filter(|row| row.action == action)
            .flat_map(|row| row.keys.iter().map(move |keys| (keys, row)))
            .find(|(keys, _)| self.works(keys.keys(), action, contexts))
    }

    fn works(&self, keys: &[Key], action: Action, contexts: &[KeyContext]) -> bool {
        let is_text = contexts
            .iter()
            .any(|context| context.takes_as_text(keys[0]));
        !is_text && self.meaning(contexts, keys) == KeyMeaning::Action(action)
    }

    /// Whether the key cancels a sequence that has begun.
    pub fn cancels_sequence(&self, key: Key) -> bool {
        let cancel = KeyMeaning::Action(Action::App(AppAction::CancelSequence));
        self.meaning(&[KeyContext::Sequence], &[key]) == cancel
    }

    fn nearest(&self, name: &str) -> Option<&'static str> {
        self.bindings
            .iter()
            .map(|row| row.action.name())
            .map(|known| (strsim::damerau_levenshtein(name, known), known))
            .min()
            .filter(|(distance, _)| *distance <= name.len().max(4) / 2)
            .map(|(_, known)| known)
    }

    /// Finds keys with two meanings, and keys that can never be pressed.
    fn check(&self) -> Result<(), KeymapError> {
        let rows = self.bindings.iter().enumerate();
        let pairs = || {
            let rows = rows.clone();
            rows.flat_map(|(i, row)| self.bindings[i + 1..].iter().map(move |other| (row, other)))
        };
        for (row, other) in pairs() {
            if other.context == row.context && other.action != row.action {
                conflict(row, other)?;
            }
        }
        for row in &self.bindings {
            self.check_row(row)?;
        }
        for (row, other) in pairs().filter(|(row, other)| other.context.is_beside(row.context)) {
            unreachable(row, other)?;
            unreachable(other, row)?;
        }
        Ok(())
    }

    fn check_row(&self, row: &Binding) -> Result<(), KeymapError> {
        let action = row.action.name();
        for (i, keys) in row.keys.iter().enumerate() {
            let before = &row.keys[..i];
            if before.contains(keys) {
                let keys = keys.to_string();
                return Err(KeymapError::Twice { keys, action });
            }
            if let Some(other) = before.iter().find(|other| other.clashes(keys)) {
                let shorter_first = other.keys().len() < keys.keys().len();
                let (shorter, longer) = if shorter_first {
                    (other, keys)
                } else {
                    (keys, other)
                };
                return Err(too_long(row, (longer, shorter), row));
            }
            self.check_sequence(keys, row.action)?;
            let is_text = |row: &Binding| row.context.takes_as_text(keys.keys()[0]);
            let mut own = self
                .bindings
                .iter()
                .filter(|other| other.action == row.action);
            if keys.keys()[0].typed().is_some() && own.all(is_text) {
                let keys = keys.to_string();
                return Err(KeymapError::Typed { keys, action });
            }
        }
        Ok(())
    }

    /// The key that cancels a sequence is a single key, and part of no sequence.
    fn check_sequence(&self, keys: &KeySequence, action: Action) -> Result<(), KeymapError> {
        let (keys, name, presses) = (keys.to_string(), action.name(), keys.keys());
        let cancels = action == Action::App(AppAction::CancelSequence);
        if cancels && presses.len() > 1 {
            return Err(KeymapError::NotOneKey { keys, action: name });
        }
        match presses
            .iter()
            .skip(1)
            .find(|key| self.cancels_sequence(**key))
        {
            Some(reserved) => Err(KeymapError::Reserved {
                keys,
                action: name,
                reserved: reserved.to_string(),
            }),
            None => Ok(()),
        }
    }
}

/// Two actions of one context with the same key, or one whose sequence begins with the other's.
fn conflict(row: &Binding, other: &Binding) -> Result<(), KeymapError> {
    for keys in &row.keys {
        if other.keys.iter().any(|theirs| theirs.clashes(keys)) {
            return Err(KeymapError::Conflict {
                keys: keys.to_string(),
                context: row.context.place(),
                first: row.action.name(),
                second: other.action.name(),
            });
        }
    }
    Ok(())
}

/// A sequence of `row` that begins with a key of `other`, where both are active. The same key twice
/// is intended: the context in front wins.
fn unreachable(row: &Binding, other: &Binding) -> Result<(), KeymapError> {
    for longer in &row.keys {
        for shorter in &other.keys {
            if longer != shorter && longer.keys().starts_with(shorter.keys()) {
                return Err(too_long(row, (longer, shorter), other));
            }
        }
    }
    Ok(())
}

fn too_long(
    row: &Binding,
    (longer, shorter): (&KeySequence, &KeySequence),
    other: &Binding,
) -> KeymapError {
    KeymapError::Unreachable {
        longer: longer.to_string(),
        shorter: shorter.to_string(),
        action: row.action.name(),
        other: format!("`{}` {}", other.action.name(), other.context.place()),
        other_action: other.action.name(),
    }
}

#[cfg(test)]
mod tests;
