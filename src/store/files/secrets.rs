//! The secrets that give access to a session's sandbox: one file per session, for this user alone.
//!
//! `secrets/<key>.json` has mode 0600 in a directory of mode 0700 and is replaced atomically. Nothing here prints a
//! secret: not `Debug`, not an error.
//!
//! The calls are short and block; async tasks wrap them in `spawn_blocking`.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};

use crate::domain::id::SessionKey;
use crate::os::regular_file;
use crate::store::error::StoreError;
use crate::store::files::{file_name, replace_private};

/// A session's secrets; any of them may be missing.
#[derive(Clone, Default)]
pub struct Secrets {
    pub opencode_password: Option<SecretString>,
    pub envd_access_token: Option<SecretString>,
    /// Sent as `e2b-traffic-access-token`.
    pub traffic_access_token: Option<SecretString>,
    /// The domain of the sandbox's hosts. Not secret, but learnt together with the tokens.
    pub domain: String,
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secrets(..)")
    }
}

/// The secret files in a store's directory.
#[derive(Debug, Clone)]
pub struct SecretFiles {
    dir: PathBuf,
}

impl SecretFiles {
    /// `dir` is the store's directory. Touches nothing yet.
    pub fn new(dir: &Path) -> Self {
        Self {
            dir: dir.join("secrets"),
        }
    }

    /// Returns the session's secrets; `None` if there is no file.
    pub fn load(&self, key: &SessionKey) -> Result<Option<Secrets>, StoreError> {
        let path = self.path(key)?;
        let text = match regular_file::read(&path, regular_file::SMALL) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(StoreError::file("read", path, source)),
        };
        match serde_json::from_slice::<SecretsRow>(&text) {
            Ok(row) => Ok(Some(row.into())),
            // The parser's message may quote the content.
            Err(_) => Err(StoreError::BadSecrets { path }),
        }
    }

    /// Replaces the session's secrets.
    pub fn save(&self, key: &SessionKey, secrets: &Secrets) -> Result<(), StoreError> {
        let path = self.path(key)?;
        let row = serde_json::to_vec(&SecretsRow::from(secrets));
        let row = row.map_err(|error| StoreError::file("write", &path, error.into()))?;
        replace_private(&path, &row)
    }

    /// Deletes the session's secrets; succeeds if there are none.
    pub fn remove(&self, key: &SessionKey) -> Result<(), StoreError> {
        let path = self.path(key)?;
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(StoreError::file("remove", path, error))
            }
            _ => Ok(()),
        }
    }

    fn path(&self, key: &SessionKey) -> Result<PathBuf, StoreError> {
        Ok(self.dir.join(format!("{}.json", file_name(key)?)))
    }
}

#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct SecretsRow {
    opencode_password: Option<String>,
    envd_access_token: Option<String>,
    traffic_access_token: Option<String>,
    domain: String,
}

impl From<&Secrets> for SecretsRow {
    fn from(secrets: &Secrets) -> Self {
        let exposed = |secret: &Option<SecretString>| {
            secret
                .as_ref()
                .map(|secret| secret.expose_secret().to_owned())
        };
        Self {
            opencode_password: exposed(&secrets.opencode_password),
            envd_access_token: exposed(&secrets.envd_access_token),
            traffic_access_token: exposed(&secrets.traffic_access_token),
            domain: secrets.domain.clone(),
        }
    }
}

impl From<SecretsRow> for Secrets {
    fn from(row: SecretsRow) -> Self {
        Self {
            opencode_password: row.opencode_password.map(Into::into),
            envd_access_token: row.envd_access_token.map(Into::into),
            traffic_access_token: row.traffic_access_token.map(Into::into),
            domain: row.domain,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn secrets() -> Secrets {
        Secrets {
            opencode_password: Some("hunter2".into()),
            envd_access_token: Some("token".into()),
            traffic_access_token: None,
            domain: "e2b.app".to_owned(),
        }
    }

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn secrets_can_be_loaded_until_they_are_removed() {
        let dir = tempfile::tempdir().unwrap();
        let (files, key) = (SecretFiles::new(dir.path()), "one".into());
        assert!(files.load(&key).unwrap().is_none());

        files.save(&key, &Secrets::default()).unwrap();
        files.save(&key, &secrets()).unwrap();

        let loaded = files.load(&key).unwrap().unwrap();
        assert_eq!(loaded.opencode_password.unwrap().expose_secret(), "hunter2");
        assert_eq!(loaded.envd_access_token.unwrap().expose_secret(), "token");
        assert!(loaded.traffic_access_token.is_none());
        assert_eq!(loaded.domain, "e2b.app");
        files.remove(&key).unwrap();
        files.remove(&key).unwrap();
        assert!(files.load(&key).unwrap().is_none());
    }

    #[test]
    fn only_this_user_may_read_the_file_and_nothing_else_is_left() {
        let dir = tempfile::tempdir().unwrap();
        let files = SecretFiles::new(dir.path());

        files.save(&"one".into(), &secrets()).unwrap();

        let folder = dir.path().join("secrets");
        assert_eq!(mode(&folder), 0o700);
        assert_eq!(mode(&folder.join("one.json")), 0o600);
        assert_eq!(fs::read_dir(folder).unwrap().count(), 1);
    }

    #[test]
    fn a_key_cannot_leave_the_directory() {
        let dir = tempfile::tempdir().unwrap();
        let files = SecretFiles::new(dir.path());

        for key in ["", ".", "..", "../one", "a/b", "/etc/x", "a\0b", "ä"] {
            let saved = files.save(&key.into(), &secrets());
            assert!(matches!(saved, Err(StoreError::BadKey { .. })), "{key:?}");
        }
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    }

    #[test]
    fn neither_debug_nor_an_error_shows_a_secret() {
        let dir = tempfile::tempdir().unwrap();
        let (files, key) = (SecretFiles::new(dir.path()), "one".into());
        files.save(&key, &secrets()).unwrap();
        let path = dir.path().join("secrets/one.json");
        fs::write(&path, "{\"opencode_password\": hunter2").unwrap();

        let error = files.load(&key).unwrap_err();

        let said = format!("{:?} {error} {error:?}", secrets());
        assert!(
            !said.contains("hunter2") && !said.contains("token"),
            "{said}"
        );
    }
}
