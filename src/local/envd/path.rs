//! Paths of the file API: relative ones and `~` start at the sandbox's home; absolute ones are
//! the machine's own, as the processes see them, and must lie inside the sandbox's directories.
//!
//! Without isolation this is no wall (a process of the sandbox can read what its user can); it
//! keeps the API from touching the user's files by mistake or through a link.

use std::io;
use std::path::{Component, Path, PathBuf};

use super::Context;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("path '{path}' is outside of the sandbox, whose files are in '{home}'")]
pub(super) struct Outside {
    path: String,
    home: String,
}

impl Context {
    /// The absolute path that is meant, links not followed.
    pub(super) fn path(&self, path: &str) -> Result<PathBuf, Outside> {
        let home = self.sandbox.home();
        let mut roots = vec![self.sandbox.dir.join("home"), self.sandbox.dir.join("tmp")];
        roots.extend(self.registry.options.extra_file_roots.iter().cloned());
        resolve(path, &home, &roots)
    }
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

    proptest! {
        #[test]
        fn whatever_is_asked_the_answer_is_inside(path in "[a./~\\\\]*") {
            let home = std::env::temp_dir().canonicalize().unwrap();
            if let Ok(path) = resolve(&path, &home, std::slice::from_ref(&home)) {
                prop_assert!(path.starts_with(&home));
            }
        }
    }
}
