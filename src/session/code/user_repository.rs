//! The user's repository as git describes it: where it is, what HEAD names, what it ignores.
//!
//! It is only read. Does not know what is packed.

use std::fs;
use std::path::{Path, PathBuf};

use super::git::Git;
use crate::domain::failure::Failure;

/// The user's repository, read-only.
pub(super) struct UserRepository {
    pub(super) root: PathBuf,
    pub(super) git: Git,
    pub(super) git_dir: PathBuf,
    /// Object names have 64 hexadecimal digits instead of 40.
    pub(super) is_sha256: bool,
    /// It has no work tree.
    pub(super) is_bare: bool,
    /// Whether HEAD names a commit, present or not.
    pub(super) is_born: bool,
    pub(super) commit: Option<String>,
    pub(super) branch: String,
}

impl UserRepository {
    pub(super) async fn find(dir: &Path) -> Result<Self, Failure> {
        let git = Git::of_user(dir);
        let (root, is_bare) = match git.path(&["rev-parse", "--show-toplevel"]).await {
            Ok(root) => (root, false),
            Err(failure) => match git.text(&["rev-parse", "--is-bare-repository"]).await {
                Ok(said) if said == "true" => (dir.to_owned(), true),
                Ok(_) | Err(_) => return Err(failure),
            },
        };
        let git = Git::of_user(&root);
        let git_dir = git.path(&["rev-parse", "--absolute-git-dir"]).await?;
        let format = git.text(&["rev-parse", "--show-object-format"]).await;
        let verify = "--verify";
        let born = git.text(&["rev-parse", "-q", verify, "HEAD"]).await;
        let commit = git
            .text(&["rev-parse", "-q", verify, "HEAD^{commit}"])
            .await;
        let branch = git.text(&["symbolic-ref", "-q", "HEAD"]).await;
        let branch = branch.ok().filter(|name| name.starts_with("refs/heads/"));
        Ok(Self {
            root,
            git,
            git_dir,
            is_sha256: format.is_ok_and(|format| format == "sha256"),
            is_bare,
            is_born: born.is_ok(),
            commit: commit.ok(),
            branch: branch.unwrap_or_default(),
        })
    }

    /// Where git stores a file of the repository; several work trees may share it.
    pub(super) async fn file(&self, name: &str) -> Result<PathBuf, Failure> {
        self.git.path(&["rev-parse", "--git-path", name]).await
    }

    pub(super) async fn read(&self, name: &str) -> Vec<u8> {
        match self.file(name).await {
            Ok(path) => fs::read(path).unwrap_or_default(),
            Err(_) => Vec::new(),
        }
    }

    /// The user's ignore rules outside of the work tree. Later ones win.
    pub(super) async fn exclude(&self) -> Vec<u8> {
        let get = ["config", "--type=path", "--get", "core.excludesFile"];
        let mut rules = match self.git.path(&get).await {
            Ok(path) => fs::read(path).unwrap_or_default(),
            Err(_) => Vec::new(),
        };
        if !rules.is_empty() {
            rules.push(b'\n');
        }
        rules.extend(self.read("info/exclude").await);
        rules
    }
}
