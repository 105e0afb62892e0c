//! Makes a session's commits and its uncommitted work a branch of the user's repository.
//!
//! In: a bundle of `fetch.sh` or of a snapshot. Its one commit has what the work tree of the session held as its tree,
//! and its message names two other commits: the `base`, which is the state that the session began with, and the `head`
//! of the agent. Out: the branch `sandbar/NAME`. Neither the work tree nor the index is touched, and no branch that
//! somebody has worked on is replaced. What sandbar fetched last is remembered as `refs/sandbar/fetched/NAME`.

use std::path::Path;

use crate::domain::failure::Failure;
use crate::session::code::Git;

/// How a session's work is fetched.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FetchOptions<'a> {
    /// The session's name.
    pub(crate) session: &'a str,
    /// The message for the uncommitted work.
    pub(crate) message: Option<&'a str>,
    /// Replace a branch that has other commits.
    pub(crate) force: bool,
}

/// The result of a fetch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fetched {
    /// The session has changed nothing.
    Nothing,
    /// The branch already had all of it.
    Same(FetchedBranch),
    New(FetchedBranch),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FetchedBranch {
    pub(crate) name: String,
    /// How many commits the agent made.
    pub(crate) commits: usize,
    /// Whether the last commit is sandbar's, and holds what the agent had not committed.
    pub(crate) uncommitted: bool,
    /// What git says of it: `2 files changed, 5 insertions(+)`.
    pub(crate) stat: String,
}

/// Adds the objects of a bundle to the repository. Returns the commit of the work; `None`: the bundle needs commits
/// that are not here.
pub(crate) async fn unbundle(root: &Path, bundle: &[u8]) -> Result<Option<String>, Failure> {
    let failed = |error: std::io::Error| {
        Failure::new("a temporary directory could not be created").detail(error.to_string())
    };
    let scratch = tempfile::tempdir().map_err(failed)?;
    let file = scratch.path().join("bundle");
    std::fs::write(&file, bundle).map_err(failed)?;
    let git = Git::of_user(root);
    let args = ["bundle".as_ref(), "unbundle".as_ref(), file.as_os_str()];
    let refs = match git.tried(&args, Vec::new()).await? {
        Ok(refs) => refs,
        Err(said) if said.contains("prerequisite") => return Ok(None),
        Err(said) => {
            return Err(Failure::new("the session's work could not be read").detail(said));
        }
    };
    let refs = String::from_utf8_lossy(&refs).into_owned();
    let lines = refs.lines().filter_map(|line| line.split_once(' '));
    let mut works = lines.filter(|(_, name)| *name == "refs/sandbar/work");
    let work = works.next().map(|(commit, _)| commit.to_owned());
    work.filter(|commit| is_object_name(commit))
        .map(Some)
        .ok_or_else(|| Failure::new("the session's work could not be read"))
}

/// Makes the branch for the work that [`unbundle`] has brought.
pub(crate) async fn fetch(
    root: &Path,
    work: &str,
    options: FetchOptions<'_>,
) -> Result<Fetched, Failure> {
    let repository = Repository {
        git: Git::of_user(root).identity().await,
        session: options.session,
    };
    let work = repository.work(work).await?;
    let tip = repository.tip(&work, options.message).await?;
    let (Some(tip), true) = (&tip, tip != work.began) else {
        return Ok(Fetched::Nothing);
    };
    repository.is_complete(tip).await?;
    let branch = FetchedBranch {
        name: format!("sandbar/{}", options.session),
        commits: work.commits,
        uncommitted: work.head_if_followed() != Some(tip),
        stat: repository.stat(&work, tip).await?,
    };
    repository.set_branch(branch, tip, options).await
}

/// The work as the sandbox describes it.
struct Work {
    tree: String,
    /// The state that the session began with, on top of `began`.
    base: Option<String>,
    /// The commit of the user's that the session began with.
    began: Option<String>,
    /// The agent's HEAD, if its history has to do with `began`.
    head: Option<String>,
    /// How many commits the agent made.
    commits: usize,
}

impl Work {
    fn head_if_followed(&self) -> Option<&String> {
        self.head.as_ref().filter(|_| self.commits > 0)
    }
}

struct Repository<'a> {
    git: Git,
    session: &'a str,
}

impl Repository<'_> {
    async fn work(&self, commit: &str) -> Result<Work, Failure> {
        let said = self.git.text(&["cat-file", "commit", commit]).await?;
        let named = |word: &str| {
            let mut named = said.lines().filter_map(|line| line.strip_prefix(word));
            named.next_back().filter(|commit| is_object_name(commit))
        };
        let base = named("base ").map(str::to_owned);
        let began = match &base {
            Some(base) => self.commit(&format!("{base}^1")).await,
            None => None,
        };
        let mut head = named("head ").map(str::to_owned);
        if let (Some(head_commit), Some(began)) = (&head, &began) {
            // An agent may have begun a repository of its own.
            let shared = self.git.text(&["merge-base", head_commit, began]).await;
            head = head.filter(|_| shared.is_ok());
        }
        let mut commits = 0;
        if let Some(head) = &head {
            let mut count = vec!["rev-list", "--count", head, "--not"];
            count.extend(began.as_deref().or(base.as_deref()));
            commits = self.git.text(&count).await?.parse().unwrap_or(0);
        }
        Ok(Work {
            tree: self
                .git
                .text(&["rev-parse", &format!("{commit}^{{tree}}")])
                .await?,
            base,
            began,
            head,
            commits,
        })
    }

    async fn commit(&self, revision: &str) -> Option<String> {
        let revision = format!("{revision}^{{commit}}");
        let verify = ["rev-parse", "-q", "--verify", &revision];
        self.git.text(&verify).await.ok()
    }

    async fn tree(&self, revision: &str) -> Result<String, Failure> {
        let tree = format!("{revision}^{{tree}}");
        self.git.text(&["rev-parse", "--verify", &tree]).await
    }

    /// The commit with all of the work; `None` if there is nothing at all.
    async fn tip(&self, work: &Work, message: Option<&str>) -> Result<Option<String>, Failure> {
        let parent = match work.head_if_followed() {
            Some(head) => Some(head.clone()),
            None => self.start(work).await?,
        };
        let before = match &parent {
            Some(parent) => self.tree(parent).await?,
            None => {
                self.git
                    .text(&["hash-object", "-t", "tree", "/dev/null"])
                    .await?
            }
        };
        if before == work.tree {
            return Ok(parent);
        }
        let message = match message {
            Some(message) => message.to_owned(),
            None => format!("Work of session {}", self.session),
        };
        let git = &self.git;
        let commit = commit_tree(git, &work.tree, parent.as_deref(), &message).await?;
        Ok(Some(commit))
    }

    /// What the agent began with: the user's commit, or one on top of it with what was not committed then.
    async fn start(&self, work: &Work) -> Result<Option<String>, Failure> {
        let Some(base) = &work.base else {
            return Ok(None);
        };
        let tree = self.tree(base).await?;
        let before = match &work.began {
            Some(began) => self.tree(began).await?,
            None => {
                self.git
                    .text(&["hash-object", "-t", "tree", "/dev/null"])
                    .await?
            }
        };
        if tree == before {
            return Ok(work.began.clone());
        }
        // The date of the session's begin: it is the same commit each time.
        let show = ["show", "-s", "--format=@%ct +0000", base];
        let date = self.git.text(&show).await?;
        let git = self.git.clone();
        let git = git
            .env("GIT_AUTHOR_DATE", &date)
            .env("GIT_COMMITTER_DATE", &date);
        let message = format!("Uncommitted changes when session {} began", self.session);
        let commit = commit_tree(&git, &tree, work.began.as_deref(), &message).await?;
        Ok(Some(commit))
    }

    /// Refuses history with gaps, which would break the user's repository.
    async fn is_complete(&self, tip: &str) -> Result<(), Failure> {
        let walk = ["rev-list", "--objects", "--quiet", tip, "--not", "--all"];
        self.git.text(&walk).await.map(drop).map_err(|failure| {
            Failure::new("the history of the session is incomplete, as in a shallow clone")
                .detail(failure.detail)
                .hint("run `git fetch` first, or use `sandbar apply`, which needs no history")
        })
    }

    async fn stat(&self, work: &Work, tip: &str) -> Result<String, Failure> {
        let empty = self
            .git
            .text(&["hash-object", "-t", "tree", "/dev/null"])
            .await?;
        let from = work.began.as_deref().unwrap_or(&empty);
        let diff = ["diff", "--shortstat", "--no-ext-diff", "--no-textconv"];
        let diff = [&diff[..], &[from, tip]].concat();
        Ok(self.git.text(&diff).await?.trim().to_owned())
    }

    async fn set_branch(
        &self,
        branch: FetchedBranch,
        tip: &str,
        options: FetchOptions<'_>,
    ) -> Result<Fetched, Failure> {
        let name = &branch.name;
        let remembered = format!("refs/sandbar/fetched/{}", options.session);
        if let Some(old) = self.commit(&format!("refs/heads/{name}")).await {
            let is_ours = self.commit(&remembered).await.as_ref() == Some(&old);
            if is_ours && self.is_same(&old, tip, &branch, options).await? {
                return Ok(Fetched::Same(branch));
            }
            let is_ancestor = ["merge-base", "--is-ancestor", &old, tip];
            let may = is_ours || options.force || self.git.text(&is_ancestor).await.is_ok();
            if !may {
                let hint = format!(
                    "keep it under another name with `git branch -m {name} NAME`, or replace it with --force"
                );
                return Err(Failure::new(format!(
                    "branch {name} has commits that are not from the session"
                ))
                .hint(hint));
            }
        }
        let set = ["branch", "--no-track", "--force", name, tip];
        self.git.text(&set).await.map_err(|failure| {
            let hint = "if it is checked out, switch to another branch first";
            Failure::new(format!("branch {name} could not be updated"))
                .detail(failure.detail)
                .hint(hint)
        })?;
        self.git.text(&["update-ref", &remembered, tip]).await?;
        Ok(Fetched::New(branch))
    }

    /// Whether the branch has the work. Our own commits differ in their date.
    async fn is_same(
        &self,
        old: &str,
        tip: &str,
        branch: &FetchedBranch,
        options: FetchOptions<'_>,
    ) -> Result<bool, Failure> {
        if old == tip || !branch.uncommitted || options.message.is_some() {
            return Ok(old == tip);
        }
        let show = |commit| ["show", "-s", "--format=%T %P", commit];
        Ok(self.git.text(&show(old)).await? == self.git.text(&show(tip)).await?)
    }
}

async fn commit_tree(
    git: &Git,
    tree: &str,
    parent: Option<&str>,
    message: &str,
) -> Result<String, Failure> {
    let parent = parent.map(|parent| ["-p", parent]);
    let args = ["commit-tree", tree].into_iter();
    let args: Vec<&str> = args.chain(parent.into_iter().flatten()).collect();
    let mut message = message.as_bytes().to_vec();
    message.push(b'\n');
    let commit = git.fed(&args, message).await?;
    Ok(String::from_utf8_lossy(&commit).trim().to_owned())
}

/// What comes from a sandbox becomes an argument of git only if it is a name of an object.
pub(super) fn is_object_name(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}
