//! What the user has configured: built-in defaults, `config.toml` over them, the environment over
//! that, flags over that. Every value knows where it came from.
//!
//! In: one snapshot of the environment ([`Env`], taken by `main`; nothing else reads it), the file,
//! the flags ([`Overrides`]). Out: a [`Config`], or every mistake at once with its place
//! ([`ConfigError`]). [`Config::report`] is what `sandbar config` prints.
//!
//! The program's own log ([`own_log`]) and its places on the disk ([`Paths`]) are here too, since
//! both are needed before anything else. Nothing here knows a terminal, a sandbox or a server.

mod credentials;
mod duration;
mod env;
mod file;
mod layers;
mod load;
pub mod own_log;
mod paths;
mod price;
mod problem;
mod report;
mod schema;
mod size;
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
use crate::domain::price::{MicroDollars, Prices};
use crate::domain::sandbox::EngineKind;

/// What holds.
#[derive(Debug, Clone)]
pub struct Config {
    pub paths: Paths,
    /// [`EngineKind::E2b`] or [`EngineKind::Local`].
    pub engine: Sourced<EngineKind>,
    pub template: Sourced<TemplateId>,
    /// How long an idle sandbox lives on.
    pub idle_ttl: Sourced<Duration>,
    /// How long a sandbox lives on once a prompt was sent.
    pub work_ttl: Sourced<Duration>,
    /// With an account: a new session's sandbox is made once something is typed, not once it is sent.
    pub warm_start: Sourced<bool>,
    pub timeouts: Timeouts,
    /// The model of new sessions; OpenCode's own default when `None`.
    pub model: Sourced<Option<ModelRef>>,
    /// What is installed where no OpenCode that fits is found.
    pub opencode_version: Sourced<String>,
    /// Names of variables that go into a sandbox where they are set.
    pub forward: Sourced<Vec<String>>,
    /// How provider keys come to the model's requests.
    pub secrets: Sourced<SecretsWay>,
    /// Whether keys are looked for in the keyring of the desktop too.
    pub keyring: Sourced<bool>,
    pub e2b: E2bConfig,
    pub local: LocalConfig,
    pub prices: PricesConfig,
    /// Which code a new session takes along.
    pub code: Sourced<DefaultCode>,
    pub theme: Sourced<ThemeChoice>,
    pub no_color: Sourced<bool>,
    pub mouse: Sourced<bool>,
    pub log: Sourced<LogLevel>,
    /// The user's own keys, by action name.
    pub keys: Vec<KeyOverride>,
    /// Provider keys by variable name: those of `forward` that are set, and stored ones.
    provider_keys: Vec<(String, Sourced<SecretString>)>,
    /// The address of the session bus, where there is one.
    bus: Option<String>,
}

/// The variable, and the name in stores of keys, of the E2B account's key.
pub const ACCOUNT_KEY: &str = "E2B_API_KEY";

/// The variable that names who gets in at repositories that are cloned.
pub const CLONE_ACCESS: &str = "SANDBAR_REPO_AUTH";

impl Config {
    /// The variables that go into a sandbox, with their values. A variable that is set wins over a
    /// stored key of the same name.
    pub fn provider_keys(&self) -> &[(String, Sourced<SecretString>)] {
        &self.provider_keys
    }

    /// Those of `forward` that have no value yet.
    pub fn missing_provider_keys(&self) -> Vec<String> {
        let has = |name: &&String| self.provider_keys.iter().any(|(known, _)| known == *name);
        let missing = self.forward.value.iter().filter(|name| !has(name));
        missing.cloned().collect()
    }

    /// The bus on which the keyring is asked; `None`: it is not asked.
    pub fn keyring_bus(&self) -> Option<&str> {
        self.bus.as_deref().filter(|_| self.keyring.value)
    }

    /// Adds a key that the keyring has.
    pub fn add_from_keyring(&mut self, name: String, key: SecretString) {
        let key = Sourced::new(key, ValueSource::Keyring);
        if name == ACCOUNT_KEY {
            self.e2b.api_key = Some(key);
        } else {
            self.provider_keys.push((name, key));
        }
    }

    /// Whether a session can have a real model; without it the demo model speaks.
    pub fn has_credentials(&self) -> bool {
        !self.provider_keys.is_empty()
    }

    /// All secret values that are known here, for [`own_log::Redactor`].
    pub fn secrets(&self) -> impl Iterator<Item = &SecretString> {
        let stored = self.provider_keys.iter().map(|(_, key)| &key.value);
        stored.chain(self.e2b.api_key.as_ref().map(|key| &key.value))
    }
}

/// What E2B takes for a sandbox that runs, by what it was given; nothing else has a price.
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

/// How sandboxes on this machine are shut off, in the words of the documentation.
#[derive(Debug, Clone)]
pub struct LocalConfig {
    /// The highest level to try.
    pub isolation: Sourced<&'static str>,
    /// The lowest level that will do.
    pub require_isolation: Sourced<&'static str>,
    /// Which network the sandboxes of level full have.
    pub network: Sourced<&'static str>,
    /// Bytes that all processes of one sandbox may use.
    pub memory: Sourced<Option<u64>>,
    /// Processes and threads of one sandbox.
    pub processes: Sourced<Option<u64>>,
    /// Bytes of one file.
    pub file_size: Sourced<Option<u64>>,
    /// How long the background server stays when no sandbox is left in it.
    pub server_idle: Sourced<Duration>,
}

/// How to reach E2B, or a server that speaks its protocol.
#[derive(Debug, Clone)]
pub struct E2bConfig {
    pub api_key: Option<Sourced<SecretString>>,
    /// Base URL of the control plane; derived from `domain` when `None`.
    pub api_url: Sourced<Option<String>>,
    /// Without scheme, e.g. `e2b.app`.
    pub domain: Sourced<String>,
    /// Base URL for all sandboxes instead of one host each.
    pub sandbox_url: Sourced<Option<String>>,
}

#[derive(Debug, Clone)]
pub struct Timeouts {
    /// For a connection to be made.
    pub connect: Sourced<Duration>,
    /// For a short request to be answered.
    pub request: Sourced<Duration>,
    /// For OpenCode to be installed in a sandbox.
    pub install: Sourced<Duration>,
    /// For OpenCode's server to become healthy.
    pub health: Sourced<Duration>,
}

/// Which code a new session takes along when nothing else is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DefaultCode {
    /// The git work tree around the current directory, if there is one.
    WorkTree,
    Empty,
}

/// How provider keys come to the model's requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecretsWay {
    /// As variables of the sandbox.
    Env,
    /// E2B writes them into the requests as they leave the sandbox.
    Egress,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ThemeChoice {
    Auto,
    Dark,
    Light,
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

/// Keys that the user has given to an action; they replace its default ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyOverride {
    /// `chat.send`
    pub action: String,
    /// As written: `ctrl-k`.
    pub keys: Sourced<Vec<String>>,
    /// Where they were written; whether they are keys is not known here.
    pub place: FilePlace,
}
