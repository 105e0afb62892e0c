//! What E2B's control plane and envd accept, reject and report, as far as clients and E2B's own SDK tests depend on
//! it.

use std::time::Duration;

use futures::future::join_all;
use pretty_assertions::assert_eq;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::local::http_api::{ApiHarness, Events, Sandbox};

async fn ask(harness: &ApiHarness, method: &str, path: &str, body: &Value) -> (u16, Value) {
    let answer = harness.api(method, path).json(body).send().await.unwrap();
    let status = answer.status().as_u16();
    (status, answer.json().await.unwrap_or_default())
}

#[tokio::test]
async fn calls_that_e2b_has_and_this_server_has_not_are_501_and_others_404() {
    let harness = ApiHarness::new().await;
    let mut told = Vec::new();
    for (method, path) in [
        ("POST", "/v3/templates"),
        ("POST", "/templates"),
        ("PATCH", "/v2/templates/base"),
        ("GET", "/templates/a/builds/b/status"),
        ("GET", "/templates/a/tags"),
        ("GET", "/volumes"),
        ("POST", "/secrets"),
        ("GET", "/teams"),
        ("GET", "/nothing"),
        ("DELETE", "/snapshots"),
    ] {
        let (status, body) = ask(&harness, method, path, &json!({})).await;
        assert_eq!(body["code"], status, "{method} {path}");
        let message = body["message"].as_str().unwrap();
        assert_eq!(
            status == 501,
            message.starts_with("the local server does not support "),
            "{method} {path}: {message}"
        );
        told.push(status);
    }

    assert_eq!(told, [501, 501, 501, 501, 501, 501, 501, 501, 404, 405]);
}

#[tokio::test]
async fn a_sandbox_is_among_those_started_at_its_own_time_or_later() {
    let harness = ApiHarness::new().await;
    let sandbox = harness.base().await;
    let (_, detail) = ask(
        &harness,
        "GET",
        &format!("/sandboxes/{}", sandbox.id),
        &json!({}),
    )
    .await;
    let started = detail["startedAt"].as_str().unwrap();
    let found = async |query: String| {
        let (status, list) = ask(
            &harness,
            "GET",
            &format!("/v2/sandboxes?{query}"),
            &json!({}),
        )
        .await;
        (status, list.as_array().map(Vec::len))
    };

    assert_eq!(
        found(format!("startedAfter={started}")).await,
        (200, Some(1))
    );
    assert_eq!(found("nextToken=nonsense".to_owned()).await, (400, None));
    assert_eq!(found("template=base:v2".to_owned()).await, (400, None));
}

#[tokio::test]
async fn creates_and_network_rules_are_validated_as_in_e2b() {
    let harness = ApiHarness::new().await;
    let names_denied = json!({"denyOut": ["example.com"]});
    let names_alone = json!({"allowOut": ["example.com"]});
    let (old, new) = ("/sandboxes", "/v2/sandboxes");
    let closed = json!({"allowPublicTraffic": false});
    for (path, more, told) in [
        (
            new,
            json!({"network": names_denied}),
            "invalid denied CIDR example.com",
        ),
        (
            new,
            json!({"network": names_alone}),
            "When specifying allowed domains in allow out",
        ),
        (
            new,
            json!({"autoPauseMemory": false}),
            "autoPauseMemory=false only applies",
        ),
        (
            new,
            json!({"autoPauseMemory": false, "autoPause": true, "autoResume": {"enabled": true}}),
            "autoPauseMemory=false (filesystem-only auto-pause) cannot be combined",
        ),
        (
            old,
            json!({"network": closed}),
            "You cannot create a sandbox without public access",
        ),
        (
            old,
            json!({"network": closed, "secure": false}),
            "You cannot create a sandbox without public access",
        ),
        (
            new,
            json!({"network": {"maskRequestHost": "é.example"}}),
            "mask request host 'é.example' is not ASCII",
        ),
    ] {
        let mut body = more.clone();
        body["templateID"] = json!("base");

        let (status, answer) = ask(&harness, "POST", path, &body).await;

        let message = answer["message"].as_str().unwrap_or_default();
        assert!(
            status == 400 && message.starts_with(told),
            "{more}: {answer}"
        );
    }
    let sandbox = harness.base().await;
    for rules in [names_denied, names_alone] {
        let path = format!("/sandboxes/{}/network", sandbox.id);
        assert_eq!(ask(&harness, "PUT", &path, &rules).await.0, 400, "{rules}");
    }
}

#[tokio::test]
async fn envd_requires_no_token_only_if_the_older_create_says_so() {
    let harness = ApiHarness::new().await;
    let body = json!({"templateID": "base", "secure": false});
    let (_, open) = ask(&harness, "POST", "/sandboxes", &body).await;
    let (_, newer) = ask(&harness, "POST", "/v2/sandboxes", &body).await;
    let list = async |made: &Value| {
        let url = format!("{}/process.Process/List", harness.server.url());
        let request = harness.client.post(url).json(&json!({}));
        let request = request.header("e2b-sandbox-id", made["sandboxID"].as_str().unwrap());
        request.send().await.unwrap().status()
    };
    let url = format!("{}/process.Process/List", harness.server.url());
    let nobody = harness.client.post(url).json(&json!({})).send().await;

    assert!(open["envdAccessToken"].is_null() && newer["envdAccessToken"].is_string());
    assert_eq!(list(&open).await, StatusCode::OK);
    assert_eq!(list(&newer).await, StatusCode::UNAUTHORIZED);
    assert_eq!(nobody.unwrap().status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn of_five_pauses_at_once_one_succeeds_and_the_sandbox_is_paused() {
    let harness = ApiHarness::new().await;
    let sandbox = harness.base().await;
    sandbox.run("echo kept > ~/f").await;
    let path = format!("/sandboxes/{}/pause", sandbox.id);

    for memory in [true, false] {
        let body = json!({ "memory": memory });
        let pauses = (0..5).map(|_| ask(&harness, "POST", &path, &body));
        let mut statuses: Vec<_> = join_all(pauses).await.into_iter().map(|(s, _)| s).collect();
        statuses.sort_unstable();

        assert_eq!(statuses, [204, 409, 409, 409, 409]);
        assert_eq!(harness.state(&sandbox.id).await, "paused");
        let connect = format!("/v2/sandboxes/{}/connect", sandbox.id);
        let time = json!({"timeout": 60});
        let connects = (0..5).map(|_| ask(&harness, "POST", &connect, &time));
        let mut statuses: Vec<_> = join_all(connects)
            .await
            .into_iter()
            .map(|(s, _)| s)
            .collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 200, 200, 200, 201]);
        assert_eq!(sandbox.run("cat ~/f").await.stdout, "kept\n");
    }
}

#[tokio::test]
async fn the_memory_is_the_limit_s_and_the_disk_the_file_system_s() {
    const LIMIT: u64 = 256;
    let harness = ApiHarness::with(|options| options.limits.memory = Some(LIMIT << 20)).await;
    let sandbox = harness.base().await;

    let path = format!("/sandboxes/{}", sandbox.id);
    let (_, detail) = ask(&harness, "GET", &path, &json!({})).await;
    let (_, template) = ask(&harness, "GET", "/templates/base", &json!({})).await;
    let system = rustix::fs::statvfs(harness.dir.path()).unwrap();

    for told in [detail, template] {
        assert_eq!(told["memoryMB"], LIMIT);
        assert_eq!(
            told["diskSizeMB"],
            (system.f_blocks * system.f_frsize) >> 20
        );
    }
}

#[tokio::test]
async fn e2b_s_own_templates_are_made_from_base_and_the_log_says_so() {
    let harness = ApiHarness::new().await;
    for name in ["code-interpreter-v1", "desktop:default"] {
        let sandbox = harness.create(json!({ "templateID": name })).await;

        let path = format!("/sandboxes/{}", sandbox.id);
        let (_, detail) = ask(&harness, "GET", &path, &json!({})).await;
        let logs = format!("/v2/sandboxes/{}/logs?search=template", sandbox.id);
        let (_, logs) = ask(&harness, "GET", &logs, &json!({})).await;
        let (exists, _) = ask(
            &harness,
            "GET",
            &format!("/templates/aliases/{name}"),
            &json!({}),
        )
        .await;

        let plain = name.trim_end_matches(":default");
        let note = format!("the template '{plain}' does not exist here: 'base' is used instead");
        assert_eq!(detail["templateID"], "base");
        assert_eq!(logs["logs"][0]["message"], note);
        assert_eq!(exists, 200);
    }
}

#[tokio::test]
async fn refused_file_urls_say_why_with_the_messages_of_envd() {
    let harness = ApiHarness::new().await;
    let sandbox = harness.base().await;
    let refused = async |query: &str, token: Option<&str>| {
        let url = format!("{}/files?path=f{query}", harness.server.url());
        let request = harness
            .client
            .get(url)
            .header("e2b-sandbox-id", &sandbox.id);
        let request = match token {
            Some(token) => request.header("x-access-token", token),
            None => request,
        };
        let answer: Value = request.send().await.unwrap().json().await.unwrap();
        answer
    };
    let signed = {
        use base64::Engine as _;
        use sha2::Digest as _;
        let text = format!("f:read::{}:1", sandbox.token);
        base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(sha2::Sha256::digest(text))
    };
    // The signature uses the other base64 alphabet; in a query it is escaped.
    let signed = signed.replace('-', "%2B").replace('_', "%2F");
    let expired = format!("&signature=v1_{signed}&signature_expiration=1");

    let told = |message: &str| json!({"code": 401, "message": message});
    assert_eq!(
        refused(&expired, None).await,
        told("signature is already expired")
    );
    assert_eq!(
        refused("&signature=v1_x", None).await,
        told("invalid signature")
    );
    assert_eq!(
        refused("", None).await,
        told("missing signature query parameter")
    );
    assert_eq!(
        refused("", Some("x")).await,
        told("access token present in header but does not match")
    );
}

async fn watch(sandbox: &Sandbox<'_>, method: &str, body: Value) -> Value {
    let (status, answer) = sandbox
        .unary(&format!("filesystem.Filesystem/{method}"), body)
        .await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    answer
}

#[tokio::test]
async fn a_poll_has_the_events_of_all_calls_that_have_returned() {
    let harness = ApiHarness::new().await;
    let sandbox = harness.base().await;
    let body = json!({"path": ".", "recursive": true});
    let watcher = watch(&sandbox, "CreateWatcher", body).await["watcherId"].clone();

    for round in 0..100 {
        let path = format!("new{round}/f");
        let write = sandbox.envd("POST", &format!("/files?path={path}"));
        write.body("text").send().await.unwrap();

        let asked = json!({"watcherId": watcher});
        let told = watch(&sandbox, "GetWatcherEvents", asked).await;

        let events = told["events"].as_array().cloned().unwrap_or_default();
        for kind in ["EVENT_TYPE_CREATE", "EVENT_TYPE_WRITE"] {
            let is_told = |event: &Value| event["name"] == *path && event["type"] == kind;
            assert!(events.iter().any(is_told), "{round} {kind}: {told}");
        }
    }
}

#[tokio::test]
async fn a_kill_ends_every_open_stream_at_once() {
    let harness = ApiHarness::new().await;
    let sandbox = harness.base().await;
    sandbox.run("truncate -s 2G ~/large").await;
    let mut process = Events::open(sandbox.shell("exec sleep 1000")).await;
    process.pid().await;
    let body = json!({"path": "."}).to_string();
    let mut bytes = vec![0];
    bytes.extend_from_slice(&u32::try_from(body.len()).unwrap().to_be_bytes());
    bytes.extend_from_slice(body.as_bytes());
    let watching = sandbox.envd("POST", "/filesystem.Filesystem/WatchDir");
    let watching = watching.header("content-type", "application/connect+json");
    let mut watching = Events::open(watching.body(bytes)).await;
    watching.next().await.unwrap();
    let download = sandbox.envd("GET", "/files?path=large");
    let download = download.header("accept-encoding", "identity");
    let mut download = download.send().await.unwrap();
    download.chunk().await.unwrap();

    sandbox.kill().await;
    let ends = async {
        for events in [&mut process, &mut watching] {
            // Neither an end nor an error: the SDKs then ask whether it is gone.
            assert_eq!(events.next().await, None);
        }
        let mut read = 0;
        while let Ok(Some(chunk)) = download.chunk().await {
            read += chunk.len();
        }
        read
    };
    let read = tokio::time::timeout(Duration::from_secs(20), ends).await;

    assert!(read.unwrap() < 2 << 30);
}
