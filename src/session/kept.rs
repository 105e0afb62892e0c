//! The work of a session whose sandbox is gone, from its last snapshot, for short commands.
//!
//! The bundles are read in a scratch repository on the user's machine; nothing of them is checked out,
//! and nothing in them is run.

use super::code::{git, git_bytes};
use super::recorder::{Keep, Recorder};
use super::snapshot::{blocking, last};
use super::words;
use super::world::World;
use crate::domain::failure::Failure;
use crate::domain::id::SessionKey;
use crate::domain::session::{Origin, SessionSpec};
use crate::domain::time::UnixMillis;

/// Work as it was when it was kept.
#[derive(Debug)]
pub struct Kept {
    pub at: UnixMillis,
    /// Binary-safe; empty when there is none.
    pub patch: Vec<u8>,
}

/// The work done since the session began, as it was kept last.
///
/// # Errors
/// Also where there is no snapshot, and where the snapshot needs a clone that only a sandbox has.
pub async fn patch(world: &World, key: &SessionKey) -> Result<Kept, Failure> {
    let origin = Origin::Stored;
    let key = key.clone();
    let recorder = Recorder::open(world, &SessionSpec { key, origin });
    let snapshot = last(&recorder).await;
    let (Some(snapshot), Some(Keep { files, key })) = (snapshot, recorder.keep()) else {
        return Err(words::no_snapshot());
    };
    let Some(code) = snapshot.code else {
        return Err(Failure::new("the session's code was not kept")
            .because("its work tree is larger than what is kept"));
    };
    if code.on_clone {
        return Err(Failure::new("the snapshot builds on a clone")
            .because("the repository is too large to be kept whole")
            .hint("`sandbar revive` brings the work back"));
    }
    let scratch = world.scratch()?;
    let dir = scratch.path();
    let failed = |failure: Failure| Failure {
        summary: "the snapshot cannot be read".to_owned(),
        hint: String::new(),
        ..failure
    };
    let init = ["init", "-q", "--bare", "."];
    git(dir, &[], init).await.map_err(failed)?;
    for commit in code.bundles {
        let (files, key, to) = (files.clone(), key.clone(), dir.join("bundle"));
        let bundle = blocking(move || files.bundle(&key, &commit)).await?;
        let written = tokio::fs::write(to, bundle).await;
        written.map_err(|error| failed(Failure::default().because(error.to_string())))?;
        let unbundle = ["bundle", "unbundle", "bundle"];
        git(dir, &[], unbundle).await.map_err(failed)?;
    }
    let said = git(dir, &[], ["cat-file", "commit", &code.commit]).await;
    let said = said.map_err(failed)?;
    let base = said.lines().find_map(|line| {
        let of_ref = line.strip_prefix("ref ")?;
        of_ref.strip_suffix(" refs/sandbar/base")
    });
    let empty = git(dir, &[], ["hash-object", "-t", "tree", "/dev/null"]).await;
    let base = base.map_or_else(|| empty.map_err(failed), |base| Ok(base.to_owned()))?;
    let show = ["--no-color", "--no-ext-diff", "--no-textconv", "--binary"];
    let diff = ["diff"].into_iter().chain(show);
    let diff = diff.chain(["--full-index", &base, &code.commit]);
    let patch = git_bytes(dir, &[], diff).await.map_err(failed)?;
    let at = snapshot.code_at;
    Ok(Kept { at, patch })
}
