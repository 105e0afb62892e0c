//! `sandbar update`: what has changed in the work tree here goes into a session's sandbox.

use super::work::{Destination, WorkReader};
use super::work_tree_here;
use crate::cli::args::{GlobalOptions, UpdateArgs};
use crate::cli::report::{self, CommandError};
use crate::cli::runtime;
use crate::cli::setup;
use crate::config::Env;
use crate::domain::failure::Failure;
use crate::session::code::repository::merge;

pub(in crate::cli) fn update(
    options: &GlobalOptions,
    args: &UpdateArgs,
    env: &Env,
) -> Result<(), CommandError> {
    let config = setup::config(options, env)?;
    let root = work_tree_here(env)?;
    let name = &args.name;
    let destination = Destination {
        root: &root,
        command: "update",
        force: args.force,
    };
    let reader = WorkReader::to(destination, &config, env, name);
    let updated = runtime()?.block_on(reader.update())?;
    updated.notes.iter().for_each(report::progress);
    report::progress(format!("session {name}: {}", updated.words()));
    if !updated.has_conflicts() {
        return Ok(());
    }
    let conflicts = updated.conflict_lines();
    let failure = match conflicts.len() {
        0 => Failure::new("your commits and the agent's conflict"),
        1 => Failure::new("there are conflicts in 1 file"),
        count => Failure::new(format!("there are conflicts in {count} files")),
    };
    Err(failure
        .detail(merge::listed(&conflicts))
        .hint("ask the agent to resolve them; in text files both versions are between <<<<<<< and >>>>>>>")
        .into())
}
