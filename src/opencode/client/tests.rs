//! How the client handles responses that OpenCode itself would not send: a listener on loopback sends the bytes of a
//! proxy, a web page or a half-started server.

use std::time::Duration;

use pretty_assertions::assert_eq;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::{CallLimits, OpencodeClient, ServerAddress};
use crate::net::http::{Http, HttpOptions};
use crate::opencode::error::OpencodeError;
use crate::opencode::events::{EventStream, StreamEnd};
use crate::opencode::wire::event::Event;

const LONG: Duration = Duration::from_secs(10);

/// Responds to each connection with the next text, then closes it; returns the received heads.
async fn serve(listener: TcpListener, answers: Vec<String>) -> Vec<String> {
    let mut heads = Vec::new();
    for answer in answers {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.unwrap());
        }
        heads.push(String::from_utf8(head).unwrap());
        stream.write_all(answer.as_bytes()).await.unwrap();
    }
    heads
}

fn answer(status: &str, content_type: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\ncontent-type: {content_type}\r\nconnection: close\r\n\r\n{body}")
}

async fn listen(limits: CallLimits) -> (TcpListener, OpencodeClient) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = ServerAddress {
        base_url: format!("http://{}", listener.local_addr().unwrap()),
        user: None,
        password: Some("hunter2".into()),
        headers: vec![("e2b-traffic-access-token".into(), "token-1".into())],
        directory: Some("/home/user/a b".into()),
    };
    let http = Http::new(&HttpOptions::default()).unwrap();
    (
        listener,
        OpencodeClient::new(http, &server, limits).unwrap(),
    )
}

fn limits() -> CallLimits {
    CallLimits {
        call: LONG,
        slow_call: LONG,
        health: LONG,
    }
}

#[tokio::test]
async fn only_json_with_a_version_is_healthy() {
    let (listener, client) = listen(limits()).await;
    let answers = vec![
        answer("200 OK", "text/html", "<html>"),
        answer("200 OK", "application/json", r#"{"healthy":true}"#),
        answer(
            "200 OK",
            "application/json",
            r#"{"healthy":true,"version":"1.18.33"}"#,
        ),
    ];

    let calls = async {
        let found = |error| match error {
            OpencodeError::NotOpencode { found, .. } => found,
            other => other.to_string(),
        };
        [
            client
                .health()
                .await
                .map(|health| health.version)
                .map_err(found),
            client
                .health()
                .await
                .map(|health| health.version)
                .map_err(found),
            client
                .health()
                .await
                .map(|health| health.version)
                .map_err(found),
        ]
    };
    let (told, _) = tokio::join!(calls, serve(listener, answers));

    assert_eq!(
        told,
        [
            Err("text/html".to_owned()),
            Err("JSON without a version".to_owned()),
            Ok("1.18.33".to_owned()),
        ]
    );
}

#[tokio::test]
async fn a_probe_that_is_accepted_and_forgotten_ends_and_can_be_repeated() {
    let (listener, client) = listen(CallLimits {
        health: Duration::from_millis(50),
        ..limits()
    })
    .await;

    let silent = client.health().await;

    assert!(
        matches!(silent, Err(OpencodeError::Timeout { .. })),
        "{silent:?}"
    );
    assert!(silent.unwrap_err().is_retryable());
    drop(listener);
}

#[tokio::test]
async fn calls_carry_password_token_and_directory_and_pages_their_cursor() {
    let (listener, client) = listen(limits()).await;
    let page = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nx-next-cursor: older+1\r\nconnection: close\r\n\r\n[{\"info\":{\"id\":\"msg_1\",\"role\":\"user\"},\"parts\":[{\"no\":\"id\"}]},7]";

    let calls = client.messages("ses/1", 2, Some("a=b"));
    let (page, heads) = tokio::join!(calls, serve(listener, vec![page.to_owned()]));

    let page = page.unwrap();
    assert_eq!(
        (page.messages.len(), page.older.as_deref()),
        (1, Some("older+1"))
    );
    assert!(page.messages[0].parts.is_empty());
    let head = heads[0].to_ascii_lowercase();
    let target =
        "get /session/ses%2f1/message?limit=2&before=a%3db&directory=%2fhome%2fuser%2fa+b ";
    assert!(head.starts_with(target), "{head}");
    assert!(
        head.contains("authorization: basic b3blbmnvzgu6ahvudgvymg=="),
        "{head}"
    );
    assert!(head.contains("e2b-traffic-access-token: token-1"), "{head}");
    assert!(!format!("{client:?}").contains("token-1"));
}

#[tokio::test]
async fn a_stream_ends_in_order_or_says_who_refused_it() {
    let (listener, client) = listen(limits()).await;
    let frames = "data: {\"payload\":{\"type\":\"server.connected\",\"properties\":{}}}\n\n\
        data: {\"payload\":{\"type\":\"sync\",\"syncEvent\":{}}}\n\n";
    let gone = r#"{"message":"The sandbox was not found","code":502}"#;
    let answers = vec![
        answer("200 OK", "text/event-stream", frames),
        answer("502 Bad Gateway", "application/json", gone),
        answer("200 OK", "text/html", "<html>"),
    ];

    let calls = async {
        let mut told = Vec::new();
        for _ in 0..3 {
            let mut events = EventStream::open(&client).unwrap();
            let mut next = events.next(LONG).await;
            if next == Ok(Event::Connected) {
                next = events.next(LONG).await;
            }
            told.push(next.unwrap_err());
        }
        told
    };
    let (told, _) = tokio::join!(calls, serve(listener, answers));

    let operation = "follow the events";
    assert_eq!(
        told,
        [
            StreamEnd::Ended,
            StreamEnd::Failed(OpencodeError::SandboxNotFound { operation }),
            StreamEnd::Failed(OpencodeError::NotOpencode {
                operation,
                found: "text/html".to_owned(),
            }),
        ]
    );
}

#[tokio::test]
async fn lone_surrogates_in_a_response_cost_nothing_but_themselves() {
    let (listener, client) = listen(limits()).await;
    let json = |body: &str| answer("200 OK", "application/json", body);
    let messages = json(
        r#"[{"info":{"id":"msg_1","role":"user"},"parts":[{"id":"prt_1","type":"text","text":"a\ud800b"}]}]"#,
    );
    let permissions = json(
        r#"[{"id":"per_1","sessionID":"s","permission":"bash","metadata":{"command":"rm \ud800"}},{"id":"per_2","sessionID":"s","permission":"bash","metadata":{"command":"ls"}}]"#,
    );
    let session = json(r#"{"id":"ses_1","title":"a \udfff title"}"#);

    let calls = async {
        let page = client.messages("ses_1", 2, None).await.unwrap();
        let permissions = client.permissions().await.unwrap();
        (page, permissions, client.session("ses_1").await.unwrap())
    };
    let answers = vec![messages, permissions, session];
    let ((page, permissions, session), _) = tokio::join!(calls, serve(listener, answers));

    let said = format!("{:?}", page.messages[0].parts[0].body);
    assert!(said.contains("a\u{fffd}b"), "{said}");
    let unreadable = permissions.iter().map(|asked| asked.undecodable);
    assert_eq!(unreadable.collect::<Vec<_>>(), [true, false]);
    assert_eq!(session.title, "a \u{fffd} title");
}
