//! Commands for the work done in a session: `sandbar diff` prints it, `apply` puts it into the work tree here, `fetch`
//! makes a branch of it, which `push` and `pr` take on; `update` takes what has changed here into a session.

mod fetch;
mod update;
mod work;

use std::path::{Path, PathBuf};

use self::work::{Destination, WorkReader};
use crate::cli::args::{ApplyArgs, GlobalOptions, NameArgs};
use crate::cli::report::{self, CommandError};
use crate::cli::runtime;
use crate::cli::setup;
use crate::config::Env;
use crate::domain::diff::apply::{Applied, ApplyStep};
use crate::domain::failure::Failure;
use crate::session::code::repository::apply;
use crate::session::code::repository::merge;
use crate::session::code::work_tree;

pub(super) use self::fetch::{fetch, pr, push};
pub(super) use self::update::update;

pub(super) fn diff(
    options: &GlobalOptions,
    args: &NameArgs,
    env: &Env,
) -> Result<(), CommandError> {
    let config = setup::config(options, env)?;
    let reader = WorkReader {
        config: &config,
        env,
        name: &args.name,
        destination: None,
    };
    let patch = runtime()?.block_on(reader.patch())?;
    if patch.is_empty() {
        report::progress(format!("there are no changes in session {}", args.name));
        return Ok(());
    }
    report::bytes(&patch)
}

pub(super) fn apply(
    options: &GlobalOptions,
    args: &ApplyArgs,
    env: &Env,
) -> Result<(), CommandError> {
    let config = setup::config(options, env)?;
    let root = work_tree_here(env)?;
    let name = &args.name;
    let destination = Destination {
        root: &root,
        command: "apply",
        force: args.force,
    };
    let reader = WorkReader::to(destination, &config, env, name);
    let applied = runtime()?.block_on(async {
        let patch = reader.patch().await?;
        if patch.is_empty() {
            return Ok(None);
        }
        let step = if args.three_way {
            ApplyStep::Mark
        } else {
            ApplyStep::Refuse
        };
        let applied = apply::apply(&root, &patch, step).await;
        applied.map(Some).map_err(|failure| {
            let mark = if failure.summary.contains("conflicts") {
                format!("`sandbar apply --3way {name}` applies the work and marks the conflicts; ")
            } else {
                String::new()
            };
            let save = format!("sandbar diff {name} > work.patch");
            let hint = format!("nothing was changed here; {mark}`{save}` saves the work");
            CommandError::from(failure.hint(hint))
        })
    })?;
    let Some(applied) = applied else {
        report::progress(format!("there are no changes in session {name}"));
        return Ok(());
    };
    tell(name, &root, &applied)
}

/// The root of the git work tree around the current directory.
fn work_tree_here(env: &Env) -> Result<PathBuf, CommandError> {
    env.directory().and_then(work_tree).ok_or_else(|| {
        Failure::new("there is no git work tree here")
            .hint("change to the work tree where the session began")
            .into()
    })
}

/// Reports what was applied; conflicts are a failure, since the user must resolve them.
fn tell(name: &str, root: &Path, applied: &Applied) -> Result<(), CommandError> {
    let here = root.display();
    let Applied { files, already, .. } = applied;
    if files.is_empty() {
        report::progress(format!("the work of session {name} is already in {here}"));
        return Ok(());
    }
    for file in files {
        report::line(file)?;
    }
    let files_of = |count| if count == 1 { "file" } else { "files" };
    let count = |count: usize| format!("{count} {}", files_of(count));
    report::progress(format!("applied {} to {here}", count(files.len())));
    let merged = applied.merged.saturating_sub(applied.conflicts.len());
    if merged > 0 {
        let merged = count(merged);
        report::progress(format!("{merged} also had changes here, which were merged"));
    }
    if *already > 0 {
        report::progress(format!("{} already had the changes", count(*already)));
    }
    if applied.conflicts.is_empty() {
        return Ok(());
    }
    let conflicts = count(applied.conflicts.len());
    let failure = Failure::new(format!("there are conflicts in {conflicts}"));
    Err(failure
        .detail(merge::listed(&applied.conflicts))
        .hint("edit the lines between <<<<<<< and >>>>>>>; files listed as unchanged have to be merged by hand; everything else was applied")
        .into())
}
