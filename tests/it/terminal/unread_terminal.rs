//! A terminal that does not read its input: stopped by its user, or behind a dead connection.

use rustix::process::{Pid, Signal, kill_process};

use crate::support::home::Home;
use crate::support::http::ClosedPort;

#[test]
fn a_terminal_that_does_not_read_does_not_hold_up_the_end() {
    let closed = ClosedPort::new();
    let home = Home::new();
    for signal in [Signal::TERM, Signal::HUP] {
        let screen = home
            .terminal(&["attach", &closed.url()])
            .size(200, 50)
            .start();
        screen.wait_for("› type a message");
        screen.stop_reading();

        let pid = Pid::from_raw(i32::try_from(screen.pid()).unwrap()).unwrap();
        kill_process(pid, signal).unwrap();

        assert!(screen.wait_end().success(), "{signal:?}");
    }
}
