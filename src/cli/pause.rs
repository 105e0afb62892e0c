//! `sandbar pause NAME…` and `sandbar resume NAME…`.
//!
//! The names are looked up before anything is done. One that fails does not keep the others from their
//! turn; each failure is told.

use std::time::Instant;

use super::args::{NamesArgs, Options};
use super::known::Known;
use super::report::{self, Ended};
use super::{runtime, setup};
use crate::config::Env;
use crate::domain::failure::Failure;
use crate::domain::sandbox::Phase;
use crate::domain::session::{Closing, SessionSummary};
use crate::session::closing::{close_stored, resume_stored};

/// What is to become of the sandboxes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wish {
    Pause,
    Resume,
}

pub(super) fn run(wish: Wish, options: &Options, args: &NamesArgs, env: &Env) -> Result<(), Ended> {
    let config = setup::config(options, env)?;
    runtime()?.block_on(async {
        let known = Known::open(&config, env).await?;
        let mut sessions: Vec<&SessionSummary> = Vec::new();
        for name in &args.names {
            let session = known.find(name).ok_or_else(|| known.unknown(name))?;
            if !sessions.iter().any(|other| other.key == session.key) {
                sessions.push(session);
            }
        }
        let mut failed = None;
        for session in sessions {
            match one(wish, &known, session).await {
                Ok(done) => report::line(done)?,
                Err(ended) => {
                    // The last failure is the one that the program ends with.
                    if let Some(Ended::Failed(failure)) = failed.replace(ended) {
                        report::progress(report::words(&failure).trim_end());
                    }
                }
            }
        }
        failed.map_or(Ok(()), Err)
    })
}

async fn one(wish: Wish, known: &Known<'_>, session: &SessionSummary) -> Result<String, Ended> {
    let world = known.world(session.sandbox.engine).await?;
    let began = Instant::now();
    let (phase, done) = match wish {
        Wish::Pause => (
            close_stored(&world, &session.key, Closing::Pause).await.0,
            "paused",
        ),
        Wish::Resume => (resume_stored(&world, &session.key).await, "resumed"),
    };
    match phase {
        Phase::Gone(failure) | Phase::Failed(failure) => Err(named(failure, &session.name).into()),
        _ => {
            let took = began.elapsed().as_secs_f64();
            Ok(format!("{done} {} in {took:.1} s", session.name))
        }
    }
}

/// Several may fail: each says which.
fn named(failure: Failure, name: &str) -> Failure {
    Failure {
        summary: format!("{name}: {}", failure.summary),
        ..failure
    }
}
