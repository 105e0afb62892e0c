//! The sandbox's remaining time is shown as its server has it, whoever has set it.

use std::time::Duration;

use sandbar::app::input::key::Key;
use sandbar::app::{FirstSession, Mode};
use sandbar::domain::sandbox::EngineKind;
use sandbar::domain::sandbox::usage::RunEnd;
use sandbar::domain::session::{CodeSource, NewSession};
use sandbar::e2b::control::ControlClient;
use sandbar::e2b::host::Addresses;
use sandbar::e2b::list::ListFilter;
use sandbar::engine::EngineSpec;
use sandbar::local;
use sandbar::session::context::RecordStore;
use tokio::net::TcpListener;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::support::client::Client;
use crate::support::folder;
use crate::support::home::Home;
use crate::support::http::plain_client;
use crate::support::local::{KEY, options};

/// Generous: a busy machine must not fail a test.
const DEADLINE: Duration = Duration::from_mins(3);

/// Waits until the header or the footer contains this text.
async fn wait_for(client: &mut Client, text: &str) {
    let began = Instant::now();
    loop {
        let mut rows = client.rows();
        let header = rows.remove(0);
        let footer = rows.pop().unwrap_or_default();
        let shown = format!("{header}\n{footer}");
        if shown.contains(text) {
            return;
        }
        assert!(
            began.elapsed() < DEADLINE,
            "no {text}: {shown}\n{}",
            client.trail
        );
        client.live(Duration::from_millis(100)).await;
    }
}

/// Requests the sandbox, and waits for its time and its cost.
async fn is_booted(first: &mut Client) {
    first.key("ctrl-x".parse().unwrap());
    first.key(Key::char('r'));
    wait_for(first, "booting").await;
    wait_for(first, "idle").await;
    wait_for(first, "pauses in 10m").await;
    // Its cost is requested as well: `$0.00 sandbox 0m`.
    wait_for(first, " sandbox ").await;
}

/// Requests more time than the account's plan allows.
async fn is_cut_by_the_plan(third: &mut Client) {
    wait_for(third, "idle").await;
    third.key("ctrl-x".parse().unwrap());
    third.key(Key::char('t'));
    let told = "the account's plan lets a sandbox run for at most 1h 0m at a time, which is less than \
        idle_ttl (6h 0m) and work_ttl (6h 0m)";
    let began = Instant::now();
    while !third.logs.iter().any(|line| line.text == told) {
        assert!(began.elapsed() < DEADLINE, "{:#?}", third.logs);
        third.live(Duration::from_millis(100)).await;
    }
    wait_for(third, "pauses in 5").await;
    assert!(!third.rows().concat().contains("pauses in 6h"));
}

#[tokio::test]
#[expect(
    clippy::too_many_lines,
    reason = "one OpenCode, started once, is asked for all of it"
)]
async fn a_timeout_set_by_another_client_is_shown() {
    let home = Home::with_sandboxes();
    let files = folder();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let options = options(files.path(), home.cache());
    let shutdown = CancellationToken::new();
    let server = local::start(vec![listener], options, shutdown.clone());
    let server = server.await.unwrap();
    // As an account of E2B: the daemon's sandboxes have no limit.
    let addresses = Addresses::new(None, Some(&server.url()), None).unwrap();
    let http = plain_client();
    let control = ControlClient::new(http, addresses.api.clone(), KEY.into()).unwrap();
    let come_for = |idle_ttl| {
        let mut context = Client::context();
        context.records = Some(RecordStore::open(&files.path().join("state")));
        context.settings.idle_ttl = idle_ttl;
        context.settings.engine = Some(EngineSpec::E2b {
            api_key: Some(KEY.to_owned().into()),
            addresses: addresses.clone(),
        });
        Client::start(mode(), context, 1)
    };
    let come = || come_for(Duration::from_mins(10));
    let mut first = come();
    // With an account a sandbox is created on request.
    wait_for(&mut first, "idle").await;
    assert_eq!(
        control
            .list(&ListFilter::default(), None)
            .await
            .unwrap()
            .sandboxes
            .len(),
        0
    );
    is_booted(&mut first).await;
    let sessions = first.records().store.sessions().await.unwrap();
    first.leave().await;

    let id = sessions[0].sandbox.id.clone().unwrap().to_string();
    let records = RecordStore::open(&files.path().join("state"));
    let runs = records.store.runs(&sessions[0].key).await.unwrap();
    let ends: Vec<RunEnd> = runs.iter().map(|seen| seen.end).collect();
    assert!(
        matches!(ends[..], [RunEnd::Open { limit: Some(_) }]),
        "{runs:?}"
    );
    let hour = Duration::from_hours(1);
    control.set_timeout(&id, hour).await.unwrap();

    // Reopening requests ten minutes, and shortens nothing.
    let mut second = come();
    wait_for(&mut second, "pauses in 1h 0m").await;

    // A restarted envd has forgotten OpenCode, which keeps serving: here, and for programs that reopen the session.
    let server_file = files
        .path()
        .join(format!("serve/sandboxes/{id}/home/.sandbar/server"));
    let process = std::fs::read_to_string(&server_file).unwrap();
    second.goes_live_within(DEADLINE).await;
    assert!(server.faults().restart_envd(&id));
    second.live(Duration::from_secs(3)).await;
    assert!(second.is_live(), "{}", second.trail);
    second.leave().await;

    // What exceeds the account's plan is cut: silently by the server, and after a rejection by us.
    assert!(server.faults().restart_envd(&id));
    server.faults().cap_lives(hour);
    server.faults().meet_pauses(1);
    let mut third = come_for(6 * hour);
    is_cut_by_the_plan(&mut third).await;
    assert_eq!(std::fs::read_to_string(&server_file).unwrap(), process);
    third.leave().await;
    shutdown.cancel();
    server.closed().await;
}

fn mode() -> Mode {
    Mode::Full {
        new: NewSession {
            name: "timed".to_owned(),
            template: "opencode".into(),
            code: CodeSource::Empty,
            model: None,
            demo: false,
        },
        engine: EngineKind::E2b,
        project: None,
        first: FirstSession::LastShown,
    }
}
