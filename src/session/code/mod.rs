//! Code in: a git work tree, packed on the user's machine and unpacked in a sandbox. Work out: the scripts that make
//! a patch of the work done there, or a snapshot of it in case the sandbox is lost.
//!
//! Packed are HEAD with its history, uncommitted changes, and untracked files that are not ignored. The pack is one
//! git bundle, made in a scratch repository that borrows the user's objects: the user's own index, refs and object
//! store are only read. It knows no sandbox: [`pack()`] returns a file, [`UNPACK`] is the script that a sandbox runs
//! on it. The session's base commit is stored in the sandbox beside the work tree, in a repository of ours: the
//! agent may rewrite its own. `repository` takes the work into the user's own repository.

mod git;
mod history;
mod left_out;
mod pack;
pub(crate) mod repository;
mod scratch;
mod user_repository;

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

pub(crate) use git::Git;
pub(crate) use pack::{directory_name, pack};

/// A script for a sandbox, preceded by the functions that it needs.
macro_rules! script {
    ($file:literal) => {
        concat!(
            include_str!("../../../assets/sandbox/git.sh"),
            include_str!("../../../assets/sandbox/credentials.sh"),
            include_str!("../../../assets/sandbox/add-all.sh"),
            include_str!("../../../assets/sandbox/base.sh"),
            include_str!(concat!("../../../assets/sandbox/", $file)),
        )
    };
}

/// Unpacks a bundle made by [`pack()`]; its header lists the arguments. Afterwards the index equals HEAD, and
/// uncommitted and untracked files are in the work tree.
pub(crate) const UNPACK: &str = script!("unpack.sh");

/// Prints the work done in the directory `$1` since the session began as a binary-safe patch.
pub const DIFF: &str = script!("diff.sh");

/// Takes the patch `$3`, a part of what [`DIFF`] printed, back in the directory `$1`; `$2`: `again` puts it in once
/// more.
pub(crate) const DISCARD: &str = script!("discard.sh");

/// Merges the bundle `$2` of [`pack()`] into the session in the directory `$1`; prints what came of it.
pub(crate) const UPDATE: &str = script!("update.sh");

/// Prints a bundle of the commits and the uncommitted work of the session in the directory `$1`; `$2`: `whole` with
/// the history before the session too. Described in the script.
pub(crate) const FETCH: &str = script!("fetch.sh");

/// Prints the root commits of the history that the session in the directory `$1` began with.
pub(crate) const ROOTS: &str = script!("roots.sh");

/// Packs a work tree and all its refs into a bundle; its header lists the arguments.
pub(crate) const SNAPSHOT: &str = script!("snapshot.sh");

/// Restores a work tree from the bundles of [`SNAPSHOT`].
pub(crate) const RESTORE: &str = script!("restore.sh");

/// Creates an empty git work tree, for a session without code.
pub(crate) const EMPTY: &str = script!("empty.sh");

/// Clones a repository.
pub(crate) const CLONE: &str = script!("clone.sh");

/// Returns the root of the git work tree around `dir`, if there is one. Only looks for `.git`: this runs before the
/// first frame, when there is no time to run git.
pub fn work_tree(dir: &Path) -> Option<PathBuf> {
    let is_root = |dir: &&Path| {
        let git = dir.join(".git");
        // git ignores a directory of this name that is no repository.
        git.is_file() || git.join("HEAD").symlink_metadata().is_ok()
    };
    dir.ancestors().find(is_root).map(Path::to_owned)
}

/// The project directory of a session that begins here: the root of the git work tree around it, otherwise the
/// directory itself. Symlinks are resolved, so that a directory has one name.
pub fn project(dir: &Path) -> Option<PathBuf> {
    let dir = dir.canonicalize().ok()?;
    Some(work_tree(&dir).unwrap_or(dir))
}

/// The size of everything that [`pack()`] would read.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct CodeSize {
    pub(crate) bytes: u64,
    /// The largest of the changed and untracked files.
    pub(crate) largest: Option<(PathBuf, u64)>,
}

/// Returns the size of the object store and of the changed and untracked files, without reading them.
pub(crate) async fn estimate(root: &Path) -> CodeSize {
    let git = Git::of_user(root);
    let mut size = CodeSize::default();
    if let Ok(counts) = git.text(&["count-objects", "-v"]).await {
        for line in counts.lines() {
            if let Some(("size" | "size-pack", kib)) = line.split_once(": ") {
                size.bytes += kib.trim().parse::<u64>().unwrap_or(0) * 1024;
            }
        }
    }
    let others = "--others";
    let list = ["ls-files", "-z", "--modified", others, "--exclude-standard"];
    if let Ok(files) = git.bytes(&list).await {
        for file in files
            .split(|&byte| byte == 0)
            .filter(|file| !file.is_empty())
        {
            let file = Path::new(OsStr::from_bytes(file));
            let meta = std::fs::symlink_metadata(root.join(file));
            let bytes = meta.map_or(0, |meta| meta.len());
            size.bytes += bytes;
            if size.largest.as_ref().is_none_or(|(_, most)| bytes > *most) {
                size.largest = Some((file.to_owned(), bytes));
            }
        }
    }
    size
}

/// The output of a script that brings code in: the directory, then one line for each note to the user.
pub(crate) fn brought(said: &str) -> (String, Vec<String>) {
    let mut lines = said.lines();
    let directory = lines.next().unwrap_or_default().to_owned();
    (directory, lines.map(str::to_owned).collect())
}

#[cfg(test)]
mod clone_tests;
#[cfg(test)]
mod discard_tests;
#[cfg(test)]
mod kept_tests;
#[cfg(test)]
mod odd_tests;
#[cfg(test)]
pub(in crate::session) mod tests;
#[cfg(test)]
mod update_tests;
