//! Rules answer what the agent asks for: the real server, the demo model, no terminal.

use pretty_assertions::assert_eq;

use crate::support::home::{Home, Ran};
use crate::support::screen::Screen;

fn done(home: &Home, arguments: &[&str]) -> Ran {
    let ran = home.run(arguments);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    ran
}

#[test]
fn rules_allow_each_command_of_a_chain_and_one_that_denies_goes_before_auto() {
    // Without isolation the agent asks before it runs anything.
    let home = Home::with_sandboxes().set("SANDBAR_ISOLATION", "none");
    done(&home, &["rules", "allow", "echo *"]);
    done(&home, &["rules", "allow", "exit *", "--everywhere"]);
    let listed = done(&home, &["rules"]).stdout;
    assert!(listed.starts_with("1  allow  bash  echo *  /"), "{listed}");
    assert!(
        listed.contains("\n2  allow  bash  exit *  everywhere"),
        "{listed}"
    );

    let new = ["run", "--demo", "--empty", "--rules", "--name", "one"];
    let ran = done(&home, &[&new[..], &["fail please"]].concat());
    assert!(
        ran.stdout.contains("failed with **exit code 3**"),
        "{ran:?}"
    );
    let told = "permission allowed by rules \"echo *\", \"exit *\": bash: echo 'this goes";
    assert!(ran.stderr.contains(told), "{ran:?}");

    // Here is another project.
    done(&home, &["rules", "remove", "1"]);
    done(
        &home,
        &["rules", "allow", "echo *", "--project", "/elsewhere"],
    );
    let again = ["run", "--rules", "--session", "one", "fail please"];
    let ran = home.run(&again);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(
        ran.stderr.contains("permission denied: bash: echo"),
        "{ran:?}"
    );

    done(&home, &["rules", "deny", "exit *", "--everywhere"]);
    let ran = done(&home, &["run", "--auto", "--session", "one", "fail please"]);
    assert!(ran.stdout.contains("Then it cannot even fail"), "{ran:?}");
    let told = "permission denied by rule \"exit *\": bash: echo 'this goes";
    assert!(ran.stderr.contains(told), "{ran:?}");

    done(&home, &["rules", "remove", "3"]);
    let ran = done(&home, &["run", "--auto", "--session", "one", "fail please"]);
    assert!(
        ran.stdout.contains("failed with **exit code 3**"),
        "{ran:?}"
    );
    assert!(
        ran.stderr.contains("permission allowed: bash: echo"),
        "{ran:?}"
    );
}

#[test]
fn a_file_of_rules_with_a_mistake_stops_a_run_before_it_begins() {
    let home = Home::new();
    done(&home, &["rules", "deny", "rm *"]);
    let file = home.work().with_file_name("sandbar").join("rules.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace("project", "projct")).unwrap();

    for flag in ["--auto", "--rules"] {
        let ran = home.run(&["run", "--demo", "--empty", flag, "hi"]);
        assert_eq!(ran.code, Some(2), "{ran:?}");
        assert!(ran.stderr.contains("projct"), "{ran:?}");
    }
    assert_eq!(home.run(&["rules"]).code, Some(2));
}

#[test]
fn a_rule_made_in_a_request_answers_the_next_one_and_auto_mode_outlives_the_program() {
    let home = Home::with_sandboxes();
    let start = |arguments: &[&str]| home.terminal(arguments).size(140, 80).start();
    // On the full screen: the server's own lines follow at once and push the note away.
    let is_logged = |screen: &mut Screen, note: &str| {
        screen.send("\x1b[17~");
        screen.wait_for("▸Logs");
        screen.send("f");
        screen.wait_for(note);
        screen.send("f");
        screen.wait_for("type a message");
        screen.send("q");
    };
    let mut screen = start(&["--demo", "--empty"]);
    screen.wait_for("type a message");
    screen.send("permission please\r");
    screen.answer("/etc/", "5");
    screen.answer("rule /etc/*", "2");
    screen.wait_for("Thank you. I have read the file");
    screen.wait_for("idle");
    let listed = done(&home, &["rules"]).stdout;
    let rule = "1  allow  external_directory  /etc/*  everywhere";
    assert_eq!(listed.trim(), rule);

    screen.send("permission please, again\r");
    screen.wait_until("a second answer", |screen| {
        screen
            .contents()
            .matches("Thank you. I have read the file")
            .count()
            == 2
    });
    screen.wait_for("idle");
    is_logged(
        &mut screen,
        "allowed by rule \"/etc/*\": external_directory: /etc/hosts",
    );

    // Without the rule, auto mode allows it.
    done(&home, &["rules", "remove", "1"]);
    screen.wait_for("type a message");
    screen.send("\x18!");
    screen.wait_for("Auto mode?");
    screen.send("y");
    screen.wait_for("AUTO");
    screen.send("permission please, the third\r");
    // In the transcript: until then the text may still be in the composer.
    screen.wait_for("▌ permission please, the third");
    is_logged(
        &mut screen,
        "allowed by auto mode: external_directory: /etc/hosts",
    );
    screen.wait_for("idle");
    screen.send("\x18q");
    assert_eq!(screen.wait_exit().exit_code(), 0);

    let mut screen = start(&["--demo"]);
    screen.wait_for("AUTO");
    screen.wait_for("idle");
    screen.send("\x18!");
    screen.wait_until("it asks again", |screen| {
        !screen.contents().contains("AUTO")
    });
    screen.send("permission please, the last\r");
    screen.wait_for("the agent wants access outside the project");
}
