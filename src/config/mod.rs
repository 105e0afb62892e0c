//! The user's configuration: built-in defaults, overridden by `config.toml`, then the environment, then flags. Every
//! value records its source.
//!
//! In: one snapshot of the environment ([`Env`], taken by `main`; nothing else reads it), the file, the flags
//! ([`Overrides`]). Out: a [`Config`], or every mistake at once with its position ([`ConfigError`]).
//! [`Config::report`] is the output of `sandbar config`.
//!
//! The program's own log ([`own_log`]) and its paths ([`Paths`]) are here too, since both are needed before anything
//! else. Nothing here knows a terminal, a sandbox or a server.

mod credentials;
mod env;
mod file;
mod layers;
mod load;
pub mod own_log;
mod paths;
mod problem;
mod report;
mod schema;
mod value;
mod variables;

#[cfg(test)]
mod tests;

pub use credentials::{Credentials, CredentialsError};
pub use env::Env;
pub use load::{Overrides, load};
pub use paths::Paths;
pub use problem::{ConfigError, FilePlace, Problem, ProblemPlace};
pub use report::SettingRow;
pub(crate) use schema::PROVIDER_VARIABLES;
pub use value::{Sourced, ValueSource};

use std::time::Duration;

use secrecy::SecretString;

use crate::domain::chat::ModelRef;
use crate::domain::id::TemplateId;
use crate::domain::sandbox::EngineKind;
use crate::domain::sandbox::price::{MicroDollars, Prices};
use crate::domain::session::notification::NotifyChoice;

/// The effective configuration.
#[derive(Debug, Clone)]
pub struct Config {
    pub paths: Paths,
    /// [`EngineKind::E2b`] or [`EngineKind::Local`].
    pub engine: Sourced<EngineKind>,
    pub template: Sourced<TemplateId>,
    /// The timeout of an idle sandbox.
    pub idle_ttl: Sourced<Duration>,
    /// The timeout of a sandbox after a prompt was sent.
    pub work_ttl: Sourced<Duration>,
    /// With an account: a new session's sandbox is created when the user starts typing, not when a prompt is sent.
    pub warm_start: Sourced<bool>,
    pub timeouts: Timeouts,
    /// The model of new sessions; OpenCode's own default if `None`.
    pub model: Sourced<Option<ModelRef>>,
    /// The version to install if no compatible OpenCode is found.
    pub opencode_version: Sourced<String>,
    /// Names of variables that are passed into a sandbox if they are set.
    pub forward: Sourced<Vec<String>>,
    /// How provider keys get into requests to the model.
    pub secrets: Sourced<SecretsWay>,
    /// Whether keys are also read from the desktop's keyring.
    pub keyring: Sourced<bool>,
    pub e2b: E2bConfig,
    pub local: LocalConfig,
    pub prices: PricesConfig,
    /// Which code a new session brings into its sandbox.
    pub code: Sourced<DefaultCode>,
    pub theme: Sourced<ThemeChoice>,
    pub no_color: Sourced<bool>,
    pub mouse: Sourced<bool>,
    /// Whether the composer has vim's keys.
    pub composer_vim: Sourced<bool>,
    /// Whether link texts are hyperlinks of the terminal.
    pub hyperlinks: Sourced<HyperlinksChoice>,
    /// Prose is set to at most this many columns.
    pub prose_columns: Sourced<u16>,
    pub notify: NotifyConfig,
    pub log: Sourced<LogLevel>,
    /// The user's own keys, by action name.
    pub keys: Vec<KeyOverride>,
    /// Provider keys by variable name: those of `forward` that are set, and stored ones.
    provider_keys: Vec<(String, Sourced<SecretString>)>,
    /// The address of the session bus, if there is one.
    bus: Option<String>,
}

/// The E2B account's key: its variable, and its name in key stores.
pub const ACCOUNT_KEY: &str = "E2B_API_KEY";

/// The variable with credentials for cloned repositories.
pub const CLONE_ACCESS: &str = "SANDBAR_REPO_AUTH";

impl Config {
    /// The variables that are passed into a sandbox, with their values. A variable that is set takes precedence over
    /// a stored key of the same name.
    pub fn provider_keys(&self) -> &[(String, Sourced<SecretString>)] {
        &self.provider_keys
    }

    /// Names in `forward` that have no value yet.
    pub fn missing_provider_keys(&self) -> Vec<String> {
        let has = |name: &&String| self.provider_keys.iter().any(|(known, _)| known == *name);
        let missing = self.forward.value.iter().filter(|name| !has(name));
        missing.cloned().collect()
    }

    /// The bus for keyring lookups; `None`: the keyring is not used.
    pub fn keyring_bus(&self) -> Option<&str> {
        self.bus.as_deref().filter(|_| self.keyring.value)
    }

    /// Adds a key from the keyring.
    pub fn add_from_keyring(&mut self, name: String, key: SecretString) {
        let key = Sourced::new(key, ValueSource::Keyring);
        if name == ACCOUNT_KEY {
            self.e2b.api_key = Some(key);
        } else {
            self.provider_keys.push((name, key));
        }
    }

    /// Whether a session can have a real model; otherwise it gets the demo model.
    pub fn has_credentials(&self) -> bool {
        !self.provider_keys.is_empty()
    }

    /// All secret values known here, for [`own_log::Redactor`].
    pub fn secrets(&self) -> impl Iterator<Item = &SecretString> {
        let stored = self.provider_keys.iter().map(|(_, key)| &key.value);
        stored.chain(self.e2b.api_key.as_ref().map(|key| &key.value))
    }
}

/// How the user is told what happened while the terminal had no focus.
#[derive(Debug, Clone)]
pub struct NotifyConfig {
    pub by: Sourced<NotifyChoice>,
    /// Whether a terminal that has never told its focus counts as one without it.
    pub unknown_focus: Sourced<bool>,
}

/// E2B's prices for a running sandbox, by its resources; nothing else has a price.
#[derive(Debug, Clone)]
pub struct PricesConfig {
    pub usd_per_vcpu_hour: Sourced<MicroDollars>,
    pub usd_per_gib_hour: Sourced<MicroDollars>,
}

impl PricesConfig {
    pub fn prices(&self) -> Prices {
        Prices {
            vcpu_hour: self.usd_per_vcpu_hour.value,
            gib_hour: self.usd_per_gib_hour.value,
        }
    }
}

/// How sandboxes on this machine are isolated, in the documentation's terms.
#[derive(Debug, Clone)]
pub struct LocalConfig {
    /// The highest level to try.
    pub isolation: Sourced<&'static str>,
    /// The lowest acceptable level.
    pub require_isolation: Sourced<&'static str>,
    /// The network of sandboxes at level full.
    pub network: Sourced<&'static str>,
    /// Maximum memory of all processes of one sandbox, in bytes.
    pub memory: Sourced<Option<u64>>,
    /// Maximum processes and threads of one sandbox.
    pub processes: Sourced<Option<u64>>,
    /// Maximum size of one file, in bytes.
    pub file_size: Sourced<Option<u64>>,
    /// How long the background server keeps running without sandboxes.
    pub server_idle: Sourced<Duration>,
}

/// How to reach E2B, or a compatible server.
#[derive(Debug, Clone)]
pub struct E2bConfig {
    pub api_key: Option<Sourced<SecretString>>,
    /// Base URL of the control plane; derived from `domain` if `None`.
    pub api_url: Sourced<Option<String>>,
    /// Without scheme, e.g. `e2b.app`.
    pub domain: Sourced<String>,
    /// One base URL for all sandboxes instead of one host each.
    pub sandbox_url: Sourced<Option<String>>,
}

#[derive(Debug, Clone)]
pub struct Timeouts {
    /// Timeout to establish a connection.
    pub connect: Sourced<Duration>,
    /// Timeout for the response to a short request.
    pub request: Sourced<Duration>,
    /// Timeout to install OpenCode in a sandbox.
    pub install: Sourced<Duration>,
    /// Timeout for OpenCode's server to become healthy.
    pub health: Sourced<Duration>,
}

/// Which code a new session brings into its sandbox by default.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DefaultCode {
    /// The git work tree around the current directory, if there is one.
    WorkTree,
    Empty,
}

/// How provider keys get into requests to the model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecretsWay {
    /// As environment variables of the sandbox.
    Env,
    /// E2B writes them into outbound requests.
    Egress,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ThemeChoice {
    Auto,
    Dark,
    Light,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HyperlinksChoice {
    /// Unless the terminal is known not to support them.
    Auto,
    On,
    Off,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogLevel {
    Off,
    Error,
    Warn,
    Info,
    Debug,
    Trace,
}

/// Keys that the user has assigned to an action; they replace its default ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyOverride {
    /// `chat.send`
    pub action: String,
    /// As written: `ctrl-k`.
    pub keys: Sourced<Vec<String>>,
    /// Where they were written; whether they are valid keys is not known here.
    pub place: FilePlace,
}
