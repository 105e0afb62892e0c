//! The filesystem service: everything about files but their contents.

use std::io;
use std::path::{Path, PathBuf};

use connectrpc::{
    ConnectError, RequestContext, Response, ServiceRequest, ServiceResult, ServiceStream,
};

use super::context::{SandboxContext, context};
use super::entry::entry;
use super::process::StreamOptions;
use super::watch;
use super::watch::WatchRequest;
use crate::e2b::proto::filesystem::{
    CreateWatcherRequest, CreateWatcherResponse, EntryInfo, Filesystem, GetWatcherEventsRequest,
    GetWatcherEventsResponse, ListDirRequest, ListDirResponse, MakeDirRequest, MakeDirResponse,
    MoveRequest, MoveResponse, RemoveRequest, RemoveResponse, RemoveWatcherRequest,
    RemoveWatcherResponse, StatRequest, StatResponse, WatchDirRequest, WatchDirResponse,
};
use crate::local::isolation::{ConfinedPath, PathMap};
use crate::local::sync::blocking;

pub(super) struct FilesystemService;

/// Most entries of one listing.
const ENTRIES: usize = 100_000;
/// Deepest listing; each level holds a descriptor.
const DEPTH: u32 = 256;

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

/// Runs `work` on a resolved path, away from the async threads.
async fn on<T: Send + 'static>(
    cx: &SandboxContext,
    path: &str,
    place: PathBuf,
    work: impl FnOnce(&PathMap, &Path) -> io::Result<T> + Send + 'static,
) -> Result<T, ConnectError> {
    let paths = cx.sandbox.paths.clone();
    let done = blocking(move || work(&paths, &place)).await;
    done.map_err(|error| failed(path, &error))
}

async fn itself(cx: &SandboxContext, path: &str) -> Result<PathBuf, ConnectError> {
    let found = cx.path_itself(path).await;
    found.map_err(|outside| ConnectError::permission_denied(outside.to_string()))
}

async fn inside(cx: &SandboxContext, path: &str) -> Result<PathBuf, ConnectError> {
    let found = cx.path(path).await;
    found.map_err(|outside| ConnectError::permission_denied(outside.to_string()))
}

#[expect(refining_impl_trait, reason = "nobody names the trait's opaque types")]
impl Filesystem for FilesystemService {
    async fn stat(
        &self,
        ctx: RequestContext,
        request: ServiceRequest<'_, StatRequest>,
    ) -> ServiceResult<StatResponse> {
        let (cx, path) = (context(&ctx)?, request.to_owned_message().path);
        let place = itself(&cx, &path).await?;
        let stat = on(&cx, &path, place, |paths, place| {
            entry(paths, &paths.open_confined(place)?)
        });
        let entry = stat.await?;
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
        let depth = request.depth.clamp(1, DEPTH);
        let place = inside(&cx, &request.path).await?;
        let listing = on(&cx, &request.path, place, move |paths, place| {
            let mut entries = Vec::new();
            walk(paths, &paths.open_confined(place)?, depth, &mut entries)?;
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
        let place = inside(&cx, &path).await?;
        let made = on(&cx, &path, place, |paths, place| {
            let confined = paths.create_confined(place)?;
            match confined.make_folder() {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                    Ok(Err(confined.metadata()?.is_dir()))
                }
                other => other.and_then(|()| entry(paths, &confined)).map(Ok),
            }
        });
        let entry = made.await?.map_err(|is_dir| {
            if is_dir {
                return ConnectError::already_exists(format!("directory '{path}' already exists"));
            }
            let message = format!("path '{path}' already exists but it is not a directory");
            ConnectError::invalid_argument(message)
        })?;
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
        let destination = itself(&cx, &request.destination).await?;
        let source = itself(&cx, &request.source).await?;
        let moved = on(&cx, &request.source, source, move |paths, source| {
            let source = paths.open_confined(source)?;
            source.metadata()?;
            let destination = paths.create_confined(&destination)?;
            source.rename(&destination)?;
            entry(paths, &destination)
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
        let place = itself(&cx, &path).await?;
        if cx.sandbox.paths.is_root(&place) {
            let message = format!("'{path}' itself cannot be removed");
            return Err(ConnectError::invalid_argument(message));
        }
        let removed = on(&cx, &path, place, |paths, place| {
            match paths.open_confined(place) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
                confined => confined?.remove(),
            }
        });
        removed.await?;
        Response::ok(RemoveResponse::default())
    }

    async fn watch_dir(
        &self,
        ctx: RequestContext,
        request: ServiceRequest<'_, WatchDirRequest>,
    ) -> ServiceResult<ServiceStream<WatchDirResponse>> {
        let (cx, request) = (context(&ctx)?, request.to_owned_message());
        let wanted = WatchRequest {
            paths: cx.sandbox.paths.clone(),
            root: directory(&cx, &request.path).await?,
            recursive: request.recursive,
            with_entry: request.include_entry,
            quota: cx.run.watchers.quota(),
        };
        let keepalive = StreamOptions::of(&ctx).keepalive;
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
        let wanted = WatchRequest {
            paths: cx.sandbox.paths.clone(),
            root: directory(&cx, &request.path).await?,
            recursive: request.recursive,
            with_entry: request.include_entry,
            quota: cx.run.watchers.quota(),
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
        let taking = tokio::task::spawn_blocking(move || cx.run.watchers.take(&request.watcher_id));
        let events = taking
            .await
            .map_err(|error| ConnectError::internal(error.to_string()))??;
        Response::ok(GetWatcherEventsResponse {
            events,
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
async fn directory(cx: &SandboxContext, path: &str) -> Result<PathBuf, ConnectError> {
    let resolved = inside(cx, path).await?;
    let is_dir = on(cx, path, resolved.clone(), |paths, place| {
        Ok(paths.open_confined(place)?.metadata()?.is_dir())
    });
    if is_dir.await? {
        return Ok(resolved);
    }
    Err(ConnectError::invalid_argument(format!(
        "path '{path}' is not a directory"
    )))
}

/// Depth first, by name, links below the root not followed.
fn walk(
    paths: &PathMap,
    dir: &ConfinedPath,
    depth: u32,
    entries: &mut Vec<EntryInfo>,
) -> io::Result<()> {
    for name in dir.list()? {
        if entries.len() >= ENTRIES {
            break;
        }
        // Gone since it was listed: not an error of the listing.
        let Ok(child) = dir.below(&name) else {
            continue;
        };
        let Ok(info) = entry(paths, &child) else {
            continue;
        };
        let is_dir = child.metadata().is_ok_and(|metadata| metadata.is_dir());
        entries.push(info);
        if depth > 1 && is_dir {
            let _ = walk(paths, &child, depth - 1, entries);
        }
    }
    Ok(())
}
