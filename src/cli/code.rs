//! `sandbar diff NAME` and `sandbar apply NAME`: the work done in a session comes home.

use tokio::signal::unix::{SignalKind, signal};

use super::apply;
use super::args::{NameArgs, Options};
use super::known::Known;
use super::ls::age;
use super::report::{self, Ended};
use super::{runtime, setup};
use crate::config::{Config, Env};
use crate::domain::failure::Failure;
use crate::domain::sandbox::Phase;
use crate::domain::session::SessionSummary;
use crate::session::code::work_tree;
use crate::session::kept;
use crate::session::visit::Visit;
use crate::session::world::{World, wall};

pub(super) fn diff(options: &Options, args: &NameArgs, env: &Env) -> Result<(), Ended> {
    let config = setup::config(options, env)?;
    let patch = runtime()?.block_on(patch(&config, &args.name, env))?;
    if patch.is_empty() {
        report::progress(format!("nothing was changed in session {}", args.name));
        return Ok(());
    }
    report::bytes(patch)
}

pub(super) fn apply(options: &Options, args: &NameArgs, env: &Env) -> Result<(), Ended> {
    let config = setup::config(options, env)?;
    let Some(root) = env.directory().and_then(work_tree) else {
        return Err(Failure::new("there is no git work tree here")
            .hint("go to the work tree that the session began with")
            .into());
    };
    let applied = runtime()?.block_on(async {
        let patch = patch(&config, &args.name, env).await?;
        if patch.is_empty() {
            return Ok(None);
        }
        let applied = apply::apply(&root, &patch).await;
        applied.map(Some).map_err(|failure| {
            let save = format!("sandbar diff {} > work.patch", args.name);
            let hint = format!("nothing was changed here; `{save}` saves the work");
            Ended::from(failure.hint(hint))
        })
    })?;
    let Some(files) = applied else {
        report::progress(format!("nothing was changed in session {}", args.name));
        return Ok(());
    };
    for file in &files {
        report::line(file)?;
    }
    let count = files.len();
    let files = if count == 1 { "file" } else { "files" };
    report::progress(format!("changed {count} {files} in {}", root.display()));
    Ok(())
}

/// The patch of a session whose sandbox is gone, from its last snapshot.
async fn kept(world: &World, session: &SessionSummary) -> Result<Vec<u8>, Ended> {
    let kept = kept::patch(world, &session.key).await?;
    let age = age(wall().since(kept.at));
    report::progress(format!("the sandbox is gone; its work was kept {age}"));
    Ok(kept.patch)
}

/// Fetches a session's patch. A paused sandbox is resumed for it and paused again, also when the user
/// interrupts.
async fn patch(config: &Config, name: &str, env: &Env) -> Result<Vec<u8>, Ended> {
    let known = Known::open(config, env).await?;
    let session = known.find(name).ok_or_else(|| known.unknown(name))?;
    let world = known.world(session.sandbox.engine).await?;
    if matches!(session.phase, Phase::Gone(_)) {
        return kept(&world, session).await;
    }
    let mut interrupt = signal(SignalKind::interrupt())?;
    let Some(visit) = Visit::enter(&world, &session.sandbox).await? else {
        return kept(&world, session).await;
    };
    if visit.resumed {
        report::progress("the sandbox is paused; it is resumed for this, and paused again");
    }
    let patch = tokio::select! {
        read = visit.patch() => match read {
            Ok((patch, notes)) => {
                notes.iter().for_each(report::progress);
                Ok(patch)
            }
            Err(failure) => Err(Ended::from(failure)),
        },
        _ = interrupt.recv() => Err(Ended::Interrupted),
    };
    let left = visit.leave().await;
    match left {
        Ok(Some(seen)) => known.ran(&[session], &seen).await,
        Ok(None) => {}
        // The work is here; that the sandbox runs on is worth a word, not the work.
        Err(failure) => report::progress(format!("the sandbox runs on: {}", failure.summary)),
    }
    let patch = patch?;
    Ok(patch)
}
