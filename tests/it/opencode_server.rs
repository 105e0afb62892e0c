//! The server that other tests stand on is the real one, in the pinned version, and guarded.

use std::time::Duration;

use sandbar::domain::version::OPENCODE_VERSION;
use sandbar::net::http::{Http, HttpOptions};
use sandbar::opencode::client::{OpencodeClient, Server};
use sandbar::opencode::events::Events;
use sandbar::opencode::wire::event::Event;
use sandbar::session::timing::Timing;
use tokio::runtime::Runtime;

use crate::support::opencode::OpenCode;
use crate::support::set_up;

#[test]
fn the_real_server_answers_in_the_pinned_version() {
    let server = OpenCode::start("http://127.0.0.1:9/v1");

    let (status, body) = server.get("/global/health");
    assert_eq!(status, 200, "{}", server.output());
    assert!(
        body.contains(&format!("\"version\":\"{OPENCODE_VERSION}\"")),
        "{body}"
    );
    let (_, path) = server.get("/path");
    let work_tree = server.work_tree().canonicalize().unwrap();
    assert!(path.contains(&work_tree.display().to_string()), "{path}");
}

#[test]
fn the_real_server_refuses_whoever_has_no_password() {
    let server = OpenCode::start("http://127.0.0.1:9/v1");

    assert_eq!(server.status("/global/health", None), 401);
    assert_eq!(server.status("/global/health", Some("wrong")), 401);
}

#[test]
fn ripgrep_is_there_for_the_server_to_find() {
    assert!(set_up::ripgrep_folder().join("rg").exists());
}

#[test]
fn a_published_command_comes_back_on_an_open_stream() {
    let server = OpenCode::start("http://127.0.0.1:9/v1");
    let http = Http::new(&HttpOptions::default()).unwrap();
    let address = Server {
        base_url: server.url().to_owned(),
        password: Some(server.password().into()),
        headers: Vec::new(),
        directory: None,
    };
    let client = OpencodeClient::new(http, &address, Timing::default().limits()).unwrap();
    let patience = Duration::from_mins(1);

    let heard = Runtime::new().unwrap().block_on(async {
        let mut events = Events::open(&client).unwrap();
        while events.next(patience).await.unwrap() != Event::Connected {}
        client.publish_command("sandbar.test").await.unwrap();
        loop {
            // What is published just after "connected" may get lost, which is why there are markers.
            match events.next(patience).await.unwrap() {
                Event::Heartbeat => client.publish_command("sandbar.test").await.unwrap(),
                Event::Command { command } => return command,
                _ => {}
            }
        }
    });

    assert_eq!(heard, "sandbar.test");
}
