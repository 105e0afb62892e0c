//! Code in: a git work tree packed on the user's machine, unpacked in a sandbox.
//!
//! What goes along is HEAD with its history, uncommitted changes, and untracked files that are not
//! ignored. The pack is one git bundle made in a scratch repository that borrows the user's objects:
//! the user's own index, refs and object store are only read. It knows no sandbox: [`pack`] gives a
//! file, [`UNPACK`] is the script that a sandbox runs on it. The other scripts bring work home, or keep
//! it in case that the sandbox goes.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use tokio::process::Command;

use crate::domain::failure::Failure;

/// Unpacks a bundle made by [`pack`]. Arguments: `$1` the bundle, `$2` the directory to make, `$3`
/// the branch or nothing. Afterwards the index equals HEAD, uncommitted and untracked files lie in
/// the work tree, and `refs/sandbar/base` is what [`DIFF`] compares with.
pub(crate) const UNPACK: &str = include_str!("../../assets/sandbox/unpack.sh");

/// Adds all of a work tree to an index.
const ADD_ALL: &str = concat!(
    include_str!("../../assets/sandbox/add-all.sh"),
    "add_all ''"
);

/// Prints the work done in the directory `$1` since [`UNPACK`] as a binary-safe patch.
pub const DIFF: &str = concat!(
    include_str!("../../assets/sandbox/add-all.sh"),
    include_str!("../../assets/sandbox/diff.sh")
);

/// Packs a work tree and all its refs into a bundle; its head says the arguments.
pub(crate) const SNAPSHOT: &str = concat!(
    include_str!("../../assets/sandbox/add-all.sh"),
    include_str!("../../assets/sandbox/snapshot.sh")
);

/// Makes a work tree again from the bundles of [`SNAPSHOT`].
pub(crate) const RESTORE: &str = include_str!("../../assets/sandbox/restore.sh");

/// Makes an empty git work tree at `$1`, for a session without code.
pub(crate) const EMPTY: &str = include_str!("../../assets/sandbox/empty.sh");

/// Clones `$1` into `$2`.
pub(crate) const CLONE: &str = include_str!("../../assets/sandbox/clone.sh");

/// A work tree as one file.
#[derive(Debug)]
pub(crate) struct Packed {
    /// The last component of the work tree's path, as the directory's name in the sandbox.
    pub(crate) name: String,
    /// The current branch; empty when HEAD is detached or unborn.
    pub(crate) branch: String,
    pub(crate) bytes: Vec<u8>,
}

/// Returns the root of the git work tree around `dir`, if there is one. Only looks for `.git`: this
/// is asked before the first frame, when there is no time to run git.
pub fn work_tree(dir: &Path) -> Option<PathBuf> {
    let root = dir.ancestors().find(|dir| dir.join(".git").exists())?;
    Some(root.to_owned())
}

/// Returns the size of all that [`pack`] would read, without reading it: the object store and the
/// changed and untracked files.
pub async fn estimate(root: &Path) -> u64 {
    let mut bytes = 0;
    if let Ok(counts) = git(root, &[], ["count-objects", "-v"]).await {
        for line in counts.lines() {
            if let Some(("size" | "size-pack", kib)) = line.split_once(": ") {
                bytes += kib.trim().parse::<u64>().unwrap_or(0) * 1024;
            }
        }
    }
    let args = [
        "ls-files",
        "-z",
        "--modified",
        "--others",
        "--exclude-standard",
    ];
    if let Ok(files) = git(root, &[], args).await {
        for file in files.split('\0').filter(|file| !file.is_empty()) {
            bytes += std::fs::symlink_metadata(root.join(file)).map_or(0, |meta| meta.len());
        }
    }
    bytes
}

/// Packs the work tree at `root`. `scratch` is an empty directory, removed by the caller.
///
/// # Errors
/// A [`Failure`] with git's own words.
pub(crate) async fn pack(root: &Path, scratch: &Path) -> Result<Packed, Failure> {
    let name = root
        .file_name()
        .and_then(OsStr::to_str)
        .unwrap_or("code")
        .to_owned();
    let objects = git(root, &[], ["rev-parse", "--git-path", "objects"]).await?;
    let head = git(root, &[], ["rev-parse", "-q", "--verify", "HEAD^{commit}"])
        .await
        .ok();
    let branch = git(root, &[], ["symbolic-ref", "-q", "--short", "HEAD"])
        .await
        .unwrap_or_default();

    let store = scratch.join("pack.git");
    let store_arg = store.to_string_lossy().into_owned();
    git(scratch, &[], ["init", "-q", "--bare", &store_arg]).await?;
    let alternates = store.join("objects/info/alternates");
    let borrowed = absolute(root, &objects);
    write(&alternates, format!("{}\n", borrowed.display()).as_bytes())?;

    // An index of our own, begun from HEAD: the user's may be locked or half staged.
    let own = [
        ("GIT_DIR", store_arg.clone()),
        ("GIT_WORK_TREE", root.to_string_lossy().into_owned()),
        (
            "GIT_INDEX_FILE",
            scratch.join("index").to_string_lossy().into_owned(),
        ),
    ];
    if let Some(head) = &head {
        git(root, &own, ["read-tree", head]).await?;
    }
    exclude_like(root, &store).await?;
    add_all(root, &own).await?;
    let tree = git(root, &own, ["write-tree"]).await?;
    let mut commit = vec!["commit-tree", &tree, "-m", "work tree"];
    if let Some(head) = &head {
        commit.extend(["-p", head]);
    }
    let snapshot = git(root, &own, commit).await?;
    git(root, &own, ["update-ref", "refs/sandbar/base", &snapshot]).await?;
    let mut refs = vec!["bundle", "create", "-q", "-", "refs/sandbar/base"];
    let branch_ref = if branch.is_empty() {
        "refs/sandbar/head".to_owned()
    } else {
        format!("refs/heads/{branch}")
    };
    if let Some(head) = &head {
        git(root, &own, ["update-ref", &branch_ref, head]).await?;
        refs.push(&branch_ref);
    }
    let bytes = git_bytes(root, &own, refs).await?;
    Ok(Packed {
        name,
        branch: head.map_or_else(String::new, |_| branch),
        bytes,
    })
}

/// Gives the scratch repository the ignore rules that live outside the work tree.
async fn exclude_like(root: &Path, store: &Path) -> Result<(), Failure> {
    let exclude = git(root, &[], ["rev-parse", "--git-path", "info/exclude"]).await?;
    match std::fs::read(absolute(root, &exclude)) {
        Ok(rules) => write(&store.join("info/exclude"), &rules),
        Err(_) => Ok(()),
    }
}

fn absolute(root: &Path, path: &str) -> PathBuf {
    let joined = root.join(path);
    std::fs::canonicalize(&joined).unwrap_or(joined)
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent).map_err(|error| scratch_failure(&error))?;
    }
    std::fs::write(path, bytes).map_err(|error| scratch_failure(&error))
}

fn scratch_failure(error: &std::io::Error) -> Failure {
    Failure::new("the work tree could not be packed")
        .because(error.to_string())
        .hint("check that the temporary directory is writable and has room")
}

/// Runs git in `dir` and returns its trimmed output.
pub(super) async fn git<'a>(
    dir: &Path,
    env: &[(&str, String)],
    args: impl IntoIterator<Item = &'a str>,
) -> Result<String, Failure> {
    let bytes = git_bytes(dir, env, args).await?;
    Ok(String::from_utf8_lossy(&bytes)
        .trim_end_matches(['\n', '\r'])
        .to_owned())
}

pub(super) async fn git_bytes<'a>(
    dir: &Path,
    env: &[(&str, String)],
    args: impl IntoIterator<Item = &'a str>,
) -> Result<Vec<u8>, Failure> {
    let mut command = Command::new("git");
    let mut args = args.into_iter().peekable();
    let what = format!("git {}", args.peek().copied().unwrap_or_default());
    command
        .args([
            "-c",
            "user.name=sandbar",
            "-c",
            "user.email=sandbar@sandbar.invalid",
        ])
        .args(["-c", "core.quotepath=off", "-c", "commit.gpgsign=false"])
        .args(args);
    output(command, dir, env, &what).await
}

/// Adds all of the work tree at `root` to the index that `env` names.
async fn add_all(root: &Path, env: &[(&str, String)]) -> Result<(), Failure> {
    let mut command = Command::new("sh");
    command.args(["-euc", ADD_ALL]);
    output(command, root, env, "git add").await?;
    Ok(())
}

/// Runs a command that is git or runs it; `what` names it in the failure.
async fn output(
    mut command: Command,
    dir: &Path,
    env: &[(&str, String)],
    what: &str,
) -> Result<Vec<u8>, Failure> {
    let output = command
        .current_dir(dir)
        .env_remove("GIT_DIR")
        .env_remove("GIT_INDEX_FILE")
        .env_remove("GIT_WORK_TREE")
        .env("GIT_TERMINAL_PROMPT", "0")
        .envs(env.iter().map(|(name, value)| (*name, value)))
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .map_err(|error| {
            Failure::new("git could not be run")
                .because(error.to_string())
                .hint("install git, or start with --empty")
        })?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Err(Failure::new(format!("{what} failed"))
        .because(said)
        .hint("start with --empty to leave the code out"))
}

#[cfg(test)]
mod kept_tests;
#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    pub(super) fn run(dir: &Path, program: &str, args: &[&str]) -> String {
        let output = std::process::Command::new(program)
            .args(args)
            .current_dir(dir)
            .env("HOME", dir)
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{program} {args:?}: {said}");
        String::from_utf8(output.stdout).unwrap()
    }

    pub(super) fn git_in(dir: &Path, args: &[&str]) -> String {
        let who = ["-c", "user.name=n", "-c", "user.email=n@example.invalid"];
        run(dir, "git", &[&who, args].concat())
    }

    /// A work tree of every kind of file, with one commit if `born`.
    pub(super) fn work_tree_in(dir: &Path, born: bool) -> PathBuf {
        let root = dir.join("näme of it");
        std::fs::create_dir(&root).unwrap();
        git_in(&root, &["init", "-q", "-b", "trunk"]);
        std::fs::write(root.join(".gitignore"), "ignored\n").unwrap();
        for name in ["kept", "changed", "staged", "deleted"] {
            std::fs::write(root.join(name), "before\n").unwrap();
        }
        if born {
            git_in(&root, &["add", "--all"]);
            git_in(&root, &["commit", "-q", "-m", "first"]);
        }
        for name in ["changed", "staged", "ignored", "new ünd 世界"] {
            std::fs::write(root.join(name), "after\n").unwrap();
        }
        git_in(&root, &["add", "staged"]);
        std::fs::remove_file(root.join("deleted")).unwrap();
        root
    }

    /// The files that are not ignored, in all folders but git's own.
    pub(super) fn contents(root: &Path) -> Vec<(PathBuf, String)> {
        let mut files = Vec::new();
        let mut folders = vec![root.to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let (path, name) = entry.map(|e| (e.path(), e.file_name())).unwrap();
                if path.is_dir() && name != ".git" {
                    folders.push(path);
                } else if path.is_file() && name != "ignored" {
                    let text = std::fs::read_to_string(&path).unwrap();
                    files.push((path.strip_prefix(root).unwrap().to_owned(), text));
                }
            }
        }
        files.sort();
        files
    }

    /// Makes repositories inside of a work tree: one without commits, one with another inside, one that was
    /// added, one without files.
    pub(super) fn nest_repositories_in(root: &Path) {
        for name in ["unborn", "born of it", "born of it/deep", "added", "void"] {
            let folder = root.join(name);
            std::fs::create_dir(&folder).unwrap();
            git_in(&folder, &["init", "-q"]);
            if name != "void" {
                std::fs::write(folder.join(".gitignore"), "ignored\n").unwrap();
                std::fs::write(folder.join("ignored"), "not wanted\n").unwrap();
                std::fs::write(folder.join("file"), format!("in {name}\n")).unwrap();
            }
        }
        for name in ["born of it", "added"] {
            git_in(&root.join(name), &["add", "file"]);
            git_in(&root.join(name), &["commit", "-q", "-m", "inner"]);
        }
        git_in(
            root,
            &["-c", "advice.addEmbeddedRepo=false", "add", "added"],
        );
    }

    /// Packs and unpacks; returns where it lies then, and the pack's branch.
    async fn there(dir: &Path, root: &Path) -> (PathBuf, String) {
        let scratch = dir.join("scratch");
        std::fs::create_dir(&scratch).unwrap();
        let packed = pack(root, &scratch).await.unwrap();
        assert_eq!(packed.name, "näme of it");
        let (bundle, at) = (dir.join("bundle"), dir.join("there"));
        std::fs::write(&bundle, packed.bytes).unwrap();
        let paths = [bundle, at.clone()].map(|path| path.to_str().unwrap().to_owned());
        let args = ["-c", UNPACK, "x", &paths[0], &paths[1], &packed.branch];
        run(dir, "sh", &args);
        (at, packed.branch)
    }

    #[tokio::test]
    async fn a_work_tree_arrives_whole_and_the_users_own_is_as_it_was() {
        for (born, detached) in [(true, false), (true, true), (false, false)] {
            let dir = tempfile::tempdir().unwrap();
            let root = work_tree_in(dir.path(), born);
            if detached {
                git_in(&root, &["checkout", "-q", "--detach"]);
            }
            let before = git_in(&root, &["status", "--porcelain"]);

            let (at, branch) = there(dir.path(), &root).await;

            assert_eq!(contents(&at), contents(&root), "{born} {detached}");
            assert!(!at.join("ignored").exists());
            assert_eq!(branch, if born && !detached { "trunk" } else { "" });
            assert_eq!(git_in(&root, &["status", "--porcelain"]), before);
            assert_eq!(git_in(&root, &["for-each-ref", "refs/sandbar"]), "");
        }
    }

    #[tokio::test]
    async fn the_work_done_there_applies_to_the_users_work_tree() {
        let dir = tempfile::tempdir().unwrap();
        let root = work_tree_in(dir.path(), true);
        let (at, _) = there(dir.path(), &root).await;
        std::fs::write(at.join("new ünd 世界"), "by the agent\n").unwrap();
        std::fs::write(at.join("made there"), "bytes \u{1}\n").unwrap();
        std::fs::remove_file(at.join("kept")).unwrap();

        let patch = run(dir.path(), "sh", &["-c", DIFF, "x", at.to_str().unwrap()]);
        std::fs::write(dir.path().join("patch"), patch).unwrap();
        git_in(&root, &["apply", "../patch"]);

        assert_eq!(contents(&root), contents(&at));
    }

    #[tokio::test]
    async fn repositories_inside_of_a_work_tree_go_and_come_back_as_their_files() {
        let dir = tempfile::tempdir().unwrap();
        let root = work_tree_in(dir.path(), true);
        nest_repositories_in(&root);
        let before = git_in(&root, &["status", "--porcelain"]);

        let (at, _) = there(dir.path(), &root).await;

        assert_eq!(contents(&at), contents(&root));
        assert_eq!(git_in(&root, &["status", "--porcelain"]), before);
        std::fs::write(at.join("unborn/file"), "by the agent\n").unwrap();
        std::fs::create_dir(at.join("made there")).unwrap();
        git_in(&at.join("made there"), &["init", "-q"]);
        std::fs::write(at.join("made there/file"), "by the agent\n").unwrap();
        let patch = run(dir.path(), "sh", &["-c", DIFF, "x", at.to_str().unwrap()]);
        std::fs::write(dir.path().join("patch"), patch).unwrap();
        git_in(&root, &["apply", "../patch"]);

        assert_eq!(contents(&root), contents(&at));
    }
}
