//! `rules.toml` on disk: read anew for each request, replaced whole, for its owner alone.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use super::text;
use crate::domain::rule::Rule;
use crate::os::regular_file;

#[derive(Debug, thiserror::Error)]
pub enum RulesError {
    #[error("the rules in {} cannot be read: {source}", path.display())]
    Unreadable { path: PathBuf, source: io::Error },
    #[error("the rules in {} are not valid: {what}", path.display())]
    Invalid { path: PathBuf, what: String },
    #[error("the rules could not be read: {0}")]
    Stopped(String),
    #[error("the rules in {} cannot be changed: {source}", path.display())]
    Unwritable { path: PathBuf, source: io::Error },
}

/// The file of rules; it may not exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RulesFile(PathBuf);

impl RulesFile {
    /// The one beside `config.toml`.
    pub fn in_dir(config_dir: &Path) -> Self {
        Self(config_dir.join("rules.toml"))
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    /// All rules; a missing file has none.
    ///
    /// # Errors
    /// The file is there, and is unreadable or invalid.
    pub fn load(&self) -> Result<Vec<Rule>, RulesError> {
        text::parse(&self.read()?).map_err(|what| self.invalid(&what))
    }

    /// Adds rules at the end.
    ///
    /// # Errors
    /// Nothing is changed then.
    pub fn add(&self, rules: &[Rule]) -> Result<(), RulesError> {
        self.edit(|before| text::with(before, rules))
    }

    /// Removes the rule at this index, if it is still this one.
    ///
    /// # Errors
    /// Nothing is changed then.
    pub fn remove(&self, at: usize, rule: &Rule) -> Result<(), RulesError> {
        self.edit(|before| match text::parse(before)?.get(at) {
            Some(there) if there == rule => text::without(before, at),
            _ => Err("the file has changed meanwhile".to_owned()),
        })
    }

    fn read(&self) -> Result<String, RulesError> {
        let unreadable = |source| RulesError::Unreadable {
            path: self.0.clone(),
            source,
        };
        match regular_file::read(&self.0, regular_file::SMALL) {
            Ok(bytes) => {
                String::from_utf8(bytes).map_err(|_| self.invalid("this is not UTF-8 text"))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(String::new()),
            Err(error) => Err(unreadable(error)),
        }
    }

    fn invalid(&self, what: &str) -> RulesError {
        RulesError::Invalid {
            path: self.0.clone(),
            what: what.trim_end().to_owned(),
        }
    }

    /// Other processes add rules too, so the directory is locked meanwhile.
    fn edit(&self, change: impl FnOnce(&str) -> Result<String, String>) -> Result<(), RulesError> {
        let unwritable = |source| RulesError::Unwritable {
            path: self.0.clone(),
            source,
        };
        // A link stays one.
        let path = self.0.canonicalize().unwrap_or_else(|_| self.0.clone());
        let dir = path.parent().unwrap_or(Path::new("/"));
        let mut how = DirBuilder::new();
        how.recursive(true)
            .mode(0o700)
            .create(dir)
            .map_err(unwritable)?;
        let lock = File::open(dir).map_err(unwritable)?;
        lock.lock().map_err(unwritable)?;
        let edited = change(&self.read()?).map_err(|what| self.invalid(&what))?;
        replace(&path, &edited).map_err(unwritable)
    }
}

/// Replaces the file, so that it is never half written.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".tmp-{}", std::process::id()));
    let temp = Path::new(&name);
    let write = || {
        let mut how = OpenOptions::new();
        how.write(true).create_new(true).mode(0o600);
        let mut file = how.open(temp)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(temp, path)
    };
    // One may be left from a process that died.
    let _ = fs::remove_file(temp);
    write().inspect_err(|_| {
        // It may not exist; it matters only that no partial file stays.
        let _ = fs::remove_file(temp);
    })
}
