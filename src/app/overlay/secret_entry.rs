//! A field for a secret, which is shown as dots: `view_secret_entry` draws it.
//!
//! What is asked for, and what becomes of it, is the root's business; a new kind of secret is a new
//! [`SecretPurpose`].

use crate::app::input::backspace::erased;
use crate::app::input::key::{Key, KeyCode};
use crate::domain::id::SessionKey;
use crate::domain::secret::SecretText;

/// What the secret is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::app) enum SecretPurpose {
    /// The server that this session is attached to.
    ServerPassword(SessionKey),
}

/// What was typed so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::app) struct SecretEntry {
    purpose: SecretPurpose,
    typed: SecretText,
}

impl SecretEntry {
    pub(in crate::app) fn new(purpose: SecretPurpose) -> Self {
        Self {
            purpose,
            typed: SecretText::default(),
        }
    }

    pub(in crate::app) fn purpose(&self) -> &SecretPurpose {
        &self.purpose
    }

    pub(in crate::app) fn into_typed(self) -> (SecretPurpose, SecretText) {
        (self.purpose, self.typed)
    }

    /// Handles an editing key.
    pub(super) fn type_key(&mut self, key: Key) {
        match (key.code, key.ctrl, key.alt) {
            (KeyCode::Char(c), false, false) if !c.is_control() => self.typed.push(c),
            (KeyCode::Backspace, false, false) | (KeyCode::Char('h'), true, false) => {
                self.typed.drop_last(erased(self.typed.expose()));
            }
            (KeyCode::Char('u' | 'w'), true, false) | (KeyCode::Backspace, _, _) => {
                self.typed.clear();
            }
            _ => {}
        }
    }

    /// A secret has no line ends: those around a copied one are dropped, and no other is sent off
    /// by one.
    pub(super) fn paste(&mut self, text: &str) {
        for c in text.chars().filter(|c| !c.is_control()) {
            self.typed.push(c);
        }
    }

    /// How many characters were typed.
    pub(super) fn typed_chars(&self) -> usize {
        self.typed.expose().chars().count()
    }
}
