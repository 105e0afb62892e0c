//! The last boot stages: start `opencode serve`, wait until it answers, and open our conversation.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::Arc;

use secrecy::SecretString;
use serde_json::{Value, json};

use super::cx::{BootCx, settle};
use crate::demo;
use crate::domain::failure::Failure;
use crate::domain::failure::advice::Advice;
use crate::domain::id::OpencodeSessionId;
use crate::domain::sandbox::{Phase, Stage};
use crate::e2b::error::Error;
use crate::e2b::process::{ProcessRef, ProcessStream, RunningProcess, StartProcess};
use crate::net::random;
use crate::opencode::client::OpencodeClient;
use crate::opencode::error::OpencodeError;
use crate::opencode::wire::session::{
    CreateSession, PermissionAction, PermissionRule, Session, UpdateSession,
};
use crate::session::context::wall;
use crate::session::failures;
use crate::session::logs::follow::{FollowContext, LogFollower};
use crate::session::logs::process::follow_unknown;
use crate::session::recorder::record::SessionRecord;
use crate::session::sandbox::SessionSandbox;
use crate::session::sandbox::script::script_process;
use crate::session::sandbox::server_process;
use crate::session::sandbox::server_process::ServerProcess;
use crate::session::server::OpencodeServer;

const SERVE: &str = concat!(
    include_str!("../../../assets/sandbox/config-dirs.sh"),
    include_str!("../../../assets/sandbox/server-file.sh"),
    include_str!("../../../assets/sandbox/serve.sh")
);
const SHELL_ENV: &str = include_str!("../../../assets/sandbox/shell-env.js");

/// Where OpenCode looks for plugins, relative to home (observed on 1.18.33).
const PLUGIN: &str = ".config/opencode/plugin/sandbar-shell-env.js";
/// The port of OpenCode's server in its sandbox.
const PORT: u16 = 4096;
/// The server's password, relative to home, in a sandbox that was created without one.
pub(in crate::session) const PASSWORD_FILE: &str = ".sandbar/password";
/// The demo model's port where the sandbox has all ports to itself.
const DEMO_PORT: u16 = 4095;
pub(in crate::session) const DEMO_TAG: &str = "demo";
/// The name of OpenCode's process in the sandbox.
pub(in crate::session) const OPENCODE_TAG: &str = "opencode";

/// A new password of 256 random bits.
pub(in crate::session) fn password() -> Result<SecretString, Failure> {
    let token = random::token().map_err(|error| {
        Failure::new("the system provides no random numbers").detail(error.to_string())
    })?;
    Ok(token.into())
}

/// The failure for a server without authentication: it is not ours and is never used.
const OPEN_SERVER: &str = "another program serves OpenCode in the sandbox, without a password";
/// How often a server is started again because its port was taken.
const PORT_TRIES: usize = 3;

/// Starts the server and connects to it; tries another port if the first one was taken.
pub(in crate::session) async fn run(
    cx: &BootCx,
    mut sandbox: SessionSandbox,
    mut place: SessionRecord,
    opencode: &str,
) -> Result<OpencodeServer, Phase> {
    let mut left = PORT_TRIES;
    loop {
        let started = Box::pin(start(cx, &sandbox, &mut place, opencode));
        sandbox.follower = Some(cx.stage(Stage::Start, started).await?);
        left -= 1;
        match connect(cx, sandbox.clone(), &mut place).await {
            Err(Phase::Failed(failure)) if left > 0 && lost_its_port(&failure) => {
                let port = free_port()?;
                let line = format!("another program took the port; using {port} now");
                cx.output(Stage::Start, line).await;
                place.port = Some(port);
            }
            done => return done,
        }
    }
}

/// Whether the server exited because its port was taken: by a program of the sandbox's template or, where sandboxes
/// share this machine's ports, by one that bound it in the second or two between our check and the server's bind. An
/// account's server may share ports too without saying so. OpenCode reports only `ServeError` (observed on 1.18.33),
/// and so does our script.
fn lost_its_port(failure: &Failure) -> bool {
    let told = failure.stderr.iter();
    failure.summary == OPEN_SERVER || told.rev().any(|line| line.trim() == "ServeError")
}

/// Starts the server, and the demo model beside it if requested.
async fn start(
    cx: &BootCx,
    sandbox: &SessionSandbox,
    place: &mut SessionRecord,
    opencode: &str,
) -> Result<Arc<LogFollower>, Phase> {
    let failed = |error| Phase::Failed(failures::e2b(&error));
    end_earlier(sandbox).await.map_err(failed)?;
    let demo_url = if place.new.demo {
        Some(start_demo(sandbox).await?)
    } else {
        None
    };
    sandbox.write(PLUGIN, SHELL_ENV).await?;
    let port = port(sandbox.engine.own_network, place.port)?;
    place.port = Some(port);
    place.sandbox.demo = place.new.demo;
    let directory = place.sandbox.directory.clone().unwrap_or_default();
    let start = u32::try_from(wall().0 / 1000).unwrap_or(u32::MAX);
    let (port, number) = (port.to_string(), start.to_string());
    let kind = if place.new.demo { "demo" } else { "" };
    let mut process = script_process(
        SERVE,
        &[opencode, &directory, &port, PASSWORD_FILE, &number, kind],
    );
    process.tag = Some(OPENCODE_TAG.to_owned());
    let config = config(place, demo_url.as_deref()).to_string();
    process.env = BTreeMap::from([
        ("OPENCODE_CONFIG_CONTENT".to_owned(), config),
        ("OPENCODE_DISABLE_AUTOUPDATE".to_owned(), "1".to_owned()),
    ]);
    let stream = sandbox.envd.start(&process).await.map_err(failed)?;
    let client = client(cx, sandbox, place)?;
    Ok(follower(cx, (sandbox, client), stream, Some(start)))
}

/// A client of the session record's server, with our password.
fn client(
    cx: &BootCx,
    sandbox: &SessionSandbox,
    place: &SessionRecord,
) -> Result<OpencodeClient, Failure> {
    let port = place.port.unwrap_or(PORT);
    let opencode = sandbox.opencode(&cx.context, port, cx.recorder.password());
    Ok(opencode?.1)
}

/// Follows a server that was just started or joined.
fn follower(
    cx: &BootCx,
    (sandbox, client): (&SessionSandbox, OpencodeClient),
    stream: ProcessStream,
    start: Option<u32>,
) -> Arc<LogFollower> {
    let with = FollowContext {
        context: Arc::clone(&cx.context),
        events: cx.events.clone(),
        recorder: cx.recorder.clone(),
        envd: sandbox.envd.clone(),
        client,
        start,
    };
    Arc::new(LogFollower::start(with, stream))
}

/// Follows the server that already runs here. The process list decides whether one does: for half a minute envd lets
/// us connect to a process that has exited, whose end would look new. A restarted envd lists nothing; then the
/// server is ours if it answers with our password.
pub(in crate::session) async fn join(
    cx: &BootCx,
    sandbox: &SessionSandbox,
    place: &SessionRecord,
) -> Option<Arc<LogFollower>> {
    place.sandbox.opencode_url.as_ref()?;
    let client = client(cx, sandbox, place).ok()?;
    let running = sandbox.envd.list().await.ok()?;
    let is_server = |process: &&RunningProcess| process.tag.as_deref() == Some(OPENCODE_TAG);
    if let Some(server) = running.iter().find(is_server) {
        let stream = sandbox.envd.connect(&ProcessRef::Pid(server.pid)).await;
        return Some(follower(
            cx,
            (sandbox, client),
            stream.ok()?,
            start_of(server),
        ));
    }
    let server = ServerProcess::find(&sandbox.envd).await.ok()??;
    if Some(server.port) != place.port {
        return None;
    }
    let stream = follow_unknown(&sandbox.envd, &client, &server).await;
    let (stream, start) = (stream.ok()??, Some(server.start));
    Some(follower(cx, (sandbox, client), stream, start))
}

/// The start number of a running server, the last argument of its script; `None`: an older sandbar started it
/// without one.
pub(in crate::session) fn start_of(server: &RunningProcess) -> Option<u32> {
    let before = script_process(SERVE, &["opencode", "directory", "port", "password"]);
    server.args.get(before.args.len())?.parse().ok()
}

/// Work tree and port of a running server, from its script's arguments; `None`: another program started it.
pub(in crate::session) fn served(server: &RunningProcess) -> Option<(String, u16)> {
    let [_, _, sandbar, _, directory, port, ..] = server.args.as_slice() else {
        return None;
    };
    let fits = sandbar == "sandbar" && directory.starts_with('/');
    let port = port.parse().ok().filter(|_| fits)?;
    Some((directory.clone(), port))
}

/// Ends the remains of an earlier start, which would hold its port.
async fn end_earlier(sandbox: &SessionSandbox) -> Result<(), Error> {
    let tags = [OPENCODE_TAG, DEMO_TAG];
    let is_left = |tag: &Option<String>| tag.as_deref().is_some_and(|tag| tags.contains(&tag));
    let listed = sandbox.envd.list().await?.into_iter();
    let listed = listed.filter(|process| is_left(&process.tag));
    let mut left: Vec<u32> = listed.map(|process| process.pid).collect();
    left.extend(
        ServerProcess::find(&sandbox.envd)
            .await?
            .map(|server| server.pid),
    );
    server_process::end(&sandbox.envd, &left).await
}

async fn start_demo(sandbox: &SessionSandbox) -> Result<String, Failure> {
    let Some(program) = &sandbox.engine.demo_program else {
        return Err(Failure::new("the demo model cannot run in this sandbox"));
    };
    let port = if sandbox.engine.own_network {
        DEMO_PORT
    } else {
        free_port()?
    };
    let arguments = [
        "internal".to_owned(),
        "demo".into(),
        "--port".into(),
        port.to_string(),
    ];
    let mut process = StartProcess::program(program.to_string_lossy(), arguments);
    process.tag = Some(DEMO_TAG.to_owned());
    // Nobody reads its output; closing the stream does not end the process.
    let started = sandbox.envd.start(&process).await;
    started.map_err(|error| failures::e2b(&error))?;
    Ok(format!("http://127.0.0.1:{port}/v1"))
}

/// The server's configuration, in addition to the user's own files in the sandbox. No secrets: they have been in the
/// environment since the sandbox was created.
fn config(place: &SessionRecord, demo_url: Option<&str>) -> Value {
    let mut config = demo_url.map_or_else(|| json!({}), demo::provider_config);
    config["share"] = json!("manual");
    config["autoupdate"] = json!(false);
    if let (None, Some(model)) = (demo_url, &place.new.model) {
        config["model"] = json!(format!("{}/{}", model.provider, model.model));
    }
    config
}

/// Where the sandbox has all ports to itself: the recorded port, otherwise the usual one. Where it shares this
/// machine's ports: the recorded one if free, otherwise the usual one, otherwise any.
fn port(own_network: bool, kept: Option<u16>) -> Result<u16, Failure> {
    if own_network {
        return Ok(kept.unwrap_or(PORT));
    }
    let is_free = |port: &u16| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok();
    match kept.into_iter().chain([PORT]).find(is_free) {
        Some(port) => Ok(port),
        None => free_port(),
    }
}

fn free_port() -> Result<u16, Failure> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
    let address = listener.and_then(|listener| listener.local_addr());
    address.map(|address| address.port()).map_err(|error| {
        Failure::new("this machine has no free port")
            .detail(error.to_string())
            .retryable()
    })
}

/// Waits until the server is healthy, then opens the conversation or creates one.
pub(in crate::session) async fn connect(
    cx: &BootCx,
    sandbox: SessionSandbox,
    place: &mut SessionRecord,
) -> Result<OpencodeServer, Phase> {
    let port = place.port.unwrap_or(PORT);
    let (url, client) = sandbox.opencode(&cx.context, port, cx.recorder.password())?;
    let answers = async {
        let version = health(cx, &sandbox, &client).await?;
        let (_, open) = sandbox.opencode(&cx.context, port, None)?;
        match open.health().await {
            Ok(_) => Err(Phase::Failed(
                Failure::new(OPEN_SERVER)
                    .detail(format!("it listens on port {port} of the sandbox"))
                    .advise([Advice::TryAnotherPort]),
            )),
            Err(_) => Ok(version),
        }
    };
    let version = cx.stage(Stage::Health, answers).await?;
    place.sandbox.opencode_url = Some(url);
    place.sandbox.opencode_version = Some(version);
    settle(cx, place).await;
    let directory = place.sandbox.directory.clone().unwrap_or_default();
    let client = client.in_directory(&directory);
    let found = cx
        .stage(Stage::Subscribe, conversation(cx, &client, place))
        .await?;
    place.conversation = Some(found.clone());
    settle(cx, place).await;
    Ok(OpencodeServer::new(client, found, directory, Some(sandbox)))
}

/// Polls until the server answers as OpenCode, its process exits, or the deadline passes.
async fn health(
    cx: &BootCx,
    sandbox: &SessionSandbox,
    client: &OpencodeClient,
) -> Result<String, Phase> {
    let timing = &cx.context.timing;
    let listening = async {
        match &sandbox.follower {
            Some(follower) => follower.listening().await,
            None => std::future::pending().await,
        }
    };
    tokio::pin!(listening);
    let mut is_listening = false;
    let polls = async {
        loop {
            let error = match client.health().await {
                Ok(health) => return Ok(health.version),
                Err(error) => error,
            };
            if !error.is_retryable() {
                return Err(Phase::Failed(failures::opencode(&error)));
            }
            tokio::select! {
                () = &mut listening, if !is_listening => is_listening = true,
                () = tokio::time::sleep(timing.health_poll) => {}
            }
        }
    };
    tokio::select! {
        answered = polls => answered,
        failure = sandbox.process_ended() => Err(Phase::Failed(failure)),
        () = tokio::time::sleep(timing.health_deadline) => Err(Phase::Failed(
            Failure::new("OpenCode did not become healthy")
                .detail(format!("it did not answer that it is ready within {} s", timing.health_deadline.as_secs()))
                .advise([Advice::TryAgain, Advice::ReadLogs])
                .retryable(),
        )),
    }
}

/// Without isolation the agent must ask before it runs, edits or fetches anything; OpenCode's own default allows
/// these.
fn rules(place: &SessionRecord) -> Vec<PermissionRule> {
    if place.sandbox.isolation.as_deref() != Some("none") {
        return Vec::new();
    }
    let ask = |permission: &str| PermissionRule {
        permission: permission.to_owned(),
        pattern: "*".to_owned(),
        action: PermissionAction::Ask,
    };
    ["bash", "edit", "webfetch"].map(ask).to_vec()
}

/// The rules that a conversation lacks: it may have been created in a sandbox that was isolated then.
fn lacking(rules: Vec<PermissionRule>, held: &[PermissionRule]) -> Vec<PermissionRule> {
    let holds = |rule: &PermissionRule| {
        let concerns =
            |held: &&PermissionRule| held.permission == rule.permission || held.permission == "*";
        held.iter().rev().find(concerns) == Some(rule)
    };
    let (_, lacking): (Vec<_>, Vec<_>) = rules.into_iter().partition(holds);
    lacking
}

/// Finds the conversation to show: the given one, otherwise the newest of the server's own directory, otherwise a
/// new one. This also checks health: a server other than OpenCode is recognised.
pub(in crate::session) async fn find_conversation(
    client: &OpencodeClient,
    session: Option<OpencodeSessionId>,
) -> Result<Session, OpencodeError> {
    if let Some(id) = session {
        return client.session(id.as_str()).await;
    }
    let sessions = client.sessions().await?;
    let newest = sessions
        .into_iter()
        .find(|session| session.parent_id.is_none());
    match newest {
        Some(session) => Ok(session),
        None => client.create_session(&CreateSession::default()).await,
    }
}

async fn conversation(
    cx: &BootCx,
    client: &OpencodeClient,
    place: &SessionRecord,
) -> Result<OpencodeSessionId, Phase> {
    let failed = |error| Phase::Failed(failures::opencode(&error));
    let known = match &place.conversation {
        Some(id) => Some(client.session(id.as_str()).await.map_err(failed)?),
        None if cx.joins => Some(find_conversation(client, None).await.map_err(failed)?),
        None => None,
    };
    let Some(session) = known else {
        let new = CreateSession {
            permission: rules(place),
            ..CreateSession::default()
        };
        let session = client.create_session(&new).await.map_err(failed)?;
        return Ok(OpencodeSessionId::from(session.id));
    };
    let lacking = lacking(rules(place), &session.permission);
    if !lacking.is_empty() {
        let update = UpdateSession {
            permission: lacking,
            ..UpdateSession::default()
        };
        let updated = client.update_session(&session.id, &update).await;
        updated.map_err(failed)?;
    }
    Ok(OpencodeSessionId::from(session.id))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(permission: &str, action: PermissionAction) -> PermissionRule {
        PermissionRule {
            permission: permission.to_owned(),
            pattern: "*".to_owned(),
            action,
        }
    }

    #[test]
    fn a_taken_port_is_replaced_by_another_that_is_recorded() {
        let told = |line: &str| Failure::new("ended").stderr(vec![line.to_owned()]);

        assert!(lost_its_port(&told("ServeError")) && !lost_its_port(&told("out of memory")));
        assert_eq!(port(true, None).unwrap(), PORT);
        assert_eq!(port(true, Some(20_123)).unwrap(), 20_123);
    }

    #[test]
    fn a_conversation_from_an_isolated_sandbox_gets_the_rules_that_it_lacks() {
        let (allow, ask) = (PermissionAction::Allow, PermissionAction::Ask);
        let wanted = ["bash", "edit"].map(|name| rule(name, ask));
        let lacking = |held: &[PermissionRule]| lacking(wanted.to_vec(), held);

        assert_eq!(lacking(&[]), wanted);
        assert_eq!(lacking(&wanted), []);
        assert_eq!(
            lacking(&[rule("bash", ask), rule("edit", ask), rule("bash", allow)]),
            [rule("bash", ask)]
        );
        assert_eq!(lacking(&[rule("bash", ask), rule("*", allow)]), wanted);
    }
}
