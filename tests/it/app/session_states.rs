//! The list and `ls` know what sessions do and wait for after a restart; and their states after their server was
//! stopped.

use std::fs;

use pretty_assertions::assert_eq;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::support::home::Home;
use crate::support::screen::Screen;

/// A session's boot fails there, with a sandbox and without a server.
const NO_CODE: [&str; 3] = ["--demo", "--repo", "/there/is/none"];
/// The demo model's request.
const ASKS: &str = "outside the project: /etc/";

fn signal(pid: i32, signal: Signal) {
    kill_process(Pid::from_raw(pid).unwrap(), signal).unwrap();
}

/// Name, state and detail of each session in `ls`.
fn listed(home: &Home) -> Vec<[String; 3]> {
    let ran = home.run(&["ls", "--json"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let rows: Vec<Value> = serde_json::from_str(&ran.stdout).unwrap();
    let cell = |row: &Value, name: &str| row[name].as_str().unwrap().to_owned();
    let cells = |row| ["name", "state", "detail"].map(|name| cell(row, name));
    let mut rows: Vec<[String; 3]> = rows.iter().map(cells).collect();
    rows.sort();
    rows
}

/// Waits until the list shows each of these sessions with its state.
fn wait_for_rows(screen: &Screen, wanted: &[(&str, &str)]) {
    screen.wait_until(&format!("{wanted:?}"), |screen| {
        let rows: Vec<String> = screen.rows(0, 34).collect();
        let has = |(name, state): &(&str, &str)| {
            let name = format!(" {name} ");
            rows.iter()
                .any(|row| row.contains(&name) && row.contains(state))
        };
        wanted.iter().all(has)
    });
}

/// The program in another directory, with a new session that gets no server.
fn start_elsewhere(home: &Home) -> Screen {
    let other = home.work().with_file_name("other");
    fs::create_dir_all(&other).unwrap();
    let launch = home.terminal(&NO_CODE).directory(&other);
    launch.size(140, 40).start()
}

#[test]
fn pending_requests_are_known_after_a_crash_and_all_sessions_are_paused_once_the_server_is_stopped()
{
    let home = Home::with_sandboxes();
    let mut screen = home.terminal(&["--demo"]).size(140, 40).start();
    screen.wait_for("type a message");
    screen.send("permission please\r");
    screen.wait_until("a request", |screen| {
        let mut rows = screen.rows(0, 140);
        rows.any(|row| row.contains("session") && row.contains("needs you"))
    });
    signal(screen.pid().try_into().unwrap(), Signal::KILL);
    screen.wait_exit();

    // `ls` queries the server, and reports when that does not answer.
    let [[name, state, detail]] = &listed(&home)[..] else {
        panic!("not one session");
    };
    assert_eq!((name.as_str(), state.as_str()), ("session", "needs you"));
    assert!(detail.starts_with(ASKS), "{detail}");
    let table = home.run(&["ls"]).stdout;
    assert!(table.contains(&format!("needs you: {ASKS}")), "{table}");
    let server = home.opencode_servers()[0];
    signal(server, Signal::STOP);
    let table = home.run(&["ls"]).stdout;
    signal(server, Signal::CONT);
    assert!(table.contains("running, server does not answer"), "{table}");

    // Another session is on the screen first; the pending one is found.
    let mut screen = start_elsewhere(&home);
    screen.wait_for("the repository could not be cloned");
    wait_for_rows(&screen, &[("session", "needs you"), ("none", "failed")]);
    screen.send("\x18 ");
    screen.wait_until("the request itself", |screen| {
        let mut rows = screen.rows(34, 106);
        rows.any(|row| row.contains("/etc/"))
    });

    // A third one is running, and is not open here.
    let third = start_elsewhere(&home);
    third.wait_for("the repository could not be cloned");
    signal(third.pid().try_into().unwrap(), Signal::TERM);
    third.wait_exit();
    assert_eq!(home.run(&["pause", "none-2"]).code, Some(0));
    assert_eq!(home.run(&["resume", "none-2"]).code, Some(0));
    wait_for_rows(&screen, &[("none-2", "idle")]);
    assert_eq!(home.run(&["local", "stop"]).code, Some(0));
    let names = ["session", "none", "none-2"];
    wait_for_rows(&screen, &names.map(|name| (name, "paused")));
    screen.wait_for("3 sessions are paused: ");
    let is_title = screen.contents().contains("needs you");
    assert!(!is_title, "{}", screen.contents());
    let paused = |name: &str| [name, "paused", ""].map(str::to_owned);
    let all = ["none", "none-2", "session"].map(paused);
    assert_eq!(listed(&home), all);
    signal(screen.pid().try_into().unwrap(), Signal::KILL);
    screen.wait_exit();

    // The next start shows the session of its directory, and resumes nothing.
    let screen = home.terminal(&["--demo"]).size(140, 40).start();
    screen.wait_for("‖ paused, its files are kept");
    screen.wait_for("permission please");
    wait_for_rows(&screen, &names.map(|name| (name, "paused")));
    let status = home.run(&["local", "status"]);
    assert!(status.stdout.starts_with("not running"), "{status:?}");
    assert_eq!(listed(&home), all);
}

#[test]
fn of_three_sessions_after_a_crash_the_two_that_wait_are_counted_and_answered() {
    let home = Home::with_sandboxes();
    let mut screen = home.terminal(&["--demo"]).size(140, 40).start();
    screen.wait_for("type a message");
    screen.send("table please\r");
    screen.wait_for("The figures are rounded.");
    wait_for_rows(&screen, &[("session", "idle")]);
    for name in ["session-2", "session-3"] {
        screen.send("\x18n");
        screen.wait_for(&format!(" {name} ◐ booting"));
        screen.send("permission please\r");
        wait_for_rows(&screen, &[(name, "needs you")]);
    }
    signal(screen.pid().try_into().unwrap(), Signal::KILL);
    screen.wait_exit();

    let states = [
        ("session", "idle"),
        ("session-2", "needs you"),
        ("session-3", "needs you"),
    ];
    let known = listed(&home);
    let known = known
        .iter()
        .map(|[name, state, _]| (name.as_str(), state.as_str()));
    assert_eq!(known.collect::<Vec<_>>(), states);
    let mut screen = home.terminal(&["--demo"]).size(140, 40).start();
    wait_for_rows(&screen, &states);
    screen.wait_for("2 need you");

    for left in ["1 needs you", "Thank you. I have read the file"] {
        screen.send("\x18 ");
        screen.answer("/etc/", "1");
        screen.wait_for(left);
    }
    wait_for_rows(&screen, &states.map(|(name, _)| (name, "idle")));
    assert!(
        !screen.contents().contains("needs you"),
        "{}",
        screen.contents()
    );
}
