//! Paths of the file API: relative ones and `~` start at the sandbox's home; absolute ones are
//! the machine's own, as the processes see them, and must lie inside the sandbox's directories.
//!
//! Where processes have a file system of their own, paths are theirs: links are followed as they
//! would follow them, and never by this machine's.
//!
//! Without isolation this is no wall (a process of the sandbox can read what its user can); it
//! keeps the API from touching the user's files by mistake or through a link.

use std::io;
use std::path::{Path, PathBuf};

use super::super::isolation::{View, normal};
use super::Context;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("path '{path}' is outside of the sandbox, whose files are in '{home}'")]
pub(super) struct Outside {
    path: String,
    home: String,
}

impl Context {
    /// The file that is meant, for its contents: where the last part is a link of a sandbox with
    /// its own file system, what it leads to.
    pub(super) fn path(&self, path: &str) -> Result<PathBuf, Outside> {
        self.find(path, false)
    }

    /// The file that is meant, itself if it is a link.
    pub(super) fn path_itself(&self, path: &str) -> Result<PathBuf, Outside> {
        self.find(path, true)
    }

    fn find(&self, path: &str, itself: bool) -> Result<PathBuf, Outside> {
        let view = &self.sandbox.view;
        if view.is_own() {
            return inside(path, view, itself);
        }
        let home = self.sandbox.home();
        let mut roots = vec![self.sandbox.dir.join("home"), self.sandbox.dir.join("tmp")];
        roots.extend(self.registry.options.extra_file_roots.iter().cloned());
        resolve(path, &home, &roots)
    }
}

fn inside(path: &str, view: &View, itself: bool) -> Result<PathBuf, Outside> {
    let relative = path
        .strip_prefix("~/")
        .unwrap_or(if path == "~" { "" } else { path });
    let found = view.find(&view.home().join(relative), itself);
    found.ok_or_else(|| Outside {
        path: path.to_owned(),
        home: view.home().display().to_string(),
    })
}

fn resolve(path: &str, home: &Path, roots: &[PathBuf]) -> Result<PathBuf, Outside> {
    let relative = path
        .strip_prefix("~/")
        .unwrap_or(if path == "~" { "" } else { path });
    // An absolute path replaces the home on join.
    let meant = normal(&home.join(relative));
    let inside = |path: &Path| roots.iter().any(|root| path.starts_with(root));
    // No real path: a link that leads nowhere, through which a file could be made anywhere.
    let really = real_parent(&meant).is_ok_and(|real| {
        let mut roots = roots.iter().filter_map(|root| root.canonicalize().ok());
        roots.any(|root| real.starts_with(root))
    });
    if inside(&meant) && really {
        Ok(meant)
    } else {
        Err(Outside {
            path: path.to_owned(),
            home: home.display().to_string(),
        })
    }
}

/// The nearest existing ancestor (or the path itself) with all links followed.
fn real_parent(path: &Path) -> io::Result<PathBuf> {
    for ancestor in path.ancestors() {
        // A dangling link is not "missing": it would be created through.
        if ancestor.symlink_metadata().is_ok() {
            return ancestor.canonicalize();
        }
    }
    Err(io::Error::from(io::ErrorKind::NotFound))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn paths_start_at_home_and_cannot_leave_it() {
        let dir = tempfile::tempdir().unwrap();
        let home = dir.path().canonicalize().unwrap().join("home");
        std::fs::create_dir(&home).unwrap();
        std::os::unix::fs::symlink("/etc", home.join("out")).unwrap();
        std::os::unix::fs::symlink("/nowhere/at/all", home.join("dangling")).unwrap();
        let roots = [home.clone()];
        let resolve = |path: &str| resolve(path, &home, &roots);

        assert_eq!(resolve("a/b").unwrap(), home.join("a/b"));
        assert_eq!(resolve("~/a").unwrap(), home.join("a"));
        assert_eq!(resolve("~").unwrap(), home);
        assert_eq!(
            resolve(home.join("x/../y").to_str().unwrap()).unwrap(),
            home.join("y")
        );
        for outside in [
            "/etc/passwd",
            "../x",
            "a/../../x",
            "out/passwd",
            "dangling",
            "",
        ] {
            let left = resolve(outside);
            assert!(left.is_err() || outside.is_empty(), "{outside}: {left:?}");
        }
    }

    #[test]
    fn links_are_followed_as_the_processes_would_follow_them() {
        let dir = tempfile::tempdir().unwrap();
        let home = dir.path().join("home");
        std::fs::create_dir_all(home.join("real")).unwrap();
        std::fs::create_dir(dir.path().join("tmp")).unwrap();
        for (link, target) in [
            ("shadow", "/etc/shadow"),
            ("up", "../../../etc"),
            ("own", "/home/user/real"),
            ("round", "round"),
            ("tmp", "/tmp"),
            ("real/out", "/"),
        ] {
            std::os::unix::fs::symlink(target, home.join(link)).unwrap();
        }
        let view = View::new(dir.path(), true);
        let find = |path: &str, itself| inside(path, &view, itself).ok();

        assert_eq!(find("own/a", false), Some(home.join("real/a")));
        assert_eq!(find("/home/user/own", true), Some(home.join("own")));
        assert_eq!(find("tmp/x", false), Some(dir.path().join("tmp/x")));
        assert_eq!(find("/tmp/x", false), Some(dir.path().join("tmp/x")));
        assert_eq!(find("shadow", true), Some(home.join("shadow")));
        for out in [
            "shadow",
            "up/shadow",
            "round",
            "own/out/etc/shadow",
            "/etc/shadow",
            "../other",
            "tmp/../../etc",
        ] {
            assert_eq!(find(out, false), None, "{out}");
        }
        let raced = view.open(&home.join("own/x"), rustix::fs::OFlags::RDONLY);
        assert!(raced.is_err());
    }

    proptest! {
        #[test]
        fn whatever_is_asked_of_an_own_file_system_is_inside(path in "[a./~]*") {
            let view = View::new(Path::new("/nowhere/x"), true);
            if let Ok(path) = inside(&path, &view, false) {
                prop_assert!(path.starts_with("/nowhere/x"));
            }
        }

        #[test]
        fn whatever_is_asked_the_answer_is_inside(path in "[a./~\\\\]*") {
            let home = std::env::temp_dir().canonicalize().unwrap();
            if let Ok(path) = resolve(&path, &home, std::slice::from_ref(&home)) {
                prop_assert!(path.starts_with(&home));
            }
        }
    }
}
