//! Keys that are not in the configuration and may be in the keyring. They are read once, when the first is needed,
//! so that the first frame does not wait for a keyring.

use std::fmt;

use secrecy::SecretString;
use tokio::sync::OnceCell;

use crate::os::keyring::{Keyring, KeyringEntry};

/// Receives each key, so that logs can be redacted.
type KeyListener = Box<dyn Fn(&SecretString) + Send + Sync>;

/// The keyring's answer, awaited once.
pub struct LazyKeyring {
    keyring: Keyring,
    /// The name of the account's key. The others are model providers' keys.
    account: String,
    names: Vec<String>,
    heard: KeyListener,
    found: OnceCell<KeyringAnswer>,
}

#[derive(Default)]
struct KeyringAnswer {
    keys: Vec<(String, SecretString)>,
    /// Why keys could not be read; empty if the keyring has none.
    trouble: String,
}

impl fmt::Debug for LazyKeyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.names).finish()
    }
}

impl LazyKeyring {
    /// `names` are the missing keys, including `account` if that is missing.
    pub fn new(
        keyring: Keyring,
        account: &str,
        names: Vec<String>,
        heard: impl Fn(&SecretString) + Send + Sync + 'static,
    ) -> Self {
        Self {
            keyring,
            account: account.to_owned(),
            names,
            heard: Box::new(heard),
            found: OnceCell::new(),
        }
    }

    /// The account's key, or why it cannot be read.
    pub(in crate::session) async fn account(&self) -> Result<SecretString, String> {
        let found = self.found().await;
        let key = found.keys.iter().find(|(name, _)| *name == self.account);
        let key = key.map(|(_, key)| key.clone());
        key.ok_or_else(|| found.trouble.clone())
    }

    pub(in crate::session) async fn provider_keys(&self) -> Vec<(String, SecretString)> {
        let found = self.found().await;
        let keys = found.keys.iter().filter(|(name, _)| *name != self.account);
        keys.cloned().collect()
    }

    async fn found(&self) -> &KeyringAnswer {
        self.found.get_or_init(|| self.look_up()).await
    }

    async fn look_up(&self) -> KeyringAnswer {
        let mut found = KeyringAnswer::default();
        let entries = match self.keyring.look_up(&self.names).await {
            Ok(entries) => entries,
            Err(error) => {
                tracing::info!(%error, "no key comes from the keyring");
                found.trouble = format!("; {error}");
                return found;
            }
        };
        for (name, entry) in entries {
            let why = match entry {
                KeyringEntry::Key(key) => {
                    (self.heard)(&key);
                    found.keys.push((name, key));
                    continue;
                }
                KeyringEntry::Locked => "it is locked",
                KeyringEntry::Unusable(why) => why,
            };
            tracing::warn!(name, why, "a key of the keyring cannot be used");
            if name == self.account {
                found.trouble = format!("; the keyring has it, but {why}");
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn without_a_keyring_there_is_no_key_and_the_reason_is_reported() {
        let nowhere = Keyring::new("unix:path=/nonexistent/bus");
        let names = vec!["E2B_API_KEY".to_owned()];
        let keys = LazyKeyring::new(nowhere, "E2B_API_KEY", names, |_| {});

        let told = keys.account().await.unwrap_err();

        assert!(told.starts_with("; the keyring cannot be read: "), "{told}");
        assert!(keys.provider_keys().await.is_empty());
        assert_eq!(format!("{keys:?}"), "[\"E2B_API_KEY\"]");
    }
}
