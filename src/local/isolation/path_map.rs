//! Maps paths as a sandbox's processes see them to paths on this machine, and back.

use std::path::{Component, Path, PathBuf};

/// The home of level full, as on E2B.
const HOME: &str = "/home/user";

/// Links that a path may have (the kernel's own limit).
const LINKS: usize = 40;

/// The directories of one sandbox, on this machine and as its processes see them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::local) struct PathMap {
    /// Directories on this machine: its home, its temporary directory, then others.
    host: Vec<PathBuf>,
    /// Where its processes see them.
    inside: Vec<PathBuf>,
    own: bool,
    /// The owner of the files, if not the server's user.
    pub(super) owner: Option<u32>,
}

impl PathMap {
    /// `own`: the processes have a file system of their own.
    pub(in crate::local) fn new(dir: &Path, own: bool) -> Self {
        let host = vec![dir.join("home"), dir.join("tmp")];
        let inside = if own {
            vec![PathBuf::from(HOME), PathBuf::from("/tmp")]
        } else {
            host.clone()
        };
        Self {
            host,
            inside,
            own,
            owner: None,
        }
    }

    /// With the user to whom new files are given.
    pub(in crate::local) fn owned_by(self, owner: Option<u32>) -> Self {
        Self { owner, ..self }
    }

    /// With other directories of the machine, if the processes see the machine's.
    pub(in crate::local) fn with_roots(mut self, roots: &[PathBuf]) -> Self {
        if self.own {
            return self;
        }
        for root in roots {
            // By both names, should one be a link.
            if let Ok(real) = root.canonicalize() {
                self.inside.extend([root.clone(), real.clone()]);
                self.host.extend([real.clone(), real]);
            }
        }
        self
    }

    /// Whether paths inside differ from those outside.
    pub(in crate::local) fn is_own(&self) -> bool {
        self.own
    }

    /// The user to whom the files belong, if that is not the server's own.
    pub(in crate::local) fn owner(&self) -> Option<u32> {
        self.owner
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

    /// Whether a place is one of the directories themselves.
    pub(in crate::local) fn is_root(&self, place: &Path) -> bool {
        self.host.iter().any(|root| root == place)
    }

    /// The directory in which a place is, and the way from there.
    pub(super) fn root<'a>(&self, place: &'a Path) -> Option<(&Path, &'a Path)> {
        self.host.iter().find_map(|root| {
            let rest = place.strip_prefix(root).ok()?;
            let is_down = |part| matches!(part, Component::Normal(_));
            let is_below = rest.components().all(is_down);
            is_below.then_some((root.as_path(), rest))
        })
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
fn normal(path: &Path) -> PathBuf {
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
