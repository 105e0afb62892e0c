//! `sandbar kill NAME…`.
//!
//! Several sessions may share a sandbox: it is killed for all of them, and all are named. Before that, the command
//! lists what is lost and asks for confirmation.

use serde_json::json;

use crate::cli::args::{GlobalOptions, KillArgs};
use crate::cli::lookup::{FORMAT, SessionLookup};
use crate::cli::ls::age;
use crate::cli::report::{self, CommandError};
use crate::cli::runtime;
use crate::cli::setup;
use crate::config::Env;
use crate::domain::failure::Failure;
use crate::domain::id::SandboxId;
use crate::domain::sandbox::{EngineKind, Phase};
use crate::domain::session::{Revival, SessionSummary};
use crate::session::context::wall;
use crate::session::sandbox::access::EngineClient;
use crate::session::snapshot::revive::prospect;
use crate::text::visible;

/// A sandbox to kill.
#[derive(Debug, Clone, PartialEq, Eq)]
struct KillCandidate {
    engine: EngineKind,
    id: SandboxId,
}

pub(in crate::cli) fn kill(
    options: &GlobalOptions,
    args: &KillArgs,
    env: &Env,
) -> Result<(), CommandError> {
    let config = setup::config(options, env)?;
    runtime()?.block_on(async {
        let lookup = SessionLookup::open(&config, env).await?;
        // All names are looked up before anything is killed.
        let mut targets: Vec<KillCandidate> = Vec::new();
        for name in &args.names {
            let target = target(&lookup, name).await?;
            if !targets.contains(&target) {
                targets.push(target);
            }
        }
        if !args.yes {
            confirm(&lookup, &targets).await?;
        }
        let mut results = Vec::new();
        let mut failed = None;
        for target in targets {
            match kill_one(&lookup, &target).await {
                Ok((names, was_there)) => {
                    let id = target.id.as_str();
                    results.push(json!({
                        "v": FORMAT, "type": "killed", "sessions": names, "sandbox": id,
                        "was_there": was_there,
                    }));
                    if !args.json {
                        report::line(sentence(&names, id, was_there))?;
                    }
                }
                Err(ended) => {
                    // The others are still killed; the last failure is the one reported.
                    if let Some(CommandError::Failed(failure)) = failed.replace(ended) {
                        report::tell(&failure);
                    }
                }
            }
        }
        if args.json {
            report::json(&results)?;
        }
        failed.map_or(Ok(()), Err)
    })
}

fn sentence(names: &[String], id: &str, was_there: bool) -> String {
    let id = visible::name(id);
    let names: Vec<_> = names.iter().map(|name| visible::name(name)).collect();
    let sandbox = if names.is_empty() {
        format!("sandbox {id}")
    } else {
        format!("{} (sandbox {id})", names.join(", "))
    };
    match (was_there, names.as_slice()) {
        (true, _) => format!("killed {sandbox}"),
        (false, []) => format!("{sandbox} was already gone"),
        (false, names) => format!(
            "{sandbox} was already gone; `sandbar rm {}` removes the conversation too",
            names.join(" ")
        ),
    }
}

/// Lists what is lost with these sandboxes and asks for confirmation. Those known to be gone need none.
async fn confirm(
    lookup: &SessionLookup<'_>,
    targets: &[KillCandidate],
) -> Result<(), CommandError> {
    let mut lines = Vec::new();
    let mut sandboxes = 0;
    for target in targets {
        let sessions = sessions(lookup, target);
        if sessions.is_empty() {
            lines.push(format!(
                "sandbox {}, which no session here uses: all its files will be lost",
                target.id
            ));
        }
        let is_gone = |session: &&SessionSummary| matches!(session.phase, Phase::Gone(_));
        if !sessions.is_empty() && sessions.iter().all(is_gone) {
            continue;
        }
        sandboxes += 1;
        let context = lookup.context(target.engine).await?;
        for session in sessions {
            let kept = prospect(&context, &session.key).await;
            let waiting = lookup.store().queue(&session.key).await;
            let waiting = waiting.map_or(0, |queue| queue.waiting.len());
            lines.push(lost(session, kept.as_ref(), waiting));
        }
    }
    if sandboxes == 0 {
        return Ok(());
    }
    for line in &lines {
        report::progress(line);
    }
    let question = match sandboxes {
        1 => "Kill this sandbox?".to_owned(),
        n => format!("Kill these {n} sandboxes?"),
    };
    match report::ask(&question)? {
        Some(true) => Ok(()),
        Some(false) => Err(Failure::new("nothing was killed").into()),
        None => Err(CommandError::Usage(
            Failure::new("kill was not confirmed")
                .detail("nothing was killed: without a terminal sandbar cannot ask")
                .hint("run it with --yes"),
        )),
    }
}

/// A session's line: its name and title, and what of it cannot be restored.
fn lost(session: &SessionSummary, kept: Option<&Revival>, waiting: usize) -> String {
    let title = match session.title.as_str() {
        "" => String::new(),
        title => format!(" \"{title}\""),
    };
    let files = match kept.map(|kept| kept.snapshot.code_at) {
        None => "there is no snapshot; all its files will be lost".to_owned(),
        Some(None) => "the last snapshot has no files; all of them will be lost".to_owned(),
        Some(Some(at)) => format!(
            "changes since the last snapshot ({}) and git-ignored files will be lost",
            age(wall().since(at))
        ),
    };
    let missing = match kept.map_or(0, |kept| kept.missing) {
        0 => String::new(),
        1 => "; 1 later prompt is not in that snapshot".to_owned(),
        n => format!("; {n} later prompts are not in that snapshot"),
    };
    let waiting = match waiting {
        0 => String::new(),
        1 => "; 1 queued prompt was not sent".to_owned(),
        n => format!("; {n} queued prompts were not sent"),
    };
    format!("{}{title}: {files}{missing}{waiting}", session.name)
}

/// The sandbox that a name means: a session's, one by its id, or one that only the engine knows.
async fn target(lookup: &SessionLookup<'_>, name: &str) -> Result<KillCandidate, CommandError> {
    if let Some(session) = lookup.find(name) {
        let Some(id) = session.sandbox.id.clone() else {
            let failure = Failure::new(format!("session {name} has no sandbox"));
            let hint = format!("`sandbar rm {name}` removes the session");
            return Err(failure.detail("there is nothing to kill").hint(hint).into());
        };
        let engine = session.sandbox.engine;
        return Ok(KillCandidate { engine, id });
    }
    for engine in lookup.engines() {
        let context = match lookup.context(engine).await {
            Ok(context) => context,
            Err(ended) if engine == lookup.config.engine.value => return Err(ended),
            Err(_) => continue,
        };
        let Some(host) = EngineClient::find(&context).await? else {
            continue;
        };
        let listed = host.sandboxes().await?;
        let found = listed.iter().find(|sandbox| {
            let named = sandbox.metadata.get("sandbar.name");
            sandbox.sandbox_id == name || named.is_some_and(|named| named == name)
        });
        if let Some(sandbox) = found {
            let id = SandboxId::from(sandbox.sandbox_id.as_str());
            return Ok(KillCandidate { engine, id });
        }
    }
    Err(lookup.unknown(name))
}

/// The sessions in this sandbox.
fn sessions<'k>(lookup: &'k SessionLookup<'_>, target: &KillCandidate) -> Vec<&'k SessionSummary> {
    let has_it = |session: &&SessionSummary| session.sandbox.id.as_ref() == Some(&target.id);
    lookup.sessions.iter().filter(has_it).collect()
}

/// Kills it and stores that; returns the names of its sessions, and whether it existed.
async fn kill_one(
    lookup: &SessionLookup<'_>,
    target: &KillCandidate,
) -> Result<(Vec<String>, bool), CommandError> {
    let context = lookup.context(target.engine).await?;
    let host = EngineClient::find_or_start(&context).await?;
    let siblings = sessions(lookup, target);
    // Whether and since when it runs cannot be asked afterwards. Killing does not wait for the answer.
    let seen = host.sandbox(&target.id).await.ok().flatten();
    let (phase, was_there) = host.kill(&target.id).await?;
    if let Some(seen) = seen {
        lookup.ran(&siblings, &seen).await;
    }
    lookup.store_phase(siblings.iter().copied(), &phase).await?;
    for session in &siblings {
        // The secret is useless by now; a file that stays is no failure.
        let _kept = lookup.secrets().remove(&session.key);
    }
    let names = siblings.iter().map(|session| session.name.clone());
    Ok((names.collect(), was_there))
}
