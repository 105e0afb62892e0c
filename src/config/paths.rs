//! Where our files are: XDG on Linux and macOS alike; `SANDBAR_HOME` moves everything.
//!
//! No crate is used, because those for XDG read the environment themselves.

use std::path::{Path, PathBuf};

use super::env::Env;
use super::problem::ConfigError;

/// Moves everything into one directory.
pub(super) const HOME_VARIABLE: &str = "SANDBAR_HOME";

/// Absolute; asking for a path creates nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paths {
    pub config_file: PathBuf,
    pub state_dir: PathBuf,
    pub cache_dir: PathBuf,
    /// The user's home. `None` with `SANDBAR_HOME`, which moves everything.
    pub home: Option<PathBuf>,
}

impl Paths {
    pub fn of(env: &Env) -> Result<Self, ConfigError> {
        if let Some(home) = env.path(HOME_VARIABLE) {
            if !home.is_absolute() {
                return Err(ConfigError::RelativeHome(home));
            }
            return Ok(Self {
                config_file: home.join("config.toml"),
                state_dir: home.join("state"),
                cache_dir: home.join("cache"),
                home: None,
            });
        }
        // XDG specification: a relative path counts as unset.
        let home = env.path("HOME").filter(|home| home.is_absolute());
        let base = |variable: &str, fallback: &str| {
            env.path(variable)
                .filter(|path| path.is_absolute())
                .or_else(|| home.as_ref().map(|home| home.join(fallback)))
                .map(|base| base.join("sandbar"))
                .ok_or(ConfigError::NoHome)
        };
        Ok(Self {
            config_file: base("XDG_CONFIG_HOME", ".config")?.join("config.toml"),
            state_dir: base("XDG_STATE_HOME", ".local/state")?,
            cache_dir: base("XDG_CACHE_HOME", ".cache")?,
            home,
        })
    }

    pub fn log_file(&self) -> PathBuf {
        self.state_dir.join("sandbar.log")
    }

    /// The last copied text, if no clipboard could be reached.
    pub fn copied_file(&self) -> PathBuf {
        self.state_dir.join("copied.txt")
    }

    pub fn database(&self) -> PathBuf {
        self.state_dir.join("sandbar.db")
    }

    pub fn credentials_file(&self) -> PathBuf {
        self.state_dir.join("credentials.json")
    }

    /// The directory of `config.toml`.
    pub fn config_dir(&self) -> &Path {
        self.config_file.parent().unwrap_or(Path::new("/"))
    }
}
