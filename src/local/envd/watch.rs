//! Watching directories: one stream of events for as long as a client listens, or a watcher that
//! collects them until it is asked.
//!
//! The events are the operating system's, told apart as envd tells them (0.6.4): a new file is
//! CREATE then WRITE, a rename is RENAME of the old name and CREATE of the new one. Names are
//! relative to the watched directory. A watcher that nobody asks keeps its newest events only.

use std::collections::{HashMap, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use connectrpc::ConnectError;
use notify::event::{EventKind, ModifyKind, RenameMode};
use notify::{RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::e2b::proto::filesystem::watch_dir_response::{Event, KeepAlive, StartEvent};
use crate::e2b::proto::filesystem::{EventType, FilesystemEvent, WatchDirResponse};
use crate::net::random;

use super::super::isolation::View;
use super::super::sandbox::guard;
use super::entry::entry;

/// Events that wait for one stream's reader; beyond it the stream ends with an error.
const QUEUE: usize = 4096;
/// Events that a polled watcher keeps.
const KEPT: usize = 10_000;
/// Polled watchers of one sandbox.
const WATCHERS: usize = 256;

/// What is watched, and how.
pub(super) struct Wanted {
    pub(super) view: View,
    pub(super) root: PathBuf,
    pub(super) recursive: bool,
    pub(super) with_entry: bool,
}

/// The polled watchers of one run of a sandbox.
#[derive(Default)]
pub(in crate::local) struct Watchers(Mutex<HashMap<String, Polled>>);

struct Polled {
    events: Arc<Mutex<VecDeque<FilesystemEvent>>>,
    /// Watches until it is dropped.
    _watcher: RecommendedWatcher,
}

impl Watchers {
    /// Starts a watcher and gives its id.
    pub(super) fn add(&self, wanted: Wanted) -> Result<String, ConnectError> {
        let id = random::token().map_err(|error| ConnectError::internal(error.to_string()))?;
        let events = Arc::new(Mutex::new(VecDeque::new()));
        let sink = Arc::clone(&events);
        let watcher = watch(wanted, move |event| {
            let mut events = guard(&sink);
            if events.len() == KEPT {
                events.pop_front();
            }
            events.push_back(event);
        })?;
        let mut watchers = guard(&self.0);
        if watchers.len() >= WATCHERS {
            return Err(ConnectError::resource_exhausted(
                "the sandbox has too many watchers",
            ));
        }
        let polled = Polled {
            events,
            _watcher: watcher,
        };
        watchers.insert(id.clone(), polled);
        Ok(id)
    }

    /// Everything since the last call.
    pub(super) fn take(&self, id: &str) -> Result<Vec<FilesystemEvent>, ConnectError> {
        let watchers = guard(&self.0);
        let polled = watchers.get(id).ok_or_else(|| unknown(id))?;
        let events = guard(&polled.events).drain(..).collect();
        Ok(events)
    }

    pub(super) fn remove(&self, id: &str) -> Result<(), ConnectError> {
        let removed = guard(&self.0).remove(id);
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
        if let Err(mpsc::error::TrySendError::Full(_)) = sender.try_send(event) {
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

/// Watches until the watcher is dropped. `tell` is called on a thread of its own.
fn watch(
    wanted: Wanted,
    mut tell: impl FnMut(FilesystemEvent) + Send + 'static,
) -> Result<RecommendedWatcher, ConnectError> {
    let Wanted {
        view,
        root,
        recursive,
        with_entry,
    } = wanted;
    let failed = |error: notify::Error| ConnectError::internal(format!("watch: {error}"));
    // Links are followed here once, so that names below can be cut off the events' paths.
    let root = root
        .canonicalize()
        .map_err(|error| ConnectError::internal(format!("watch: {error}")))?;
    let below = root.clone();
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        let Ok(event) = event else { return };
        for (kind, path) in told(&event) {
            if let Some(event) = event_of(&below, kind, path, with_entry.then_some(&view)) {
                tell(event);
            }
        }
    })
    .map_err(failed)?;
    let mode = if recursive {
        RecursiveMode::Recursive
    } else {
        RecursiveMode::NonRecursive
    };
    watcher.watch(&root, mode).map_err(failed)?;
    Ok(watcher)
}

/// What an event of the system means to envd's clients.
fn told(event: &notify::Event) -> Vec<(EventType, &Path)> {
    let kind = match event.kind {
        EventKind::Create(_) | EventKind::Modify(ModifyKind::Name(RenameMode::To)) => {
            EventType::EVENT_TYPE_CREATE
        }
        EventKind::Modify(ModifyKind::Data(_) | ModifyKind::Any) => EventType::EVENT_TYPE_WRITE,
        EventKind::Modify(ModifyKind::Metadata(_)) => EventType::EVENT_TYPE_CHMOD,
        EventKind::Modify(ModifyKind::Name(RenameMode::From | RenameMode::Any)) => {
            EventType::EVENT_TYPE_RENAME
        }
        EventKind::Remove(_) => EventType::EVENT_TYPE_REMOVE,
        // The two halves of a rename came before as events of their own, and a close after
        // writing is no write.
        _ => return Vec::new(),
    };
    event.paths.iter().map(|path| (kind, &**path)).collect()
}

fn event_of(
    root: &Path,
    kind: EventType,
    path: &Path,
    with_entry: Option<&View>,
) -> Option<FilesystemEvent> {
    let name = path.strip_prefix(root).ok()?;
    // Of the directory itself clients are told nothing.
    if name.as_os_str().is_empty() {
        return None;
    }
    let there = matches!(
        kind,
        EventType::EVENT_TYPE_CREATE | EventType::EVENT_TYPE_WRITE | EventType::EVENT_TYPE_CHMOD
    );
    let view = with_entry.filter(|_| there);
    let entry = view.and_then(|view| entry(view, &view.hold(path).ok()?).ok());
    Some(FilesystemEvent {
        name: name.to_string_lossy().into_owned(),
        r#type: kind.into(),
        entry: entry.into(),
        ..Default::default()
    })
}

#[cfg(test)]
mod tests {
    use notify::event::{CreateKind, Event};
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn names_are_relative_and_the_directory_itself_is_not_told() {
        let event = Event::new(EventKind::Create(CreateKind::File)).add_path("/w/sub/g".into());
        let found: Vec<_> = told(&event);

        let inside = event_of(Path::new("/w"), found[0].0, found[0].1, None).unwrap();
        assert_eq!(inside.name, "sub/g");
        assert!(event_of(Path::new("/w/sub/g"), found[0].0, found[0].1, None).is_none());
        assert!(event_of(Path::new("/other"), found[0].0, found[0].1, None).is_none());
    }

    #[test]
    fn both_halves_of_a_rename_are_told_once() {
        let mode =
            |mode| Event::new(EventKind::Modify(ModifyKind::Name(mode))).add_path("/a".into());

        let kinds = [RenameMode::From, RenameMode::To, RenameMode::Both]
            .map(|one| told(&mode(one)).first().map(|first| first.0));
        assert_eq!(
            kinds,
            [
                Some(EventType::EVENT_TYPE_RENAME),
                Some(EventType::EVENT_TYPE_CREATE),
                None
            ]
        );
    }
}
