//! The session that a run uses: a new one or an existing one, and the state it was found in.

use tokio::time::Instant;

use super::super::args::GlobalOptions;
use super::super::lookup::{self, SessionLookup};
use super::super::report::{self, CommandError};
use super::super::setup;
use super::super::setup::keyring;
use super::super::setup::provider;
use crate::app::cx::IdSource;
use crate::config::{Config, Env};
use crate::domain::chat::ModelRef;
use crate::domain::failure::Failure;
use crate::domain::sandbox::Phase;
use crate::domain::session::{SessionOrigin, SessionSpec, SessionSummary};
use crate::e2b::wire::SandboxState;
use crate::session::context::{RecordStore, SessionContext, wall};
use crate::session::recorder::reservation;
use crate::session::sandbox::access::EngineClient;
use crate::store::{Naming, StoreError};

/// The state before the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SandboxBefore {
    Nothing,
    /// A session whose sandbox was paused, or was not created yet.
    Paused,
    /// A session whose sandbox was running.
    Running,
}

/// A session to open.
pub(super) struct SessionOpening {
    pub(super) context: SessionContext,
    pub(super) spec: SessionSpec,
    pub(super) name: String,
    /// Of the prompt; `None`: the session's own.
    pub(super) model: Option<ModelRef>,
    pub(super) found: SandboxBefore,
}

/// A new session, with this name if one is given.
pub(super) async fn of_new(
    name: Option<&str>,
    options: &GlobalOptions,
    config: &mut Config,
    env: &Env,
) -> Result<SessionOpening, CommandError> {
    let names = keyring::for_new(config, options.demo);
    keyring::complete(config, &names).await;
    let mut context = setup::context(Some(config), env, Instant::now(), None)?;
    let records = RecordStore::open(&config.paths.state_dir);
    context.clone_access.extend(setup::clone_access(options));
    provider::can_use_model(options, config, &setup::code_source(options, config, env))?;
    let mut new = setup::new_session(options, config, env, name.map(str::to_owned));
    for notice in records.store.notices().await {
        report::progress(notice);
    }
    let naming = name.map_or(Naming::Similar, |_| Naming::Exact);
    context.records = Some(records.clone());
    let mut spec = SessionSpec {
        key: IdSource::seeded(setup::seed()?).session_key(wall()),
        origin: SessionOrigin::New(new.clone()),
    };
    match reservation::reserve(&context, &spec, naming).await {
        Ok(Some(name)) => new.name = name,
        Err(StoreError::NameTaken { name }) => return Err(taken(&records, &name).await.into()),
        // A session that cannot be stored runs all the same.
        Ok(None) | Err(_) => {}
    }
    spec.origin = SessionOrigin::New(new.clone());
    Ok(SessionOpening {
        context,
        name: new.name,
        model: new.model,
        spec,
        found: SandboxBefore::Nothing,
    })
}

async fn taken(records: &RecordStore, name: &str) -> Failure {
    match records.store.by_name(name).await {
        Ok(Some(other)) => lookup::taken(&other.summary),
        // It has just been deleted.
        _ => Failure::new(format!("a session named {name} already exists"))
            .hint("run the command again, or give another --name"),
    }
}

/// The session of this name.
pub(super) async fn of_known(
    name: &str,
    options: &GlobalOptions,
    config: &mut Config,
    env: &Env,
) -> Result<SessionOpening, CommandError> {
    refuse_options_of_new(name, options)?;
    let names = config.missing_provider_keys();
    keyring::complete(config, &names).await;
    let lookup = SessionLookup::open(config, env).await?;
    let session = lookup.session(name)?;
    let stored = lookup.store().session(&session.key).await.ok().flatten();
    let code = stored.and_then(|stored| Some(stored.new?.code));
    // If sandbar only attached, the code's configuration is unknown.
    if let Some(code) = code {
        provider::can_use_model(options, config, &code)?;
    }
    let gone = || {
        let failure = Failure::new(format!("session {} is gone", session.name));
        let hint = format!("`sandbar revive {}` brings it back", session.name);
        CommandError::from(failure.detail("its sandbox is no longer there").hint(hint))
    };
    if matches!(session.phase, Phase::Gone(_)) {
        return Err(gone());
    }
    let context = lookup.context(session.sandbox.engine).await?;
    let found = found(&context, session).await?.ok_or_else(gone)?;
    Ok(SessionOpening {
        context,
        spec: SessionSpec {
            key: session.key.clone(),
            origin: SessionOrigin::Stored,
        },
        name: session.name.clone(),
        model: options.model.as_ref().and(config.model.value.clone()),
        found,
    })
}

/// An existing session already has its sandbox, its code and its kind of model.
fn refuse_options_of_new(name: &str, options: &GlobalOptions) -> Result<(), CommandError> {
    let given = [
        ("--template", options.template.is_some()),
        ("--repo", options.repo.is_some()),
        ("--empty", options.empty),
        ("--demo", options.demo),
    ];
    let Some((flag, _)) = given.into_iter().find(|(_, is_given)| *is_given) else {
        return Ok(());
    };
    let failure = Failure::new(format!("{flag} is for new sessions, not for {name}"));
    Err(CommandError::Usage(failure.hint("remove one of the two")))
}

/// Whether the session's sandbox is running now; `None`: it is gone.
async fn found(
    context: &SessionContext,
    session: &SessionSummary,
) -> Result<Option<SandboxBefore>, Failure> {
    let (Some(id), Some(host)) = (&session.sandbox.id, EngineClient::find(context).await?) else {
        return Ok(Some(SandboxBefore::Paused));
    };
    let listed = host.sandbox(id).await?;
    Ok(listed.map(|listed| match listed.state {
        SandboxState::Paused => SandboxBefore::Paused,
        SandboxState::Running | SandboxState::Unknown => SandboxBefore::Running,
    }))
}
