//! What the terminal is told while it has no focus.

use crate::support::home::Home;

/// The sequence that focus events come as, and the mode that asks for them.
const FOCUS_IN: &str = "\x1b[I";
const FOCUS_OUT: &str = "\x1b[O";
const FOCUS_MODE: u16 = 1004;

#[test]
fn a_terminal_without_the_focus_is_told_once_that_a_session_waits_and_that_it_has_ended() {
    let home = Home::with_sandboxes().set("SANDBAR_NOTIFY", "osc777");
    let mut screen = home.terminal(&["--demo", "--empty"]).size(120, 40).start();
    screen.wait_for("type a message");
    assert_eq!(screen.mode(FOCUS_MODE), Some(true));
    screen.wait_for("idle");

    // It has the focus: the request is on the screen, and nothing else tells of it.
    screen.send("permission please\r");
    screen.answer("/etc/", "1");
    screen.wait_for("idle");
    let notified = |screen: &crate::support::screen::Screen| {
        let raw = screen.raw();
        let text = String::from_utf8_lossy(&raw).into_owned();
        let told = text.split("\x1b]777;notify;").skip(1);
        let told = told.filter_map(|rest| Some(rest.split_once('\x07')?.0.to_owned()));
        told.collect::<Vec<String>>()
    };
    assert_eq!(notified(&screen), Vec::<String>::new());

    screen.send(FOCUS_OUT);
    screen.send("permission please\r");
    screen.wait_for_bytes(b" needs you;");
    screen.send(FOCUS_IN);
    screen.answer("/etc/", "1");
    screen.wait_for("idle");
    assert_eq!(notified(&screen).len(), 1, "{:?}", notified(&screen));

    screen.send(FOCUS_OUT);
    screen.send("table please\r");
    screen.wait_for_bytes(b" has finished its turn;");
    assert_eq!(notified(&screen).len(), 2, "{:?}", notified(&screen));

    screen.send("\x18q");
    screen.wait_exit();
    assert_eq!(screen.mode(FOCUS_MODE), Some(false));
}
