//! Network rules of a sandbox: in force if it has its own network, and reported as unsupported otherwise. Nothing
//! beyond loopback is reached: what the rules allow is this machine itself, which is refused for another reason.

#![expect(clippy::unwrap_used, reason = "a test's helpers fail the test")]

use pretty_assertions::assert_eq;
use reqwest::StatusCode;
use sandbar::local::{IsolationRequest, Level};
use serde_json::{Value, json};

use crate::local::http_api::{ApiHarness, Sandbox};
use crate::local::isolation::gives;

const DENIED: &str = "the network rules of this sandbox deny";
const THIS_MACHINE: &str = "sandboxes may not reach this machine itself";

/// The proxy's response to a program that wants to reach a host.
async fn told(sandbox: &Sandbox<'_>, host: &str) -> String {
    let script = format!(
        "node -e \"const s = require('net').connect(process.env.HTTPS_PROXY.split(':')[2], \
         '127.0.0.1'); s.write('CONNECT {host}:9 HTTP/1.1\\r\\n\\r\\n'); s.pipe(process.stdout)\""
    );
    sandbox.run(&script).await.stdout
}

async fn info(harness: &ApiHarness, id: &str) -> Value {
    let path = format!("/sandboxes/{id}");
    let answer = harness.api("GET", &path).send().await.unwrap();
    answer.json().await.unwrap()
}

async fn set(harness: &ApiHarness, id: &str, rules: &Value) -> StatusCode {
    let path = format!("/sandboxes/{id}/network");
    let answer = harness.api("PUT", &path).json(rules).send().await.unwrap();
    answer.status()
}

#[tokio::test]
async fn rules_are_in_force_where_sandboxes_have_a_network_of_their_own() {
    let harness = ApiHarness::at(IsolationRequest::default()).await;
    if !gives(&harness, Level::Full) {
        return;
    }
    let body = json!({
        "templateID": "base",
        "allow_internet_access": false,
        "network": {"allowOut": ["localhost"], "denyOut": ["0.0.0.0/0"]},
    });
    let sandbox = harness.create(body).await;

    let (named, ranged) = (
        told(&sandbox, "example.com").await,
        told(&sandbox, "192.0.2.1").await,
    );
    let allowed = told(&sandbox, "localhost").await;
    let before = info(&harness, &sandbox.id).await;
    let rules = json!({"denyOut": ["127.0.0.0/8"]});
    let changed = set(&harness, &sandbox.id, &rules).await;
    let now = told(&sandbox, "127.0.0.1").await;
    let after = info(&harness, &sandbox.id).await;
    let wrong = set(&harness, &sandbox.id, &json!({"denyOut": ["10.0.0.0/99"]})).await;
    let rules_of = |rule: Value| json!({"rules": {"example.com": [rule]}});
    let set_rules = async |rule| set(&harness, &sandbox.id, &rules_of(rule)).await;
    // Its processes do not trust a CA that could decrypt their traffic.
    let late = set_rules(json!({"transform": {"headers": {"a": "b"}}})).await;
    let unknown = set_rules(json!({"transform": {"body": "b"}})).await;
    let nobody = set(&harness, "inone", &rules).await;

    assert!(
        named.contains(DENIED) && ranged.contains(DENIED),
        "{named} {ranged}"
    );
    assert!(allowed.contains(THIS_MACHINE), "{allowed}");
    assert_eq!(before["allowInternetAccess"], false);
    let network = json!({
        "allowOut": ["localhost"], "allowPublicTraffic": true, "denyOut": ["0.0.0.0/0"],
    });
    assert_eq!(before["network"], network);
    assert_eq!(changed, StatusCode::NO_CONTENT);
    assert!(now.contains(DENIED), "{now}");
    assert_eq!(after["allowInternetAccess"], true);
    assert_eq!(
        (wrong, late, unknown, nobody),
        (
            StatusCode::BAD_REQUEST,
            StatusCode::NOT_IMPLEMENTED,
            StatusCode::BAD_REQUEST,
            StatusCode::NOT_FOUND
        )
    );
}

#[tokio::test]
async fn rules_that_are_not_in_force_are_reported() {
    let harness = ApiHarness::new().await;
    let body = json!({
        "templateID": "base",
        "allow_internet_access": false,
        "network": {"denyOut": ["10.0.0.0/8"]},
    });
    let sandbox = harness.create(body).await;

    let shown = info(&harness, &sandbox.id).await;
    let changed = set(&harness, &sandbox.id, &json!({"denyOut": []})).await;
    let logs = format!("/v2/sandboxes/{}/logs?search=force", sandbox.id);
    let logs = harness.api("GET", &logs).send().await.unwrap();
    let logs: Value = logs.json().await.unwrap();

    assert_eq!(shown["allowInternetAccess"], true);
    assert_eq!(shown["network"], json!({"allowPublicTraffic": true}));
    assert_eq!(changed, StatusCode::NOT_IMPLEMENTED);
    assert_eq!(
        logs["logs"][0]["message"],
        "not enforced on this server: allow_internet_access, network.denyOut"
    );
}

#[tokio::test]
async fn a_rule_without_a_host_is_refused() {
    let harness = ApiHarness::new().await;
    let body = json!({"templateID": "base", "network": {"allowOut": ["http://a"]}});

    let answer = harness
        .api("POST", "/v2/sandboxes")
        .json(&body)
        .send()
        .await
        .unwrap();

    assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
    let answer: Value = answer.json().await.unwrap();
    let message =
        "network.allowOut: 'http://a' is not an address, a range of addresses or a host name";
    assert_eq!(answer["message"], message);
}
