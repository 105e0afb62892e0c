//! Clients that disconnect during a call: the call is still completed, once.

#![expect(clippy::unwrap_used, reason = "a test's helpers fail the test")]

use std::time::{Duration, Instant};

use pretty_assertions::assert_eq;
use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::local::http_api::{ApiHarness, KEY};

/// Generous: a busy machine must not fail a test.
const LIMIT: Duration = Duration::from_secs(20);

/// Sends a request to the control plane, and keeps the connection without reading the response.
async fn ask(harness: &ApiHarness, call: &str, headers: &str, body: &str) -> TcpStream {
    let mut stream = TcpStream::connect(harness.server.address()).await.unwrap();
    let length = body.len();
    let request = format!(
        "{call} HTTP/1.1\r\nhost: localhost\r\nx-api-key: {KEY}\r\n{headers}\
         content-length: {length}\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    stream
}

/// Waits until a condition holds.
async fn until(what: &str, holds: impl AsyncFn() -> bool) {
    let end = Instant::now() + LIMIT;
    while !holds().await {
        assert!(Instant::now() < end, "{what}: not within {LIMIT:?}");
        tokio::task::yield_now().await;
    }
}

fn directories(harness: &ApiHarness) -> usize {
    let sandboxes = harness.dir.path().join("state/sandboxes");
    std::fs::read_dir(sandboxes).map_or(0, Iterator::count)
}

#[tokio::test]
async fn a_sandbox_whose_killer_hangs_up_is_killed_with_its_files() {
    let harness = ApiHarness::new().await;
    let sandbox = harness.base().await;
    // Enough that they do not end at once.
    let script = "for i in $(seq 60); do sleep 60 >/dev/null 2>&1 & done; echo";
    sandbox.run(script).await;
    let path = format!("/sandboxes/{}", sandbox.id);

    let killer = ask(&harness, &format!("DELETE {path}"), "", "").await;
    until("the kill has begun", async || {
        let asked = harness.api("GET", &path).send().await.unwrap();
        asked.status() == StatusCode::NOT_FOUND
    })
    .await;
    drop(killer);

    until("its files are gone", async || directories(&harness) == 0).await;
}

#[tokio::test]
async fn a_create_that_is_repeated_after_the_client_hung_up_makes_one_sandbox() {
    let harness = ApiHarness::new().await;
    let body = json!({"templateID": "base"});
    let headers = "idempotency-key: a-key\r\ncontent-type: application/json\r\n";

    let first = ask(&harness, "POST /v2/sandboxes", headers, &body.to_string()).await;
    until("the create has begun", async || directories(&harness) > 0).await;
    drop(first);
    let again = harness.api("POST", "/v2/sandboxes");
    let again = again.header("idempotency-key", "a-key").json(&body);
    let again = again.send().await.unwrap();
    assert_eq!(again.status(), StatusCode::CREATED);
    let again: Value = again.json().await.unwrap();

    let all = harness.api("GET", "/v2/sandboxes").send().await.unwrap();
    let all: Vec<Value> = all.json().await.unwrap();
    let ids: Vec<_> = all.iter().map(|one| one["sandboxID"].clone()).collect();
    assert_eq!(ids, [again["sandboxID"].clone()]);
}
