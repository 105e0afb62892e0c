//! `sandbar rm NAME…` and `sandbar rm --gone`: deletes sessions whose sandbox is gone for good, with their
//! conversations, snapshots, logs and drafts.
//!
//! A session with a sandbox, running or paused, is refused: there may be work in it, and `sandbar kill` lists what
//! is lost. The names are looked up before anything is deleted.

use serde_json::json;

use crate::cli::args::{GlobalOptions, RmArgs};
use crate::cli::lookup::{FORMAT, SessionLookup};
use crate::cli::report::{self, CommandError};
use crate::cli::runtime;
use crate::cli::setup;
use crate::config::Env;
use crate::domain::failure::Failure;
use crate::domain::sandbox::Phase;
use crate::domain::session::SessionSummary;
use crate::e2b::wire::{ListedSandbox, SandboxState};
use crate::session::recorder::removal;
use crate::session::sandbox::access::EngineClient;

pub(in crate::cli) fn rm(
    options: &GlobalOptions,
    args: &RmArgs,
    env: &Env,
) -> Result<(), CommandError> {
    let config = setup::config(options, env)?;
    runtime()?.block_on(async {
        let lookup = SessionLookup::open(&config, env).await?;
        let sessions = if args.gone {
            gone(&lookup).await
        } else {
            named(&lookup, &args.names)?
        };
        let mut results = Vec::new();
        let mut failed = None;
        for session in sessions {
            match one(&lookup, session, args.gone).await {
                Ok(()) => {
                    results
                        .push(json!({ "v": FORMAT, "type": "removed", "session": session.name }));
                    if !args.json {
                        report::line(format!("removed {}", session.name))?;
                    }
                }
                Err(ended) => {
                    // The last failure decides the exit code.
                    if let Some(CommandError::Failed(failure)) = failed.replace(ended) {
                        report::tell(&failure);
                    }
                }
            }
        }
        if args.json {
            report::json(&results)?;
        } else if args.gone && results.is_empty() && failed.is_none() {
            report::progress("no session is gone");
        }
        failed.map_or(Ok(()), Err)
    })
}

fn named<'k>(
    lookup: &'k SessionLookup<'_>,
    names: &[String],
) -> Result<Vec<&'k SessionSummary>, CommandError> {
    let mut sessions: Vec<&SessionSummary> = Vec::new();
    for name in names {
        let session = lookup.session(name)?;
        if !sessions.iter().any(|other| other.key == session.key) {
            sessions.push(session);
        }
    }
    Ok(sessions)
}

/// The sessions whose sandbox is gone, as stored or as its engine says. If an engine cannot be asked, its sessions
/// stay.
async fn gone<'k>(lookup: &'k SessionLookup<'_>) -> Vec<&'k SessionSummary> {
    let mut sessions = Vec::new();
    for session in &lookup.sessions {
        let is_gone = match &session.phase {
            Phase::Gone(_) => true,
            _ if session.sandbox.id.is_none() => false,
            _ => matches!(sandbox(lookup, session).await, Ok(SandboxPresence::Gone)),
        };
        if is_gone {
            sessions.push(session);
        }
    }
    sessions
}

/// Deletes a session if nothing of it is left elsewhere; `is_gone`: that is known.
async fn one(
    lookup: &SessionLookup<'_>,
    session: &SessionSummary,
    is_gone: bool,
) -> Result<(), CommandError> {
    let name = &session.name;
    let is_gone = is_gone || matches!(session.phase, Phase::Gone(_));
    if !is_gone && let SandboxPresence::There(words, id) = sandbox(lookup, session).await? {
        let failure = Failure::new(format!("session {name} still has a sandbox"));
        let kill = match id {
            Some(id) => format!("`sandbar kill {id}` first"),
            None => format!("`sandbar kill {name}` first; it says what is lost"),
        };
        return Err(failure.detail(words).hint(kill).into());
    }
    let removed = removal::remove(lookup.records(), &session.key).await;
    removed.map_err(|failure| {
        let summary = format!("{name}: {}", failure.summary);
        Failure { summary, ..failure }.about(name).into()
    })
}

/// What is known of a session's sandbox.
enum SandboxPresence {
    Gone,
    /// Its state, and its id if the session does not know it.
    There(&'static str, Option<String>),
}

async fn sandbox(
    lookup: &SessionLookup<'_>,
    session: &SessionSummary,
) -> Result<SandboxPresence, CommandError> {
    let context = lookup.context(session.sandbox.engine).await;
    let Some(id) = &session.sandbox.id else {
        let secrets = lookup.secrets().load(&session.key);
        if matches!(secrets, Ok(None)) {
            return Ok(SandboxPresence::Gone);
        }
        // A create call was sent, and its response was lost.
        let host = EngineClient::find_or_start(&context?).await?;
        let made = host.sandboxes().await?.into_iter().find(|listed| {
            let key = listed.metadata.get("sandbar.key");
            key.is_some_and(|key| key == session.key.as_str())
        });
        return Ok(whereabouts(made.as_ref(), true));
    };
    match EngineClient::find(&context?).await? {
        Some(host) => Ok(whereabouts(host.sandbox(id).await?.as_ref(), false)),
        // Without their server all local sandboxes are paused.
        None => Ok(SandboxPresence::There(PAUSED, None)),
    }
}

const PAUSED: &str = "it is paused, with its files";

fn whereabouts(listed: Option<&ListedSandbox>, by_id: bool) -> SandboxPresence {
    let Some(listed) = listed else {
        return SandboxPresence::Gone;
    };
    let words = match listed.state {
        SandboxState::Paused => PAUSED,
        SandboxState::Running | SandboxState::Unknown => "it runs",
    };
    SandboxPresence::There(words, by_id.then(|| listed.sandbox_id.clone()))
}
