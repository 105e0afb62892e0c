//! The search in the texts of all sessions, in the whole program.

use crate::support::home::Home;
use crate::support::screen::Screen;

/// Searches for the word of the first session, and goes to the hit.
fn search(screen: &mut Screen) {
    screen.send("\x18/");
    screen.wait_for("Search in all sessions");
    screen.send("PLEASE pomegran");
    screen.wait_for("a table of pomegranates please");
    screen.wait_for("1 match");
    screen.send("\r");
    screen.wait_until("the hit in its session", |screen| {
        let text = screen.contents();
        !text.contains("Search in all sessions")
            && text.contains("\"pomegranates\" 1 of")
            && text.contains("The figures are rounded.")
    });
}

#[test]
fn a_word_of_another_session_is_found_and_shown_there_also_when_it_is_gone() {
    let home = Home::with_sandboxes();
    let mut screen = home.terminal(&["--demo", "--empty"]).size(120, 40).start();
    screen.wait_for("type a message");
    screen.send("a table of pomegranates please\r");
    screen.wait_for("The figures are rounded.");
    screen.wait_for("idle");
    screen.send("\x18n");
    screen.wait_for("Sessions (2)");
    screen.wait_for("What should we work on?");
    screen.send("touch a file\r");
    screen.wait_for("The file has your words.");
    screen.wait_for("session-2 ○ idle");

    search(&mut screen);
    screen.send("\x18q");
    screen.wait_exit();
    let names: Vec<String> = home.stored().into_iter().map(|[name, ..]| name).collect();
    let kill = ["kill", "--yes", &names[0], &names[1]];
    assert_eq!(home.run(&kill).code, Some(0));
    let ran = home.run(&["search", "pomegranates", "plea"]);
    assert!(ran.stdout.contains("prompt"), "{ran:?}");
    assert!(
        ran.stdout.contains("a table of pomegranates please"),
        "{ran:?}"
    );
    let ran = home.run(&["search", "--json", "the", "file", "has"]);
    assert!(ran.stdout.contains("\"author\":\"answer\""), "{ran:?}");
    let ran = home.run(&["search", "\"please pomegranates"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), ""), "{ran:?}");

    // Without a server, and in a session that is behind the row for those that are gone.
    let mut screen = home.terminal(&["--demo", "--empty"]).size(120, 40).start();
    screen.wait_for("type a message");
    search(&mut screen);
}
