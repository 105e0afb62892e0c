//! The filesystem service: everything about files but their contents.

use std::io;
use std::path::{Path, PathBuf};

use connectrpc::{
    ConnectError, RequestContext, Response, ServiceRequest, ServiceResult, ServiceStream,
};

use crate::e2b::proto::filesystem::{
    CreateWatcherRequest, CreateWatcherResponse, EntryInfo, Filesystem, GetWatcherEventsRequest,
    GetWatcherEventsResponse, ListDirRequest, ListDirResponse, MakeDirRequest, MakeDirResponse,
    MoveRequest, MoveResponse, RemoveRequest, RemoveResponse, RemoveWatcherRequest,
    RemoveWatcherResponse, StatRequest, StatResponse, WatchDirRequest, WatchDirResponse,
};

use super::super::isolation::View;
use super::entry::entry;
use super::process::Limits;
use super::watch::{self, Wanted};
use super::{Context, context};

pub(super) struct Service;

/// Most entries of one listing.
const ENTRIES: usize = 100_000;

fn failed(path: &str, error: &io::Error) -> ConnectError {
    match error.kind() {
        io::ErrorKind::NotFound => ConnectError::not_found(format!("path '{path}' does not exist")),
        io::ErrorKind::NotADirectory | io::ErrorKind::IsADirectory => {
            ConnectError::invalid_argument(format!("path '{path}': {error}"))
        }
        io::ErrorKind::PermissionDenied => {
            ConnectError::permission_denied(format!("path '{path}': {error}"))
        }
        _ => ConnectError::internal(format!("path '{path}': {error}")),
    }
}

/// Runs `work` on the resolved path, away from the async threads.
async fn with_path<T: Send + 'static>(
    cx: &Context,
    path: &str,
    work: impl FnOnce(&Path) -> io::Result<T> + Send + 'static,
) -> Result<T, ConnectError> {
    let resolved = inside(cx, path)?;
    let done = tokio::task::spawn_blocking(move || work(&resolved)).await;
    let done = done.map_err(|error| ConnectError::internal(error.to_string()))?;
    done.map_err(|error| failed(path, &error))
}

/// Like [`with_path`], on a link itself.
async fn with_link<T: Send + 'static>(
    cx: &Context,
    path: &str,
    work: impl FnOnce(&Path) -> io::Result<T> + Send + 'static,
) -> Result<T, ConnectError> {
    let resolved = itself(cx, path)?;
    let done = tokio::task::spawn_blocking(move || work(&resolved)).await;
    let done = done.map_err(|error| ConnectError::internal(error.to_string()))?;
    done.map_err(|error| failed(path, &error))
}

fn itself(cx: &Context, path: &str) -> Result<PathBuf, ConnectError> {
    cx.path_itself(path)
        .map_err(|outside| ConnectError::permission_denied(outside.to_string()))
}

fn inside(cx: &Context, path: &str) -> Result<PathBuf, ConnectError> {
    cx.path(path)
        .map_err(|outside| ConnectError::permission_denied(outside.to_string()))
}

#[expect(refining_impl_trait, reason = "nobody names the trait's opaque types")]
impl Filesystem for Service {
    async fn stat(
        &self,
        ctx: RequestContext,
        request: ServiceRequest<'_, StatRequest>,
    ) -> ServiceResult<StatResponse> {
        let (cx, path) = (context(&ctx)?, request.to_owned_message().path);
        let view = cx.sandbox.view.clone();
        let entry = with_link(&cx, &path, move |path| entry(&view, path)).await?;
        Response::ok(StatResponse {
            entry: entry.into(),
            ..Default::default()
        })
    }

    async fn list_dir(
        &self,
        ctx: RequestContext,
        request: ServiceRequest<'_, ListDirRequest>,
    ) -> ServiceResult<ListDirResponse> {
        let (cx, request) = (context(&ctx)?, request.to_owned_message());
        let depth = request.depth.max(1);
        let view = cx.sandbox.view.clone();
        let listing = with_path(&cx, &request.path, move |path| {
            let mut entries = Vec::new();
            walk(&view, path, depth, &mut entries)?;
            Ok(entries)
        });
        Response::ok(ListDirResponse {
            entries: listing.await?,
            ..Default::default()
        })
    }

    async fn make_dir(
        &self,
        ctx: RequestContext,
        request: ServiceRequest<'_, MakeDirRequest>,
    ) -> ServiceResult<MakeDirResponse> {
        let (cx, path) = (context(&ctx)?, request.to_owned_message().path);
        let resolved = inside(&cx, &path)?;
        if resolved.is_dir() {
            return Err(ConnectError::already_exists(format!(
                "directory '{path}' already exists"
            )));
        }
        if resolved.exists() {
            let message = format!("path '{path}' already exists but it is not a directory");
            return Err(ConnectError::invalid_argument(message));
        }
        let sandbox = std::sync::Arc::clone(&cx.sandbox);
        let make = move |path: &Path| {
            std::fs::create_dir_all(path)?;
            sandbox.hand_over(path);
            entry(&sandbox.view, path)
        };
        let entry = with_path(&cx, &path, make).await?;
        Response::ok(MakeDirResponse {
            entry: entry.into(),
            ..Default::default()
        })
    }

    async fn r#move(
        &self,
        ctx: RequestContext,
        request: ServiceRequest<'_, MoveRequest>,
    ) -> ServiceResult<MoveResponse> {
        let (cx, request) = (context(&ctx)?, request.to_owned_message());
        let destination = itself(&cx, &request.destination)?;
        let sandbox = std::sync::Arc::clone(&cx.sandbox);
        let moved = with_link(&cx, &request.source, move |source| {
            source.symlink_metadata()?;
            if let Some(parent) = destination.parent() {
                std::fs::create_dir_all(parent)?;
                sandbox.hand_over(parent);
            }
            std::fs::rename(source, &destination)?;
            entry(&sandbox.view, &destination)
        });
        Response::ok(MoveResponse {
            entry: moved.await?.into(),
            ..Default::default()
        })
    }

    async fn remove(
        &self,
        ctx: RequestContext,
        request: ServiceRequest<'_, RemoveRequest>,
    ) -> ServiceResult<RemoveResponse> {
        let (cx, path) = (context(&ctx)?, request.to_owned_message().path);
        if itself(&cx, &path)? == cx.sandbox.home() {
            return Err(ConnectError::invalid_argument(
                "the sandbox's home cannot be removed",
            ));
        }
        with_link(&cx, &path, |path| {
            let removed = match path.symlink_metadata() {
                Ok(metadata) if metadata.is_dir() => std::fs::remove_dir_all(path),
                Ok(_) => std::fs::remove_file(path),
                Err(error) => Err(error),
            };
            match removed {
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
                other => other,
            }
        })
        .await?;
        Response::ok(RemoveResponse::default())
    }

    async fn watch_dir(
        &self,
        ctx: RequestContext,
        request: ServiceRequest<'_, WatchDirRequest>,
    ) -> ServiceResult<ServiceStream<WatchDirResponse>> {
        let (cx, request) = (context(&ctx)?, request.to_owned_message());
        let wanted = Wanted {
            view: cx.sandbox.view.clone(),
            root: directory(&cx, &request.path)?,
            recursive: request.recursive,
            with_entry: request.include_entry,
        };
        let keepalive = Limits::of(&ctx).keepalive;
        let over = cx.run.connections();
        // Looking through a large tree takes its time.
        let watching = tokio::task::spawn_blocking(move || watch::stream(wanted, keepalive, over));
        let stream = watching
            .await
            .map_err(|error| ConnectError::internal(error.to_string()))??;
        Ok(Response::stream(stream).with_header("x-accel-buffering", "no"))
    }

    async fn create_watcher(
        &self,
        ctx: RequestContext,
        request: ServiceRequest<'_, CreateWatcherRequest>,
    ) -> ServiceResult<CreateWatcherResponse> {
        let (cx, request) = (context(&ctx)?, request.to_owned_message());
        let wanted = Wanted {
            view: cx.sandbox.view.clone(),
            root: directory(&cx, &request.path)?,
            recursive: request.recursive,
            with_entry: request.include_entry,
        };
        let adding = tokio::task::spawn_blocking(move || cx.run.watchers.add(wanted));
        let watcher_id = adding
            .await
            .map_err(|error| ConnectError::internal(error.to_string()))??;
        Response::ok(CreateWatcherResponse {
            watcher_id,
            ..Default::default()
        })
    }

    async fn get_watcher_events(
        &self,
        ctx: RequestContext,
        request: ServiceRequest<'_, GetWatcherEventsRequest>,
    ) -> ServiceResult<GetWatcherEventsResponse> {
        let (cx, request) = (context(&ctx)?, request.to_owned_message());
        Response::ok(GetWatcherEventsResponse {
            events: cx.run.watchers.take(&request.watcher_id)?,
            ..Default::default()
        })
    }

    async fn remove_watcher(
        &self,
        ctx: RequestContext,
        request: ServiceRequest<'_, RemoveWatcherRequest>,
    ) -> ServiceResult<RemoveWatcherResponse> {
        let (cx, request) = (context(&ctx)?, request.to_owned_message());
        cx.run.watchers.remove(&request.watcher_id)?;
        Response::ok(RemoveWatcherResponse::default())
    }
}

/// A directory that is there.
fn directory(cx: &Context, path: &str) -> Result<PathBuf, ConnectError> {
    let resolved = inside(cx, path)?;
    let metadata = resolved.metadata().map_err(|error| failed(path, &error))?;
    if metadata.is_dir() {
        return Ok(resolved);
    }
    Err(ConnectError::invalid_argument(format!(
        "path '{path}' is not a directory"
    )))
}

/// Depth first, by name, links below the root not followed.
fn walk(view: &View, dir: &Path, depth: u32, entries: &mut Vec<EntryInfo>) -> io::Result<()> {
    let mut children: Vec<_> = std::fs::read_dir(dir)?
        .flatten()
        .map(|child| child.path())
        .collect();
    children.sort();
    for child in children {
        if entries.len() >= ENTRIES {
            break;
        }
        // Gone since it was listed: not an error of the listing.
        let Ok(info) = entry(view, &child) else {
            continue;
        };
        entries.push(info);
        if depth > 1
            && child
                .symlink_metadata()
                .is_ok_and(|metadata| metadata.is_dir())
        {
            let _ = walk(view, &child, depth - 1, entries);
        }
    }
    Ok(())
}
