//! A directory, and if so wanted all below it, watched by the kernel.
//!
//! A process of the sandbox may put a link where the server has seen a directory, and a watch by its
//! path would be one of a directory elsewhere. So each directory is held first, reached without
//! following any link ([`PathMap::open_confined`]), and what is held is watched.
//!
//! In: a directory's place. Out: changes with names relative to it, told apart as envd tells them
//! (0.6.4): a new file is CREATE then WRITE, a rename is RENAME of the old name and CREATE of the new
//! one. What a new directory holds before it is watched is told as CREATE, and WRITE where a file has
//! contents. Knows no client and no stream.

use std::collections::{HashMap, HashSet};
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

use super::watch_quota::WatchQuota;
use crate::e2b::proto::filesystem::EventType;
use crate::local::isolation::PathMap;

/// Directories below one that is watched; the kernel gives each user but so many watches.
const FOLDERS: usize = 8192;
/// How deep they lie at most.
const DEPTH: usize = 256;
/// Changes that are read at a time.
const BATCH: usize = 1024;
/// Directories that were moved and whose new names are awaited; each is two events in a row, mostly.
const MOVED: usize = 64;

/// What has happened to a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct DirectoryChange {
    pub(super) kind: EventType,
    /// Relative to the watched directory, never empty.
    pub(super) name: PathBuf,
}

/// Some changes, oldest first.
#[derive(Debug, Default)]
pub(super) struct ChangeBatch {
    pub(super) changes: Vec<DirectoryChange>,
    /// Others are missing: they came too fast, or are in directories that cannot be watched.
    pub(super) lost: bool,
    /// There is nothing more to read at present.
    pub(super) is_last: bool,
}

/// What is watched, until it is dropped.
pub(super) struct WatchedTree {
    pub(super) kernel: Arc<AsyncFd<OwnedFd>>,
    paths: PathMap,
    root: PathBuf,
    recursive: bool,
    quota: WatchQuota,
    /// By the kernel's numbers.
    folders: HashMap<i32, WatchedDirectory>,
    /// Directories that have lost their names, oldest first.
    moved: Vec<MovedDirectory>,
    /// Names found in directories that were not watched when they were made. The kernel may tell of
    /// them too, in what has not been read yet.
    found: HashSet<PathBuf>,
    _place: OwnedSemaphorePermit,
}

/// A directory that is watched.
struct WatchedDirectory {
    /// Relative to the root, whose own is empty.
    name: PathBuf,
    _place: OwnedSemaphorePermit,
}

/// A directory between its old name and its new one, which it may never get: it may be outside.
struct MovedDirectory {
    cookie: u32,
    name: PathBuf,
    /// All that the kernel had to tell has been read since.
    is_stale: bool,
}

/// An event of the kernel.
struct KernelEvent<'a> {
    number: i32,
    what: ReadFlags,
    cookie: u32,
    name: Option<&'a OsStr>,
}

impl WatchedTree {
    /// Begins to watch. Looking through a large tree takes its time; not for async threads, but for
    /// one that knows the runtime.
    #[expect(
        deprecated,
        reason = "its successor is unsafe; an OwnedFd gives the same descriptor as long as it lives"
    )]
    pub(super) fn new(
        paths: PathMap,
        root: PathBuf,
        recursive: bool,
        quota: WatchQuota,
    ) -> io::Result<Self> {
        let place = quota.watcher()?;
        let kernel = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK);
        let kernel = kernel.map_err(|error| used_up(error, "max_user_instances"))?;
        let mut tree = Self {
            kernel: Arc::new(AsyncFd::new(kernel)?),
            paths,
            root,
            recursive,
            quota,
            folders: HashMap::new(),
            moved: Vec::new(),
            found: HashSet::new(),
            _place: place,
        };
        // What is there already is no change.
        tree.add(PathBuf::new(), &mut ChangeBatch::default())?;
        tree.found.clear();
        Ok(tree)
    }

    /// What has happened since the last call. Touches the disk; not for async threads.
    pub(super) fn read(&mut self) -> io::Result<ChangeBatch> {
        let mut batch = ChangeBatch::default();
        let kernel = Arc::clone(&self.kernel);
        let mut buffer = [MaybeUninit::uninit(); 16 * 1024];
        let mut events = Reader::new(kernel.get_ref(), &mut buffer);
        while batch.changes.len() < BATCH {
            match events.next() {
                Ok(event) => {
                    let name = event
                        .file_name()
                        .map(|name| OsStr::from_bytes(name.to_bytes()));
                    let event = KernelEvent {
                        number: event.wd(),
                        what: event.events(),
                        cookie: event.cookie(),
                        name,
                    };
                    self.happened(&event, &mut batch);
                }
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => {
                    batch.is_last = true;
                    self.found.clear();
                    self.moved.iter_mut().for_each(|one| one.is_stale = true);
                    break;
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(batch)
    }

    fn happened(&mut self, event: &KernelEvent<'_>, batch: &mut ChangeBatch) {
        let KernelEvent { number, what, .. } = *event;
        if what.contains(ReadFlags::QUEUE_OVERFLOW) {
            batch.lost = true;
        }
        if what.contains(ReadFlags::IGNORED) {
            self.folders.remove(&number);
        }
        let is_folder = self.recursive && what.contains(ReadFlags::ISDIR);
        let from = (is_folder && what.contains(ReadFlags::MOVED_TO))
            .then(|| self.moved.iter().position(|one| one.cookie == event.cookie))
            .flatten()
            .map(|at| self.moved.remove(at));
        self.forget_stale();
        let (Some(folder), Some(name)) = (self.folders.get(&number), event.name) else {
            return;
        };
        let name = folder.name.join(name);
        let Some(kind) = kind(what) else { return };
        // Told already, when its directory was found.
        let told = self.found.remove(&name) && kind == EventType::EVENT_TYPE_CREATE;
        if is_folder && kind == EventType::EVENT_TYPE_RENAME {
            self.moved.push(MovedDirectory {
                cookie: event.cookie,
                name: name.clone(),
                is_stale: self.moved.len() >= MOVED,
            });
        }
        if let Some(from) = from {
            self.rename(&from.name, &name);
        }
        if !told {
            batch.changes.push(DirectoryChange {
                kind,
                name: name.clone(),
            });
        }
        if is_folder && kind == EventType::EVENT_TYPE_CREATE {
            batch.lost |= self.add_if_room(name, batch).is_err();
        }
    }

    /// Watches a new directory. What was moved and has not come back by now gives it its place, if there is no
    /// other: both ends of a move are told one after the other.
    fn add_if_room(&mut self, name: PathBuf, batch: &mut ChangeBatch) -> io::Result<()> {
        let added = self.add(name.clone(), batch);
        if added.is_ok() || self.moved.is_empty() {
            return added;
        }
        self.moved.iter_mut().for_each(|one| one.is_stale = true);
        self.forget_stale();
        self.add(name, batch)
    }

    /// Watches a directory, and those below it if so wanted.
    fn add(&mut self, name: PathBuf, batch: &mut ChangeBatch) -> io::Result<()> {
        let mut open = vec![name];
        while let Some(name) = open.pop() {
            match self.add_one(&name, &mut open, batch) {
                // It is gone again, or no directory any more. Without the first one there is no watch.
                Err(error) if is_gone(&error) && !self.folders.is_empty() => {}
                other => other?,
            }
        }
        Ok(())
    }

    fn add_one(
        &mut self,
        name: &Path,
        open: &mut Vec<PathBuf>,
        batch: &mut ChangeBatch,
    ) -> io::Result<()> {
        if name.components().count() > DEPTH {
            return Err(too_many());
        }
        let confined = self.paths.open_confined(&self.root.join(name))?;
        let folder = confined.folder()?;
        // The kernel leads from here to what is held, whatever has its name by now.
        let itself = format!("/proc/self/fd/{}", folder.as_raw_fd());
        let what = WatchFlags::CREATE
            | WatchFlags::DELETE
            | WatchFlags::MODIFY
            | WatchFlags::ATTRIB
            | WatchFlags::MOVE
            | WatchFlags::ONLYDIR;
        let number = inotify::add_watch(self.kernel.get_ref(), itself, what);
        let number = number.map_err(|error| used_up(error, "max_user_watches"))?;
        let is_new = self.keep(number, name)?;
        if !self.recursive {
            return Ok(());
        }
        for child in confined.list()? {
            // Gone again: the kernel tells of it.
            let metadata = confined.below(&child).and_then(|child| child.metadata());
            let Ok(metadata) = metadata else { continue };
            let child = name.join(child);
            if is_new && self.found.insert(child.clone()) {
                let mut told = vec![EventType::EVENT_TYPE_CREATE];
                if metadata.is_file() && metadata.len() > 0 {
                    told.push(EventType::EVENT_TYPE_WRITE);
                }
                batch
                    .changes
                    .extend(told.into_iter().map(|kind| DirectoryChange {
                        kind,
                        name: child.clone(),
                    }));
            }
            if metadata.is_dir() {
                open.push(child);
            }
        }
        Ok(())
    }

    /// Keeps what the kernel watches under this number, if the sandbox's share has a place for it; true
    /// if it was not watched before. One that was has its place already.
    fn keep(&mut self, number: i32, name: &Path) -> io::Result<bool> {
        let name = name.to_owned();
        if let Some(folder) = self.folders.get_mut(&number) {
            folder.name = name;
            return Ok(false);
        }
        let place = if self.folders.len() < FOLDERS {
            self.quota.directory()
        } else {
            Err(too_many())
        };
        let place = place.inspect_err(|_| {
            let _ = inotify::remove_watch(self.kernel.get_ref(), number);
        })?;
        let folder = WatchedDirectory {
            name,
            _place: place,
        };
        self.folders.insert(number, folder);
        Ok(true)
    }

    /// Gives a directory and those below it their new names; they are watched all the while.
    fn rename(&mut self, from: &Path, to: &Path) {
        for folder in self.folders.values_mut() {
            let Ok(rest) = folder.name.strip_prefix(from) else {
                continue;
            };
            folder.name = if rest.as_os_str().is_empty() {
                to.to_owned()
            } else {
                to.join(rest)
            };
        }
    }

    /// Watches no longer what was moved and has got no new name here.
    fn forget_stale(&mut self) {
        let (stale, moved) = std::mem::take(&mut self.moved)
            .into_iter()
            .partition(|one| one.is_stale);
        self.moved = moved;
        let stale: Vec<MovedDirectory> = stale;
        for one in stale {
            self.forget(&one.name);
        }
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

fn too_many() -> io::Error {
    let message = "there are too many directories below it";
    io::Error::new(io::ErrorKind::QuotaExceeded, message)
}

/// The kernel's errors speak of files and of space on a device.
fn used_up(error: Errno, limit: &str) -> io::Error {
    match error {
        Errno::MFILE | Errno::NOSPC => {
            let message = format!(
                "the server's user has reached the kernel's limit on watches (fs.inotify.{limit})"
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
    fn sandbox() -> (tempfile::TempDir, PathBuf, PathMap) {
        let dir = tempfile::tempdir().unwrap();
        for folder in ["home/real/deep", "tmp", "outside"] {
            std::fs::create_dir_all(dir.path().join(folder)).unwrap();
        }
        let base = dir.path().canonicalize().unwrap();
        let paths = PathMap::new(&base, true);
        (dir, base, paths)
    }

    fn watch(paths: PathMap, root: PathBuf, recursive: bool) -> io::Result<WatchedTree> {
        WatchedTree::new(paths, root, recursive, WatchQuota::default())
    }

    fn folder_names(tree: &WatchedTree) -> HashMap<i32, PathBuf> {
        let folders = tree.folders.iter();
        folders
            .map(|(number, folder)| (*number, folder.name.clone()))
            .collect()
    }

    /// All that is told until a file with this name is.
    async fn told(tree: &mut WatchedTree, end: &str) -> Vec<(EventType, String)> {
        let (told, is_lossy) = told_or_lost(tree, end).await;
        assert!(!is_lossy);
        told
    }

    #[tokio::test]
    async fn links_are_not_followed_whenever_they_are_made() {
        let (_dir, base, paths) = sandbox();
        let home = base.join("home");
        symlink(base.join("outside"), home.join("before")).unwrap();
        let mut tree = watch(paths.clone(), home.clone(), true).unwrap();

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
        let mut none = ChangeBatch::default();
        tree.add(PathBuf::from("real/deep"), &mut none).unwrap();
        assert_eq!(none.changes, []);
        assert_eq!(folder_names(&tree), before);
        assert!(watch(paths, home.join("real"), true).is_err());
    }

    #[tokio::test]
    async fn directories_keep_their_names_when_they_move_and_new_ones_are_watched() {
        let (_dir, base, paths) = sandbox();
        let home = base.join("home");
        let mut tree = watch(paths, home.clone(), true).unwrap();

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
        let (_dir, base, paths) = sandbox();
        let home = base.join("home");
        let mut tree = watch(paths, home.clone(), false).unwrap();

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

    fn shown(told: &[(EventType, String)]) -> Vec<(EventType, &str)> {
        let told = told.iter().map(|(kind, name)| (*kind, name.as_str()));
        told.collect()
    }

    #[tokio::test]
    async fn what_a_new_directory_holds_before_it_is_watched_is_told_once() {
        let (_dir, base, paths) = sandbox();
        let home = base.join("home");
        std::fs::create_dir_all(base.join("outside/full/deep")).unwrap();
        std::fs::write(base.join("outside/full/deep/f"), "text").unwrap();
        let mut tree = watch(paths, home.clone(), true).unwrap();

        std::fs::create_dir_all(home.join("new/in")).unwrap();
        std::fs::write(home.join("new/in/empty"), "").unwrap();
        std::fs::rename(base.join("outside/full"), home.join("full")).unwrap();
        std::fs::create_dir(home.join("end")).unwrap();
        let told = told(&mut tree, "end").await;

        assert_eq!(
            shown(&told),
            [
                (EventType::EVENT_TYPE_CREATE, "new"),
                (EventType::EVENT_TYPE_CREATE, "new/in"),
                (EventType::EVENT_TYPE_CREATE, "new/in/empty"),
                (EventType::EVENT_TYPE_CREATE, "full"),
                (EventType::EVENT_TYPE_CREATE, "full/deep"),
                (EventType::EVENT_TYPE_CREATE, "full/deep/f"),
                (EventType::EVENT_TYPE_WRITE, "full/deep/f"),
                (EventType::EVENT_TYPE_CREATE, "end"),
            ]
        );
    }

    #[tokio::test]
    async fn what_happens_in_a_directory_that_was_just_moved_has_its_new_name() {
        let (_dir, base, paths) = sandbox();
        let home = base.join("home");
        let mut tree = watch(paths, home.clone(), true).unwrap();

        std::fs::rename(home.join("real"), home.join("moved")).unwrap();
        std::fs::write(home.join("moved/deep/f"), "").unwrap();
        std::fs::create_dir(home.join("brief")).unwrap();
        std::fs::rename(home.join("brief"), home.join("late")).unwrap();
        std::fs::write(home.join("late/g"), "").unwrap();
        std::fs::create_dir(home.join("end")).unwrap();
        let told = told(&mut tree, "end").await;

        assert_eq!(
            shown(&told),
            [
                (EventType::EVENT_TYPE_RENAME, "real"),
                (EventType::EVENT_TYPE_CREATE, "moved"),
                (EventType::EVENT_TYPE_CREATE, "moved/deep/f"),
                (EventType::EVENT_TYPE_CREATE, "brief"),
                (EventType::EVENT_TYPE_RENAME, "brief"),
                (EventType::EVENT_TYPE_CREATE, "late"),
                (EventType::EVENT_TYPE_CREATE, "late/g"),
                (EventType::EVENT_TYPE_CREATE, "end"),
            ]
        );
    }

    /// A tree of three directories in a share that has just these.
    fn full_tree() -> (tempfile::TempDir, PathBuf, WatchedTree) {
        let (dir, base, paths) = sandbox();
        let home = base.join("home");
        let quota = WatchQuota::of(usize::MAX, 3 * crate::local::envd::watch_quota::PARTS);
        let tree = WatchedTree::new(paths, home.clone(), true, quota.clone()).unwrap();
        assert!(quota.directory().is_err());
        (dir, home, tree)
    }

    /// All that is told until a file with this name is, and whether some of it is missing.
    async fn told_or_lost(tree: &mut WatchedTree, end: &str) -> (Vec<(EventType, String)>, bool) {
        let (mut told, mut is_lossy) = (Vec::new(), false);
        while !told.iter().any(|(_, name)| name == end) {
            let kernel = Arc::clone(&tree.kernel);
            let mut ready = kernel.readable().await.unwrap();
            let batch = tree.read().unwrap();
            is_lossy |= batch.lost;
            if batch.is_last {
                ready.clear_ready();
            }
            let changes = batch.changes.into_iter();
            told.extend(changes.map(|one| (one.kind, one.name.display().to_string())));
        }
        (told, is_lossy)
    }

    #[tokio::test]
    async fn a_renamed_directory_needs_no_new_place_in_a_share_that_is_full() {
        let (_dir, home, mut tree) = full_tree();

        std::fs::rename(home.join("real"), home.join("moved")).unwrap();
        std::fs::rename(home.join("moved/deep"), home.join("moved/far")).unwrap();
        std::fs::write(home.join("moved/far/f"), "").unwrap();
        std::fs::write(home.join("end"), "").unwrap();
        let (told, lost) = told_or_lost(&mut tree, "end").await;

        assert!(!lost);
        assert_eq!(
            shown(&told),
            [
                (EventType::EVENT_TYPE_RENAME, "real"),
                (EventType::EVENT_TYPE_CREATE, "moved"),
                (EventType::EVENT_TYPE_RENAME, "moved/deep"),
                (EventType::EVENT_TYPE_CREATE, "moved/far"),
                (EventType::EVENT_TYPE_CREATE, "moved/far/f"),
                (EventType::EVENT_TYPE_CREATE, "end"),
            ]
        );
    }

    #[tokio::test]
    async fn what_a_full_share_cannot_watch_is_told_as_lost_and_is_watched_once_there_is_a_place() {
        let (_dir, home, mut tree) = full_tree();

        std::fs::create_dir(home.join("new")).unwrap();
        std::fs::write(home.join("end"), "").unwrap();
        let (_, lost) = told_or_lost(&mut tree, "end").await;
        assert!(lost, "nothing of it is seen");
        assert_eq!(folder_names(&tree).len(), 3);

        // One that goes leaves its place to one that comes, whether it is removed or moved out of sight.
        std::fs::remove_dir(home.join("real/deep")).unwrap();
        std::fs::rename(home.join("new"), home.join("late")).unwrap();
        std::fs::write(home.join("late/f"), "").unwrap();
        std::fs::write(home.join("end2"), "").unwrap();
        let (told, lost) = told_or_lost(&mut tree, "end2").await;
        assert!(!lost);
        assert!(
            told.contains(&(EventType::EVENT_TYPE_CREATE, "late/f".to_owned())),
            "{told:?}"
        );

        std::fs::rename(home.join("real"), home.join("../outside/real")).unwrap();
        std::fs::create_dir(home.join("next")).unwrap();
        std::fs::write(home.join("next/f"), "").unwrap();
        std::fs::write(home.join("end3"), "").unwrap();
        let (told, lost) = told_or_lost(&mut tree, "end3").await;
        assert!(!lost);
        assert!(
            told.contains(&(EventType::EVENT_TYPE_CREATE, "next/f".to_owned())),
            "{told:?}"
        );
    }

    #[tokio::test]
    async fn a_tree_that_is_as_large_as_may_be_loses_nothing_when_a_directory_is_renamed() {
        let (_dir, base, paths) = sandbox();
        let home = base.join("home");
        for at in 0..FOLDERS - 3 {
            std::fs::create_dir(home.join(at.to_string())).unwrap();
        }
        let quota = WatchQuota::of(usize::MAX, usize::MAX);
        let Ok(mut tree) = WatchedTree::new(paths, home.clone(), true, quota) else {
            // This machine lets a user watch less than that.
            return;
        };
        assert_eq!(folder_names(&tree).len(), FOLDERS);

        std::fs::rename(home.join("real"), home.join("moved")).unwrap();
        std::fs::write(home.join("moved/deep/f"), "").unwrap();
        std::fs::write(home.join("end"), "").unwrap();
        let (told, lost) = told_or_lost(&mut tree, "end").await;

        assert!(!lost);
        assert!(
            told.contains(&(EventType::EVENT_TYPE_CREATE, "moved/deep/f".to_owned())),
            "{told:?}"
        );
    }
}
