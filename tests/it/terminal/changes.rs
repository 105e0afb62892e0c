//! The review of what was changed, with the real server in a sandbox.

use std::fs;
use std::process::Command;

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

    screen.send("/this");
    screen.wait_for("in 1 line");
    screen.send("\r");
    screen.wait_for("\"this\" 1 of 1 · n next · N previous");
    screen.send("\x1b");
    screen.wait_for("since the session began · 1 file +1 −0");
    screen.send("w");
    screen.wait_for("without whitespace");

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

/// A repository with a file of thirty lines.
const MAKE: &str = "git init -q -b main && seq 30 >numbers && git add . &&
    git -c user.name=n -c user.email=n@example.invalid commit -q -m first";

#[test]
fn a_hunk_and_then_the_rest_go_into_the_work_tree_they_came_from() {
    let home = Home::with_sandboxes();
    let numbers = home.work().join("numbers");
    let mut sh = Command::new("sh");
    let made = sh.args(["-c", MAKE]).current_dir(home.work()).status();
    assert!(made.unwrap().success());
    let mut screen = home.terminal(&["--demo"]).size(120, 36).start();
    screen.wait_for("type a message");
    screen.wait_for("idle");
    let sandbox = home.sandboxes().remove(0);
    let work = "cd ~/*/; sed -i 's/^3$/three/; s/^25$/twenty-five/' numbers; echo new >made";
    home.in_sandbox(&sandbox, work);

    screen.send("\x18d");
    screen.wait_for("since the session began · 2 files +3 −2");
    // The last hunk of the second file.
    screen.send("}]]a");
    screen.wait_for("Apply?");
    screen.wait_for("+1 -1  numbers");
    screen.send("y");
    screen.wait_for("1 file changed in");
    let lines = fs::read_to_string(&numbers).unwrap();
    assert!(lines.contains("twenty-five\n") && lines.contains("\n3\n"));
    assert!(!home.work().join("made").exists());

    // What the user changed meanwhile stays, and what is there already is left alone.
    fs::write(&numbers, lines.replace("\n15\n", "\nfifteen\n")).unwrap();
    screen.send("A");
    screen.wait_for("Apply?");
    screen.send("y");
    screen.wait_for("changed in");
    screen.wait_for("2 files changed in");
    let lines = fs::read_to_string(&numbers).unwrap();
    for line in ["three", "fifteen", "twenty-five"] {
        assert_eq!(
            lines.lines().filter(|known| *known == line).count(),
            1,
            "{lines}"
        );
    }
    assert_eq!(
        fs::read_to_string(home.work().join("made")).unwrap(),
        "new\n"
    );
    screen.send("A");
    screen.wait_for("already has these changes");
}
