//! A shell in a sandbox, by command and from a failed boot; and another template after that.

use std::fs;

use pretty_assertions::assert_eq;
use rustix::process::{Pid, Signal, kill_process};
use sandbar::domain::sandbox::usage::RunEnd;

use crate::support::home::Home;
use crate::support::http::runtime;
use crate::support::screen::Screen;

/// A template without OpenCode, where none can be installed.
const BASE: [&str; 4] = ["--demo", "--empty", "--template", "base"];
const NOT_INSTALLED: &str = "OpenCode could not be installed in the sandbox";

/// npm reaches no registry, and does not retry.
fn without_packages() -> Home {
    let home = Home::with_sandboxes();
    // No server can listen there.
    let home = home.set("npm_config_registry", "http://127.0.0.1:0/");
    home.set("npm_config_fetch_retries", "0")
}

fn raw(screen: &Screen) -> String {
    String::from_utf8_lossy(&screen.raw()).into_owned()
}

#[test]
fn a_boot_that_fails_is_looked_at_in_a_shell_and_goes_on_from_another_template() {
    let home = without_packages();
    let mut screen = home.terminal(&BASE).size(120, 36).start();
    screen.wait_for("type a message");
    screen.send("table please\r");
    screen.wait_for(NOT_INSTALLED);
    screen.wait_for("press ctrl-x a to use the template opencode");
    let first = home.sandboxes();
    assert_eq!(first.len(), 1);

    // The terminal is the shell's, with its current size.
    screen.send("\x18s");
    screen.wait_for("shell in the sandbox of session");
    screen.send("echo $((6*7))-$(tput cols)x$(tput lines)-in-$PWD\r");
    screen.wait_for("42-120x36-in-");
    screen.send("ls ~/.sandbar; exit 3\r");
    screen.wait_for(NOT_INSTALLED);
    assert_eq!(screen.mode(1049), Some(true));

    screen.send("\x18a");
    screen.wait_for("Boot again from template");
    screen.send("open\r");
    screen.wait_for("The figures are rounded.");
    screen.wait_for("idle");
    let second = home.sandboxes();
    assert_eq!(second.len(), 1);
    assert_ne!(first, second);
    let stored = home.stored();
    assert_eq!(stored.len(), 1);
    assert_eq!(stored[0][1], second[0]);
    // From then on the first one costs nothing.
    let runs = runtime().block_on(home.store().all_runs()).unwrap();
    let of_first = runs
        .iter()
        .filter(|(_, run)| run.sandbox.as_str() == first[0]);
    let ends: Vec<RunEnd> = of_first.map(|(_, run)| run.end).collect();
    assert!(matches!(ends[..], [RunEnd::At(_)]), "{runs:?}");
    screen.send("\x18a");
    screen.wait_for("the template can change only before the first message");
}

#[test]
fn a_shell_draws_and_does_nothing_else_to_the_terminal_and_ends_with_its_code() {
    let home = without_packages();
    let name = home.leave_failed(&BASE, NOT_INSTALLED);
    let mut screen = home.terminal(&["shell", &name]).size(100, 30).start();
    screen.wait_for("leave it with exit, or Enter ~ . if it hangs");
    screen.wait_for("it was paused, and will be paused again");

    // Assembled there, so that the echo of the keys does not contain it.
    screen.send("printf 'to %s\\033]52;c;%s\\007 \\033[6n\\033[?2004hend\\n' clip Y2xpcA==\r");
    screen.wait_for("to clip end");
    screen.resize(70, 20);
    // The new size is a request of its own, and the keys may be faster.
    screen.send("\runtil [ $(tput cols) = 70 ]; do :; done; tput cols\r");
    screen.wait_until("the new size", |screen| {
        screen.rows(0, 70).any(|row| row.trim() == "70")
    });
    // A background job keeps the pty open longer than the shell.
    screen.send("sleep 5432 & sh -c 'exit 5'; exit $?\r");
    assert_eq!(screen.wait_exit().exit_code(), 5);

    let raw = raw(&screen);
    assert!(!raw.contains("\x1b]52"), "{raw:?}");
    assert!(!raw.contains("\x1b[6n"), "{raw:?}");
    assert_eq!(screen.mode(2004), Some(false));
    screen.wait_for("the sandbox is paused again");
}

#[test]
fn a_shell_that_hangs_is_left_and_its_programs_end() {
    let home = without_packages();
    home.leave_failed(&BASE, NOT_INSTALLED);
    let [name, sandbox, _] = home.stored()[0].clone();
    let mut screen = home.terminal(&["shell", &name]).start();
    screen.wait_for("Enter ~ . if it hangs");
    screen.send("trap '' INT TERM; echo $((1+1))nd; sleep 5432\r");
    screen.wait_for("2nd");

    screen.send("\r~.");

    assert_eq!(screen.wait_exit().exit_code(), 0);
    // It may take a moment.
    let gone = "while grep --text --quiet '^sleep.5432' /proc/[0-9]*/cmdline; do :; done";
    home.in_sandbox(&sandbox, gone);
    let ran = home.run(&["shell", &name]);
    assert_eq!(ran.code, Some(2), "{ran:?}");
    assert!(ran.stderr.contains("not a terminal"), "{ran:?}");
}

#[test]
fn a_stopped_shell_ends_when_the_users_shell_ends_it() {
    let home = without_packages();
    let name = home.leave_failed(&BASE, NOT_INSTALLED);
    let mut screen = home
        .terminal_of("bash", &["--norc", "--noprofile", "-i"])
        .size(100, 30)
        .start();
    let program = env!("CARGO_BIN_EXE_sandbar");
    screen.send("PS1='re''ady> '\r");
    screen.wait_for("ready>");
    for (signal, before) in [("TERM", ""), ("HUP", "bg; ")] {
        screen.send(&format!(
            "clear; sh -c 'echo $$ > pid; exec {program} shell {name}'\r"
        ));
        screen.wait_for("Enter ~ . if it hangs");
        screen.send("echo $((40+2))nd\r");
        screen.wait_for("42nd");
        let pid = fs::read_to_string(home.work().join("pid")).unwrap();
        let pid = Pid::from_raw(pid.trim().parse().unwrap()).unwrap();
        kill_process(pid, Signal::TSTP).unwrap();
        screen.wait_for("ready>");
        // In the background it stops again. The shell continues a stopped job after it has signalled it.
        screen.send(&format!(
            "{before}until [ -n \"$(jobs -s)\" ]; do :; done; kill -{signal} %1; \
             while kill -0 {}; do :; done; clear; echo {signal}-$(jobs -s | wc -l)\r",
            pid.as_raw_pid()
        ));
        screen.wait_for(&format!("{signal}-0"));
    }
}

#[test]
fn a_run_whose_boot_failed_is_removed_with_its_sandbox() {
    let home = without_packages();
    let arguments = [
        "run",
        "--rm",
        "--demo",
        "--empty",
        "--template",
        "base",
        "hi",
    ];
    let ran = home.run(&arguments);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert_eq!(home.sandboxes(), [""; 0]);
}
