//! envd's rules for processes (section "Processes" of the protocol), files and watching, verified by the bytes on
//! the wire.

use std::io::Read as _;
use std::time::Duration;

use pretty_assertions::assert_eq;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::local::http_api::{ApiHarness, Events, Sandbox, collect, decode, node, until};
use crate::support::process::alive;

fn stdin(pid: u64, text: &str) -> Value {
    use base64::Engine as _;
    let text = base64::engine::general_purpose::STANDARD.encode(text);
    json!({"process": {"pid": pid}, "input": {"stdin": text}})
}

/// Waits until a pty's output contains a text.
async fn shown(events: &mut Events, wanted: &str) -> String {
    let mut seen = String::new();
    while !seen.contains(wanted) {
        let (flag, message) = events.next().await.unwrap();
        assert_eq!(flag, 0, "{seen}: {message}");
        seen += &message["event"]["data"]["pty"]
            .as_str()
            .map(decode)
            .unwrap_or_default();
    }
    seen
}

async fn terminal(sandbox: &Sandbox<'_>, script: &str) -> Events {
    let process = json!({"cmd": "sh", "args": ["-c", script]});
    let body = json!({"process": process, "pty": {"size": {"cols": 91, "rows": 27}}});
    Events::open(sandbox.stream("Start", &body)).await
}

#[tokio::test]
async fn a_terminal_has_its_size_belongs_to_its_process_and_can_be_resized() {
    let harness = ApiHarness::new().await;
    let sandbox = harness.base().await;
    let script = "stty size; : </dev/tty && echo own; \
        read line; stty size; echo got $line";
    let mut events = terminal(&sandbox, script).await;
    let pid = events.pid().await;
    shown(&mut events, "27 91\r\nown").await;

    let size = json!({"size": {"cols": 120, "rows": 40}});
    let resize = json!({"process": {"pid": pid}, "pty": size});
    let (resized, _) = sandbox.unary("process.Process/Update", resize).await;
    let (wrong, _) = sandbox
        .unary("process.Process/SendInput", stdin(pid, "x"))
        .await;
    let close = json!({"process": {"pid": pid}});
    let (_, close) = sandbox.unary("process.Process/CloseStdin", close).await;
    let input = json!({"process": {"pid": pid}, "input": {"pty": "bGluZQo="}});
    let (sent, _) = sandbox.unary("process.Process/SendInput", input).await;

    assert_eq!((resized, sent), (StatusCode::OK, StatusCode::OK));
    assert_eq!(wrong, StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(close["code"], "unknown");
    shown(&mut events, "40 120\r\ngot line").await;
    while let Some((flag, message)) = events.next().await {
        if flag == 2 {
            break;
        }
        let end = &message["event"]["end"];
        assert!(end.is_null() || end["status"] == "exit status 0", "{end}");
    }
}

#[tokio::test]
async fn a_program_that_is_not_there_is_an_error_with_a_terminal_and_without() {
    let harness = ApiHarness::new().await;
    let sandbox = harness.base().await;
    for pty in [Value::Null, json!({"size": {"cols": 80, "rows": 24}})] {
        let body = json!({"process": {"cmd": "no-such-program"}, "pty": pty});
        let mut events = Events::open(sandbox.stream("Start", &body)).await;

        let (flag, end) = events.next().await.unwrap();

        assert_eq!(
            (flag, &end["error"]["code"]),
            (2, &json!("invalid_argument"))
        );
    }
}

#[tokio::test]
async fn sigkill_for_the_shell_of_a_terminal_leaves_its_jobs() {
    let harness = ApiHarness::new().await;
    let sandbox = harness.base().await;
    // Each job has its own group, and a background job gets no SIGHUP.
    let script = "set -m; sleep 1000 & echo job $! begun; wait";
    let mut events = terminal(&sandbox, script).await;
    let pid = events.pid().await;
    let told = shown(&mut events, " begun").await;
    let (_, job) = told.split_once("job ").unwrap();
    let job: u64 = job.split(' ').next().unwrap().parse().unwrap();
    assert!(alive(job));

    let kill = json!({"process": {"pid": pid}, "signal": "SIGNAL_SIGKILL"});
    sandbox.unary("process.Process/SendSignal", kill).await;

    until(|| async { !alive(pid) }).await;
    assert!(alive(job));
}

#[tokio::test]
async fn signals_go_to_the_process_alone() {
    let harness = ApiHarness::new().await;
    let sandbox = harness.base().await;
    let script = "trap 'echo term' TERM; sleep 1000 & echo $!; wait; wait";
    let mut events = Events::open(sandbox.shell(script)).await;
    let pid = events.pid().await;
    let child: u64 = events.output().await.trim().parse().unwrap();
    let signal = |name: &str| json!({"process": {"pid": pid}, "signal": name});

    let method = "process.Process/SendSignal";
    sandbox.unary(method, signal("SIGNAL_SIGTERM")).await;
    assert_eq!(events.output().await, "term\n");
    assert!(alive(child));
    sandbox.unary(method, signal("SIGNAL_SIGKILL")).await;

    until(|| async { !alive(pid) }).await;
    assert!(alive(child));
}

#[tokio::test]
async fn a_deadline_kills_the_process_alone_also_when_nobody_listens() {
    let harness = ApiHarness::new().await;
    let sandbox = harness.base().await;
    let request = sandbox.shell("sleep 1000 & echo $!; wait");
    let mut events = Events::open(request.header("connect-timeout-ms", "1500.0")).await;
    let pid = events.pid().await;
    let child: u64 = events.output().await.trim().parse().unwrap();
    drop(events);

    until(|| async { !alive(pid) }).await;
    assert!(alive(child));
}

#[tokio::test]
async fn a_deadline_ends_the_stream_with_its_own_error() {
    let harness = ApiHarness::new().await;
    let sandbox = harness.base().await;
    // The end of the killed process and the deadline of the stream coincide.
    let many = (0..16).map(async |_| {
        let request = sandbox.shell("exec sleep 1000");
        collect(Events::open(request.header("connect-timeout-ms", "300")).await).await
    });

    for ran in futures::future::join_all(many).await {
        assert_eq!(ran.error, "deadline_exceeded");
    }
}

#[tokio::test]
async fn a_late_connect_gives_start_and_end_and_lists_leave_the_ended_out() {
    let harness = ApiHarness::new().await;
    let sandbox = harness.base().await;
    let ran = sandbox.run("exit 4").await;

    let late = sandbox.stream("Connect", &json!({"process": {"pid": ran.pid}}));
    let late = collect(Events::open(late).await).await;
    let (_, list) = sandbox.unary("process.Process/List", json!({})).await;

    assert_eq!((late.pid, &late.end["exitCode"]), (ran.pid, &json!(4)));
    assert_eq!(list, json!({}));
}

#[tokio::test]
async fn a_quiet_stream_gets_keepalives_after_its_start() {
    let harness = ApiHarness::new().await;
    let sandbox = harness.base().await;
    let request = sandbox.shell("exec sleep 1000");
    let mut events = Events::open(request.header("keepalive-ping-interval", "0.05")).await;
    events.pid().await;

    let (_, message) = events.next().await.unwrap();

    assert_eq!(message, json!({"event": {"keepalive": {}}}));
}

#[tokio::test]
async fn a_process_that_has_closed_its_outputs_gets_no_keepalives_but_its_end() {
    let harness = ApiHarness::new().await;
    let sandbox = harness.base().await;
    let request = sandbox.shell("exec >/dev/null 2>&1; sleep 1; exit 3");
    let mut events = Events::open(request.header("keepalive-ping-interval", "0.2")).await;

    events.pid().await;
    let (mut keepalives, mut message) = (0, events.next().await.unwrap().1);
    while message == json!({"event": {"keepalive": {}}}) {
        keepalives += 1;
        message = events.next().await.unwrap().1;
    }

    assert_eq!(message["event"]["end"]["exitCode"], 3, "{message}");
    // One may arrive before the shell has got so far.
    assert!(keepalives < 3, "{keepalives}");
}

#[tokio::test]
async fn processes_are_found_by_tag_and_every_subscriber_gets_all() {
    let harness = ApiHarness::new().await;
    let sandbox = harness.base().await;
    let process = json!({"cmd": "cat"});
    let start = json!({"process": process, "tag": "mine"});
    let mut first = Events::open(sandbox.stream("Start", &start)).await;
    let pid = first.pid().await;
    let connect = sandbox.stream("Connect", &json!({"process": {"tag": "mine"}}));
    let mut second = Events::open(connect).await;
    assert_eq!(second.pid().await, pid);

    sandbox
        .unary("process.Process/SendInput", stdin(pid, "both\n"))
        .await;

    assert_eq!(first.output().await, "both\n");
    assert_eq!(second.output().await, "both\n");
}

#[tokio::test]
async fn streamed_input_arrives_in_order_and_is_answered_once() {
    let harness = ApiHarness::new().await;
    let sandbox = harness.base().await;
    let start = json!({"process": {"cmd": "cat"}});
    let mut events = Events::open(sandbox.stream("Start", &start)).await;
    let pid = events.pid().await;
    let mut body = Vec::new();
    for message in [
        json!({"start": {"process": {"pid": pid}}}),
        json!({"data": {"input": {"stdin": "b25lCg=="}}}),
        json!({"keepalive": {}}),
        json!({"data": {"input": {"stdin": "dHdvCg=="}}}),
    ] {
        let text = message.to_string();
        body.push(0);
        body.extend_from_slice(&u32::try_from(text.len()).unwrap().to_be_bytes());
        body.extend_from_slice(text.as_bytes());
    }
    let request = sandbox
        .envd("POST", "/process.Process/StreamInput")
        .header("content-type", "application/connect+json")
        .body(body);

    let mut answer = Events::open(request).await;

    assert_eq!(answer.next().await, Some((0, json!({}))));
    assert_eq!(answer.next().await, Some((2, json!({}))));
    let mut seen = String::new();
    while seen.len() < 8 {
        seen += &events.output().await;
    }
    assert_eq!(seen, "one\ntwo\n");
}

#[tokio::test]
async fn input_to_a_closed_stdin_and_a_size_without_a_terminal_are_internal_errors() {
    let harness = ApiHarness::new().await;
    let sandbox = harness.base().await;
    let mut events = Events::open(sandbox.shell("exec sleep 1000")).await;
    let pid = events.pid().await;

    let (_, input) = sandbox
        .unary("process.Process/SendInput", stdin(pid, "x"))
        .await;
    let resize = json!({"process": {"pid": pid}, "pty": {"size": {"cols": 1, "rows": 1}}});
    let (_, resize) = sandbox.unary("process.Process/Update", resize).await;

    let message = "error writing to stdin: stdin not enabled or closed";
    assert_eq!(input, json!({"code": "internal", "message": message}));
    assert_eq!(resize["code"], "internal");
}

#[tokio::test]
async fn the_shortest_commands_lose_nothing() {
    let harness = ApiHarness::new().await;
    let sandbox = harness.base().await;
    for round in 0..50 {
        let ran = sandbox.run(&format!("echo {round}")).await;

        assert_eq!(ran.stdout, format!("{round}\n"));
    }
}

async fn watching(sandbox: &Sandbox<'_>, body: &Value) -> Events {
    let text = body.to_string();
    let mut bytes = vec![0];
    bytes.extend_from_slice(&u32::try_from(text.len()).unwrap().to_be_bytes());
    bytes.extend_from_slice(text.as_bytes());
    let request = sandbox
        .envd("POST", "/filesystem.Filesystem/WatchDir")
        .header("content-type", "application/connect+json")
        .header("keepalive-ping-interval", "0.2");
    Events::open(request.body(bytes)).await
}

#[tokio::test]
async fn a_watched_directory_tells_new_changed_renamed_and_removed_files() {
    let harness = ApiHarness::new().await;
    let sandbox = harness.base().await;
    sandbox.run("mkdir -p w/below").await;
    let body = json!({"path": "w", "recursive": true, "includeEntry": true});
    let mut events = watching(&sandbox, &body).await;
    assert_eq!(events.next().await.unwrap().1, json!({"start": {}}));

    sandbox
        .run("cd w/below && echo x > a && mv a b && rm b")
        .await;

    let mut seen = Vec::new();
    let mut alive = false;
    while !alive || !seen.contains(&"EVENT_TYPE_REMOVE below/b".to_owned()) {
        let (_, message) = events.next().await.unwrap();
        alive |= !message["keepalive"].is_null();
        let event = &message["filesystem"];
        if let (Some(kind), Some(name)) = (event["type"].as_str(), event["name"].as_str()) {
            seen.push(format!("{kind} {name}"));
        }
    }
    assert_eq!(
        seen,
        [
            "EVENT_TYPE_CREATE below/a",
            "EVENT_TYPE_WRITE below/a",
            "EVENT_TYPE_RENAME below/a",
            "EVENT_TYPE_CREATE below/b",
            "EVENT_TYPE_REMOVE below/b",
        ]
    );
}

#[tokio::test]
async fn a_polled_watcher_collects_until_it_is_removed() {
    let harness = ApiHarness::new().await;
    let sandbox = harness.base().await;
    let call = async |method: &str, body: Value| {
        sandbox
            .unary(&format!("filesystem.Filesystem/{method}"), body)
            .await
    };
    let (_, made) = call("CreateWatcher", json!({"path": "."})).await;
    let watcher = json!({"watcherId": made["watcherId"]});
    sandbox.run("echo x > polled").await;

    until(|| async {
        let (_, events) = call("GetWatcherEvents", watcher.clone()).await;
        events["events"].to_string().contains("polled")
    })
    .await;
    let (removed, _) = call("RemoveWatcher", watcher.clone()).await;
    let (gone, _) = call("GetWatcherEvents", watcher).await;
    let (file, _) = call("CreateWatcher", json!({"path": "polled"})).await;
    let (missing, _) = call("CreateWatcher", json!({"path": "nothing"})).await;

    assert_eq!(
        [removed, gone, file, missing].map(|status| status.as_u16()),
        [200, 404, 400, 404]
    );
}

#[tokio::test]
async fn downloads_come_whole_in_parts_or_packed() {
    let harness = ApiHarness::new().await;
    let sandbox = harness.base().await;
    sandbox.run("printf 0123456789 > digits").await;
    let get = || sandbox.envd("GET", "/files?path=digits");

    let part = get().header("range", "bytes=2-4").send().await.unwrap();
    let (status, range) = (part.status(), part.headers()["content-range"].clone());
    let part = part.text().await.unwrap();
    let behind = get().header("range", "bytes=99-").send().await.unwrap();
    let packed = get()
        .header("accept-encoding", "gzip")
        .send()
        .await
        .unwrap();
    let refused = get()
        .header("accept-encoding", "identity;q=0")
        .send()
        .await
        .unwrap();

    assert_eq!(
        (status, part.as_str()),
        (StatusCode::PARTIAL_CONTENT, "234")
    );
    assert_eq!(range, "bytes 2-4/10");
    assert_eq!(behind.status(), StatusCode::RANGE_NOT_SATISFIABLE);
    assert_eq!(refused.status(), StatusCode::NOT_ACCEPTABLE);
    assert_eq!(packed.headers()["vary"], "Accept-Encoding");
    let encoding = packed.headers().get("content-encoding").cloned();
    let body = packed.bytes().await.unwrap();
    let mut head = [0; 2];
    body.as_ref().read_exact(&mut head).unwrap();
    // The client may have decoded it already, and then it has removed the header.
    let unpacked = encoding.is_none() && body == "0123456789";
    assert!(unpacked || head == [0x1f, 0x8b], "{encoding:?} {body:?}");
}

#[tokio::test]
async fn metadata_of_a_file_is_stored_and_replaced_or_its_rejection_is_reported() {
    let harness = ApiHarness::new().await;
    let sandbox = harness.base().await;
    let put = |name: &'static str| {
        let request = sandbox.envd("POST", "/files?path=described");
        request.header(name, "some one").body("x")
    };
    let stat = async || {
        let (_, stat) = sandbox
            .unary("filesystem.Filesystem/Stat", json!({"path": "described"}))
            .await;
        stat["entry"]["metadata"].clone()
    };

    let first = put("X-Metadata-Author").send().await.unwrap();
    if first.status() == StatusCode::NOT_IMPLEMENTED {
        // The file system of this machine's temporary directory supports none.
        let told = first.text().await.unwrap();
        assert!(told.contains("has no extended attributes"), "{told}");
        assert_eq!(stat().await, Value::Null);
        return;
    }
    let written: Value = first.json().await.unwrap();
    let one = stat().await;
    put("x-metadata-other").send().await.unwrap();
    let two = stat().await;
    put("x-plain").send().await.unwrap();

    assert_eq!(written[0]["metadata"], json!({"author": "some one"}));
    assert_eq!(one, json!({"author": "some one"}));
    assert_eq!(two, json!({"other": "some one"}));
    assert_eq!(stat().await, Value::Null);
}

#[tokio::test]
async fn calls_for_the_platform_only_are_hidden_and_pages_need_the_token() {
    let harness = ApiHarness::new().await;
    let sandbox = harness.base().await;
    let init = sandbox
        .envd("POST", "/init")
        .body("{}")
        .send()
        .await
        .unwrap();
    let page = |token: &str| {
        let request = harness.client.get(format!("{}/envs", harness.server.url()));
        request
            .header("e2b-sandbox-id", &sandbox.id)
            .header("origin", "https://page.example")
            .header("x-access-token", token)
    };

    let with = page(&sandbox.token).send().await.unwrap();
    let without = page("wrong").send().await.unwrap();

    let allowed = "access-control-allow-origin";
    assert_eq!(init.status(), StatusCode::NOT_FOUND);
    assert_eq!(with.headers()[allowed], "*");
    assert_eq!(without.headers().get(allowed), None);
}

#[tokio::test]
async fn traffic_with_the_right_token_wakes_a_sandbox_that_asked_for_it() {
    let harness = ApiHarness::new().await;
    let body = json!({
        "templateID": "base", "timeout": 60, "autoPause": true,
        "autoResume": {"enabled": true}, "network": {"allowPublicTraffic": false},
    });
    let sandbox = harness.create(body).await;
    let (_events, port) = node(&sandbox).await;
    let pause = format!("/sandboxes/{}/pause", sandbox.id);
    harness.api("POST", &pause).send().await.unwrap();

    let refused = sandbox.public(port, "/").send().await.unwrap();
    let asleep = harness.state(&sandbox.id).await;
    let woken = sandbox
        .public(port, "/")
        .header("e2b-traffic-access-token", &sandbox.traffic)
        .send()
        .await
        .unwrap();

    assert_eq!(
        (refused.status(), asleep),
        (StatusCode::FORBIDDEN, json!("paused"))
    );
    assert_eq!(woken.status(), StatusCode::OK);
    assert_eq!(harness.state(&sandbox.id).await, "running");
}

#[tokio::test]
async fn a_create_that_is_repeated_with_its_key_makes_one_sandbox() {
    let harness = ApiHarness::new().await;
    let create = async |key: &str| {
        let request = harness.api("POST", "/v2/sandboxes");
        let body = json!({"templateID": "base", "volumeMounts": [{"name": "a", "path": "/a"}]});
        let made = request.header("idempotency-key", key).json(&body);
        let made = made.send().await.unwrap();
        (made.status(), made.json::<Value>().await.unwrap())
    };

    let ((first, one), (_, two), (bad, _)) =
        tokio::join!(create("a-key"), create("a-key"), create("A KEY"));

    assert_eq!((first, bad), (StatusCode::CREATED, StatusCode::BAD_REQUEST));
    assert_eq!(one, two);
}

#[tokio::test]
async fn a_plans_longest_life_holds_for_every_call_and_for_no_answer_that_was_given_before() {
    let harness = ApiHarness::new().await;
    let hours = |hours: u64| json!({"templateID": "base", "timeout": hours * 3600});
    let create = async |key: &str| {
        let request = harness.api("POST", "/v2/sandboxes");
        let made = request.header("idempotency-key", key).json(&hours(2));
        let made = made.send().await.unwrap();
        (made.status(), made.json::<Value>().await.unwrap())
    };
    let (_, first) = create("a-key").await;
    let id = first["sandboxID"].as_str().unwrap();

    harness.server.faults().cap_lives(Duration::from_hours(1));

    // The plan is checked when a sandbox is created: a replay returns the earlier response.
    assert_eq!(create("a-key").await, (StatusCode::CREATED, first.clone()));
    let (other, refusal) = create("b-key").await;
    let message = "Timeout cannot be greater than 1 hours";
    assert_eq!(other, StatusCode::BAD_REQUEST);
    assert_eq!(refusal["message"], message);
    // A rejection is not stored for a replay.
    harness.server.faults().cap_lives(Duration::from_hours(2));
    assert_eq!(create("b-key").await.0, StatusCode::CREATED);
    harness.server.faults().cap_lives(Duration::from_hours(1));

    let call = async |path: &str, asked: u64| {
        let path = format!("/sandboxes/{id}/{path}");
        let answer = harness.api("POST", &path).json(&hours(asked));
        answer.send().await.unwrap().status().as_u16()
    };
    assert_eq!(call("fork", 2).await, 400);
    assert_eq!(call("pause", 0).await, 204);
    for path in ["resume", "connect"] {
        assert_eq!(call(path, 2).await, 400, "{path}");
        assert_eq!(harness.state(id).await, "paused");
    }
    assert_eq!(call("resume", 1).await, 201);
    // More is silently cut.
    assert_eq!(call("timeout", 2).await, 204);
}

#[tokio::test]
async fn metrics_logs_and_templates_are_answered() {
    let harness = ApiHarness::new().await;
    let sandbox = harness.base().await;
    let get = async |path: &str| {
        let answer = harness.api("GET", path).send().await.unwrap();
        (
            answer.status().as_u16(),
            answer.json::<Value>().await.unwrap(),
        )
    };
    let mut events = Events::open(sandbox.shell("echo; exec sleep 1000")).await;
    events.output().await;

    let (_, metrics) = get(&format!("/sandboxes/{}/metrics", sandbox.id)).await;
    let (_, logs) = get(&format!("/sandboxes/{}/logs", sandbox.id)).await;
    let (alias, _) = get("/templates/aliases/base").await;
    let (unknown, _) = get("/templates/aliases/nothing").await;
    let later = get("/v2/sandboxes?startedAfter=2999-01-01T00:00:00Z").await;
    let (wrong, _) = get("/v2/sandboxes?startedAfter=yesterday").await;

    assert!(metrics[0]["memUsed"].as_u64() > Some(0), "{metrics}");
    let lines: Vec<Value> = logs["logs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|log| serde_json::from_str(log["line"].as_str().unwrap()).unwrap())
        .collect();
    let created = json!({"level": "info", "logger": "sandbox", "message": "created"});
    assert_eq!(lines[0], created);
    assert_eq!(lines[1]["event_type"], "process_start");
    assert_eq!((alias, unknown, wrong), (200, 404, 400));
    assert_eq!(later, (200, json!([])));
}

#[tokio::test]
async fn logs_tell_of_processes_without_what_they_were_given() {
    let harness = ApiHarness::new().await;
    let sandbox = harness.base().await;
    let ran = sandbox.run("exit 3 # secret").await;

    let path = format!(
        "/v2/sandboxes/{}/logs?direction=backward&limit=1",
        sandbox.id
    );
    let newest = harness.api("GET", &path).send().await.unwrap();
    let newest: Value = newest.json().await.unwrap();
    let all = format!("/sandboxes/{}/logs", sandbox.id);
    let all = harness
        .api("GET", &all)
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();

    let line = &newest["logs"][0];
    let message = format!("Process with pid {} ended", ran.pid);
    assert_eq!(
        (&line["message"], &line["level"]),
        (&json!(message), &json!("info"))
    );
    let result = r#"{"exit_code":3,"exited":true,"status":"exit status 3"}"#;
    let fields =
        json!({"event_type": "process_end", "logger": "process", "process_result": result});
    assert_eq!(line["fields"], fields);
    assert!(!all.contains("secret"), "{all}");
}

#[tokio::test]
async fn a_stream_for_an_unknown_user_ends_with_the_reason() {
    let harness = ApiHarness::new().await;
    let sandbox = harness.base().await;
    let request = sandbox.shell("true").basic_auth("nobody-here", Some(""));

    let (flag, end) = Events::open(request).await.next().await.unwrap();

    assert_eq!(
        (flag, &end["error"]["code"]),
        (2, &json!("unauthenticated"))
    );
}

#[tokio::test]
async fn a_path_longer_than_any_file_has_is_refused_without_a_look_at_its_parts() {
    let harness = ApiHarness::new().await;
    let sandbox = harness.base().await;
    let long = "a/".repeat(8 * 1024 * 1024);

    let body = json!({"path": long});
    let (status, answer) = sandbox.unary("filesystem.Filesystem/Stat", body).await;
    let folder = sandbox.envd("POST", "/files?path=.").body("x").send().await;
    let folder = folder.unwrap();

    assert_eq!(status, StatusCode::FORBIDDEN);
    let message = answer["message"].as_str().unwrap();
    assert!(message.len() < 1000, "{}", message.len());
    assert_eq!(folder.status(), StatusCode::BAD_REQUEST);
    assert!(folder.text().await.unwrap().contains("is a directory"));
}
