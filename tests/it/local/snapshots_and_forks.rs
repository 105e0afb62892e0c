//! Snapshots and forks: what they preserve, and that they report what they cannot preserve.

use pretty_assertions::assert_eq;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::local::http_api::{ApiHarness, Events, Sandbox};
use crate::support::process::alive;

async fn post(harness: &ApiHarness, path: &str, body: Value) -> (StatusCode, Value) {
    let answer = harness.api("POST", path).json(&body).send().await.unwrap();
    (answer.status(), answer.json().await.unwrap())
}

async fn snapshot(harness: &ApiHarness, sandbox: &Sandbox<'_>, body: Value) -> (StatusCode, Value) {
    post(
        harness,
        &format!("/sandboxes/{}/snapshots", sandbox.id),
        body,
    )
    .await
}

#[tokio::test]
async fn files_are_copied_while_a_process_goes_on_and_its_memory_is_never_lost_in_silence() {
    let harness = ApiHarness::new().await;
    let sandbox = harness.base().await;
    // An orphan of the command that started it: no process list contains it.
    let script = "cd; echo kept > f; ln -s f link; setsid sleep 1000 >/dev/null 2>&1 & echo $!";
    let left: u64 = sandbox.run(script).await.stdout.trim().parse().unwrap();

    let (refused, why) = snapshot(&harness, &sandbox, json!({})).await;
    let fork = format!("/sandboxes/{}/fork", sandbox.id);
    let (no_fork, _) = post(&harness, &fork, json!({})).await;
    let (made, told) = snapshot(&harness, &sandbox, json!({"name": "mine", "memory": false})).await;
    let went_on = alive(left);
    sandbox.kill().await;
    let copy = harness
        .create(json!({"templateID": told["snapshotID"]}))
        .await;
    let copied = copy.run("cd; cat link; readlink link").await;

    assert_eq!(
        (refused, no_fork),
        (StatusCode::NOT_IMPLEMENTED, StatusCode::NOT_IMPLEMENTED)
    );
    let why = why["message"].as_str().unwrap();
    assert!(why.contains("running: 1"), "{why}");
    assert_eq!(made, StatusCode::CREATED);
    assert_eq!(
        told,
        json!({"snapshotID": "mine:default", "names": ["mine"]})
    );
    assert!(went_on);
    assert_eq!(copied.stdout, "kept\nf\n");
}

#[tokio::test]
async fn a_process_that_was_stopped_for_a_snapshot_runs_on() {
    let harness = ApiHarness::new().await;
    let sandbox = harness.base().await;
    let start = json!({"process": {"cmd": "cat"}});
    let mut events = Events::open(sandbox.stream("Start", &start)).await;
    let pid = events.pid().await;

    let (made, _) = snapshot(&harness, &sandbox, json!({"memory": false})).await;
    // "on" and a line feed.
    let input = json!({"process": {"pid": pid}, "input": {"stdin": "b24K"}});
    sandbox.unary("process.Process/SendInput", input).await;

    assert_eq!(made, StatusCode::CREATED);
    assert_eq!(events.output().await, "on\n");
}

#[tokio::test]
async fn forks_begin_where_the_sandbox_is_and_have_its_settings() {
    let harness = ApiHarness::new().await;
    let body = json!({"templateID": "base", "metadata": {"a": "b"}, "envVars": {"GIVEN": "value"}});
    let sandbox = harness.create(body).await;
    sandbox.run("echo before > ~/f").await;

    let path = format!("/sandboxes/{}/fork", sandbox.id);
    let (status, forks) = post(&harness, &path, json!({"count": 3, "timeout": 60})).await;
    let (many, _) = post(&harness, &path, json!({"count": 21})).await;
    let id = forks[0]["sandbox"]["sandboxID"].as_str().unwrap();
    let detail = harness
        .api("GET", &format!("/sandboxes/{id}"))
        .send()
        .await
        .unwrap();
    let detail: Value = detail.json().await.unwrap();
    let kept = harness.api("GET", "/snapshots").send().await.unwrap();

    assert_eq!(
        (status, many),
        (StatusCode::CREATED, StatusCode::BAD_REQUEST)
    );
    // The test's server has capacity for two more.
    assert_eq!(forks[2]["error"]["code"], 429);
    assert_eq!(detail["metadata"], json!({"a": "b"}));
    assert_eq!(kept.json::<Value>().await.unwrap(), json!([]));
}

#[tokio::test]
async fn snapshots_are_listed_in_pages_and_deleted() {
    let harness = ApiHarness::new().await;
    let sandbox = harness.base().await;
    for name in ["one", "one:v2", "two", "one"] {
        let (made, _) = snapshot(&harness, &sandbox, json!({"name": name})).await;
        assert_eq!(made, StatusCode::CREATED);
    }
    let names = async |query: &str| {
        let answer = harness
            .api("GET", &format!("/snapshots?{query}"))
            .send()
            .await
            .unwrap();
        let next = answer.headers().get("x-next-token").cloned();
        let list: Value = answer.json().await.unwrap();
        let list = list.as_array().unwrap().clone();
        let names: Vec<_> = list.iter().map(|one| one["snapshotID"].clone()).collect();
        (names, next)
    };

    let (all, none) = names("").await;
    let (first, next) = names("limit=1").await;
    let (second, last) = names(&format!("nextToken={}", next.unwrap().to_str().unwrap())).await;
    let (foreign, _) = names("name=two:default&sandboxID=x").await;
    let (tagged, _) = names("name=one:v2").await;
    let (odd, _) = snapshot(&harness, &sandbox, json!({"name": "one:V 2"})).await;
    let delete = async |id: &str| {
        let answer = harness
            .api("DELETE", &format!("/templates/{id}"))
            .send()
            .await;
        answer.unwrap().status()
    };
    let deleted = (
        delete("one:default").await,
        delete("one").await,
        delete("one:v2").await,
        delete("base").await,
    );
    let (wrong, _) = snapshot(&harness, &sandbox, json!({"name": "base"})).await;

    assert_eq!(all, ["one:default", "two:default", "one:v2"]);
    assert_eq!(first, ["one:default"]);
    assert_eq!(second, ["two:default", "one:v2"]);
    assert_eq!(tagged, ["one:v2"]);
    assert_eq!(odd, StatusCode::BAD_REQUEST);
    assert_eq!((none, last, foreign), (None, None, Vec::new()));
    assert_eq!(
        deleted,
        (
            StatusCode::NO_CONTENT,
            StatusCode::NOT_FOUND,
            StatusCode::NO_CONTENT,
            StatusCode::FORBIDDEN
        )
    );
    assert_eq!(wrong, StatusCode::BAD_REQUEST);
}
