//! `sandbar revive NAME`: continues a session whose sandbox is gone in a new one.

use std::pin::pin;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

use crate::cli::args::{GlobalOptions, NameArgs};
use crate::cli::lookup::SessionLookup;
use crate::cli::ls::age;
use crate::cli::report::{self, CommandError};
use crate::cli::run::headless::boot_line;
use crate::cli::runtime;
use crate::cli::setup;
use crate::cli::setup::keyring;
use crate::config::Env;
use crate::domain::failure::Failure;
use crate::domain::failure::advice::Advice;
use crate::domain::id::SessionKey;
use crate::domain::sandbox::Phase;
use crate::domain::session::{
    CloseAction, Revival, SessionCommand, SessionEvent, SessionOrigin, SessionSpec, SessionSummary,
};
use crate::e2b::wire::SandboxState;
use crate::session::context::{SessionContext, wall};
use crate::session::sandbox::access::EngineClient;
use crate::session::snapshot::revive::prospect;
use crate::session::supervisor::Supervisor;

pub(in crate::cli) fn revive(
    options: &GlobalOptions,
    args: &NameArgs,
    env: &Env,
) -> Result<(), CommandError> {
    let mut config = setup::config(options, env)?;
    runtime()?.block_on(async {
        let names = config.missing_provider_keys();
        keyring::complete(&mut config, &names).await;
        let lookup = SessionLookup::open(&config, env).await?;
        let session = lookup.session(&args.name)?;
        let context = lookup.context(session.sandbox.engine).await?;
        check_gone(&context, session).await?;
        if let Some(prospect) = prospect(&context, &session.key).await {
            report::progress(before(&prospect));
        }
        let (events, mut inbox) = mpsc::channel(256);
        let mut supervisor = Supervisor::new(context, events);
        let mut interrupted = signal(SignalKind::interrupt())?;
        let ended = {
            let mut back = pin!(back(&mut supervisor, &session.key, &mut inbox));
            tokio::select! {
                back = &mut back => back,
                _ = interrupted.recv() => Err(CommandError::Interrupted),
            }
        };
        supervisor.shut_down(CloseAction::Detach).await;
        let revival = ended?;
        let queued = match revival.missing {
            0 => String::new(),
            n => format!("; queued prompts: {n}"),
        };
        report::line(format!("revived {}{queued}", session.name))
    })
}

/// Refuses a session whose sandbox exists: the boot before a revival would resume a paused one and leave it running.
async fn check_gone(
    context: &SessionContext,
    session: &SessionSummary,
) -> Result<(), CommandError> {
    let Some(id) = &session.sandbox.id else {
        return Ok(());
    };
    let engine = EngineClient::find_or_start(context).await?;
    match engine.sandbox(id).await? {
        Some(listed) => Err(exists(&session.name, listed.state).into()),
        None => Ok(()),
    }
}

/// The failure of a revival whose sandbox still exists in this state.
fn exists(name: &str, state: SandboxState) -> Failure {
    let (words, advice) = match state {
        SandboxState::Paused => ("the sandbox is only paused", Advice::Resume),
        SandboxState::Running => ("the sandbox still runs", Advice::OpenSession),
        SandboxState::Unknown => ("the sandbox still exists", Advice::OpenSession),
    };
    Failure::new(format!("nothing to revive: {words}"))
        .advise([advice])
        .about(name)
}

/// What will be restored, and what will not.
fn before(prospect: &Revival) -> String {
    let snapshot = &prospect.snapshot;
    let taken = age(wall().since(snapshot.at));
    let code = match snapshot.code_at {
        Some(at) if at == snapshot.at => String::new(),
        Some(at) => format!(", its code was saved {}", age(wall().since(at))),
        None => ", without its code: the code of a new session replaces it".to_owned(),
    };
    let missing = match prospect.missing {
        0 => "all prompts are included".to_owned(),
        1 => "1 later prompt is not included".to_owned(),
        n => format!("{n} later prompts are not included"),
    };
    format!(
        "the last snapshot was taken {taken}{code}; {missing}; git-ignored files are not included"
    )
}

/// Opens the session and waits until it is back.
async fn back(
    supervisor: &mut Supervisor,
    key: &SessionKey,
    inbox: &mut mpsc::Receiver<(SessionKey, SessionEvent)>,
) -> Result<Revival, CommandError> {
    supervisor.open(SessionSpec {
        key: key.clone(),
        origin: SessionOrigin::Stored,
    });
    let taken = supervisor.command(key, SessionCommand::Revive);
    taken.map_err(|busy| Failure::new("the session does not respond").detail(busy.to_string()))?;
    let mut begun = false;
    while let Some((_, event)) = inbox.recv().await {
        match event {
            SessionEvent::Revived(revival) => return Ok(revival),
            SessionEvent::Boot(boot) => {
                begun = true;
                boot_line(boot).iter().for_each(report::progress);
            }
            // The stored phase, which is why we are here.
            SessionEvent::Phase(Phase::Gone(_)) if !begun => {}
            SessionEvent::CommandFailed(failure)
            | SessionEvent::Phase(Phase::Failed(failure) | Phase::Gone(failure)) => {
                return Err(failure.into());
            }
            _ => {}
        }
    }
    Err(Failure::new("the session ended before it was revived").into())
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn only_a_paused_sandbox_is_to_be_resumed() {
        let advice = |state| exists("fix", state).next.advice;

        assert_eq!(advice(SandboxState::Paused), [Advice::Resume]);
        assert_eq!(advice(SandboxState::Running), [Advice::OpenSession]);
        assert_eq!(advice(SandboxState::Unknown), [Advice::OpenSession]);
    }
}
