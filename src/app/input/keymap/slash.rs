//! The actions that a `/` in the composer can name.

use super::table;
use crate::app::action::Action;

/// An action with a name after a slash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SlashAction {
    pub action: Action,
    /// Never empty; the first one is shown.
    pub names: &'static [&'static str],
    /// What it does, in one line.
    pub what: &'static str,
}

/// All of them, in the table's order.
pub fn slash_actions() -> impl Iterator<Item = SlashAction> {
    let rows = table::rows().filter(|row| !row.slash.is_empty());
    rows.map(|row| SlashAction {
        action: row.action,
        names: row.slash,
        what: row.what,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_two_actions_have_the_same_name() {
        let mut known = HashSet::new();
        for name in slash_actions().flat_map(|own| own.names) {
            assert!(known.insert(*name), "/{name}");
            assert!(!name.is_empty() && !name.contains(char::is_whitespace));
        }
    }
}
