//! The session list in the whole program, with real sandboxes.

use crate::support::home::Home;

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
    screen.wait_for("Remove \"doomed\" for good?");
    screen.send("y");
    screen.wait_for("removed doomed");
    screen.wait_for("Sessions (1)");
    // The other one is shown instead, untouched.
    screen.wait_for("The figures are rounded.");
    screen.wait_until("one sandbox", |_| home.sandboxes().len() == 1);
}
