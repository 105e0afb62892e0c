//! The environment and the current directory, read once.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::{Path, PathBuf};

/// A snapshot of the environment and of the current directory.
///
/// `Debug` shows names only: values may be secrets.
#[derive(Clone, Default)]
pub struct Env {
    variables: BTreeMap<OsString, OsString>,
    directory: Option<PathBuf>,
}

impl Env {
    /// Takes the snapshot. Only `main` calls this.
    pub fn of_process() -> Self {
        Self {
            variables: std::env::vars_os().collect(),
            directory: std::env::current_dir().ok(),
        }
    }

    /// The current directory; `None` if it was removed or is not accessible.
    pub fn directory(&self) -> Option<&Path> {
        self.directory.as_deref()
    }

    /// Returns a variable that is set, not empty and valid text.
    pub fn text(&self, name: &str) -> Option<&str> {
        let value = self.variables.get(OsStr::new(name))?.to_str()?;
        (!value.is_empty()).then_some(value)
    }

    /// Returns a variable that is set and not empty as a path, whatever its bytes.
    pub fn path(&self, name: &str) -> Option<PathBuf> {
        let value = self.variables.get(OsStr::new(name))?;
        (!value.is_empty()).then(|| PathBuf::from(value))
    }

    /// The address of the D-Bus session bus, if there is one.
    pub(super) fn session_bus(&self) -> Option<String> {
        if let Some(address) = self.text("DBUS_SESSION_BUS_ADDRESS") {
            return Some(address.to_owned());
        }
        // systemd's location.
        let socket = self.path("XDG_RUNTIME_DIR")?.join("bus");
        // Other characters of a path would need escaping in an address.
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_/.".contains(c);
        let plain = socket.to_str().filter(|path| path.chars().all(is_plain));
        let there = plain.filter(|_| socket.exists())?;
        Some(format!("unix:path={there}"))
    }

    /// All variables, for processes that inherit the user's environment.
    pub fn iter(&self) -> impl Iterator<Item = (&OsStr, &OsStr)> {
        self.variables
            .iter()
            .map(|(name, value)| (name.as_os_str(), value.as_os_str()))
    }
}

impl<N: Into<OsString>, V: Into<OsString>> FromIterator<(N, V)> for Env {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(variables: I) -> Self {
        Self {
            variables: variables
                .into_iter()
                .map(|(name, value)| (name.into(), value.into()))
                .collect(),
            directory: None,
        }
    }
}

impl fmt::Debug for Env {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.variables.keys()).finish()
    }
}
