//! A sandbox that is in no store becomes a session, with the real server and the demo model.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use pretty_assertions::assert_eq;

use crate::support::home::Home;
use crate::support::screen::Screen;

/// Creates a session that has answered; returns its sandbox, which is paused.
fn made(home: &Home) -> String {
    let ran = home.run(&["run", "--demo", "--empty", "table please"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    home.sandboxes().remove(0)
}

/// It is paused, and a key resumes it.
fn is_resumed(screen: &mut Screen) {
    screen.wait_for("‖ paused, its files are kept");
    screen.send("\r");
}

/// The conversation is there, and the next prompt is answered.
fn goes_on(screen: &mut Screen) {
    screen.wait_for("The figures are rounded.");
    screen.wait_for("idle");
    screen.send("A prompt to the adopted session, is it there\r");
    screen.wait_for("I am the demo model");
    screen.wait_for("idle");
}

#[test]
fn a_session_of_another_store_is_adopted_and_goes_on_there() {
    let elsewhere = Home::with_sandboxes();
    let sandbox = made(&elsewhere);
    let (url, key) = elsewhere.account();
    let here = Home::new()
        .set("E2B_API_URL", &url)
        .set("E2B_SANDBOX_URL", &url)
        .set("E2B_API_KEY", &key);

    let adopted = here.run(&["--engine", "e2b", "adopt", &sandbox]);
    let again = here.run(&["--engine", "e2b", "adopt", &sandbox]);

    assert_eq!(adopted.code, Some(0), "{adopted:?}");
    let told = format!("adopted session (sandbox {sandbox}); it is paused, as before\n");
    assert_eq!(
        (adopted.stdout.as_str(), adopted.stderr.as_str()),
        (told.as_str(), "")
    );
    assert_eq!(here.stored(), elsewhere.stored());
    assert_eq!(again.code, Some(1), "{again:?}");
    assert!(
        again
            .stderr
            .contains("it already belongs to session session")
    );
    let secrets = fs::read_dir(here.state().join("secrets")).unwrap();
    let modes = secrets.map(|file| file.unwrap().metadata().unwrap().permissions().mode());
    assert_eq!(modes.collect::<Vec<_>>(), [0o100_600]);

    let arguments = ["--engine", "e2b"];
    let mut screen = here.terminal(&arguments).size(120, 36).start();
    is_resumed(&mut screen);
    goes_on(&mut screen);
    screen.send("\x04");
    screen.wait_exit();
    assert_eq!(elsewhere.sandboxes(), [sandbox]);
}

#[test]
fn a_local_session_outlives_its_store() {
    let home = Home::with_sandboxes();
    let sandbox = made(&home);
    let [_, _, conversation] = home.stored().remove(0);
    // It is resumed for that, and keeps running.
    home.in_sandbox(&sandbox, "echo mine > work/file");
    home.lose_store();

    let adopted = home.run(&["adopt", &sandbox, "--name", "found"]);

    let told = format!("adopted found (sandbox {sandbox})\n");
    assert_eq!((adopted.code, adopted.stdout), (Some(0), told));
    let stored = [["found".to_owned(), sandbox, conversation]];
    assert_eq!(home.stored(), stored);
    let work = home.run(&["diff", "found"]);
    assert!(work.stdout.contains("+mine\n"), "{work:?}");
    let mut screen = home.terminal(&["--demo"]).size(120, 36).start();
    goes_on(&mut screen);
}

#[test]
fn a_session_whose_opencode_has_ended_is_adopted_with_its_conversation() {
    let home = Home::with_sandboxes();
    let sandbox = made(&home);
    let [_, _, conversation] = home.stored().remove(0);
    home.in_sandbox(&sandbox, "echo mine > work/file");
    home.lose_store();
    // Its processes end with the server; its files stay.
    assert_eq!(home.run(&["local", "stop"]).code, Some(0));

    let adopted = home.run(&["adopt", &sandbox, "--name", "found"]);

    assert_eq!(adopted.code, Some(0), "{adopted:?}");
    let stored = [["found".to_owned(), sandbox, conversation]];
    assert_eq!(home.stored(), stored);
    let work = home.run(&["diff", "found"]);
    assert!(work.stdout.contains("+mine\n"), "{work:?}");
    let mut screen = home.terminal(&["--demo"]).size(120, 36).start();
    is_resumed(&mut screen);
    goes_on(&mut screen);
}
