//! Paths of the file API: relative ones and `~` start at the sandbox's home; absolute ones are as
//! the processes see them, and must lie inside the sandbox's directories. Links are followed as the
//! processes would follow them, and never by the kernel: what was found here is then opened by
//! [`PathMap::open_confined`], which follows none.
//!
//! Without isolation this protects nothing (a process of the sandbox can read what its user can); it
//! keeps the API from touching the user's files by mistake or through a link.

use std::path::PathBuf;

use super::SandboxContext;
use crate::local::isolation::PathMap;

/// Longest path of the kernel's.
const LONGEST: usize = 4096;
/// Characters of one that an error quotes.
const SHOWN: usize = 256;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("path '{path}' is outside of the sandbox, whose files are in '{home}'")]
pub(super) struct PathOutsideSandbox {
    path: String,
    home: String,
}

impl SandboxContext {
    /// The file that is meant, for its contents: where the last part is a link, what it leads to.
    pub(super) async fn path(&self, path: &str) -> Result<PathBuf, PathOutsideSandbox> {
        self.find(path, false).await
    }

    /// The file that is meant, itself if it is a link.
    pub(super) async fn path_itself(&self, path: &str) -> Result<PathBuf, PathOutsideSandbox> {
        self.find(path, true).await
    }

    async fn find(&self, path: &str, itself: bool) -> Result<PathBuf, PathOutsideSandbox> {
        let outside = outside(path, &self.sandbox.paths);
        // No file has a longer one, and each of its parts is looked at.
        if path.len() > LONGEST {
            return Err(outside);
        }
        let (paths, path) = (self.sandbox.paths.clone(), path.to_owned());
        let finding = tokio::task::spawn_blocking(move || inside(&path, &paths, itself));
        finding.await.unwrap_or(Err(outside))
    }
}

fn inside(path: &str, paths: &PathMap, itself: bool) -> Result<PathBuf, PathOutsideSandbox> {
    let relative = path
        .strip_prefix("~/")
        .unwrap_or(if path == "~" { "" } else { path });
    // An absolute path replaces the home on join.
    let found = paths.find(&paths.home().join(relative), itself);
    found.ok_or_else(|| outside(path, paths))
}

fn outside(path: &str, paths: &PathMap) -> PathOutsideSandbox {
    PathOutsideSandbox {
        path: path.chars().take(SHOWN).collect(),
        home: paths.home().display().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn paths_start_at_home_and_cannot_leave_it() {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path().canonicalize().unwrap();
        let home = dir.join("home");
        std::fs::create_dir_all(&home).unwrap();
        std::fs::create_dir(dir.join("extra")).unwrap();
        for (link, target) in [
            ("out", "/etc"),
            ("dangling", "/nowhere/at/all"),
            ("in", "../extra/x"),
        ] {
            std::os::unix::fs::symlink(target, home.join(link)).unwrap();
        }
        let paths = PathMap::new(&dir, false).with_roots(&[dir.join("extra")]);
        let find = |path: &str, itself| inside(path, &paths, itself);

        assert_eq!(find("a/b", false).unwrap(), home.join("a/b"));
        assert_eq!(find("~/a", false).unwrap(), home.join("a"));
        assert_eq!(find("~", false).unwrap(), home);
        assert_eq!(find("in", false).unwrap(), dir.join("extra/x"));
        assert_eq!(find("out", true).unwrap(), home.join("out"));
        assert_eq!(
            find(home.join("x/../y").to_str().unwrap(), false).unwrap(),
            home.join("y")
        );
        for outside in ["/etc/passwd", "../x", "a/../../x", "out/passwd", "dangling"] {
            assert!(find(outside, false).is_err(), "{outside}");
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
        let paths = PathMap::new(dir.path(), true);
        let find = |path: &str, itself| inside(path, &paths, itself).ok();

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
    }

    proptest! {
        #[test]
        fn whatever_is_asked_the_answer_is_inside(path in "[a./~\\\\]*", own: bool) {
            let paths = PathMap::new(Path::new("/nowhere/x"), own);
            if let Ok(path) = inside(&path, &paths, false) {
                prop_assert!(path.starts_with("/nowhere/x"));
                prop_assert!(paths.open_confined(&path).is_err());
            }
        }
    }
}
