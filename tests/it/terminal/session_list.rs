//! The session list in the whole program, with real sandboxes.

use rustix::process::{Pid, Signal, kill_process};

use crate::support::home::Home;
use crate::support::screen::Screen;

#[test]
fn a_session_is_renamed_and_one_that_runs_is_removed_for_good() {
    let home = Home::with_sandboxes();
    let mut screen = home.terminal(&["--demo", "--empty"]).size(120, 40).start();
    screen.wait_for("type a message");
    screen.send("table please\r");
    screen.wait_for("The figures are rounded.");
    screen.wait_for("idle");
    screen.send("\x18n");
    screen.wait_for("Sessions (2)");
    screen.wait_for("What should we work on?");
    screen.wait_until("two sandboxes", |_| home.sandboxes().len() == 2);
    screen.wait_for("idle");

    // The new one is on the screen and under the cursor.
    screen.send("\x18l");
    screen.send("e");
    screen.wait_for("Rename the session");
    screen.send("\x15doomed");
    screen.wait_for("› doomed");
    screen.send("\r");
    screen.wait_until("no dialog", |screen| {
        let text = screen.contents();
        text.contains("doomed") && !text.contains("Rename the session")
    });
    screen.send("X");
    screen.wait_for("Remove session doomed for good?");
    screen.send("y");
    screen.wait_for("removed doomed");
    screen.wait_for("Sessions (1)");
    // The other one is shown instead, untouched.
    screen.wait_for("The figures are rounded.");
    screen.wait_until("one sandbox", |_| home.sandboxes().len() == 1);
}

#[test]
fn the_size_of_the_work_is_in_the_row_and_stays_known_when_the_sandbox_is_gone() {
    let home = Home::with_sandboxes();
    let mut screen = home.terminal(&["--demo", "--empty"]).size(120, 40).start();
    screen.wait_for("type a message");
    screen.send("touch a file\r");
    screen.wait_for("The file has your words.");
    screen.wait_for("+1 −0");
    screen.send("\x18q");
    screen.wait_exit();
    let names: Vec<String> = home.stored().into_iter().map(|[name, ..]| name).collect();
    assert_eq!(home.run(&["kill", "--yes", &names[0]]).code, Some(0));

    let listed = home.run(&["ls", "--json"]);
    let listed: serde_json::Value = serde_json::from_str(&listed.stdout).unwrap();
    let row = &listed[0];
    assert_eq!(
        (&row["added"], &row["removed"]),
        (&1.into(), &0.into()),
        "{row}"
    );
}

#[test]
fn conversations_of_a_sandbox_are_a_tree_and_what_nobody_has_seen_stays_marked() {
    let home = Home::with_sandboxes();
    let mut screen = home.terminal(&["--demo", "--empty"]).size(120, 40).start();
    screen.wait_for("type a message");
    screen.send("table please\r");
    screen.wait_for("The figures are rounded.");
    screen.wait_for("idle");
    screen.send("\x18C");
    screen.wait_for("Sessions (2)");
    screen.wait_for("└ ");
    screen.wait_for("What should we work on?");
    // It works on while the other one is on the screen.
    screen.send("touch a file\r");
    screen.wait_for("working");
    screen.send("\x181");
    screen.wait_for("The figures are rounded.");
    screen.wait_until("the second one is unread", |screen| {
        screen.contents().contains("└▌○")
    });
    screen.send("\x18lt");
    screen.wait_for("▸ 1 more");
    screen.send("t");
    screen.wait_for("└▌○");
    screen.send("\x18q");
    screen.wait_exit();

    let mut screen = home.terminal(&["--demo"]).size(120, 40).start();
    screen.wait_for("The figures are rounded.");
    screen.wait_for("└▌");
    screen.send("\x182");
    screen.wait_for("The file has your words.");
    screen.wait_until("it is seen", |screen| !screen.contents().contains("└▌"));
}

/// Types a prompt that asks, in a session of its own.
fn ask(screen: &mut Screen, sessions: usize) {
    screen.send("\x18n");
    screen.wait_for(&format!("Sessions ({sessions})"));
    screen.wait_for("What should we work on?");
    screen.send("permission please\r");
    screen.wait_for("! needs you");
}

#[test]
fn all_that_wait_are_known_again_after_a_kill_and_answered_without_being_shown() {
    let home = Home::with_sandboxes();
    let mut screen = home.terminal(&["--demo", "--empty"]).size(120, 40).start();
    screen.wait_for("type a message");
    screen.send("table please\r");
    screen.wait_for("The figures are rounded.");
    screen.wait_for("idle");
    ask(&mut screen, 2);
    ask(&mut screen, 3);
    screen.send("\x183");
    screen.wait_for("The figures are rounded.");
    screen.wait_for("2 need you");
    let pid = Pid::from_raw(screen.pid().try_into().unwrap()).unwrap();
    kill_process(pid, Signal::KILL).unwrap();
    screen.wait_exit();

    let listed = home.run(&["ls", "--json"]);
    let listed: serde_json::Value = serde_json::from_str(&listed.stdout).unwrap();
    let states = listed.as_array().unwrap().iter();
    let states: Vec<&str> = states.filter_map(|row| row["state"].as_str()).collect();
    let waiting = states.iter().filter(|state| **state == "needs you");
    assert_eq!((waiting.count(), states.len()), (2, 3), "{states:?}");

    let mut screen = home.terminal(&["--demo"]).size(120, 40).start();
    screen.wait_for("2 need you");
    screen.wait_for("The figures are rounded.");
    // From the list, and with the key for the next one; the session on the screen stays.
    screen.send("\x18l");
    screen.send("gv");
    screen.answer("/etc/", "1");
    screen.wait_for("the request of session-");
    screen.wait_for("1 needs you");
    screen.send("\x18v");
    screen.answer("/etc/", "1");
    screen.wait_until("nobody who waits", |screen| {
        let text = screen.contents();
        text.contains("the request of session-")
            && !text.contains("need you")
            && !text.contains("needs you")
    });
    screen.wait_for("The figures are rounded.");
}
