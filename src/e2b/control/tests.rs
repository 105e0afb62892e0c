//! The control client against a real HTTP server that responds with recorded bodies.

use axum::response::{Html, IntoResponse, Response};
use pretty_assertions::assert_eq;
use secrecy::ExposeSecret;
use serde_json::json;

use super::*;
use crate::e2b::error::Error;
use crate::e2b::testing::{RecordedRequest, Stub, closed_port, http};
use crate::e2b::wire::SandboxState;

const ID: &str = "i0123456789abcdefghij";
const SANDBOX: &str = r#"{"templateID": "tpl593616de15330c0fb", "alias": "base", "sandboxID": "i0123456789abcdefghij", "clientID": "6532622b", "envdVersion": "0.6.13", "envdAccessToken": "<envd-token>", "domain": "localhost:42001"}"#;
const LISTED: &str = r#"{"templateID": "tpl593616de15330c0fb", "alias": "base", "sandboxID": "i0123456789abcdefghij", "clientID": "6532622b", "startedAt": "2026-11-23T09:12:15.392Z", "endAt": "2026-11-23T09:14:15.392Z", "cpuCount": 2, "memoryMB": 512, "diskSizeMB": 1024, "metadata": {"run": "RUN", "who": "js"}, "state": "running", "envdVersion": "0.6.13"}"#;

fn client(api: &Url) -> ControlClient {
    ControlClient::new(http(), api.clone(), "e2b_hush".into()).unwrap()
}

fn json_answer(status: u16, body: &str) -> Response {
    let status = StatusCode::from_u16(status).unwrap();
    (
        status,
        [("content-type", "application/json")],
        body.to_owned(),
    )
        .into_response()
}

fn missing() -> Response {
    json_answer(
        404,
        r#"{"code": 404, "message": "Sandbox \"i1\" doesn't exist or you don't have access to it"}"#,
    )
}

async fn fails_with<A: IntoResponse>(
    answer: impl Fn(&RecordedRequest) -> A + Clone + Send + Sync + 'static,
) -> Error {
    let stub = Stub::start(answer).await;
    client(&stub.url).get("i1").await.unwrap_err()
}

/// A current server on which everything succeeds.
fn current_server(seen: &RecordedRequest) -> Response {
    match (seen.method.as_str(), seen.target.as_str()) {
        ("POST", "/v2/sandboxes") => json_answer(201, SANDBOX),
        ("POST", target) if target.ends_with("/connect") => json_answer(200, SANDBOX),
        ("POST" | "DELETE", _) => StatusCode::NO_CONTENT.into_response(),
        (_, target) if target.starts_with("/v2") => json_answer(200, &format!("[{LISTED}]")),
        _ => json_answer(200, LISTED),
    }
}

#[tokio::test]
async fn calls_are_those_that_the_official_sdks_make() {
    let stub = Stub::start(current_server).await;
    let control = client(&stub.url);
    let new = NewSandbox {
        template_id: "base".into(),
        timeout: Some(120),
        metadata: [("run".into(), "RUN".into()), ("who".into(), "js".into())].into(),
        env_vars: [("FROM_CREATE".into(), "yes".into())].into(),
        ..NewSandbox::default()
    };
    let filter = ListFilter {
        metadata: [("run".into(), "RUN".into())].into(),
        ..ListFilter::default()
    };

    let sandbox = control.create(&new).await.unwrap();
    assert_eq!(sandbox.sandbox_id, ID);
    assert_eq!(
        sandbox.envd_access_token.unwrap().expose_secret(),
        "<envd-token>"
    );
    assert!(!control.connect(ID, None).await.unwrap().resumed);
    assert_eq!(
        control.get(ID).await.unwrap().listed.state,
        SandboxState::Running
    );
    assert_eq!(
        control.list(&filter, None).await.unwrap().sandboxes.len(),
        1
    );
    control
        .set_timeout(ID, Duration::from_millis(299_500))
        .await
        .unwrap();
    assert!(control.pause(ID).await.unwrap());
    assert!(control.kill(ID).await.unwrap());

    assert_eq!(
        stub.lines(),
        [
            r#"POST /v2/sandboxes {"templateID":"base","timeout":120,"metadata":{"run":"RUN","who":"js"},"envVars":{"FROM_CREATE":"yes"}}"#,
            "POST /v2/sandboxes/i0123456789abcdefghij/connect {}",
            "GET /sandboxes/i0123456789abcdefghij",
            "GET /v2/sandboxes?metadata=run%3DRUN",
            r#"POST /sandboxes/i0123456789abcdefghij/timeout {"timeout":300}"#,
            // The plan may have cut it.
            "GET /sandboxes/i0123456789abcdefghij",
            "POST /sandboxes/i0123456789abcdefghij/pause {}",
            "DELETE /sandboxes/i0123456789abcdefghij",
        ]
    );
    for seen in stub.seen() {
        assert_eq!(
            seen.header("x-api-key"),
            Some("e2b_hush"),
            "{}",
            seen.line()
        );
    }
}

/// A server from before `/v2`: its router has only the old paths.
fn old_server(seen: &RecordedRequest) -> Response {
    match (seen.method.as_str(), seen.target.as_str()) {
        ("POST", "/sandboxes" | "/sandboxes/i1/connect") => json_answer(201, SANDBOX),
        ("GET", "/sandboxes?metadata=run%3DRUN") => json_answer(200, "[]"),
        ("GET", target) if target.starts_with("/v2") => {
            StatusCode::METHOD_NOT_ALLOWED.into_response()
        }
        _ => (StatusCode::NOT_FOUND, "404 page not found").into_response(),
    }
}

#[tokio::test]
async fn an_older_server_is_spoken_to_in_its_own_way_and_remembered() {
    let stub = Stub::start(old_server).await;
    let control = client(&stub.url);
    let new = NewSandbox {
        template_id: "base".into(),
        ..NewSandbox::default()
    };
    let filter = ListFilter {
        metadata: [("run".into(), "RUN".into())].into(),
        states: vec![SandboxState::Paused],
        limit: Some(1),
    };

    control.create(&new).await.unwrap();
    assert!(control.clone().connect("i1", None).await.unwrap().resumed);
    control.list(&filter, None).await.unwrap();

    assert_eq!(
        stub.lines(),
        [
            r#"POST /v2/sandboxes {"templateID":"base"}"#,
            r#"POST /sandboxes {"templateID":"base","timeout":300,"secure":true}"#,
            r#"POST /sandboxes/i1/connect {"timeout":300}"#,
            "GET /sandboxes?metadata=run%3DRUN",
        ]
    );
}

#[tokio::test]
async fn an_unknown_template_is_not_taken_for_an_older_server() {
    let stub = Stub::start(|seen: &RecordedRequest| {
        if seen.body.starts_with(br#"{"templateID":"base""#) {
            return json_answer(201, SANDBOX);
        }
        json_answer(404, r#"{"code":404,"message":"template 'nope' not found"}"#)
    })
    .await;
    let control = client(&stub.url);
    let named = |name: &str| NewSandbox {
        template_id: name.into(),
        ..NewSandbox::default()
    };

    let error = control.create(&named("nope")).await.unwrap_err();
    control.create(&named("base")).await.unwrap();
    control.create(&named("nope")).await.unwrap_err();

    assert_eq!(
        error.to_string(),
        "create a sandbox from template nope: not found: template 'nope' not found"
    );
    let paths: Vec<_> = stub.seen().into_iter().map(|seen| seen.target).collect();
    assert_eq!(
        paths,
        [
            "/v2/sandboxes",
            "/sandboxes",
            "/v2/sandboxes",
            "/v2/sandboxes"
        ]
    );
}

#[tokio::test]
async fn all_pages_are_fetched_by_the_token_of_the_page_before() {
    let stub = Stub::start(|seen: &RecordedRequest| {
        let mut answer = json_answer(200, &format!("[{LISTED}]"));
        if !seen.target.contains("nextToken") {
            answer
                .headers_mut()
                .insert("x-next-token", "MQ==".parse().unwrap());
        }
        answer
    })
    .await;
    let filter = ListFilter {
        limit: Some(1),
        ..ListFilter::default()
    };

    let all = client(&stub.url).list_all(&filter, 100).await.unwrap();

    assert_eq!(all.len(), 2);
    assert_eq!(
        stub.lines(),
        [
            "GET /v2/sandboxes?limit=1",
            "GET /v2/sandboxes?limit=1&nextToken=MQ%3D%3D"
        ]
    );
}

#[tokio::test]
async fn a_server_that_repeats_its_token_does_not_keep_us_for_ever() {
    let stub = Stub::start(|_: &RecordedRequest| {
        let mut answer = json_answer(200, &format!("[{LISTED}]"));
        answer
            .headers_mut()
            .insert("x-next-token", "same".parse().unwrap());
        answer
    })
    .await;

    let all = client(&stub.url)
        .list_all(&ListFilter::default(), 1000)
        .await
        .unwrap();

    assert_eq!(all.len(), 2);
}

#[tokio::test]
async fn pausing_and_killing_twice_is_no_failure() {
    let stub = Stub::start(|seen: &RecordedRequest| match seen.method.as_str() {
        "DELETE" => missing(),
        _ => json_answer(
            409,
            r#"{"code": 409, "message": "Error pausing sandbox - sandbox 'i1' is already paused"}"#,
        ),
    })
    .await;
    let control = client(&stub.url);

    assert!(!control.pause("i1").await.unwrap());
    assert!(!control.kill("i1").await.unwrap());
}

#[tokio::test]
async fn failures_are_told_apart_and_say_what_was_tried() {
    let wrong_key = fails_with(|_: &RecordedRequest| {
        json_answer(
            401,
            r#"{"code": 401, "message": "Invalid API key, please visit https://e2b.dev/docs/api-key for more information."}"#,
        )
    });
    let limited = fails_with(|_: &RecordedRequest| {
        let mut answer = json_answer(429, r#"{"code": 429, "message": "Rate limit exceeded"}"#);
        answer
            .headers_mut()
            .insert("retry-after", "7".parse().unwrap());
        answer
    });
    let page = fails_with(|_: &RecordedRequest| Html("<html>Welcome to the hotel</html>"));
    let nonsense = fails_with(|_: &RecordedRequest| json!({"sandboxID": 7}).to_string());
    let busy = fails_with(|_: &RecordedRequest| (StatusCode::SERVICE_UNAVAILABLE, ""));
    let gone = fails_with(|_: &RecordedRequest| missing());

    let limited = limited.await;
    assert_eq!(limited.retry_after(), Some(Duration::from_secs(7)));
    let all = [
        wrong_key.await,
        limited,
        page.await,
        nonsense.await,
        busy.await,
        gone.await,
    ];
    let lines: Vec<_> = all
        .iter()
        .map(|error| format!("{error} | retry: {}", error.is_retryable()))
        .collect();
    insta::assert_snapshot!(lines.join("\n"));
}

#[tokio::test]
async fn the_time_that_is_left_goes_by_the_servers_clock() {
    let stub = Stub::start(|_: &RecordedRequest| {
        let body = json!({
            "sandboxID": "i1", "templateID": "t", "state": "running", "cpuCount": 2, "memoryMB": 512,
            "startedAt": "2031-01-01T00:00:00Z", "endAt": "2031-01-01T00:30:00Z",
        });
        let mut answer = json_answer(200, &body.to_string());
        let date = "Wed, 01 Jan 2031 00:10:00 GMT".parse().unwrap();
        answer.headers_mut().insert("date", date);
        answer
    })
    .await;

    let left = client(&stub.url).time_left("i1").await.unwrap();

    // In the middle of the second that the server named.
    assert_eq!(left, Duration::from_millis(20 * 60_000 - 500));
}

/// A server whose plan limits sandboxes to an hour, with one that has run for ten minutes.
fn small_plan(seen: &RecordedRequest) -> Response {
    let body: serde_json::Value = serde_json::from_slice(&seen.body).unwrap_or_default();
    let is_timeout = seen.target.ends_with("/timeout");
    match (seen.method.as_str(), body["timeout"].as_u64()) {
        ("POST", Some(3601..)) if !is_timeout => {
            let told = r#"{"code": 400, "message": "Timeout cannot be greater than 1 hours"}"#;
            json_answer(400, told)
        }
        ("POST", _) if is_timeout => StatusCode::NO_CONTENT.into_response(),
        ("POST", _) => json_answer(201, SANDBOX),
        _ => {
            let detail = json!({
                "sandboxID": "i1", "templateID": "t", "state": "running", "cpuCount": 2,
                "memoryMB": 512, "startedAt": "2031-01-01T00:00:00Z",
                "endAt": "2031-01-01T01:00:00Z",
            });
            let mut answer = json_answer(200, &detail.to_string());
            let date = "Wed, 01 Jan 2031 00:10:00 GMT".parse().unwrap();
            answer.headers_mut().insert("date", date);
            answer
        }
    }
}

#[tokio::test]
async fn a_time_that_the_plan_does_not_allow_is_cut_and_learnt() {
    let stub = Stub::start(small_plan).await;
    let hour = Duration::from_hours(1);

    // Cut silently: the server reports what is left. Once, it may have been another client's change.
    let control = client(&stub.url);
    for learnt in [None, Some(hour)] {
        let left = control.set_timeout("i1", 6 * hour).await.unwrap();
        assert_eq!(left, Duration::from_millis(50 * 60_000 - 500));
        assert_eq!(control.longest_life(), learnt);
    }
    let calls = stub.seen().len();
    assert!(control.connect("i1", Some(6 * hour)).await.is_ok());
    assert_eq!(stub.seen().len(), calls + 1);

    // Rejected: repeated with the allowed time.
    let control = client(&stub.url);
    let new = NewSandbox {
        template_id: "base".into(),
        timeout: Some(6 * 3600),
        ..NewSandbox::default()
    };
    assert!(control.create(&new).await.is_ok());
    assert_eq!(control.longest_life(), Some(hour));
}

#[tokio::test]
async fn a_closed_port_is_named_without_the_path() {
    let (api, _socket) = closed_port();

    let error = client(&api).get("i1").await.unwrap_err();

    let host = format!("127.0.0.1:{}", api.port().unwrap());
    assert!(
        matches!(&error.kind, ErrorKind::Unreachable { host: named, .. } if *named == host),
        "{error:?}"
    );
    assert!(error.is_retryable());
}

#[tokio::test]
async fn an_answer_that_does_not_come_is_a_time_out() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let api = Url::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    let limit = Duration::from_millis(50);

    let error = client(&api).with_limit(limit).get("i1").await.unwrap_err();

    assert_eq!(error.kind, ErrorKind::TimedOut { after: limit });
}

#[tokio::test]
async fn an_id_cannot_reach_another_path() {
    let stub = Stub::start(|_: &RecordedRequest| missing()).await;

    client(&stub.url).kill("../api-keys?x#y").await.unwrap();

    assert_eq!(stub.lines(), ["DELETE /sandboxes/..%2Fapi-keys%3Fx%23y"]);
}

#[test]
fn a_key_that_no_header_can_carry_is_an_error_that_does_not_quote_it() {
    let api = Url::parse("http://127.0.0.1").unwrap();
    let error = ControlClient::new(http(), api, "hush\n".into())
        .err()
        .unwrap();

    assert!(!error.to_string().contains("hush"), "{error}");
}
