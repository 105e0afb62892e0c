//! `sandbar run` on local sandboxes: the real server, the demo model, no terminal.

use pretty_assertions::assert_eq;
use serde_json::Value;

use crate::support::home::{Home, Ran};

fn run(home: &Home, options: &[&str], prompt: &str) -> Ran {
    let fixed = ["run", "--demo", "--empty"];
    home.run(&[&fixed, options, &[prompt]].concat())
}

fn lines(ran: &Ran) -> Vec<Value> {
    let lines = ran.stdout.lines();
    let parsed = lines.map(|line| {
        serde_json::from_str(line).unwrap_or_else(|error| panic!("{error} in {line:?}"))
    });
    parsed.collect()
}

fn of_type<'a>(lines: &'a [Value], kind: &str) -> Vec<&'a Value> {
    lines.iter().filter(|line| line["type"] == kind).collect()
}

#[test]
fn the_answer_is_on_standard_output_and_the_progress_is_not() {
    let home = Home::with_sandboxes();

    let ran = run(&home, &["--auto", "--name", "kept"], "table please");

    assert_eq!(ran.code, Some(0), "{ran:?}");
    let first = "Some bodies of water:\n\n| name | kind | length or area | deepest point |\n";
    assert!(ran.stdout.starts_with(first), "{ran:?}");
    assert!(
        ran.stdout.ends_with("The figures are rounded.\n"),
        "{ran:?}"
    );
    for stage in ["create", "code", "install", "start", "health", "subscribe"] {
        assert!(ran.stderr.contains(stage), "no {stage} in {ran:?}");
    }
    assert!(ran.stderr.contains("session kept is paused"), "{ran:?}");

    // The sandbox stays for the terminal, but uses no CPU.
    assert_eq!(home.sandboxes().len(), 1);
    let (_, paused) = home.api("GET", "/v2/sandboxes?state=paused");
    assert!(paused.contains(&home.sandboxes()[0]), "{paused}");

    // Nothing is done if one of the names is wrong.
    let wrong = home.run(&["resume", "kept", "kepd"]);
    assert_eq!((wrong.code, &*wrong.stdout), (Some(1), ""), "{wrong:?}");
    for (command, state) in [("resume", "running"), ("pause", "paused")] {
        let done = home.run(&[command, "kept", "kept"]);
        assert_eq!(done.code, Some(0), "{done:?}");
        let told = format!("{command}d kept in ");
        assert_eq!(done.stdout.matches(&told).count(), 1, "{done:?}");
        let (_, listed) = home.api("GET", &format!("/v2/sandboxes?state={state}"));
        assert!(listed.contains(&home.sandboxes()[0]), "{listed}");
    }

    // Its name is taken, and it is not deleted with its files.
    let taken = run(&home, &["--name", "kept"], "table please");
    assert_eq!((taken.code, &*taken.stdout), (Some(1), ""), "{taken:?}");
    let refused = home.run(&["rm", "kept"]);
    assert_eq!(
        (refused.code, &*refused.stdout),
        (Some(1), ""),
        "{refused:?}"
    );

    // It is continued, and left as it was found: what was said before is not told again.
    for (state, left) in [
        ("paused", "is paused, as before"),
        ("running", "is still running"),
    ] {
        if state == "running" {
            assert_eq!(home.run(&["resume", "kept"]).code, Some(0));
        }
        let ran = home.run(&["run", "--session", "kept", "nothing of these words"]);
        assert_eq!(ran.code, Some(0), "{ran:?}");
        assert!(
            ran.stdout
                .starts_with("You wrote:\n\n> nothing of these words\n"),
            "{ran:?}"
        );
        assert!(!ran.stdout.contains("bodies of water"), "{ran:?}");
        assert!(
            ran.stderr.contains(&format!("session kept {left}")),
            "{ran:?}"
        );
        let (_, listed) = home.api("GET", &format!("/v2/sandboxes?state={state}"));
        assert!(listed.contains(&home.sandboxes()[0]), "{state}: {listed}");
    }
    assert_eq!(home.stored().len(), 1);
}

#[test]
fn json_lines_tell_the_whole_turn_and_end_with_done() {
    // Without isolation the agent asks before it does anything.
    let home = Home::with_sandboxes().set("SANDBAR_ISOLATION", "none");

    let ran = run(
        &home,
        &["--auto", "--json", "--rm", "--name", "tour"],
        "Show me what you can do",
    );

    assert_eq!(ran.code, Some(0), "{ran:?}");
    let lines = lines(&ran);
    let last = serde_json::json!({ "v": 1, "type": "done", "ok": true, "session": "tour" });
    assert_eq!(lines.last(), Some(&last));
    assert!(lines.iter().all(|line| line["v"] == 1));

    let text: String = of_type(&lines, "text")
        .iter()
        .map(|line| line["text"].as_str().unwrap())
        .collect();
    assert!(text.starts_with("# A short tour"), "{text}");
    assert!(text.contains("## Summary"), "{text}");
    assert!(
        of_type(&lines, "question")
            .iter()
            .all(|line| line["allowed"] == true)
    );
    let asked = of_type(&lines, "permission");
    let subjects: Vec<&str> = asked
        .iter()
        .map(|line| line["subject"].as_str().unwrap())
        .collect();
    for tool in ["bash", "edit"] {
        assert!(
            subjects.iter().any(|subject| subject.starts_with(tool)),
            "nobody asked for {tool} in {subjects:?}"
        );
    }
    let done: Vec<&str> = of_type(&lines, "tool")
        .iter()
        .filter(|line| line["status"] == "completed")
        .map(|line| line["tool"].as_str().unwrap())
        .collect();
    for tool in ["question", "write", "bash", "read", "edit"] {
        assert!(done.contains(&tool), "{tool} is not in {done:?}");
    }
    let streams: Vec<&Value> = of_type(&lines, "log")
        .iter()
        .map(|line| &line["stream"])
        .collect();
    assert!(
        streams.contains(&&"stdout".into()) && streams.contains(&&"stderr".into()),
        "{streams:?}"
    );

    // With --rm nothing is left.
    assert_eq!(home.stored(), [[""; 3]; 0]);
    assert_eq!(home.sandboxes(), [""; 0]);
    assert_eq!(home.opencode_servers(), [0; 0]);
}

#[test]
fn without_auto_the_first_request_is_rejected_and_the_run_has_failed() {
    let home = Home::with_sandboxes();

    let ran = run(&home, &["--name", "careful"], "permission please");

    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.stdout.starts_with("I would like to read"), "{ran:?}");
    assert!(
        !ran.stdout.contains("I have read the file"),
        "the refused file was read: {ran:?}"
    );
    let told: Vec<&str> = ran.stderr.lines().collect();
    let rest = [
        "permission denied: external_directory: /etc/hosts",
        "session careful is paused; `sandbar --session careful` opens it",
        "sandbar: the agent asked for a permission, and nobody was here to answer",
        "  external_directory: /etc/hosts",
        "  hint: run it again with --auto, or with --rules and a rule that allows it; or send the prompt in the terminal, where you can answer",
    ];
    for line in rest {
        assert!(told.contains(&line), "{line:?} is not in {told:#?}");
    }
}
