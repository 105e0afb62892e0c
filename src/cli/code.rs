//! `sandbar diff NAME` and `sandbar apply NAME`: the work done in a session comes home.

use tokio::signal::unix::{SignalKind, signal};

use super::apply::{self, Applied};
use super::args::{ApplyArgs, NameArgs, Options};
use super::known::Known;
use super::ls::age;
use super::report::{self, Ended};
use super::{related, runtime, setup};
use crate::config::{Config, Env};
use crate::domain::failure::Failure;
use crate::domain::sandbox::Phase;
use crate::domain::session::{CodeSource, SessionSummary};
use crate::session::code::work_tree;
use crate::session::kept;
use crate::session::visit::Visit;
use crate::session::world::{World, wall};

/// What a session has to bring home.
struct SessionWork {
    /// Empty where nothing was changed.
    patch: Vec<u8>,
    /// The first commits of the history that the session began with.
    roots: Vec<String>,
    code: Option<CodeSource>,
}

pub(super) fn diff(options: &Options, args: &NameArgs, env: &Env) -> Result<(), Ended> {
    let config = setup::config(options, env)?;
    let work = runtime()?.block_on(work(&config, &args.name, env))?;
    if work.patch.is_empty() {
        report::progress(format!("nothing was changed in session {}", args.name));
        return Ok(());
    }
    report::bytes(&work.patch)
}

pub(super) fn apply(options: &Options, args: &ApplyArgs, env: &Env) -> Result<(), Ended> {
    let config = setup::config(options, env)?;
    let Some(root) = env.directory().and_then(work_tree) else {
        return Err(Failure::new("there is no git work tree here")
            .hint("go to the work tree that the session began with")
            .into());
    };
    let name = &args.name;
    let applied = runtime()?.block_on(async {
        let work = Box::pin(work(&config, name, env)).await?;
        if !args.force {
            related::check(&root, name, work.code.as_ref(), &work.roots).await?;
        }
        if work.patch.is_empty() {
            return Ok(None);
        }
        let applied = apply::apply(&root, &work.patch).await;
        applied.map(Some).map_err(|failure| {
            let save = format!("sandbar diff {name} > work.patch");
            let hint = format!("nothing was changed here; `{save}` saves the work");
            Ended::from(failure.hint(hint))
        })
    })?;
    let Some(Applied { files, already }) = applied else {
        report::progress(format!("nothing was changed in session {name}"));
        return Ok(());
    };
    if files.is_empty() {
        let here = root.display();
        report::progress(format!("the work of session {name} is already in {here}"));
        return Ok(());
    }
    for file in &files {
        report::line(file)?;
    }
    let count = |count| if count == 1 { "file" } else { "files" };
    let (changed, files) = (files.len(), count(files.len()));
    report::progress(format!("changed {changed} {files} in {}", root.display()));
    if already > 0 {
        report::progress(format!("{already} {} had the work already", count(already)));
    }
    Ok(())
}

/// The work of a session whose sandbox is gone, from its last snapshot.
async fn kept(world: &World, session: &SessionSummary) -> Result<(Vec<u8>, Vec<String>), Ended> {
    let kept = kept::patch(world, &session.key).await?;
    let age = age(wall().since(kept.at));
    report::progress(format!("the sandbox is gone; its work was kept {age}"));
    Ok((kept.patch, kept.roots))
}

/// Fetches a session's work, and says what could not be read of it.
async fn work(config: &Config, name: &str, env: &Env) -> Result<SessionWork, Ended> {
    let known = Known::open(config, env).await?;
    let session = known.session(name)?;
    let stored = known.store().session(&session.key).await;
    let new = stored.ok().flatten().and_then(|stored| stored.new);
    let world = known.world(session.sandbox.engine).await?;
    let (patch, roots) = if matches!(session.phase, Phase::Gone(_)) {
        kept(&world, session).await?
    } else {
        match Visit::enter(&world, &session.sandbox).await? {
            Some(visit) => visited(visit, &known, session).await?,
            None => kept(&world, session).await?,
        }
    };
    Ok(SessionWork {
        patch,
        roots,
        code: new.map(|new| new.code),
    })
}

/// A paused sandbox is resumed for this and paused again, also when the user interrupts.
async fn visited(
    visit: Visit,
    known: &Known<'_>,
    session: &SessionSummary,
) -> Result<(Vec<u8>, Vec<String>), Ended> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    if visit.resumed {
        report::progress("the sandbox is paused; it is resumed for this, and paused again");
    }
    let read = async {
        let (patch, notes) = visit.patch().await?;
        notes.iter().for_each(report::progress);
        Ok((patch, visit.roots().await?))
    };
    let read = tokio::select! {
        read = read => read.map_err(|failure: Failure| Ended::from(failure)),
        _ = interrupt.recv() => Err(Ended::Interrupted),
    };
    match visit.leave().await {
        Ok(Some(seen)) => known.ran(&[session], &seen).await,
        Ok(None) => {}
        // The work is here; that the sandbox runs on is worth a word, not the work.
        Err(failure) => report::progress(format!("the sandbox runs on: {}", failure.summary)),
    }
    read
}
