//! The one table of keys: context, keys, action, hint.
//!
//! Lookup walks the contexts from the front: what lies on top, the focused pane, everywhere. The
//! help, the hints on the screen, `sandbar keys` and the table in the README are printed from here,
//! and the configuration changes it by action name.

mod binding;
mod table;

use super::action::Action;
use super::key::{Key, KeySequence};

pub use binding::{Binding, Context};

/// The whole table.
#[derive(Debug, Clone, PartialEq)]
pub struct Keymap {
    bindings: Vec<Binding>,
}

/// What keys mean so far.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Meaning {
    Action(Action),
    /// More keys must follow.
    Leader,
    Nothing,
}

/// Why a table of the user's cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeymapError {
    #[error("there is no action `{name}`{}", nearest.as_ref().map(|n| format!("; did you mean `{n}`?")).unwrap_or_default())]
    UnknownAction {
        name: String,
        nearest: Option<&'static str>,
    },
    #[error(
        "`{keys}` is bound to both `{first}` and `{second}` in {context}; give one of them another key"
    )]
    Conflict {
        keys: String,
        context: &'static str,
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
        /// The action that has the shorter one, and where, for people.
        other: String,
        other_action: &'static str,
    },
    #[error("`{keys}` of `{action}` would be typed as text; add ctrl or alt to it")]
    Typed { keys: String, action: &'static str },
}

impl KeymapError {
    /// Whether the keys of this action are a part of the mistake.
    pub fn concerns(&self, action: &str) -> bool {
        match self {
            Self::UnknownAction { name, .. } => name == action,
            Self::Conflict { first, second, .. } => *first == action || *second == action,
            Self::Twice { action: own, .. } | Self::Typed { action: own, .. } => *own == action,
            Self::Unreachable {
                action: own,
                other_action,
                ..
            } => *own == action || *other_action == action,
        }
    }
}

impl Default for Keymap {
    fn default() -> Self {
        Self {
            bindings: table::rows(),
        }
    }
}

impl Keymap {
    /// The default table with the keys of the named actions replaced; an empty list of keys takes
    /// them away.
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

    /// All rows, in the order of the help.
    pub fn bindings(&self) -> &[Binding] {
        &self.bindings
    }

    /// The rows of one context that have a key.
    pub fn rows(&self, context: Context) -> impl Iterator<Item = &Binding> {
        self.bindings
            .iter()
            .filter(move |row| row.context == context && !row.keys.is_empty())
    }

    /// What `keys`, pressed one after the other, mean where `contexts` hold; the first one wins.
    pub fn meaning(&self, contexts: &[Context], keys: &[Key]) -> Meaning {
        for context in contexts {
            let mut leads = false;
            for row in self.rows(*context) {
                for sequence in &row.keys {
                    if sequence.keys() == keys {
                        return Meaning::Action(row.action);
                    }
                    leads |= sequence.keys().starts_with(keys);
                }
            }
            if leads {
                return Meaning::Leader;
            }
        }
        Meaning::Nothing
    }

    /// What may follow `keys`: the rest of each sequence, and its row.
    pub fn after(&self, contexts: &[Context], keys: &[Key]) -> Vec<(String, &Binding)> {
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

    /// The first key of an action that works where `contexts` hold; a key that types a character
    /// counts only where nothing is typed.
    pub fn key_for(&self, action: Action, contexts: &[Context]) -> Option<&KeySequence> {
        let typing = contexts.iter().any(|context| context.is_typing());
        contexts
            .iter()
            .flat_map(|context| self.rows(*context))
            .filter(|row| row.action == action)
            .flat_map(|row| &row.keys)
            .find(|keys| !(typing && keys.keys()[0].typed().is_some()))
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

    /// Finds keys that mean two things, and keys that can mean nothing.
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
            let is_text = |row: &Binding| row.context.is_typing();
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
}

/// Two actions of one context with one key, or one that the other begins with.
fn conflict(row: &Binding, other: &Binding) -> Result<(), KeymapError> {
    for keys in &row.keys {
        if other.keys.iter().any(|theirs| theirs.clashes(keys)) {
            return Err(KeymapError::Conflict {
                keys: keys.to_string(),
                context: row.context.name(),
                first: row.action.name(),
                second: other.action.name(),
            });
        }
    }
    Ok(())
}

/// A sequence of `row` that begins with a key of `other`, where both hold. That two have the same key is
/// meant: the nearer one is taken.
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
        other: format!("`{}` in {}", other.action.name(), other.context.name()),
        other_action: other.action.name(),
    }
}

#[cfg(test)]
mod tests;
