//! The work of a session whose sandbox is gone, from its last snapshot, for short commands.
//!
//! The bundles are read in a scratch repository on the user's machine; nothing in them is checked out or run.

use super::{blocking, last};
use crate::domain::failure::Failure;
use crate::domain::failure::advice::Advice;
use crate::domain::id::SessionKey;
use crate::domain::session::{SessionOrigin, SessionSpec};
use crate::domain::time::UnixMillis;
use crate::session::code::Git;
use crate::session::context::SessionContext;
use crate::session::failures;
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
    let origin = SessionOrigin::Stored;
    let key = key.clone();
    let recorder = Recorder::open(context, &SessionSpec { key, origin });
    let snapshot = last(&recorder).await;
    let (Some(snapshot), Some(SnapshotSlot { files, key })) = (snapshot, recorder.keep()) else {
        return Err(failures::no_snapshot());
    };
    let Some(code) = snapshot.code else {
        return Err(Failure::new("the session's code was not saved")
            .detail("its work tree is larger than a snapshot may be"));
    };
    if code.on_clone {
        return Err(Failure::new("the snapshot builds on a clone")
            .detail("the repository is too large to be saved in full")
            .advise([Advice::Revive]));
    }
    let scratch = context.scratch()?;
    let dir = scratch.path();
    let failed = |failure: Failure| Failure {
        summary: "the snapshot cannot be read".to_owned(),
        next: Box::default(),
        ..failure
    };
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
    let (patch, roots) = compare(&git, &said, &code.commit).await.map_err(failed)?;
    let at = snapshot.code_at;
    Ok(SnapshotPatch { at, patch, roots })
}

/// The patch from the session's base commit to this snapshot, whose text lists the refs; and the root commits of its
/// history.
async fn compare(git: &Git, said: &str, commit: &str) -> Result<(Vec<u8>, Vec<String>), Failure> {
    let base = said.lines().find_map(|line| {
        let of_ref = line.strip_prefix("ref ")?;
        of_ref.strip_suffix(" refs/sandbar/base")
    });
    let roots = match base {
        Some(base) => roots(git, base).await,
        None => Vec::new(),
    };
    let empty = ["hash-object", "-t", "tree", "/dev/null"];
    let base = match base {
        Some(base) => base.to_owned(),
        None => git.text(&empty).await?,
    };
    let diff = ["diff-tree", "-p", "-r"].into_iter().chain(PATCH);
    let diff: Vec<&str> = diff.chain([&*base, commit]).collect();
    Ok((git.bytes(&diff).await?, roots))
}

/// The root commits of the history that the session began with, except those that sandbar made.
async fn roots(git: &Git, base: &str) -> Vec<String> {
    let log = ["log", "--max-parents=0", "--format=%H %ce", base];
    let said = git.text(&log).await.unwrap_or_default();
    let lines = said.lines().filter_map(|line| line.split_once(' '));
    let others = lines.filter(|(_, email)| *email != "sandbar@sandbar.invalid");
    others.map(|(commit, _)| commit.to_owned()).collect()
}
