//! A sandbox's files as its processes see them, against where they are on this machine.

use std::fs::File;
use std::io;
use std::path::{Component, Path, PathBuf};

use rustix::fs::{Mode, OFlags};

/// The home of level full, as on E2B.
const HOME: &str = "/home/user";

/// Links that a path may have (the kernel's own limit).
const LINKS: usize = 40;

/// How paths of one sandbox are to be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::local) struct View {
    /// The sandbox's directories on this machine.
    host: [PathBuf; 2],
    /// Where its processes see them.
    inside: [PathBuf; 2],
}

impl View {
    /// `own`: the processes have a file system of their own.
    pub(in crate::local) fn new(dir: &Path, own: bool) -> Self {
        let host = [dir.join("home"), dir.join("tmp")];
        let inside = if own {
            [PathBuf::from(HOME), PathBuf::from("/tmp")]
        } else {
            host.clone()
        };
        Self { host, inside }
    }

    /// Whether paths inside differ from those outside.
    pub(in crate::local) fn is_own(&self) -> bool {
        self.host != self.inside
    }

    /// The home that processes see.
    pub(in crate::local) fn home(&self) -> &Path {
        &self.inside[0]
    }

    /// The temporary directory that processes see.
    pub(in crate::local) fn tmp(&self) -> &Path {
        &self.inside[1]
    }

    /// A path on this machine as processes see it; unchanged if it is not the sandbox's.
    pub(in crate::local) fn seen(&self, path: &Path) -> PathBuf {
        translate(&self.host, &self.inside, path).unwrap_or_else(|| path.to_owned())
    }

    /// Where on this machine a path is that processes see; `None` outside of their directories.
    pub(in crate::local) fn place(&self, path: &Path) -> Option<PathBuf> {
        translate(&self.inside, &self.host, &normal(path))
    }

    /// Where on this machine the file is that processes find at `path`: every link is followed as
    /// they would follow it, save the last part's with `itself`. `None` where that leads out of
    /// their directories, or round and round.
    pub(in crate::local) fn find(&self, path: &Path, itself: bool) -> Option<PathBuf> {
        let mut path = normal(path);
        for _ in 0..LINKS {
            let Some(next) = self.first_link(&path, itself) else {
                return self.place(&path);
            };
            path = next;
        }
        None
    }

    /// The path with its first link replaced; `None` if it has none.
    fn first_link(&self, path: &Path, itself: bool) -> Option<PathBuf> {
        let mut done = PathBuf::new();
        let mut parts = path.components();
        while let Some(part) = parts.next() {
            let parent = done.clone();
            done.push(part);
            if itself && parts.as_path().as_os_str().is_empty() {
                return None;
            }
            let target = self.place(&done).and_then(|place| place.read_link().ok());
            if let Some(target) = target {
                return Some(normal(&parent.join(target).join(parts.as_path())));
            }
        }
        None
    }

    /// Opens a file that [`Self::find`] has found. Should a process have put a link into the path
    /// meanwhile, this fails.
    pub(in crate::local) fn open(&self, place: &Path, how: OFlags) -> io::Result<File> {
        // The kernel refuses a mode where nothing is made.
        let mode = if how.contains(OFlags::CREATE) {
            Mode::from_raw_mode(0o666)
        } else {
            Mode::empty()
        };
        let how = how | OFlags::CLOEXEC;
        #[cfg(target_os = "linux")]
        if self.is_own() {
            use rustix::fs::ResolveFlags;
            let root = self.host.iter().find(|root| place.starts_with(root));
            let root = root.ok_or(io::ErrorKind::PermissionDenied)?;
            let rest = place.strip_prefix(root).map_err(io::Error::other)?;
            let folder = rustix::fs::open(
                root,
                OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC,
                Mode::empty(),
            )?;
            let inside = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS;
            return Ok(rustix::fs::openat2(folder, rest, how, mode, inside)?.into());
        }
        Ok(rustix::fs::open(place, how, mode)?.into())
    }
}

fn translate(from: &[PathBuf], to: &[PathBuf], path: &Path) -> Option<PathBuf> {
    from.iter().zip(to).find_map(|(from, to)| {
        let rest = path.strip_prefix(from).ok()?;
        // A join with nothing would add a slash.
        Some(if rest.as_os_str().is_empty() {
            to.clone()
        } else {
            to.join(rest)
        })
    })
}

/// Resolves `.` and `..` by their text.
pub(in crate::local) fn normal(path: &Path) -> PathBuf {
    let mut result = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => {
                result.pop();
            }
            Component::CurDir => {}
            other => result.push(other),
        }
    }
    result
}
