//! `sandbar doctor` with the real program, on the machine as it is.

use serde_json::Value;

use crate::support::home::{Home, Ran};
use crate::support::http::Server;

fn doctor(home: &Home) -> (Ran, Vec<Value>) {
    let ran = home.run(&["doctor", "--json"]);
    let told: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(told["ok"], ran.code == Some(0), "{ran:?}");
    let checks = told["checks"].as_array().unwrap().clone();
    (ran, checks)
}

fn check<'a>(checks: &'a [Value], name: &str) -> &'a Value {
    let found = checks.iter().find(|check| check["name"] == name);
    found.unwrap_or_else(|| panic!("no {name} in {checks:?}"))
}

#[test]
fn a_usable_machine_is_reported_with_what_could_be_better() {
    let home = Home::new().set("SANDBAR_ISOLATION", "none");

    let ran = home.run(&["doctor"]);
    let (_, checks) = doctor(&home);

    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{ran:?}");
    let version = env!("CARGO_PKG_VERSION");
    assert!(
        ran.stdout
            .starts_with(&format!("sandbar {version}\n\n  ok     configuration")),
        "{ran:?}"
    );
    for check in &checks {
        assert!(ran.stdout.contains(check["name"].as_str().unwrap()));
    }
    let isolation = check(&checks, "isolation");
    assert_eq!(isolation["state"], "note");
    assert_eq!(
        isolation["found"],
        "none; local.isolation allows no higher level"
    );
    let server = "not running; it starts with the first local session";
    assert_eq!(check(&checks, "local server")["found"], server);
    // It has created nothing.
    assert!(!home.work().join("../sandbar/state/sandbar.db").exists());
}

#[test]
fn what_fails_has_its_fix_and_the_exit_code_says_so() {
    let home = Home::new()
        .set("SANDBAR_ISOLATION", "none")
        .set("SANDBAR_REQUIRE_ISOLATION", "full")
        .set("TERM", "dumb");

    let (ran, checks) = doctor(&home);

    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert_eq!(ran.stderr, "sandbar: 1 check failed\n");
    let isolation = check(&checks, "isolation");
    assert_eq!(isolation["state"], "fails");
    let found = isolation["found"].as_str().unwrap();
    let wanted = "isolation 'full' is required and this machine supports 'none'";
    assert!(found.starts_with(wanted), "{found}");
}

#[test]
fn a_wrong_configuration_is_one_of_the_checks() {
    let home = Home::new().set("SANDBAR_ENGINE", "locl");

    let (ran, checks) = doctor(&home);

    assert_eq!(ran.code, Some(1), "{ran:?}");
    let found = check(&checks, "configuration");
    assert_eq!(found["state"], "fails");
    assert!(
        found["found"].to_string().contains("did you mean"),
        "{found}"
    );
}

#[test]
fn an_account_that_does_not_answer_as_e2b_fails() {
    let page = Server::page(200, "text/html", "<html>Please log in</html>");
    let home = Home::new()
        .set("SANDBAR_ISOLATION", "none")
        .set("E2B_API_URL", page.url())
        .set("E2B_API_KEY", "e2b_key");

    let (ran, checks) = doctor(&home);

    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert_eq!(check(&checks, "E2B account")["state"], "fails");
}
