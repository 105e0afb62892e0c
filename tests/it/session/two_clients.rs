//! Two programs on one store: they show the same, one of them posts, and nothing is lost when that one is killed.

use std::os::unix::fs::MetadataExt as _;
use std::time::{Duration, Instant};

use pretty_assertions::assert_eq;
use rustix::process::{Pid, Signal, kill_process};
use sandbar::domain::chat::{PartKind, Role};

use crate::support::home::Home;
use crate::support::http::runtime;
use crate::support::screen::Screen;

/// Generous: a busy machine must not fail a test.
const LIMIT: Duration = Duration::from_mins(1);

fn start(home: &Home) -> Screen {
    home.terminal(&["--demo"]).size(140, 40).start()
}

fn kill(screen: &Screen) {
    let pid = Pid::from_raw(screen.pid().try_into().unwrap()).unwrap();
    kill_process(pid, Signal::KILL).unwrap();
    screen.wait_exit();
}

/// Whether a program holds the lock of the only session.
fn drives(home: &Home, screen: &Screen) -> bool {
    let sessions = runtime().block_on(home.store().sessions()).unwrap();
    let lock = home.state().join("locks").join(sessions[0].key.as_str());
    let inode = format!(":{}", std::fs::metadata(lock).unwrap().ino());
    let pid = screen.pid().to_string();
    let locks = std::fs::read_to_string("/proc/locks").unwrap();
    // `1: FLOCK ADVISORY WRITE PID DEVICE:INODE 0 EOF`
    locks.lines().any(|lock| {
        let words: Vec<&str> = lock.split_whitespace().collect();
        words.get(4) == Some(&pid.as_str())
            && words.get(5).is_some_and(|file| file.ends_with(&inode))
    })
}

/// The prompts that the server has accepted, as recorded by the driving program.
fn prompts(home: &Home) -> Vec<String> {
    let (store, runtime) = (home.store(), runtime());
    let sessions = runtime.block_on(store.sessions()).unwrap();
    let transcript = store.transcript(&sessions[0].key, usize::MAX);
    let messages = runtime.block_on(transcript).unwrap().messages.into_iter();
    let asked = messages.filter(|message| message.message.role == Role::User);
    let parts = asked.flat_map(|message| message.parts);
    let texts = parts.filter_map(|part| match part.kind {
        PartKind::Text { text, .. } => Some(text),
        _ => None,
    });
    texts.collect()
}

#[test]
fn a_prompt_of_either_client_runs_once_and_the_surviving_one_sends_what_waits() {
    let home = Home::with_sandboxes();
    let mut one = start(&home);
    one.wait_for("○ idle");
    let mut two = start(&home);
    two.wait_for("○ idle");

    // The other program shows the driver's prompts, and the driver posts the other's.
    one.send("table please\r");
    two.wait_for("▌ table please");
    for screen in [&one, &two] {
        screen.wait_for("The figures are rounded.");
        screen.wait_for("○ idle");
    }
    two.send("long please\r");
    for screen in [&one, &two] {
        screen.wait_for("▌ long please");
        screen.wait_for("Section 2");
    }

    // Both show the waiting prompt; the driver is killed.
    two.send("permission please\r");
    for screen in [&one, &two] {
        screen.wait_for("queued 1: permission please");
    }
    kill(&one);
    two.answer("/etc/", "1");
    two.wait_for("Thank you. I have read the file");
    two.wait_for("○ idle");

    // The returning program does not drive; the other one does.
    let mut one = start(&home);
    one.wait_for("Thank you. I have read the file");
    one.wait_for("○ idle");
    one.send("A last prompt, to whom is it sent\r");
    for screen in [&one, &two] {
        screen.wait_for("I am the demo model");
        screen.wait_for("○ idle");
    }
    let all = [
        "table please",
        "long please",
        "permission please",
        "A last prompt, to whom is it sent",
    ];
    assert_eq!(prompts(&home), all);
    assert_eq!(home.sandboxes().len(), 1);
    // A child just forked by a server briefly looks like it.
    let began = Instant::now();
    while home.opencode_servers().len() != 1 {
        assert!(began.elapsed() < LIMIT, "{:?}", home.opencode_servers());
        std::thread::yield_now();
    }
}

#[test]
fn what_is_made_paused_and_killed_in_one_is_in_the_others_list_and_drafts_are_each_ones_own() {
    let home = Home::with_sandboxes();
    let mut one = start(&home);
    one.wait_for("○ idle");
    let mut two = start(&home);
    two.wait_for("○ idle");

    one.send("a thought of one");
    home.wait_for_draft("a thought of one");
    two.send("a thought of two");
    home.wait_for_draft("a thought of two");
    kill(&one);
    kill(&two);
    let mut one = start(&home);
    one.wait_for("a thought of one");
    one.wait_for("a thought of two");
    one.wait_for("○ idle");

    let two = start(&home);
    two.wait_for("○ idle");
    one.send("\x18n");
    two.wait_for("Sessions (2)");
    one.wait_for("○ idle");
    two.wait_for("session-2");
    let listed = home.run(&["pause", "session-2"]);
    assert_eq!(listed.code, Some(0), "{listed:?}");
    for screen in [&one, &two] {
        screen.wait_for("paused");
    }
    // One program shows it, and continues there as soon as it is resumed.
    let resumed = home.run(&["resume", "session-2"]);
    assert_eq!(resumed.code, Some(0), "{resumed:?}");
    one.wait_for("session-2 ○ idle");
    let killed = home.run(&["kill", "--yes", "session-2"]);
    assert_eq!(killed.code, Some(0), "{killed:?}");
    for screen in [&one, &two] {
        screen.wait_for("gone");
    }
}

#[test]
fn the_driving_client_follows_a_resume_by_the_other() {
    let home = Home::with_sandboxes();
    let mut one = start(&home);
    one.wait_for("○ idle");
    let two = start(&home);
    two.wait_for("○ idle");

    // The pausing program releases the session; the other one drives it from then on.
    one.send("\x1b[17;2~");
    one.wait_for("▸Sessions");
    one.send("p");
    for screen in [&one, &two] {
        screen.wait_for("‖ paused");
    }
    let began = Instant::now();
    while !drives(&home, &two) {
        assert!(began.elapsed() < LIMIT, "nobody drives the session");
        std::thread::yield_now();
    }
    one.send("r");
    for screen in [&one, &two] {
        screen.wait_for("○ idle");
    }
    one.send("\x1b[17~table please\r");
    for screen in [&one, &two] {
        screen.wait_for("▌ table please");
        screen.wait_for("The figures are rounded.");
        screen.wait_for("○ idle");
    }
    assert_eq!(prompts(&home), ["table please"]);

    // Even if no other program has it open.
    kill(&two);
    one.wait_for("○ idle");
    one.send("\x1b[17;2~");
    one.wait_for("▸Sessions");
    one.send("p");
    one.wait_for("‖ paused");
    let resumed = home.run(&["resume", "session"]);
    assert_eq!(resumed.code, Some(0), "{resumed:?}");
    one.wait_for("○ idle");
}
