//! Merges the layers and parses every value.

use std::io;

use super::credentials::Credentials;
use super::env::Env;
use super::file::{self, FileEntries, RawValue};
use super::layers::{Layers, Overridden};
use super::paths::Paths;
use super::problem::{ConfigError, Problem};
use super::{
    ACCOUNT_KEY, Config, DefaultCode, E2bConfig, HyperlinksChoice, LocalConfig, LogLevel,
    NotifyConfig, PricesConfig, SecretsWay, ThemeChoice, Timeouts,
};
use crate::domain::id::TemplateId;
use crate::domain::sandbox::EngineKind;
use crate::os::regular_file;

/// The command line's settings; `None` and `false` leave a setting unset.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Overrides {
    pub engine: Option<String>,
    pub template: Option<String>,
    pub idle_ttl: Option<String>,
    pub work_ttl: Option<String>,
    pub model: Option<String>,
    pub opencode_version: Option<String>,
    pub code: Option<String>,
    pub log: Option<String>,
    pub no_color: bool,
    pub mouse: bool,
}

impl Overrides {
    fn given(&self) -> Overridden {
        let text = |value: &Option<String>| value.clone().map(RawValue::Text);
        let switch = |value: bool| value.then_some(RawValue::Bool(true));
        let all = [
            ("engine", "--engine", text(&self.engine)),
            ("template", "--template", text(&self.template)),
            ("idle_ttl", "--idle-ttl", text(&self.idle_ttl)),
            ("work_ttl", "--work-ttl", text(&self.work_ttl)),
            ("model", "--model", text(&self.model)),
            (
                "opencode_version",
                "--opencode-version",
                text(&self.opencode_version),
            ),
            ("code", "--code", text(&self.code)),
            ("log", "--log", text(&self.log)),
            ("no_color", "--no-color", switch(self.no_color)),
            ("mouse", "--mouse", switch(self.mouse)),
        ];
        all.into_iter()
            .filter_map(|(name, flag, value)| Some((name, flag, value?)))
            .collect()
    }
}

/// Loads the configuration. A missing file is no error.
///
/// `actions` are the names allowed in the `[keys]` table; empty allows any.
pub fn load(env: &Env, overrides: &Overrides, actions: &[&str]) -> Result<Config, ConfigError> {
    let paths = Paths::of(env)?;
    let bytes = match regular_file::read(&paths.config_file, regular_file::SMALL) {
        Ok(bytes) => bytes,
        Err(error) if is_absent(&error) => Vec::new(),
        Err(source) => {
            let path = paths.config_file;
            return Err(ConfigError::Unreadable { path, source });
        }
    };
    let credentials = Credentials::load(&paths.credentials_file())?;
    let entries = file::read(&paths.config_file, &bytes, actions);
    resolve(paths, entries, env, overrides, &credentials)
}

/// A path below a file counts as missing too: the state directory reports the problem later.
fn is_absent(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}

/// Resolves the layers into a configuration; touches no file.
pub(super) fn resolve(
    paths: Paths,
    entries: FileEntries,
    env: &Env,
    overrides: &Overrides,
    credentials: &Credentials,
) -> Result<Config, ConfigError> {
    let api_key = credentials.pick(env, ACCOUNT_KEY);
    let mut layers = Layers::new(entries, env, overrides.given());
    let keys = layers.keys();
    let default_engine = if api_key.is_some() { "e2b" } else { "local" };
    let forward = layers.forward();
    let provider_keys = forward
        .value
        .iter()
        .filter_map(|name| Some((name.clone(), credentials.pick(env, name)?)))
        .collect();
    let config = Config {
        paths,
        engine: layers.choice("engine", Some(default_engine), &ENGINES),
        template: layers.text("template", TemplateId::from),
        idle_ttl: layers.duration("idle_ttl"),
        work_ttl: layers.duration("work_ttl"),
        warm_start: layers.switch("warm_start"),
        timeouts: timeouts(&mut layers),
        model: layers.model(),
        opencode_version: layers.version(),
        forward,
        secrets: layers.choice("secrets", None, &SECRETS),
        keyring: layers.switch("keyring"),
        e2b: E2bConfig {
            api_key,
            api_url: layers.url("e2b.api_url"),
            domain: layers.text("e2b.domain", |domain: String| domain),
            sandbox_url: layers.url("e2b.sandbox_url"),
        },
        local: LocalConfig {
            isolation: layers.choice("local.isolation", None, &ISOLATION),
            require_isolation: layers.choice("local.require_isolation", None, &ISOLATION),
            network: layers.choice("local.network", None, &NETWORKS),
            memory: layers.size("local.memory"),
            processes: layers.size("local.processes"),
            file_size: layers.size("local.file_size"),
            server_idle: layers.duration("local.server_idle"),
        },
        prices: prices(&mut layers),
        code: layers.choice("code", None, &CODES),
        theme: layers.choice("theme", None, &THEMES),
        no_color: layers.switch("no_color"),
        mouse: layers.switch("mouse"),
        composer_vim: layers.switch("composer.vim"),
        hyperlinks: layers.choice("hyperlinks", None, &HYPERLINKS),
        prose_columns: layers.columns("prose_columns"),
        notify: notify(&mut layers),
        log: layers.choice("log", None, &LEVELS),
        keys,
        provider_keys,
        bus: env.session_bus(),
    };
    if layers.problems.is_empty() {
        Ok(config)
    } else {
        layers.problems.sort_by_key(Problem::position);
        Err(ConfigError::Invalid(layers.problems))
    }
}

fn prices(layers: &mut Layers) -> PricesConfig {
    PricesConfig {
        usd_per_vcpu_hour: layers.price("prices.usd_per_vcpu_hour"),
        usd_per_gib_hour: layers.price("prices.usd_per_gib_hour"),
    }
}

fn notify(layers: &mut Layers) -> NotifyConfig {
    NotifyConfig {
        by: layers.notify(),
        unknown_focus: layers.switch("notify_unknown_focus"),
    }
}

fn timeouts(layers: &mut Layers) -> Timeouts {
    Timeouts {
        connect: layers.duration("timeouts.connect"),
        request: layers.duration("timeouts.request"),
        install: layers.duration("timeouts.install"),
        health: layers.duration("timeouts.health"),
    }
}

pub(super) const ENGINES: [(&str, EngineKind); 2] =
    [("e2b", EngineKind::E2b), ("local", EngineKind::Local)];
pub(super) const ISOLATION: [(&str, &str); 3] = [
    ("none", "none"),
    ("filesystem", "filesystem"),
    ("full", "full"),
];
pub(super) const NETWORKS: [(&str, &str); 3] =
    [("own", "own"), ("pasta", "pasta"), ("shared", "shared")];
pub(super) const SECRETS: [(&str, SecretsWay); 2] =
    [("env", SecretsWay::Env), ("egress", SecretsWay::Egress)];
pub(super) const CODES: [(&str, DefaultCode); 2] = [
    ("worktree", DefaultCode::WorkTree),
    ("empty", DefaultCode::Empty),
];
pub(super) const THEMES: [(&str, ThemeChoice); 3] = [
    ("auto", ThemeChoice::Auto),
    ("dark", ThemeChoice::Dark),
    ("light", ThemeChoice::Light),
];
pub(super) const HYPERLINKS: [(&str, HyperlinksChoice); 3] = [
    ("auto", HyperlinksChoice::Auto),
    ("on", HyperlinksChoice::On),
    ("off", HyperlinksChoice::Off),
];
pub(super) const LEVELS: [(&str, LogLevel); 6] = [
    ("off", LogLevel::Off),
    ("error", LogLevel::Error),
    ("warn", LogLevel::Warn),
    ("info", LogLevel::Info),
    ("debug", LogLevel::Debug),
    ("trace", LogLevel::Trace),
];
