//! A suspended machine: its clock has jumped when it resumes, and its connections are dead without knowing it.
//!
//! The jump is real for the program, whose wall clock comes from a preloaded library; the monotonic clock, which
//! stops during a suspend, is unchanged.

use std::collections::VecDeque;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

use crate::support::fault_proxy::FaultProxy;
use crate::support::folder;
use crate::support::home::Home;
use crate::support::opencode::Site;
use crate::support::screen::{Launch, Screen};
use crate::support::set_up;

/// Generous: a busy machine must not fail a test.
const LIMIT: Duration = Duration::from_mins(1);

/// How far a program's wall clock is ahead.
struct Clock {
    library: PathBuf,
    folder: TempDir,
}

impl Clock {
    /// `None` if this machine lacks the library.
    fn new() -> Option<Self> {
        let clock = Self {
            library: set_up::faketime()?,
            folder: folder(),
        };
        clock.jump("+0");
        Some(clock)
    }

    fn jump(&self, ahead: &str) {
        // Replaced atomically: the program reads it at any moment.
        let fresh = self.folder.path().join("fresh");
        fs::write(&fresh, ahead).unwrap();
        fs::rename(fresh, self.folder.path().join("ahead")).unwrap();
    }

    fn given_to(&self, launch: Launch) -> Launch {
        launch
            .env("LD_PRELOAD", &self.library)
            .env("FAKETIME_TIMESTAMP_FILE", self.folder.path().join("ahead"))
            .env("FAKETIME_NO_CACHE", "1")
            .env("FAKETIME_DONT_FAKE_MONOTONIC", "1")
    }
}

/// A program on a conversation behind a proxy.
struct Attached {
    screen: Screen,
    proxy: FaultProxy,
    _home: Home,
    _site: Arc<Site>,
}

/// A program with this clock.
fn attached(clock: &Clock) -> Attached {
    let site = Site::shared();
    let server = &site.server;
    let proxy = FaultProxy::start(server.url(), VecDeque::new());
    let home = Home::new().set("OPENCODE_SERVER_PASSWORD", server.password());
    let conversation = server.conversation();
    let url = proxy.url();
    let launch = home.terminal(&["attach", &url, "--session", &conversation]);
    let screen = clock.given_to(launch).size(100, 30).start();
    screen.wait_for("idle");
    Attached {
        screen,
        proxy,
        _home: home,
        _site: site,
    }
}

#[test]
fn a_resumed_machine_does_not_wait_for_connections_that_died_during_the_suspend() {
    let Some(clock) = Clock::new() else {
        return;
    };
    let Attached {
        mut screen,
        proxy,
        _home,
        _site,
    } = attached(&clock);
    screen.send("long please\r");
    screen.wait_for("Section 2");

    proxy.freeze();
    let taken = proxy.taken();
    clock.jump("+8h");
    screen.send("good morning");

    proxy.wait_for_more(taken, LIMIT);
    screen.wait_for("echo \"section 40\"");
    screen.wait_for("idle");
    screen.wait_for("good morning");
    let raw = String::from_utf8_lossy(&screen.raw()).into_owned();
    assert!(
        !raw.contains("stopped sending"),
        "it was waited for the silence"
    );
}

#[test]
fn an_answer_to_a_request_that_a_suspend_has_swallowed_reaches_the_server() {
    let Some(clock) = Clock::new() else {
        return;
    };
    let Attached {
        mut screen,
        proxy,
        _home,
        _site,
    } = attached(&clock);
    screen.send("permission please\r");
    screen.wait_for("/etc/hosts");

    proxy.freeze();
    screen.answer("/etc/", "1");
    screen.wait_until("no panel", |screen| {
        !screen.contents().contains("needs you")
    });
    clock.jump("+8h");
    screen.send("good morning");

    screen.wait_for("Thank you. I have read the file");
    screen.wait_for("good morning");
}

#[test]
fn a_clock_that_is_wrong_changes_nothing_for_the_conversation() {
    let Some(clock) = Clock::new() else {
        return;
    };
    let site = Site::shared();
    let server = &site.server;
    let home = Home::new().set("OPENCODE_SERVER_PASSWORD", server.password());
    // The ids of our messages contain the time, and order them.
    for wrong in ["+8h", "-8h"] {
        clock.jump(wrong);
        let conversation = server.conversation();
        let launch = home.terminal(&["attach", server.url(), "--session", &conversation]);
        let mut screen = clock.given_to(launch).size(100, 30).start();
        screen.wait_for("idle");
        for (prompt, answer) in [
            ("table", "The figures are rounded."),
            ("think", "forty-two"),
        ] {
            screen.send(&format!("{prompt} please\r"));
            screen.wait_for(answer);
            screen.wait_for("idle");
        }

        let (_, held) = server.get(&format!("/session/{conversation}/message"));
        let held: Vec<Value> = serde_json::from_str(&held).unwrap();
        let roles: Vec<&str> = held
            .iter()
            .map(|message| message["info"]["role"].as_str().unwrap())
            .collect();
        assert_eq!(roles, ["user", "assistant", "user", "assistant"], "{wrong}");
    }
}
