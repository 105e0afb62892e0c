//! The embedded server over HTTP, with real processes (`sh`, `cat`, `sleep`, `node`).

#![expect(clippy::unwrap_used, reason = "a test's helpers fail the test")]

use std::path::Path;
use std::time::Duration;

use base64::Engine as _;
use pretty_assertions::assert_eq;
use reqwest::{Client, RequestBuilder, StatusCode};
use sandbar::local::{self, HelperCommand, LocalServer, ServerOptions, daemon};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

use crate::local::isolation::of_sandbox;
use crate::support::folder;
use crate::support::http::plain_client;
use crate::support::process::{alive, state};

pub(crate) const KEY: &str = "e2b_test";
/// Generous: a busy machine must not fail a test.
const LIMIT: Duration = Duration::from_secs(20);

pub(crate) struct ApiHarness {
    pub(crate) dir: tempfile::TempDir,
    pub(crate) server: LocalServer,
    pub(crate) shutdown: CancellationToken,
    pub(crate) client: Client,
}

fn options(dir: &Path) -> ServerOptions {
    ServerOptions {
        state_dir: dir.join("state"),
        own_dirs: Vec::new(),
        cache_dir: dir.join("cache"),
        api_key: KEY.to_owned().into(),
        is_key_private: false,
        version: "0.0.0".to_owned(),
        helper: HelperCommand {
            program: env!("CARGO_BIN_EXE_sandbar").into(),
            arguments: ["internal", "init"].map(str::to_owned).into(),
        },
        max_sandboxes: 3,
        path: std::env::var("PATH").unwrap(),
        user: "someone".to_owned(),
        install_env: Vec::new(),
        opencode_version: "1.18.33".to_owned(),
        extra_file_roots: Vec::new(),
        isolation: local::IsolationRequest {
            most: local::Level::None,
            ..local::IsolationRequest::default()
        },
        limits: local::ResourceLimits::default(),
        domain: String::new(),
    }
}

async fn serve(dir: &Path) -> (LocalServer, CancellationToken) {
    serve_with(options(dir)).await
}

async fn serve_with(options: ServerOptions) -> (LocalServer, CancellationToken) {
    let shutdown = CancellationToken::new();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = local::start(vec![listener], options, shutdown.clone())
        .await
        .unwrap();
    (server, shutdown)
}

impl ApiHarness {
    pub(crate) async fn new() -> Self {
        let dir = folder();
        let (server, shutdown) = serve(dir.path()).await;
        let client = plain_client();
        Self {
            dir,
            server,
            shutdown,
            client,
        }
    }

    /// A server with this isolation.
    pub(crate) async fn at(wanted: local::IsolationRequest) -> Self {
        Self::limited(wanted, local::ResourceLimits::default()).await
    }

    /// The same with these limits.
    pub(crate) async fn limited(
        wanted: local::IsolationRequest,
        limits: local::ResourceLimits,
    ) -> Self {
        Self::with(|options| {
            options.isolation = wanted;
            options.limits = limits;
        })
        .await
    }

    /// A server with other options than the usual ones.
    pub(crate) async fn with(change: impl FnOnce(&mut ServerOptions)) -> Self {
        let dir = folder();
        let mut options = options(dir.path());
        change(&mut options);
        let (server, shutdown) = serve_with(options).await;
        Self {
            dir,
            server,
            shutdown,
            client: plain_client(),
        }
    }

    /// Stops the server and starts another on the same directory.
    async fn restart(self) -> Self {
        let Self {
            dir,
            server,
            shutdown,
            client,
        } = self;
        shutdown.cancel();
        server.closed().await;
        let (server, shutdown) = serve(dir.path()).await;
        Self {
            dir,
            server,
            shutdown,
            client,
        }
    }

    pub(crate) fn api(&self, method: &str, path: &str) -> RequestBuilder {
        let url = format!("{}{path}", self.server.url());
        self.client
            .request(method.parse().unwrap(), url)
            .header("x-api-key", KEY)
            .timeout(LIMIT)
    }

    pub(crate) async fn create(&self, body: Value) -> Sandbox<'_> {
        let response = self
            .api("POST", "/v2/sandboxes")
            .json(&body)
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), StatusCode::CREATED);
        let made: Value = response.json().await.unwrap();
        let text = |name: &str| made[name].as_str().unwrap_or_default().to_owned();
        Sandbox {
            harness: self,
            id: text("sandboxID"),
            token: text("envdAccessToken"),
            traffic: text("trafficAccessToken"),
        }
    }

    pub(crate) async fn base(&self) -> Sandbox<'_> {
        self.create(json!({"templateID": "base"})).await
    }

    pub(crate) async fn state(&self, id: &str) -> Value {
        let detail = self
            .api("GET", &format!("/sandboxes/{id}"))
            .send()
            .await
            .unwrap();
        detail.json::<Value>().await.unwrap()["state"].clone()
    }
}

pub(crate) struct Sandbox<'a> {
    harness: &'a ApiHarness,
    pub(crate) id: String,
    pub(crate) token: String,
    pub(crate) traffic: String,
}

/// The result of a command.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Ran {
    pub(crate) pid: u64,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) end: Value,
    pub(crate) error: Value,
}

impl Sandbox<'_> {
    pub(crate) fn envd(&self, method: &str, path: &str) -> RequestBuilder {
        let url = format!("{}{path}", self.harness.server.url());
        let request = self.harness.client.request(method.parse().unwrap(), url);
        request
            .header("e2b-sandbox-id", &self.id)
            .header("x-access-token", &self.token)
    }

    pub(crate) fn stream(&self, method: &str, body: &Value) -> RequestBuilder {
        let text = body.to_string();
        let mut bytes = vec![0];
        bytes.extend_from_slice(&u32::try_from(text.len()).unwrap().to_be_bytes());
        bytes.extend_from_slice(text.as_bytes());
        self.envd("POST", &format!("/process.Process/{method}"))
            .header("content-type", "application/connect+json")
            .body(bytes)
    }

    pub(crate) fn shell(&self, script: &str) -> RequestBuilder {
        let process = json!({"cmd": "/bin/sh", "args": ["-c", script]});
        self.stream("Start", &json!({"process": process, "stdin": false}))
    }

    pub(crate) async fn unary(&self, method: &str, body: Value) -> (StatusCode, Value) {
        let response = self
            .envd("POST", &format!("/{method}"))
            .json(&body)
            .send()
            .await
            .unwrap();
        (response.status(), response.json().await.unwrap())
    }

    pub(crate) async fn run(&self, script: &str) -> Ran {
        collect(Events::open(self.shell(script)).await).await
    }

    pub(crate) fn host(&self, port: u16) -> String {
        format!("{port}-{}.{}", self.id, self.harness.server.domain())
    }

    pub(crate) fn public(&self, port: u16, path: &str) -> RequestBuilder {
        let url = format!("{}{path}", self.harness.server.url());
        self.harness
            .client
            .get(url)
            .header("host", self.host(port))
            .timeout(LIMIT)
    }

    pub(crate) async fn kill(&self) {
        let path = format!("/sandboxes/{}", self.id);
        let killed = self.harness.api("DELETE", &path).send().await.unwrap();
        assert_eq!(killed.status(), StatusCode::NO_CONTENT);
    }
}

/// Parses a stream's envelopes.
pub(crate) struct Events {
    response: reqwest::Response,
    bytes: Vec<u8>,
}

impl Events {
    pub(crate) async fn open(request: RequestBuilder) -> Self {
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(
            response.headers()["content-type"],
            "application/connect+json"
        );
        Self {
            response,
            bytes: Vec::new(),
        }
    }

    /// The next message with its flag; `None` at the end of the body or if it breaks.
    pub(crate) async fn next(&mut self) -> Option<(u8, Value)> {
        loop {
            if let Some((head, rest)) = self.bytes.split_first_chunk::<5>() {
                let length = u32::from_be_bytes([head[1], head[2], head[3], head[4]]) as usize;
                if rest.len() >= length {
                    let message = (head[0], serde_json::from_slice(&rest[..length]).unwrap());
                    self.bytes.drain(..5 + length);
                    return Some(message);
                }
            }
            let chunk = tokio::time::timeout(LIMIT, self.response.chunk())
                .await
                .unwrap();
            self.bytes.extend_from_slice(&chunk.ok()??);
        }
    }

    pub(crate) async fn pid(&mut self) -> u64 {
        self.next().await.unwrap().1["event"]["start"]["pid"]
            .as_u64()
            .unwrap()
    }

    /// Waits for a chunk of stdout and returns it.
    pub(crate) async fn output(&mut self) -> String {
        loop {
            let (_, message) = self.next().await.unwrap();
            if let Some(text) = message["event"]["data"]["stdout"].as_str() {
                return decode(text);
            }
        }
    }
}

pub(crate) fn decode(text: &str) -> String {
    let bytes = base64::engine::general_purpose::STANDARD
        .decode(text)
        .unwrap();
    String::from_utf8(bytes).unwrap()
}

pub(crate) async fn collect(mut events: Events) -> Ran {
    let mut ran = Ran {
        pid: events.pid().await,
        ..Ran::default()
    };
    while let Some((flag, message)) = events.next().await {
        if flag == 2 {
            ran.error = message["error"]["code"].clone();
            break;
        }
        let event = &message["event"];
        ran.stdout += &event["data"]["stdout"]
            .as_str()
            .map(decode)
            .unwrap_or_default();
        ran.stderr += &event["data"]["stderr"]
            .as_str()
            .map(decode)
            .unwrap_or_default();
        if !event["end"].is_null() {
            ran.end = event["end"].clone();
        }
    }
    ran
}

#[tokio::test]
async fn a_command_gives_its_output_and_its_end() {
    let harness = ApiHarness::new().await;
    let sandbox = harness.base().await;

    let ran = sandbox.run("echo out; echo err >&2; exit 3").await;

    let end =
        json!({"exitCode": 3, "exited": true, "status": "exit status 3", "error": "exit status 3"});
    let wanted = Ran {
        pid: ran.pid,
        stdout: "out\n".into(),
        stderr: "err\n".into(),
        end,
        error: Value::Null,
    };
    assert_eq!(ran, wanted);
}

#[tokio::test]
async fn processes_see_the_sandbox_and_nothing_of_the_server_s_environment() {
    let harness = ApiHarness::new().await;
    let body = json!({"templateID": "base", "envVars": {"FROM_CREATE": "yes"}});
    let sandbox = harness.create(body).await;

    let ran = sandbox.run("env | cut -d= -f1 | sort | tr '\\n' ' '; echo; echo $FROM_CREATE $E2B_SANDBOX_ID; pwd; echo $HOME").await;

    let home = harness
        .dir
        .path()
        .canonicalize()
        .unwrap()
        .join("state/sandboxes")
        .join(&sandbox.id)
        .join("home");
    let home = home.display();
    let names = "E2B_SANDBOX E2B_SANDBOX_ID E2B_TEMPLATE_ID FROM_CREATE HOME LANG LOGNAME PATH PWD SHELL TMPDIR USER ";
    assert_eq!(
        ran.stdout,
        format!("{names}\nyes {}\n{home}\n{home}\n", sandbox.id)
    );
}

#[tokio::test]
async fn a_process_outlives_its_reader_and_can_be_reached_again() {
    let harness = ApiHarness::new().await;
    let sandbox = harness.base().await;
    let script = "echo ready; read line; echo got $line";
    let process = json!({"cmd": "/bin/sh", "args": ["-c", script]});
    let mut first = Events::open(sandbox.stream("Start", &json!({"process": process}))).await;
    let pid = first.pid().await;
    assert_eq!(first.output().await, "ready\n");
    drop(first);

    let again = Events::open(sandbox.stream("Connect", &json!({"process": {"pid": pid}}))).await;
    let input = base64::engine::general_purpose::STANDARD.encode("hello\n");
    let body = json!({"process": {"pid": pid}, "input": {"stdin": input}});
    let (status, _) = sandbox.unary("process.Process/SendInput", body).await;
    let ran = collect(again).await;

    assert_eq!(
        (status, ran.stdout.as_str()),
        (StatusCode::OK, "got hello\n")
    );
}

#[tokio::test]
async fn the_deadline_kills_the_process_and_not_what_it_has_started() {
    let harness = ApiHarness::new().await;
    let sandbox = harness.base().await;
    let request = sandbox
        .shell("sleep 1000 & echo $!; wait")
        .header("connect-timeout-ms", "700.0");

    let ran = collect(Events::open(request).await).await;

    assert_eq!(ran.error, "deadline_exceeded");
    let child: u64 = ran.stdout.trim().parse().unwrap();
    until(|| async { !alive(ran.pid) }).await;
    assert!(alive(child));
}

/// Waits for a state that has no event.
pub(crate) async fn until<F: Future<Output = bool>>(mut reached: impl FnMut() -> F) {
    let waiting = async {
        let mut step = tokio::time::interval(Duration::from_millis(20));
        while !reached().await {
            step.tick().await;
        }
    };
    tokio::time::timeout(LIMIT, waiting)
        .await
        .expect("the state was not reached");
}

#[tokio::test]
async fn kill_leaves_no_process_behind_not_even_one_that_left_its_group() {
    let harness = ApiHarness::new().await;
    let sandbox = harness.base().await;
    let script =
        "setsid sleep 1000 & echo $!; (setsid setsid sh -c 'sleep 1001 & echo $!' &) ; wait";
    let mut events = Events::open(sandbox.shell(script)).await;
    let pid = events.pid().await;
    let mut text = String::new();
    while text.lines().count() < 2 {
        text += &events.output().await;
    }
    let pids: Vec<u64> = text
        .lines()
        .map(|line| line.parse().unwrap())
        .chain([pid])
        .collect();
    assert!(pids.iter().all(|pid| alive(*pid)));

    sandbox.kill().await;

    assert_eq!(pids.iter().filter(|pid| alive(**pid)).count(), 0);
    let dir = harness.dir.path().join("state/sandboxes").join(&sandbox.id);
    assert!(!dir.exists());
    while events.next().await.is_some() {}
}

#[tokio::test]
async fn a_kill_that_comes_while_a_sandbox_is_made_leaves_no_process_behind() {
    let harness = ApiHarness::new().await;
    let kill = async || {
        loop {
            let listed = harness.api("GET", "/v2/sandboxes").send().await.unwrap();
            let listed: Value = listed.json().await.unwrap();
            if let Some(id) = listed[0]["sandboxID"].as_str() {
                let killed = harness.api("DELETE", &format!("/sandboxes/{id}"));
                let killed = killed.send().await.unwrap();
                assert_eq!(killed.status(), StatusCode::NO_CONTENT);
                return id.to_owned();
            }
        }
    };

    // The kill hits another step of the creation each time.
    for _ in 0..20 {
        let (sandbox, killed) = tokio::join!(harness.base(), kill());

        assert_eq!(sandbox.id, killed);
        assert_eq!(of_sandbox(&killed), []);
    }
}

#[tokio::test]
async fn pausing_stops_the_processes_and_connecting_lets_them_go_on() {
    let harness = ApiHarness::new().await;
    let sandbox = harness.base().await;
    let mut events = Events::open(sandbox.shell("echo on; exec sleep 1000")).await;
    let pid = events.pid().await;
    let path = |verb: &str| format!("/sandboxes/{}/{verb}", sandbox.id);
    let started = async || {
        let detail = harness.api("GET", &format!("/sandboxes/{}", sandbox.id));
        let detail: Value = detail.send().await.unwrap().json().await.unwrap();
        detail["startedAt"].as_str().unwrap().to_owned()
    };

    let first = started().await;
    let paused = harness
        .api("POST", &path("pause"))
        .json(&json!({}))
        .send()
        .await
        .unwrap();
    let twice = harness
        .api("POST", &path("pause"))
        .json(&json!({}))
        .send()
        .await
        .unwrap();
    let stopped = state(pid);
    let health = sandbox.envd("GET", "/health").send().await.unwrap();
    let resumed = harness
        .api("POST", &path("connect"))
        .json(&json!({"timeout": 60}))
        .send()
        .await
        .unwrap();
    let (_, list) = sandbox.unary("process.Process/List", json!({})).await;

    assert_eq!(
        (paused.status(), twice.status()),
        (StatusCode::NO_CONTENT, StatusCode::CONFLICT)
    );
    assert_eq!(stopped, Some('T'));
    assert_eq!(health.status(), StatusCode::BAD_GATEWAY);
    assert_eq!(resumed.status(), StatusCode::CREATED);
    assert_eq!(list["processes"][0]["pid"], pid);
    // It reports the start of the run, not of the sandbox.
    assert!(started().await > first);
}

#[tokio::test]
async fn after_a_restart_sandboxes_are_paused_and_keep_their_files_and_tokens() {
    let harness = ApiHarness::new().await;
    let sandbox = harness.base().await;
    let ran = sandbox
        .run("echo kept > file; (exec sleep 1000 >/dev/null 2>&1) & echo $!")
        .await;
    let child: u64 = ran.stdout.trim().parse().unwrap();
    let (id, token) = (sandbox.id.clone(), sandbox.token.clone());

    let harness = harness.restart().await;
    let state = harness.state(&id).await;
    let path = format!("/v2/sandboxes/{id}/connect");
    let connected = harness
        .api("POST", &path)
        .json(&json!({}))
        .send()
        .await
        .unwrap();
    let sandbox = Sandbox {
        harness: &harness,
        id,
        token,
        traffic: String::new(),
    };

    assert_eq!(
        (state, connected.status()),
        (json!("paused"), StatusCode::CREATED)
    );
    assert!(!alive(child));
    assert_eq!(sandbox.run("cat file").await.stdout, "kept\n");
}

#[tokio::test]
async fn a_sandbox_ends_with_its_time_or_pauses_if_asked_to() {
    let harness = ApiHarness::new().await;
    let short = harness
        .create(json!({"templateID": "base", "timeout": 1}))
        .await;
    let body = json!({"templateID": "base", "timeout": 1, "autoPause": true});
    let pausing = harness.create(body).await;

    until(|| async { harness.state(&short.id).await.is_null() }).await;
    until(|| async { harness.state(&pausing.id).await == "paused" }).await;
}

#[tokio::test]
async fn lists_are_filtered_and_paged() {
    let harness = ApiHarness::new().await;
    let mut ids = Vec::new();
    for name in ["a", "b&c d", "a"] {
        let body = json!({"templateID": "base", "metadata": {"name": name}});
        ids.push(harness.create(body).await.id);
    }
    let full = harness
        .api("POST", "/sandboxes")
        .json(&json!({"templateID": "base"}))
        .send()
        .await
        .unwrap();
    let names = async |query: &str| {
        let list = harness
            .api("GET", &format!("/v2/sandboxes?{query}"))
            .send()
            .await
            .unwrap();
        let next = list
            .headers()
            .get("x-next-token")
            .map(|token| token.to_str().unwrap().to_owned());
        let list: Vec<Value> = list.json().await.unwrap();
        let ids: Vec<_> = list
            .iter()
            .map(|one| one["sandboxID"].as_str().unwrap().to_owned())
            .collect();
        (ids, next)
    };

    let (found, _) = names("metadata=name%3Db%252526c%252520d&state=running%2Cpaused").await;
    let (first, next) = names("limit=2").await;
    let (second, end) = names(&format!("limit=2&nextToken={}", next.unwrap())).await;

    assert_eq!(full.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(found, [ids[1].clone()]);
    assert_eq!((first.len(), second.len(), end), (2, 1, None));
    let mut all = [first, second].concat();
    all.sort();
    ids.sort();
    assert_eq!(all, ids);
}

#[tokio::test]
async fn wrong_keys_tokens_and_host_names_are_refused() {
    let harness = ApiHarness::new().await;
    let sandbox = harness.base().await;
    let url = harness.server.url();

    let key = harness
        .client
        .get(format!("{url}/v2/sandboxes"))
        .header("x-api-key", "e2b_tesT");
    let token = harness
        .client
        .post(format!("{url}/process.Process/List"))
        .header("e2b-sandbox-id", &sandbox.id)
        .header("x-access-token", "wrong");
    let none = harness
        .client
        .post(format!("{url}/process.Process/List"))
        .header("e2b-sandbox-id", &sandbox.id);
    let host = harness
        .api("GET", "/v2/sandboxes")
        .header("host", "evil.example");

    let mut statuses = Vec::new();
    for request in [key, token, none, host] {
        statuses.push(request.send().await.unwrap().status().as_u16());
    }
    assert_eq!(statuses, [401, 401, 401, 400]);
}

#[tokio::test]
async fn files_go_up_and_down_inside_the_sandbox_only() {
    let harness = ApiHarness::new().await;
    let sandbox = harness.base().await;

    let put = sandbox
        .envd("POST", "/files?path=a/b.txt")
        .body("hello")
        .send()
        .await
        .unwrap();
    let get = sandbox
        .envd("GET", "/files?path=~/a/b.txt")
        .send()
        .await
        .unwrap();
    let outside = sandbox
        .envd("GET", "/files?path=/etc/hostname")
        .send()
        .await
        .unwrap();
    let (_, stat) = sandbox
        .unary("filesystem.Filesystem/Stat", json!({"path": "a/b.txt"}))
        .await;

    assert_eq!(put.status(), StatusCode::OK);
    assert_eq!(get.text().await.unwrap(), "hello");
    assert_eq!(outside.status(), StatusCode::FORBIDDEN);
    assert_eq!(stat["entry"]["size"], "5");
}

/// Responds to GET with SSE, one event at once and then silence; upgrades are echoed in upper case.
const NODE: &str = r"
const s = require('http').createServer((q, r) => {
  r.writeHead(200, {'content-type': 'text/event-stream'}); r.write('data: ' + q.url + '\n\n') })
s.on('upgrade', (q, c) => {
  c.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n')
  c.on('data', d => c.write(String(d).toUpperCase())); c.on('error', () => {}) })
s.listen(0, '127.0.0.1', () => console.log(s.address().port))";

pub(crate) async fn node(sandbox: &Sandbox<'_>) -> (Events, u16) {
    let body = json!({"process": {"cmd": "node", "args": ["-e", NODE]}, "stdin": false});
    let mut events = Events::open(sandbox.stream("Start", &body)).await;
    let port = events.output().await.trim().parse().unwrap();
    (events, port)
}

#[tokio::test]
async fn a_port_of_the_sandbox_streams_through_the_proxy() {
    let harness = ApiHarness::new().await;
    let sandbox = harness.base().await;
    let (_events, port) = node(&sandbox).await;

    let mut sse = sandbox.public(port, "/stream?x=1").send().await.unwrap();
    assert_eq!(sse.chunk().await.unwrap().unwrap(), "data: /stream?x=1\n\n");

    let mut socket = TcpStream::connect(harness.server.address()).await.unwrap();
    let head = format!(
        "GET /ws HTTP/1.1\r\nHost: {}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
        sandbox.host(port)
    );
    socket.write_all(head.as_bytes()).await.unwrap();
    let mut seen = String::new();
    let mut sent = false;
    while !seen.ends_with("PING") {
        if seen.contains("\r\n\r\n") && !sent {
            assert!(seen.starts_with("HTTP/1.1 101"), "{seen}");
            socket.write_all(b"ping").await.unwrap();
            sent = true;
        }
        let mut buffer = [0; 1024];
        let count = tokio::time::timeout(LIMIT, socket.read(&mut buffer))
            .await
            .unwrap()
            .unwrap();
        assert!(count > 0, "{seen}");
        seen += std::str::from_utf8(&buffer[..count]).unwrap();
    }
}

#[tokio::test]
async fn a_port_of_somebody_else_is_not_open() {
    let harness = ApiHarness::new().await;
    let sandbox = harness.base().await;
    let stranger = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = stranger.local_addr().unwrap().port();

    let response = sandbox.public(port, "/").send().await.unwrap();

    assert_eq!(response.status(), StatusCode::BAD_GATEWAY);
    let body: Value = response.json().await.unwrap();
    let message = "The sandbox is running but port is not open";
    assert_eq!(
        body,
        json!({"sandboxId": sandbox.id, "message": message, "port": port, "code": 502})
    );
}

#[tokio::test]
async fn private_ports_need_the_traffic_token() {
    let harness = ApiHarness::new().await;
    let network = json!({"allowPublicTraffic": false});
    let sandbox = harness
        .create(json!({"templateID": "base", "network": network}))
        .await;
    let (_events, port) = node(&sandbox).await;

    let without = sandbox.public(port, "/").send().await.unwrap().status();
    let with = sandbox
        .public(port, "/")
        .header("e2b-traffic-access-token", &sandbox.traffic);

    assert_eq!(
        (without, with.send().await.unwrap().status()),
        (StatusCode::FORBIDDEN, StatusCode::OK)
    );
}

#[tokio::test]
async fn a_reader_that_never_reads_does_not_stop_the_process() {
    let harness = ApiHarness::new().await;
    let sandbox = harness.base().await;
    let script = "head -c 60000000 /dev/zero; touch done";
    let idle = sandbox.shell(script).send().await.unwrap();
    let done = harness
        .dir
        .path()
        .join("state/sandboxes")
        .join(&sandbox.id)
        .join("home/done");

    until(|| async { done.exists() }).await;

    drop(idle);
}

#[tokio::test]
async fn a_helper_that_is_killed_pauses_its_sandbox() {
    let harness = ApiHarness::new().await;
    let sandbox = harness.base().await;
    let mut events = Events::open(sandbox.shell("echo $PPID; exec sleep 1000")).await;
    let pid = events.pid().await;
    let helper: i32 = events.output().await.trim().parse().unwrap();

    let helper = rustix::process::Pid::from_raw(helper).unwrap();
    rustix::process::kill_process(helper, rustix::process::Signal::KILL).unwrap();

    until(|| async { harness.state(&sandbox.id).await == "paused" }).await;
    until(|| async { !alive(pid) }).await;
}

#[tokio::test]
async fn a_template_that_is_unknown_is_named_in_the_error() {
    let harness = ApiHarness::new().await;

    let body = json!({"templateID": "nothing"});
    let response = harness
        .api("POST", "/v2/sandboxes")
        .json(&body)
        .send()
        .await
        .unwrap();

    assert_eq!(response.status(), StatusCode::NOT_FOUND);
    let body: Value = response.json().await.unwrap();
    let message = "template 'nothing' not found; the local server has 'base' and 'opencode'";
    assert_eq!(body, json!({"code": 404, "message": message}));
}

#[tokio::test]
async fn without_npm_the_template_says_what_to_install() {
    let dir = folder();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut options = options(dir.path());
    options.path = dir.path().display().to_string();
    let shutdown = CancellationToken::new();
    let server = local::start(vec![listener], options, shutdown)
        .await
        .unwrap();
    let client = plain_client();

    let url = format!("{}/sandbar/templates/opencode/install", server.url());
    let lines = client
        .post(url)
        .header("x-api-key", KEY)
        .json(&json!({"limit_secs": 60}))
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();

    let last: Value = serde_json::from_str(lines.lines().last().unwrap()).unwrap();
    let message = "npm was not found: install Node.js with npm to get the template 'opencode', or use the template 'base'";
    assert_eq!(last, json!({"error": message}));
}

/// Ends the daemon even if a test fails.
struct DaemonGuard(i32);

impl Drop for DaemonGuard {
    fn drop(&mut self) {
        if let Some(pid) = rustix::process::Pid::from_raw(self.0) {
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        }
    }
}

#[tokio::test]
async fn a_daemon_is_started_once_found_again_and_keeps_its_port_and_key() {
    let dir = folder();
    let state = dir.path().join("state/local");
    let launch = daemon::DaemonLaunch {
        program: env!("CARGO_BIN_EXE_sandbar").into(),
        arguments: ["local", "serve", "--daemon"].map(str::to_owned).into(),
        env: vec![
            ("PATH".to_owned(), std::env::var("PATH").unwrap()),
            ("SANDBAR_HOME".to_owned(), dir.path().display().to_string()),
        ],
    };

    let none = daemon::find(&state).await;
    let (one, two) = tokio::join!(
        daemon::find_or_start(&state, &launch),
        daemon::find_or_start(&state, &launch)
    );
    let (one, two) = (one.unwrap(), two.unwrap());
    let _guard = DaemonGuard(one.pid.try_into().unwrap());
    let stopped = daemon::stop(&state).await.unwrap();
    let gone = daemon::find(&state).await;
    let again = daemon::find_or_start(&state, &launch).await.unwrap();
    let _guard = DaemonGuard(again.pid.try_into().unwrap());
    let ended = (
        daemon::stop(&state).await.unwrap(),
        daemon::stop(&state).await.unwrap(),
    );

    assert!(none.is_none() && gone.is_none());
    assert_eq!((one.pid, &one.url), (two.pid, &two.url));
    assert_ne!(again.pid, one.pid);
    assert_eq!(again.url, one.url);
    assert_eq!(again.api_key.expose_secret(), one.api_key.expose_secret());
    assert_eq!((stopped, ended), (true, (true, false)));
}

#[tokio::test]
async fn a_daemon_that_does_not_come_up_is_an_error_with_its_last_words() {
    let dir = folder();
    let launch = daemon::DaemonLaunch {
        program: "/bin/sh".into(),
        arguments: vec!["-c".to_owned(), "echo no luck >&2; exit 1".to_owned()],
        env: Vec::new(),
    };

    let error = daemon::find_or_start(dir.path(), &launch)
        .await
        .unwrap_err();

    assert!(error.to_string().ends_with("no luck"), "{error}");
}
