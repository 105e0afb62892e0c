//! Commands, shell lines and mentions, with the real server.

use std::path::Path;
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::support::home::Home;
use crate::support::screen::Screen;

/// The smallest image.
const PIXEL: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

/// A repository with a command and a file of its own.
fn project(home: &Home) {
    let work = home.work();
    let write = |name: &str, text: &str| {
        let path = work.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    write(
        ".opencode/command/greet.md",
        "---\ndescription: greets somebody\n---\nThis is a table for $ARGUMENTS.\n",
    );
    write(
        "docs/notes.txt",
        "first line\nsecond line\nthird line\nfourth line\n",
    );
    git(&work, &["init", "--quiet"]);
}

fn git(work: &Path, arguments: &[&str]) {
    let done = Command::new("git")
        .args(arguments)
        .current_dir(work)
        .status();
    assert!(done.unwrap().success());
}

fn start(home: &Home) -> Screen {
    project(home);
    let screen = home.terminal(&["--demo"]).size(120, 36).start();
    screen.wait_for("idle");
    screen
}

#[test]
fn a_command_of_the_project_a_shell_line_and_a_named_file_reach_the_server() {
    let home = Home::with_sandboxes();
    let mut screen = start(&home);

    // The project's command, with its argument.
    screen.send("/gre");
    screen.wait_for("greets somebody");
    screen.send("\t");
    screen.wait_for("runs /greet");
    screen.send("Ada\r");
    screen.wait_for("expands to 1 line");
    screen.wait_for("The figures are rounded.");
    screen.wait_for("idle");

    // A shell line, with its output; what runs waits for nothing.
    screen.send("!");
    screen.wait_for("type a command for the sandbox's shell");
    screen.send("echo out-$((6*7)) >> docs/notes.txt\r");
    screen.wait_for("bash echo out-$((6*7))");
    screen.wait_for("idle");

    // Some lines of a file, with the one that the shell has appended.
    screen.send("attached: @notes");
    screen.wait_for("tab complete");
    screen.send("#2-5\t");
    screen.wait_for("@docs/notes.txt#2-5");
    screen.send("\r");
    screen.wait_for("2: second line");
    screen.wait_for("5: out-42");
    screen.wait_for("idle");
    assert!(!screen.contents().contains("first line"));
}

#[test]
fn an_undone_command_of_an_earlier_run_comes_back_as_it_was_typed() {
    let home = Home::with_sandboxes();
    project(&home);
    let mut screen = home.terminal(&["--demo"]).size(120, 36).start();
    // There is no server yet that could say which commands it has.
    screen.send("/greet Ada");
    screen.wait_for("runs /greet if the server has it");
    screen.send("\r");
    screen.wait_for("expands to 1 line");
    screen.wait_for("The figures are rounded.");
    screen.wait_for("idle");
    screen.send("\x18q");
    screen.wait_exit();

    let mut screen = home.terminal(&["--demo"]).size(120, 36).start();
    screen.wait_for("idle");
    screen.wait_for("/greet Ada");
    screen.send("\x18u");

    screen.wait_for("1 turn undone");
    screen.wait_for("› /greet Ada");
}

#[test]
fn a_prompt_is_written_with_the_keys_of_vim() {
    let home = Home::with_sandboxes();
    let launch = home.terminal(&["--demo", "--empty"]).size(80, 24);
    let mut screen = launch.env("SANDBAR_VIM", "true").start();
    screen.wait_for("idle");

    screen.send("make a big taple");
    screen.wait_for("› make a big taple");
    assert!(screen.contents().contains(" INSERT "));
    screen.send("\x1b");
    screen.wait_for(" NORMAL ");
    screen.send("Fprb");
    screen.wait_for("› make a big table");
    screen.send("0wwd");
    screen.wait_for(" NORMAL d ");
    screen.send("aw");
    screen.wait_for("› make a table");
    screen.send("u");
    screen.wait_for("› make a big table");
    screen.send("\x12");
    screen.wait_for("› make a table");
    // What is pasted is text.
    screen.send("\x1b[200~dd \x1b[201~");
    screen.wait_for("› make a dd table");
    screen.send("\r");
    screen.wait_for("▌ make a dd table");
    screen.wait_for("The figures are rounded.");
    screen.wait_for(" INSERT ");
}

#[test]
fn a_dropped_image_reaches_the_model() {
    let home = Home::with_sandboxes();
    let image = home.work().join("a shot.png");
    let mut screen = start(&home);
    let png = STANDARD.decode(PIXEL).unwrap();
    std::fs::write(&image, &png).unwrap();

    screen.send("attached: ");
    let dropped = image.to_str().unwrap().replace(' ', "\\ ");
    screen.send(&format!("\x1b[200~{dropped}\x1b[201~"));
    screen.wait_for(&format!("[a shot.png · image/png · {} B]", png.len()));
    screen.send("\r");
    screen.wait_for(&format!("image/png, {} bytes", png.len()));
    screen.wait_for("[a shot.png] image/png");
}

#[test]
fn a_cleared_draft_comes_back_and_an_earlier_prompt_is_found() {
    let home = Home::with_sandboxes();
    let mut screen = home.terminal(&["--demo", "--empty"]).size(120, 36).start();
    screen.wait_for("idle");
    for (prompt, answer) in [
        ("a table please", "The figures are rounded."),
        ("touch a file", "The file has your words."),
    ] {
        screen.send(&format!("{prompt}\r"));
        screen.wait_for(answer);
        screen.wait_for("idle");
    }

    screen.send("half a thought");
    screen.wait_for("› half a thought");
    screen.send("\x03");
    screen.wait_for("ctrl-_ restores the cleared text");
    screen.wait_for("› type a message");
    screen.send("\x1f");
    screen.wait_for("› half a thought");

    screen.send("\x12");
    screen.wait_for("Earlier prompts");
    screen.send("table");
    screen.wait_for("1 of 2");
    screen.send("\r");
    screen.wait_for("› a table please");
    // What was there is one undo away.
    screen.send("\x1f");
    screen.wait_for("› half a thought");
}

#[test]
fn a_stashed_prompt_outlives_the_program() {
    let home = Home::with_sandboxes();
    let mut screen = home.terminal(&["--demo", "--empty"]).size(120, 36).start();
    screen.wait_for("idle");
    screen.send("for later");
    screen.send("\x13");
    screen.wait_for("1 stashed");
    screen.send("\x18q");
    screen.wait_exit();

    let mut screen = home.terminal(&["--demo"]).size(120, 36).start();
    screen.wait_for("1 stashed");
    screen.send("\x13");
    screen.wait_for("› for later");
}

#[test]
fn the_output_of_a_shell_line_is_seen_while_it_runs() {
    let home = Home::with_sandboxes();
    let mut screen = home.terminal(&["--demo", "--empty"]).size(120, 36).start();
    screen.wait_for("idle");

    screen.send("!");
    screen.wait_for("type a command for the sandbox's shell");
    screen.send("echo live-$((6*7)); until [ -e go ]; do sleep 0.1; done; echo end-$((7*7))\r");
    screen.wait_for("  live-42");
    let sandbox = home.sandboxes().remove(0);
    assert!(!screen.contents().contains("end-49"));
    home.in_sandbox(&sandbox, "touch work/go");
    screen.wait_for("  end-49");
    screen.wait_for("idle");
}
