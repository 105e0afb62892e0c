//! The filesystem service: everything about files but their contents. Watching comes later.

use std::fs::Metadata;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use buffa_types::google::protobuf::Timestamp;
use connectrpc::{
    ConnectError, RequestContext, Response, ServiceRequest, ServiceResult, ServiceStream,
};

use crate::e2b::proto::filesystem::{
    CreateWatcherRequest, CreateWatcherResponse, EntryInfo, FileType, Filesystem,
    GetWatcherEventsRequest, GetWatcherEventsResponse, ListDirRequest, ListDirResponse,
    MakeDirRequest, MakeDirResponse, MoveRequest, MoveResponse, RemoveRequest, RemoveResponse,
    RemoveWatcherRequest, RemoveWatcherResponse, StatRequest, StatResponse, WatchDirRequest,
    WatchDirResponse,
};

use super::{Context, context};

pub(super) struct Service;

/// Most entries of one listing.
const ENTRIES: usize = 100_000;

fn watching() -> ConnectError {
    ConnectError::unimplemented("the local server does not watch directories")
}

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
        let entry = with_path(&cx, &path, entry).await?;
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
        let listing = with_path(&cx, &request.path, move |path| {
            let mut entries = Vec::new();
            walk(path, depth, &mut entries)?;
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
        let make = |path: &Path| std::fs::create_dir_all(path).and_then(|()| entry(path));
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
        let destination = inside(&cx, &request.destination)?;
        let moved = with_path(&cx, &request.source, move |source| {
            source.symlink_metadata()?;
            if let Some(parent) = destination.parent() {
                std::fs::create_dir_all(parent)?;
            }
            std::fs::rename(source, &destination)?;
            entry(&destination)
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
        if inside(&cx, &path)? == cx.sandbox.home() {
            return Err(ConnectError::invalid_argument(
                "the sandbox's home cannot be removed",
            ));
        }
        with_path(&cx, &path, |path| {
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
        _: RequestContext,
        _: ServiceRequest<'_, WatchDirRequest>,
    ) -> ServiceResult<ServiceStream<WatchDirResponse>> {
        Err(watching())
    }

    async fn create_watcher(
        &self,
        _: RequestContext,
        _: ServiceRequest<'_, CreateWatcherRequest>,
    ) -> ServiceResult<CreateWatcherResponse> {
        Err(watching())
    }

    async fn get_watcher_events(
        &self,
        _: RequestContext,
        _: ServiceRequest<'_, GetWatcherEventsRequest>,
    ) -> ServiceResult<GetWatcherEventsResponse> {
        Err(watching())
    }

    async fn remove_watcher(
        &self,
        _: RequestContext,
        _: ServiceRequest<'_, RemoveWatcherRequest>,
    ) -> ServiceResult<RemoveWatcherResponse> {
        Err(watching())
    }
}

/// Depth first, by name, links below the root not followed.
fn walk(dir: &Path, depth: u32, entries: &mut Vec<EntryInfo>) -> io::Result<()> {
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
        let Ok(info) = entry(&child) else { continue };
        entries.push(info);
        if depth > 1
            && child
                .symlink_metadata()
                .is_ok_and(|metadata| metadata.is_dir())
        {
            let _ = walk(&child, depth - 1, entries);
        }
    }
    Ok(())
}

fn entry(path: &Path) -> io::Result<EntryInfo> {
    let own = path.symlink_metadata()?;
    let link = own.is_symlink();
    // Of a link the target counts, unless it leads nowhere.
    let metadata = if link {
        path.metadata().unwrap_or_else(|_| own.clone())
    } else {
        own
    };
    let kind = if metadata.is_dir() {
        FileType::FILE_TYPE_DIRECTORY
    } else if metadata.is_file() {
        FileType::FILE_TYPE_FILE
    } else if metadata.is_symlink() {
        FileType::FILE_TYPE_SYMLINK
    } else {
        FileType::FILE_TYPE_UNSPECIFIED
    };
    let nanos = i32::try_from(metadata.mtime_nsec()).unwrap_or_default();
    let modified = Timestamp {
        seconds: metadata.mtime(),
        nanos,
        ..Default::default()
    };
    Ok(EntryInfo {
        name: path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned(),
        r#type: kind.into(),
        path: path.display().to_string(),
        size: i64::try_from(metadata.len()).unwrap_or(i64::MAX),
        mode: metadata.mode() & 0o7777,
        permissions: permissions(&metadata, link),
        owner: account("/etc/passwd", metadata.uid()),
        group: account("/etc/group", metadata.gid()),
        modified_time: modified.into(),
        symlink_target: if link {
            path.canonicalize().ok().map(|to| to.display().to_string())
        } else {
            None
        },
        ..Default::default()
    })
}

/// As Go prints a mode: `-rw-r--r--`, `drwxr-xr-x`, links with `L`.
fn permissions(metadata: &Metadata, link: bool) -> String {
    let first = match (link, metadata.is_dir()) {
        (true, _) => 'L',
        (false, true) => 'd',
        (false, false) => '-',
    };
    let bits = (0..9).rev().map(|bit| {
        let letter = ['x', 'w', 'r'][bit % 3];
        if metadata.mode() >> bit & 1 == 1 {
            letter
        } else {
            '-'
        }
    });
    std::iter::once(first).chain(bits).collect()
}

/// The name of a user or group, else its number.
fn account(database: &str, id: u32) -> String {
    let wanted = id.to_string();
    let text = std::fs::read_to_string(database).unwrap_or_default();
    let named = text.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)? == wanted).then(|| name.to_owned())
    });
    named.unwrap_or(wanted)
}
