//! Watching directories: one stream of events for as long as a client listens, or a watcher that
//! collects them until it is asked.
//!
//! The changes are those of [`super::inotify`]. A watcher that nobody asks keeps its newest events
//! only.

use std::collections::{HashMap, VecDeque};
#[cfg(target_os = "linux")]
use std::path::Path;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use connectrpc::ConnectError;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

#[cfg(target_os = "linux")]
use crate::e2b::proto::filesystem::EventType;
use crate::e2b::proto::filesystem::watch_dir_response::{Event, KeepAlive, StartEvent};
use crate::e2b::proto::filesystem::{FilesystemEvent, WatchDirResponse};
use crate::net::random;

use super::super::isolation::View;
use super::super::sandbox::guard;
#[cfg(target_os = "linux")]
use super::entry::entry;
#[cfg(target_os = "linux")]
use super::inotify::{Change, Tree};
use super::watch_share::WatchShare;

/// Events that wait for one stream's reader; beyond it the stream ends with an error.
const QUEUE: usize = 4096;
/// Events that a polled watcher keeps.
const KEPT: usize = 10_000;

/// Follows a directory until it is dropped.
type Watching = AbortOnDropHandle<()>;

/// What is watched, and how.
pub(super) struct Wanted {
    pub(super) view: View,
    pub(super) root: PathBuf,
    pub(super) recursive: bool,
    pub(super) with_entry: bool,
    pub(super) share: WatchShare,
}

/// The polled watchers of one run of a sandbox.
#[derive(Default)]
pub(in crate::local) struct Watchers {
    polled: Mutex<HashMap<String, Polled>>,
    /// For those of streams too.
    share: WatchShare,
}

struct Polled {
    events: Arc<Mutex<VecDeque<FilesystemEvent>>>,
    _watcher: Watching,
}

impl Watchers {
    /// What the watchers of this run may take.
    pub(super) fn share(&self) -> WatchShare {
        self.share.clone()
    }

    /// Starts a watcher and gives its id.
    pub(super) fn add(&self, wanted: Wanted) -> Result<String, ConnectError> {
        let id = random::token().map_err(|error| ConnectError::internal(error.to_string()))?;
        let events = Arc::new(Mutex::new(VecDeque::new()));
        let sink = Arc::clone(&events);
        let watcher = watch(wanted, move |event| {
            let Some(event) = event else { return };
            let mut events = guard(&sink);
            if events.len() == KEPT {
                events.pop_front();
            }
            events.push_back(event);
        })?;
        let mut watchers = guard(&self.polled);
        let polled = Polled {
            events,
            _watcher: watcher,
        };
        watchers.insert(id.clone(), polled);
        Ok(id)
    }

    /// Everything since the last call.
    pub(super) fn take(&self, id: &str) -> Result<Vec<FilesystemEvent>, ConnectError> {
        let watchers = guard(&self.polled);
        let polled = watchers.get(id).ok_or_else(|| unknown(id))?;
        let events = guard(&polled.events).drain(..).collect();
        Ok(events)
    }

    pub(super) fn remove(&self, id: &str) -> Result<(), ConnectError> {
        let removed = guard(&self.polled).remove(id);
        removed.map(drop).ok_or_else(|| unknown(id))
    }
}

fn unknown(id: &str) -> ConnectError {
    ConnectError::not_found(format!("watcher with id '{id}' not found"))
}

/// The events of a directory as a stream, which ends with `over`.
pub(super) fn stream(
    wanted: Wanted,
    keepalive: Duration,
    over: CancellationToken,
) -> Result<
    impl futures::Stream<Item = Result<WatchDirResponse, ConnectError>> + Send + use<>,
    ConnectError,
> {
    let (sender, events) = mpsc::channel(QUEUE);
    let lost = CancellationToken::new();
    let full = lost.clone();
    let watcher = watch(wanted, move |event| {
        let is_lost = event.is_none_or(|event| {
            let sent = sender.try_send(event);
            matches!(sent, Err(mpsc::error::TrySendError::Full(_)))
        });
        if is_lost {
            full.cancel();
        }
    })?;
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

/// Watches until what it gives is dropped. `tell` gets nothing where changes were lost.
#[cfg(target_os = "linux")]
fn watch(
    wanted: Wanted,
    mut tell: impl FnMut(Option<FilesystemEvent>) + Send + 'static,
) -> Result<Watching, ConnectError> {
    let Wanted {
        view,
        root,
        recursive,
        with_entry,
        share,
    } = wanted;
    let failed = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::QuotaExceeded => {
            ConnectError::resource_exhausted(format!("watch: {error}"))
        }
        _ => ConnectError::internal(format!("watch: {error}")),
    };
    let mut tree = Tree::new(view.clone(), root.clone(), recursive, share).map_err(failed)?;
    Ok(Watching::new(tokio::spawn(async move {
        loop {
            let kernel = Arc::clone(&tree.kernel);
            let Ok(mut ready) = kernel.readable().await else {
                return;
            };
            let (view, root) = (view.clone(), root.clone());
            let reading = tokio::task::spawn_blocking(move || {
                let batch = tree.read()?;
                let with_entry = with_entry.then_some(&view);
                let event = |change| event_of(&root, change, with_entry);
                let events: Vec<_> = batch.changes.into_iter().map(event).collect();
                std::io::Result::Ok((tree, events, batch.lost, batch.is_last))
            });
            let Ok(Ok((same, events, lost, is_last))) = reading.await else {
                tell(None);
                return;
            };
            tree = same;
            for event in events {
                tell(Some(event));
            }
            if lost {
                tell(None);
            }
            if is_last {
                ready.clear_ready();
            }
        }
    })))
}

#[cfg(not(target_os = "linux"))]
fn watch(
    _: Wanted,
    _: impl FnMut(Option<FilesystemEvent>) + Send + 'static,
) -> Result<Watching, ConnectError> {
    Err(ConnectError::unimplemented(
        "the local server watches no directories on this operating system",
    ))
}

#[cfg(target_os = "linux")]
fn event_of(root: &Path, change: Change, with_entry: Option<&View>) -> FilesystemEvent {
    let Change { kind, name } = change;
    let there = matches!(
        kind,
        EventType::EVENT_TYPE_CREATE | EventType::EVENT_TYPE_WRITE | EventType::EVENT_TYPE_CHMOD
    );
    let view = with_entry.filter(|_| there);
    let entry = view.and_then(|view| entry(view, &view.hold(&root.join(&name)).ok()?).ok());
    FilesystemEvent {
        name: name.to_string_lossy().into_owned(),
        r#type: kind.into(),
        entry: entry.into(),
        ..Default::default()
    }
}
