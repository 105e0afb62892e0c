//! The server that other tests use is the real one, in the pinned version, and requires a password.

use sandbar::domain::version::OPENCODE_VERSION;

use crate::support::opencode::Site;
use crate::support::set_up;

#[test]
fn the_real_server_answers_in_the_pinned_version() {
    let site = Site::shared();
    let server = &site.server;

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
fn the_real_server_requires_a_password() {
    let site = Site::shared();
    let server = &site.server;

    assert_eq!(server.status("/global/health", None), 401);
    assert_eq!(server.status("/global/health", Some("wrong")), 401);
}

#[test]
fn ripgrep_is_there_for_the_server_to_find() {
    assert!(set_up::ripgrep_folder().join("rg").exists());
}
