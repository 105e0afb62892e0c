//! A work tree is packed, unpacked and brought back, on real git.

use std::os::unix::ffi::OsStringExt as _;

use pretty_assertions::assert_eq;

use super::*;

pub(in crate::session) fn run(dir: &Path, program: &str, args: &[&str]) -> String {
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

pub(in crate::session) fn git_in(dir: &Path, args: &[&str]) -> String {
    let who = ["-c", "user.name=n", "-c", "user.email=n@example.invalid"];
    run(dir, "git", &[&who, args].concat())
}

/// A work tree with every kind of file, and one commit if `born`.
pub(in crate::session) fn work_tree_in(dir: &Path, born: bool) -> PathBuf {
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

/// The files that are not ignored, in all folders except git's own.
pub(in crate::session) fn contents(root: &Path) -> Vec<(PathBuf, String)> {
    let mut files = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let (path, name) = entry.map(|e| (e.path(), e.file_name())).unwrap();
            let kind = path.symlink_metadata().unwrap().file_type();
            let content = if kind.is_symlink() {
                std::fs::read_link(&path)
                    .unwrap()
                    .into_os_string()
                    .into_vec()
            } else if kind.is_file() && name != "ignored" && name != ".git" {
                std::fs::read(&path).unwrap()
            } else {
                if kind.is_dir() && name != ".git" {
                    folders.push(path);
                }
                continue;
            };
            let text = content.escape_ascii().to_string();
            files.push((path.strip_prefix(root).unwrap().to_owned(), text));
        }
    }
    files.sort();
    files
}

/// Nests repositories in a work tree: one without commits, one with another inside, one that was added, one without
/// files.
pub(in crate::session) fn nest_repositories_in(root: &Path) {
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

/// Runs a sandbox script with this home.
pub(in crate::session) fn script(home: &Path, script: &str, args: &[&str]) -> String {
    let output = std::process::Command::new("sh")
        .args([&["-c", script, "sandbar"], args].concat())
        .current_dir(home)
        .env("HOME", home)
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{args:?}: {said}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// A work tree that was unpacked in a sandbox.
pub(in crate::session) struct There {
    pub(in crate::session) home: PathBuf,
    pub(in crate::session) at: PathBuf,
    pub(in crate::session) head: String,
    pub(in crate::session) notes: Vec<String>,
}

impl There {
    /// Packs and unpacks.
    pub(in crate::session) async fn new(dir: &Path, root: &Path) -> Self {
        let (scratch, home) = (dir.join("scratch"), dir.join("home"));
        std::fs::create_dir_all(&scratch).unwrap();
        std::fs::create_dir_all(&home).unwrap();
        let packed = pack(root, &scratch).await.unwrap();
        let bundle = dir.join("code.bundle");
        std::fs::write(&bundle, packed.bytes).unwrap();
        let args = [&*packed.name, "key", bundle.to_str().unwrap(), &packed.head];
        let said = script(&home, UNPACK, &args);
        Self {
            home,
            at: brought(&said).0.into(),
            head: packed.head,
            notes: packed.notes,
        }
    }

    pub(in crate::session) fn diff(&self) -> Vec<u8> {
        let output = std::process::Command::new("sh")
            .args(["-c", DIFF, "sandbar"])
            .arg(&self.at)
            .env("HOME", &self.home)
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        output.stdout
    }

    /// Applies the work to the work tree that it came from.
    pub(in crate::session) fn apply(&self, root: &Path) {
        let patch = self.home.join("patch");
        std::fs::write(&patch, self.diff()).unwrap();
        git_in(
            root,
            &["apply", "--whitespace=nowarn", patch.to_str().unwrap()],
        );
    }
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

        let There { at, head, .. } = There::new(dir.path(), &root).await;

        assert_eq!(contents(&at), contents(&root), "{born} {detached}");
        assert!(!at.join("ignored").exists());
        assert_eq!(at.file_name(), root.file_name());
        assert_eq!(head, if detached { "" } else { "refs/heads/trunk" });
        assert_eq!(git_in(&root, &["status", "--porcelain"]), before);
        assert_eq!(git_in(&root, &["for-each-ref", "refs/sandbar"]), "");
    }
}

#[tokio::test]
async fn the_work_done_in_a_sandbox_applies_to_the_users_work_tree() {
    let dir = tempfile::tempdir().unwrap();
    let root = work_tree_in(dir.path(), true);
    let there = There::new(dir.path(), &root).await;
    let at = &there.at;
    std::fs::write(at.join("new ünd 世界"), "by the agent\n").unwrap();
    std::fs::write(at.join("made there"), "bytes \u{1}\n").unwrap();
    std::fs::remove_file(at.join("kept")).unwrap();

    there.apply(&root);

    assert_eq!(contents(&root), contents(at));
}

#[tokio::test]
async fn nested_repositories_are_packed_and_brought_back_as_their_files() {
    let dir = tempfile::tempdir().unwrap();
    let root = work_tree_in(dir.path(), true);
    nest_repositories_in(&root);
    let before = git_in(&root, &["status", "--porcelain"]);

    let there = There::new(dir.path(), &root).await;
    let at = &there.at;

    assert_eq!(contents(at), contents(&root));
    assert_eq!(git_in(&root, &["status", "--porcelain"]), before);
    std::fs::write(at.join("unborn/file"), "by the agent\n").unwrap();
    std::fs::create_dir(at.join("made there")).unwrap();
    git_in(&at.join("made there"), &["init", "-q"]);
    std::fs::write(at.join("made there/file"), "by the agent\n").unwrap();
    there.apply(&root);

    assert_eq!(contents(&root), contents(at));
}
