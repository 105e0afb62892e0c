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
    screen.wait_for("in this session · 1 file +1 −0");
    screen.wait_for("▾ touched.txt  +1 −0  new file");
    screen.wait_for("1 + touch this");
    for since in [
        "since the last commit",
        "compared with the default branch",
        "in the last turn",
        "in this session",
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
    screen.wait_for("in this session · 1 file +1 −0");
    screen.send("w");
    screen.wait_for("whitespace changes hidden");

    // Below the last line stands that it has no end.
    screen.send("G");
    screen.wait_for("▌(no newline at end of file)");
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
    screen.wait_for("in this session · 2 files +3 −2");
    // The last hunk of the second file.
    screen.send("}]]a");
    screen.wait_for("Apply?");
    screen.wait_for("+1 -1  numbers");
    screen.send("y");
    screen.wait_for("1 file applied to");
    let lines = fs::read_to_string(&numbers).unwrap();
    assert!(lines.contains("twenty-five\n") && lines.contains("\n3\n"));
    assert!(!home.work().join("made").exists());

    // What the user changed meanwhile stays, and what is there already is left alone.
    fs::write(&numbers, lines.replace("\n15\n", "\nfifteen\n")).unwrap();
    screen.send("A");
    screen.wait_for("Apply?");
    screen.send("y");
    screen.wait_for("2 files applied to");
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

    // In the sandbox, the same is taken back, and brought again.
    screen.send("gd");
    screen.wait_for("Discard?");
    screen.wait_for("the new file  made");
    screen.send("y");
    screen.wait_for("discarded; u brings it back");
    screen.wait_for("in this session · 1 file +2 −2");
    assert_eq!(home.in_sandbox(&sandbox, "cd ~/*/; ls"), "numbers\n");
    screen.send("u");
    screen.wait_for("in this session · 2 files +3 −2");
    assert_eq!(home.in_sandbox(&sandbox, "cd ~/*/; cat made"), "new\n");
    // A file that changed since it was shown is left alone.
    home.in_sandbox(&sandbox, "cd ~/*/; echo newer >made");
    screen.send("gd");
    screen.wait_for("Discard?");
    screen.send("y");
    screen.wait_for("these files have changed since");
    assert_eq!(home.in_sandbox(&sandbox, "cd ~/*/; cat made"), "newer\n");
}

#[test]
fn the_changes_of_a_session_whose_sandbox_is_gone_are_there_and_go_home() {
    let home = Home::with_sandboxes();
    let mut sh = Command::new("sh");
    let made = sh.args(["-c", MAKE]).current_dir(home.work()).status();
    assert!(made.unwrap().success());
    let mut screen = home.terminal(&["--demo"]).size(120, 36).start();
    screen.wait_for("type a message");
    screen.wait_for("idle");
    let sandbox = home.sandboxes().remove(0);
    home.in_sandbox(&sandbox, "cd ~/*/; sed -i 's/^3$/three/' numbers");
    screen.send("think please\r");
    screen.wait_for("forty-two");
    screen.wait_for("idle");
    home.wait_for_snapshot("forty-two");

    let (status, body) = home.api("DELETE", &format!("/sandboxes/{sandbox}"));
    assert_eq!(status, 204, "{body}");
    screen.wait_for("the sandbox no longer exists");
    screen.send("\x18d");
    screen.wait_for("in this session · 1 file +1 −1 · snapshot from");
    screen.wait_for("3 + three");
    screen.send("A");
    screen.wait_for("Apply?");
    screen.send("y");
    screen.wait_for("1 file applied to");
    let lines = fs::read_to_string(home.work().join("numbers")).unwrap();
    assert!(lines.contains("\nthree\n"), "{lines}");
    assert_eq!(home.sandboxes(), Vec::<String>::new());
}

#[test]
fn what_changed_at_home_goes_into_the_session_and_conflicts_are_told() {
    let home = Home::with_sandboxes();
    let make = |script: &str| {
        let mut sh = Command::new("sh");
        let git = "git() { command git -c user.name=n -c user.email=n@example.invalid \"$@\"; }";
        let script = format!("{git}; {script}");
        let made = sh.args(["-c", &script]).current_dir(home.work()).status();
        assert!(made.unwrap().success());
    };
    make(MAKE);
    let mut screen = home.terminal(&["--demo"]).size(120, 36).start();
    screen.wait_for("type a message");
    screen.wait_for("idle");
    let sandbox = home.sandboxes().remove(0);
    home.in_sandbox(
        &sandbox,
        "cd ~/*/; sed -i 's/^3$/three/' numbers; echo new >made",
    );

    make("sed -i 's/^25$/twenty-five/' numbers; git commit -qam second; echo mine >mine");
    screen.send("\x18H");
    screen.wait_for("Update?");
    screen.send("y");
    screen.wait_for("2 files changed in the sandbox, its HEAD is now yours");
    let there = "cd ~/*/; git log -1 --format=%s; cat mine made; sed -n '3p;25p' numbers";
    assert_eq!(
        home.in_sandbox(&sandbox, there),
        "second\nmine\nnew\nthree\ntwenty-five\n"
    );
    screen.send("\x18d");
    screen.wait_for("in this session · 2 files +2 −1");
    screen.send("\x1b");

    // The command does the same.
    make("sed -i 's/^3$/drei/' numbers; git commit -qam third");
    let updated = home.run(&["update", "work"]);
    assert_eq!(updated.code, Some(1), "{updated:?}");
    assert!(
        updated.stderr.contains("there are conflicts in 1 file"),
        "{updated:?}"
    );
    let marked = home.in_sandbox(&sandbox, "cd ~/*/; sed -n 3,7p numbers; git status --short");
    assert_eq!(
        marked,
        "<<<<<<< session\nthree\n=======\ndrei\n>>>>>>> update\nUU numbers\n?? made\n?? mine\n"
    );
    let again = home.run(&["update", "work"]);
    assert!(again.stderr.contains("unresolved conflicts"), "{again:?}");

    // Another repository is refused.
    make("git init -q other; cd other; git commit -q --allow-empty -m other");
    let other = home.work().join("other");
    let refused = home
        .command(&["update", "work"])
        .current_dir(other)
        .output();
    let refused = String::from_utf8(refused.unwrap().stderr).unwrap();
    assert!(refused.contains("is unrelated to session"), "{refused}");
    assert!(refused.contains("sandbar update --force"), "{refused}");
}
