//! Stored keys: `credentials.json`, one object of variable names and values, readable by its owner only.

use std::collections::BTreeMap;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use secrecy::SecretString;

use super::env::Env;
use super::value::{Sourced, ValueSource};
use crate::os::regular_file;

/// Stored keys by the variable that each stands for.
#[derive(Debug, Default)]
pub struct Credentials {
    keys: BTreeMap<String, SecretString>,
}

/// None of these messages contains anything from inside the file.
#[derive(Debug, thiserror::Error)]
pub enum CredentialsError {
    #[error("the stored keys in {} cannot be read: {source}", path.display())]
    Unreadable { path: PathBuf, source: io::Error },
    #[error(
        "others on this machine can read the stored keys in {path}\n  run: chmod 600 '{path}'",
        path = _0.display()
    )]
    Open(PathBuf),
    #[error(
        "the stored keys in {} are not a JSON object of strings (line {line})\n  \
         it looks like {{\"ANTHROPIC_API_KEY\": \"…\"}}",
        path.display()
    )]
    Garbled { path: PathBuf, line: usize },
}

impl Credentials {
    /// Reads the file; a missing one counts as empty.
    pub fn load(path: &Path) -> Result<Self, CredentialsError> {
        let unreadable = |source| CredentialsError::Unreadable {
            path: path.to_owned(),
            source,
        };
        let metadata = match std::fs::metadata(path) {
            Ok(metadata) => metadata,
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
                ) =>
            {
                return Ok(Self::default());
            }
            Err(error) => return Err(unreadable(error)),
        };
        regular_file::check(path).map_err(unreadable)?;
        if metadata.permissions().mode() & 0o077 != 0 {
            return Err(CredentialsError::Open(path.to_owned()));
        }
        let bytes = regular_file::read(path, regular_file::SMALL).map_err(unreadable)?;
        let keys = serde_json::from_slice(&bytes).map_err(|error| CredentialsError::Garbled {
            path: path.to_owned(),
            line: error.line(),
        })?;
        Ok(Self { keys })
    }

    /// Returns the variable's value: from the environment, otherwise the stored one.
    pub(super) fn pick(&self, env: &Env, name: &str) -> Option<Sourced<SecretString>> {
        if let Some(value) = env.text(name) {
            let source = ValueSource::Env(name.to_owned());
            return Some(Sourced::new(SecretString::from(value), source));
        }
        let stored = self.keys.get(name)?.clone();
        Some(Sourced::new(stored, ValueSource::Stored))
    }
}
