//! `/files`: contents of files, down and up. Who may is decided here too, since a signed URL needs
//! no token.

use std::collections::{BTreeMap, HashMap};
use std::fs::Metadata;
use std::io::{self, SeekFrom};
use std::path::PathBuf;

use async_compression::Level;
use async_compression::tokio::bufread::{GzipDecoder, GzipEncoder};
use axum::body::Body;
use axum::extract::{FromRequest, Multipart, Query, Request};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use bytes::Bytes;
use futures::{Stream, StreamExt, TryStreamExt};
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt, BufReader};
use tokio_util::io::{ReaderStream, StreamReader};

use super::context::{SandboxContext, known_name};
use super::transfer;
use super::transfer::{ContentEncoding, RequestedRange};
use super::{metadata, signature};
use crate::e2b::wire::WrittenFile;
use crate::local::error::ApiError;
use crate::local::sync::blocking;
use crate::os::clock::unix_now;

/// Longest body of an upload, after it was unpacked.
const UPLOAD_LIMIT: u64 = 8 * 1024 * 1024 * 1024;

type FileQuery = HashMap<String, String>;

fn header<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    let value = headers.get(name).and_then(|value| value.to_str().ok());
    value.unwrap_or_default()
}

/// Lets pass who has the token or a signature.
fn authorize(
    cx: &SandboxContext,
    headers: &HeaderMap,
    query: &FileQuery,
    operation: &str,
) -> Result<(), ApiError> {
    if !cx.has_token(headers) {
        // The words are envd's (0.6.13); clients show them.
        let refuse = |message| Err(ApiError::new(StatusCode::UNAUTHORIZED, message));
        if !header(headers, "x-access-token").is_empty() {
            return refuse("access token present in header but does not match");
        }
        let token = cx.sandbox.record().envd_token;
        let checked = signature::check(query, operation, &token, unix_now().0 / 1000);
        if let Err(invalid) = checked {
            let message = match invalid {
                signature::SignatureError::Missing => "missing signature query parameter",
                signature::SignatureError::Wrong => "invalid signature",
                signature::SignatureError::Expired => "signature is already expired",
            };
            return refuse(message);
        }
    }
    let user = query.get("username").map_or("", String::as_str);
    known_name(user, &cx.registry.options.user)
        .map_err(|message| ApiError::new(StatusCode::UNAUTHORIZED, message))
}

pub(super) async fn download(
    Extension(cx): Extension<SandboxContext>,
    Query(query): Query<FileQuery>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    authorize(&cx, &headers, &query, "read")?;
    let asked = wanted_path(&query)?;
    let path = inside(&cx, asked).await?;
    let missing = |_| {
        let message = format!("path '{asked}' does not exist");
        ApiError::new(StatusCode::NOT_FOUND, message)
    };
    let paths = cx.sandbox.paths.clone();
    let opened = blocking(move || {
        let file = paths.open_confined(&path)?.read()?;
        let metadata = file.metadata()?;
        Ok((file, metadata))
    });
    let (file, metadata) = opened.await.map_err(missing)?;
    if !metadata.is_file() {
        let message = format!("path '{asked}' is not a regular file");
        return Err(ApiError::bad(message));
    }
    let file = File::from_std(file);
    let modified = http_date(&metadata);
    if !modified.is_empty() && header(&headers, "if-modified-since") == modified {
        return Ok(StatusCode::NOT_MODIFIED.into_response());
    }
    let no_encoding = || {
        let message = "no acceptable content encoding: only 'identity' and 'gzip' are supported";
        ApiError::new(StatusCode::NOT_ACCEPTABLE, message)
    };
    let encoding = transfer::choose(header(&headers, "accept-encoding")).ok_or_else(no_encoding)?;
    let range = headers.get("range").and_then(|range| range.to_str().ok());
    let common = [
        ("content-type", "application/octet-stream".to_owned()),
        ("content-disposition", "inline".to_owned()),
        ("vary", "Accept-Encoding".to_owned()),
        ("accept-ranges", "bytes".to_owned()),
        ("last-modified", modified),
    ];
    // Clients tell an empty file by its length (JS 2.51.0), and a part must not be packed.
    if encoding == ContentEncoding::Gzip && range.is_none() && metadata.len() > 0 {
        let packed = GzipEncoder::with_quality(BufReader::new(file), Level::Fastest);
        let body = Body::from_stream(ReaderStream::new(packed));
        return Ok((common, [("content-encoding", "gzip")], body).into_response());
    }
    Ok((common, send(file, metadata.len(), range).await?).into_response())
}

/// The whole file or a part, with its length.
async fn send(mut file: File, size: u64, range: Option<&str>) -> Result<Response, ApiError> {
    let (status, bytes) = match transfer::part(range, size) {
        RequestedRange::Whole => (StatusCode::OK, 0..size),
        RequestedRange::Bytes(bytes) => (StatusCode::PARTIAL_CONTENT, bytes),
        RequestedRange::Unsatisfiable => {
            let all = [("content-range", format!("bytes */{size}"))];
            return Ok((StatusCode::RANGE_NOT_SATISFIABLE, all).into_response());
        }
    };
    let failed = |error: io::Error| ApiError::internal(format!("read the file: {error}"));
    let start = SeekFrom::Start(bytes.start);
    file.seek(start).await.map_err(failed)?;
    let length = bytes.end - bytes.start;
    // Not more than was announced, should the file grow meanwhile.
    let body = Body::from_stream(ReaderStream::new(file.take(length)));
    let length = [("content-length", length.to_string())];
    if status == StatusCode::OK {
        return Ok((length, body).into_response());
    }
    let range = format!("bytes {}-{}/{size}", bytes.start, bytes.end - 1);
    Ok((status, length, [("content-range", range)], body).into_response())
}

pub(super) async fn upload(
    Extension(cx): Extension<SandboxContext>,
    Query(query): Query<FileQuery>,
    headers: HeaderMap,
    request: Request,
) -> Result<Json<Vec<WrittenFile>>, ApiError> {
    authorize(&cx, &headers, &query, "write")?;
    let upload = Upload {
        cx: &cx,
        metadata: metadata::wanted(&headers)?,
    };
    let request = unpacked(&headers, request)?;
    if !header(&headers, "content-type").starts_with("multipart/form-data") {
        let asked = wanted_path(&query)?;
        let body = request.into_body().into_data_stream();
        return Ok(Json(vec![upload.write(asked, body).await?]));
    }
    let broken = |error: &dyn std::fmt::Display| ApiError::bad(error.to_string());
    let form = Multipart::from_request(request, &()).await;
    let mut form = form.map_err(|error| broken(&error))?;
    let mut written = Vec::new();
    while let Some(part) = form.next_field().await.map_err(|error| broken(&error))? {
        if part.name() != Some("file") {
            continue;
        }
        // With one file the query wins: old SDKs send `undefined` as the file's name.
        let name = part.file_name().unwrap_or_default().to_owned();
        let given = query.get("path").filter(|path| !path.is_empty());
        let asked = given.unwrap_or(&name);
        if asked.is_empty() {
            return Err(ApiError::bad("a file has neither a path nor a file name"));
        }
        written.push(upload.write(asked, part).await?);
    }
    Ok(Json(written))
}

/// The request with its body as it was before it was packed.
fn unpacked(headers: &HeaderMap, request: Request) -> Result<Request, ApiError> {
    match header(headers, "content-encoding") {
        "" | "identity" => Ok(request),
        "gzip" => Ok(request.map(|body| {
            let bytes = body.into_data_stream().map_err(io::Error::other);
            let mut unpacked = GzipDecoder::new(StreamReader::new(bytes));
            unpacked.multiple_members(true);
            Body::from_stream(ReaderStream::new(unpacked))
        })),
        other => Err(ApiError::bad(format!(
            "unsupported content encoding '{other}'"
        ))),
    }
}

fn wanted_path(query: &FileQuery) -> Result<&str, ApiError> {
    let path = query.get("path").map(String::as_str);
    path.filter(|path| !path.is_empty())
        .ok_or_else(|| ApiError::bad("the query has no path"))
}

async fn inside(cx: &SandboxContext, path: &str) -> Result<PathBuf, ApiError> {
    let found = cx.path(path).await;
    found.map_err(|outside| ApiError::new(StatusCode::FORBIDDEN, outside.to_string()))
}

/// In the form that HTTP wants; empty for times that it cannot say.
fn http_date(metadata: &Metadata) -> String {
    let modified = metadata.modified().ok();
    let zoned = modified.and_then(|time| jiff::Timestamp::try_from(time).ok());
    zoned.map_or_else(String::new, |time| {
        time.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
    })
}

struct Upload<'a> {
    cx: &'a SandboxContext,
    /// Of each file of the request.
    metadata: BTreeMap<String, String>,
}

impl Upload<'_> {
    async fn write<E: std::fmt::Display>(
        &self,
        asked: &str,
        body: impl Stream<Item = Result<Bytes, E>>,
    ) -> Result<WrittenFile, ApiError> {
        let path = inside(self.cx, asked).await?;
        let failed = |error: io::Error| match error.kind() {
            io::ErrorKind::IsADirectory => ApiError::bad(format!("path '{asked}' is a directory")),
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                ApiError::new(StatusCode::INSUFFICIENT_STORAGE, "not enough disk space")
            }
            _ => ApiError::internal(format!("write '{asked}': {error}")),
        };
        let (paths, place) = (self.cx.sandbox.paths.clone(), path.clone());
        // In place, so that an existing file keeps its mode and its links (as envd does it).
        let opened = blocking(move || paths.create_confined(&place)?.write()).await;
        let mut file = File::from_std(opened.map_err(failed)?);
        let mut body = std::pin::pin!(body);
        let mut size = 0_u64;
        while let Some(chunk) = body.next().await {
            let chunk =
                chunk.map_err(|error| ApiError::bad(format!("read the upload: {error}")))?;
            size = size.saturating_add(u64::try_from(chunk.len()).unwrap_or(u64::MAX));
            if size > UPLOAD_LIMIT {
                let message = "the upload is too large";
                return Err(ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, message));
            }
            file.write_all(&chunk).await.map_err(failed)?;
        }
        file.flush().await.map_err(failed)?;
        metadata::replace(&file, &self.metadata)?;
        let name = path.file_name().unwrap_or_default();
        Ok(WrittenFile {
            name: name.to_string_lossy().into_owned(),
            path: self.cx.sandbox.paths.seen(&path).display().to_string(),
            kind: "file".to_owned(),
            metadata: (!self.metadata.is_empty()).then(|| self.metadata.clone()),
        })
    }
}
