//! Passwords that the user typed while the program ran. They are kept in memory only, and take the place of the
//! variables that a [`CredentialRef::Env`](crate::domain::session::CredentialRef::Env) names.

use std::collections::HashMap;
use std::fmt;
use std::sync::{PoisonError, RwLock};

use secrecy::SecretString;

/// Receives each password, so that logs can be redacted.
type PasswordListener = Box<dyn Fn(&SecretString) + Send + Sync>;

/// The passwords by the variable whose place they take.
pub struct TypedPasswords {
    heard: PasswordListener,
    values: RwLock<HashMap<String, SecretString>>,
}

impl fmt::Debug for TypedPasswords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TypedPasswords")
    }
}

impl Default for TypedPasswords {
    fn default() -> Self {
        Self::new(|_| {})
    }
}

impl TypedPasswords {
    /// `heard` receives each password before it is used.
    pub fn new(heard: impl Fn(&SecretString) + Send + Sync + 'static) -> Self {
        Self {
            heard: Box::new(heard),
            values: RwLock::default(),
        }
    }

    pub(super) fn get(&self, variable: &str) -> Option<SecretString> {
        let values = self.values.read().unwrap_or_else(PoisonError::into_inner);
        values.get(variable).cloned()
    }

    pub(super) fn set(&self, variable: &str, password: SecretString) {
        (self.heard)(&password);
        let mut values = self.values.write().unwrap_or_else(PoisonError::into_inner);
        values.insert(variable.to_owned(), password);
    }
}
