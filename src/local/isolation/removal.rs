//! Removes trees that processes of a sandbox have made, and may be changing: by descriptors, so
//! that no link leads elsewhere, and however deep they are.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::fd::AsRawFd;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;

use rustix::fs::{AtFlags, Dir, Mode, OFlags};
use rustix::io::Errno;

/// Directories held open at a time. What lies deeper is moved up first.
const DEPTH: usize = 32;
/// Sweeps through a directory in which a process makes new files meanwhile.
const SWEEPS: usize = 5;
/// Moves after which a process is outrunning us.
const MOVES: u64 = 100_000;

/// Removes what has this name, with all that is in it; nothing is fine too.
pub(super) fn remove(parent: BorrowedFd<'_>, name: &OsStr) -> io::Result<()> {
    Removal {
        top: None,
        moved: 0,
    }
    .entry(parent, name, 0)
}

struct Removal {
    /// The directory with which it began.
    top: Option<OwnedFd>,
    /// Directories moved up into it.
    moved: u64,
}

impl Removal {
    fn entry(&mut self, parent: BorrowedFd<'_>, name: &OsStr, depth: usize) -> io::Result<()> {
        match rustix::fs::unlinkat(parent, name, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => return Ok(()),
            // Linux says the first of a directory, others the second.
            Err(Errno::ISDIR | Errno::PERM) => {}
            Err(error) => return Err(error.into()),
        }
        let Some(dir) = open(parent, name)? else {
            return Ok(());
        };
        if depth >= DEPTH
            && self.moved < MOVES
            && let Some(top) = &self.top
        {
            self.moved += 1;
            let place = format!(".removed-{}-{}", std::process::id(), self.moved);
            return Ok(rustix::fs::renameat(parent, name, top, place)?);
        }
        if depth == 0 {
            self.top = Some(dir.try_clone()?);
        }
        let mut last = Errno::NOTEMPTY;
        let mut sweeps = 0;
        while sweeps < SWEEPS {
            let moved = self.moved;
            for name in names(&dir)? {
                self.entry(dir.as_fd(), &name, depth + 1)?;
            }
            match rustix::fs::unlinkat(parent, name, AtFlags::REMOVEDIR) {
                Ok(()) | Err(Errno::NOENT) => return Ok(()),
                Err(error @ (Errno::NOTEMPTY | Errno::EXIST)) => last = error,
                Err(error) => return Err(error.into()),
            }
            // What was moved up is no sign that somebody works against us.
            if depth > 0 || self.moved == moved {
                sweeps += 1;
            }
        }
        Err(last.into())
    }
}

/// Opens a directory so that its entries can be removed; `None` if it is gone.
fn open(parent: BorrowedFd<'_>, name: &OsStr) -> io::Result<Option<OwnedFd>> {
    let how = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let dir = match rustix::fs::openat(parent, name, how, Mode::empty()) {
        Ok(dir) => dir,
        Err(Errno::NOENT) => return Ok(None),
        Err(Errno::ACCESS) => match open_shut(parent, name) {
            Ok(dir) => dir,
            Err(Errno::NOENT) => return Ok(None),
            Err(error) => return Err(error.into()),
        },
        Err(error) => return Err(error.into()),
    };
    // Caches of packages are write-protected, and would stay for ever.
    let _ = rustix::fs::fchmod(&dir, Mode::RWXU);
    Ok(Some(dir))
}

/// Opens a directory that not even its owner may list: its mode is changed by way of a descriptor that
/// needs no right, so that no link in its place is followed.
fn open_shut(parent: BorrowedFd<'_>, name: &OsStr) -> Result<OwnedFd, Errno> {
    let how = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let held = rustix::fs::openat(parent, name, how | OFlags::PATH, Mode::empty())?;
    rustix::fs::chmod(format!("/proc/self/fd/{}", held.as_raw_fd()), Mode::RWXU)?;
    rustix::fs::openat(&held, ".", how | OFlags::RDONLY, Mode::empty())
}

fn names(dir: &OwnedFd) -> io::Result<Vec<OsString>> {
    let mut names = Vec::new();
    for entry in Dir::read_from(dir)? {
        let entry = entry?;
        let name = entry.file_name().to_bytes();
        if name != b"." && name != b".." {
            names.push(OsStr::from_bytes(name).to_owned());
        }
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn remove_in(dir: &std::path::Path, name: &str) -> io::Result<()> {
        remove(File::open(dir).unwrap().as_fd(), OsStr::new(name))
    }

    #[test]
    fn a_tree_goes_with_its_links_and_not_with_what_they_lead_to() {
        let dir = tempfile::tempdir().unwrap();
        let tree = dir.path().join("tree");
        std::fs::create_dir_all(tree.join("a/b")).unwrap();
        std::fs::create_dir(dir.path().join("kept")).unwrap();
        std::fs::write(dir.path().join("kept/file"), "").unwrap();
        symlink(dir.path().join("kept"), tree.join("a/link")).unwrap();
        symlink("/nowhere", tree.join("dangling")).unwrap();

        remove_in(dir.path(), "tree").unwrap();
        remove_in(dir.path(), "tree").unwrap();

        assert!(!tree.exists());
        assert!(dir.path().join("kept/file").exists());
    }

    #[test]
    fn a_tree_is_never_too_deep() {
        let dir = tempfile::tempdir().unwrap();
        let mut deepest: OwnedFd = File::open(dir.path()).unwrap().into();
        for _ in 0..1000 {
            rustix::fs::mkdirat(&deepest, "d", Mode::RWXU).unwrap();
            deepest = open(deepest.as_fd(), OsStr::new("d")).unwrap().unwrap();
        }

        remove_in(dir.path(), "d").unwrap();

        assert!(!dir.path().join("d").exists());
    }

    #[test]
    fn write_protected_directories_go_too() {
        let dir = tempfile::tempdir().unwrap();
        let shut = dir.path().join("tree/shut");
        std::fs::create_dir_all(&shut).unwrap();
        std::fs::write(shut.join("file"), "").unwrap();
        std::fs::set_permissions(&shut, std::fs::Permissions::from_mode(0o555)).unwrap();

        remove_in(dir.path(), "tree").unwrap();

        assert!(!dir.path().join("tree").exists());
    }

    /// Has this thread heed the modes of files, also where it is root's.
    fn heed_modes() {
        use rustix::thread::{CapabilitySet, capabilities, set_capabilities};
        let mut sets = capabilities(None).unwrap();
        sets.effective -= CapabilitySet::DAC_OVERRIDE | CapabilitySet::DAC_READ_SEARCH;
        set_capabilities(None, sets).unwrap();
    }

    #[test]
    fn directories_that_not_even_their_owner_may_enter_go_too() {
        let dir = tempfile::tempdir().unwrap();
        let none = std::fs::Permissions::from_mode(0o000);
        std::fs::create_dir_all(dir.path().join("tree/a/shut/deep/shut")).unwrap();
        std::fs::write(dir.path().join("tree/a/shut/file"), "").unwrap();
        for shut in [
            "tree/a/shut/deep/shut",
            "tree/a/shut/deep",
            "tree/a/shut",
            "tree",
        ] {
            std::fs::set_permissions(dir.path().join(shut), none.clone()).unwrap();
        }

        let removed = std::thread::scope(|scope| {
            let removing = scope.spawn(|| {
                heed_modes();
                let is_shut = std::fs::read_dir(dir.path().join("tree")).is_err();
                (is_shut, remove_in(dir.path(), "tree"))
            });
            removing.join().unwrap()
        });

        assert!(matches!(removed, (true, Ok(()))), "{removed:?}");
        assert!(!dir.path().join("tree").exists());
    }
}
