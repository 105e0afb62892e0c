//! `/files`: contents of files, down and up.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use axum::body::{Body, BodyDataStream};
use axum::extract::{FromRequest, Multipart, Query, Request};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use bytes::Bytes;
use futures::{Stream, StreamExt};
use tokio::io::AsyncWriteExt;
use tokio_util::io::ReaderStream;

use crate::e2b::wire::WrittenFile;

use super::super::error::ApiError;
use super::Context;

/// Longest body of an upload.
const UPLOAD_LIMIT: u64 = 8 * 1024 * 1024 * 1024;

pub(super) async fn download(
    Extension(cx): Extension<Context>,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Response, ApiError> {
    let asked = wanted_path(&query)?;
    let path = inside(&cx, asked)?;
    let missing = |_| {
        ApiError::new(
            StatusCode::NOT_FOUND,
            format!("path '{asked}' does not exist"),
        )
    };
    let metadata = tokio::fs::metadata(&path).await.map_err(missing)?;
    if !metadata.is_file() {
        return Err(ApiError::bad(format!(
            "path '{asked}' is not a regular file"
        )));
    }
    let file = tokio::fs::File::open(&path).await.map_err(missing)?;
    let headers = [
        ("content-type", "application/octet-stream".to_owned()),
        ("content-disposition", "inline".to_owned()),
        ("content-length", metadata.len().to_string()),
    ];
    // Not more than was announced, should the file grow meanwhile.
    let body = ReaderStream::new(tokio::io::AsyncReadExt::take(file, metadata.len()));
    Ok((headers, Body::from_stream(body)).into_response())
}

pub(super) async fn upload(
    Extension(cx): Extension<Context>,
    Query(query): Query<HashMap<String, String>>,
    headers: HeaderMap,
    request: Request,
) -> Result<Json<Vec<WrittenFile>>, ApiError> {
    let header = |name: &str| {
        headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    };
    if !matches!(header("content-encoding"), "" | "identity") {
        return Err(ApiError::unsupported("compressed uploads"));
    }
    if headers
        .keys()
        .any(|name| name.as_str().starts_with("x-metadata-"))
    {
        return Err(ApiError::unsupported("metadata of files"));
    }
    if !header("content-type").starts_with("multipart/form-data") {
        let asked = wanted_path(&query)?;
        let stream: BodyDataStream = request.into_body().into_data_stream();
        return Ok(Json(vec![write(&cx, asked, stream).await?]));
    }
    let mut form = Multipart::from_request(request, &())
        .await
        .map_err(|error| ApiError::bad(error.to_string()))?;
    let mut written = Vec::new();
    while let Some(part) = form
        .next_field()
        .await
        .map_err(|error| ApiError::bad(error.to_string()))?
    {
        if part.name() != Some("file") {
            continue;
        }
        // With one file the query wins: old SDKs send `undefined` as the file's name.
        let name = part.file_name().unwrap_or_default().to_owned();
        let asked = query
            .get("path")
            .filter(|path| !path.is_empty())
            .unwrap_or(&name);
        if asked.is_empty() {
            return Err(ApiError::bad("a file has neither a path nor a file name"));
        }
        written.push(write(&cx, asked, part).await?);
    }
    Ok(Json(written))
}

fn wanted_path(query: &HashMap<String, String>) -> Result<&str, ApiError> {
    let path = query
        .get("path")
        .map(String::as_str)
        .filter(|path| !path.is_empty());
    path.ok_or_else(|| ApiError::bad("the query has no path"))
}

fn inside(cx: &Context, path: &str) -> Result<PathBuf, ApiError> {
    cx.path(path)
        .map_err(|outside| ApiError::new(StatusCode::FORBIDDEN, outside.to_string()))
}

async fn write<E: std::fmt::Display>(
    cx: &Context,
    asked: &str,
    body: impl Stream<Item = Result<Bytes, E>>,
) -> Result<WrittenFile, ApiError> {
    let path = inside(cx, asked)?;
    if path.is_dir() {
        return Err(ApiError::bad(format!("path '{asked}' is a directory")));
    }
    let failed = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::StorageFull => {
            ApiError::new(StatusCode::INSUFFICIENT_STORAGE, "not enough disk space")
        }
        _ => ApiError::internal(format!("write '{asked}': {error}")),
    };
    let parent = path.parent().unwrap_or(Path::new("/"));
    tokio::fs::create_dir_all(parent).await.map_err(failed)?;
    // In place, so that an existing file keeps its mode and its links (as envd does it).
    let mut file = tokio::fs::File::create(&path).await.map_err(failed)?;
    let mut body = std::pin::pin!(body);
    let mut size = 0_u64;
    while let Some(chunk) = body.next().await {
        let chunk = chunk.map_err(|error| ApiError::bad(format!("read the upload: {error}")))?;
        size = size.saturating_add(u64::try_from(chunk.len()).unwrap_or(u64::MAX));
        if size > UPLOAD_LIMIT {
            return Err(ApiError::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                "the upload is too large",
            ));
        }
        file.write_all(&chunk).await.map_err(failed)?;
    }
    file.flush().await.map_err(failed)?;
    Ok(WrittenFile {
        name: path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned(),
        path: path.display().to_string(),
        kind: "file".to_owned(),
        metadata: None,
    })
}
