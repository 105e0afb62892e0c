//! How much history is packed: all that is there, but never a commit without its files.
//!
//! A shallow clone records where its history ends. A partial clone lacks objects without any record that a bundle
//! could use: the newest complete commits are packed.

use std::collections::HashSet;
use std::fs;
use std::path::PathBuf;

use super::git::Git;
use super::scratch::write;
use crate::domain::failure::Failure;

/// Maximum commits examined in an incomplete history.
const MOST: usize = 4096;

/// What is bundled.
pub(super) struct BundleContent<'a> {
    /// Our repository, which borrows the user's objects.
    pub(super) ours: Git,
    /// Our list of commits that count as having no parents.
    pub(super) shallow: PathBuf,
    pub(super) commit: Option<&'a str>,
    pub(super) tree: &'a str,
    /// Files for the `info` directory of the repository in the sandbox.
    pub(super) rules: &'a [(&'static str, Vec<u8>)],
}

/// Returns a bundle, and a note if history is left out.
pub(super) async fn bundle(work: &BundleContent<'_>) -> Result<(Vec<u8>, Option<String>), Failure> {
    let failure = match create(work).await {
        Ok(bytes) => return Ok((bytes, None)),
        Err(failure) => failure,
    };
    let Some(commit) = work.commit else {
        return Err(failure);
    };
    let kept = cut(work, commit).await.ok_or(failure)?;
    let note = match kept {
        1 => "only the last commit is copied: earlier history is incomplete on this machine"
            .to_owned(),
        kept => {
            format!(
                "only the last {kept} commits are copied: earlier history is incomplete on this machine"
            )
        }
    };
    Ok((create(work).await?, Some(note)))
}

async fn create(work: &BundleContent<'_>) -> Result<Vec<u8>, Failure> {
    let git = &work.ours;
    let mut entries = String::new();
    let shallow = ("shallow", fs::read(&work.shallow).unwrap_or_default());
    for (name, content) in work.rules.iter().chain([&shallow]) {
        let hash = ["hash-object", "-w", "--stdin"];
        let stored = git.fed(&hash, content.clone()).await?;
        let stored = String::from_utf8_lossy(&stored);
        entries = format!("{entries}100644 blob {}\t{name}\n", stored.trim());
    }
    let info = git.fed(&["mktree"], entries.into_bytes()).await?;
    let info = String::from_utf8_lossy(&info).trim().to_owned();
    let info = git.text(&["commit-tree", &info, "-m", "rules"]).await?;
    let mut base = vec!["commit-tree", work.tree, "-m", "work tree"];
    if let Some(commit) = work.commit {
        base.extend(["-p", commit]);
    }
    let base = git.text(&base).await?;
    let mut refs = vec![
        ("refs/sandbar/info", info.as_str()),
        ("refs/sandbar/base", &base),
    ];
    if let Some(commit) = work.commit {
        refs.push(("refs/sandbar/head", commit));
    }
    let mut args = vec!["bundle", "create", "-q", "-"];
    for (name, commit) in refs {
        git.text(&["update-ref", name, commit]).await?;
        args.push(name);
    }
    git.bytes(&args).await
}

/// Cuts the history at the first incomplete commit; returns how many commits remain.
async fn cut(work: &BundleContent<'_>, head: &str) -> Option<usize> {
    let most = format!("-n{MOST}");
    let args = ["rev-list", "--parents", &most, head];
    let listed = work.ours.text(&args).await.unwrap_or_default();
    let mut commits: Vec<&str> = listed.lines().collect();
    // Not even the commits can be walked.
    let alone = format!("{head} unknown");
    if commits.is_empty() {
        commits.push(&alone);
    }
    let before = fs::read_to_string(&work.shallow).unwrap_or_default();
    if !is_whole(work, head, &before, &commits[..1]).await? {
        return None;
    }
    // Usually it is not far back.
    let (mut kept, mut beyond) = (1, 2);
    while beyond < commits.len() && is_whole(work, head, &before, &commits[..beyond]).await? {
        (kept, beyond) = (beyond, beyond * 2);
    }
    beyond = beyond.min(commits.len() + 1);
    while beyond - kept > 1 {
        let middle = kept.midpoint(beyond);
        if is_whole(work, head, &before, &commits[..middle]).await? {
            kept = middle;
        } else {
            beyond = middle;
        }
    }
    let last = is_whole(work, head, &before, &commits[..kept]).await?;
    last.then_some(kept)
}

/// Cuts the history of `head` at these commits, each listed with its parents; returns whether all objects that
/// remain are present. `before`: where it was cut until now.
async fn is_whole(
    work: &BundleContent<'_>,
    head: &str,
    before: &str,
    kept: &[&str],
) -> Option<bool> {
    let ends = ends(before, kept);
    write(&work.shallow, ends.as_bytes()).ok()?;
    let list = ["rev-list", "--objects", "--quiet", head];
    Some(work.ours.bytes(&list).await.is_ok())
}

fn ends(before: &str, kept: &[&str]) -> String {
    let first = |line: &&str| line.split(' ').next().unwrap_or_default().to_owned();
    let names: HashSet<String> = kept.iter().map(first).collect();
    let mut ends = before.to_owned();
    for line in kept {
        if line.split(' ').any(|name| !names.contains(name)) {
            ends += &first(line);
            ends.push('\n');
        }
    }
    ends
}
