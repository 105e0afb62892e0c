//! `sandbar kill NAME…`.
//!
//! Several sessions may share a sandbox: it goes for all of them, and all are named.

use serde_json::json;

use super::args::{KillArgs, Options};
use super::known::{FORMAT, Known};
use super::report::{self, Ended};
use super::{runtime, setup};
use crate::config::Env;
use crate::domain::failure::Failure;
use crate::domain::id::SandboxId;
use crate::domain::sandbox::EngineKind;
use crate::domain::session::SessionSummary;
use crate::session::visit::Host;

/// A sandbox that is to go.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Target {
    engine: EngineKind,
    id: SandboxId,
}

pub(super) fn kill(options: &Options, args: &KillArgs, env: &Env) -> Result<(), Ended> {
    let config = setup::config(options, env)?;
    runtime()?.block_on(async {
        let known = Known::open(&config, env).await?;
        // All names are looked up before anything is killed.
        let mut targets: Vec<Target> = Vec::new();
        for name in &args.names {
            let target = target(&known, name).await?;
            if !targets.contains(&target) {
                targets.push(target);
            }
        }
        let mut told = Vec::new();
        let mut failed = None;
        for target in targets {
            match kill_one(&known, &target).await {
                Ok((names, was_there)) => {
                    let id = target.id.as_str();
                    told.push(json!({
                        "v": FORMAT, "type": "killed", "sessions": names, "sandbox": id,
                        "was_there": was_there,
                    }));
                    if !args.json {
                        report::line(sentence(&names, id, was_there))?;
                    }
                }
                Err(ended) => {
                    // The others are killed all the same; the last failure is the one that is told.
                    if let Some(Ended::Failed(failure)) = failed.replace(ended) {
                        report::progress(report::words(&failure).trim_end());
                    }
                }
            }
        }
        if args.json {
            report::json(&told)?;
        }
        failed.map_or(Ok(()), Err)
    })
}

fn sentence(names: &[String], id: &str, was_there: bool) -> String {
    let names = if names.is_empty() {
        format!("sandbox {id}")
    } else {
        format!("{} (sandbox {id})", names.join(", "))
    };
    if was_there {
        format!("killed {names}")
    } else {
        format!("{names} had gone before")
    }
}

/// The sandbox that a name means: a session's, one by its id, or one that only the engine knows.
async fn target(known: &Known<'_>, name: &str) -> Result<Target, Ended> {
    if let Some(session) = known.find(name) {
        let Some(id) = session.sandbox.id.clone() else {
            let failure = Failure::new(format!("session {name} has no sandbox"));
            return Err(failure.because("there is nothing to kill").into());
        };
        let engine = session.sandbox.engine;
        return Ok(Target { engine, id });
    }
    for engine in known.engines() {
        let world = match known.world(engine).await {
            Ok(world) => world,
            Err(ended) if engine == known.config.engine.value => return Err(ended),
            Err(_) => continue,
        };
        let Some(host) = Host::find(&world).await? else {
            continue;
        };
        let listed = host.sandboxes().await?;
        let found = listed.iter().find(|sandbox| {
            let named = sandbox.metadata.get("sandbar.name");
            sandbox.sandbox_id == name || named.is_some_and(|named| named == name)
        });
        if let Some(sandbox) = found {
            let id = SandboxId::from(sandbox.sandbox_id.as_str());
            return Ok(Target { engine, id });
        }
    }
    Err(known.unknown(name))
}

/// Kills it and stores that; returns the names of its sessions, and whether it was there.
async fn kill_one(known: &Known<'_>, target: &Target) -> Result<(Vec<String>, bool), Ended> {
    let world = known.world(target.engine).await?;
    let host = Host::find_or_start(&world).await?;
    let has_it = |session: &&SessionSummary| session.sandbox.id.as_ref() == Some(&target.id);
    let siblings: Vec<&SessionSummary> = known.sessions.iter().filter(has_it).collect();
    // Whether and since when it runs, nobody can ask afterwards. To kill it does not wait for that.
    let seen = host.sandbox(&target.id).await.ok().flatten();
    let (phase, was_there) = host.kill(&target.id).await?;
    if let Some(seen) = seen {
        known.ran(&siblings, &seen).await;
    }
    known.store_phase(siblings.iter().copied(), &phase).await?;
    for session in &siblings {
        // Opens nothing any more; one that stays is not worth a failure.
        let _kept = known.secrets().remove(&session.key);
    }
    let names = siblings.iter().map(|session| session.name.clone());
    Ok((names.collect(), was_there))
}
