//! Models, and the state of the server, with the real one.

use std::process::Command;

use crate::support::home::Home;
use crate::support::screen::Screen;

const MODELS: &str = "\x18m";
const STATUS: &str = "\x18i";
const QUIT: &str = "\x18q";

fn start(home: &Home) -> Screen {
    let screen = home.terminal(&["--demo"]).size(120, 36).start();
    screen.wait_for("idle");
    screen
}

#[test]
fn a_favourite_model_and_the_state_of_the_server_are_seen() {
    let home = Home::with_sandboxes();
    let config = r#"{"mcp":{"broken":{"type":"local","command":["/nowhere/mcp"]}}}"#;
    std::fs::write(home.work().join("opencode.json"), config).unwrap();
    let mut git = Command::new("git");
    let git = git.args(["init", "--quiet"]).current_dir(home.work());
    assert!(git.status().unwrap().success());
    let mut screen = start(&home);

    // A server that does not start is told without asking.
    screen.wait_for("1 MCP server failed");
    screen.send(STATUS);
    screen.wait_for("MCP servers");
    screen.wait_for("broken");
    screen.wait_for("× broken");
    screen.wait_for("Context");
    screen.send("q");
    screen.wait_until("the status is closed", |screen| {
        !screen.contents().contains("× broken")
    });

    screen.send(MODELS);
    screen.wait_for("Choose a model");
    assert!(!screen.contents().contains("Favourites"));
    screen.send("\x06");
    screen.wait_for("Favourites");
    screen.send("\x1b");
    screen.wait_until("the list is closed", |screen| {
        !screen.contents().contains("Favourites")
    });
    screen.send(QUIT);
    assert!(screen.wait_exit().success());

    let mut screen = start(&home);
    screen.wait_for("1 MCP server failed");
    screen.send(MODELS);
    screen.wait_for("Favourites");
}
