//! A secret that the user types, on its way to where it is used.

use std::fmt;

/// Text that may be neither shown nor logged: what prints it prints dots. Whoever uses it outside
/// of the model makes a `secrecy` type of it.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct SecretText(String);

impl SecretText {
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself: only for what needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn push(&mut self, c: char) {
        self.0.push(c);
    }

    /// Removes this many characters from the end.
    pub fn drop_last(&mut self, count: usize) {
        for _ in 0..count {
            self.0.pop();
        }
    }

    pub fn clear(&mut self) {
        self.0.clear();
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_empty() { "empty" } else { "…" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_printed_as_dots() {
        let mut secret = SecretText::new("swordfish");

        assert_eq!(format!("{secret:?}"), "…");
        secret.drop_last(4);
        assert_eq!(secret.expose(), "sword");
        secret.clear();
        assert!(secret.is_empty());
    }
}
