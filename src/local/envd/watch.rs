//! Watching directories: one stream of events for as long as a client listens, or a watcher that
//! collects them until it is asked.
//!
//! The changes are those of [`super::inotify`]. A watcher that nobody asks keeps its newest events
//! only.

use std::collections::{HashMap, VecDeque};
use std::path::Path;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use connectrpc::ConnectError;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use crate::e2b::proto::filesystem::EventType;
use crate::e2b::proto::filesystem::watch_dir_response::{Event, KeepAlive, StartEvent};
use crate::e2b::proto::filesystem::{FilesystemEvent, WatchDirResponse};
use crate::net::random;

use super::entry::entry;
use super::inotify::{DirectoryChange, WatchedTree};
use super::watch_quota::WatchQuota;
use crate::local::isolation::PathMap;
use crate::local::sync::lock;

/// Events that wait for one stream's reader; beyond it the stream ends with an error.
const QUEUE: usize = 4096;
/// Events that a polled watcher keeps.
const KEPT: usize = 10_000;
/// Batches that one poll reads at most: a process that never rests must not hold it up for ever.
const ROUNDS: usize = 64;

/// Follows a directory until it is dropped.
type FollowTask = AbortOnDropHandle<()>;

/// What is watched, and how.
pub(super) struct WatchRequest {
    pub(super) paths: PathMap,
    pub(super) root: PathBuf,
    pub(super) recursive: bool,
    pub(super) with_entry: bool,
    pub(super) quota: WatchQuota,
}

/// The polled watchers of one run of a sandbox.
#[derive(Default)]
pub(in crate::local) struct PolledWatchers {
    polled: Mutex<HashMap<String, PolledWatcher>>,
    /// For those of streams too.
    quota: WatchQuota,
}

struct PolledWatcher {
    collector: Arc<Mutex<EventCollector>>,
    _watcher: FollowTask,
}

/// What a polled watcher has heard and nobody has taken yet.
struct EventCollector {
    source: WatchSource,
    events: VecDeque<FilesystemEvent>,
}

impl EventCollector {
    /// Reads what the kernel has to tell; true if that was all of it.
    fn read(&mut self) -> std::io::Result<bool> {
        let read = self.source.read()?;
        self.events.extend(read.events);
        let beyond = self.events.len().saturating_sub(KEPT);
        self.events.drain(..beyond);
        Ok(read.is_last)
    }
}

impl PolledWatchers {
    /// What the watchers of this run may take.
    pub(super) fn quota(&self) -> WatchQuota {
        self.quota.clone()
    }

    /// Starts a watcher and gives its id.
    pub(super) fn add(&self, wanted: WatchRequest) -> Result<String, ConnectError> {
        let id = random::token().map_err(|error| ConnectError::internal(error.to_string()))?;
        let source = WatchSource::new(wanted)?;
        let ready = source.ready();
        let collector = EventCollector {
            source,
            events: VecDeque::new(),
        };
        let collector = Arc::new(Mutex::new(collector));
        let reading = Arc::clone(&collector);
        let watcher = follow(ready, reading, EventCollector::read);
        let mut watchers = lock(&self.polled);
        let polled = PolledWatcher {
            collector,
            _watcher: watcher,
        };
        watchers.insert(id.clone(), polled);
        Ok(id)
    }

    /// Everything since the last call, also what the kernel knows and nobody has read yet: whoever
    /// asks sees the changes of all calls that have returned. Touches the disk; not for async
    /// threads.
    pub(super) fn take(&self, id: &str) -> Result<Vec<FilesystemEvent>, ConnectError> {
        let collector = {
            let watchers = lock(&self.polled);
            let polled = watchers.get(id).ok_or_else(|| unknown(id))?;
            Arc::clone(&polled.collector)
        };
        let mut collector = lock(&collector);
        let failed = |error: std::io::Error| ConnectError::internal(format!("watch: {error}"));
        for _ in 0..ROUNDS {
            if collector.read().map_err(failed)? {
                break;
            }
        }
        Ok(collector.events.drain(..).collect())
    }

    pub(super) fn remove(&self, id: &str) -> Result<(), ConnectError> {
        let removed = lock(&self.polled).remove(id);
        removed.map(drop).ok_or_else(|| unknown(id))
    }
}

fn unknown(id: &str) -> ConnectError {
    ConnectError::not_found(format!("watcher with id '{id}' not found"))
}

/// The events of a directory as a stream, which ends with `over`.
pub(super) fn stream(
    wanted: WatchRequest,
    keepalive: Duration,
    over: CancellationToken,
) -> Result<
    impl futures::Stream<Item = Result<WatchDirResponse, ConnectError>> + Send + use<>,
    ConnectError,
> {
    let (sender, events) = mpsc::channel(QUEUE);
    let lost = CancellationToken::new();
    let full = lost.clone();
    let source = WatchSource::new(wanted)?;
    let ready = source.ready();
    let source = Arc::new(Mutex::new(source));
    let watcher = follow(ready, source, move |source| {
        let read = source.read().inspect_err(|_| full.cancel())?;
        let mut events = read.events.into_iter();
        let is_full = events.any(|event| {
            let sent = sender.try_send(event);
            matches!(sent, Err(mpsc::error::TrySendError::Full(_)))
        });
        if read.lost || is_full {
            full.cancel();
        }
        Ok(read.is_last)
    });
    let first = Some(Event::from(StartEvent::default()));
    let state = (first, events, watcher, false);
    Ok(futures::stream::unfold(
        state,
        move |(first, mut events, watcher, ended)| {
            let (lost, over) = (lost.clone(), over.clone());
            async move {
                if ended {
                    return None;
                }
                let item = if let Some(first) = first {
                    Ok(first)
                } else {
                    tokio::select! {
                        biased;
                        () = lost.cancelled() => Err(ConnectError::resource_exhausted(
                            "events were not read fast enough",
                        )),
                        () = over.cancelled() => Err(ConnectError::unavailable(
                            "the sandbox was paused or killed",
                        )),
                        event = events.recv() => match event {
                            Some(event) => Ok(event.into()),
                            None => return None,
                        },
                        () = tokio::time::sleep(keepalive) => Ok(KeepAlive::default().into()),
                    }
                };
                let ended = item.is_err();
                let item = item.map(|event| WatchDirResponse {
                    event: Some(event),
                    ..Default::default()
                });
                Some((item, (None, events, watcher, ended)))
            }
        },
    ))
}

/// What has been read at once.
struct EventBatch {
    events: Vec<FilesystemEvent>,
    /// Others are missing.
    lost: bool,
    /// There is nothing more at present.
    is_last: bool,
}

/// The changes of a directory, as clients get them.
struct WatchSource {
    tree: WatchedTree,
    paths: PathMap,
    root: PathBuf,
    with_entry: bool,
}

type WatchFd = Arc<tokio::io::unix::AsyncFd<std::os::fd::OwnedFd>>;

impl WatchSource {
    fn new(wanted: WatchRequest) -> Result<Self, ConnectError> {
        let WatchRequest {
            paths,
            root,
            recursive,
            with_entry,
            quota,
        } = wanted;
        let failed = |error: std::io::Error| match error.kind() {
            std::io::ErrorKind::QuotaExceeded => {
                ConnectError::resource_exhausted(format!("watch: {error}"))
            }
            _ => ConnectError::internal(format!("watch: {error}")),
        };
        let tree =
            WatchedTree::new(paths.clone(), root.clone(), recursive, quota).map_err(failed)?;
        Ok(Self {
            tree,
            paths,
            root,
            with_entry,
        })
    }

    /// What tells when there is something to read.
    fn ready(&self) -> WatchFd {
        Arc::clone(&self.tree.kernel)
    }

    fn read(&mut self) -> std::io::Result<EventBatch> {
        let batch = self.tree.read()?;
        let with_entry = self.with_entry.then_some(&self.paths);
        let event = |change| event_of(&self.root, change, with_entry);
        Ok(EventBatch {
            events: batch.changes.into_iter().map(event).collect(),
            lost: batch.lost,
            is_last: batch.is_last,
        })
    }
}

/// Reads whenever there is something, until what it gives is dropped or `read` fails. `read` says
/// whether it has read all; it touches the disk, and its turn excludes that of others.
fn follow<T: Send + 'static>(
    kernel: WatchFd,
    source: Arc<Mutex<T>>,
    read: impl FnMut(&mut T) -> std::io::Result<bool> + Send + 'static,
) -> FollowTask {
    let read = Arc::new(Mutex::new(read));
    FollowTask::new(tokio::spawn(async move {
        loop {
            let Ok(mut ready) = kernel.readable().await else {
                return;
            };
            let (source, read) = (Arc::clone(&source), Arc::clone(&read));
            let reading = tokio::task::spawn_blocking(move || lock(&read)(&mut lock(&source)));
            match reading.await {
                Ok(Ok(true)) => ready.clear_ready(),
                Ok(Ok(false)) => {}
                Ok(Err(_)) | Err(_) => return,
            }
        }
    }))
}

fn event_of(root: &Path, change: DirectoryChange, with_entry: Option<&PathMap>) -> FilesystemEvent {
    let DirectoryChange { kind, name } = change;
    let there = matches!(
        kind,
        EventType::EVENT_TYPE_CREATE | EventType::EVENT_TYPE_WRITE | EventType::EVENT_TYPE_CHMOD
    );
    let paths = with_entry.filter(|_| there);
    let entry =
        paths.and_then(|paths| entry(paths, &paths.open_confined(&root.join(&name)).ok()?).ok());
    FilesystemEvent {
        name: name.to_string_lossy().into_owned(),
        r#type: kind.into(),
        entry: entry.into(),
        ..Default::default()
    }
}
