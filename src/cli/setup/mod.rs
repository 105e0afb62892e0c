//! Builds the inputs of sessions, engine and terminal from the configuration.

pub(super) mod descriptors;
pub(super) mod keyring;
pub(super) mod provider;
pub(super) mod runtime;

use std::path::{Path, PathBuf};

use secrecy::SecretString;
use tokio::time::Instant;

use self::provider::OwnProvider;
use crate::app::action::Action;
use crate::app::input::key::KeySequence;
use crate::app::input::keymap::Keymap;
use crate::app::view::surface::Shades;
use crate::app::view::theme::{Characters, Colours, Theme};
use crate::cli::args::GlobalOptions;
use crate::cli::report::CommandError;
use crate::config::CLONE_ACCESS;
use crate::config::own_log::{self, OwnLog, Redactor};
use crate::config::{
    self, Config, ConfigError, DefaultCode, Env, HyperlinksChoice, KeyOverride, Overrides, Paths,
    Problem, ProblemPlace, SecretsWay,
};
use crate::domain::failure::Failure;
use crate::domain::sandbox::EngineKind;
use crate::domain::session::{CodeSource, NewSession};
use crate::e2b::host::Addresses;
use crate::engine::{EngineSpec, LocalSpec};
use crate::local::Level;
use crate::local::daemon::DaemonLaunch;
use crate::net::http::{HttpOptions, Proxies};
use crate::net::random;
use crate::rules::file::RulesFile;
use crate::session::code;
use crate::session::context::SessionContext;
use crate::session::context::clone_access::CloneAccess;
use crate::session::context::lazy_keyring::LazyKeyring;
use crate::session::context::settings::Settings;
use crate::tui::desktop::link_opener::shows_hyperlinks;

/// The caller's variables that npm needs to reach its registry.
const INSTALL_VARIABLES: [&str; 3] = ["NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE", "SSL_CERT_DIR"];

/// Reads the configuration and applies the flags.
pub(super) fn config(options: &GlobalOptions, env: &Env) -> Result<Config, CommandError> {
    let overrides = Overrides {
        engine: options
            .engine
            .map(|engine| EngineKind::from(engine).name().to_owned()),
        template: options.template.clone(),
        model: options.model.clone(),
        ..Overrides::default()
    };
    let actions: Vec<&str> = Action::all().map(Action::name).collect();
    config::load(env, &overrides, &actions).map_err(|error| wrong(&error))
}

fn wrong(error: &ConfigError) -> CommandError {
    let text = error.to_string();
    let (first, rest) = text.split_once('\n').unwrap_or((&text, ""));
    CommandError::Usage(Failure::new(first).detail(rest))
}

/// The user's own keys over the default ones.
pub(super) fn keymap(config: &Config) -> Result<Keymap, CommandError> {
    let mut overrides = Vec::new();
    for key in &config.keys {
        let parsed = key
            .keys
            .value
            .iter()
            .map(|text| text.parse::<KeySequence>());
        let keys = parsed.collect::<Result<Vec<_>, _>>();
        let keys = keys.map_err(|error| wrong_key(key, &error.to_string()))?;
        overrides.push((key.action.clone(), keys));
    }
    Keymap::with(&overrides).map_err(|error| {
        // The one that was written last is the one to correct.
        let written = |key: &&KeyOverride| error.concerns(&key.action);
        match config.keys.iter().rfind(written) {
            Some(key) => wrong_key(key, &error.to_string()),
            None => CommandError::Usage(
                Failure::new("the [keys] table is not valid").detail(error.to_string()),
            ),
        }
    })
}

fn wrong_key(key: &KeyOverride, what: &str) -> CommandError {
    wrong(&ConfigError::Invalid(vec![Problem {
        place: ProblemPlace::File(key.place.clone()),
        what: format!("keys.{}: {what}", key.action),
        hint: None,
    }]))
}

/// Colours if the user wants them, box drawing if the terminal supports it.
pub(super) fn theme(config: &Config, env: &Env) -> Theme {
    let colours = if config.no_color.value {
        Colours::None
    } else {
        Colours::Terminal
    };
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
        .into_iter()
        .find_map(|name| env.text(name));
    let is_utf8 = locale.is_none_or(|locale| {
        let locale = locale.to_ascii_lowercase();
        locale.contains("utf-8") || locale.contains("utf8") || matches!(&*locale, "c" | "posix")
    });
    let characters = if is_utf8 {
        Characters::Unicode
    } else {
        Characters::Ascii
    };
    Theme {
        prose_columns: config.prose_columns.value,
        shades: Shades::of(env.text("TERM"), env.text("COLORTERM")),
        ..Theme::new(colours, characters)
    }
}

/// Whether link texts are hyperlinks of the terminal.
pub(super) fn hyperlinks(config: &Config, env: &Env) -> bool {
    match config.hyperlinks.value {
        HyperlinksChoice::On => true,
        HyperlinksChoice::Off => false,
        HyperlinksChoice::Auto => shows_hyperlinks(|name| env.text(name).map(str::to_owned)),
    }
}

/// What all sessions share.
///
/// A missing key may be read `late`.
pub(super) fn context(
    config: Option<&Config>,
    env: &Env,
    started: Instant,
    late: Option<LazyKeyring>,
) -> Result<SessionContext, CommandError> {
    let either = |lower: &str, upper: &str| {
        env.text(lower)
            .or_else(|| env.text(upper))
            .map(str::to_owned)
    };
    let proxies = Proxies {
        // Upper-case HTTP_PROXY is not read: a web server may set it from a request's header.
        http: env.text("http_proxy").map(str::to_owned),
        https: either("https_proxy", "HTTPS_PROXY"),
        except: either("no_proxy", "NO_PROXY").unwrap_or_default(),
    };
    let mut options = HttpOptions {
        proxies,
        ..HttpOptions::default()
    };
    let mut settings = Settings {
        scratch_dir: temp_dir(env),
        rules: rules(env),
        ..Settings::default()
    };
    let mut timing = crate::session::context::timing::Timing::default();
    if let Some(config) = config {
        options.connect_timeout = config.timeouts.connect.value;
        timing.call = config.timeouts.request.value;
        timing.health_deadline = config.timeouts.health.value;
        settings.engine = Some(engine(config, env, late.is_some())?);
        settings.idle_ttl = config.idle_ttl.value;
        settings.work_ttl = config.work_ttl.value;
        settings.warm_start = config.warm_start.value;
        settings
            .opencode_version
            .clone_from(&config.opencode_version.value);
        settings.install_limit = config.timeouts.install.value;
        settings.install_env = install_env(env);
        settings.project = env.directory().and_then(code::project);
        let keys = config.provider_keys().iter();
        settings.secrets_at_egress = config.secrets.value == SecretsWay::Egress;
        settings.provider_keys = keys
            .map(|(name, key)| (name.clone(), key.value.clone()))
            .collect();
    }
    let mut context = SessionContext::new(started, options);
    let access = env.text(CLONE_ACCESS).filter(|text| !text.is_empty());
    context.clone_access = access.map(CloneAccess::of_variable).into_iter().collect();
    context.settings = settings;
    context.timing = timing;
    context.late = late;
    Ok(context)
}

/// The file of rules, beside `config.toml`.
pub(super) fn rules(env: &Env) -> Option<RulesFile> {
    let paths = Paths::of(env).ok()?;
    Some(RulesFile::in_dir(paths.config_dir()))
}

/// The engine that the configuration names; its key may be read later if `late`.
fn engine(config: &Config, env: &Env, late: bool) -> Result<EngineSpec, CommandError> {
    if config.engine.value == EngineKind::Local {
        return Ok(EngineSpec::Local(LocalSpec {
            state_dir: local_dir(config),
            launch: launch(env)?,
            least: Level::named(config.local.require_isolation.value).unwrap_or_default(),
        }));
    }
    let e2b = &config.e2b;
    let addresses = Addresses::new(
        Some(&e2b.domain.value),
        e2b.api_url.value.as_deref(),
        e2b.sandbox_url.value.as_deref(),
    );
    let addresses = addresses.map_err(|error| {
        CommandError::Usage(
            Failure::new("the address of the sandbox API is wrong").detail(error.to_string()),
        )
    })?;
    let api_key = e2b.api_key.as_ref().map(|key| key.value.clone());
    if api_key.is_none() && !late {
        return Err(CommandError::NoAccount(
            Failure::new("no E2B account is set up")
                .detail("E2B_API_KEY is not set")
                .hint("set it, or use --engine local, which needs no account"),
        ));
    }
    Ok(EngineSpec::E2b { api_key, addresses })
}

/// Starts our own log at `path`, which receives panics too. It is written while the value lives; the caller shows
/// the user its warning.
pub(super) fn own_log(config: &Config, path: &Path, redactor: &Redactor) -> OwnLog {
    for secret in config.secrets() {
        redactor.add(secret);
    }
    let log = own_log::start(path, config.log.value, redactor);
    let report = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        tracing::error!("{panic}");
        report(panic);
    }));
    log
}

/// Where root's sandboxes are if its home is private.
const OF_ROOT: &str = "/var/lib/sandbar/local";

/// Where the local server stores its sandboxes.
pub(super) fn local_dir(config: &Config) -> PathBuf {
    place_of_sandboxes(&config.paths, rustix::process::geteuid().is_root())
}

/// Root's sandboxes run as other users, who cannot enter a private home: they are elsewhere, unless some are already
/// there.
fn place_of_sandboxes(paths: &Paths, is_root: bool) -> PathBuf {
    let usual = paths.state_dir.join("local");
    let home = paths.home.as_deref();
    // Only the home itself is checked: directories in it may be created, and made private, meanwhile.
    let is_shut = home.is_some_and(|home| usual.starts_with(home) && is_shut(home));
    if is_root && is_shut && !usual.join("sandboxes").exists() {
        return OF_ROOT.into();
    }
    usual
}

/// Whether other users cannot enter a directory.
fn is_shut(folder: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let all = folder.ancestors();
    let mut modes = all.filter_map(|folder| Some(folder.metadata().ok()?.mode()));
    modes.any(|mode| mode & 0o001 == 0)
}

/// How this program is started as the daemon.
fn launch(env: &Env) -> Result<DaemonLaunch, CommandError> {
    let text = |(name, value): (&std::ffi::OsStr, &std::ffi::OsStr)| {
        Some((name.to_str()?.to_owned(), value.to_str()?.to_owned()))
    };
    // The daemon reads the same configuration; it must not get the caller's secrets.
    let wanted = |(name, _): &(String, String)| {
        matches!(
            name.as_str(),
            "HOME" | "PATH" | "USER" | "LOGNAME" | "LANG" | "TMPDIR"
        ) || name.starts_with("XDG_")
            || (name.starts_with("SANDBAR_") && name != CLONE_ACCESS)
            || is_for_install(name)
    };
    Ok(DaemonLaunch {
        program: program()?,
        arguments: ["local", "serve", "--daemon"].map(str::to_owned).into(),
        env: env.iter().filter_map(text).filter(wanted).collect(),
    })
}

/// Whether npm needs a variable: its settings, proxies, certificates.
pub(super) fn is_for_install(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    lower.starts_with("npm_config_")
        || matches!(&*lower, "http_proxy" | "https_proxy" | "no_proxy")
        || INSTALL_VARIABLES.contains(&name)
}

/// The path of this program.
pub(super) fn program() -> Result<PathBuf, CommandError> {
    std::env::current_exe().map_err(|error| {
        Failure::new("sandbar cannot find its own program file")
            .detail(error.to_string())
            .into()
    })
}

pub(super) fn temp_dir(env: &Env) -> PathBuf {
    env.path("TMPDIR").unwrap_or_else(|| PathBuf::from("/tmp"))
}

/// The value of a variable as a secret.
pub(super) fn secret(env: &Env, name: &str) -> Option<SecretString> {
    env.text(name).map(SecretString::from)
}

/// A random number that ids start with.
pub(super) fn seed() -> Result<u64, CommandError> {
    let bytes = random::bytes().map_err(|error| {
        Failure::new("the system provides no random numbers").detail(error.to_string())
    })?;
    Ok(u64::from_le_bytes(bytes))
}

/// The origin of a new session's code.
pub(super) fn code_source(options: &GlobalOptions, config: &Config, env: &Env) -> CodeSource {
    match (&options.repo, options.empty, config.code.value) {
        (Some(url), _, _) => CodeSource::Clone(CloneAccess::of_url(url).0),
        (None, false, DefaultCode::WorkTree) => {
            let root = env.directory().and_then(code::work_tree);
            root.map_or(CodeSource::Empty, CodeSource::WorkTree)
        }
        (None, _, _) => CodeSource::Empty,
    }
}

/// A new session according to flags and configuration. Without a name it is named after its code.
pub(super) fn new_session(
    options: &GlobalOptions,
    config: &Config,
    env: &Env,
    name: Option<String>,
) -> NewSession {
    let code = code_source(options, config, env);
    let name = name.unwrap_or_else(|| named_after(&code));
    let model = config.model.value.as_ref();
    let has_model = match provider::of(&code) {
        OwnProvider::InCode(own) => {
            config.has_credentials() || model.is_none_or(|model| own.contains(&model.provider))
        }
        OwnProvider::Nowhere => config.has_credentials(),
        // A user who names a model knows the provider.
        OwnProvider::Unknown => config.has_credentials() || options.model.is_some(),
    };
    NewSession {
        name,
        template: config.template.value.clone(),
        code,
        model: config.model.value.clone(),
        demo: options.demo || !has_model,
    }
}

/// Credentials for the repository that a new session clones, if its URL has any.
pub(super) fn clone_access(options: &GlobalOptions) -> Option<CloneAccess> {
    CloneAccess::of_url(options.repo.as_deref()?).1
}

/// The last component of the code's origin, as a name that is easy to type.
fn named_after(code: &CodeSource) -> String {
    let source = match code {
        CodeSource::Empty => String::new(),
        CodeSource::WorkTree(root) => {
            let name = root.file_name().and_then(|name| name.to_str());
            name.unwrap_or_default().to_owned()
        }
        CodeSource::Clone(url) => {
            let url = url.trim_end_matches('/').trim_end_matches(".git");
            url.rsplit(['/', ':']).next().unwrap_or_default().to_owned()
        }
    };
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let name: String = source
        .chars()
        .map(|c| if fits(c) { c } else { '-' })
        .take(40)
        .collect();
    if name.is_empty() {
        "session".to_owned()
    } else {
        name
    }
}

/// The current UTC offset of the user's clock, in minutes.
pub(super) fn utc_offset_minutes() -> i16 {
    let offset = jiff::tz::TimeZone::system().to_offset(jiff::Timestamp::now());
    i16::try_from(offset.seconds() / 60).unwrap_or(0)
}

/// The variable that names npm's settings file.
const SETTINGS: &str = "npm_config_userconfig";

/// The caller's variables that npm needs, including where npm and its settings are.
fn install_env(env: &Env) -> Vec<(String, String)> {
    let text = env
        .iter()
        .filter_map(|(name, value)| Some((name.to_str()?, value.to_str()?)));
    let mut wanted: Vec<(String, String)> = text
        .filter(|(name, _)| is_for_install(name) || *name == "PATH")
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let file = env
        .path("HOME")
        .map(|home| home.join(".npmrc"))
        .filter(|file| file.exists());
    if let Some(file) = file.as_deref().and_then(Path::to_str)
        && wanted
            .iter()
            .all(|(name, _)| !name.eq_ignore_ascii_case(SETTINGS))
    {
        wanted.push((SETTINGS.to_owned(), file.to_owned()));
    }
    wanted
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn mode(folder: &Path, mode: u32) {
        fs::set_permissions(folder, Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn only_sandboxes_of_a_root_with_a_private_home_are_elsewhere_and_existing_ones_stay() {
        let home = tempfile::tempdir().unwrap();
        let state_dir = home.path().join(".local/state/sandbar");
        let usual = state_dir.join("local");
        let mut paths = Paths {
            config_file: home.path().join("config.toml"),
            cache_dir: home.path().join(".cache"),
            state_dir: state_dir.clone(),
            home: Some(home.path().to_owned()),
        };
        mode(home.path(), 0o755);
        fs::create_dir_all(&state_dir).unwrap();
        // Ours, and private: the server lets others pass.
        mode(&state_dir, 0o700);
        assert_eq!(place_of_sandboxes(&paths, true), usual);
        mode(home.path(), 0o700);
        assert_eq!(place_of_sandboxes(&paths, false), usual);
        assert_eq!(place_of_sandboxes(&paths, true), Path::new(OF_ROOT));
        // Everything is moved, or only the state.
        paths.home = None;
        assert_eq!(place_of_sandboxes(&paths, true), usual);
        paths.home = Some(home.path().join("other"));
        assert_eq!(place_of_sandboxes(&paths, true), usual);
        paths.home = Some(home.path().to_owned());
        fs::create_dir_all(usual.join("sandboxes")).unwrap();
        assert_eq!(place_of_sandboxes(&paths, true), usual);
    }

    #[test]
    fn the_background_server_does_not_get_variables_meant_for_one_command() {
        let env = [
            ("PATH", "/bin"),
            ("SANDBAR_TEMPLATE", "base"),
            (CLONE_ACCESS, "bob:hunter2"),
            ("ANTHROPIC_API_KEY", "sk"),
        ];
        let env = Env::from_iter(env);

        let launch = launch(&env).unwrap();

        let mut names: Vec<&str> = launch.env.iter().map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        assert_eq!(names, ["PATH", "SANDBAR_TEMPLATE"]);
        assert_eq!(
            CLONE_ACCESS,
            crate::session::context::clone_access::VARIABLE
        );
    }
}
