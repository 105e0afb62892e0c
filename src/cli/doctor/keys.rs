//! Where each key comes from, and what keeps the keyring from having more. Never a value.

use super::check::Check;
use crate::cli::keyring::KeyringLookup;
use crate::config::Config;
use crate::keyring::KeyringError;

pub(super) fn keys(config: &Config, looked: &KeyringLookup) -> Check {
    let rows = config.report().into_iter().filter(|row| row.is_secret);
    let known = rows.map(|row| format!("{}: {}", row.name, row.source));
    let keyring = if config.keyring_bus().is_some() {
        Some(looked)
    } else {
        None
    };
    told(&known.collect::<Vec<_>>(), keyring)
}

/// `None`: the keyring is not asked.
fn told(known: &[String], looked: Option<&KeyringLookup>) -> Check {
    let name = "keys";
    let none = || "none".to_owned();
    let known = if known.is_empty() {
        none()
    } else {
        known.join(", ")
    };
    let Some(looked) = looked else {
        return Check::ok(name, format!("{known}; the keyring is off"));
    };
    if !looked.locked.is_empty() {
        let names = looked.locked.join(", ");
        let fix = "unlock it as the desktop lets you; sandbar does not ask for that";
        return Check::note(
            name,
            format!("{known}; the keyring is locked: {names}"),
            fix,
        );
    }
    if let Some((unusable, why)) = looked.unusable.first() {
        let found = format!("{known}; the keyring's {unusable} is no key: {why}");
        let fix =
            format!("secret-tool store --label={unusable} service sandbar account {unusable}");
        return Check::note(name, found, fix);
    }
    match &looked.error {
        Some(error @ KeyringError::Hangs(_)) => {
            Check::note(name, format!("{known}; {error}"), "set keyring = false")
        }
        Some(error) => Check::ok(name, format!("{known}; {error}")),
        None => Check::ok(name, known),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn keys_are_told_by_where_they_come_from_and_what_the_keyring_lacks() {
        let known = ["E2B_API_KEY: env E2B_API_KEY".to_owned()];
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
            told(&known, Some(&KeyringLookup::default())),
            told(&[], None),
            told(&known, Some(&locked)),
            told(&[], Some(&unusable)),
            told(&known, Some(&failed(KeyringError::Missing))),
            told(
                &[],
                Some(&failed(KeyringError::Hangs(Duration::from_secs(1)))),
            ),
        ];
        let said = said.map(|check| format!("{:?}: {}; {}", check.state, check.found, check.fix));

        insta::assert_snapshot!(said.join("\n"));
    }
}
