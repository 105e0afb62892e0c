//! Provider keys that are written into requests as they leave the sandbox are not in it.

use crate::support::home::Home;

const KEY: &str = "sk-ant-must-not-go-in";

#[test]
fn with_egress_a_key_is_in_no_sandbox_and_a_local_one_is_refused() {
    let elsewhere = Home::with_sandboxes();
    // The boot ends where the code is brought: no more than the sandbox is needed.
    let code = "http://127.0.0.1:9/none.git";
    let run = ["run", "--repo", code, "--template", "base", "hi"];
    let refused = |home: &Home, arguments: &[&str]| {
        let ran = home.run(arguments);
        assert_eq!(ran.code, Some(1), "{ran:?}");
        ran.stderr
    };
    // Its server takes the calls that E2B does.
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
    let [sandbox] = &elsewhere.sandboxes()[..] else {
        panic!("no sandbox was made: {told}");
    };
    let variables = elsewhere.in_sandbox(sandbox, "env");
    let local = [&["--engine", "local"], &run[..]].concat();
    let told_locally = refused(&here, &local);

    assert!(told.contains("ZHIPU_API_KEY is left out"), "{told}");
    assert!(variables.contains("ANTHROPIC_API_KEY=written-into-requests"));
    assert!(!variables.contains(KEY) && !variables.contains("ZHIPU"));
    let why = "provider keys cannot be kept out of a local sandbox";
    assert!(told_locally.contains(why), "{told_locally}");
    assert_eq!(here.sandboxes(), [""; 0]);
}
