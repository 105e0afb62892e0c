//! What clients that are no browser and no JavaScript see of the server's HTTP: kept connections, and
//! messages in binary protobuf.

use std::time::Duration;

use pretty_assertions::assert_eq;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::local::World;

/// Generous: a busy machine must not fail a test.
const LIMIT: Duration = Duration::from_secs(20);

/// A connection on which requests follow one another.
struct Connection {
    socket: TcpStream,
    bytes: Vec<u8>,
}

impl Connection {
    async fn open(world: &World) -> Self {
        let socket = TcpStream::connect(world.server.address()).await.unwrap();
        socket.set_nodelay(true).unwrap();
        Self {
            socket,
            bytes: Vec::new(),
        }
    }

    async fn send(&mut self, text: &str) {
        self.socket.write_all(text.as_bytes()).await.unwrap();
    }

    /// The status of the next answer, whose body is read away.
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
    let world = World::new().await;
    let mut connection = Connection::open(&world).await;
    let head = |path: &str, more: &str| {
        format!("POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 2\r\n{more}\r\n")
    };
    for (path, more, wanted) in [
        ("/v2/sandboxes", "", 401),
        ("/process.Process/List", "e2b-sandbox-id: inone\r\n", 502),
        ("/volumes", "x-api-key: e2b_test\r\n", 404),
    ] {
        // In two pieces, as Python's clients send it.
        connection.send(&head(path, more)).await;
        connection.send("{}").await;

        assert_eq!(connection.status().await, wanted, "{path}");
    }
}
