//! The terminal UI: the whole program, or the chat of one server. `sessions` is what it asks of sessions and the store.

mod sessions;

use std::collections::HashMap;

use reqwest::Url;
use secrecy::SecretString;
use tokio::sync::mpsc;
use tokio::time::Instant;

use self::sessions::TerminalSessions;
use super::args::{AttachArgs, GlobalOptions};
use super::lookup::SessionLookup;
use super::report::{self, CommandError};
use super::runtime;
use super::setup;
use super::setup::keyring;
use super::setup::provider;
use crate::app::{App, AppOptions, FirstSession, Mode};
use crate::config::own_log::Redactor;
use crate::config::{Config, Env};
use crate::domain::failure::Failure;
use crate::domain::id::{OpencodeSessionId, SessionKey};
use crate::domain::session::{CloseAction, CredentialRef, SessionOrigin, SessionSpec};
use crate::net::url::split_userinfo;
use crate::session::context::clone_access::CloneAccess;
use crate::session::context::typed_passwords::TypedPasswords;
use crate::session::context::{RecordStore, SessionContext};
use crate::session::supervisor::Supervisor;
use crate::tui::desktop::clipboard::Clipboard;
use crate::tui::desktop::link_opener::LinkOpener;
use crate::tui::desktop::notifier::Notifier;
use crate::tui::{self, Desktop, Setup, TerminalError, UiModel};

/// Capacity of the event channel from all sessions to the main loop.
const EVENTS: usize = 256;

/// The user of an OpenCode server, in the variable that OpenCode itself reads.
const USERNAME: &str = "OPENCODE_SERVER_USERNAME";

/// `sandbar attach URL`.
pub(super) fn attach(
    options: &GlobalOptions,
    args: &AttachArgs,
    env: &Env,
) -> Result<(), CommandError> {
    let started = Instant::now();
    let (address, who) = split_userinfo(&args.url);
    let url = server(&address)?;
    let config = setup::config(options, env)?;
    let spec = SessionSpec {
        key: SessionKey::from("attached"),
        origin: SessionOrigin::Attach {
            url: address.clone(),
            session: args.session.as_deref().map(OpencodeSessionId::from),
            credential: CredentialRef::Env(args.password_env.clone()),
        },
    };
    let mut context = setup::context(None, env, started, None)?;
    // The first frame of a conversation must not wait for unused certificates.
    let http = &mut context.http_options;
    http.tls = url.scheme() != "http" || http.proxies.need_tls();
    // Credentials in the address take precedence over the environment.
    let (user, password) = who.unzip();
    let password = password.flatten().map(SecretString::from);
    let password = password.or_else(|| setup::secret(env, &args.password_env));
    let redactor = Redactor::default();
    let typed = redactor.clone();
    context.typed = TypedPasswords::new(move |password| typed.add(password));
    if let Some(password) = password {
        redactor.add(&password);
        context.variables = HashMap::from([(args.password_env.clone(), password)]);
    }
    let user = user.filter(|user| !user.is_empty());
    context.user = user.or_else(|| env.text(USERNAME).map(str::to_owned));
    context.attached_composers = Some(RecordStore::open(&config.paths.state_dir));
    let mode = Mode::Attach { spec, url: address };
    show(mode, &config, context, (env, &redactor))
}

/// Parses the address of a server; rejects an invalid one, before the screen is taken.
fn server(address: &str) -> Result<Url, CommandError> {
    let why = match Url::parse(address) {
        Ok(url) if matches!(url.scheme(), "http" | "https") => return Ok(url),
        Ok(url) if url.has_host() => format!("unsupported scheme {}", url.scheme()),
        Err(error) if address.contains("://") => error.to_string(),
        // In `localhost:4096` the name parses as a scheme, and `nonsense` as a path.
        Ok(_) | Err(_) => "it does not begin with http:// or https://".to_owned(),
    };
    // Without a scheme the parser does not recognise a password.
    let shown = address.rsplit('@').next().unwrap_or_default();
    let failure = Failure::new(format!("'{shown}' is not the address of a server"));
    Err(CommandError::Usage(failure.detail(why).hint(
        "give the URL that `opencode serve` printed, like http://127.0.0.1:4096",
    )))
}

/// `sandbar`: list, chat and logs, with the session of this name on the screen if one is given.
pub(super) fn full(
    options: &GlobalOptions,
    session: Option<&str>,
    env: &Env,
) -> Result<(), CommandError> {
    let started = Instant::now();
    let mut config = setup::config(options, env)?;
    let first = match session {
        Some(name) => runtime()?.block_on(chosen(name, &mut config, env))?,
        None if options.empty || options.repo.is_some() => FirstSession::New,
        None => FirstSession::LastShown,
    };
    let redactor = Redactor::default();
    let late = keyring::later(&config, options.demo, redactor.clone());
    // An existing one has its own code, which its start checks.
    if late.is_none() && session.is_none() {
        provider::can_use_model(options, &config, &setup::code_source(options, &config, env))?;
    }
    let mut context = setup::context(Some(&config), env, started, late)?;
    let access = setup::clone_access(options);
    context.clone_access.extend(access);
    for secret in context.clone_access.iter().flat_map(CloneAccess::secrets) {
        redactor.add(secret);
    }
    context.records = Some(RecordStore::open(&config.paths.state_dir));
    let new = setup::new_session(options, &config, env, None);
    let mode = Mode::Full {
        new,
        engine: config.engine.value,
        project: context.settings.project.clone(),
        first,
    };
    show(mode, &config, context, (env, &redactor))
}

/// The session of this name, on the engine where it was created. An unknown name is reported before the screen is
/// taken.
async fn chosen(name: &str, config: &mut Config, env: &Env) -> Result<FirstSession, CommandError> {
    let (key, engine) = {
        let lookup = SessionLookup::open(config, env).await?;
        let session = lookup.session(name)?;
        (session.key.clone(), session.sandbox.engine)
    };
    config.engine.value = engine;
    Ok(FirstSession::Chosen(key))
}

fn show(
    mode: Mode,
    config: &Config,
    context: SessionContext,
    (env, redactor): (&Env, &Redactor),
) -> Result<(), CommandError> {
    let log = setup::own_log(config, &config.paths.log_file(), redactor);
    let app = App::new(AppOptions {
        mode,
        keymap: setup::keymap(config)?,
        mouse: config.mouse.value,
        vim: config.composer_vim.value,
        utc_offset_minutes: setup::utc_offset_minutes(),
        prices: config.prices.prices(),
        notify_unknown_focus: config.notify.unknown_focus.value,
    });
    let theme = setup::theme(config, env);
    let hyperlinks = setup::hyperlinks(config, env);
    let desktop = desktop(config, env)?;
    let seed = setup::seed()?;
    let runtime = runtime()?;
    let records = context.records.as_ref();
    let records = records.or(context.attached_composers.as_ref());
    let store = records.map(|records| records.store.clone());
    let shown = runtime.block_on(async {
        let (events, sessions) = mpsc::channel(EVENTS);
        let door = TerminalSessions::new(
            Supervisor::new(context, events),
            log.warning.clone(),
            config.paths.state_dir.clone(),
        );
        let setup = Setup {
            door,
            sessions,
            desktop,
            term: env.text("TERM").map(str::to_owned),
            seed,
        };
        let model = UiModel::new(app, theme).with_links(hyperlinks);
        let shown = tui::run(model, setup, async |door: TerminalSessions| {
            door.shut_down(CloseAction::Detach).await;
        });
        let mut shown = shown.await;
        // The status line showed them only briefly, and cut to its width.
        if let (Ok(parting_words), Some(store)) = (&mut shown, store) {
            parting_words.extend(store.notices().await);
        }
        shown
    });
    runtime.shutdown_background();
    drop(log);
    let parting_words = shown.map_err(|error| unshowable(&error))?;
    // A terminal that does not read would block our exit.
    if report::is_read() {
        parting_words.into_iter().for_each(report::progress);
    }
    Ok(())
}

fn desktop(config: &Config, env: &Env) -> Result<Desktop, CommandError> {
    let editor = env.text("VISUAL").or_else(|| env.text("EDITOR"));
    Ok(Desktop {
        editor: editor.map(str::to_owned),
        temp_dir: setup::temp_dir(env),
        program: std::env::current_exe().map_err(CommandError::from)?,
        clipboard: Clipboard::of_environment(
            |name| env.text(name).map(str::to_owned),
            config.paths.copied_file(),
        ),
        opener: LinkOpener::of_environment(|name| env.text(name).map(str::to_owned)),
        notifier: Notifier::of_environment(&config.notify.by.value, |name| {
            env.text(name).map(str::to_owned)
        }),
    })
}

pub(super) fn unshowable(error: &TerminalError) -> CommandError {
    let failure = Failure::new("the terminal cannot be used").detail(error.to_string());
    match error {
        TerminalError::NotATerminal | TerminalError::Dumb => CommandError::Usage(failure),
        TerminalError::Io(_) => CommandError::Failed(failure),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_invalid_server_address_is_refused_with_the_reason() {
        let why = |address| match server(address) {
            Err(CommandError::Usage(failure)) => failure.detail,
            other => panic!("{address}: {other:?}"),
        };

        assert_eq!(
            why("nonsense"),
            "it does not begin with http:// or https://"
        );
        assert_eq!(why("ftp://host/x"), "unsupported scheme ftp");
        assert_eq!(
            why("localhost:4096"),
            "it does not begin with http:// or https://"
        );
        assert_eq!(why("http://"), "empty host");
        assert_eq!(why("http://host:99999"), "invalid port number");
        assert!(server("http://127.0.0.1:4096").is_ok());
        assert!(server("https://[::1]:4096/base").is_ok());
    }
}
