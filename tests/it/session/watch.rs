//! A session that is watched and not open: its sandbox's state is reported, and nothing is done to it.

use std::time::Duration;

use pretty_assertions::assert_eq;
use sandbar::domain::id::SessionKey;
use sandbar::domain::sandbox::{EngineKind, Phase, SandboxInfo};
use sandbar::domain::session::activity::Activity;
use sandbar::domain::session::{CloseAction, SessionEvent, SessionSummary};
use sandbar::domain::time::UnixMillis;
use sandbar::e2b::control::ControlClient;
use sandbar::e2b::host::Addresses;
use sandbar::e2b::wire::{AutoResume, NewSandbox, SandboxState};
use sandbar::engine::EngineSpec;
use sandbar::local;
use sandbar::session::context::timing::Timing;
use sandbar::session::context::{RecordStore, SessionContext};
use sandbar::session::supervisor::Supervisor;
use sandbar::store::StoredSession;
use sandbar::store::sessions::lock::SessionLock;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

use crate::support::folder;
use crate::support::http::{plain_client, plain_options};
use crate::support::local::{KEY, options};

/// Generous: a busy machine must not fail a test.
const LIMIT: Duration = Duration::from_mins(1);

/// A session in this sandbox whose server was started, according to the store.
fn session(key: &SessionKey, sandbox: &str) -> StoredSession {
    let summary = SessionSummary {
        key: key.clone(),
        name: "watched".to_owned(),
        title: String::new(),
        sandbox: SandboxInfo {
            engine: EngineKind::E2b,
            id: Some(sandbox.into()),
            template: None,
            opencode_url: None,
            opencode_version: None,
            ends_at: None,
            isolation: None,
            directory: Some("/home/user/work".to_owned()),
            demo: false,
        },
        opencode_session: Some("ses_1".into()),
        phase: Phase::Dormant,
        project: None,
        shown: None,
        auto: false,
        pinned: false,
        archived: false,
        unread: false,
        cost: 0.0,
        changed: None,
        created: UnixMillis(1),
        updated: UnixMillis(1),
    };
    StoredSession {
        summary,
        port: Some(4096),
        new: None,
    }
}

/// The server as an account of E2B, with short timeouts.
fn context(records: &RecordStore, addresses: Addresses) -> SessionContext {
    let mut context = SessionContext::new(Instant::now(), plain_options());
    context.timing = Timing {
        ask_limit: Duration::from_millis(500),
        watch_backoff: Duration::from_millis(50),
        ..Timing::default()
    };
    context.records = Some(records.clone());
    context.settings.engine = Some(EngineSpec::E2b {
        api_key: Some(KEY.to_owned().into()),
        addresses,
    });
    context
}

#[tokio::test]
async fn a_paused_sandbox_that_traffic_would_resume_stays_paused_while_its_session_is_watched() {
    let files = folder();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let shutdown = CancellationToken::new();
    let options = options(files.path(), files.path().join("cache"));
    let server = local::start(vec![listener], options, shutdown.clone());
    let server = server.await.unwrap();
    let addresses = Addresses::new(None, Some(&server.url()), None).unwrap();
    let control = ControlClient::new(plain_client(), addresses.api.clone(), KEY.into()).unwrap();
    let new = NewSandbox {
        template_id: "base".to_owned(),
        timeout: Some(600),
        auto_pause: Some(true),
        auto_resume: Some(AutoResume { enabled: true }),
        secure: Some(true),
        ..NewSandbox::default()
    };
    let id = control.create(&new).await.unwrap().sandbox_id;
    control.pause(&id).await.unwrap();
    let state = async || control.get(&id).await.unwrap().listed.state;

    let records = RecordStore::open(&files.path().join("state"));
    let key = SessionKey::from("watched");
    records
        .store
        .save_session(&session(&key, &id))
        .await
        .unwrap();
    let (events, mut told) = mpsc::channel(16);
    let mut supervisor = Supervisor::new(context(&records, addresses), events);
    let mut next = async || {
        let (of, event) = timeout(LIMIT, told.recv()).await.unwrap().unwrap();
        assert_eq!(of, key);
        event
    };

    supervisor.watch(vec![key.clone()]);
    assert_eq!(next().await, SessionEvent::Phase(Phase::Paused));
    assert_eq!(state().await, SandboxState::Paused);
    let stored = records.store.session(&key).await.unwrap().unwrap();
    assert_eq!(stored.summary.phase, Phase::Paused);

    // It runs again, and nothing listens in it: that is reported once, and takes no lock.
    control.connect(&id, None).await.unwrap();
    supervisor.watch(vec![key.clone()]);
    let event = next().await;
    let is_silent = matches!(event, SessionEvent::Activity(Activity::Silent(_)));
    assert!(is_silent, "{event:?}");
    let directory = files.path().join("state");
    assert!(SessionLock::try_take(&directory, &key).is_some());

    // The next attempt finds nothing left to watch.
    control.kill(&id).await.unwrap();
    let event = next().await;
    assert!(
        matches!(event, SessionEvent::Phase(Phase::Gone(_))),
        "{event:?}"
    );
    supervisor.shut_down(CloseAction::Detach).await;
    shutdown.cancel();
    server.closed().await;
}
