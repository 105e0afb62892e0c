//! Snapshots: copies of a sandbox's files, from which new sandboxes begin. They outlive the sandbox
//! and the server.
//!
//! The memory of processes cannot be copied. So a snapshot is made where there is none to lose, or
//! where the caller asked for the files alone ([`ProcessMemory`]); who calls makes sure of that, and that
//! nothing in the sandbox runs meanwhile.
//!
//! Kept are directories, files with their mode, time and attributes, and links as they are. Sockets
//! and pipes are not: they were between processes. Layout below the server's `snapshots/<id>/`:
//! `snapshot.json`, `home/`, `tmp/`.

use std::fs::{self, File, FileTimes, Metadata, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use rustix::fs::{XattrFlags, getxattr, listxattr, setxattr};
use serde::{Deserialize, Serialize};

use super::spec::FileOrigin;
use crate::local::error::{ApiError, failed};
use crate::local::isolation::remove_dir;
use crate::os::private_file::write_private;
use crate::os::regular_file;

/// The directories of a sandbox that are copied.
const PARTS: [&str; 2] = ["home", "tmp"];
const ABOUT: &str = "snapshot.json";
/// What Linux allows for one list of attributes and for one value.
const LONGEST: usize = 64 * 1024;

/// What a caller wants of the memory of a sandbox's processes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::local) enum ProcessMemory {
    Kept,
    LeftOut,
}

/// One snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::local) struct LocalSnapshot {
    pub(in crate::local) id: String,
    pub(in crate::local) name: Option<String>,
    /// Which of those of the same name.
    pub(in crate::local) tag: String,
    /// The sandbox that it was made of.
    pub(in crate::local) sandbox: String,
    /// The template of the programs that belong to the files.
    pub(in crate::local) template: String,
    /// Milliseconds since the epoch.
    pub(in crate::local) made_at: u64,
}

/// The tag of what is named without one (E2B's).
pub(in crate::local) const NEWEST: &str = "default";

impl LocalSnapshot {
    /// Whether it is what `id`, `name` or `name:tag` says.
    fn is(&self, wanted: &str) -> bool {
        let (name, tag) = wanted.split_once(':').unwrap_or((wanted, NEWEST));
        self.is_named(name) && self.tag == tag
    }

    /// Whether this is its id or name, whatever its tag.
    pub(in crate::local) fn is_named(&self, name: &str) -> bool {
        self.id == name || self.name.as_deref() == Some(name)
    }

    /// `name:tag` or `id:tag`.
    pub(in crate::local) fn reference(&self) -> String {
        format!("{}:{}", self.name.as_ref().unwrap_or(&self.id), self.tag)
    }
}

/// All snapshots of a server. Its calls read and write the disk; they are not for async threads.
#[derive(Debug, Clone)]
pub(in crate::local) struct SnapshotStore(PathBuf);

impl SnapshotStore {
    pub(in crate::local) fn new(state_dir: &Path) -> Self {
        Self(state_dir.join("snapshots"))
    }

    /// Where a snapshot's files are.
    pub(in crate::local) fn dir(&self, id: &str) -> PathBuf {
        self.0.join(id)
    }

    /// Newest first.
    pub(in crate::local) fn all(&self) -> Vec<LocalSnapshot> {
        let entries = fs::read_dir(&self.0).into_iter().flatten().flatten();
        let read = |dir: PathBuf| {
            let about = regular_file::read(&dir.join(ABOUT), regular_file::SMALL).ok()?;
            serde_json::from_slice::<LocalSnapshot>(&about).ok()
        };
        let mut all: Vec<_> = entries.filter_map(|entry| read(entry.path())).collect();
        all.sort_by(|a, b| (b.made_at, &b.id).cmp(&(a.made_at, &a.id)));
        all
    }

    /// By id or name.
    pub(in crate::local) fn find(&self, wanted: &str) -> Option<LocalSnapshot> {
        self.all().into_iter().find(|snapshot| snapshot.is(wanted))
    }

    /// Copies a sandbox's files. A snapshot that had the same name and tag is replaced.
    pub(in crate::local) fn take(
        &self,
        snapshot: &LocalSnapshot,
        sandbox: &Path,
    ) -> io::Result<()> {
        fs::create_dir_all(&self.0)?;
        // Without its description a directory is no snapshot, so that one half made is never seen.
        let dir = self.dir(&snapshot.id);
        let made = lay_out(sandbox, &dir).and_then(|()| {
            fs::set_permissions(&dir, Permissions::from_mode(0o700))?;
            let older = self.all().into_iter();
            let older = older
                .filter(|other| other.name.is_some() && other.reference() == snapshot.reference());
            let older: Vec<_> = older.collect();
            write_private(&dir.join(ABOUT), &serde_json::to_vec_pretty(snapshot)?)?;
            older.iter().try_for_each(|other| self.remove(&other.id))
        });
        if made.is_err() {
            let _ = remove_dir(&dir);
        }
        made
    }

    /// Deletes a snapshot by id or name; false if there is none.
    pub(in crate::local) fn delete(&self, wanted: &str) -> io::Result<bool> {
        match self.find(wanted) {
            Some(snapshot) => self.remove(&snapshot.id).map(|()| true),
            None => Ok(false),
        }
    }

    fn remove(&self, id: &str) -> io::Result<()> {
        let dir = self.dir(id);
        // First what makes it a snapshot: a rest of files is not seen.
        fs::remove_file(dir.join(ABOUT))?;
        remove_dir(&dir)
    }
}

/// Copies the files of a sandbox or a snapshot below another directory.
pub(in crate::local) fn lay_out(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    PARTS
        .iter()
        .try_for_each(|part| copy_tree(from.join(part), to.join(part)))
}

/// Copies a tree, however deep: on a stack of our own, since a process has made it.
fn copy_tree(from: PathBuf, to: PathBuf) -> io::Result<()> {
    let named = |path: &Path, error: io::Error| {
        io::Error::new(error.kind(), format!("{}: {error}", path.display()))
    };
    let mut open = vec![(from, to)];
    let mut folders = Vec::new();
    while let Some((from, to)) = open.pop() {
        let copied = from.symlink_metadata().and_then(|metadata| {
            copy_one(&from, &metadata, &to)?;
            if !metadata.is_dir() {
                return Ok(());
            }
            for entry in fs::read_dir(&from)? {
                let entry = entry?;
                open.push((entry.path(), to.join(entry.file_name())));
            }
            folders.push((from.clone(), metadata, to));
            Ok(())
        });
        copied.map_err(|error| named(&from, error))?;
    }
    // After what is in them: a directory may be write-protected, and each entry changes its time.
    for (from, metadata, to) in folders.into_iter().rev() {
        copy_about(&from, &metadata, &to).map_err(|error| named(&from, error))?;
    }
    Ok(())
}

/// Copies what is not in a directory, and of a directory the directory alone.
fn copy_one(from: &Path, metadata: &Metadata, to: &Path) -> io::Result<()> {
    let kind = metadata.file_type();
    // Of what was there only a directory stays: nothing is written through a link.
    let there = to.symlink_metadata();
    if there.is_ok_and(|there| !there.is_dir()) {
        fs::remove_file(to)?;
    }
    if kind.is_symlink() {
        return symlink(fs::read_link(from)?, to);
    }
    if kind.is_dir() {
        return match fs::create_dir(to) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
            _ => Ok(()),
        };
    }
    if !kind.is_file() {
        return Ok(());
    }
    fs::copy(from, to)?;
    copy_about(from, metadata, to)
}

/// Copies what is known of a file or a directory: attributes, time and mode.
fn copy_about(from: &Path, metadata: &Metadata, to: &Path) -> io::Result<()> {
    copy_attributes(from, to)?;
    // What a copy has of another user's rights it must not keep.
    let mode = Permissions::from_mode(metadata.mode() & 0o1777);
    let times = FileTimes::new().set_modified(metadata.modified()?);
    File::open(to)?.set_times(times)?;
    fs::set_permissions(to, mode)
}

/// Those that users can set: a file's metadata is among them.
fn copy_attributes(from: &Path, to: &Path) -> io::Result<()> {
    let mut names = vec![0; LONGEST];
    let Ok(length) = listxattr(from, &mut names[..]) else {
        return Ok(());
    };
    let names = names.get(..length).unwrap_or_default();
    for name in names.split(|byte| *byte == 0) {
        if name.starts_with(b"user.") {
            let mut value = vec![0; LONGEST];
            let length = getxattr(from, name, &mut value[..])?;
            let value = value.get(..length).unwrap_or_default();
            setxattr(to, name, value, XattrFlags::empty())?;
        }
    }
    Ok(())
}

/// Copies the files of a snapshot into the directory of a sandbox that has not started.
pub(in crate::local) async fn restore_files(
    origin: Option<FileOrigin>,
    dir: PathBuf,
) -> Result<(), ApiError> {
    let Some(FileOrigin { dir: origin, .. }) = origin else {
        return Ok(());
    };
    let laid = tokio::task::spawn_blocking(move || lay_out(&origin, &dir)).await;
    let laid = laid.map_err(std::io::Error::other).flatten();
    laid.map_err(failed("copy the snapshot's files"))
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    fn snapshot(id: &str, name: Option<&str>, made_at: u64) -> LocalSnapshot {
        LocalSnapshot {
            id: id.to_owned(),
            name: name.map(str::to_owned),
            tag: NEWEST.to_owned(),
            sandbox: "isource".to_owned(),
            template: "base".to_owned(),
            made_at,
        }
    }

    #[test]
    fn files_are_copied_as_they_are_and_nothing_is_written_through_a_link() {
        let dir = tempfile::tempdir().unwrap();
        let (from, to, other) = (
            dir.path().join("a"),
            dir.path().join("b"),
            dir.path().join("c"),
        );
        for made in [&from, &to] {
            fs::create_dir_all(made.join("home/d")).unwrap();
            fs::create_dir_all(made.join("tmp")).unwrap();
        }
        fs::write(&other, "untouched").unwrap();
        fs::write(from.join("home/d/run"), "#!").unwrap();
        fs::set_permissions(from.join("home/d/run"), Permissions::from_mode(0o4750)).unwrap();
        fs::write(from.join("home/f"), "copied").unwrap();
        symlink("nowhere", from.join("tmp/l")).unwrap();
        symlink(&other, to.join("home/f")).unwrap();
        fs::write(to.join("home/own"), "stays").unwrap();

        lay_out(&from, &to).unwrap();

        assert_eq!(fs::read_to_string(&other).unwrap(), "untouched");
        assert_eq!(fs::read_to_string(to.join("home/f")).unwrap(), "copied");
        assert_eq!(fs::read_to_string(to.join("home/own")).unwrap(), "stays");
        assert_eq!(
            fs::read_link(to.join("tmp/l")).unwrap(),
            Path::new("nowhere")
        );
        let (was, is) = (from.join("home/d/run"), to.join("home/d/run"));
        let (was, is) = (was.metadata().unwrap(), is.metadata().unwrap());
        assert_eq!(is.mode() & 0o7777, 0o750);
        assert_eq!(is.modified().unwrap(), was.modified().unwrap());
    }

    #[test]
    fn a_tree_is_copied_however_deep_it_is() {
        let dir = tempfile::tempdir().unwrap();
        let (from, to) = (dir.path().join("a"), dir.path().join("b"));
        // As deep as a path can be; the copy's is no longer.
        let deepest = "d/".repeat((4090 - from.join("home").as_os_str().len()) / 2);
        fs::create_dir_all(from.join("home").join(&deepest)).unwrap();
        fs::create_dir_all(from.join("tmp")).unwrap();
        fs::set_permissions(from.join("home/d"), Permissions::from_mode(0o555)).unwrap();

        // The threads that do it have 2 MiB.
        let thread = std::thread::Builder::new().stack_size(128 * 1024);
        let copied = to.clone();
        let copying = thread.spawn(move || lay_out(&from, &copied)).unwrap();
        copying.join().unwrap().unwrap();

        assert!(to.join("home").join(&deepest).is_dir());
        let mode = to.join("home/d").metadata().unwrap().mode();
        assert_eq!(mode & 0o777, 0o555);
    }

    #[test]
    fn a_name_belongs_to_the_newest_and_what_is_deleted_is_gone() {
        let dir = tempfile::tempdir().unwrap();
        let source = dir.path().join("source");
        for part in PARTS {
            fs::create_dir_all(source.join(part)).unwrap();
        }
        let snapshots = SnapshotStore::new(dir.path());
        let (first, second) = (snapshot("i1", Some("n"), 1), snapshot("i2", Some("n"), 2));
        let third = snapshot("i3", None, 3);

        for taken in [&first, &second, &third] {
            snapshots.take(taken, &source).unwrap();
        }

        assert_eq!(snapshots.all(), [third, second.clone()]);
        assert_eq!(snapshots.find("n"), Some(second));
        assert!(snapshots.delete("n").unwrap() && !snapshots.delete("n").unwrap());
        assert_eq!(snapshots.find("i2"), None);
    }
}
