//! The list of sessions in the terminal, and its actions on sandboxes, including unattached ones.

use pretty_assertions::assert_eq;
use sandbar::e2b::control::ControlClient;
use sandbar::e2b::host::Addresses;
use sandbar::e2b::wire::NewSandbox;
use sandbar::net::http::Http;

use crate::support::home::Home;
use crate::support::http::{plain_options, runtime};

/// A session's boot fails there, after its sandbox was created.
const NO_CODE: [&str; 3] = ["--demo", "--repo", "/there/is/none"];

/// The local server's API, used directly.
fn control(home: &Home) -> ControlClient {
    let (url, key) = home.account();
    let addresses = Addresses::new(None, Some(&url), Some(&url)).unwrap();
    let http = Http::new(&plain_options()).unwrap();
    ControlClient::new(http.pool().clone(), addresses.api, key.into()).unwrap()
}

/// Creates a sandbox through the API; returns its id.
fn sandbox(home: &Home, metadata: &[(&str, &str)]) -> String {
    let control = control(home);
    let metadata = metadata.iter();
    let new = NewSandbox {
        template_id: "base".to_owned(),
        timeout: Some(600),
        secure: Some(true),
        metadata: metadata
            .map(|&(name, value)| (name.to_owned(), value.to_owned()))
            .collect(),
        ..NewSandbox::default()
    };
    runtime().block_on(control.create(&new)).unwrap().sandbox_id
}

#[test]
fn a_sandbox_whose_boot_failed_is_killed_from_the_list() {
    let home = Home::with_sandboxes();
    let mut screen = home.terminal(&NO_CODE).size(120, 36).start();
    screen.wait_for("the repository could not be cloned");
    assert_eq!(home.sandboxes().len(), 1);

    screen.send("\x18lD");
    screen.wait_for("Kill the sandbox of none?");
    screen.send("y");

    screen.wait_for("gone");
    assert_eq!(home.sandboxes(), [""; 0]);

    // Once another session is on the screen, it has no row of its own until it is asked for.
    screen.send("\x18n");
    screen.wait_for("▸ 1 gone");
    screen.send("\x18lz");
    screen.wait_for("▾ 1 gone");
    screen.wait_for("sandbox was killed");
}

#[test]
fn a_sandbox_that_another_client_resumed_is_listed_as_running() {
    let home = Home::with_sandboxes();
    for _ in 0..2 {
        home.leave_failed(&NO_CODE, "could not be cloned");
    }
    let sessions = home.stored();
    let first = sessions
        .iter()
        .find(|session| session[0] == "none")
        .unwrap();
    let listed = home.run(&["ls", "--json"]);
    assert_eq!(listed.stdout.matches("\"paused\"").count(), 2, "{listed:?}");
    runtime()
        .block_on(control(&home).connect(&first[1], None))
        .unwrap();

    // The other one was used last: it is shown, and stays paused.
    let screen = home.terminal(&["--demo"]).size(120, 36).start();

    screen.wait_until("the first one, running", |screen| {
        let mut rows = screen.rows(0, 30);
        rows.any(|row| row.contains(" none ") && row.contains("idle"))
    });
    screen.wait_for("‖ paused, its files are kept");
}

#[test]
fn sandboxes_that_no_session_has_are_listed_and_killed_from_there() {
    let home = Home::with_sandboxes();
    home.leave_failed(&NO_CODE, "could not be cloned");
    let own = home.sandboxes();
    let lost = [("sandbar", "1"), ("sandbar.name", "lost-work")];
    let lost = sandbox(&home, &lost);
    let foreign = sandbox(&home, &[]);

    let mut screen = home.terminal(&["--demo"]).size(120, 36).start();
    screen.wait_for("Sessions (1) +2");
    screen.wait_for("lost-work");
    screen.wait_for("not made by sandbar");
    screen.send("\x18lGk");
    screen.wait_for(&format!("{lost} "));
    screen.wait_for("machine; a adopts it");
    screen.send("a");
    screen.wait_for(&format!("sandbox {lost} cannot be adopted"));
    screen.send("  D");
    screen.wait_for("Kill 2 sandboxes without a session?");
    screen.send("y");

    screen.wait_for("2 killed");
    screen.wait_until("no sandbox without a session", |screen| {
        !screen.contents().contains("Sessions (1) +")
    });
    assert_eq!(home.sandboxes(), own, "{lost} {foreign}");
}

#[test]
fn a_sandbox_of_another_store_is_adopted_from_the_list() {
    let elsewhere = Home::with_sandboxes();
    let ran = elsewhere.run(&["run", "--demo", "--empty", "table please"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let (url, key) = elsewhere.account();
    let here = Home::new()
        .set("E2B_API_URL", &url)
        .set("E2B_SANDBOX_URL", &url)
        .set("E2B_API_KEY", &key);

    let arguments = ["--engine", "e2b", "--empty"];
    let mut screen = here.terminal(&arguments).size(120, 36).start();
    screen.wait_for("Sessions (1) +1");
    screen.send("\x18lGa");
    screen.wait_for("adopted session-2; enter opens it");
    screen.wait_until("no sandbox without a session", |screen| {
        let contents = screen.contents();
        contents.contains("Sessions (2)") && !contents.contains("Sessions (2) +")
    });
    // Viewing it resumes nothing; a second enter does.
    screen.send("\r");
    screen.wait_for("‖ paused, its files are kept");
    screen.send("\r");

    screen.wait_for("The figures are rounded.");
    let sandboxes = elsewhere.sandboxes();
    let stored = here.stored();
    let adopted = stored.iter().find(|[name, ..]| name == "session-2");
    assert_eq!(adopted.map(|[_, sandbox, _]| sandbox), sandboxes.first());
}
