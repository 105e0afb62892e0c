//! A shell with job control, and the program as its job: nothing is drawn while the shell has the terminal.

use std::fs;

use rustix::process::{Pid, Signal, kill_process};

use crate::support::home::Home;
use crate::support::http::ClosedPort;
use crate::support::screen::Screen;

const LEAVE: &[u8] = b"\x1b[?1049l";
const ENTER: &[u8] = b"\x1b[?1049h";

/// What reached the terminal while the program was suspended.
fn between(raw: &[u8]) -> Vec<&[u8]> {
    let find = |bytes: &[u8], what: &[u8]| bytes.windows(what.len()).position(|at| at == what);
    let mut spans = Vec::new();
    let mut rest = raw;
    while let Some(left) = find(rest, LEAVE) {
        rest = &rest[left + LEAVE.len()..];
        let entered = find(rest, ENTER).unwrap_or(rest.len());
        spans.push(&rest[..entered]);
        rest = &rest[entered..];
    }
    spans
}

fn assert_nothing_drawn_outside(screen: &Screen) {
    let raw = screen.raw();
    for span in between(&raw) {
        let text = String::from_utf8_lossy(span);
        for ours in ["\x1b[?2026h", "\x1b[2J", "message", "\x1b[>1u"] {
            assert!(
                !text.contains(ours),
                "{ours:?} while the shell had the terminal: {text:?}"
            );
        }
    }
}

/// A shell with job control, of which nothing but its prompt `ready> ` is on the screen.
fn shell(home: &Home) -> Screen {
    let mut screen = home
        .terminal_of("bash", &["--norc", "--noprofile", "-i"])
        .size(80, 24)
        .start();
    screen.send("PS1='re''ady> '; clear\r");
    screen.wait_for("ready>");
    screen
}

#[test]
fn a_job_that_is_stopped_and_continued_draws_only_in_the_foreground() {
    let closed = ClosedPort::new();
    let home = Home::new();
    let mut screen = shell(&home);
    let job = format!(
        "sh -c 'echo $$ > pid; exec {} attach {}'",
        env!("CARGO_BIN_EXE_sandbar"),
        closed.url()
    );
    screen.send(&format!("set -b; stty -g > before; clear; {job}\r"));
    screen.wait_for("› type a message");
    let pid = fs::read_to_string(home.work().join("pid")).unwrap();
    let pid = Pid::from_raw(pid.trim().parse().unwrap()).unwrap();

    for round in 0..4 {
        if round % 2 == 0 {
            screen.send("\x1a");
        } else {
            kill_process(pid, Signal::TSTP).unwrap();
        }
        screen.wait_for("ready>");
        assert_eq!(screen.mode(1049), Some(false));
        screen.send(&format!(
            "stty -g > during; cmp before during && echo same-$(({round}+1))\r"
        ));
        screen.wait_for(&format!("same-{}", round + 1));
        screen.send(&format!(
            "bg; until [ -n \"$(jobs -s)\" ]; do :; done; echo back-$(({round}+1))\r"
        ));
        screen.wait_for(&format!("back-{}", round + 1));
        screen.send("fg\r");
        screen.wait_for("› type a message");
        assert_eq!(screen.mode(1049), Some(true));
        assert_eq!(screen.mode(2004), Some(true));
    }
    assert_nothing_drawn_outside(&screen);

    screen.send("\x18q");
    screen.wait_for("ready>");
    screen.send("clear; echo over-$((1+1))\r");
    screen.wait_for("over-2");
    assert!(
        !screen.contents().contains("message"),
        "{}",
        screen.contents()
    );
}

#[test]
fn a_stopped_job_that_its_shell_ends_has_ended() {
    let closed = ClosedPort::new();
    let home = Home::new();
    let mut screen = shell(&home);
    for signal in ["TERM", "HUP"] {
        let program = env!("CARGO_BIN_EXE_sandbar");
        screen.send(&format!("clear; {program} attach {}\r", closed.url()));
        screen.wait_for("› type a message");
        screen.send("\x1a");
        screen.wait_for("ready>");
        // The shell continues a stopped job after it has signalled it.
        screen.send(&format!(
            "kill -{signal} %1; wait %1; clear; echo {signal}-$(jobs -s | wc -l)\r"
        ));
        screen.wait_for(&format!("{signal}-0"));
    }
}
