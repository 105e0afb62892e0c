//! What has changed at home goes into a session, on real git.

use std::fs;

use pretty_assertions::assert_eq;

use super::tests::{There, contents, git_in, script};
use super::*;
use crate::domain::diff::update::{HeadUpdate, UpdateResult};

const LINES: &str = "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n13\n14\n15\n";

/// A session that began with one commit and an uncommitted change.
struct Session {
    dir: tempfile::TempDir,
    home: PathBuf,
    there: There,
}

impl Session {
    async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let home = dir.path().join("project");
        fs::create_dir(&home).unwrap();
        git_in(&home, &["init", "-q", "-b", "main"]);
        for (name, content) in [("long", LINES), ("notes", "a\n"), ("gone", "x\n")] {
            fs::write(home.join(name), content).unwrap();
        }
        commit(&home, "first");
        fs::write(home.join("notes"), "a\nuncommitted\n").unwrap();
        let there = There::new(dir.path(), &home).await;
        Self { dir, home, there }
    }

    async fn update(&self) -> UpdateResult {
        let bundle = self.bundle().await;
        let args = [self.there.at.to_str().unwrap(), bundle.to_str().unwrap()];
        let said = script(&self.there.home, UPDATE, &args);
        assert!(!bundle.exists());
        UpdateResult::read(&said)
    }

    /// An update that is refused; returns why.
    async fn refused(&self) -> String {
        let bundle = self.bundle().await;
        let output = std::process::Command::new("sh")
            .args(["-c", UPDATE, "sandbar"])
            .args([&self.there.at, &bundle])
            .env("HOME", &self.there.home)
            .output()
            .unwrap();
        assert!(!output.status.success(), "{output:?}");
        String::from_utf8_lossy(&output.stderr).into_owned()
    }

    async fn bundle(&self) -> PathBuf {
        let scratch = tempfile::tempdir_in(self.dir.path()).unwrap();
        let packed = pack(&self.home, scratch.path()).await.unwrap();
        let bundle = self.dir.path().join("update.bundle");
        fs::write(&bundle, packed.bytes).unwrap();
        bundle
    }

    fn at(&self, name: &str) -> PathBuf {
        self.there.at.join(name)
    }

    /// The files that the session changed, with what git says of them.
    fn work(&self) -> Vec<String> {
        let patch = String::from_utf8(self.there.diff()).unwrap();
        let names = patch.lines().filter_map(|line| line.strip_prefix("+++ "));
        names.map(str::to_owned).collect()
    }

    /// In the sandbox, by the agent's own configuration.
    fn git(&self, args: &[&str]) -> String {
        git_in(&self.there.at, args).trim_end().to_owned()
    }
}

fn commit(root: &Path, message: &str) -> String {
    git_in(root, &["add", "--all"]);
    git_in(root, &["commit", "-q", "-m", message]);
    git_in(root, &["rev-parse", "HEAD"]).trim_end().to_owned()
}

fn replace(file: &Path, from: &str, to: &str) {
    let text = fs::read_to_string(file).unwrap();
    fs::write(file, text.replace(from, to)).unwrap();
}

#[tokio::test]
async fn without_commits_of_the_agent_its_head_is_that_of_home_and_its_work_is_still_there() {
    let session = Session::new().await;
    replace(&session.at("long"), "\n3\n", "\nthree\n");
    fs::write(session.at("new"), "by the agent\n").unwrap();
    fs::remove_file(session.at("gone")).unwrap();
    session.git(&["add", "new"]);
    let work = session.there.diff();
    replace(&session.home.join("long"), "15\n", "fifteen\n");
    let head = commit(&session.home, "second");
    fs::write(session.home.join("at home"), "uncommitted\n").unwrap();

    let updated = session.update().await;

    assert_eq!((updated.head, updated.changed), (HeadUpdate::Moved, 2));
    assert!(!updated.has_conflicts());
    assert_eq!(session.git(&["rev-parse", "HEAD"]), head);
    assert_eq!(session.git(&["symbolic-ref", "HEAD"]), "refs/heads/main");
    let long = fs::read_to_string(session.at("long")).unwrap();
    assert!(
        long.contains("three\n") && long.contains("fifteen\n"),
        "{long}"
    );
    let status = " D gone\n M long\nA  new\n?? \"at home\"";
    assert_eq!(session.git(&["status", "--porcelain"]), status);
    // From here on home's state is what the work is compared with.
    assert_eq!(session.there.diff().len(), work.len());
    session.there.apply(&session.home);
    assert_eq!(contents(&session.home), contents(&session.there.at));
    let again = session.update().await;
    assert_eq!((again.head, again.changed), (HeadUpdate::Same, 0));
    assert_eq!(session.work(), Vec::<String>::new());
}

#[tokio::test]
async fn lines_that_both_have_changed_are_marked_and_named_whatever_the_agent_has_set() {
    let session = Session::new().await;
    for setting in [
        ["merge.conflictStyle", "diff3"],
        ["core.autocrlf", "true"],
        ["merge.renames", "false"],
    ] {
        session.git(&["config", setting[0], setting[1]]);
    }
    replace(&session.at("long"), "\n3\n", "\nthree\n");
    fs::write(session.at("bin"), [0, 1]).unwrap();
    replace(&session.home.join("long"), "\n3\n", "\ndrei\n");
    fs::write(session.home.join("bin"), [0, 2]).unwrap();
    git_in(&session.home, &["mv", "gone", "moved"]);
    commit(&session.home, "second");
    fs::write(session.at("gone"), "x\nmore\n").unwrap();

    let updated = session.update().await;

    assert_eq!(updated.conflicts, ["long"]);
    assert_eq!(updated.unmarked, ["bin"]);
    let long = fs::read_to_string(session.at("long")).unwrap();
    let marked = "<<<<<<< session\nthree\n=======\ndrei\n>>>>>>> update\n";
    assert!(long.contains(marked), "{long}");
    assert_eq!(fs::read(session.at("bin")).unwrap(), [0, 1]);
    assert_eq!(
        fs::read_to_string(session.at("moved")).unwrap(),
        "x\nmore\n"
    );
    let unmerged = session.git(&["diff", "--name-only", "--diff-filter=U"]);
    assert_eq!(unmerged, "bin\nlong");
    let before = session.git(&["show", "refs/sandbar/before-update:long"]);
    assert!(before.contains("three\n4"), "{before}");
    // Not on top of that.
    let refused = session.refused().await;
    assert!(
        refused.contains("there are unresolved conflicts"),
        "{refused}"
    );
}

#[tokio::test]
async fn commits_of_both_are_merged_by_a_commit() {
    let session = Session::new().await;
    replace(&session.at("long"), "\n3\n", "\nthree\n");
    session.git(&["add", "long"]);
    session.git(&["commit", "-q", "-m", "by the agent"]);
    let theirs = session.git(&["rev-parse", "HEAD"]);
    fs::write(session.at("later"), "uncommitted\n").unwrap();
    replace(&session.home.join("long"), "15\n", "fifteen\n");
    let mine = commit(&session.home, "second");

    let updated = session.update().await;

    assert_eq!((updated.head, updated.changed), (HeadUpdate::Merged, 1));
    assert_eq!(
        session.git(&["rev-parse", "HEAD^1", "HEAD^2"]),
        format!("{theirs}\n{mine}")
    );
    assert_eq!(session.git(&["status", "--porcelain"]), "?? later");
    assert_eq!(session.work(), ["b/later", "b/long"]);

    // Once the work is home, there is nothing left of it.
    git_in(
        &session.home,
        &["fetch", "-q", session.there.at.to_str().unwrap(), "main"],
    );
    git_in(&session.home, &["merge", "-q", "FETCH_HEAD"]);
    let updated = session.update().await;
    assert_eq!((updated.head, updated.changed), (HeadUpdate::Same, 0));
    assert_eq!(session.work(), ["b/later"]);
}

#[tokio::test]
async fn a_merge_of_commits_that_conflict_is_left_to_the_agent() {
    let session = Session::new().await;
    replace(&session.at("long"), "\n3\n", "\nthree\n");
    session.git(&["commit", "-q", "-m", "by the agent", "long"]);
    replace(&session.home.join("long"), "\n3\n", "\ndrei\n");
    let mine = commit(&session.home, "second");

    let updated = session.update().await;

    assert_eq!(updated.head, HeadUpdate::Merging);
    assert_eq!(updated.conflicts, ["long"]);
    let refused = session.refused().await;
    assert!(refused.contains("MERGE_HEAD"), "{refused}");
    fs::write(session.at("long"), LINES.replace("\n3\n", "\nboth\n")).unwrap();
    session.git(&["add", "long"]);
    session.git(&["commit", "-q", "--no-edit"]);
    assert_eq!(session.git(&["rev-parse", "HEAD^2"]), mine);
    assert_eq!(session.work(), ["b/long"]);
}

#[tokio::test]
async fn a_session_without_a_commit_takes_the_first_one_and_unrelated_histories_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().join("project");
    fs::create_dir(&home).unwrap();
    git_in(&home, &["init", "-q", "-b", "main"]);
    fs::write(home.join("file"), "1\n").unwrap();
    let there = There::new(dir.path(), &home).await;
    let session = Session { dir, home, there };
    fs::write(session.at("new"), "by the agent\n").unwrap();
    let first = commit(&session.home, "first");

    let updated = session.update().await;
    assert_eq!(updated.head, HeadUpdate::Moved);
    assert_eq!(session.git(&["rev-parse", "HEAD"]), first);
    assert_eq!(session.git(&["status", "--porcelain"]), "?? new");

    fs::remove_dir_all(session.home.join(".git")).unwrap();
    git_in(&session.home, &["init", "-q", "-b", "main"]);
    commit(&session.home, "another");
    let before = contents(&session.there.at);
    let refused = session.refused().await;
    assert!(refused.contains("no common history"), "{refused}");
    assert_eq!(contents(&session.there.at), before);
}
