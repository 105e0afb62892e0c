//! A session whose sandbox is gone continues in a new one, with the real server and the demo model.

use std::time::{Duration, Instant};

use pretty_assertions::assert_eq;
use serde_json::Value;

use crate::support::home::Home;
use crate::support::screen::Screen;

/// Files of every kind, in a work tree with a commit.
const WORK: &str = r#"
cd "$HOME/work"
for file in kept changed staged deleted; do echo before > $file; done
echo ignored > .gitignore
git add --all
git commit -q -m first
for file in changed staged ignored untracked; do echo after > $file; done
printf 'a\0b' > binary
git add staged binary
rm deleted
"#;

/// Everything that git and the files report.
const STATE: &str = r#"
cd "$HOME/work"
git log --format=%H
git status --porcelain=v2 --branch
git diff --cached --binary
git diff
git ls-files -co --exclude-standard | sort | xargs sha256sum 2>&1 || true
"#;

/// Generous: a busy machine must not fail a test.
const LIMIT: Duration = Duration::from_mins(1);

fn start(home: &Home) -> Screen {
    home.terminal(&["--demo"]).size(120, 36).start()
}

/// A turn that leaves [`WORK`] in the work tree, with its snapshot.
fn work(home: &Home, screen: &mut Screen) -> String {
    screen.wait_for("type a message");
    screen.send("table please\r");
    screen.wait_for("The figures are rounded.");
    screen.wait_for("idle");
    let sandbox = home.sandboxes().remove(0);
    home.in_sandbox(&sandbox, WORK);
    screen.send("think please\r");
    screen.wait_for("forty-two");
    screen.wait_for("idle");
    home.wait_for_snapshot("forty-two");
    sandbox
}

fn kill(home: &Home, sandbox: &str) {
    let (status, body) = home.api("DELETE", &format!("/sandboxes/{sandbox}"));
    assert_eq!(status, 204, "{body}");
}

/// The conversation's messages, as the server in the sandbox has them.
fn messages(home: &Home, sandbox: &str) -> Value {
    let conversation = &home.stored()[0][2];
    let export = format!("cd \"$HOME/work\" && opencode export {conversation} 2>/dev/null");
    let export: Value = serde_json::from_str(&home.in_sandbox(sandbox, &export)).unwrap();
    export["messages"].clone()
}

#[test]
fn a_session_whose_sandbox_is_gone_goes_on_in_a_new_one_as_after_its_last_turn() {
    let home = Home::with_sandboxes();
    let mut screen = start(&home);
    let sandbox = work(&home, &mut screen);
    let (state, said) = (home.in_sandbox(&sandbox, STATE), messages(&home, &sandbox));
    let stored = home.stored();
    screen.send("long please\r");
    screen.wait_for("Section 2");
    screen.send("half a thought");
    screen.wait_for("half a thought");

    kill(&home, &sandbox);
    screen.wait_for("the sandbox no longer exists");
    screen.wait_for("revives it in a new sandbox, as it was at");
    assert!(screen.contents().contains("Section 2"));
    screen.send("\r");
    screen.wait_for("1 later prompt goes back into the queue");
    screen.send("y");
    screen.wait_for("Revived in a new sandbox");
    screen.wait_for("idle");

    let again = home.sandboxes();
    assert_eq!(again.len(), 1);
    assert_ne!(again[0], sandbox);
    assert_eq!(home.in_sandbox(&again[0], STATE), state);
    assert_eq!(messages(&home, &again[0]), said);
    assert_eq!(
        home.stored(),
        [[stored[0][0].clone(), again[0].clone(), stored[0][2].clone()]]
    );
    // What was typed is there, and the lost prompt is held in the queue.
    let contents = screen.contents();
    assert!(contents.contains("half a thought"), "{contents}");
    assert!(contents.contains("long please"), "{contents}");
    screen.send("\x03");
    screen.send("\r");
    screen.wait_for("section 40");
    screen.wait_for("idle");
    screen.send("A prompt to the revived session, is it there\r");
    screen.wait_for("I am the demo model");
}

#[test]
fn commands_read_and_restore_the_work_of_a_killed_session() {
    let home = Home::with_sandboxes();
    let mut screen = start(&home);
    let sandbox = work(&home, &mut screen);
    let state = home.in_sandbox(&sandbox, STATE);
    screen.send("\x04");
    screen.wait_exit();
    let there = home.run(&["revive", "session"]);
    let before = home.run(&["diff", "session"]);
    assert_eq!(home.run(&["pause", "session"]).code, Some(0));
    let paused = home.run(&["revive", "session"]);
    let listed = home.run(&["ls"]);
    assert_eq!(home.run(&["kill", "--yes", "session"]).code, Some(0));

    let after = home.run(&["diff", "session"]);
    let revived = home.run(&["revive", "session"]);

    for refused in [there, paused] {
        assert_eq!(refused.code, Some(1), "{refused:?}");
        assert!(refused.stderr.contains("nothing to revive"), "{refused:?}");
    }
    assert!(
        listed.stdout.contains("paused"),
        "it is not resumed for that: {listed:?}"
    );
    assert_eq!((after.code, after.stdout), (Some(0), before.stdout));
    assert!(
        after
            .stderr
            .contains("this is its last snapshot, taken just now"),
        "{}",
        after.stderr
    );
    assert_eq!(revived.stdout, "revived session\n", "{revived:?}");
    assert!(
        revived.stderr.contains("all prompts are included"),
        "{revived:?}"
    );
    let again = home.sandboxes().remove(0);
    assert_ne!(again, sandbox);
    assert_eq!(home.in_sandbox(&again, STATE), state);
}

#[test]
fn a_run_that_ends_with_its_turn_is_kept_with_it() {
    let home = Home::with_sandboxes();
    let ran = home.run(&["run", "--demo", "--empty", "table please"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");

    kill(&home, &home.sandboxes()[0]);
    let revived = home.run(&["revive", "session"]);

    assert_eq!(revived.stdout, "revived session\n", "{revived:?}");
    let said = messages(&home, &home.sandboxes()[0]);
    assert!(said.to_string().contains("The figures are rounded."));
}

#[test]
fn a_session_left_during_its_revival_is_booting_and_not_gone() {
    let home = Home::with_sandboxes();
    let mut screen = start(&home);
    screen.wait_for("type a message");
    screen.send("table please\r");
    screen.wait_for("The figures are rounded.");
    screen.wait_for("idle");
    home.wait_for_snapshot("rounded");
    // By another program, which removes the old sandbox's password with it.
    assert_eq!(home.run(&["kill", "--yes", "session"]).code, Some(0));
    screen.wait_for("revives it in a new sandbox");
    screen.send("\x18b");
    screen.wait_for("Revive session session");
    screen.send("y");
    let began = Instant::now();
    while home.sandboxes().is_empty() {
        assert!(began.elapsed() < LIMIT, "no sandbox is made");
        std::thread::yield_now();
    }
    screen.wait_for("install");
    screen.send("\x18q");
    screen.wait_exit();

    let listed = home.run(&["ls", "--json"]);
    let again = start(&home);

    let state = listed.stdout.split("\"state\":").nth(1).unwrap_or_default();
    assert!(!state.starts_with("\"gone\""), "{listed:?}");
    again.wait_for("The figures are rounded.");
    again.wait_for("○ idle");
    assert_eq!(home.sandboxes().len(), 1);
}
