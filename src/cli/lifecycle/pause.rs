//! `sandbar pause NAME…` and `sandbar resume NAME…`.
//!
//! All names are looked up first. A failure does not stop the others; each failure is reported, and so is a sandbox
//! that is already in the requested state.

use std::time::Instant;

use crate::cli::args::{GlobalOptions, NamesArgs};
use crate::cli::lookup::SessionLookup;
use crate::cli::report::{self, CommandError};
use crate::cli::runtime;
use crate::cli::setup;
use crate::config::Env;
use crate::domain::failure::Failure;
use crate::domain::sandbox::Phase;
use crate::domain::session::{CloseAction, SessionSummary};
use crate::e2b::wire::SandboxState;
use crate::session::context::SessionContext;
use crate::session::sandbox::access::EngineClient;
use crate::session::sandbox::closing::{close_stored, resume_stored};

/// The requested state of the sandboxes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cli) enum PowerOp {
    Pause,
    Resume,
}

pub(in crate::cli) fn run(
    wish: PowerOp,
    options: &GlobalOptions,
    args: &NamesArgs,
    env: &Env,
) -> Result<(), CommandError> {
    let config = setup::config(options, env)?;
    runtime()?.block_on(async {
        let lookup = SessionLookup::open(&config, env).await?;
        let mut sessions: Vec<&SessionSummary> = Vec::new();
        for name in &args.names {
            let session = lookup.session(name)?;
            if !sessions.iter().any(|other| other.key == session.key) {
                sessions.push(session);
            }
        }
        let mut failed = None;
        for session in sessions {
            match one(wish, &lookup, session).await {
                Ok(done) => report::line(done)?,
                Err(ended) => {
                    // The last failure decides the exit code.
                    if let Some(CommandError::Failed(failure)) = failed.replace(ended) {
                        report::tell(&failure);
                    }
                }
            }
        }
        failed.map_or(Ok(()), Err)
    })
}

async fn one(
    wish: PowerOp,
    lookup: &SessionLookup<'_>,
    session: &SessionSummary,
) -> Result<String, CommandError> {
    let context = lookup.context(session.sandbox.engine).await?;
    if is_done(wish, &context, session).await? {
        let state = match wish {
            PowerOp::Pause => "is paused",
            PowerOp::Resume => "runs",
        };
        return Ok(format!("{} {state} already", session.name));
    }
    let began = Instant::now();
    let (phase, done) = match wish {
        PowerOp::Pause => (
            close_stored(&context, &session.key, CloseAction::Pause)
                .await
                .0,
            "paused",
        ),
        PowerOp::Resume => (resume_stored(&context, &session.key).await, "resumed"),
    };
    match phase {
        Phase::Gone(failure) | Phase::Failed(failure) => Err(named(failure, &session.name).into()),
        _ => {
            let took = began.elapsed().as_secs_f64();
            Ok(format!("{done} {} in {took:.1} s", session.name))
        }
    }
}

/// Whether the sandbox is already in the requested state. If that is unknown, the call is made.
async fn is_done(
    wish: PowerOp,
    context: &SessionContext,
    session: &SessionSummary,
) -> Result<bool, CommandError> {
    let Some(id) = &session.sandbox.id else {
        return Ok(false);
    };
    if matches!(session.phase, Phase::Gone(_)) {
        return Ok(false);
    }
    let Some(host) = EngineClient::find(context).await? else {
        // Without their server all local sandboxes are paused.
        return Ok(wish == PowerOp::Pause);
    };
    let listed = host.sandbox(id).await?;
    let state = listed.map(|listed| listed.state);
    let wanted = match wish {
        PowerOp::Pause => SandboxState::Paused,
        PowerOp::Resume => SandboxState::Running,
    };
    Ok(state == Some(wanted))
}

/// Several may fail: each names its session.
fn named(failure: Failure, name: &str) -> Failure {
    Failure {
        summary: format!("{name}: {}", failure.summary),
        ..failure.about(name)
    }
}
