//! Keys that neither the environment nor the credentials file has, from the desktop's keyring.
//!
//! Commands ask for what they need and wait; the terminal asks later, after the first frame.

use crate::cli::report;
use crate::config::own_log::Redactor;
use crate::config::{ACCOUNT_KEY, Config};
use crate::domain::sandbox::EngineKind;
use crate::os::keyring::{Keyring, KeyringEntry, KeyringError};
use crate::session::context::lazy_keyring::LazyKeyring;

/// The result of a keyring lookup, besides the keys.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::cli) struct KeyringLookup {
    pub(in crate::cli) locked: Vec<String>,
    /// Names, and why the value stored under each is not usable as a key.
    pub(in crate::cli) unusable: Vec<(String, &'static str)>,
    pub(in crate::cli) error: Option<KeyringError>,
}

/// The name of the account's key, if it is missing.
pub(in crate::cli) fn account(config: &Config) -> Vec<String> {
    let is_missing = config.e2b.api_key.is_none();
    let name = is_missing.then(|| ACCOUNT_KEY.to_owned());
    name.into_iter().collect()
}

/// The missing keys that a new session needs. With the demo model no other model's key is needed.
pub(in crate::cli) fn for_new(config: &Config, demo: bool) -> Vec<String> {
    let mut names = Vec::new();
    if config.engine.value == EngineKind::E2b {
        names = account(config);
    }
    if !demo {
        names.extend(config.missing_provider_keys());
    }
    names
}

/// All missing keys.
pub(in crate::cli) fn all(config: &Config) -> Vec<String> {
    let mut names = account(config);
    names.extend(config.missing_provider_keys());
    names
}

/// Adds the keys that the keyring has to the configuration.
pub(in crate::cli) async fn look_up(config: &mut Config, names: &[String]) -> KeyringLookup {
    let mut lookup = KeyringLookup::default();
    let Some(bus) = config.keyring_bus() else {
        return lookup;
    };
    match Keyring::new(bus).look_up(names).await {
        Ok(entries) => {
            for (name, entry) in entries {
                match entry {
                    KeyringEntry::Key(key) => config.add_from_keyring(name, key),
                    KeyringEntry::Locked => lookup.locked.push(name),
                    KeyringEntry::Unusable(why) => lookup.unusable.push((name, why)),
                }
            }
        }
        Err(error) => lookup.error = Some(error),
    }
    lookup
}

/// The same for a command, which reports unusable values on stderr.
pub(in crate::cli) async fn complete(config: &mut Config, names: &[String]) {
    let lookup = look_up(config, names).await;
    if let Some(error @ KeyringError::Hangs(_)) = &lookup.error {
        report::progress(format!("{error}; `keyring = false` turns it off"));
    }
    if !lookup.locked.is_empty() {
        report::progress(format!(
            "the keyring is locked: {}",
            lookup.locked.join(", ")
        ));
    }
    for (name, why) in lookup.unusable {
        report::progress(format!("the keyring's {name} is not a usable key: {why}"));
    }
}

/// The keys that the terminal asks the keyring for when it needs them; `None`: nothing is missing, or there is no
/// keyring.
pub(in crate::cli) fn later(
    config: &Config,
    demo: bool,
    redactor: Redactor,
) -> Option<LazyKeyring> {
    let names = for_new(config, demo);
    let bus = config.keyring_bus().filter(|_| !names.is_empty())?;
    let heard = move |key: &_| redactor.add(key);
    Some(LazyKeyring::new(
        Keyring::new(bus),
        ACCOUNT_KEY,
        names,
        heard,
    ))
}
