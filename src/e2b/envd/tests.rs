//! The envd client against recorded bytes, a real Connect service, and interfering gateways.

use std::sync::Arc;

use axum::response::{Html, IntoResponse};
use connectrpc::{
    ConnectRpcService, InboundStream, RequestContext, Response, ServiceRequest, ServiceResult,
    ServiceStream,
};
use futures::StreamExt as _;
use futures::stream;
use http::StatusCode;
use pretty_assertions::assert_eq;
use reqwest::Url;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::super::process::{ExitStatus, ProcessEvent};
use super::super::proto::process::{
    CloseStdinResponse, ConnectResponse, ListResponse, Process, ProcessConfig,
    ProcessEvent as WireEvent, ProcessExt as _, ProcessInfo, SendInputResponse, SendSignalResponse,
    StartRequest, StartResponse, StreamInputRequest, StreamInputResponse, UpdateRequest,
    UpdateResponse, process_event,
};
use super::super::proto::{ProcessEventKind, ProcessOutput};
use super::super::testing::{RecordedRequest, Stub, closed_port, http, serve};
use super::*;

const GONE: &str = r#"{"sandboxId": "i01", "message": "The sandbox was not found", "code": 502}"#;
const NO_TOKEN: &str = r#"{"code":401,"message":"unauthorized access, please provide a valid access token or method signing if supported"}"#;

fn client(base: &Url) -> EnvdClient {
    let address = EnvdAddress {
        base: base.clone(),
        sandbox_id: "i01".into(),
        token: Some("envd-hush".into()),
        user: None,
    };
    EnvdClient::new(http(), address).unwrap()
}

fn exited(code: i32) -> ExitStatus {
    ExitStatus {
        code,
        exited: true,
        status: format!("exit status {code}"),
    }
}

async fn events(stream: &mut ProcessStream) -> Vec<ProcessEvent> {
    let mut all = Vec::new();
    while let Some(event) = stream.next().await.unwrap() {
        all.push(event);
    }
    all
}

/// Connect's envelope: flags, length, message.
fn envelope(flags: u8, json: &str) -> Vec<u8> {
    let mut bytes = vec![flags];
    bytes.extend(u32::try_from(json.len()).unwrap().to_be_bytes());
    bytes.extend(json.as_bytes());
    bytes
}

fn recorded_stream(envelopes: &[(u8, &str)]) -> axum::response::Response {
    let body: Vec<u8> = envelopes
        .iter()
        .flat_map(|(flags, json)| envelope(*flags, json))
        .collect();
    ([("content-type", "application/connect+json")], body).into_response()
}

#[tokio::test]
async fn a_command_goes_over_the_wire_as_recorded() {
    let stub = Stub::start(|_: &RecordedRequest| {
        recorded_stream(&[
            (0, r#"{"event":{"start":{"pid":27838}}}"#),
            (0, r#"{"event":{"keepalive":{}}}"#),
            (0, r#"{"event":{"data":{"stdout":"aGkK"}}}"#),
            (0, r#"{"event":{"end":{"exited":true,"status":"exit status 3","exitCode":3,"error":"exit status 3"}}}"#),
            (2, "{}"),
        ])
    })
    .await;
    let what = StartProcess {
        deadline: Some(Duration::from_mins(1)),
        ..StartProcess::shell("echo hi; exit 3")
    };

    let mut stream = client(&stub.url).start(&what).await.unwrap();
    let seen = stub.seen().remove(0);

    assert_eq!(stream.pid(), 27838);
    assert_eq!(
        events(&mut stream).await,
        [
            ProcessEvent::Stdout("hi\n".into()),
            ProcessEvent::Ended(exited(3))
        ]
    );
    assert_eq!(seen.target, "/process.Process/Start");
    assert_eq!(
        seen.body,
        envelope(
            0,
            r#"{"process":{"cmd":"/bin/bash","args":["-l","-c","echo hi; exit 3"]},"stdin":false}"#
        )
    );
    let headers = [
        ("connect-protocol-version", Some("1")),
        ("connect-timeout-ms", Some("60000")),
        ("content-type", Some("application/connect+json")),
        ("e2b-sandbox-id", Some("i01")),
        ("e2b-sandbox-port", Some("49983")),
        ("keepalive-ping-interval", Some("30")),
        ("x-access-token", Some("envd-hush")),
        ("authorization", None),
    ];
    assert_eq!(headers.map(|(name, _)| (name, seen.header(name))), headers);
}

const SIZE: TerminalSize = TerminalSize {
    columns: 100,
    rows: 30,
};

#[tokio::test]
async fn a_process_on_a_terminal_is_asked_for_and_heard_as_recorded() {
    let stub = Stub::start(|_: &RecordedRequest| {
        recorded_stream(&[
            (0, r#"{"event":{"start":{"pid":7}}}"#),
            (0, r#"{"event":{"data":{"pty":"aGkK"}}}"#),
            (
                0,
                r#"{"event":{"end":{"exited":true,"status":"exit status 0"}}}"#,
            ),
            (2, "{}"),
        ])
    })
    .await;
    let what = StartProcess {
        terminal: Some(SIZE),
        ..StartProcess::program("/bin/bash", ["-i", "-l"])
    };

    let mut stream = client(&stub.url).start(&what).await.unwrap();

    let heard = events(&mut stream).await;
    assert_eq!(heard[0], ProcessEvent::Stdout("hi\n".into()));
    assert_eq!(
        stub.seen().remove(0).body,
        envelope(
            0,
            r#"{"process":{"cmd":"/bin/bash","args":["-i","-l"]},"pty":{"size":{"cols":100,"rows":30}},"stdin":false}"#
        )
    );
}

#[tokio::test]
async fn without_a_deadline_none_is_sent_and_a_user_goes_along_when_given() {
    let stub = Stub::start(|_: &RecordedRequest| {
        recorded_stream(&[(0, r#"{"event":{"start":{"pid":1}}}"#), (2, "{}")])
    })
    .await;
    let mut address = client(&stub.url).address;
    address.user = Some("root".into());
    let envd = EnvdClient::new(http(), address).unwrap();

    envd.start(&StartProcess::program("true", [""; 0]))
        .await
        .unwrap();

    let seen = stub.seen().remove(0);
    assert_eq!(seen.header("connect-timeout-ms"), None);
    assert_eq!(seen.header("authorization"), Some("Basic cm9vdDo="));
}

#[tokio::test]
async fn unary_calls_go_over_the_wire_as_recorded() {
    let stub = Stub::start(|seen: &RecordedRequest| {
        let unknown = seen.body.starts_with(br#"{"process":{"pid":9}"#);
        let (status, body) = if unknown {
            (
                404,
                r#"{"code": "not_found", "message": "process with pid 9 not found"}"#,
            )
        } else {
            (200, "{}")
        };
        let status = StatusCode::from_u16(status).unwrap();
        (status, [("content-type", "application/json")], body)
    })
    .await;
    let envd = client(&stub.url);
    let process = ProcessRef::Pid(21227);

    assert_eq!(envd.list().await.unwrap(), []);
    envd.send_stdin(&process, "one\n".into()).await.unwrap();
    envd.send_terminal(&process, "one\n".into()).await.unwrap();
    envd.resize(&process, SIZE).await.unwrap();
    envd.close_stdin(&process).await.unwrap();
    assert!(
        envd.send_signal(&process, ProcessSignal::Kill)
            .await
            .unwrap()
    );
    assert!(
        !envd
            .send_signal(&ProcessRef::Pid(9), ProcessSignal::Terminate)
            .await
            .unwrap()
    );
    let error = envd.close_stdin(&ProcessRef::Pid(9)).await.unwrap_err();

    assert_eq!(
        error.to_string(),
        "close the input of process 9 in sandbox i01: not found: process with pid 9 not found"
    );
    assert_eq!(
        stub.lines(),
        [
            "POST /process.Process/List {}",
            r#"POST /process.Process/SendInput {"process":{"pid":21227},"input":{"stdin":"b25lCg=="}}"#,
            r#"POST /process.Process/SendInput {"process":{"pid":21227},"input":{"pty":"b25lCg=="}}"#,
            r#"POST /process.Process/Update {"process":{"pid":21227},"pty":{"size":{"cols":100,"rows":30}}}"#,
            r#"POST /process.Process/CloseStdin {"process":{"pid":21227}}"#,
            r#"POST /process.Process/SendSignal {"process":{"pid":21227},"signal":"SIGNAL_SIGKILL"}"#,
            r#"POST /process.Process/SendSignal {"process":{"pid":9},"signal":"SIGNAL_SIGTERM"}"#,
            r#"POST /process.Process/CloseStdin {"process":{"pid":9}}"#,
        ]
    );
}

/// A real Connect service whose processes are scripted by name.
struct Scripted;

fn event(event: impl Into<Option<ProcessEventKind>>) -> StartResponse {
    let event = WireEvent {
        event: event.into(),
        ..WireEvent::default()
    };
    StartResponse {
        event: event.into(),
        ..StartResponse::default()
    }
}

fn output(output: ProcessOutput) -> StartResponse {
    event(process_event::DataEvent {
        output: Some(output),
        ..Default::default()
    })
}

fn end(exit_code: i32) -> StartResponse {
    let status = format!("exit status {exit_code}");
    event(process_event::EndEvent {
        exit_code,
        exited: true,
        status,
        ..Default::default()
    })
}

fn script(program: &str) -> ServiceStream<StartResponse> {
    let start = event(process_event::StartEvent {
        pid: 7,
        ..Default::default()
    });
    match program {
        "numbers" => {
            let lines = (0..1000).map(|n| output(ProcessOutput::Stdout(format!("{n}\n").into())));
            let warning = output(ProcessOutput::Stderr(b"careful\n".to_vec()));
            let all = std::iter::once(start).chain(lines).chain([warning, end(0)]);
            stream::iter(all.map(Ok).collect::<Vec<_>>()).boxed()
        }
        "silent" => stream::iter([Ok(start)]).chain(stream::pending()).boxed(),
        "late" => {
            let late = ConnectError::deadline_exceeded("the process was killed");
            stream::iter([Ok(start), Err(late)]).boxed()
        }
        "endless" => stream::iter([Ok(start)]).boxed(),
        "keepalive" => {
            stream::iter([Ok(event(process_event::KeepAlive::default())), Ok(start)]).boxed()
        }
        _ => stream::iter([Err(ConnectError::invalid_argument(
            "cwd '/x' does not exist",
        ))])
        .boxed(),
    }
}

fn unimplemented<T>() -> ServiceResult<T> {
    Err(ConnectError::unimplemented("not in this test"))
}

#[expect(refining_impl_trait, reason = "handlers return their concrete types")]
impl Process for Scripted {
    async fn start(
        &self,
        _: RequestContext,
        request: ServiceRequest<'_, StartRequest>,
    ) -> ServiceResult<ServiceStream<StartResponse>> {
        let request = request.to_owned_message();
        Response::stream_ok(script(&request.process.cmd))
    }

    async fn connect(
        &self,
        _: RequestContext,
        request: ServiceRequest<'_, ConnectRequest>,
    ) -> ServiceResult<ServiceStream<ConnectResponse>> {
        match request
            .to_owned_message()
            .process
            .into_option()
            .and_then(|process| process.selector)
        {
            Some(ProcessSelectorKind::Tag(program)) => {
                Response::stream_ok(script(&program).map(|message| {
                    let event = message?.event;
                    Ok(ConnectResponse {
                        event,
                        ..ConnectResponse::default()
                    })
                }))
            }
            _ => Err(ConnectError::not_found("process with pid 9 not found")),
        }
    }

    async fn list(
        &self,
        _: RequestContext,
        _: ServiceRequest<'_, ListRequest>,
    ) -> ServiceResult<ListResponse> {
        let config = ProcessConfig {
            cmd: "opencode".into(),
            args: vec!["serve".into()],
            cwd: Some("/home/user".into()),
            ..ProcessConfig::default()
        };
        let info = ProcessInfo {
            config: config.into(),
            pid: 7,
            tag: Some("server".into()),
            ..ProcessInfo::default()
        };
        Response::ok(ListResponse {
            processes: vec![info],
            ..ListResponse::default()
        })
    }

    async fn send_input(
        &self,
        _: RequestContext,
        _: ServiceRequest<'_, SendInputRequest>,
    ) -> ServiceResult<SendInputResponse> {
        unimplemented()
    }

    async fn stream_input(
        &self,
        _: RequestContext,
        _: InboundStream<StreamInputRequest>,
    ) -> ServiceResult<StreamInputResponse> {
        unimplemented()
    }

    async fn close_stdin(
        &self,
        _: RequestContext,
        _: ServiceRequest<'_, CloseStdinRequest>,
    ) -> ServiceResult<CloseStdinResponse> {
        unimplemented()
    }

    async fn send_signal(
        &self,
        _: RequestContext,
        _: ServiceRequest<'_, SendSignalRequest>,
    ) -> ServiceResult<SendSignalResponse> {
        unimplemented()
    }

    async fn update(
        &self,
        _: RequestContext,
        _: ServiceRequest<'_, UpdateRequest>,
    ) -> ServiceResult<UpdateResponse> {
        unimplemented()
    }
}

async fn scripted() -> EnvdClient {
    let router = Arc::new(Scripted).register(connectrpc::Router::new());
    let service = ConnectRpcService::new(router);
    let app = axum::Router::new().route_service("/process.Process/{method}", service);
    client(&serve(app).await)
}

fn named(program: &str) -> StartProcess {
    StartProcess::program(program, [""; 0])
}

#[tokio::test]
async fn a_command_runs_to_its_end_and_keeps_the_last_of_its_output() {
    let envd = scripted().await;
    let limit = Duration::from_secs(10);

    let whole = envd.run(&named("numbers"), limit, 1 << 20).await.unwrap();
    let short = envd.run(&named("numbers"), limit, 8).await.unwrap();

    assert_eq!(
        (whole.stdout.len(), whole.truncated, whole.exit.success()),
        (3890, false, true)
    );
    assert_eq!(
        (&*short.stdout, &*short.stderr, short.truncated),
        (&b"998\n999\n"[..], &b"careful\n"[..], true)
    );
}

#[tokio::test]
async fn a_process_can_be_followed_by_its_tag() {
    let mut stream = scripted()
        .await
        .connect(&ProcessRef::Tag("numbers".into()))
        .await
        .unwrap();

    let events = events(&mut stream).await;

    assert_eq!((stream.pid(), events.len()), (7, 1002));
    assert_eq!(events.last(), Some(&ProcessEvent::Ended(exited(0))));
    assert_eq!(stream.next().await, Ok(None));
}

#[tokio::test]
async fn running_processes_are_listed_with_their_names() {
    assert_eq!(
        scripted().await.list().await.unwrap(),
        [RunningProcess {
            pid: 7,
            tag: Some("server".into()),
            program: "opencode".into(),
            args: vec!["serve".into()],
            directory: Some("/home/user".into()),
        }]
    );
}

#[tokio::test]
async fn errors_inside_a_stream_are_the_servers_words() {
    let envd = scripted().await;

    let unknown = envd.connect(&ProcessRef::Pid(9)).await.err().unwrap();
    let refused = envd.start(&named("nonsense")).await.err().unwrap();

    assert_eq!(
        unknown.to_string(),
        "connect to process 9 in sandbox i01: not found: process with pid 9 not found"
    );
    assert_eq!(
        refused.to_string(),
        "start nonsense in sandbox i01: invalid_argument: cwd '/x' does not exist"
    );
}

#[tokio::test]
async fn a_deadline_is_the_same_whoever_keeps_it() {
    let envd = scripted().await;
    let (short, long) = (Duration::from_millis(50), Duration::from_secs(10));

    let ours = envd.run(&named("silent"), short, 8).await.unwrap_err();
    let theirs = envd.run(&named("late"), long, 8).await.unwrap_err();

    assert_eq!(ours.kind, ErrorKind::TimedOut { after: short });
    assert_eq!(theirs.kind, ErrorKind::TimedOut { after: long });
    assert_eq!(
        theirs.to_string(),
        "run late in sandbox i01: no answer within 10 s"
    );
}

#[tokio::test]
async fn a_stream_without_keepalives_counts_as_dead() {
    let silence = Duration::from_millis(50);
    let envd = scripted()
        .await
        .with_limits(Duration::from_secs(10), silence);

    let mut stream = envd.start(&named("silent")).await.unwrap();

    assert_eq!(
        stream.next().await.unwrap_err().kind,
        ErrorKind::TimedOut { after: silence }
    );
}

#[tokio::test]
async fn a_stream_that_ends_before_the_process_does_is_broken() {
    let mut stream = scripted().await.start(&named("endless")).await.unwrap();

    let error = stream.next().await.unwrap_err();

    assert!(matches!(error.kind, ErrorKind::Broken { .. }), "{error:?}");
    assert!(error.is_retryable());
}

#[tokio::test]
async fn a_stream_that_does_not_begin_with_the_start_is_not_understood() {
    let error = scripted()
        .await
        .start(&named("keepalive"))
        .await
        .err()
        .unwrap();

    assert!(
        matches!(error.kind, ErrorKind::Unreadable { .. }),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_connection_that_is_cut_in_the_middle_is_broken() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = Url::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        let mut request = Vec::new();
        while !request.ends_with(b"false}") {
            socket.read_buf(&mut request).await.unwrap();
        }
        let first = envelope(0, r#"{"event":{"start":{"pid":5}}}"#);
        let head = "HTTP/1.1 200 OK\r\ncontent-type: application/connect+json\r\ntransfer-encoding: chunked\r\n\r\n";
        socket.write_all(head.as_bytes()).await.unwrap();
        socket
            .write_all(format!("{:x}\r\n", first.len()).as_bytes())
            .await
            .unwrap();
        socket.write_all(&first).await.unwrap();
        socket
            .write_all(b"\r\n20\r\n\0\0\0\0\x30half a")
            .await
            .unwrap();
    });

    let mut stream = client(&url).start(&named("opencode")).await.unwrap();
    let error = stream.next().await.unwrap_err();

    assert_eq!(stream.pid(), 5);
    assert!(matches!(error.kind, ErrorKind::Broken { .. }), "{error:?}");
}

/// How the two kinds of RPC, the health probe and a file call classify the same response.
async fn all_ways(envd: &EnvdClient) -> String {
    let errors = [
        envd.start(&named("opencode")).await.err().unwrap(),
        envd.list().await.unwrap_err(),
        envd.health().await.unwrap_err(),
        envd.read_file("/tmp/a", 10).await.unwrap_err(),
    ];
    errors.map(|error| error.to_string()).join("\n")
}

#[tokio::test]
async fn what_stands_before_envd_is_heard_in_every_way() {
    let json = [("content-type", "application/json; charset=utf-8")];
    let gone = Stub::start(move |_: &RecordedRequest| (StatusCode::BAD_GATEWAY, json, GONE)).await;
    let token =
        Stub::start(move |_: &RecordedRequest| (StatusCode::UNAUTHORIZED, json, NO_TOKEN)).await;
    let page =
        Stub::start(|_: &RecordedRequest| (StatusCode::BAD_GATEWAY, Html("<html>502</html>")))
            .await;
    let leak =
        Stub::start(|_: &RecordedRequest| (StatusCode::BAD_REQUEST, "envd-hush\u{1b}[2J")).await;

    let mut said = Vec::new();
    for stub in [gone, token, page, leak] {
        said.push(all_ways(&client(&stub.url)).await);
    }

    insta::assert_snapshot!(said.join("\n\n"));
}

#[tokio::test]
async fn a_page_with_status_200_is_not_taken_for_a_stream() {
    let stub = Stub::start(|_: &RecordedRequest| Html("<html>Log in</html>")).await;

    let error = client(&stub.url)
        .start(&named("opencode"))
        .await
        .err()
        .unwrap();

    assert_eq!(error.kind, ErrorKind::Html { status: 200 });
}

#[tokio::test]
async fn a_closed_port_is_unreachable_by_every_way() {
    let (url, _socket) = closed_port();
    let envd = client(&url);

    for error in [
        envd.start(&named("opencode")).await.err().unwrap(),
        envd.list().await.unwrap_err(),
        envd.health().await.unwrap_err(),
    ] {
        assert!(
            matches!(error.kind, ErrorKind::Unreachable { .. }),
            "{error:?}"
        );
    }
}

/// `/files` with one file, `0123456789`, and ranges as in envd.
fn files(seen: &RecordedRequest) -> axum::response::Response {
    let content = "0123456789";
    let range = seen
        .header("range")
        .and_then(|range| range.strip_prefix("bytes="));
    let Some((first, last)) = range.and_then(|range| range.split_once('-')) else {
        return content.into_response();
    };
    let (first, last): (usize, usize) = (first.parse().unwrap(), last.parse().unwrap());
    match content.get(first..(last + 1).min(content.len())) {
        Some(part) if !part.is_empty() => {
            (StatusCode::PARTIAL_CONTENT, part.to_owned()).into_response()
        }
        _ => StatusCode::RANGE_NOT_SATISFIABLE.into_response(),
    }
}

#[tokio::test]
async fn files_are_read_whole_or_in_part_and_written_as_bytes() {
    let stub = Stub::start(files).await;
    let envd = client(&stub.url);
    let path = "/tmp/a b/log";

    assert_eq!(envd.read_file(path, 10).await.unwrap(), "0123456789");
    assert_eq!(
        envd.read_file(path, 9).await.unwrap_err().kind,
        ErrorKind::TooLarge { limit: 9 }
    );
    assert_eq!(envd.read_file_at(path, 7, 2).await.unwrap(), "78");
    assert_eq!(envd.read_file_at(path, 8, 100).await.unwrap(), "89");
    assert_eq!(envd.read_file_at(path, 10, 100).await.unwrap(), "");
    assert_eq!(envd.read_file_at(path, 10, 0).await.unwrap(), "");
    envd.write_file(path, Bytes::from_static(b"raw \xff body"))
        .await
        .unwrap();

    let upload = stub.seen().pop().unwrap();
    assert_eq!(
        (
            &*upload.method,
            &*upload.target,
            upload.header("content-type"),
            &upload.body[..]
        ),
        (
            "POST",
            "/files?path=%2Ftmp%2Fa+b%2Flog",
            Some("application/octet-stream"),
            &b"raw \xff body"[..]
        )
    );
    assert_eq!(upload.header("x-access-token"), Some("envd-hush"));
}

#[tokio::test]
async fn a_server_without_ranges_gives_the_same_part() {
    let stub = Stub::start(|_: &RecordedRequest| "0123456789").await;
    let envd = client(&stub.url);

    assert_eq!(envd.read_file_at("/log", 7, 100).await.unwrap(), "789");
    assert_eq!(envd.read_file_at("/log", 70, 100).await.unwrap(), "");
}
