//! Back and forth in a conversation, with the real server.

use std::time::{Duration, Instant};

use crate::support::home::Home;
use crate::support::screen::Screen;

const UNDO: &str = "\x18u";
const REDO: &str = "\x18U";

fn start(home: &Home) -> Screen {
    let screen = home.terminal(&["--demo", "--empty"]).size(120, 36).start();
    screen.wait_for("idle");
    screen
}

fn ask(screen: &mut Screen, prompt: &str, answer: &str) {
    screen.send(&format!("{prompt}\r"));
    screen.wait_for(answer);
    screen.wait_for("idle");
}

/// The content of the file that the scripted model writes; empty if there is none.
fn touched(home: &Home) -> String {
    let sandbox = home.sandboxes().remove(0);
    home.in_sandbox(&sandbox, "cat work/touched.txt 2>&1 || true")
}

#[test]
fn turns_are_undone_with_their_files_and_redone() {
    let home = Home::with_sandboxes();
    let mut screen = start(&home);
    ask(&mut screen, "a table please", "The figures are rounded.");
    ask(&mut screen, "touch a file", "The file has your words.");
    assert_eq!(touched(&home), "touch a file");
    screen.send("a thought");

    screen.send(UNDO);
    screen.wait_for("1 turn undone · ctrl-x U to redo");
    screen.wait_for("› touch a file");
    screen.wait_for("a thought");
    assert!(touched(&home).contains("No such file"));

    screen.send(UNDO);
    screen.wait_for("2 turns undone");
    screen.wait_for("› a table please");

    screen.send(REDO);
    screen.wait_for("1 turn undone");
    screen.wait_for("› touch a file");
    screen.send(REDO);
    screen.wait_for("› a thought");
    screen.wait_for("The file has your words.");
    assert_eq!(touched(&home), "touch a file");

    // What is undone and sent again takes the place of what was there.
    screen.send(UNDO);
    screen.wait_for("› touch a file");
    screen.send("\r");
    screen.wait_until("the new turn alone", |screen| {
        let text = screen.contents();
        text.contains("The file has your words.") && !text.contains("undone")
    });
    // The old turn's text may be on the screen until the new one begins.
    let until = Instant::now() + Duration::from_mins(1);
    while !touched(&home).starts_with("touch a file") {
        assert!(Instant::now() < until, "the prompt was not sent");
    }
    screen.wait_for("idle");
}

#[test]
fn a_prompt_is_sent_again_and_found_in_the_timeline() {
    let home = Home::with_sandboxes();
    let mut screen = start(&home);
    ask(&mut screen, "a table please", "The figures are rounded.");
    ask(&mut screen, "touch a file", "The file has your words.");
    let sandbox = home.sandboxes().remove(0);
    home.in_sandbox(&sandbox, "rm work/touched.txt");

    screen.send("\x18.");
    screen.wait_for("Send the last prompt again with");
    screen.send("\r");
    let until = Instant::now() + Duration::from_mins(1);
    while touched(&home) != "touch a file" {
        assert!(Instant::now() < until, "the prompt was not sent again");
    }
    screen.wait_for("The file has your words.");
    screen.wait_for("idle");

    screen.send("\x18j");
    screen.wait_for("Prompts, newest first");
    screen.send("table");
    screen.wait_for("1 of 2");
    screen.send("\r");
    screen.wait_for("scrolling");
    screen.wait_for("a table please");
}

#[test]
fn a_fork_has_a_session_of_its_own_in_the_same_sandbox() {
    let home = Home::with_sandboxes();
    let mut screen = start(&home);
    ask(&mut screen, "a table please", "The figures are rounded.");
    ask(&mut screen, "touch a file", "The file has your words.");

    // At the second prompt, which is edited in the fork.
    screen.send("\x18j");
    screen.wait_for("Prompts, newest first");
    screen.send("\r");
    screen.wait_for("scrolling");
    screen.send("\x18k");
    screen.wait_for("› touch a file");
    screen.wait_for("a table please");
    assert!(!screen.contents().contains("The file has your words."));
    screen.send(" twice\r");
    screen.wait_for("The file has your words.");
    screen.wait_for("idle");
    assert_eq!(touched(&home), "touch a file twice");
    assert_eq!(home.sandboxes().len(), 1);
    assert_eq!(home.stored().len(), 2);

    screen.send("\x18T");
    screen.wait_for("Rename the conversation");
    screen.send("\x15The fork\r");
    screen.wait_for("renamed");
    screen.send("\x18h");
    screen.wait_for("Conversations in this sandbox");
    screen.wait_for("The fork");
    screen.wait_for("A table please");

    // Back to the first one.
    screen.send("table\r");
    screen.wait_until("the first conversation", |screen| {
        let text = screen.contents();
        text.contains("touch a file") && !text.contains("touch a file twice")
    });

    // Another one is deleted only once the answer is yes.
    screen.send("\x18h");
    screen.wait_for("Conversations in this sandbox");
    screen.send("new conversation\r");
    screen.wait_for("What should we work on?");
    screen.wait_for("idle");
}

#[test]
fn a_conversation_is_summarized_when_asked() {
    let home = Home::with_sandboxes();
    let mut screen = start(&home);
    ask(&mut screen, "a table please", "The figures are rounded.");

    screen.send("/compact\r");
    screen.wait_for("the conversation was summarized");
    screen.wait_for("summarized by a script");
    screen.wait_for("idle");
    ask(&mut screen, "a table again", "The figures are rounded.");
}

#[test]
fn words_are_found_in_folded_output_and_the_conversation_is_exported() {
    let home = Home::with_sandboxes();
    let mut screen = start(&home);
    screen.send("!");
    screen.wait_for("type a command for the sandbox's shell");
    screen.send("seq 1000 1100\r");
    // Only the output has it.
    screen.wait_for("1099");
    screen.wait_for("idle");
    ask(&mut screen, "a table please", "The figures are rounded.");

    screen.send("\x1b");
    screen.wait_for("scrolling");
    screen.send("/");
    screen.wait_for("Search in the conversation");
    screen.send("1042");
    screen.wait_for("› 1042");
    screen.wait_for("1 found");
    screen.send("\r");
    screen.wait_for("\"1042\" 1 of 1");
    screen.wait_for("1043");
    screen.send("m");
    screen.wait_for("This message");
    screen.send("\x1b");
    screen.wait_until("no menu", |screen| {
        !screen.contents().contains("This message")
    });

    screen.send("\x18x");
    screen.wait_for("Export the conversation");
    screen.send("markdown file\r");
    screen.wait_for("exported to ");
    let written = std::fs::read_dir(home.work()).unwrap();
    let written = written.map(|entry| entry.unwrap().path());
    let is_markdown = |path: &std::path::PathBuf| path.extension().is_some_and(|end| end == "md");
    let file = written.into_iter().find(is_markdown).unwrap();
    let text = std::fs::read_to_string(file).unwrap();
    assert!(
        text.contains("a table please") && text.contains("1042"),
        "{text}"
    );
}
