//! Tool calls on the screen, with the real server and its tools.

use crate::support::home::Home;
use crate::support::screen::Screen;

fn start(home: &Home) -> Screen {
    let mut screen = home.terminal(&["--demo", "--empty"]).size(120, 50).start();
    screen.wait_for("type a message");
    screen.wait_for("idle");
    // Commands do not ask here, whatever isolates the sandbox.
    screen.send("\x18!");
    screen.wait_for("Auto mode?");
    screen.send("y");
    screen.wait_for("AUTO");
    screen
}

fn ask(screen: &mut Screen, prompt: &str, answer: &str) {
    screen.send(&format!("{prompt}\r"));
    screen.wait_for(answer);
    screen.wait_for("idle");
}

#[test]
fn a_file_a_failed_command_and_a_list_are_shown_folded_and_unfolded() {
    let home = Home::with_sandboxes();
    let mut screen = start(&home);

    ask(&mut screen, "touch this", "The file has your words.");
    screen.wait_for("✓ write touched.txt · new");
    screen.wait_for("1  touch this");
    ask(&mut screen, "fail now", "As announced");
    screen.wait_for("✗ bash echo 'this goes to stdout'");
    screen.wait_for("exit 3");
    screen.wait_for("this goes to stderr");
    ask(&mut screen, "todo list", "too many to count");
    screen.wait_for("✓ Look at the sand");
    screen.wait_for("× Count the grains");

    // First all is unfolded, which changes nothing about calls as short as these; then their first lines are left.
    screen.send("\x1b");
    screen.wait_for("scrolling");
    screen.send("z");
    screen.send("z");
    screen.wait_until("the first lines of calls alone", |screen| {
        let text = screen.contents();
        text.contains("✗ bash echo") && !text.contains("× Count the grains")
    });
}

#[test]
fn a_sub_agent_is_opened_and_left() {
    let home = Home::with_sandboxes();
    let mut screen = start(&home);
    ask(&mut screen, "agent please", "The sub-agent is done.");
    screen.wait_for("✓ task general: Draw a table");

    screen.send("\x1b");
    screen.wait_for("scrolling");
    // The answer, then the task.
    screen.send("[");
    screen.send("[");
    screen.send("\r");
    screen.wait_for("sub-agent general");
    screen.wait_for("Some bodies of water");
    screen.send("\x1b");
    screen.wait_until("the conversation again", |screen| {
        let text = screen.contents();
        text.contains("✓ task general: Draw a table") && !text.contains("Some bodies of water")
    });
}
