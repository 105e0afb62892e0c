//! The work of a session whose sandbox is gone, from its last snapshot, for short commands: as a patch, or as commits.
//!
//! The bundles are read in a scratch repository on the user's machine; nothing in them is checked out or run.

use tempfile::TempDir;

use super::{blocking, last};
use crate::domain::diff::apply::{Applied, ApplyRequest};
use crate::domain::diff::change_set::ChangeSet;
use crate::domain::failure::Failure;
use crate::domain::failure::advice::Advice;
use crate::domain::id::SessionKey;
use crate::domain::session::{SessionOrigin, SessionSpec};
use crate::domain::time::UnixMillis;
use crate::session::code::Git;
use crate::session::code::repository::apply;
use crate::session::context::SessionContext;
use crate::session::recorder::{Recorder, SnapshotSlot};

/// The work at the time of the snapshot.
#[derive(Debug)]
pub struct SnapshotPatch {
    pub at: UnixMillis,
    /// Binary-safe; empty if there is none.
    pub patch: Vec<u8>,
    /// The root commits of the history that the session began with.
    pub roots: Vec<String>,
}

/// A patch that does not depend on git's configuration, as the sandbox makes it.
const PATCH: [&str; 9] = [
    "--no-color",
    "--no-ext-diff",
    "--no-textconv",
    "--no-renames",
    "--binary",
    "--full-index",
    "-U3",
    "--src-prefix=a/",
    "--dst-prefix=b/",
];

/// The work done since the session began, from the last snapshot.
///
/// # Errors
/// Also if there is no snapshot, or if it needs a clone that only a sandbox has.
pub async fn patch(context: &SessionContext, key: &SessionKey) -> Result<SnapshotPatch, Failure> {
    let opened = OpenedSnapshot::open(context, key).await?;
    let (patch, roots) = opened.compare().await.map_err(failed)?;
    let at = opened.at;
    Ok(SnapshotPatch { at, patch, roots })
}

/// The changes since the session began, from the last snapshot.
pub(in crate::session) async fn changes(
    context: &SessionContext,
    key: &SessionKey,
) -> Result<ChangeSet, Failure> {
    let patch = patch(context, key).await?.patch;
    Ok(ChangeSet::of_patch(&patch))
}

/// Applies a part of them to a work tree of the user's, which must have to do with the session.
pub(in crate::session) async fn apply(
    context: &SessionContext,
    key: &SessionKey,
    request: &ApplyRequest,
) -> Result<Applied, Failure> {
    let opened = OpenedSnapshot::open(context, key).await?;
    let roots = opened.roots().await;
    apply::apply_related(request, &roots).await
}

/// The commits and the uncommitted work, from the last snapshot.
#[derive(Debug)]
pub(crate) struct SnapshotBundle {
    pub(crate) at: UnixMillis,
    /// As `fetch.sh` makes one, with all history.
    pub(crate) bundle: Vec<u8>,
    /// As in [`SnapshotPatch::roots`].
    pub(crate) roots: Vec<String>,
}

/// The session's commits and its uncommitted work, from the last snapshot.
///
/// # Errors
/// As [`patch()`].
pub(crate) async fn bundle(
    context: &SessionContext,
    key: &SessionKey,
) -> Result<SnapshotBundle, Failure> {
    let opened = OpenedSnapshot::open(context, key).await?;
    let bundle = opened.bundle().await.map_err(failed)?;
    let roots = opened.roots().await;
    let at = opened.at;
    Ok(SnapshotBundle { at, bundle, roots })
}

fn failed(failure: Failure) -> Failure {
    Failure {
        summary: "the snapshot cannot be read".to_owned(),
        next: Box::default(),
        ..failure
    }
}

/// The last snapshot of a session in a repository of our own.
struct OpenedSnapshot {
    git: Git,
    /// Removed on drop.
    scratch: TempDir,
    at: UnixMillis,
    commit: String,
    /// The commit's text, which lists the refs.
    said: String,
}

impl OpenedSnapshot {
    async fn open(context: &SessionContext, key: &SessionKey) -> Result<Self, Failure> {
        let origin = SessionOrigin::Stored;
        let key = key.clone();
        let recorder = Recorder::open(context, &SessionSpec { key, origin });
        let snapshot = last(&recorder).await;
        let (Some(snapshot), Some(SnapshotSlot { files, key })) = (snapshot, recorder.keep())
        else {
            return Err(Failure::new("the session's work was not saved")
                .detail("it has no snapshot: no turn has ended while sandbar was connected"));
        };
        let Some(code) = snapshot.code else {
            return Err(Failure::new("the last snapshot has no code")
                .detail("the work tree was larger than a snapshot may be")
                .hint("only the conversation was kept"));
        };
        if code.on_clone {
            return Err(
                Failure::new("the last snapshot has only what its remote lacks")
                    .detail("the repository is too large to be saved in full")
                    .advise([Advice::Revive]),
            );
        }
        let scratch = context.scratch()?;
        let dir = scratch.path();
        let git = Git::of_ours(dir);
        // Object names are as long as they were in the sandbox.
        let format = match code.commit.len() {
            64 => Some("--object-format=sha256"),
            _ => None,
        };
        let init = ["init", "-q", "--bare", "."].into_iter().chain(format);
        let init: Vec<&str> = init.collect();
        git.text(&init).await.map_err(failed)?;
        for commit in code.bundles {
            let (files, key, to) = (files.clone(), key.clone(), dir.join("bundle"));
            let bundle = blocking(move || files.bundle(&key, &commit)).await?;
            let written = tokio::fs::write(to, bundle).await;
            written.map_err(|error| failed(Failure::default().detail(error.to_string())))?;
            let unbundle = ["bundle", "unbundle", "bundle"];
            git.text(&unbundle).await.map_err(failed)?;
        }
        let said = git.text(&["cat-file", "commit", &code.commit]).await;
        let said = said.map_err(failed)?;
        let shallow = said
            .lines()
            .filter_map(|line| line.strip_prefix("shallow "));
        let shallow = shallow.fold(String::new(), |text, commit| text + commit + "\n");
        if !shallow.is_empty() {
            let written = tokio::fs::write(dir.join("shallow"), shallow).await;
            written.map_err(|error| failed(Failure::default().detail(error.to_string())))?;
        }
        Ok(Self {
            git,
            at: snapshot.code_at,
            commit: code.commit,
            said,
            scratch,
        })
    }

    /// The object that a ref of the session named.
    fn reference(&self, name: &str) -> Option<&str> {
        self.said.lines().find_map(|line| {
            let (object, of) = line.strip_prefix("ref ")?.split_once(' ')?;
            (of == name).then_some(object)
        })
    }

    /// The commit that HEAD named, if there was one.
    fn head(&self) -> Option<&str> {
        let mut heads = self
            .said
            .lines()
            .filter_map(|line| line.strip_prefix("head "));
        let head = heads.next()?;
        if head.starts_with("refs/") {
            return self.reference(head);
        }
        Some(head)
    }

    /// The patch from the session's base commit to this snapshot, and the root commits of its history.
    async fn compare(&self) -> Result<(Vec<u8>, Vec<String>), Failure> {
        let base = self.reference("refs/sandbar/base");
        let roots = self.roots().await;
        let empty = ["hash-object", "-t", "tree", "/dev/null"];
        let base = match base {
            Some(base) => base.to_owned(),
            None => self.git.text(&empty).await?,
        };
        let diff = ["diff-tree", "-p", "-r"].into_iter().chain(PATCH);
        let diff: Vec<&str> = diff.chain([&*base, &*self.commit]).collect();
        Ok((self.git.bytes(&diff).await?, roots))
    }

    /// The same commit as `fetch.sh` makes, with all that it needs.
    async fn bundle(&self) -> Result<Vec<u8>, Failure> {
        let base = self.reference("refs/sandbar/base");
        let head = self.head().filter(|head| Some(*head) != base);
        let tree = format!("{}^{{tree}}", self.commit);
        let mut commit = vec!["commit-tree", &*tree];
        for parent in base.iter().chain(&head) {
            commit.extend(["-p", *parent]);
        }
        let (base, head) = (base.unwrap_or_default(), head.unwrap_or_default());
        let message = format!("base {base}\nhead {head}\n");
        let commit = self.git.fed(&commit, message.into_bytes()).await?;
        let commit = String::from_utf8_lossy(&commit);
        let name = "refs/sandbar/work";
        self.git.text(&["update-ref", name, commit.trim()]).await?;
        self.git
            .text(&["bundle", "create", "-q", "bundle", name])
            .await?;
        let read = tokio::fs::read(self.scratch.path().join("bundle")).await;
        read.map_err(|error| Failure::default().detail(error.to_string()))
    }

    /// The root commits of the history that the session began with, except those that sandbar made.
    async fn roots(&self) -> Vec<String> {
        let Some(base) = self.reference("refs/sandbar/base") else {
            return Vec::new();
        };
        let log = ["log", "--max-parents=0", "--format=%H %ce", base];
        let said = self.git.text(&log).await.unwrap_or_default();
        let lines = said.lines().filter_map(|line| line.split_once(' '));
        let others = lines.filter(|(_, email)| *email != "sandbar@sandbar.invalid");
        others.map(|(commit, _)| commit.to_owned()).collect()
    }
}
