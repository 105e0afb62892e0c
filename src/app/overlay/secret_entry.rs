//! A field for a secret, which is shown as dots: `view/secret_entry.rs` draws it.
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
    /// The server of the session on the screen is given it.
    ProviderKey {
        provider: String,
        /// The provider's name, for the screen.
        name: String,
    },
}

/// No password and no key is longer.
const LONGEST: usize = 8_192;

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
            (KeyCode::Char(c), false, false) => self.add(c),
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
        text.chars().for_each(|c| self.add(c));
    }

    /// A password may have blanks; a key has none, and those of a paste are from around it.
    fn add(&mut self, c: char) {
        let is_part = match self.purpose {
            SecretPurpose::ServerPassword(_) => !c.is_control(),
            SecretPurpose::ProviderKey { .. } => !c.is_control() && !c.is_whitespace(),
        };
        if is_part && self.typed.expose().len() < LONGEST {
            self.typed.push(c);
        }
    }

    /// How many characters were typed.
    pub(super) fn typed_chars(&self) -> usize {
        self.typed.expose().chars().count()
    }
}
