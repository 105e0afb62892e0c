//! A directory, and if so wanted all below it, watched by the kernel.
//!
//! A process of the sandbox may put a link where the server has seen a directory, and a watch by its
//! path would be one of a directory elsewhere. So each directory is held first, reached without
//! following any link ([`View::hold`]), and what is held is watched.
//!
//! In: a directory's place. Out: changes with names relative to it, told apart as envd tells them
//! (0.6.4): a new file is CREATE then WRITE, a rename is RENAME of the old name and CREATE of the new
//! one. What is in a new directory before it is watched is not told. Knows no client and no stream.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::inotify::{self, CreateFlags, ReadFlags, Reader, WatchFlags};
use rustix::io::Errno;
use tokio::io::unix::AsyncFd;
use tokio::sync::OwnedSemaphorePermit;

use crate::e2b::proto::filesystem::EventType;

use super::super::isolation::View;
use super::watch_share::WatchShare;

/// Directories below one that is watched; the kernel gives each user but so many watches.
const FOLDERS: usize = 8192;
/// How deep they lie at most.
const DEPTH: usize = 256;
/// Changes that are read at a time.
const BATCH: usize = 1024;

/// What has happened to a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) kind: EventType,
    /// Relative to the watched directory, never empty.
    pub(super) name: PathBuf,
}

/// Some changes, oldest first.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub(super) changes: Vec<Change>,
    /// Others are missing: they came too fast, or are in directories that cannot be watched.
    pub(super) lost: bool,
    /// There is nothing more to read at present.
    pub(super) is_last: bool,
}

/// What is watched, until it is dropped.
pub(super) struct Tree {
    pub(super) kernel: Arc<AsyncFd<OwnedFd>>,
    view: View,
    root: PathBuf,
    recursive: bool,
    share: WatchShare,
    /// By the kernel's numbers.
    folders: HashMap<i32, Folder>,
    _place: OwnedSemaphorePermit,
}

/// A directory that is watched.
struct Folder {
    /// Relative to the root, whose own is empty.
    name: PathBuf,
    _place: OwnedSemaphorePermit,
}

impl Tree {
    /// Begins to watch. Looking through a large tree takes its time; not for async threads, but for
    /// one that knows the runtime.
    #[expect(
        deprecated,
        reason = "its successor is unsafe; an OwnedFd gives the same descriptor as long as it lives"
    )]
    pub(super) fn new(
        view: View,
        root: PathBuf,
        recursive: bool,
        share: WatchShare,
    ) -> io::Result<Self> {
        let place = share.watcher()?;
        let kernel = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK);
        let kernel = kernel.map_err(|error| used_up(error, "max_user_instances"))?;
        let mut tree = Self {
            kernel: Arc::new(AsyncFd::new(kernel)?),
            view,
            root,
            recursive,
            share,
            folders: HashMap::new(),
            _place: place,
        };
        tree.add(PathBuf::new())?;
        Ok(tree)
    }

    /// What has happened since the last call. Touches the disk; not for async threads.
    pub(super) fn read(&mut self) -> io::Result<Batch> {
        let mut batch = Batch::default();
        let kernel = Arc::clone(&self.kernel);
        let mut buffer = [MaybeUninit::uninit(); 16 * 1024];
        let mut events = Reader::new(kernel.get_ref(), &mut buffer);
        while batch.changes.len() < BATCH {
            match events.next() {
                Ok(event) => {
                    let name = event
                        .file_name()
                        .map(|name| OsStr::from_bytes(name.to_bytes()));
                    self.happened(event.wd(), event.events(), name, &mut batch);
                }
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => {
                    batch.is_last = true;
                    break;
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(batch)
    }

    fn happened(&mut self, number: i32, what: ReadFlags, name: Option<&OsStr>, batch: &mut Batch) {
        if what.contains(ReadFlags::QUEUE_OVERFLOW) {
            batch.lost = true;
        }
        if what.contains(ReadFlags::IGNORED) {
            self.folders.remove(&number);
        }
        let (Some(folder), Some(name)) = (self.folders.get(&number), name) else {
            return;
        };
        let name = folder.name.join(name);
        let Some(kind) = kind(what) else { return };
        let is_folder = self.recursive && what.contains(ReadFlags::ISDIR);
        if is_folder && kind == EventType::EVENT_TYPE_RENAME {
            self.forget(&name);
        }
        if is_folder && kind == EventType::EVENT_TYPE_CREATE {
            batch.lost |= self.add(name.clone()).is_err();
        }
        batch.changes.push(Change { kind, name });
    }

    /// Watches a directory, and those below it if so wanted.
    fn add(&mut self, name: PathBuf) -> io::Result<()> {
        let mut open = vec![name];
        while let Some(name) = open.pop() {
            match self.add_one(&name, &mut open) {
                // It is gone again, or no directory any more. Without the first one there is no watch.
                Err(error) if is_gone(&error) && !self.folders.is_empty() => {}
                other => other?,
            }
        }
        Ok(())
    }

    fn add_one(&mut self, name: &Path, open: &mut Vec<PathBuf>) -> io::Result<()> {
        if self.folders.len() >= FOLDERS || name.components().count() > DEPTH {
            let message = "there are too many directories below it";
            return Err(io::Error::new(io::ErrorKind::QuotaExceeded, message));
        }
        let held = self.view.hold(&self.root.join(name))?;
        let folder = held.folder()?;
        // The kernel leads from here to what is held, whatever has its name by now.
        let itself = format!("/proc/self/fd/{}", folder.as_raw_fd());
        let what = WatchFlags::CREATE
            | WatchFlags::DELETE
            | WatchFlags::MODIFY
            | WatchFlags::ATTRIB
            | WatchFlags::MOVE
            | WatchFlags::ONLYDIR;
        let place = self.share.directory()?;
        let number = inotify::add_watch(self.kernel.get_ref(), itself, what);
        let number = number.map_err(|error| used_up(error, "max_user_watches"))?;
        let folder = Folder {
            name: name.to_owned(),
            _place: place,
        };
        self.folders.insert(number, folder);
        if !self.recursive {
            return Ok(());
        }
        for child in held.list()? {
            let is_folder = held
                .below(&child)?
                .metadata()
                .is_ok_and(|child| child.is_dir());
            if is_folder {
                open.push(name.join(child));
            }
        }
        Ok(())
    }

    /// Watches what was moved away no longer: it may be outside now.
    fn forget(&mut self, name: &Path) {
        let below = self
            .folders
            .iter()
            .filter(|(_, folder)| folder.name.starts_with(name));
        let numbers: Vec<i32> = below.map(|(number, _)| *number).collect();
        for number in numbers {
            self.folders.remove(&number);
            let _ = inotify::remove_watch(self.kernel.get_ref(), number);
        }
    }
}

/// The kernel's errors speak of files and of space on a device.
fn used_up(error: Errno, limit: &str) -> io::Error {
    match error {
        Errno::MFILE | Errno::NOSPC => {
            let message = format!(
                "the programs of the server's user watch all that the kernel lets one user watch \
                 (fs.inotify.{limit})"
            );
            io::Error::new(io::ErrorKind::QuotaExceeded, message)
        }
        error => error.into(),
    }
}

fn is_gone(error: &io::Error) -> bool {
    use io::ErrorKind::{NotADirectory, NotFound};
    [NotFound, NotADirectory].contains(&error.kind())
}

/// What an event of the kernel means to envd's clients.
fn kind(what: ReadFlags) -> Option<EventType> {
    let kinds = [
        (ReadFlags::CREATE, EventType::EVENT_TYPE_CREATE),
        (ReadFlags::MOVED_TO, EventType::EVENT_TYPE_CREATE),
        (ReadFlags::MODIFY, EventType::EVENT_TYPE_WRITE),
        (ReadFlags::ATTRIB, EventType::EVENT_TYPE_CHMOD),
        (ReadFlags::MOVED_FROM, EventType::EVENT_TYPE_RENAME),
        (ReadFlags::DELETE, EventType::EVENT_TYPE_REMOVE),
    ];
    let mut all = kinds.into_iter();
    all.find(|(flag, _)| what.contains(*flag))
        .map(|(_, kind)| kind)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use pretty_assertions::assert_eq;

    use super::*;

    /// A sandbox's directories with one outside of them, and its view.
    fn sandbox() -> (tempfile::TempDir, PathBuf, View) {
        let dir = tempfile::tempdir().unwrap();
        for folder in ["home/real/deep", "tmp", "outside"] {
            std::fs::create_dir_all(dir.path().join(folder)).unwrap();
        }
        let base = dir.path().canonicalize().unwrap();
        let view = View::new(&base, true);
        (dir, base, view)
    }

    fn watch(view: View, root: PathBuf, recursive: bool) -> io::Result<Tree> {
        Tree::new(view, root, recursive, WatchShare::default())
    }

    fn folder_names(tree: &Tree) -> HashMap<i32, PathBuf> {
        let folders = tree.folders.iter();
        folders
            .map(|(number, folder)| (*number, folder.name.clone()))
            .collect()
    }

    /// All that is told until a file with this name is.
    async fn told(tree: &mut Tree, last: &str) -> Vec<(EventType, String)> {
        let mut told = Vec::new();
        while !told.iter().any(|(_, name)| name == last) {
            let kernel = Arc::clone(&tree.kernel);
            let mut ready = kernel.readable().await.unwrap();
            let batch = tree.read().unwrap();
            assert!(!batch.lost);
            if batch.is_last {
                ready.clear_ready();
            }
            let changes = batch.changes.into_iter();
            told.extend(changes.map(|one| (one.kind, one.name.display().to_string())));
        }
        told
    }

    #[tokio::test]
    async fn links_are_not_followed_whenever_they_are_made() {
        let (_dir, base, view) = sandbox();
        let home = base.join("home");
        symlink(base.join("outside"), home.join("before")).unwrap();
        let mut tree = watch(view.clone(), home.clone(), true).unwrap();

        symlink(base.join("outside"), home.join("after")).unwrap();
        std::fs::rename(home.join("real"), home.join("away")).unwrap();
        symlink(base.join("outside"), home.join("real")).unwrap();
        std::fs::write(base.join("outside/secret"), "").unwrap();
        std::fs::create_dir(base.join("outside/deep")).unwrap();
        std::fs::create_dir(home.join("end")).unwrap();
        let told = told(&mut tree, "end").await;

        let names: Vec<_> = told.iter().map(|(_, name)| name.as_str()).collect();
        assert_eq!(names, ["after", "real", "away", "real", "end"]);
        let before = folder_names(&tree);
        tree.add(PathBuf::from("real/deep")).unwrap();
        assert_eq!(folder_names(&tree), before);
        assert!(watch(view, home.join("real"), true).is_err());
    }

    #[tokio::test]
    async fn directories_keep_their_names_when_they_move_and_new_ones_are_watched() {
        let (_dir, base, view) = sandbox();
        let home = base.join("home");
        let mut tree = watch(view, home.clone(), true).unwrap();

        std::fs::rename(home.join("real"), home.join("moved")).unwrap();
        std::fs::create_dir(home.join("one")).unwrap();
        told(&mut tree, "one").await;
        std::fs::create_dir(home.join("moved/deep/in")).unwrap();
        std::fs::create_dir(home.join("one/in")).unwrap();
        std::fs::rename(home.join("moved"), base.join("outside/moved")).unwrap();
        told(&mut tree, "moved").await;
        std::fs::create_dir(base.join("outside/moved/unseen")).unwrap();
        std::fs::create_dir(home.join("end")).unwrap();

        assert_eq!(
            told(&mut tree, "end").await,
            [(EventType::EVENT_TYPE_CREATE, "end".to_owned())]
        );
    }

    #[tokio::test]
    async fn a_file_is_told_as_envd_tells_it() {
        let (_dir, base, view) = sandbox();
        let home = base.join("home");
        let mut tree = watch(view, home.clone(), false).unwrap();

        std::fs::write(home.join("a"), "text").unwrap();
        std::fs::write(home.join("real/unseen"), "").unwrap();
        std::fs::rename(home.join("a"), home.join("b")).unwrap();
        std::fs::remove_file(home.join("b")).unwrap();
        std::fs::create_dir(home.join("end")).unwrap();

        let told = told(&mut tree, "end").await;
        let told: Vec<_> = told
            .iter()
            .map(|(kind, name)| (*kind, name.as_str()))
            .collect();
        assert_eq!(
            told,
            [
                (EventType::EVENT_TYPE_CREATE, "a"),
                (EventType::EVENT_TYPE_WRITE, "a"),
                (EventType::EVENT_TYPE_RENAME, "a"),
                (EventType::EVENT_TYPE_CREATE, "b"),
                (EventType::EVENT_TYPE_REMOVE, "b"),
                (EventType::EVENT_TYPE_CREATE, "end"),
            ]
        );
    }
}
