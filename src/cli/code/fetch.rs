//! `sandbar fetch`, `push` and `pr`: a session's work as a branch of the user's repository, and from there on with the
//! user's own `git` and `gh`, so that no sandbox needs credentials.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::work::{Destination, WorkReader};
use super::work_tree_here;
use crate::cli::args::{FetchArgs, GlobalOptions, PrArgs, PushArgs};
use crate::cli::report::{self, CommandError};
use crate::cli::runtime;
use crate::cli::setup;
use crate::config::Env;
use crate::domain::failure::Failure;
use crate::session::code::repository::fetch::{self, FetchOptions, Fetched, FetchedBranch};

pub(in crate::cli) fn fetch(
    options: &GlobalOptions,
    args: &FetchArgs,
    env: &Env,
) -> Result<(), CommandError> {
    let (_, fetched) = fetched(options, (args, "fetch"), env)?;
    match fetched {
        Some(branch) => report::line(&branch),
        None => Ok(()),
    }
}

pub(in crate::cli) fn push(
    options: &GlobalOptions,
    args: &PushArgs,
    env: &Env,
) -> Result<(), CommandError> {
    pushed(options, (args, "push"), env).map(drop)
}

pub(in crate::cli) fn pr(
    options: &GlobalOptions,
    args: &PrArgs,
    env: &Env,
) -> Result<(), CommandError> {
    let Some((root, branch)) = pushed(options, (&args.push, "pr"), env)? else {
        return Ok(());
    };
    let mut gh = Command::new("gh");
    gh.args(["pr", "create", "--head", &branch]);
    if args.gh.is_empty() {
        gh.arg("--fill");
    }
    gh.args(&args.gh).current_dir(root);
    run(
        gh,
        "gh",
        "the branch is pushed: install GitHub's gh or fix what it reports, and run this again, or open the pull request in the browser",
    )
}

/// Fetches the work. Returns the branch; `None`: there is nothing to fetch, which is reported.
fn fetched(
    options: &GlobalOptions,
    (args, command): (&FetchArgs, &str),
    env: &Env,
) -> Result<(PathBuf, Option<String>), CommandError> {
    let config = setup::config(options, env)?;
    let root = work_tree_here(env)?;
    let name = &*args.name;
    let destination = Destination {
        root: &root,
        command,
        force: args.force,
    };
    let reader = WorkReader::to(destination, &config, env, name);
    let how = FetchOptions {
        session: name,
        message: args.message.as_deref(),
        force: args.force,
    };
    let fetched = runtime()?.block_on(async {
        let work = reader.commits().await?;
        let fetched = fetch::fetch(&root, &work, how).await;
        fetched.map_err(CommandError::from)
    })?;
    let branch = match fetched {
        Fetched::Nothing => {
            report::progress(format!("there are no changes in session {name}"));
            None
        }
        Fetched::Same(branch) => {
            let branch = branch.name;
            report::progress(format!(
                "branch {branch} already has the work of the session"
            ));
            Some(branch)
        }
        Fetched::New(branch) => {
            tell(&branch);
            Some(branch.name)
        }
    };
    Ok((root, branch))
}

fn tell(branch: &FetchedBranch) {
    let FetchedBranch { name, stat, .. } = branch;
    let commits = match branch.commits {
        1 => "1 commit".to_owned(),
        n => format!("{n} commits"),
    };
    let what = match (branch.commits, branch.uncommitted) {
        (0, _) => "uncommitted work".to_owned(),
        (_, true) => format!("{commits} and uncommitted work"),
        (_, false) => commits,
    };
    report::progress(format!("fetched {what} into branch {name}: {stat}"));
    report::progress(format!(
        "`git log -p HEAD..{name}` shows it, `git merge {name}` merges it"
    ));
}

/// Fetches and pushes. Returns where, and the branch.
fn pushed(
    options: &GlobalOptions,
    (args, command): (&PushArgs, &str),
    env: &Env,
) -> Result<Option<(PathBuf, String)>, CommandError> {
    let (root, branch) = fetched(options, (&args.fetch, command), env)?;
    let Some(branch) = branch else {
        return Ok(None);
    };
    let remote = match &args.remote {
        Some(remote) => remote.clone(),
        None => remote_of(&root)?,
    };
    let mut git = Command::new("git");
    // The last commit is made anew with each fetch; what somebody else has pushed is never replaced.
    let lease = "--force-with-lease";
    git.args(["push", "--set-upstream", lease, "--", &remote, &branch]);
    git.current_dir(&root);
    run(
        git,
        "git push",
        "the branch is fetched: fix what git reports above and run this again, or push it yourself",
    )?;
    Ok(Some((root, branch)))
}

/// The remote that git would push to: the only one, else `origin`.
fn remote_of(root: &Path) -> Result<String, CommandError> {
    let listed = Command::new("git")
        .arg("remote")
        .current_dir(root)
        .output()?;
    let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
    let remotes: Vec<&str> = listed.lines().collect();
    match remotes[..] {
        [only] => Ok(only.to_owned()),
        _ if remotes.contains(&"origin") => Ok("origin".to_owned()),
        [] => Err(Failure::new("this repository has no remote")
            .hint("the branch is fetched; to push it, add a remote with `git remote add`")
            .into()),
        _ => Err(Failure::new("this repository has several remotes")
            .detail(remotes.join(", "))
            .hint("the branch is fetched; to push it, name a remote with --remote")
            .into()),
    }
}

/// Runs a program of the user's in the terminal, where it may ask for credentials.
fn run(mut program: Command, name: &str, hint: &str) -> Result<(), CommandError> {
    match program.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(Failure::new(format!("{name} failed"))
            .detail(status.to_string())
            .hint(hint)
            .into()),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            Err(Failure::new(format!("{name} is not installed"))
                .hint(hint)
                .into())
        }
        Err(error) => Err(Failure::new(format!("{name} could not be run"))
            .detail(error.to_string())
            .hint(hint)
            .into()),
    }
}
