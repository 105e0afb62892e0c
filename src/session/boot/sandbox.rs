//! The boot of a session that has a sandbox: create, code, install, start, health, subscribe.
//!
//! Each step first checks what exists already. So the same code creates a new session, opens a stored one, resumes a
//! paused one, and restarts OpenCode after its process has exited.

use std::collections::BTreeMap;
use std::time::Duration;

use secrecy::SecretString;

use super::cx::{BootCx, settle};
use super::{code, install, provider_key_rules, server};
use crate::domain::failure::Failure;
use crate::domain::failure::advice::Advice;
use crate::domain::id::{SandboxId, TemplateId};
use crate::domain::sandbox::{EngineKind, Phase, SandboxInfo, Stage};
use crate::domain::session::{CloseAction, NewSession, SessionEvent};
use crate::e2b;
use crate::e2b::wire::{Network, NewSandbox, SandboxState};
use crate::engine::{Engine, InstallTerms};
use crate::session::context::wall;
use crate::session::failures;
use crate::session::recorder::record::SessionRecord;
use crate::session::sandbox::access::EngineClient;
use crate::session::sandbox::lifecycle::{close, is_engine_of, look, settled, ttl};
use crate::session::sandbox::listing::{METADATA_KEY, METADATA_NAME, gone, is_gone, made_before};
use crate::session::sandbox::{SandboxVerdict, SessionSandbox};
use crate::session::server::OpencodeServer;
use crate::session::snapshot::revive;

/// Boots the session's sandbox until its server answers.
pub(in crate::session) async fn boot(
    cx: &BootCx,
    mut place: SessionRecord,
) -> Result<OpencodeServer, Phase> {
    let sandbox = cx.stage(Stage::Create, create(cx, &mut place)).await?;
    match Box::pin(furnish(cx, sandbox.clone(), place)).await {
        Ok(server) => Ok(server),
        // The cause may be that the sandbox no longer exists. Otherwise it keeps running.
        Err(phase) => {
            look(&sandbox.engine, &cx.recorder, &sandbox.id().into()).await;
            match sandbox.verdict().await {
                SandboxVerdict::Over(phase) => Err(phase),
                SandboxVerdict::Runs | SandboxVerdict::Unknown => Err(phase),
            }
        }
    }
}

/// Every stage inside a running sandbox.
async fn furnish(
    cx: &BootCx,
    mut sandbox: SessionSandbox,
    mut place: SessionRecord,
) -> Result<OpencodeServer, Phase> {
    if place.sandbox.directory.is_none() {
        let brought = Box::pin(code::bring_code(cx, &sandbox, &mut place));
        cx.stage(Stage::Code, brought).await?;
    }
    sandbox.follower = server::join(cx, &sandbox, &place).await;
    if sandbox.follower.is_none() {
        if !cx.recorder.holds_lock() {
            // Only the process that drives the session starts the server.
            return Err(Phase::Failed(failures::driven_elsewhere()));
        }
        let found = Box::pin(install::find_or_install(cx, &sandbox, &mut place));
        let opencode = cx.stage(Stage::Install, found).await?;
        if place.sandbox.opencode_url.is_none() && place.conversation.is_some() {
            let taken = Box::pin(revive::conversations(cx, &sandbox, &place, &opencode));
            cx.stage(Stage::Start, taken).await?;
        }
        return Box::pin(server::run(cx, sandbox, place, &opencode)).await;
    }
    server::connect(cx, sandbox, &mut place).await
}

/// Creates the sandbox or connects to the existing one; a paused one is resumed.
async fn create(cx: &BootCx, place: &mut SessionRecord) -> Result<SessionSandbox, Phase> {
    if let (false, Some(id)) = (cx.resumes, &place.sandbox.id) {
        stays_asleep(cx, &place.sandbox, id).await?;
    }
    let engine = cx
        .context
        .engine()
        .await
        .map_err(|error| failures::engine(&error))?;
    if !engine.notice.is_empty() {
        cx.output(Stage::Create, engine.notice.clone()).await;
    }
    let ttl = ttl(&cx.context, &engine);
    is_engine_of(&place.sandbox, &engine)?;
    if let Some(template) = &cx.template {
        take_template(cx, &engine, place, template).await?;
    }
    let wire = match place.sandbox.id.clone() {
        Some(id) => resume(&engine, id.as_str(), ttl).await?,
        None => make(cx, &engine, place, ttl).await?,
    };
    place.sandbox.engine = engine.kind;
    place.sandbox.isolation = engine.isolation.map(str::to_owned);
    place.sandbox.ends_at = (engine.kind == EngineKind::E2b).then(|| wall().plus(ttl));
    settle(cx, place).await;
    cx.recorder.save_access(&wire);
    // It runs and costs, even if this boot fails.
    cx.recorder.phase(&Phase::Dormant).await;
    let sandbox = SessionSandbox::new(&cx.context, engine, wire)?;
    if sandbox.engine.kind == EngineKind::E2b {
        tell_end(cx, &sandbox, place).await;
    }
    Ok(sandbox)
}

/// Asks when the sandbox times out: the account's plan may allow less than requested.
async fn tell_end(cx: &BootCx, sandbox: &SessionSandbox, place: &mut SessionRecord) {
    let longest = sandbox.engine.control.longest_life();
    let told = longest.and_then(|longest| failures::cut_by_plan(&cx.context.settings, longest));
    if let Some(line) = told {
        cx.output(Stage::Create, line).await;
    }
    if let Ok(until) = sandbox.ends_at().await {
        place.sandbox.ends_at = Some(until);
        settle(cx, place).await;
    }
}

/// Ends the boot for a sandbox that is not running, since connecting would resume it; nor is the engine started for
/// it.
async fn stays_asleep(cx: &BootCx, sandbox: &SandboxInfo, id: &SandboxId) -> Result<(), Phase> {
    let Some(host) = EngineClient::find(&cx.context).await? else {
        let spec = cx.context.settings.engine.as_ref();
        if spec.is_some_and(Engine::is_stopped) {
            return Err(Phase::Paused);
        }
        // It does not answer in time: the caller that starts or finds it waits longer.
        return Ok(());
    };
    is_engine_of(sandbox, &host.engine)?;
    match host.sandbox(id).await? {
        Some(listed) if listed.state == SandboxState::Paused => Err(Phase::Paused),
        Some(_) => Ok(()),
        None => Err(gone(id)),
    }
}

/// Lets the session start over from another template. The old sandbox is killed first: otherwise both would run and
/// cost.
async fn take_template(
    cx: &BootCx,
    engine: &Engine,
    place: &mut SessionRecord,
    template: &TemplateId,
) -> Result<(), Failure> {
    let id = match (&place.sandbox.id, cx.recorder.password()) {
        (Some(id), _) => Some(id.clone()),
        (None, Some(_)) => made_before(engine, &cx.spec.key)
            .await
            .map_err(|error| not_made(error, template.as_str()))?
            .map(SandboxId::from),
        (None, None) => None,
    };
    if let Some(id) = id {
        let line = format!("killing sandbox {id}, which was never used");
        cx.output(Stage::Create, line).await;
        let closed = close(engine, Some(&cx.recorder), &id, CloseAction::Kill).await;
        if let Some(Phase::Failed(failure)) = closed {
            return Err(failure);
        }
    }
    let new = NewSession {
        template: template.clone(),
        ..place.new.clone()
    };
    *place = SessionRecord::planned(new, engine.kind);
    cx.recorder.replan(place).await;
    cx.events
        .send(SessionEvent::Sandbox(place.sandbox.clone()))
        .await;
    Ok(())
}

/// Resumes an existing sandbox, or makes sure that it runs.
async fn resume(engine: &Engine, id: &str, ttl: Duration) -> Result<e2b::wire::Sandbox, Phase> {
    match settled(|| engine.control.connect(id, Some(ttl))).await {
        Ok(connected) => Ok(connected.sandbox),
        Err(error) if is_gone(&error) => Err(Phase::Gone(failures::gone(id))),
        Err(error) => Err(Phase::Failed(failures::e2b(&error))),
    }
}

/// Creates a sandbox, after its template is ready.
async fn make(
    cx: &BootCx,
    engine: &Engine,
    place: &mut SessionRecord,
    ttl: Duration,
) -> Result<e2b::wire::Sandbox, Phase> {
    if place.new.demo && engine.demo_program.is_none() {
        return Err(Phase::Failed(
            Failure::new("the demo model runs in local sandboxes only")
                .detail("it is part of sandbar, which E2B's templates do not contain")
                .advise([Advice::SetKey(
                    "use --engine local, or set a model provider's key".to_owned(),
                )]),
        ));
    }
    if cx.context.settings.secrets_at_egress && !place.new.demo {
        let left_out = provider_key_rules::check(engine, &cx.context.provider_keys().await)?;
        for line in left_out {
            cx.output(Stage::Create, line).await;
        }
    }
    let template = place.new.template.as_str();
    let (lines, mut progress) = tokio::sync::mpsc::channel(64);
    let settings = &cx.context.settings;
    let env = settings.install_env.iter();
    let terms = InstallTerms {
        env: env
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect(),
        limit_secs: settings.install_limit.as_secs(),
    };
    let prepare = engine.prepare(template, &terms, move |line| {
        // A dropped progress line is no loss.
        let _unread = lines.try_send(line);
    });
    let show = async {
        while let Some(line) = progress.recv().await {
            cx.output(Stage::Create, line).await;
        }
    };
    let (prepared, ()) = tokio::join!(prepare, show);
    prepared.map_err(|error| failures::engine(&error))?;
    let made = if let Some(password) = cx.recorder.password() {
        let made = made_before(engine, &cx.spec.key).await;
        let made = match made.map_err(|error| not_made(error, template))? {
            Some(id) => join_made(engine, template, &id, ttl).await?,
            None => None,
        };
        if let Some(made) = made {
            made
        } else {
            // Another process may have removed it.
            cx.recorder.save_password(&password)?;
            call(cx, engine, place, &password, ttl).await?
        }
    } else {
        let password = server::password()?;
        // Stored first: a sandbox whose password is lost is unusable.
        cx.recorder.save_password(&password)?;
        call(cx, engine, place, &password, ttl).await?
    };
    place.sandbox.id = Some(made.sandbox_id.as_str().into());
    Ok(made)
}

async fn call(
    cx: &BootCx,
    engine: &Engine,
    place: &SessionRecord,
    password: &SecretString,
    ttl: Duration,
) -> Result<e2b::wire::Sandbox, Failure> {
    let keys = if place.new.demo {
        Vec::new()
    } else {
        cx.context.provider_keys().await
    };
    let new = new_sandbox(cx, place, engine, (keys, password), ttl);
    let made = engine.control.create(&new).await;
    made.map_err(|error| failures::e2b(&error))
}

async fn join_made(
    engine: &Engine,
    template: &str,
    id: &str,
    ttl: Duration,
) -> Result<Option<e2b::wire::Sandbox>, Failure> {
    match engine.control.connect(id, Some(ttl)).await {
        Ok(connected) => Ok(Some(connected.sandbox)),
        Err(error) if is_gone(&error) => Ok(None),
        Err(error) => Err(not_made(error, template)),
    }
}

/// To the user, listing is only a step of the creation.
fn not_made(mut error: e2b::error::Error, template: &str) -> Failure {
    error.operation = format!("create a sandbox from template {template}");
    failures::e2b(&error)
}

/// The create call carries the password and the provider keys, since E2B logs the environment of single commands.
fn new_sandbox(
    cx: &BootCx,
    place: &SessionRecord,
    engine: &Engine,
    (keys, password): (Vec<(String, SecretString)>, &SecretString),
    ttl: Duration,
) -> NewSandbox {
    let settings = &cx.context.settings;
    let mut variables = BTreeMap::new();
    let mut rules = BTreeMap::new();
    match (place.new.demo, settings.secrets_at_egress) {
        (true, _) => {}
        (false, false) => variables.extend(keys),
        (false, true) => (variables, rules) = provider_key_rules::keyless(&keys),
    }
    variables.insert("OPENCODE_SERVER_PASSWORD".to_owned(), password.clone());
    let metadata = [
        ("sandbar", "1"),
        (METADATA_KEY, cx.spec.key.as_str()),
        (METADATA_NAME, place.new.name.as_str()),
    ];
    let metadata = metadata.map(|(name, value)| (name.to_owned(), value.to_owned()));
    NewSandbox {
        template_id: place.new.template.as_str().to_owned(),
        timeout: Some(i64::try_from(ttl.as_secs()).unwrap_or(i64::MAX)),
        metadata: metadata.into(),
        env_vars: variables,
        auto_pause: Some(true),
        network: Some(Network {
            allow_public_traffic: Some(false),
            rules,
            ..Network::default()
        }),
        secure: (engine.kind == EngineKind::Local).then_some(true),
        ..NewSandbox::default()
    }
}
