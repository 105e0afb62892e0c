//! Our client against the real server: the effect of its calls.

use std::time::Duration;

use sandbar::net::http::Http;
use sandbar::opencode::client::{self, CallLimits, OpencodeClient};
use sandbar::opencode::events::EventStream;
use sandbar::opencode::wire::event::Event;
use sandbar::opencode::wire::session::{PermissionAction, PermissionRule, UpdateSession};

use crate::support::http::{plain_options, runtime};
use crate::support::opencode::{OpenCode, Site};

/// Generous: a busy machine must not fail a test.
const LIMIT: Duration = Duration::from_mins(1);

#[test]
fn a_published_command_comes_back_on_an_open_stream() {
    let site = Site::shared();
    let server = &site.server;
    let client = client(server);

    let heard = runtime().block_on(async {
        let mut events = EventStream::open(&client).unwrap();
        while events.next(LIMIT).await.unwrap() != Event::Connected {}
        client.publish_command("sandbar.test").await.unwrap();
        loop {
            // An event published just after "connected" may be lost, which is why the stream probe exists.
            match events.next(LIMIT).await.unwrap() {
                Event::Heartbeat => client.publish_command("sandbar.test").await.unwrap(),
                Event::Command { command } => return command,
                _ => {}
            }
        }
    });

    assert_eq!(heard, "sandbar.test");
}

#[test]
fn rules_added_to_a_session_come_after_its_existing_ones() {
    let site = Site::shared();
    let server = &site.server;
    let id = server.conversation();
    let client = client(server);
    let rule = |action| PermissionRule {
        permission: "bash".to_owned(),
        pattern: "*".to_owned(),
        action,
    };
    let rules = [rule(PermissionAction::Allow), rule(PermissionAction::Ask)];

    let held = runtime().block_on(async {
        for rule in rules.clone() {
            let update = UpdateSession {
                permission: vec![rule],
                ..UpdateSession::default()
            };
            client.update_session(&id, &update).await.unwrap();
        }
        client.session(&id).await.unwrap().permission
    });

    assert_eq!(held, rules);
}

fn client(server: &OpenCode) -> OpencodeClient {
    let http = Http::new(&plain_options()).unwrap();
    let server = client::ServerAddress {
        base_url: server.url().to_owned(),
        user: None,
        password: Some(server.password().to_owned().into()),
        headers: Vec::new(),
        directory: Some(server.work_tree().display().to_string()),
    };
    let limits = CallLimits {
        call: LIMIT,
        slow_call: LIMIT,
        health: LIMIT,
    };
    OpencodeClient::new(http, &server, limits).unwrap()
}
