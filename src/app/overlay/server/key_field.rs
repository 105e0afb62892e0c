//! A field for a provider's key. It shows how much was typed, and never what.

use std::fmt;

use crate::app::input::key::{Key, KeyCode};
use crate::domain::server::{ProviderKey, ServerCommand};

/// No provider's key is longer.
const LONGEST: usize = 8_192;

#[derive(Clone, PartialEq, Eq)]
pub(in crate::app) struct KeyField {
    provider: String,
    /// The provider's, for the screen.
    name: String,
    typed: String,
}

impl fmt::Debug for KeyField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let typed = self.typed.chars().count();
        write!(f, "KeyField({}, {typed} characters)", self.provider)
    }
}

impl KeyField {
    pub(in crate::app) fn new(provider: String, name: String) -> Self {
        Self {
            provider,
            name,
            typed: String::new(),
        }
    }

    pub(in crate::app) fn type_key(&mut self, key: Key) {
        match (key.code, key.ctrl, key.alt) {
            (KeyCode::Char(c), false, false) => self.add(c),
            (KeyCode::Backspace, false, false) | (KeyCode::Char('h'), true, false) => {
                self.typed.pop();
            }
            (KeyCode::Char('u' | 'w'), true, false) | (KeyCode::Backspace, _, _) => {
                self.typed.clear();
            }
            _ => {}
        }
    }

    pub(in crate::app) fn paste(&mut self, text: &str) {
        text.chars().for_each(|c| self.add(c));
    }

    /// No key has blanks: those of a paste are from around it.
    fn add(&mut self, c: char) {
        if !c.is_control() && !c.is_whitespace() && self.typed.len() < LONGEST {
            self.typed.push(c);
        }
    }

    /// The provider's name, for the screen.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// How many characters were typed.
    pub(super) fn typed(&self) -> usize {
        self.typed.chars().count()
    }

    /// What stores the key; the field again if nothing is typed.
    pub(in crate::app) fn into_command(self) -> Result<ServerCommand, Self> {
        if self.typed.is_empty() {
            return Err(self);
        }
        Ok(ServerCommand::SetProviderKey {
            provider: self.provider,
            key: ProviderKey::new(self.typed),
        })
    }
}
