//! Files of a sandbox, reached step by step from its own directories without following any link.
//!
//! A process of the sandbox may replace a directory by a link after the server has checked a path and before
//! it uses it. So all that changes files goes by descriptors: each step is opened below
//! the one before, and the last part of the path is a name in a directory that is held.

use std::ffi::{OsStr, OsString};
use std::fs::{File, Metadata};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, Mode, OFlags};
use rustix::io::Errno;

use super::PathMap;

/// How often an upload tries a name that other processes create and remove.
const LOOKS: usize = 8;

/// Passing through a directory needs no right to list it.
const PASS: OFlags = OFlags::PATH;

/// A name in an open directory; nothing may have that name.
#[derive(Debug)]
pub(in crate::local) struct ConfinedPath {
    parent: OwnedFd,
    name: OsString,
    /// The same as a path; wrong where a link was put into it.
    place: PathBuf,
    /// The owner of new files, if not the server's user.
    owner: Option<u32>,
}

impl PathMap {
    /// Opens the directory of what [`PathMap::find`] has found.
    pub(in crate::local) fn open_confined(&self, place: &Path) -> io::Result<ConfinedPath> {
        self.reach(place, folder)
    }

    /// The same; creates missing parent directories.
    pub(in crate::local) fn create_confined(&self, place: &Path) -> io::Result<ConfinedPath> {
        self.reach(place, |parent, name| match folder(parent, name) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                make_folder(parent, name, self.owner)?;
                folder(parent, name)
            }
            other => other,
        })
    }

    fn reach(
        &self,
        place: &Path,
        step: impl Fn(BorrowedFd<'_>, &OsStr) -> io::Result<OwnedFd>,
    ) -> io::Result<ConfinedPath> {
        let (root, rest) = self.root(place).ok_or(io::ErrorKind::PermissionDenied)?;
        let mut parent = folder(CWD, root.as_os_str())?;
        let mut name = OsStr::new(".");
        let mut steps = rest.iter().peekable();
        while let Some(part) = steps.next() {
            if steps.peek().is_some() {
                parent = step(parent.as_fd(), part)?;
            } else {
                name = part;
            }
        }
        Ok(ConfinedPath {
            parent,
            name: name.to_owned(),
            place: place.to_owned(),
            owner: self.owner,
        })
    }
}

impl ConfinedPath {
    /// What has the name; of a link, the link.
    pub(in crate::local) fn metadata(&self) -> io::Result<Metadata> {
        let how = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let held = rustix::fs::openat(&self.parent, &self.name, how, Mode::empty())?;
        File::from(held).metadata()
    }

    /// Opens a file or a directory for reading; a link is an error. Never waits, as a pipe would.
    pub(in crate::local) fn read(&self) -> io::Result<File> {
        let how = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        Ok(rustix::fs::openat(&self.parent, &self.name, how, Mode::empty())?.into())
    }

    /// Opens a regular file for writing from the start: the one that is there, so that it keeps its
    /// mode and its other names, or a new one.
    pub(in crate::local) fn write(&self) -> io::Result<File> {
        let how = OFlags::WRONLY | OFlags::NONBLOCK | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let new = how | OFlags::CREATE | OFlags::EXCL;
        let open = |how, mode| rustix::fs::openat(&self.parent, &self.name, how, mode);
        for _ in 0..LOOKS {
            match open(how, Mode::empty()) {
                Ok(file) => {
                    let file = File::from(file);
                    if !file.metadata()?.is_file() {
                        let message = "this is not a regular file";
                        return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
                    }
                    file.set_len(0)?;
                    return Ok(file);
                }
                Err(Errno::NOENT) => {}
                Err(error) => return Err(error.into()),
            }
            match open(new, Mode::from_raw_mode(0o666)) {
                Ok(file) => {
                    give(file.as_fd(), self.owner)?;
                    return Ok(file.into());
                }
                Err(Errno::EXIST) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(io::Error::from(io::ErrorKind::ResourceBusy))
    }

    /// Makes a directory; an error if something has the name.
    pub(in crate::local) fn make_folder(&self) -> io::Result<()> {
        rustix::fs::mkdirat(&self.parent, &self.name, Mode::from_raw_mode(0o777))?;
        hand_over(self.parent.as_fd(), &self.name, self.owner)
    }

    /// Renames it; replaces what has the new name.
    pub(in crate::local) fn rename(&self, to: &Self) -> io::Result<()> {
        Ok(rustix::fs::renameat(
            &self.parent,
            &self.name,
            &to.parent,
            &to.name,
        )?)
    }

    /// Removes what has the name, with all that is in it; nothing is fine too.
    pub(in crate::local) fn remove(&self) -> io::Result<()> {
        super::removal::remove(self.parent.as_fd(), &self.name)
    }

    /// The names in a directory, in order.
    pub(in crate::local) fn list(&self) -> io::Result<Vec<OsString>> {
        use std::os::unix::ffi::OsStrExt;
        let mut names = Vec::new();
        for entry in rustix::fs::Dir::read_from(self.read()?)? {
            let entry = entry?;
            let name = entry.file_name().to_bytes();
            if name != b"." && name != b".." {
                names.push(OsStr::from_bytes(name).to_owned());
            }
        }
        names.sort();
        Ok(names)
    }

    /// Holds the directory itself; a link is an error.
    pub(in crate::local) fn folder(&self) -> io::Result<OwnedFd> {
        folder(self.parent.as_fd(), &self.name)
    }

    /// A name in this directory.
    pub(in crate::local) fn below(&self, name: &OsStr) -> io::Result<Self> {
        Ok(Self {
            parent: folder(self.parent.as_fd(), &self.name)?,
            name: name.to_owned(),
            place: self.place.join(name),
            owner: self.owner,
        })
    }

    pub(in crate::local) fn place(&self) -> &Path {
        &self.place
    }
}

/// Opens a directory to go through it; a link is an error.
fn folder(parent: BorrowedFd<'_>, name: &OsStr) -> io::Result<OwnedFd> {
    let how = PASS | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    Ok(rustix::fs::openat(parent, name, how, Mode::empty())?)
}

fn make_folder(parent: BorrowedFd<'_>, name: &OsStr, owner: Option<u32>) -> io::Result<()> {
    match rustix::fs::mkdirat(parent, name, Mode::from_raw_mode(0o777)) {
        Ok(()) => hand_over(parent, name, owner),
        // Somebody was faster.
        Err(Errno::EXIST) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Gives a directory that was just made to the sandbox's user.
fn hand_over(parent: BorrowedFd<'_>, name: &OsStr, owner: Option<u32>) -> io::Result<()> {
    if owner.is_none() {
        return Ok(());
    }
    let how = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let made = rustix::fs::openat(parent, name, how, Mode::empty())?;
    give(made.as_fd(), owner)
}

fn give(file: BorrowedFd<'_>, owner: Option<u32>) -> io::Result<()> {
    let Some(owner) = owner else {
        return Ok(());
    };
    let metadata = File::from(file.try_clone_to_owned()?).metadata()?;
    // A second name may stand for a file elsewhere.
    if metadata.is_dir() || metadata.nlink() == 1 {
        std::os::unix::fs::fchown(file, Some(owner), Some(owner))?;
    }
    Ok(())
}

/// Removes a directory of the server's own with all that is in it.
pub(in crate::local) fn remove_dir(dir: &Path) -> io::Result<()> {
    let (Some(above), Some(name)) = (dir.parent(), dir.file_name()) else {
        return Err(io::Error::from(io::ErrorKind::InvalidInput));
    };
    super::removal::remove(folder(CWD, above.as_os_str())?.as_fd(), name)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use pretty_assertions::assert_eq;

    use super::*;

    /// A sandbox's directories with a file outside of them, and its view.
    fn sandbox() -> (tempfile::TempDir, PathMap) {
        let dir = tempfile::tempdir().unwrap();
        for folder in ["home/real", "tmp", "outside"] {
            std::fs::create_dir_all(dir.path().join(folder)).unwrap();
        }
        std::fs::write(dir.path().join("outside/secret"), "secret").unwrap();
        let paths = PathMap::new(&dir.path().canonicalize().unwrap(), true);
        (dir, paths)
    }

    fn home(dir: &tempfile::TempDir) -> PathBuf {
        dir.path().canonicalize().unwrap().join("home")
    }

    /// Puts a link to the directory outside where the server has seen a directory.
    fn swap(dir: &tempfile::TempDir) {
        std::fs::rename(home(dir).join("real"), home(dir).join("away")).unwrap();
        symlink(dir.path().join("outside"), home(dir).join("real")).unwrap();
    }

    fn outside(dir: &tempfile::TempDir) -> Vec<(OsString, String)> {
        let entries = std::fs::read_dir(dir.path().join("outside")).unwrap();
        let files = entries.map(|entry| {
            let entry = entry.unwrap();
            let text = std::fs::read_to_string(entry.path()).unwrap_or_default();
            (entry.file_name(), text)
        });
        files.collect()
    }

    #[test]
    fn a_link_put_into_a_path_before_it_is_held_is_not_followed() {
        let (dir, paths) = sandbox();
        let place = home(&dir).join("real/secret");
        swap(&dir);

        assert!(paths.open_confined(&place).is_err());
        assert!(paths.create_confined(&place).is_err());
        assert!(
            paths
                .create_confined(&home(&dir).join("real/new/file"))
                .is_err()
        );
        assert_eq!(outside(&dir), [("secret".into(), "secret".to_owned())]);
    }

    #[test]
    fn a_link_put_into_a_path_after_it_is_held_changes_nothing() {
        let (dir, paths) = sandbox();
        std::fs::write(home(&dir).join("real/secret"), "own").unwrap();
        let held = paths
            .open_confined(&home(&dir).join("real/secret"))
            .unwrap();
        let folder = paths
            .open_confined(&home(&dir).join("real/folder"))
            .unwrap();
        let tree = paths.open_confined(&home(&dir).join("real/tree")).unwrap();
        std::fs::create_dir_all(home(&dir).join("real/tree/a/b")).unwrap();
        swap(&dir);

        held.write().unwrap();
        folder.make_folder().unwrap();
        tree.remove().unwrap();
        held.rename(&paths.open_confined(&home(&dir).join("moved")).unwrap())
            .unwrap();

        assert_eq!(outside(&dir), [("secret".into(), "secret".to_owned())]);
        assert!(home(&dir).join("away/folder").is_dir());
        assert!(!home(&dir).join("away/tree").exists());
        assert!(home(&dir).join("moved").is_file());
    }

    #[test]
    fn a_link_as_the_last_part_is_the_link_itself() {
        let (dir, paths) = sandbox();
        let link = home(&dir).join("link");
        symlink(dir.path().join("outside"), &link).unwrap();
        let held = paths.open_confined(&link).unwrap();

        assert!(held.metadata().unwrap().is_symlink());
        assert!(held.read().is_err() && held.write().is_err() && held.list().is_err());
        assert!(held.below(OsStr::new("secret")).is_err());
        assert!(held.make_folder().is_err());
        held.remove().unwrap();

        assert!(link.symlink_metadata().is_err());
        assert_eq!(outside(&dir), [("secret".into(), "secret".to_owned())]);
    }

    #[test]
    fn a_pipe_is_no_file_to_write_and_nobody_waits_for_it() {
        let (dir, paths) = sandbox();
        let pipe = home(&dir).join("pipe");
        rustix::fs::mknodat(
            CWD,
            &pipe,
            rustix::fs::FileType::Fifo,
            Mode::from_raw_mode(0o666),
            0,
        )
        .unwrap();
        let held = paths.open_confined(&pipe).unwrap();

        // Somebody reads, so that to open it is no error by itself.
        let _reader = held.read().unwrap();
        assert!(held.write().is_err());
    }

    #[test]
    fn missing_directories_are_made_and_names_listed_in_order() {
        let (dir, paths) = sandbox();
        let held = paths.create_confined(&home(&dir).join("a/b/two")).unwrap();
        held.write().unwrap();
        paths
            .open_confined(&home(&dir).join("a/b/one"))
            .unwrap()
            .write()
            .unwrap();

        let list = paths.open_confined(&home(&dir).join("a/b")).unwrap().list();
        assert_eq!(list.unwrap(), ["one", "two"]);
    }
}
