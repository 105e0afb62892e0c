//! The server's HTTP for clients other than browsers and JavaScript: keep-alive connections, and messages in binary
//! protobuf.

use std::time::Duration;

use buffa::Message;
use bytes::Bytes;
use futures::StreamExt as _;
use pretty_assertions::assert_eq;
use reqwest::{RequestBuilder, StatusCode};
use sandbar::e2b::proto::{
    ProcessEventKind, ProcessInputKind, ProcessOutput, ProcessSelectorKind, StreamInputEvent,
    filesystem, process as pb,
};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::local::http_api::{ApiHarness, Sandbox};

/// Generous: a busy machine must not fail a test.
const LIMIT: Duration = Duration::from_secs(20);

/// A connection for consecutive requests.
struct Connection {
    socket: TcpStream,
    bytes: Vec<u8>,
}

impl Connection {
    async fn open(harness: &ApiHarness) -> Self {
        let socket = TcpStream::connect(harness.server.address()).await.unwrap();
        socket.set_nodelay(true).unwrap();
        Self {
            socket,
            bytes: Vec::new(),
        }
    }

    async fn send(&mut self, text: &str) {
        self.socket.write_all(text.as_bytes()).await.unwrap();
    }

    /// The status of the next response, whose body is discarded.
    async fn status(&mut self) -> u16 {
        loop {
            let text = String::from_utf8_lossy(&self.bytes).to_ascii_lowercase();
            if let Some((head, body)) = text.split_once("\r\n\r\n") {
                let length = head.split_once("content-length: ").unwrap().1;
                let length: usize = length.lines().next().unwrap().parse().unwrap();
                if body.len() >= length {
                    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
                    self.bytes.drain(..head.len() + 4 + length);
                    return status;
                }
            }
            let mut chunk = [0; 4096];
            let count = tokio::time::timeout(LIMIT, self.socket.read(&mut chunk))
                .await
                .unwrap()
                .unwrap();
            assert!(count > 0, "the connection was closed: {text}");
            self.bytes.extend_from_slice(&chunk[..count]);
        }
    }
}

#[tokio::test]
async fn an_early_answer_leaves_the_connection_usable() {
    let harness = ApiHarness::new().await;
    let mut connection = Connection::open(&harness).await;
    let head = |path: &str, more: &str| {
        format!("POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 2\r\n{more}\r\n")
    };
    for (path, more, wanted) in [
        ("/v2/sandboxes", "", 401),
        ("/process.Process/List", "e2b-sandbox-id: inone\r\n", 502),
        ("/volumes", "x-api-key: e2b_test\r\n", 501),
        ("/nothing", "x-api-key: e2b_test\r\n", 404),
    ] {
        // In two pieces, as Python's clients send it.
        connection.send(&head(path, more)).await;
        connection.send("{}").await;

        assert_eq!(connection.status().await, wanted, "{path}");
    }
}

fn envelope(flag: u8, message: &[u8]) -> Vec<u8> {
    let length = u32::try_from(message.len()).unwrap().to_be_bytes();
    [&[flag], &length[..], message].concat()
}

/// A call as connect-go makes it: binary, and gzip is accepted.
fn unary(sandbox: &Sandbox<'_>, method: &str, message: &impl Message) -> RequestBuilder {
    sandbox
        .envd("POST", &format!("/{method}"))
        .header("content-type", "application/proto")
        .header("connect-protocol-version", "1")
        .body(message.encode_to_vec())
}

fn start(cmd: &str, args: &[&str]) -> pb::StartRequest {
    let config = pb::ProcessConfig {
        cmd: cmd.to_owned(),
        args: args.iter().map(|&arg| arg.to_owned()).collect(),
        ..Default::default()
    };
    pb::StartRequest {
        process: config.into(),
        ..Default::default()
    }
}

fn stream(sandbox: &Sandbox<'_>, method: &str, message: &impl Message) -> RequestBuilder {
    sandbox
        .envd("POST", &format!("/process.Process/{method}"))
        .header("content-type", "application/connect+proto")
        .header("connect-protocol-version", "1")
        .header("connect-accept-encoding", "gzip")
        .body(envelope(0, &message.encode_to_vec()))
}

/// A stream of binary messages, some of them compressed.
struct Messages {
    body: futures::stream::BoxStream<'static, reqwest::Result<Bytes>>,
    bytes: Vec<u8>,
}

impl Messages {
    async fn open(request: RequestBuilder) -> Self {
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        assert_eq!(
            answer.headers()["content-type"],
            "application/connect+proto"
        );
        Self {
            body: answer.bytes_stream().boxed(),
            bytes: Vec::new(),
        }
    }

    async fn next(&mut self) -> (u8, Vec<u8>) {
        loop {
            if let Some((head, rest)) = self.bytes.split_first_chunk::<5>() {
                let length = u32::from_be_bytes([head[1], head[2], head[3], head[4]]) as usize;
                if let Some(message) = rest.get(..length) {
                    let (flag, message) = (head[0], message.to_vec());
                    self.bytes.drain(..5 + length);
                    return match flag {
                        1 | 3 => (flag - 1, unpacked(&message).await),
                        _ => (flag, message),
                    };
                }
            }
            let chunk = tokio::time::timeout(LIMIT, self.body.next()).await.unwrap();
            self.bytes.extend_from_slice(&chunk.unwrap().unwrap());
        }
    }

    /// The next event of a process except keepalives.
    async fn event(&mut self) -> ProcessEventKind {
        loop {
            let (flag, message) = self.next().await;
            assert_eq!(flag, 0, "{}", String::from_utf8_lossy(&message));
            let response = pb::StartResponse::decode_from_slice(&message).unwrap();
            match response.event.event.clone().unwrap() {
                ProcessEventKind::Keepalive(_) => {}
                event => return event,
            }
        }
    }
}

async fn unpacked(packed: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut decoder = async_compression::tokio::bufread::GzipDecoder::new(packed);
    decoder.read_to_end(&mut bytes).await.unwrap();
    bytes
}

async fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut packed = Vec::new();
    let mut encoder = async_compression::tokio::bufread::GzipEncoder::new(bytes);
    encoder.read_to_end(&mut packed).await.unwrap();
    packed
}

#[tokio::test]
async fn single_calls_are_answered_in_binary_and_their_errors_in_json() {
    let harness = ApiHarness::new().await;
    let sandbox = harness.base().await;
    let directory = filesystem::MakeDirRequest {
        path: "made".to_owned(),
        ..Default::default()
    };
    let missing = filesystem::StatRequest {
        path: "missing".to_owned(),
        ..Default::default()
    };

    let made = unary(&sandbox, "filesystem.Filesystem/MakeDir", &directory);
    let made = made.send().await.unwrap();
    let kind = made.headers()["content-type"].clone();
    let made = made.bytes().await.unwrap();
    let made = filesystem::MakeDirResponse::decode_from_slice(&made).unwrap();
    let again = unary(&sandbox, "filesystem.Filesystem/MakeDir", &directory)
        .header("content-encoding", "gzip")
        .body(packed(&directory.encode_to_vec()).await);
    let again = again.send().await.unwrap();
    let refused = unary(&sandbox, "filesystem.Filesystem/Stat", &missing);
    let refused = refused.send().await.unwrap();

    assert_eq!(kind, "application/proto");
    assert_eq!(made.entry.name, "made");
    assert_eq!(again.status(), StatusCode::CONFLICT);
    assert_eq!(
        again.json::<Value>().await.unwrap()["code"],
        "already_exists"
    );
    let (status, kind) = (refused.status(), refused.headers()["content-type"].clone());
    assert_eq!(
        (status, kind.as_bytes()),
        (StatusCode::NOT_FOUND, &b"application/json"[..])
    );
    assert_eq!(refused.json::<Value>().await.unwrap()["code"], "not_found");
}

/// The messages that send texts to a process's stdin.
fn inputs(selector: &pb::ProcessSelector, texts: &[&'static str]) -> Vec<u8> {
    let first = pb::stream_input_request::StartEvent {
        process: selector.clone().into(),
        ..Default::default()
    };
    let rest = texts.iter().map(|&text| {
        let input = pb::ProcessInput {
            input: Some(ProcessInputKind::Stdin(text.into())),
            ..Default::default()
        };
        StreamInputEvent::from(pb::stream_input_request::DataEvent {
            input: input.into(),
            ..Default::default()
        })
    });
    std::iter::once(StreamInputEvent::from(first))
        .chain(rest)
        .flat_map(|event| {
            let request = pb::StreamInputRequest {
                event: Some(event),
                ..Default::default()
            };
            envelope(0, &request.encode_to_vec())
        })
        .collect()
}

#[tokio::test]
async fn a_process_is_followed_and_fed_by_binary_streams_however_they_are_cut() {
    let harness = ApiHarness::new().await;
    let sandbox = harness.base().await;
    let mut events = Messages::open(stream(&sandbox, "Start", &start("cat", &[]))).await;
    let ProcessEventKind::Start(started) = events.event().await else {
        panic!("another event came first")
    };
    let selector = pb::ProcessSelector {
        selector: Some(ProcessSelectorKind::Pid(started.pid)),
        ..Default::default()
    };
    let body = inputs(&selector, &["one\n", "two\n"]);
    let pieces: Vec<_> = body.chunks(3).map(<[u8]>::to_vec).collect();
    let pieces = futures::stream::iter(pieces.into_iter().map(Ok::<_, std::io::Error>));

    let fed = sandbox
        .envd("POST", "/process.Process/StreamInput")
        .header("content-type", "application/connect+proto")
        .body(reqwest::Body::wrap_stream(pieces));
    let mut fed = Messages::open(fed).await;
    let answers = (fed.next().await, fed.next().await);
    let close = pb::CloseStdinRequest {
        process: selector.into(),
        ..Default::default()
    };
    let closed = unary(&sandbox, "process.Process/CloseStdin", &close);
    let closed = closed.send().await.unwrap().status();

    assert_eq!(answers, ((0, Vec::new()), (2, b"{}".to_vec())));
    assert_eq!(closed, StatusCode::OK);
    let mut seen = Vec::new();
    let end = loop {
        match events.event().await {
            ProcessEventKind::Data(data) => match data.output {
                Some(ProcessOutput::Stdout(bytes)) => seen.extend(bytes),
                other => panic!("{other:?}"),
            },
            ProcessEventKind::End(end) => break end,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(String::from_utf8(seen).unwrap(), "one\ntwo\n");
    assert_eq!((end.exited, &*end.status), (true, "exit status 0"));
    assert_eq!(events.next().await, (2, b"{}".to_vec()));
}

#[tokio::test]
async fn large_output_arrives_whole_where_the_client_takes_gzip() {
    let harness = ApiHarness::new().await;
    let sandbox = harness.base().await;
    let script = "head -c 1000000 /dev/zero | tr '\\0' y";
    let request = stream(&sandbox, "Start", &start("sh", &["-c", script]));
    let mut events = Messages::open(request).await;
    let mut seen = 0;

    loop {
        match events.event().await {
            ProcessEventKind::Data(data) => {
                let Some(ProcessOutput::Stdout(bytes)) = data.output else {
                    panic!("not from standard output")
                };
                assert!(bytes.iter().all(|byte| *byte == b'y'));
                seen += bytes.len();
            }
            ProcessEventKind::End(_) => break,
            ProcessEventKind::Start(_) | ProcessEventKind::Keepalive(_) => {}
        }
    }

    assert_eq!(seen, 1_000_000);
}

#[tokio::test]
async fn the_error_of_a_binary_stream_is_json_in_its_end() {
    let harness = ApiHarness::new().await;
    let sandbox = harness.base().await;
    let nobody = stream(&sandbox, "Start", &start("true", &[])).basic_auth("nobody", Some(""));

    for request in [
        stream(&sandbox, "Start", &start("no-such-program", &[])),
        nobody,
    ] {
        let (flag, end) = Messages::open(request).await.next().await;

        let end: Value = serde_json::from_slice(&end).unwrap();
        assert_eq!(flag, 2, "{end}");
        let code = end["error"]["code"].as_str().unwrap();
        assert!(
            ["invalid_argument", "unauthenticated"].contains(&code),
            "{end}"
        );
    }
}

#[tokio::test]
async fn a_reader_that_hangs_holds_neither_the_process_nor_its_end() {
    let harness = ApiHarness::new().await;
    let sandbox = harness.base().await;
    let script = "head -c 100000000 /dev/zero; echo yes > done";
    let request = stream(&sandbox, "Start", &start("sh", &["-c", script]));
    // Its response has arrived, and nobody reads on.
    let hanging = request.send().await.unwrap();

    crate::local::http_api::until(|| async {
        let read = sandbox
            .envd("GET", "/files?path=done")
            .send()
            .await
            .unwrap();
        read.status() == StatusCode::OK
    })
    .await;

    drop(hanging);
}
