//! Merges a patch into files that have changed since it was made, like `git apply --3way`, but without touching the
//! user's index and objects.
//!
//! In: a work tree and a patch. Out: the files in which both sides changed the same lines. The patch's base must be
//! among the user's objects, as it is if the session began with committed files.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::Path;

use tempfile::TempDir;

use crate::domain::failure::Failure;
use crate::session::code::Git;

/// Maximum number of files named if a patch does not apply.
pub(crate) const NAMED: usize = 20;

/// A work tree with an index and objects of our own.
pub(crate) struct Merge<'p> {
    git: Git,
    patch: &'p [u8],
    /// Paths of the patch, each followed by a NUL.
    paths: Vec<u8>,
    /// Removed on drop.
    _scratch: TempDir,
}

impl<'p> Merge<'p> {
    pub(crate) async fn new(root: &Path, patch: &'p [u8]) -> Result<Self, Failure> {
        let scratch = tempfile::tempdir().map_err(|error| {
            Failure::new("a temporary directory could not be created").detail(error.to_string())
        })?;
        let users = Git::of_user(root);
        let objects = users.path(&["rev-parse", "--git-path", "objects"]).await?;
        let numstat = ["apply", "--numstat", "-z", "-"];
        let paths = paths(&users.fed(&numstat, patch.to_vec()).await?);
        let own = scratch.path().join("objects");
        std::fs::create_dir(&own).map_err(|error| {
            Failure::new("a temporary directory could not be created").detail(error.to_string())
        })?;
        Ok(Self {
            git: users
                .env("GIT_INDEX_FILE", scratch.path().join("index"))
                .env("GIT_OBJECT_DIRECTORY", own)
                .env("GIT_ALTERNATE_OBJECT_DIRECTORIES", quoted(&objects)),
            patch,
            paths,
            _scratch: scratch,
        })
    }

    /// Determines the result of a merge without changing anything: the conflicting files, or git's error if nothing
    /// can be merged.
    pub(crate) async fn conflicts(&self) -> Result<Result<Vec<String>, String>, Failure> {
        self.run(&["--cached"]).await
    }

    /// Merges; conflicting files contain both sides, marked.
    pub(crate) async fn put(&self) -> Result<Vec<String>, Failure> {
        self.run(&[]).await?.map_err(|said| misfit(&said))
    }

    async fn run(&self, how: &[&str]) -> Result<Result<Vec<String>, String>, Failure> {
        self.git.bytes(&["read-tree", "--empty"]).await?;
        let update = ["update-index", "--add", "--remove", "-z", "--stdin"];
        let update = update.map(OsStr::new);
        // Something else may be where a file was.
        if let Err(said) = self.git.tried(&update, self.paths.clone()).await? {
            return Ok(Err(said));
        }
        let exact = ["-c", "apply.ignoreWhitespace=no", "apply", "--3way"].iter();
        let args = exact.chain(&["--whitespace=nowarn", "--binary"]);
        let args: Vec<&OsStr> = args.chain(how).chain(&["-"]).map(OsStr::new).collect();
        let Err(said) = self.git.tried(&args, self.patch.to_vec()).await? else {
            return Ok(Ok(Vec::new()));
        };
        let unmerged = self.git.bytes(&["ls-files", "--unmerged", "-z"]).await?;
        let conflicts = conflicts(&unmerged);
        // It failed for another reason, and changed nothing.
        if conflicts.is_empty() {
            return Ok(Err(said));
        }
        Ok(Ok(conflicts))
    }
}

/// A colon would end the path there.
fn quoted(path: &Path) -> OsString {
    use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
    let mut quoted = vec![b'"'];
    for &byte in path.as_os_str().as_bytes() {
        if matches!(byte, b'"' | b'\\') {
            quoted.push(b'\\');
        }
        quoted.push(byte);
    }
    quoted.push(b'"');
    OsString::from_vec(quoted)
}

/// The paths in the output of `git apply --numstat -z`: `added TAB removed TAB path`, and both names of a renamed
/// file after an empty one.
fn paths(numstat: &[u8]) -> Vec<u8> {
    let mut paths = Vec::new();
    for record in numstat.split(|&byte| byte == 0) {
        let path = record.splitn(3, |&byte| byte == b'\t').nth(2);
        let path = path.unwrap_or(record);
        if !path.is_empty() {
            paths.extend_from_slice(path);
            paths.push(0);
        }
    }
    paths
}

/// The files in the output of `git ls-files --unmerged -z`: `mode object stage TAB path`, each up to three times.
fn conflicts(unmerged: &[u8]) -> Vec<String> {
    let mut files: Vec<String> = unmerged
        .split(|&byte| byte == 0)
        .filter_map(|record| record.splitn(2, |&byte| byte == b'\t').nth(1))
        .map(|path| String::from_utf8_lossy(path).into_owned())
        .collect();
    files.dedup();
    files
}

/// git's errors by file, each file once.
pub(crate) fn misfit(said: &str) -> Failure {
    let failure = Failure::new("the work does not apply to this work tree");
    let mut files: BTreeMap<&str, &str> = BTreeMap::new();
    for line in said.lines() {
        let Some(error) = line.strip_prefix("error: ") else {
            continue;
        };
        // Another line with the same file follows.
        if error.starts_with("patch failed: ") {
            continue;
        }
        match error.rsplit_once(": ") {
            Some((file, why)) => files.insert(file, why),
            None => files.insert(error, ""),
        };
    }
    if files.is_empty() {
        return failure.detail(said.trim());
    }
    let files: Vec<String> = files
        .iter()
        .map(|(file, why)| format!("{file}: {why}"))
        .collect();
    failure.detail(listed(&files))
}

/// Files, one per line; many are counted.
pub(crate) fn listed(files: &[String]) -> String {
    let mut lines: Vec<String> = files.iter().take(NAMED).cloned().collect();
    if files.len() > NAMED {
        lines.push(format!("and {} more", files.len() - NAMED));
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_names_of_a_patch_are_all_named_and_each_conflict_once() {
        assert_eq!(
            paths(b"1\t2\ta b\x00-\t-\tbin\x001\t0\t\0old\0new\0"),
            b"a b\0bin\0old\0new\0"
        );
        assert_eq!(
            conflicts(b"100644 aa 1\tx\x00100644 bb 2\tx\x00100644 cc 2\ta\tb\0"),
            ["x", "a\tb"]
        );
        assert_eq!(
            quoted(Path::new("/a:b/\"c\\")),
            OsString::from("\"/a:b/\\\"c\\\\\"")
        );
    }

    proptest! {
        /// git's output contains names from the sandbox.
        #[test]
        fn names_are_read_from_any_bytes_and_end_where_git_ends_them(
            records in prop::collection::vec("[^\\x00\\t]{1,8}", 0..6),
            noise: Vec<u8>,
        ) {
            let each = |before: &str| {
                let all: Vec<String> = records.iter().map(|name| format!("{before}{name}\0")).collect();
                all.concat()
            };
            let (numstat, unmerged, expected) = (each("1\t0\t"), each("100644 a 2\t"), each(""));
            let mut once = records.clone();
            once.dedup();

            prop_assert_eq!(paths(numstat.as_bytes()), expected.into_bytes());
            prop_assert_eq!(conflicts(unmerged.as_bytes()), once);
            let read = paths(&noise);
            prop_assert!(read.is_empty() || (read.ends_with(b"\0") && !read.starts_with(b"\0")));
            prop_assert!(conflicts(&noise).len() <= noise.len());
        }
    }
}
