//! How long a sandbox lives is shown as its server has it, whoever has set it.

use std::time::Duration;

use sandbar::app::key::Key;
use sandbar::app::{FirstSession, Mode};
use sandbar::domain::runs::End;
use sandbar::domain::sandbox::EngineKind;
use sandbar::domain::session::{CodeSource, NewSession};
use sandbar::e2b::control::ControlClient;
use sandbar::e2b::host::Addresses;
use sandbar::e2b::list::ListFilter;
use sandbar::engine::EngineSpec;
use sandbar::local;
use sandbar::session::world::Records;
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

/// Waits until the header, or the frame of the chat, has this text.
async fn wait_for(client: &mut Client, text: &str) {
    let began = Instant::now();
    loop {
        let mut rows = client.rows();
        let header = rows.remove(0);
        let titles = rows.into_iter().filter(|row| row.contains("2 Chat"));
        let shown = titles.fold(header, |shown, row| shown + "\n" + &row);
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

#[tokio::test]
async fn a_time_that_somebody_else_has_set_is_shown() {
    let home = Home::with_sandboxes();
    let files = folder();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let options = options(files.path(), home.cache());
    let shutdown = CancellationToken::new();
    let server = local::start(vec![listener], options, shutdown.clone());
    let server = server.await.unwrap();
    // As an account of E2B: sandboxes of the daemon have no limit.
    let addresses = Addresses::new(None, Some(&server.url()), None).unwrap();
    let http = plain_client();
    let control = ControlClient::new(http, addresses.api.clone(), KEY.into()).unwrap();
    let come = || {
        let mut world = Client::world();
        world.records = Some(Records::open(&files.path().join("state")));
        world.settings.idle_ttl = Duration::from_mins(10);
        world.settings.engine = Some(EngineSpec::E2b {
            api_key: Some(KEY.to_owned().into()),
            addresses: addresses.clone(),
        });
        Client::start(mode(), world, 1)
    };
    let mut first = come();
    // With an account a sandbox is made once it is wanted.
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
    first.key("ctrl-x".parse().unwrap());
    first.key(Key::char('r'));
    wait_for(&mut first, "booting").await;
    wait_for(&mut first, "idle").await;
    wait_for(&mut first, "pauses in 10m").await;
    // What it costs is asked for as well: `$0.00 sandbox 0m`.
    wait_for(&mut first, " sandbox ").await;
    let sessions = first.records().store.sessions().await.unwrap();
    first.leave().await;

    let id = sessions[0].sandbox.id.clone().unwrap().to_string();
    let records = Records::open(&files.path().join("state"));
    let runs = records.store.runs(&sessions[0].key).await.unwrap();
    let ends: Vec<End> = runs.iter().map(|seen| seen.end).collect();
    assert!(
        matches!(ends[..], [End::Open { limit: Some(_) }]),
        "{runs:?}"
    );
    let hour = Duration::from_hours(1);
    control.set_timeout(&id, hour).await.unwrap();

    // To come back asks for ten minutes, and takes nothing away.
    let mut second = come();
    wait_for(&mut second, "pauses in 1h 0m").await;
    second.leave().await;
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
