//! The whole program in a real terminal, on local sandboxes with the real server and the demo model.

use std::net::TcpListener;

use pretty_assertions::assert_eq;
use rustix::process::{Pid, Signal, kill_process};

use crate::support::home::Home;
use crate::support::screen::Screen;

const STAGES: [&str; 5] = ["create", "code", "install", "start", "health"];

fn start(home: &Home) -> Screen {
    home.terminal(&["--demo"]).size(140, 40).start()
}

fn has_rows(screen: &vt100::Screen, wanted: impl Fn(&str) -> bool) -> bool {
    let width = screen.size().1;
    screen.rows(0, width).any(|row| wanted(&row))
}

fn signal(pid: u32, signal: Signal) {
    let pid = Pid::from_raw(pid.try_into().unwrap()).unwrap();
    kill_process(pid, signal).unwrap();
}

/// Quits the program while no turn runs, and checks what it leaves behind.
fn quit(screen: &mut Screen) {
    screen.send("\x04");
    assert_eq!(screen.wait_exit().exit_code(), 0);
    let modes = [1049, 2004, 25].map(|mode| screen.mode(mode));
    assert_eq!(modes, [Some(false), Some(false), Some(true)]);
}

#[test]
fn a_session_is_booted_used_left_and_found_again() {
    let home = Home::with_sandboxes();
    let mut screen = start(&home);
    screen.wait_for("type a message");
    assert_eq!(screen.mode(1049), Some(true));

    // A prompt typed while the sandbox boots waits in the queue.
    screen.send("permission please");
    screen.wait_for("permission please");
    screen.send("\r");
    screen.wait_for("queued 1: permission please");
    screen.wait_until("all stages of the boot", |screen| {
        STAGES
            .iter()
            .all(|stage| has_rows(screen, |row| row.contains(stage)))
    });

    screen.wait_for("demo model");
    screen.answer("/etc/", "1");
    screen.wait_for("Thank you. I have read the file");
    screen.wait_for("idle");
    // Both streams of the server's process are in the log pane.
    screen.send("\x1b[17~");
    screen.wait_for("▸Logs");
    screen.wait_for("level=INFO");
    screen.send("g");
    screen.wait_for("out  opencode server listening on");
    screen.send("q");
    screen.wait_for("› type a message");
    let before = home.sandboxes();
    assert_eq!(before.len(), 1);
    let servers = home.opencode_servers();
    assert_eq!(servers.len(), 1);
    quit(&mut screen);

    // The sandbox kept running, with the same server.
    assert_eq!(home.opencode_servers(), servers);
    let stored = home.stored();
    assert_eq!(stored.len(), 1);
    let [name, sandbox, conversation] = &stored[0];
    assert_eq!((name.as_str(), sandbox), ("session", &before[0]));
    assert!(conversation.starts_with("ses_"), "{conversation}");
    let listed = home.run(&["ls", "--json"]);
    let listed: serde_json::Value = serde_json::from_str(&listed.stdout).unwrap();
    assert_eq!(
        [&listed[0]["sandbox"], &listed[0]["state"]],
        [sandbox.as_str(), "idle"]
    );

    let mut screen = start(&home);
    screen.wait_for("Sessions (1)");
    screen.wait_for("permission please");
    screen.wait_for("Thank you. I have read the file");
    screen.wait_for("idle");
    screen.send("A second prompt, after the restart\r");
    screen.wait_for("I am the demo model");
    screen.wait_for("idle");
    quit(&mut screen);
    assert_eq!(home.stored(), stored);
    assert_eq!(home.sandboxes(), before);
    assert_eq!(home.opencode_servers(), servers);

    let killed = home.run(&["kill", "--yes", "session"]);
    assert_eq!(killed.code, Some(0), "{killed:?}");
    assert_eq!(home.sandboxes(), [""; 0]);
    assert_eq!(home.opencode_servers(), [0; 0]);
}

#[test]
fn a_turn_goes_on_while_nobody_looks() {
    let home = Home::with_sandboxes();
    let mut screen = start(&home);
    screen.wait_for("type a message");
    screen.send("long please\r");
    screen.wait_for("Section 2");
    screen.send("\x04");
    screen.wait_for("Sandboxes keep running");
    screen.send("y");
    assert_eq!(screen.wait_exit().exit_code(), 0);

    let screen = start(&home);
    screen.wait_for("section 40");
    screen.wait_for("idle");
}

#[test]
fn a_program_that_is_killed_loses_neither_what_was_sent_nor_what_was_typed() {
    let home = Home::with_sandboxes();
    let mut screen = start(&home);
    screen.wait_for("type a message");
    screen.send("long please\r");
    screen.wait_for("Section 2");
    screen.send("table please\r");
    screen.wait_for("queued 1: table please");
    screen.send("half a thought");
    home.wait_for_draft("half a thought");

    signal(screen.pid(), Signal::KILL);
    screen.wait_exit();

    let screen = start(&home);
    screen.wait_for("half a thought");
    screen.wait_for("section 40");
    screen.wait_for("The figures are rounded.");
    screen.wait_for("idle");
    assert!(screen.contents().contains("half a thought"));
}

#[test]
fn a_question_is_answered_by_keys() {
    let home = Home::with_sandboxes();
    let mut screen = start(&home);
    screen.wait_for("type a message");
    screen.send("question please\r");

    screen.answer("question 1 of 2", "2");
    screen.answer("question 2 of 2", "1");
    screen.wait_for("1 [x]");
    screen.send("3");
    screen.wait_for("3 [x]");
    screen.send("\r");
    screen.answer("your answers", "1");

    screen.wait_for("Nothing depends on it.");
    let contents = screen.contents();
    assert!(contents.contains("You chose Blue"), "{contents}");
    assert!(
        contents.contains('S') && contents.contains('L'),
        "{contents}"
    );
}

#[test]
fn a_sandbox_that_is_killed_from_outside_takes_nothing_typed_with_it() {
    let home = Home::with_sandboxes();
    let mut screen = start(&home);
    screen.wait_for("type a message");
    screen.send("long please\r");
    screen.wait_for("Section 2");
    screen.send("half a thought");
    screen.wait_for("half a thought");

    let sandboxes = home.sandboxes();
    let (status, body) = home.api("DELETE", &format!("/sandboxes/{}", sandboxes[0]));
    assert_eq!(status, 204, "{body}");

    screen.wait_for("the sandbox no longer exists");
    screen.wait_for(&sandboxes[0]);
    let contents = screen.contents();
    assert!(contents.contains("half a thought"), "{contents}");
    assert!(contents.contains("Section"), "{contents}");
    assert!(contents.contains("gone"), "{contents}");
}

#[test]
fn a_server_that_died_is_told_with_its_end_and_started_by_a_key() {
    let home = Home::with_sandboxes();
    let mut screen = start(&home);
    screen.wait_for("type a message");
    screen.send("table please\r");
    screen.wait_for("The figures are rounded.");
    screen.wait_for("idle");
    let servers = home.opencode_servers();
    assert_eq!(servers.len(), 1);

    signal(servers[0].try_into().unwrap(), Signal::KILL);
    screen.wait_for("OpenCode ended (killed)");
    // The last lines of its stderr.
    screen.wait_until("the last words of the process", |screen| {
        has_rows(screen, |row| {
            row.trim_start_matches(['│', ' ']).starts_with("level=")
        })
    });
    screen.send("\x18r");

    screen.wait_for("idle");
    screen.wait_for("The figures are rounded.");
    let again = home.opencode_servers();
    assert_eq!(again.len(), 1);
    assert_ne!(again, servers);
    // It accepts a prompt before it stores it, and stores it before it answers; this one dies in between.
    screen.send("A prompt to the new server, is it there\r");
    screen.wait_for("▌ A prompt to the new server");
    signal(again[0].try_into().unwrap(), Signal::KILL);
    screen.wait_for("OpenCode ended (killed)");
    screen.send("\x18r");
    screen.wait_for("I am the demo model");
    screen.wait_for("idle");
    assert!(!screen.contents().contains("sending …"));
}

#[test]
fn a_prompt_that_a_server_kept_and_did_not_begin_to_answer_before_it_died_is_answered_by_the_next()
{
    let home = Home::with_sandboxes();
    let mut screen = start(&home);
    screen.wait_for("type a message");
    screen.wait_for("idle");
    // OpenCode stores the prompt, and waits for the first token.
    let models = home.demo_models();
    assert_eq!(models.len(), 1);
    signal(models[0].try_into().unwrap(), Signal::STOP);
    screen.send("table please\r");
    screen.wait_for("working");
    screen.wait_until("the server's own copy of the prompt", |screen| {
        let text = screen.contents();
        text.contains("▌ table please") && !text.contains("sending …")
    });

    let servers = home.opencode_servers();
    assert_eq!(servers.len(), 1);
    signal(servers[0].try_into().unwrap(), Signal::KILL);
    screen.wait_for("OpenCode ended (killed)");
    signal(models[0].try_into().unwrap(), Signal::CONT);
    screen.send("\x18r");

    screen.wait_for("The figures are rounded.");
    screen.wait_for("idle");
    assert_eq!(screen.contents().matches("▌ table please").count(), 1);
}

#[test]
fn a_local_server_that_has_ended_is_told_and_started_again_by_a_key() {
    let home = Home::with_sandboxes();
    let mut screen = start(&home);
    screen.wait_for("type a message");
    screen.send("table please\r");
    screen.wait_for("The figures are rounded.");
    screen.wait_for("idle");
    let before = home.stored();
    screen.send("A draft");

    assert_eq!(home.run(&["local", "stop"]).code, Some(0));
    screen.wait_for("‖ paused, its files are kept");
    screen.send("\x18r");

    screen.wait_for("idle");
    screen.wait_for("The figures are rounded.");
    screen.wait_for("A draft");
    screen.send(", is it still there\r");
    screen.wait_for("I am the demo model");
    // The same sandbox, and the same conversation in it.
    assert_eq!(home.stored(), before);
}

#[test]
fn a_server_that_loses_its_port_while_it_starts_takes_another() {
    // With a network of their own, sandboxes cannot lose a port.
    let home = Home::with_sandboxes().set("SANDBAR_ISOLATION", "none");
    let mut screen = start(&home);
    screen.wait_for("type a message");
    screen.send("A prompt that waits for the server\r");

    // OpenCode binds its port a second or two after its start: time enough to be first.
    let first = home.wait_for_server();
    let port = Home::port_of(first);
    let taken = TcpListener::bind(("127.0.0.1", port)).unwrap();

    screen.wait_for("I am the demo model");
    let servers = home.opencode_servers();
    assert_eq!(servers.len(), 1);
    assert_ne!(Home::port_of(servers[0]), port);
    drop(taken);
}

#[test]
fn a_terminated_program_of_any_size_gives_the_terminal_back_and_leaves_the_sandbox() {
    let home = Home::with_sandboxes();
    let arguments = ["--demo", "--empty"];
    // It is drawn at any size.
    let screen = home.terminal(&arguments).size(10, 4).start();
    screen.wait_for("type a");
    for (columns, rows) in [(1, 1), (22, 8), (79, 23), (200, 50)] {
        screen.resize(columns, rows);
    }
    screen.wait_for("idle");

    signal(screen.pid(), Signal::TERM);

    screen.wait_exit();
    let modes = [1049, 2004, 25].map(|mode| screen.mode(mode));
    assert_eq!(modes, [Some(false), Some(false), Some(true)]);
    assert_eq!(home.opencode_servers().len(), 1);
}
