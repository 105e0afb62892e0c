//! The driver for programs in a pseudo terminal behaves as other tests require.

use std::panic::{AssertUnwindSafe, catch_unwind};

use rustix::process::{Pid, Signal, kill_process};

use crate::support::screen::{Launch, Screen};

fn sh(script: &str) -> Screen {
    Launch::new("/bin/sh")
        .args(&["-c", script])
        .env("PATH", "/usr/bin:/bin")
        .start()
}

#[test]
fn keys_reach_the_program_and_its_answer_the_screen() {
    let mut screen = sh("read line; echo \"got $line\"; exit 3");

    screen.send("hello\r");
    screen.wait_for("got hello");

    assert_eq!(screen.wait_exit().exit_code(), 3);
    assert_eq!(screen.contents().trim_end(), "hello\ngot hello");
}

#[test]
fn the_environment_the_folder_and_the_size_are_as_asked() {
    let folder = tempfile::tempdir().unwrap();
    let mut screen = Launch::new("/bin/sh")
        .args(&["-c", "stty size; echo $(pwd -P); env; read x; stty size"])
        .env("PATH", "/usr/bin:/bin")
        .env("GIVEN", "value")
        .directory(folder.path())
        .size(100, 20)
        .start();

    screen.wait_for("20 100");
    screen.wait_for(&folder.path().canonicalize().unwrap().display().to_string());
    screen.wait_for("GIVEN=value");
    assert!(
        !screen.contents().contains("CARGO"),
        "{}",
        screen.contents()
    );

    screen.resize(40, 10);
    screen.send("\r");
    screen.wait_for("10 40");
    screen.wait_exit();
}

#[test]
fn modes_are_told_as_they_were_left() {
    let screen = sh("printf '\\033[?1049h\\033[?25;2004hx\\033[?25l\\033[?1049l'");

    screen.wait_exit();

    let left: Vec<_> = [1049, 25, 2004, 1000].map(|mode| screen.mode(mode)).into();
    assert_eq!(left, [Some(false), Some(false), Some(true), None]);
    assert!(screen.raw().starts_with(b"\x1b[?1049h"));
}

#[test]
fn a_program_can_be_signalled() {
    let screen = sh("trap 'echo caught; exit 7' TERM; echo ready; while :; do read line; done");
    screen.wait_for("ready");

    kill_process(
        Pid::from_raw(screen.pid().try_into().unwrap()).unwrap(),
        Signal::TERM,
    )
    .unwrap();

    screen.wait_for("caught");
    assert_eq!(screen.wait_exit().exit_code(), 7);
}

#[test]
fn waiting_for_what_cannot_come_shows_the_screen() {
    let screen = sh("echo only this");

    let failure = catch_unwind(AssertUnwindSafe(|| screen.wait_for("something else"))).unwrap_err();

    let message = failure.downcast_ref::<String>().unwrap();
    assert!(
        message.contains("ended before \"something else\""),
        "{message}"
    );
    assert!(message.contains("|only this"), "{message}");
}
