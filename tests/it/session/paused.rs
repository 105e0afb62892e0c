//! Another client pauses the sandbox of a session that is on the screen, as E2B's dashboard would.

use std::time::Instant;

use pretty_assertions::assert_eq;
use rustix::process::{Pid, Signal, kill_process};
use sandbar::session::context::RecordStore;

use crate::support::home::Home;
use crate::support::http::runtime;
use crate::support::inside::Sandboxes;
use crate::support::screen::{DEADLINE, Screen};

const PAUSED: &str = "‖ paused, its files are kept";

/// A session whose prompt is being answered.
fn start(home: &Home, prompt: &str) -> Screen {
    let arguments = ["--demo", "--empty"];
    let mut screen = home.terminal(&arguments).size(140, 40).start();
    screen.wait_for("type a message");
    screen.send(&format!("{prompt}\r"));
    screen
}

/// As another client of the same account.
fn pause(home: &Home) {
    let path = format!("/sandboxes/{}/pause", home.sandboxes()[0]);
    let (status, body) = home.api("POST", &path);
    assert_eq!(status, 204, "{body}");
}

/// Whether the local server reports the sandbox as paused.
fn is_paused(home: &Home) -> bool {
    let (_, paused) = home.api("GET", "/v2/sandboxes?state=paused");
    paused.contains(&home.sandboxes()[0])
}

/// The prompts that OpenCode has in the end.
fn prompts(home: &Home) -> Vec<String> {
    let (url, key) = home.account();
    let sandboxes = Sandboxes::new(url, key);
    let records = RecordStore::open(&home.state());
    let began = Instant::now();
    while began.elapsed() < DEADLINE {
        let prompts = runtime().block_on(async {
            let key = records.store.sessions().await.unwrap()[0].key.clone();
            let session = records.store.session(&key).await.unwrap().unwrap();
            let inside = sandboxes.inside(&records, &session).await?;
            let conversation = session.summary.opencode_session?;
            inside.prompts(conversation.as_str()).await
        });
        if let Some(prompts) = prompts {
            return prompts;
        }
    }
    panic!("the server was never idle");
}

#[test]
fn a_pause_by_another_client_is_shown_and_ended_by_a_key_and_nothing_typed_is_lost() {
    let home = Home::with_sandboxes();
    let mut screen = start(&home, "table please");
    screen.wait_for("The figures are rounded.");
    screen.wait_for("idle");
    screen.send("half a thought");
    screen.wait_for("half a thought");

    pause(&home);

    screen.wait_for(PAUSED);
    screen.send(", and its other half");
    screen.wait_for("half a thought, and its other half");
    let contents = screen.contents();
    assert!(!contents.contains("reconnecting"), "{contents}");
    assert!(contents.contains("The figures are rounded."), "{contents}");
    assert!(is_paused(&home), "it was resumed by nobody");

    screen.send("\x18r");
    screen.wait_for("resumed");
    screen.wait_for("idle");
    assert!(!is_paused(&home));
    screen.wait_for("half a thought, and its other half");
    screen.send("\r");
    screen.wait_for("I am the demo model");
    screen.wait_for("idle");
    assert_eq!(
        prompts(&home),
        ["table please", "half a thought, and its other half"]
    );
}

#[test]
fn a_turn_that_is_paused_goes_on_where_it_was_once_a_prompt_resumes_the_sandbox() {
    let home = Home::with_sandboxes();
    let mut screen = start(&home, "long please");
    screen.wait_for("Section 2");

    pause(&home);

    screen.wait_for(PAUSED);
    screen.wait_until("no turn that seems to run", |screen| {
        !screen.contents().contains("working")
    });
    screen.send("table please");
    screen.wait_for("table please");
    assert!(is_paused(&home), "what is only typed resumes nothing");
    screen.send("\r");

    screen.wait_for("resumed");
    screen.wait_for("The figures are rounded.");
    screen.wait_for("idle");
    assert_eq!(prompts(&home), ["long please", "table please"]);
    // Nothing of the interrupted answer is missing.
    screen.resize(140, 100);
    screen.wait_for("echo \"section 40\"");
}

#[test]
fn a_prompt_sent_while_the_connection_is_lost_resumes_a_sandbox_that_turns_out_to_be_paused() {
    let home = Home::with_sandboxes();
    let mut screen = start(&home, "table please");
    screen.wait_for("The figures are rounded.");
    screen.wait_for("idle");
    // It answers nothing; a resumed sandbox continues all its processes.
    let server = Pid::from_raw(home.wait_for_server()).unwrap();
    kill_process(server, Signal::STOP).unwrap();
    screen.wait_for("reconnecting");
    screen.send("think please\r");
    screen.wait_for("queued 1: think please");

    pause(&home);

    screen.wait_for("forty-two");
    screen.wait_for("idle");
    assert!(!is_paused(&home));
    assert_eq!(prompts(&home), ["table please", "think please"]);
}
