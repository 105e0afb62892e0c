//! Looks up keys by name in the desktop's keyring.
//!
//! Input: the address of the session bus, and names. Output: for each name the key, or why there is
//! none. Keys are found by the attributes `service=sandbar` and `account=NAME`, which `secret-tool
//! store --label=NAME service sandbar account NAME` sets. Nothing is written, and nothing is
//! unlocked: that would prompt the user in the middle of something else. It knows no configuration
//! and no session.
//!
//! Source: the Secret Service API of freedesktop.org, 0.2 (`OpenSession`, `SearchItems`,
//! `GetSecret`). Secrets are transferred with the algorithm `plain`: the bus is a socket of this
//! user, who can read them anyway.

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::time::Duration;

use futures::future::join_all;
use secrecy::SecretString;
use zbus::connection::Builder;
use zbus::{Connection, ObjectPath, OwnedObjectPath, OwnedVariant, Variant, fdo};

const SERVICE: &str = "org.freedesktop.secrets";
const PATH: &str = "/org/freedesktop/secrets";
const SERVICE_INTERFACE: &str = "org.freedesktop.Secret.Service";
const ITEM_INTERFACE: &str = "org.freedesktop.Secret.Item";

/// The time limit of a whole look-up: a keyring that hangs must not delay the user.
const LIMIT: Duration = Duration::from_secs(1);
/// The most bytes of a key.
const LONGEST: usize = 8 * 1024;

/// How to reach the keyring.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keyring {
    bus: String,
    limit: Duration,
}

/// The keyring's entry for a name.
#[derive(Debug, Clone)]
pub enum KeyringEntry {
    Key(SecretString),
    /// In a collection that is locked.
    Locked,
    /// The stored value is not a key, for this reason.
    Unusable(&'static str),
}

/// Why the keyring could not be searched.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyringError {
    #[error("the session bus has no keyring")]
    Missing,
    #[error("the keyring did not answer within {} ms", .0.as_millis())]
    Hangs(Duration),
    /// The text may come from another program.
    #[error("the keyring cannot be read: {0}")]
    Failed(String),
}

impl From<zbus::Error> for KeyringError {
    fn from(error: zbus::Error) -> Self {
        match error {
            zbus::Error::FDO(error)
                if matches!(
                    *error,
                    fdo::Error::ServiceUnknown(_) | fdo::Error::NameHasNoOwner(_)
                ) =>
            {
                Self::Missing
            }
            error => Self::Failed(error.to_string()),
        }
    }
}

impl Keyring {
    /// `bus` is a D-Bus address. Does not connect yet.
    pub fn new(bus: impl Into<String>) -> Self {
        let bus = bus.into();
        Self { bus, limit: LIMIT }
    }

    /// Looks up keys by these names; names without an entry are left out.
    pub async fn look_up(
        &self,
        names: &[String],
    ) -> Result<Vec<(String, KeyringEntry)>, KeyringError> {
        if names.is_empty() {
            return Ok(Vec::new());
        }
        let found = tokio::time::timeout(self.limit, self.ask(names)).await;
        found.unwrap_or(Err(KeyringError::Hangs(self.limit)))
    }

    async fn ask(&self, names: &[String]) -> Result<Vec<(String, KeyringEntry)>, KeyringError> {
        let bus = Builder::address(self.bus.as_str()).build().await?;
        let session = open_session(&bus).await?;
        let entries = names.iter().map(async |name| {
            let entry = entry(&bus, &session, name).await?;
            Ok::<_, KeyringError>(entry.map(|entry| (name.clone(), entry)))
        });
        let entries = join_all(entries).await.into_iter();
        entries.filter_map(Result::transpose).collect()
    }
}

async fn open_session(bus: &Connection) -> zbus::Result<OwnedObjectPath> {
    let algorithm = ("plain", Variant::from(""));
    let interface = Some(SERVICE_INTERFACE);
    let opened = bus.call_method(Some(SERVICE), PATH, interface, "OpenSession", &algorithm);
    let opened = opened.await?;
    let (_, session): (OwnedVariant, OwnedObjectPath) = opened.body().deserialize()?;
    Ok(session)
}

async fn entry(
    bus: &Connection,
    session: &ObjectPath<'_>,
    name: &str,
) -> zbus::Result<Option<KeyringEntry>> {
    let attributes = HashMap::from([("service", "sandbar"), ("account", name)]);
    let interface = Some(SERVICE_INTERFACE);
    let found = bus.call_method(Some(SERVICE), PATH, interface, "SearchItems", &attributes);
    let found = found.await?;
    let (open, locked): (Vec<OwnedObjectPath>, Vec<OwnedObjectPath>) =
        found.body().deserialize()?;
    let Some(item) = open.into_iter().next() else {
        return Ok((!locked.is_empty()).then_some(KeyringEntry::Locked));
    };
    let interface = Some(ITEM_INTERFACE);
    let secret = bus.call_method(Some(SERVICE), item, interface, "GetSecret", session);
    let secret = secret.await?;
    let body = secret.body();
    let ((_, _, value, _),): ((OwnedObjectPath, Vec<u8>, Vec<u8>, String),) = body.deserialize()?;
    Ok(Some(key(value)))
}

/// Converts a stored value to a key. A value that was piped into the keyring ends with a line end.
fn key(value: Vec<u8>) -> KeyringEntry {
    let Ok(text) = String::from_utf8(value) else {
        return KeyringEntry::Unusable("it is not text");
    };
    let text = text.trim_end_matches(['\r', '\n']);
    match text {
        "" => KeyringEntry::Unusable("it is empty"),
        text if text.len() > LONGEST => KeyringEntry::Unusable("it is longer than any key"),
        text if text.contains(char::is_control) => {
            KeyringEntry::Unusable("it has more than one line")
        }
        text => KeyringEntry::Key(text.into()),
    }
}
