//! Puts a patch into a git work tree, whole or not at all.
//!
//! In: the root of a work tree and a patch. Out: the files it changed. The index is not touched, and
//! nothing is merged: what does not fit is refused with the files that are in the way. Patches come
//! from a sandbox: git itself refuses paths outside the work tree, through links, and in `.git`.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;

use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use crate::domain::failure::Failure;

/// More files than this are not named where a patch does not fit.
const NAMED: usize = 20;

/// Applies the patch; returns one line for each file: lines added, lines removed, path.
pub(super) async fn apply(root: &Path, patch: &[u8]) -> Result<Vec<String>, Failure> {
    let (fits, said) = git_apply(root, &["--check", "--binary"], patch).await?;
    if !fits {
        return Err(misfit(&said));
    }
    let (counted, files) = git_apply(root, &["--numstat", "--binary"], patch).await?;
    let (applied, said) = git_apply(root, &["--binary"], patch).await?;
    if !applied {
        return Err(misfit(&said));
    }
    let files = if counted { files } else { String::new() };
    Ok(files.lines().map(changed).collect())
}

/// `12\t3\tpath` as people read it; git counts no lines of binary files.
fn changed(line: &str) -> String {
    let mut columns = line.splitn(3, '\t');
    match (columns.next(), columns.next(), columns.next()) {
        (Some("-"), Some("-"), Some(path)) => format!("binary  {path}"),
        (Some(added), Some(removed), Some(path)) => format!("+{added} -{removed}  {path}"),
        _ => line.to_owned(),
    }
}

/// git's errors by file, each file once.
fn misfit(said: &str) -> Failure {
    let failure = Failure::new("the work does not fit into this work tree");
    let mut files: BTreeMap<&str, &str> = BTreeMap::new();
    for line in said.lines() {
        let Some(error) = line.strip_prefix("error: ") else {
            continue;
        };
        // It is followed by another line with the same file.
        if error.starts_with("patch failed: ") {
            continue;
        }
        match error.rsplit_once(": ") {
            Some((file, why)) => files.insert(file, why),
            None => files.insert(error, ""),
        };
    }
    if files.is_empty() {
        return failure.because(said.trim());
    }
    let mut lines: Vec<String> = files
        .iter()
        .take(NAMED)
        .map(|(file, why)| format!("{file}: {why}"))
        .collect();
    if files.len() > NAMED {
        lines.push(format!("and {} more", files.len() - NAMED));
    }
    failure.because(lines.join("\n"))
}

/// Runs `git apply`; returns whether it succeeded, and what it printed or complained of.
async fn git_apply(root: &Path, args: &[&str], patch: &[u8]) -> Result<(bool, String), Failure> {
    let failed = |error: std::io::Error| {
        Failure::new("git could not be run")
            .because(error.to_string())
            .hint("install git")
    };
    let mut child = Command::new("git")
        .args(["-c", "core.quotepath=off", "apply", "--whitespace=nowarn"])
        .args(args)
        .arg("-")
        .current_dir(root)
        // git's words are read, and its own variables would lead it to another repository.
        .env("LC_ALL", "C")
        .env_remove("GIT_DIR")
        .env_remove("GIT_INDEX_FILE")
        .env_remove("GIT_WORK_TREE")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(failed)?;
    let input = child.stdin.take();
    let write = async {
        if let Some(mut input) = input {
            // git may refuse the patch before it has read all of it; its exit code says so.
            let _unread = input.write_all(patch).await;
        }
    };
    let ((), output) = tokio::join!(write, child.wait_with_output());
    let output = output.map_err(failed)?;
    let success = output.status.success();
    let said = if success {
        output.stdout
    } else {
        output.stderr
    };
    Ok((success, String::from_utf8_lossy(&said).into_owned()))
}

#[cfg(test)]
mod tests {
    use std::process::Command as StdCommand;

    use pretty_assertions::assert_eq;

    use super::*;

    struct Tree(tempfile::TempDir);

    impl Tree {
        /// A work tree with one commit of these files.
        fn new(files: &[(&str, &[u8])]) -> Self {
            let tree = Self(tempfile::tempdir().unwrap());
            tree.git(&["init", "-q"]);
            for (name, content) in files {
                tree.write(name, content);
            }
            tree.git(&["add", "--all"]);
            tree.git(&["commit", "-q", "--allow-empty", "-m", "first"]);
            tree
        }

        fn git(&self, args: &[&str]) -> Vec<u8> {
            let output = StdCommand::new("git")
                .args(["-c", "user.name=a", "-c", "user.email=a@example.invalid"])
                .args(args)
                .current_dir(self.0.path())
                .output()
                .unwrap();
            assert!(output.status.success(), "{output:?}");
            output.stdout
        }

        fn write(&self, name: &str, content: &[u8]) {
            let path = self.0.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, content).unwrap();
        }

        fn read(&self, name: &str) -> Vec<u8> {
            std::fs::read(self.0.path().join(name)).unwrap()
        }

        /// The patch of all that has changed.
        fn patch(&self) -> Vec<u8> {
            self.git(&["add", "--all"]);
            self.git(&["diff", "--cached", "--binary", "--full-index"])
        }

        async fn apply(&self, patch: &[u8]) -> Result<Vec<String>, Failure> {
            apply(self.0.path(), patch).await
        }
    }

    const TEXT: (&str, &[u8]) = ("src/a b.txt", b"one\ntwo\nthree\n");

    #[tokio::test]
    async fn a_patch_with_binary_files_new_files_and_old_names_arrives_whole() {
        let there = Tree::new(&[TEXT, ("old", b"gone\n")]);
        let here = Tree::new(&[TEXT, ("old", b"gone\n")]);
        there.write("src/a b.txt", b"one\r\n2 \nthree");
        there.write("new/ä.bin", &[0, 255, 10, 13, 0]);
        std::fs::remove_file(there.0.path().join("old")).unwrap();

        let files = here.apply(&there.patch()).await.unwrap();

        assert_eq!(here.read("src/a b.txt"), b"one\r\n2 \nthree");
        assert_eq!(here.read("new/ä.bin"), [0, 255, 10, 13, 0]);
        assert!(!here.0.path().join("old").exists());
        assert_eq!(
            files,
            ["binary  new/ä.bin", "+0 -1  old", "+3 -3  src/a b.txt"]
        );
        assert!(here.git(&["diff", "--cached"]).is_empty(), "the index");
    }

    #[tokio::test]
    async fn what_does_not_fit_is_refused_by_name_and_changes_nothing() {
        let there = Tree::new(&[TEXT, ("kept", b"x\n"), ("gone", b"y\n")]);
        there.write("src/a b.txt", b"one\n2\nthree\n");
        there.write("kept", b"changed\n");
        there.write("gone", b"changed\n");
        there.write("new", b"theirs\n");
        let here = Tree::new(&[("src/a b.txt", b"entirely other\n"), ("kept", b"x\n")]);
        here.write("new", b"mine\n");

        let failure = here.apply(&there.patch()).await.unwrap_err();

        assert_eq!(failure.summary, "the work does not fit into this work tree");
        assert_eq!(
            failure.detail,
            "gone: No such file or directory\n\
             new: already exists in working directory\n\
             src/a b.txt: patch does not apply"
        );
        assert_eq!(here.read("kept"), b"x\n");
        assert_eq!(here.read("new"), b"mine\n");
    }

    #[tokio::test]
    async fn a_patch_cannot_leave_the_work_tree() {
        let here = Tree::new(&[TEXT]);
        for path in ["../outside", "/tmp/outside", ".git/hooks/post-commit"] {
            let patch = format!(
                "diff --git a/{path} b/{path}\nnew file mode 100755\n--- /dev/null\n\
                 +++ b/{path}\n@@ -0,0 +1 @@\n+bad\n"
            );

            let refused = here.apply(patch.as_bytes()).await;

            assert!(refused.is_err(), "{path}: {refused:?}");
        }
    }

    #[tokio::test]
    async fn what_is_no_patch_is_refused_in_git_s_words() {
        let here = Tree::new(&[TEXT]);

        let failure = here.apply(b"hello\n").await.unwrap_err();

        assert!(failure.detail.contains("No valid patches"), "{failure:?}");
    }
}
