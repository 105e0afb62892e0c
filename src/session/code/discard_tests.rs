//! Work is taken back in a sandbox and brought again, on real git.

use std::os::unix::fs::PermissionsExt as _;

use pretty_assertions::assert_eq;

use super::tests::{There, contents, git_in, work_tree_in};
use super::*;
use crate::domain::diff::change_set::ChangeSet;

impl There {
    /// Discards this part of the work, or brings it `again`; returns what git says if it refuses.
    fn discard(&self, patch: &[u8], how: &str) -> Result<(), String> {
        let file = self.home.join("discard.patch");
        std::fs::write(&file, patch).unwrap();
        let output = std::process::Command::new("sh")
            .args(["-c", DISCARD, "sandbar"])
            .arg(&self.at)
            .arg(how)
            .arg(&file)
            .env("HOME", &self.home)
            .output()
            .unwrap();
        assert!(!file.exists());
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        if output.status.success() {
            Ok(())
        } else {
            Err(said)
        }
    }
}

/// Work of each kind: changed lines, a new, a deleted and a binary file, another mode.
fn work_at(at: &Path) {
    let lines: String = (1..=30).map(|n| n.to_string() + "\n").collect();
    let lines = lines
        .replace("\n3\n", "\nthree\n")
        .replace("\n27\n", "\n27 \r\n");
    std::fs::write(at.join("long"), lines).unwrap();
    std::fs::write(at.join("made there"), [0, 255, 10]).unwrap();
    std::fs::remove_file(at.join("kept")).unwrap();
    let mode = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(at.join("changed"), mode).unwrap();
}

async fn there(dir: &Path) -> (There, Vec<(PathBuf, String)>) {
    let root = work_tree_in(dir, true);
    let lines: String = (1..=30).map(|n| n.to_string() + "\n").collect();
    std::fs::write(root.join("long"), lines).unwrap();
    let there = There::new(dir, &root).await;
    // Neither the agent's settings nor its index count.
    for setting in [["core.autocrlf", "true"], ["apply.whitespace", "fix"]] {
        git_in(&there.at, &["config", setting[0], setting[1]]);
    }
    let before = contents(&there.at);
    (there, before)
}

#[tokio::test]
async fn all_work_is_discarded_and_brought_again() {
    let dir = tempfile::tempdir().unwrap();
    let (there, before) = there(dir.path()).await;
    work_at(&there.at);
    git_in(&there.at, &["add", "made there"]);
    let (work, patch) = (contents(&there.at), there.diff());
    let status = git_in(&there.at, &["diff", "--cached", "--name-only"]);

    there.discard(&patch, "").unwrap();
    assert_eq!(contents(&there.at), before);
    assert_eq!(there.diff(), b"");
    let mode = there.at.join("changed").metadata().unwrap().permissions();
    assert_eq!(mode.mode() & 0o111, 0);
    assert_eq!(
        git_in(&there.at, &["diff", "--cached", "--name-only"]),
        status,
        "the index"
    );

    there.discard(&patch, "again").unwrap();
    assert_eq!(contents(&there.at), work);
    assert_eq!(there.diff(), patch);
}

#[tokio::test]
async fn a_hunk_is_discarded_alone_and_one_that_changed_not_at_all() {
    let dir = tempfile::tempdir().unwrap();
    let (there, _) = there(dir.path()).await;
    work_at(&there.at);
    let set = ChangeSet::of_patch(&there.diff());
    let file = set
        .files
        .iter()
        .find(|file| file.change.path() == "long")
        .unwrap();
    let first = file.rows.start + 2;

    let hunk = set.discard_of(&(first..=first)).unwrap();
    there.discard(&hunk.patch, "").unwrap();
    let long = std::fs::read_to_string(there.at.join("long")).unwrap();
    assert!(
        long.contains("\n3\n") && long.contains("\n27 \r\n"),
        "{long}"
    );
    assert!(there.at.join("made there").exists());

    std::fs::write(there.at.join("long"), long.replace("27 \r", "mine")).unwrap();
    let all = set.discard_of(&(0..=set.rows())).unwrap();
    let refused = there.discard(&all.patch, "").unwrap_err();
    assert!(refused.contains("long: patch does not apply"), "{refused}");
    assert!(there.at.join("made there").exists(), "half of it");
}
