//! The boot of a session that has a sandbox: create, code, install, start, health, subscribe.
//!
//! Every step looks first at what is there already. So the same code makes a new session, opens a
//! stored one, resumes a paused one, and starts OpenCode again after its process has ended.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;

use super::boot::BootCx;
use super::follow_logs::Follower;
use super::place::Place;
use super::sandbox::{Sandbox, is_gone, script_process};
use super::server::Server;
use super::world::{World, wall};
use super::{boot_server, code, revive, words};
use crate::domain::failure::Failure;
use crate::domain::sandbox::{EngineKind, Phase, SandboxInfo, Stage};
use crate::domain::session::{CodeSource, SessionEvent};
use crate::domain::version::opencode_fits;
use crate::e2b;
use crate::e2b::list::ListFilter;
use crate::e2b::process::{ProcessEvent, Selector};
use crate::e2b::wire::{ListedSandbox, Network, NewSandbox};
use crate::engine::Engine;

const FIND: &str = include_str!("../../assets/sandbox/find-opencode.sh");
const INSTALL: &str = include_str!("../../assets/sandbox/install-opencode.sh");

/// A short script in the sandbox.
const SHORT: Duration = Duration::from_secs(30);
/// Unpacking or cloning code.
const LONG: Duration = Duration::from_mins(10);
/// Local sandboxes end when they are killed, not by the clock: ten years.
const NO_LIMIT: Duration = Duration::from_hours(24 * 3650);
/// More code than this is only sent when the user says so.
const CODE_LIMIT: u64 = 100 * 1024 * 1024;

/// Names the session in the metadata of its sandbox.
pub const METADATA_KEY: &str = "sandbar.key";
/// The session's name at that time.
pub(super) const METADATA_NAME: &str = "sandbar.name";

/// The name of OpenCode's process in the sandbox.
pub(super) const OPENCODE_TAG: &str = "opencode";

impl From<Failure> for Phase {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

/// Boots the session's sandbox up to a server that answers.
pub(super) async fn boot(cx: &BootCx, mut place: Place) -> Result<Server, Phase> {
    let sandbox = cx.stage(Stage::Create, create(cx, &mut place)).await?;
    match Box::pin(furnish(cx, sandbox.clone(), place)).await {
        Ok(server) => Ok(server),
        // What failed may have failed because the sandbox is no longer there.
        Err(phase) => Err(sandbox.verdict().await.unwrap_or(phase)),
    }
}

/// All that happens in a sandbox that runs.
async fn furnish(cx: &BootCx, mut sandbox: Sandbox, mut place: Place) -> Result<Server, Phase> {
    if place.sandbox.directory.is_none() {
        let brought = Box::pin(bring_code(cx, &sandbox, &mut place));
        cx.stage(Stage::Code, brought).await?;
    }
    sandbox.follower = join(cx, &sandbox, &place).await;
    if sandbox.follower.is_none() {
        if !cx.recorder.drives() {
            // To start it is for the one that drives.
            return Err(Phase::Failed(words::driven_elsewhere()));
        }
        let found = Box::pin(find_or_install(cx, &sandbox, &mut place));
        let opencode = cx.stage(Stage::Install, found).await?;
        if place.sandbox.opencode_url.is_none() && place.conversation.is_some() {
            let taken = Box::pin(revive::conversations(cx, &sandbox, &place, &opencode));
            cx.stage(Stage::Start, taken).await?;
        }
        return Box::pin(boot_server::run(cx, sandbox, place, &opencode)).await;
    }
    boot_server::connect(cx, sandbox, &mut place).await
}

/// Follows the server that runs here already. The list decides whether one does: for half a minute
/// envd lets us connect to a process that has ended, and we would take its end for a new one.
async fn join(cx: &BootCx, sandbox: &Sandbox, place: &Place) -> Option<Arc<Follower>> {
    place.sandbox.opencode_url.as_ref()?;
    let running = sandbox.envd.list().await.ok()?;
    let server = running
        .iter()
        .find(|process| process.tag.as_deref() == Some(OPENCODE_TAG))?;
    let stream = sandbox.envd.connect(&Selector::Pid(server.pid)).await;
    let start = boot_server::start_of(server);
    Some(boot_server::follower(
        cx,
        &sandbox.envd,
        stream.ok()?,
        start,
    ))
}

/// Stores the place and shows what is known of the sandbox.
pub(super) async fn settle(cx: &BootCx, place: &Place) {
    cx.recorder.place(place).await;
    cx.events
        .send(SessionEvent::Sandbox(place.sandbox.clone()))
        .await;
}

/// Creates the sandbox, or joins the one there is; a paused one is resumed.
async fn create(cx: &BootCx, place: &mut Place) -> Result<Sandbox, Phase> {
    let engine = cx
        .world
        .engine()
        .await
        .map_err(|error| words::engine(&error))?;
    if !engine.notice.is_empty() {
        cx.output(Stage::Create, engine.notice.clone()).await;
    }
    let ttl = ttl(&cx.world, &engine);
    is_engine_of(&place.sandbox, &engine)?;
    let wire = match place.sandbox.id.clone() {
        Some(id) => resume(&engine, id.as_str(), ttl).await?,
        None => make(cx, &engine, place, ttl).await?,
    };
    place.sandbox.engine = engine.kind;
    place.sandbox.isolation = engine.isolation.map(str::to_owned);
    place.sandbox.ends_at = (engine.kind == EngineKind::E2b).then(|| wall().plus(ttl));
    settle(cx, place).await;
    Ok(Sandbox::new(&cx.world, engine, wire)?)
}

/// Resumes a sandbox that was made before, or makes sure that it runs.
async fn resume(engine: &Engine, id: &str, ttl: Duration) -> Result<e2b::wire::Sandbox, Phase> {
    match engine.control.connect(id, Some(ttl)).await {
        Ok(connected) => Ok(connected.sandbox),
        Err(error) if is_gone(&error) => Err(Phase::Gone(words::gone(id))),
        Err(error) => Err(Phase::Failed(words::e2b(&error))),
    }
}

/// Makes a sandbox, for which its template is prepared first.
async fn make(
    cx: &BootCx,
    engine: &Engine,
    place: &mut Place,
    ttl: Duration,
) -> Result<e2b::wire::Sandbox, Phase> {
    if place.new.demo && engine.demo_program.is_none() {
        return Err(Phase::Failed(
            Failure::new("the demo model runs in local sandboxes only")
                .because("it is a part of this program, which is not in E2B's templates")
                .hint("use --engine local, or set a model provider's key"),
        ));
    }
    let template = place.new.template.as_str();
    let (lines, mut progress) = tokio::sync::mpsc::channel(64);
    let prepare = engine.prepare(template, move |line| {
        // A line that nobody has time for is no loss: it is progress only.
        let _unread = lines.try_send(line);
    });
    let show = async {
        while let Some(line) = progress.recv().await {
            cx.output(Stage::Create, line).await;
        }
    };
    let (prepared, ()) = tokio::join!(prepare, show);
    prepared.map_err(|error| words::engine(&error))?;
    let made = if let Some(password) = cx.recorder.password() {
        match made_before(cx, engine, template, ttl).await? {
            Some(made) => made,
            None => call(cx, engine, place, &password, ttl).await?,
        }
    } else {
        let password = boot_server::password()?;
        // Stored first: a sandbox whose password is lost could not be used.
        cx.recorder.save_password(&password)?;
        call(cx, engine, place, &password, ttl).await?
    };
    place.sandbox.id = Some(made.sandbox_id.as_str().into());
    Ok(made)
}

async fn call(
    cx: &BootCx,
    engine: &Engine,
    place: &Place,
    password: &SecretString,
    ttl: Duration,
) -> Result<e2b::wire::Sandbox, Failure> {
    let new = new_sandbox(cx, place, engine, password, ttl);
    let made = engine.control.create(&new).await;
    made.map_err(|error| words::e2b(&error))
}

/// The session's sandbox where an earlier call has made one and its answer was lost: another would
/// run, and cost, beside it.
async fn made_before(
    cx: &BootCx,
    engine: &Engine,
    template: &str,
    ttl: Duration,
) -> Result<Option<e2b::wire::Sandbox>, Failure> {
    let failed = |mut error: e2b::error::Error| {
        // The list is but a step on the way.
        error.operation = format!("create a sandbox from template {template}");
        words::e2b(&error)
    };
    let key = (METADATA_KEY.to_owned(), cx.spec.key.to_string());
    let filter = ListFilter {
        metadata: [key.clone()].into(),
        ..ListFilter::default()
    };
    let page = engine.control.list(&filter, None).await.map_err(failed)?;
    // A server that does not know the filter lists others too.
    let is_ours = |one: &&ListedSandbox| one.metadata.get(METADATA_KEY) == Some(&key.1);
    let Some(found) = page.sandboxes.iter().find(is_ours) else {
        return Ok(None);
    };
    match engine.control.connect(&found.sandbox_id, Some(ttl)).await {
        Ok(connected) => Ok(Some(connected.sandbox)),
        Err(error) if is_gone(&error) => Ok(None),
        Err(error) => Err(failed(error)),
    }
}

/// Refuses a sandbox that another engine has made.
pub(super) fn is_engine_of(sandbox: &SandboxInfo, engine: &Engine) -> Result<(), Failure> {
    if sandbox.engine == engine.kind {
        return Ok(());
    }
    let kind = sandbox.engine.name();
    let failure = Failure::new(format!(
        "this session's sandbox is on another engine ({kind})"
    ));
    Err(failure.hint(format!("start sandbar with --engine {kind}")))
}

/// How long a sandbox lives that was just made or resumed.
pub(super) fn ttl(world: &World, engine: &Engine) -> Duration {
    match engine.kind {
        EngineKind::E2b => world.settings.idle_ttl,
        EngineKind::Local | EngineKind::Attached => NO_LIMIT,
    }
}

/// The create call: the password and the provider keys go in here, since what is given to single
/// commands is logged by E2B.
fn new_sandbox(
    cx: &BootCx,
    place: &Place,
    engine: &Engine,
    password: &SecretString,
    ttl: Duration,
) -> NewSandbox {
    let settings = &cx.world.settings;
    let mut variables = std::collections::BTreeMap::new();
    if !place.new.demo {
        variables.extend(settings.provider_keys.iter().cloned());
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
            ..Network::default()
        }),
        secure: (engine.kind == EngineKind::Local).then_some(true),
        ..NewSandbox::default()
    }
}

/// Puts the user's code into the sandbox, or makes an empty work tree.
async fn bring_code(cx: &BootCx, sandbox: &Sandbox, place: &mut Place) -> Result<(), Phase> {
    let home = sandbox.home().await?;
    let kept = revive::code(cx, sandbox, place, &home).await?;
    let directory = match place.new.code.clone() {
        _ if kept.is_some() => kept.unwrap_or_default(),
        CodeSource::Empty => {
            let directory = format!("{home}/work");
            let what = "the work tree could not be made; is git in the sandbox?";
            sandbox
                .script(what, code::EMPTY, &[&directory], SHORT)
                .await?;
            directory
        }
        CodeSource::Clone(url) => {
            let name = url
                .trim_end_matches('/')
                .rsplit(['/', ':'])
                .next()
                .unwrap_or("code");
            let name = name.trim_end_matches(".git");
            let directory = format!("{home}/{}", if name.is_empty() { "code" } else { name });
            cx.output(Stage::Code, format!("cloning {url}")).await;
            let what = "the repository could not be cloned";
            sandbox
                .script(what, code::CLONE, &[&url, &directory], LONG)
                .await?;
            directory
        }
        CodeSource::WorkTree(root) => send_work_tree(cx, sandbox, &root, &home).await?,
    };
    place.sandbox.directory = Some(directory);
    settle(cx, place).await;
    Ok(())
}

/// Sends the work tree at `root` into the sandbox; returns its directory there.
async fn send_work_tree(
    cx: &BootCx,
    sandbox: &Sandbox,
    root: &Path,
    home: &str,
) -> Result<String, Phase> {
    let size = code::estimate(root).await;
    if size > CODE_LIMIT && !cx.large_code {
        return Err(Phase::Failed(
            Failure::new(format!("the code here is large ({} MB)", size / 1_000_000))
                .because("all of it would be sent into the sandbox")
                .hint("press r to send it all the same, or start with --empty")
                .retryable(),
        ));
    }
    let scratch = cx.world.scratch()?;
    let packed = code::pack(root, scratch.path()).await?;
    let size = packed.bytes.len();
    let line = format!("sending {} ({})", packed.name, megabytes(size));
    cx.output(Stage::Code, line).await;
    let directory = format!("{home}/{}", packed.name);
    let bundle = format!("{home}/.sandbar/code.bundle");
    sandbox.write(&bundle, packed.bytes).await?;
    let what = "the code could not be unpacked in the sandbox";
    let arguments = [bundle.as_str(), &directory, &packed.branch];
    sandbox.script(what, code::UNPACK, &arguments, LONG).await?;
    Ok(directory)
}

fn megabytes(bytes: usize) -> String {
    match bytes {
        0..100_000 => format!("{} kB", bytes.div_ceil(1000)),
        _ => format!("{}.{} MB", bytes / 1_000_000, bytes % 1_000_000 / 100_000),
    }
}

/// Finds an OpenCode that fits, or installs the pinned one; returns its absolute path.
async fn find_or_install(
    cx: &BootCx,
    sandbox: &Sandbox,
    place: &mut Place,
) -> Result<String, Phase> {
    let version = cx.world.settings.opencode_version.clone();
    let what = "OpenCode could not be looked for";
    let (path, version) = if let Some(found) = find(sandbox, what, &version).await? {
        found
    } else {
        install(cx, sandbox, &version).await?;
        find(sandbox, what, &version).await?.ok_or_else(|| {
            Failure::new("OpenCode was installed but cannot be run")
                .because(format!("version {version} does not start in this sandbox"))
                .hint("press r to try again, or use another template")
        })?
    };
    place.sandbox.opencode_version = Some(version);
    Ok(path)
}

async fn find(
    sandbox: &Sandbox,
    what: &str,
    version: &str,
) -> Result<Option<(String, String)>, Failure> {
    let found = sandbox.script(what, FIND, &[version], SHORT).await?;
    let fits = found.lines().filter_map(|line| line.rsplit_once(' '));
    let mut fits = fits.filter(|(_, version)| opencode_fits(version));
    Ok(fits
        .next()
        .map(|(path, version)| (path.to_owned(), version.to_owned())))
}

/// Variables that name certificates of this machine.
const CERTIFICATES: [&str; 3] = ["NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE", "SSL_CERT_DIR"];

/// Installs OpenCode in the sandbox and shows npm's lines as they come.
async fn install(cx: &BootCx, sandbox: &Sandbox, version: &str) -> Result<(), Failure> {
    let mut process = script_process(INSTALL, &[version]);
    if sandbox.engine.kind == EngineKind::Local {
        // A sandbox with its own network has a way out of its own, which it was told; and each has
        // the certificates, where its processes can read them.
        let own = sandbox.engine.own_network;
        let fits = |(name, _): &&(String, String)| {
            let is_way_out = own && name.to_ascii_lowercase().ends_with("_proxy");
            !is_way_out && !CERTIFICATES.contains(&name.as_str())
        };
        let install = cx.world.settings.install_env.iter().filter(fits);
        process.env.extend(install.cloned());
    }
    process.deadline = Some(cx.world.settings.install_limit);
    let failed = |error| words::e2b(&error);
    let mut stream = sandbox.envd.start(&process).await.map_err(failed)?;
    let mut lines = crate::net::lines::LineSplitter::new(4096, 0);
    let mut last: Vec<String> = Vec::new();
    while let Some(event) = stream.next().await.map_err(failed)? {
        match event {
            ProcessEvent::Stdout(bytes) | ProcessEvent::Stderr(bytes) => {
                let mut fresh = Vec::new();
                lines.push(&bytes, |line| fresh.push(line.text));
                for line in fresh {
                    cx.output(Stage::Install, line.clone()).await;
                    last.push(line);
                }
                let surplus = last.len().saturating_sub(12);
                last.drain(..surplus);
            }
            ProcessEvent::Ended(exit) if exit.success() => return Ok(()),
            ProcessEvent::Ended(exit) => {
                return Err(
                    Failure::new("OpenCode could not be installed in the sandbox")
                        .because(exit.status)
                        .hint("press r to try again, or use the template opencode, which has it")
                        .stderr(last)
                        .retryable(),
                );
            }
        }
    }
    Err(Failure::new("the installation ended without a result").retryable())
}
