//! The review of what was changed, with the real server in a sandbox.

use crate::support::home::Home;

#[test]
fn a_change_is_reviewed_and_a_comment_is_sent() {
    let home = Home::with_sandboxes();
    let mut screen = home.terminal(&["--demo", "--empty"]).size(120, 36).start();
    screen.wait_for("type a message");
    screen.wait_for("idle");
    screen.send("\x18!");
    screen.wait_for("Auto mode?");
    screen.send("y");
    screen.wait_for("AUTO");
    screen.send("touch this\r");
    screen.wait_for("The file has your words.");
    screen.wait_for("idle");

    screen.send("\x18d");
    screen.wait_for("since the session began · 1 file +1 −0");
    screen.wait_for("▾ touched.txt  +1 −0  new file");
    screen.wait_for("1 + touch this");
    for since in [
        "since the last commit",
        "against the default branch",
        "in the last turn",
        "since the session began",
    ] {
        screen.send("b");
        screen.wait_until(since, |screen| {
            let text = screen.contents();
            text.contains(since) && !text.contains("fetching the changes")
        });
    }
    screen.wait_for("1 + touch this");

    // Below the last line stands that it has no end.
    screen.send("G");
    screen.wait_for("▌(no line end)");
    screen.send("k");
    screen.wait_for("▌ 1 + touch this");
    screen.send("c");
    screen.wait_for("> +touch this");
    screen.send("say it twice");
    screen.wait_for("say it twice");
    screen.send("\r");
    screen.wait_for("▌ touched.txt:1");
    screen.wait_for("▌ say it twice");
}
