//! A field for a secret, which is shown as dots: `view/secret_entry.rs` draws it.
//!
//! What is asked for, and what becomes of it, is the root's business; a new kind of secret is a new
//! [`SecretPurpose`]. The code of a login is typed into a [`SecretField`] of its own.

use crate::app::input::backspace::erased;
use crate::app::input::key::{Key, KeyCode};
use crate::domain::id::SessionKey;
use crate::domain::secret::SecretText;
use crate::domain::server::login::LoginAnswers;

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
        /// What else the provider has to know.
        answers: LoginAnswers,
    },
}

/// No password, no key and no code is longer.
const LONGEST: usize = 8_192;

/// What was typed so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::app) struct SecretEntry {
    purpose: SecretPurpose,
    field: SecretField,
}

/// The field itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::app) struct SecretField {
    typed: SecretText,
    /// Blanks are part of it.
    takes_blanks: bool,
}

impl SecretEntry {
    pub(in crate::app) fn new(purpose: SecretPurpose) -> Self {
        let field = match purpose {
            SecretPurpose::ServerPassword(_) => SecretField {
                typed: SecretText::default(),
                takes_blanks: true,
            },
            SecretPurpose::ProviderKey { .. } => SecretField::without_blanks(),
        };
        Self { purpose, field }
    }

    pub(in crate::app) fn purpose(&self) -> &SecretPurpose {
        &self.purpose
    }

    pub(in crate::app) fn into_typed(self) -> (SecretPurpose, SecretText) {
        (self.purpose, self.field.typed)
    }

    pub(super) fn field(&self) -> &SecretField {
        &self.field
    }

    pub(super) fn field_mut(&mut self) -> &mut SecretField {
        &mut self.field
    }
}

impl SecretField {
    /// A password may have blanks; a key or a code has none, and those of a paste are from around it.
    pub(super) fn without_blanks() -> Self {
        Self {
            typed: SecretText::default(),
            takes_blanks: false,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.typed.is_empty()
    }

    /// Takes what was typed; the field is empty then.
    pub(super) fn take(&mut self) -> SecretText {
        std::mem::take(&mut self.typed)
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

    fn add(&mut self, c: char) {
        let is_part = !c.is_control() && (self.takes_blanks || !c.is_whitespace());
        if is_part && self.typed.expose().len() < LONGEST {
            self.typed.push(c);
        }
    }

    /// How many characters were typed.
    pub(super) fn typed_chars(&self) -> usize {
        self.typed.expose().chars().count()
    }
}
