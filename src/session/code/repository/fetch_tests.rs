//! The work of a sandbox becomes a branch, on real git.

use std::path::{Path, PathBuf};
use std::process::Command;

use pretty_assertions::assert_eq;
use proptest::prelude::*;

use super::fetch::{FetchOptions, Fetched, FetchedBranch, fetch, is_object_name, unbundle};
use crate::domain::failure::Failure;
use crate::session::code::FETCH;
use crate::session::code::tests::{There, contents, git_in, work_tree_in};

const OPTIONS: FetchOptions<'_> = FetchOptions {
    session: "one",
    message: None,
    force: false,
};

/// A work tree with uncommitted changes, and the sandbox of a session that began with it.
struct Session {
    dir: tempfile::TempDir,
    root: PathBuf,
    there: There,
}

impl Session {
    async fn new(born: bool) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let root = work_tree_in(dir.path(), born);
        git_in(&root, &["config", "user.name", "Ada"]);
        git_in(&root, &["config", "user.email", "ada@example.invalid"]);
        let there = There::new(dir.path(), &root).await;
        Self { dir, root, there }
    }

    /// What the agent commits.
    fn commit(&self, file: &str) {
        self.write(file);
        git_in(&self.there.at, &["add", "--", file]);
        git_in(&self.there.at, &["commit", "-q", "-m", file]);
    }

    fn write(&self, file: &str) {
        std::fs::write(self.there.at.join(file), "by the agent\n").unwrap();
    }

    fn bundle(&self, whole: bool) -> Vec<u8> {
        let output = Command::new("sh")
            .args(["-c", FETCH, "sandbar"])
            .arg(&self.there.at)
            .arg(if whole { "whole" } else { "" })
            .env("HOME", &self.there.home)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{said}");
        assert_eq!(said, "");
        output.stdout
    }

    async fn fetch(&self, options: FetchOptions<'_>) -> Result<Fetched, Failure> {
        let work = unbundle(&self.root, &self.bundle(false)).await;
        fetch(&self.root, &work.unwrap().unwrap(), options).await
    }

    async fn fetched(&self) -> FetchedBranch {
        match self.fetch(OPTIONS).await.unwrap() {
            Fetched::New(branch) => branch,
            other => panic!("{other:?}"),
        }
    }

    /// The authors and messages of what the branch has on top of the user's commit, oldest first.
    fn log(&self) -> String {
        let range = "trunk..sandbar/one";
        git_in(&self.root, &["log", "--reverse", "--format=%an: %s", range])
    }

    /// What the branch holds, checked out elsewhere.
    fn files(&self) -> Vec<(PathBuf, String)> {
        let to = self.dir.path().join("checked out");
        if to.exists() {
            git_in(&self.root, &["worktree", "remove", "--force", text(&to)]);
        }
        let add = [
            "worktree",
            "add",
            "-q",
            "--detach",
            text(&to),
            "sandbar/one",
        ];
        git_in(&self.root, &add);
        contents(&to)
    }

    /// What a fetch must not change.
    fn state(&self) -> [String; 4] {
        let git = |args: &[&str]| git_in(&self.root, args);
        [
            git(&["status", "--porcelain=v2", "--branch"]),
            git(&["ls-files", "--stage"]),
            git(&["symbolic-ref", "HEAD"]),
            git(&[
                "for-each-ref",
                "refs/heads/trunk",
                "refs/tags",
                "refs/remotes",
            ]),
        ]
    }
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[tokio::test]
async fn commits_and_uncommitted_work_become_a_branch_and_the_work_tree_is_as_it_was() {
    let session = Session::new(true).await;
    session.commit("first of the agent");
    session.commit("second of the agent");
    session.write("not committed");
    std::fs::remove_file(session.there.at.join("kept")).unwrap();
    let before = session.state();
    let files = contents(&session.root);

    let branch = session.fetched().await;

    assert_eq!(
        (branch.name.as_str(), branch.commits, branch.uncommitted),
        ("sandbar/one", 2, true)
    );
    assert!(branch.stat.contains("files changed"), "{}", branch.stat);
    assert_eq!(
        session.log(),
        "n: first of the agent\nn: second of the agent\nAda: Work of session one\n"
    );
    assert_eq!(session.state(), before);
    assert_eq!(contents(&session.root), files);
    assert_eq!(session.files(), contents(&session.there.at));
    git_in(&session.root, &["fsck", "--strict", "--connectivity-only"]);

    let again = session.fetch(OPTIONS).await.unwrap();
    assert_eq!(again, Fetched::Same(branch));

    // Without uncommitted work the branch ends where the agent's does.
    git_in(&session.there.at, &["add", "--all"]);
    git_in(&session.there.at, &["commit", "-q", "-m", "all"]);
    let branch = session.fetched().await;
    assert_eq!((branch.commits, branch.uncommitted), (3, false));
    assert!(session.log().ends_with("\nn: all\n"));
}

#[tokio::test]
async fn what_was_uncommitted_when_the_session_began_is_a_commit_of_its_own() {
    let session = Session::new(true).await;
    session.write("made there");
    // The user goes on meanwhile.
    std::fs::write(session.root.join("kept"), "by the user\n").unwrap();

    let options = FetchOptions {
        message: Some("Add a file\n\nWith a body."),
        ..OPTIONS
    };
    let fetched = session.fetch(options).await.unwrap();

    let Fetched::New(branch) = fetched else {
        panic!("{fetched:?}");
    };
    assert_eq!((branch.commits, branch.uncommitted), (0, true));
    assert_eq!(
        session.log(),
        "Ada: Uncommitted changes when session one began\nAda: Add a file\n"
    );
    let last = ["show", "--format=%b", "--name-only", "sandbar/one"];
    assert_eq!(
        git_in(&session.root, &last),
        "With a body.\n\n\nmade there\n"
    );
    assert_eq!(session.files(), contents(&session.there.at));
}

#[tokio::test]
async fn a_repository_that_the_agent_has_begun_anew_loses_its_history_and_no_file() {
    for again in [
        "rm -rf .git",
        "rm -rf .git; git init -q; git add -A; git commit -q -m anew",
    ] {
        let session = Session::new(true).await;
        session.commit("lost");
        session.write("not committed");
        let script = format!(
            "cd \"$1\"; export GIT_AUTHOR_NAME=n GIT_AUTHOR_EMAIL=n GIT_COMMITTER_NAME=n GIT_COMMITTER_EMAIL=n; {again}"
        );
        let done = Command::new("sh")
            .args(["-ec", &script, "x", text(&session.there.at)])
            .status();
        assert!(done.unwrap().success());

        let branch = session.fetched().await;

        assert_eq!((branch.commits, branch.uncommitted), (0, true), "{again}");
        assert_eq!(session.files(), contents(&session.there.at), "{again}");
    }
}

#[tokio::test]
async fn a_session_without_changes_makes_no_branch() {
    let clean = tempfile::tempdir().unwrap();
    let root = work_tree_in(clean.path(), true);
    git_in(&root, &["add", "--all"]);
    git_in(&root, &["commit", "-q", "-m", "all"]);
    let there = There::new(clean.path(), &root).await;
    let session = Session {
        dir: clean,
        root,
        there,
    };

    assert_eq!(session.fetch(OPTIONS).await.unwrap(), Fetched::Nothing);
    assert_eq!(
        git_in(&session.root, &["branch", "--list", "sandbar/*"]),
        ""
    );
}

#[tokio::test]
async fn a_repository_without_commits_gets_a_branch_too() {
    let session = Session::new(false).await;
    session.write("made there");

    let branch = session.fetched().await;

    assert_eq!((branch.commits, branch.uncommitted), (0, true));
    assert_eq!(session.files(), contents(&session.there.at));
}

#[tokio::test]
async fn a_branch_that_somebody_has_worked_on_is_not_replaced() {
    let session = Session::new(true).await;
    session.write("made there");
    session.fetched().await;
    let to = session.dir.path().join("beside");
    git_in(
        &session.root,
        &["worktree", "add", "-q", text(&to), "sandbar/one"],
    );
    session.write("made later");

    let checked_out = session.fetch(OPTIONS).await.unwrap_err();
    assert_eq!(
        checked_out.summary,
        "branch sandbar/one could not be updated"
    );
    assert!(checked_out.detail.contains("beside"), "{checked_out:?}");

    git_in(&to, &["commit", "-q", "--allow-empty", "-m", "mine"]);
    git_in(&session.root, &["worktree", "remove", text(&to)]);
    let log = session.log();
    let refused = session.fetch(OPTIONS).await.unwrap_err();
    assert_eq!(
        refused.summary,
        "branch sandbar/one has commits that are not from the session"
    );
    assert_eq!(session.log(), log);

    let options = FetchOptions {
        force: true,
        ..OPTIONS
    };
    assert!(matches!(session.fetch(options).await, Ok(Fetched::New(_))));
    assert_eq!(session.files(), contents(&session.there.at));
}

#[tokio::test]
async fn a_repository_that_lacks_the_history_gets_it_with_the_whole_bundle() {
    let session = Session::new(true).await;
    session.commit("by the agent");
    let other = session.dir.path().join("other");
    std::fs::create_dir(&other).unwrap();
    git_in(&other, &["init", "-q", "-b", "trunk"]);

    let lacking = unbundle(&other, &session.bundle(false)).await.unwrap();
    assert_eq!(lacking, None);
    let work = unbundle(&other, &session.bundle(true)).await.unwrap();
    fetch(&other, &work.unwrap(), OPTIONS).await.unwrap();

    let log = git_in(&other, &["log", "--reverse", "--format=%s", "sandbar/one"]);
    assert_eq!(log, "first\nby the agent\nWork of session one\n");
}

#[tokio::test]
async fn what_is_no_bundle_is_refused() {
    let session = Session::new(true).await;
    for bytes in [&b""[..], b"# v2 git bundle\n\n", b"\xff\x00"] {
        let refused = unbundle(&session.root, bytes).await.unwrap_err();
        assert_eq!(refused.summary, "the session's work could not be read");
    }
    let foreign = session.fetch(OPTIONS).await;
    assert!(foreign.is_ok());
}

proptest! {
    /// What a sandbox says never becomes an option of git, or a revision with an operator.
    #[test]
    fn only_hexadecimal_digits_name_an_object(text in "(-{0,2}|[0-9a-f]{0,64}|.{0,64}|[0-9a-f]{40}[~^:@]?)") {
        let is_name = is_object_name(&text);
        let digits = text.chars().all(|c| c.is_ascii_hexdigit());
        prop_assert_eq!(is_name, digits && [40, 64].contains(&text.len()));
    }
}
