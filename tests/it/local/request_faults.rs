//! Whatever faults occur on the way to the sandboxes, from the first call on: after a quiet time there is one
//! sandbox, the screen shows what its server holds, every prompt was delivered exactly once, and each line that the
//! server printed is stored and was shown, once and in order.
//!
//! One connection carries everything: control plane, envd and OpenCode. Each schedule has its own store, local
//! server and sandbox. `SANDBAR_FAULT_SEED` and `SANDBAR_LOCAL_FAULTS` override CI's values.

use std::collections::VecDeque;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use futures::stream::{self, StreamExt as _};
use sandbar::app::input::key::Key;
use sandbar::app::{FirstSession, Mode};
use sandbar::domain::id::SessionKey;
use sandbar::domain::sandbox::EngineKind;
use sandbar::domain::session::{CodeSource, NewSession, SessionSummary};
use sandbar::engine::{EngineSpec, LocalSpec};
use sandbar::local::{self, Level, LocalServer, daemon};
use sandbar::session::context::{RecordStore, SessionContext};
use sandbar::store::StoredSession;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::support::client::{Client, dense, difference};
use crate::support::fault_proxy::{Fault, FaultProxy, Seeded};
use crate::support::folder;
use crate::support::home::Home;
use crate::support::inside::Sandboxes;
use crate::support::local::{KEY, options};
use crate::support::log_files::{LogFiles, unlike};

/// In CI; hundreds by hand.
const SCHEDULES: u64 = 6;
/// Sandboxes at a time, each with an OpenCode.
const AT_ONCE: usize = 4;
/// For one schedule on a busy machine.
const DEADLINE: Duration = Duration::from_mins(4);

/// A local server that announces its sandboxes at the proxy's address.
struct Site {
    files: TempDir,
    server: LocalServer,
    shutdown: CancellationToken,
    proxy: FaultProxy,
}

impl Site {
    async fn new(home: &Home) -> Self {
        let files = folder();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let proxy = FaultProxy::start(&format!("http://{address}"), VecDeque::new());
        let options = local::ServerOptions {
            domain: format!("sbx.localhost:{}", port(&proxy.url())),
            ..options(files.path(), home.cache())
        };
        let shutdown = CancellationToken::new();
        let server = local::start(vec![listener], options, shutdown.clone());
        Self {
            server: server.await.unwrap(),
            files,
            shutdown,
            proxy,
        }
    }

    fn url(&self) -> String {
        self.server.url()
    }

    /// A session context whose daemon is found at `url`, and whose files are in `folder`; and the daemon's lock.
    fn context(folder: &Path, url: &str) -> (SessionContext, File) {
        let state_dir = folder.join("local");
        fs::create_dir_all(&state_dir).unwrap();
        let found = json!({ "port": port(url), "api_key": KEY });
        fs::write(state_dir.join("daemon.json"), found.to_string()).unwrap();
        // The lock of a live daemon.
        let mut lock = File::create(state_dir.join("server.lock")).unwrap();
        lock.lock().unwrap();
        let holder = json!({ "pid": 1, "url": format!("http://127.0.0.1:{}", port(url)) });
        lock.write_all(holder.to_string().as_bytes()).unwrap();
        let mut context = Client::context();
        context.records = Some(RecordStore::open(folder));
        folder.clone_into(&mut context.settings.scratch_dir);
        context.settings.engine = Some(EngineSpec::Local(LocalSpec {
            state_dir,
            // If it were started nevertheless, it would exit at once.
            launch: daemon::DaemonLaunch {
                program: env!("CARGO_BIN_EXE_sandbar").into(),
                arguments: vec!["no-such-command".to_owned()],
                env: Vec::new(),
            },
            least: Level::None,
        }));
        (context, lock)
    }

    async fn close(self) {
        self.shutdown.cancel();
        self.server.closed().await;
    }

    /// The local server's API, bypassing the proxy.
    fn server_api(&self) -> Sandboxes {
        Sandboxes::new(self.url(), KEY)
    }

    /// The ids of the sandboxes created for a session.
    async fn sandboxes(&self, session: &SessionKey) -> Vec<String> {
        let all = "/v2/sandboxes?state=running,paused&limit=100";
        let all = self.server_api().control(reqwest::Method::GET, all).await;
        let all = all.as_array().unwrap().iter();
        let made_for = |one: &&Value| one["metadata"]["sandbar.key"] == session.as_str();
        let ids = all.filter(made_for).map(|one| one["sandboxID"].as_str());
        ids.map(|id| id.unwrap().to_owned()).collect()
    }
}

fn port(url: &str) -> u16 {
    url.rsplit(':').next().unwrap().parse().unwrap()
}

fn new_session() -> NewSession {
    NewSession {
        name: "broken".to_owned(),
        template: "opencode".into(),
        code: CodeSource::Empty,
        model: None,
        demo: true,
    }
}

/// A user who only sees the chat.
fn start(context: SessionContext, seed: u64) -> Client {
    let mode = Mode::Full {
        new: new_session(),
        engine: EngineKind::Local,
        project: None,
        first: FirstSession::LastShown,
    };
    let mut client = Client::start(mode, context, seed);
    client.key("ctrl-x".parse().unwrap());
    client.key(Key::char('z'));
    client
}

/// The screen of a user who attaches to the session with only its address.
async fn fresh_screen(site: &Site, records: &RecordStore, session: &StoredSession) -> String {
    let files = folder();
    let (context, _lock) = Site::context(files.path(), &site.url());
    let theirs = context.records.clone().unwrap();
    let summary = SessionSummary {
        title: String::new(),
        ..session.summary.clone()
    };
    let key = summary.key.clone();
    let mut bare = StoredSession {
        summary,
        ..session.clone()
    };
    // Bypasses the proxy.
    let url = bare.summary.sandbox.opencode_url.take().unwrap();
    let (host, _) = url.rsplit_once(':').unwrap();
    let port = port(&site.url());
    bare.summary.sandbox.opencode_url = Some(format!("{host}:{port}"));
    theirs.store.save_session(&bare).await.unwrap();
    let secrets = records.secrets.load(&key).unwrap().unwrap();
    theirs.secrets.save(&key, &secrets).unwrap();
    let mut fresh = start(context, 1);
    fresh.goes_live_within(DEADLINE).await;
    let screen = fresh.screen();
    fresh.leave().await;
    screen
}

/// Types prompts, the first before there is a sandbox, with connection faults according to the seed; returns what
/// was typed.
async fn live_with_faults(client: &mut Client, proxy: &FaultProxy, plan: Plan) -> Vec<String> {
    const WORDS: [&str; 5] = ["table", "think", "todo", "permission", "question"];
    let Plan {
        seed,
        mut seeded,
        later,
        ..
    } = plan;
    let mut sent = Vec::new();
    let mut prompt = |seeded: &mut Seeded, client: &mut Client| {
        let word = WORDS[usize::try_from(seeded.below(5)).unwrap()];
        let prompt = format!("{word} {} {seed}", sent.len());
        client.type_prompt(&prompt);
        sent.push(prompt);
    };
    client.live(Duration::from_millis(100)).await;
    prompt(&mut seeded, client);
    let began = Instant::now();
    while !client.is_live() && began.elapsed() < DEADLINE {
        client.live(Duration::from_millis(300)).await;
    }
    proxy.plan(later);
    proxy.cut();
    for _ in 0..=seeded.below(2) {
        prompt(&mut seeded, client);
        let pause = Duration::from_millis(50 + seeded.below(1500));
        client.live(pause).await;
        client.is_cut_off(proxy, &mut seeded);
    }
    let began = Instant::now();
    while proxy.left() > 0 && began.elapsed() < DEADLINE {
        client.live(Duration::from_millis(300)).await;
        // Keep-alive connections meet no fault.
        proxy.cut();
    }
    sent
}

/// What a seed decides.
struct Plan {
    seed: u64,
    seeded: Seeded,
    /// Empty: no faults until the session is live.
    from_the_start: VecDeque<Fault>,
    later: VecDeque<Fault>,
}

impl Plan {
    fn of(seed: u64) -> Self {
        let mut seeded = Seeded(seed);
        let quiet = seeded.below(3) == 0;
        let (first, later) = (seeded.plan(), seeded.plan());
        Self {
            seed,
            seeded,
            from_the_start: if quiet { VecDeque::new() } else { first },
            later,
        }
    }
}

/// Runs one schedule; `Err` describes the violation.
async fn schedule(home: &Home, seed: u64) -> Result<(), String> {
    let site = Site::new(home).await;
    let plan = Plan::of(seed);
    let told = format!("seed {seed}, {:?} {:?}", plan.from_the_start, plan.later);
    let files = folder();
    site.proxy.plan(plan.from_the_start.clone());
    let (context, _lock) = Site::context(files.path(), &site.proxy.url());
    let mut client = start(context, seed);
    let sent = live_with_faults(&mut client, &site.proxy, plan).await;
    let began = Instant::now();
    let ended = loop {
        client.live(Duration::from_millis(300)).await;
        match Box::pin(differs(&site, &mut client, &sent)).await {
            None => break Ok(()),
            Some(how) if began.elapsed() > DEADLINE => {
                break Err(format!("{told}: {how}\n{}", client.trail));
            }
            Some(_) => {}
        }
    };
    client.leave().await;
    site.close().await;
    ended
}

/// The difference between the screen and the server's state, if any.
async fn differs(site: &Site, client: &mut Client, sent: &[String]) -> Option<String> {
    let records = client.records();
    let key = records.store.sessions().await.unwrap()[0].key.clone();
    let session = records.store.session(&key).await.unwrap().unwrap();
    let made = site.sandboxes(&key).await;
    let mut held = None;
    if let (Some(inside), Some(conversation)) = (
        site.server_api().inside(&records, &session).await,
        &session.summary.opencode_session,
    ) {
        held = inside.prompts(conversation.as_str()).await;
    }
    if made.len() != 1 || held.as_deref() != Some(sent) {
        let screen = dense(&client.screen());
        return Some(format!(
            "sandboxes {made:?}, the server has {held:?}, sent were {sent:?}\n{screen}"
        ));
    }
    if let Some(how) = logs_differ(site, client, &key).await {
        return Some(how);
    }
    let (ours, theirs) = (
        client.screen(),
        fresh_screen(site, &records, &session).await,
    );
    if ours == theirs && ours.contains(&sent[sent.len() - 1]) {
        return None;
    }
    Some(format!("another screen\n{}", difference(&ours, &theirs)))
}

/// The difference between the stored or shown log and the sandbox's files, if any.
async fn logs_differ(site: &Site, client: &mut Client, session: &SessionKey) -> Option<String> {
    // The requests of this comparison were logged as well.
    client.live(Duration::from_millis(300)).await;
    let files = LogFiles::below(site.files.path());
    if files.is_empty() {
        return Some("no log is kept in the sandbox".to_owned());
    }
    let stored = client.records().store.logs(session, usize::MAX).await;
    let (stored, shown) = (
        unlike(&stored.unwrap(), &files),
        unlike(&client.logs, &files),
    );
    let differ = !(stored.is_empty() && shown.is_empty());
    differ.then(|| format!("another log\nstored:\n{stored}shown:\n{shown}"))
}

#[test]
fn after_any_faults_on_the_way_to_the_sandboxes_there_is_one_and_it_is_shown_as_it_is() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let number = |name| std::env::var(name).ok()?.parse().ok();
    let first = number("SANDBAR_FAULT_SEED").unwrap_or(1);
    let schedules = number("SANDBAR_LOCAL_FAULTS").unwrap_or(SCHEDULES);
    let home = Home::with_sandboxes();
    let ended = stream::iter(first..first + schedules)
        .map(|seed| schedule(&home, seed))
        .buffer_unordered(AT_ONCE)
        .filter_map(async |ended| ended.err());

    let broken = runtime.block_on(ended.collect::<Vec<String>>());

    assert!(
        broken.is_empty(),
        "{} of {schedules} schedules broke it:\n{}",
        broken.len(),
        broken.join("\n\n")
    );
}
