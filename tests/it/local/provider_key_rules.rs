//! Provider keys that are written into outbound requests are not in the sandbox.

use crate::support::home::Home;
use crate::support::provider::Provider;

const KEY: &str = "sk-ant-must-not-go-in";

#[test]
fn with_egress_a_key_is_in_no_sandbox_and_one_with_another_way_out_is_refused() {
    let elsewhere = Home::with_sandboxes();
    // The boot fails at the code: only the sandbox is needed.
    let code = "http://127.0.0.1:9/none.git";
    let run = ["run", "--repo", code, "--template", "base", "hi"];
    let refused = |home: &Home, arguments: &[&str]| {
        let ran = home.run(arguments);
        assert_eq!(ran.code, Some(1), "{ran:?}");
        ran.stderr
    };
    // Its server accepts E2B's calls.
    refused(&elsewhere, &[&run[..], &["--demo", "--rm"]].concat());
    let (url, key) = elsewhere.account();
    let here = Home::new()
        .set("E2B_API_URL", &url)
        .set("E2B_SANDBOX_URL", &url)
        .set("E2B_API_KEY", &key)
        .set("SANDBAR_SECRETS", "egress")
        .set("ANTHROPIC_API_KEY", KEY)
        .set("ZHIPU_API_KEY", KEY);

    let told = refused(&here, &run);
    // In the terminal a sandbox outlives a failed boot.
    let mut screen = here
        .terminal(&["--repo", code, "--template", "base"])
        .size(140, 40)
        .start();
    screen.wait_for("What should we work on?");
    screen.send("hi\r");
    screen.wait_for("could not be cloned");
    let [sandbox] = &elsewhere.sandboxes()[..] else {
        panic!("no sandbox was made: {told}");
    };
    let variables = elsewhere.in_sandbox(sandbox, "env");
    let open = Home::with_sandboxes()
        .set("SANDBAR_SECRETS", "egress")
        .set("SANDBAR_ISOLATION", "none")
        .set("ANTHROPIC_API_KEY", KEY);
    let told_locally = refused(&open, &run);

    assert!(told.contains("ZHIPU_API_KEY is left out"), "{told}");
    assert!(variables.contains("ANTHROPIC_API_KEY=written-into-requests"));
    assert!(!variables.contains(KEY) && !variables.contains("ZHIPU"));
    let why = "provider keys cannot be kept out of this sandbox";
    assert!(told_locally.contains(why), "{told_locally}");
    assert_eq!(open.sandboxes(), [""; 0]);
}

#[test]
fn a_local_sandbox_reaches_its_provider_with_a_key_that_is_not_in_it() {
    let provider = Provider::start("api.deepseek.com", KEY);
    let Some(home) = provider.home() else {
        return;
    };
    let home = home.set("DEEPSEEK_API_KEY", KEY);
    let run = |prompt| {
        let with = ["--empty", "--model", "deepseek/deepseek-flash", "--auto"];
        let ran = home.run(&[&["run"][..], &with, &[prompt]].concat());
        assert_eq!(ran.code, Some(0), "{ran:?}");
        ran
    };

    let ran = run("table please");

    assert!(ran.stdout.contains("Baikal"), "{ran:?}");
    let [sandbox] = &home.sandboxes()[..] else {
        panic!("not one sandbox: {ran:?}");
    };
    let inside = home.in_sandbox(
        sandbox,
        "env; cat /proc/*/environ /proc/*/cmdline | tr '\\0' '\\n'",
    );
    assert!(inside.contains("DEEPSEEK_API_KEY=written-into-requests"));
    assert!(!inside.contains(KEY), "the key is in the sandbox");
    let files = format!("grep -rl {KEY} ~ /tmp /etc 2>/dev/null || echo none");
    assert_eq!(home.in_sandbox(sandbox, &files).trim(), "none");
}
