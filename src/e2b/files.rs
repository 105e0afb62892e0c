//! Contents of files in a sandbox, through envd's `/files`.
//!
//! Paths are absolute, or relative to the user's home. Uploads are `application/octet-stream`, which envd accepts
//! since 0.5.7.

use bytes::Bytes;
use http::{Method, StatusCode, header};
use reqwest::RequestBuilder;

use super::envd::EnvdClient;
use super::error::{ErrorKind, Result};
use super::exchange::{During, KindResult, MAX_JSON, ReceivedAnswer, url};

impl EnvdClient {
    /// Reads a whole file of at most `max` bytes; a larger one is [`ErrorKind::TooLarge`].
    pub async fn read_file(&self, path: &str, max: usize) -> Result<Bytes> {
        let request = self.files(Method::GET, path);
        let read = async { Ok(self.exchange.send(request, max).await?.accepted()?.body) };
        read.await
            .during(|| format!("read {path} in sandbox {}", self.sandbox_id()))
    }

    /// Reads at most `max` bytes from `offset` on; empty at or after the end of the file.
    pub async fn read_file_at(&self, path: &str, offset: u64, max: usize) -> Result<Bytes> {
        let read = async {
            let Some(last) = u64::try_from(max).ok().filter(|max| *max > 0) else {
                return Ok(Bytes::new());
            };
            let last = offset.saturating_add(last - 1);
            let request = self
                .files(Method::GET, path)
                .header(header::RANGE, format!("bytes={offset}-{last}"));
            let answer = self.exchange.send(request, max).await?;
            match answer.status {
                StatusCode::RANGE_NOT_SATISFIABLE => Ok(Bytes::new()),
                StatusCode::PARTIAL_CONTENT => Ok(answer.body),
                _ => whole(answer, offset),
            }
        };
        read.await
            .during(|| format!("read {path} in sandbox {}", self.sandbox_id()))
    }

    /// Writes a whole file; parents are created, an existing file is replaced.
    pub async fn write_file(&self, path: &str, content: Bytes) -> Result<()> {
        let request = self
            .files(Method::POST, path)
            .header(header::CONTENT_TYPE, "application/octet-stream")
            .body(content);
        let written = async {
            self.exchange
                .send(request, MAX_JSON)
                .await?
                .accepted()
                .map(drop)
        };
        written
            .await
            .during(|| format!("write {path} in sandbox {}", self.sandbox_id()))
    }

    fn files(&self, method: Method, path: &str) -> RequestBuilder {
        let mut address = url(&self.address.base, &["files"]);
        address.query_pairs_mut().append_pair("path", path);
        if let Some(user) = &self.address.user {
            address.query_pairs_mut().append_pair("username", user);
        }
        self.http
            .client()
            .request(method, address)
            .headers(self.headers.clone())
    }
}

/// A server that ignores ranges responds 200 with the whole file, which works if it is small.
fn whole(answer: ReceivedAnswer, offset: u64) -> KindResult<Bytes> {
    let body = answer.accepted()?.body;
    let start = usize::try_from(offset).map_err(|_| ErrorKind::Invalid {
        cause: "the offset is too large".into(),
    })?;
    Ok(body.slice(start.min(body.len())..))
}
