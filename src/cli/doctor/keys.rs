//! Where each key comes from, and why the keyring does not have more. Never a value.

use super::check::Check;
use crate::cli::setup::keyring::KeyringLookup;
use crate::config::Config;
use crate::os::keyring::KeyringError;

pub(super) fn keys(config: &Config, looked: &KeyringLookup) -> Check {
    let rows = config.report().into_iter().filter(|row| row.is_secret);
    let lookup = rows.map(|row| format!("{}: {}", row.name, row.source));
    let keyring = if config.keyring_bus().is_some() {
        Some(looked)
    } else {
        None
    };
    key_check(&lookup.collect::<Vec<_>>(), keyring)
}

/// `None`: the keyring is not asked.
fn key_check(lookup: &[String], looked: Option<&KeyringLookup>) -> Check {
    let name = "keys";
    let none = || "none".to_owned();
    let lookup = if lookup.is_empty() {
        none()
    } else {
        lookup.join(", ")
    };
    let Some(looked) = looked else {
        return Check::ok(name, format!("{lookup}; the keyring is off"));
    };
    if !looked.locked.is_empty() {
        let names = looked.locked.join(", ");
        let fix = "unlock it in your desktop; sandbar does not unlock it";
        return Check::note(
            name,
            format!("{lookup}; the keyring is locked: {names}"),
            fix,
        );
    }
    if let Some((unusable, why)) = looked.unusable.first() {
        let found = format!("{lookup}; the keyring's {unusable} is not a usable key: {why}");
        let fix =
            format!("secret-tool store --label={unusable} service sandbar account {unusable}");
        return Check::note(name, found, fix);
    }
    match &looked.error {
        Some(error @ KeyringError::Hangs(_)) => {
            Check::note(name, format!("{lookup}; {error}"), "set keyring = false")
        }
        Some(error) => Check::ok(name, format!("{lookup}; {error}")),
        None => Check::ok(name, lookup),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn keys_are_told_by_where_they_come_from_and_what_the_keyring_lacks() {
        let lookup = ["E2B_API_KEY: env E2B_API_KEY".to_owned()];
        let locked = KeyringLookup {
            locked: vec!["OPENAI_API_KEY".to_owned()],
            ..KeyringLookup::default()
        };
        let unusable = KeyringLookup {
            unusable: vec![("OPENAI_API_KEY".to_owned(), "it is empty")],
            ..KeyringLookup::default()
        };
        let failed = |error| KeyringLookup {
            error: Some(error),
            ..KeyringLookup::default()
        };
        let said = [
            key_check(&lookup, Some(&KeyringLookup::default())),
            key_check(&[], None),
            key_check(&lookup, Some(&locked)),
            key_check(&[], Some(&unusable)),
            key_check(&lookup, Some(&failed(KeyringError::Missing))),
            key_check(
                &[],
                Some(&failed(KeyringError::Hangs(Duration::from_secs(1)))),
            ),
        ];
        let said = said.map(|check| format!("{:?}: {}; {}", check.state, check.found, check.fix));

        insta::assert_snapshot!(said.join("\n"));
    }
}
