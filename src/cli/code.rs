//! `sandbar diff NAME` and `sandbar apply NAME`: fetch the work done in a session.

use std::path::Path;

use tokio::signal::unix::{SignalKind, signal};

use crate::cli::args::{ApplyArgs, GlobalOptions, NameArgs};
use crate::cli::lookup::SessionLookup;
use crate::cli::ls::age;
use crate::cli::report::{self, CommandError};
use crate::cli::runtime;
use crate::cli::setup;
use crate::config::{Config, Env};
use crate::domain::failure::Failure;
use crate::domain::sandbox::Phase;
use crate::domain::session::{CodeSource, SessionSummary};
use crate::session::code::repository::apply::{self, Applied, OnConflict};
use crate::session::code::repository::{merge, related};
use crate::session::code::work_tree;
use crate::session::context::{SessionContext, wall};
use crate::session::sandbox::access::SandboxAccess;
use crate::session::snapshot::patch;

/// The work of a session.
struct SessionWork {
    /// Empty if nothing was changed.
    patch: Vec<u8>,
    /// The root commits of the history that the session began with.
    roots: Vec<String>,
    code: Option<CodeSource>,
}

pub(super) fn diff(
    options: &GlobalOptions,
    args: &NameArgs,
    env: &Env,
) -> Result<(), CommandError> {
    let config = setup::config(options, env)?;
    let work = runtime()?.block_on(work(&config, &args.name, env))?;
    if work.patch.is_empty() {
        report::progress(format!("there are no changes in session {}", args.name));
        return Ok(());
    }
    report::bytes(&work.patch)
}

pub(super) fn apply(
    options: &GlobalOptions,
    args: &ApplyArgs,
    env: &Env,
) -> Result<(), CommandError> {
    let config = setup::config(options, env)?;
    let Some(root) = env.directory().and_then(work_tree) else {
        return Err(Failure::new("there is no git work tree here")
            .hint("change to the work tree where the session began")
            .into());
    };
    let name = &args.name;
    let applied = runtime()?.block_on(async {
        let work = Box::pin(work(&config, name, env)).await?;
        if !args.force {
            let related = related::check(&root, name, work.code.as_ref(), &work.roots).await;
            let hint = format!(
                "change to its work tree, or apply it here with `sandbar apply --force {name}`"
            );
            related.map_err(|failure| failure.hint(hint))?;
        }
        if work.patch.is_empty() {
            return Ok(None);
        }
        let on_conflict = if args.three_way {
            OnConflict::Mark
        } else {
            OnConflict::Refuse
        };
        let applied = apply::apply(&root, &work.patch, on_conflict).await;
        applied.map(Some).map_err(|failure| {
            let mark = if failure.summary.contains("conflicts") {
                format!("`sandbar apply --3way {name}` marks the conflicts in these files; ")
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
    report::progress(format!("changed {} in {here}", count(files.len())));
    if applied.merged > 0 {
        let merged = count(applied.merged);
        report::progress(format!("{merged} of them had changed here and were merged"));
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
        .hint("edit the lines between <<<<<<< and >>>>>>>; everything else was applied")
        .into())
}

/// The work of a session whose sandbox is gone, from its last snapshot.
async fn work_in_snapshot(
    context: &SessionContext,
    session: &SessionSummary,
) -> Result<(Vec<u8>, Vec<String>), CommandError> {
    let kept = patch::patch(context, &session.key).await?;
    let age = age(wall().since(kept.at));
    report::progress(format!(
        "the sandbox is gone; this is its last snapshot, taken {age}"
    ));
    Ok((kept.patch, kept.roots))
}

/// Fetches a session's work, and reports what could not be read of it.
async fn work(config: &Config, name: &str, env: &Env) -> Result<SessionWork, CommandError> {
    let lookup = SessionLookup::open(config, env).await?;
    let session = lookup.session(name)?;
    let stored = lookup.store().session(&session.key).await;
    let new = stored.ok().flatten().and_then(|stored| stored.new);
    let context = lookup.context(session.sandbox.engine).await?;
    let (patch, roots) = if matches!(session.phase, Phase::Gone(_)) {
        work_in_snapshot(&context, session).await?
    } else {
        match SandboxAccess::enter(&context, &session.sandbox).await? {
            Some(access) => work_in_sandbox(access, &lookup, session).await?,
            None => work_in_snapshot(&context, session).await?,
        }
    };
    Ok(SessionWork {
        patch,
        roots,
        code: new.map(|new| new.code),
    })
}

/// A paused sandbox is resumed for this and paused again, even if the user interrupts.
async fn work_in_sandbox(
    access: SandboxAccess,
    lookup: &SessionLookup<'_>,
    session: &SessionSummary,
) -> Result<(Vec<u8>, Vec<String>), CommandError> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    if access.resumed {
        report::progress("the sandbox is paused; resuming it for this, then pausing it again");
    }
    let read = async {
        let (patch, notes) = access.patch().await?;
        notes.iter().for_each(report::progress);
        Ok((patch, access.roots().await?))
    };
    let read = tokio::select! {
        read = read => read.map_err(|failure: Failure| CommandError::from(failure)),
        _ = interrupt.recv() => Err(CommandError::Interrupted),
    };
    match access.leave().await {
        Ok(Some(seen)) => lookup.ran(&[session], &seen).await,
        Ok(None) => {}
        // The work is here; that the sandbox keeps running deserves a note, not a failure.
        Err(failure) => {
            report::progress(format!("the sandbox is still running: {}", failure.line()));
        }
    }
    read
}
