//! The server that other tests stand on is the real one, in the pinned version, and guarded.

use std::time::Duration;

use sandbar::domain::version::OPENCODE_VERSION;
use sandbar::net::http::{Http, HttpOptions};
use sandbar::opencode::client::{self, Limits, OpencodeClient};
use sandbar::opencode::wire::session::{PermissionAction, PermissionRule, UpdateSession};

use crate::support::http::runtime;
use crate::support::opencode::OpenCode;
use crate::support::set_up;

/// Generous: a busy machine must not fail a test.
const LIMIT: Duration = Duration::from_mins(1);

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
fn rules_that_are_added_to_a_session_stand_behind_those_that_it_has() {
    let server = OpenCode::start("http://127.0.0.1:9/v1");
    let id = server.conversation();
    let client = client(&server);
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
            };
            client.update_session(&id, &update).await.unwrap();
        }
        client.session(&id).await.unwrap().permission
    });

    assert_eq!(held, rules);
}

fn client(server: &OpenCode) -> OpencodeClient {
    let http = Http::new(&HttpOptions::default()).unwrap();
    let server = client::Server {
        base_url: server.url().to_owned(),
        password: Some(server.password().to_owned().into()),
        headers: Vec::new(),
        directory: Some(server.work_tree().display().to_string()),
    };
    let limits = Limits {
        call: LIMIT,
        slow_call: LIMIT,
        health: LIMIT,
    };
    OpencodeClient::new(http, &server, limits).unwrap()
}
