//! `sandbar run PROMPT`: sends one prompt to a new or an existing session, without a terminal.
//!
//! The answer goes to stdout as it grows, everything else to stderr; `--json` prints one event per line on stdout
//! instead, each with a `type` and the version of this format.
//!
//! A new session that fails before its prompt was sent leaves nothing behind: its sandbox holds only what came from
//! here. After that there may be work in it, so it is kept and named. An existing one is left as it was found:
//! running or paused, and without an unsent prompt.

mod answer;
pub(super) mod headless;
mod opening;

use std::io::Read;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

use super::args::{GlobalOptions, RunArgs};
use super::report::{self, CommandError};
use super::{runtime, setup};
use crate::app::cx::IdSource;
use crate::config::Env;
use crate::config::own_log::Redactor;
use crate::domain::failure::Failure;
use crate::domain::id::{MessageId, SessionKey};
use crate::domain::prompt::PromptKind;
use crate::domain::sandbox::Phase;
use crate::domain::session::{CloseAction, Prompt, SessionCommand, SessionEvent, SessionSpec};
use crate::rules::file::RulesFile;
use crate::session::context::{RecordStore, wall};
use crate::session::recorder::removal;
use crate::session::supervisor::Supervisor;
use answer::PrintedAnswer;
use headless::{Headless, HeadlessOutput, UnfinishedRun};
use opening::{SandboxBefore, SessionOpening};

pub(super) fn run(options: &GlobalOptions, args: &RunArgs, env: &Env) -> Result<(), CommandError> {
    let text = prompt_text(&args.prompt)?;
    let mut config = setup::config(options, env)?;
    let runtime = runtime()?;
    let log = setup::own_log(&config, &config.paths.log_file(), &Redactor::default());
    log.warning.iter().for_each(report::progress);
    runtime.block_on(async {
        let rules = rules(args, env)?;
        let mut opening = match &args.session {
            Some(name) => opening::of_known(name, options, &mut config, env).await?,
            None => opening::of_new(args.name.as_deref(), options, &mut config, env).await?,
        };
        opening.context.settings.rules = rules;
        follow(opening, text, args).await
    })
}

/// The rules that count in this run. What is allowed without asking is limited by those that deny, so they have to
/// be valid before anything starts.
fn rules(args: &RunArgs, env: &Env) -> Result<Option<RulesFile>, CommandError> {
    let Some(file) = setup::rules(env).filter(|_| args.rules || args.auto) else {
        return Ok(None);
    };
    match file.load() {
        Ok(_) => Ok(Some(file)),
        Err(error) => Err(CommandError::Usage(Failure::new(error.to_string()))),
    }
}

fn prompt_text(argument: &str) -> Result<String, CommandError> {
    let mut text = argument.to_owned();
    if argument == "-" {
        text.clear();
        std::io::stdin()
            .read_to_string(&mut text)
            .map_err(|error| {
                Failure::new("the prompt could not be read from standard input")
                    .detail(error.to_string())
            })?;
    }
    if text.trim().is_empty() {
        return Err(CommandError::Usage(Failure::new("the prompt is empty")));
    }
    Ok(text)
}

async fn follow(opening: SessionOpening, text: String, args: &RunArgs) -> Result<(), CommandError> {
    let mut ids = IdSource::seeded(setup::seed()?);
    let (message, part) = (ids.message(wall()), ids.part(wall()));
    let SessionOpening {
        context,
        spec,
        name,
        model,
        found,
    } = opening;
    let (key, records) = (spec.key.clone(), context.records.clone());
    let (events, mut inbox) = mpsc::channel(256);
    let mut supervisor = Supervisor::new(context, events);
    let mut headless = match found {
        SandboxBefore::Nothing => Headless::new(args.auto, message.clone()),
        SandboxBefore::Paused | SandboxBefore::Running => {
            Headless::continuing(args.auto, message.clone())
        }
    };
    let prompt = Prompt {
        message: message.clone(),
        part,
        text,
        kind: PromptKind::Message,
        parts: Vec::new(),
        agent: None,
        model,
        variant: None,
    };
    let mut answer = PrintedAnswer::new(args.json);
    let ended = converse(
        &mut supervisor,
        (spec, prompt),
        &mut inbox,
        (&mut headless, &mut answer),
    )
    .await;
    // Events received meanwhile say what is left.
    while let Ok((_, event)) = inbox.try_recv() {
        headless.receive(event);
    }
    drop(inbox);
    let left = headless.left();
    let closing = closing(found, args.rm, left, &ended);
    supervisor.close(&key, closing);
    supervisor.shut_down(closing).await;
    let became = match (&records, found) {
        (Some(records), SandboxBefore::Nothing) => leave_new(records, &key, closing, left).await,
        (Some(records), _) => leave_known(records, (&key, &message), closing, &name).await,
        (None, _) => String::new(),
    };
    answer.close(ended, &name, &became)
}

/// What becomes of the sandbox.
fn closing(
    found: SandboxBefore,
    rm: bool,
    left: UnfinishedRun,
    ended: &Result<(), CommandError>,
) -> CloseAction {
    match found {
        SandboxBefore::Running => CloseAction::Detach,
        SandboxBefore::Nothing if rm || (ended.is_err() && !left.taken) => CloseAction::Kill,
        SandboxBefore::Nothing | SandboxBefore::Paused => CloseAction::Pause,
    }
}

/// Opens the session, sends the prompt and follows it to the end of its turn.
async fn converse(
    supervisor: &mut Supervisor,
    (spec, prompt): (SessionSpec, Prompt),
    inbox: &mut mpsc::Receiver<(SessionKey, SessionEvent)>,
    (headless, answer): (&mut Headless, &mut PrintedAnswer),
) -> Result<(), CommandError> {
    let key = spec.key.clone();
    supervisor.open(spec);
    let taken = supervisor.command(&key, SessionCommand::Prompt(prompt));
    taken.map_err(|busy| Failure::new("the prompt was not accepted").detail(busy.to_string()))?;
    let mut interrupted = signal(SignalKind::interrupt())?;
    let mut terminated = signal(SignalKind::terminate())?;
    loop {
        let event: SessionEvent = tokio::select! {
            _ = interrupted.recv() => return Err(CommandError::Interrupted),
            _ = terminated.recv() => return Err(CommandError::Interrupted),
            received = inbox.recv() => match received {
                Some((_, event)) => event,
                None => return Err(Failure::new("the session is gone").into()),
            },
        };
        let mut out = headless.receive(event).into_iter();
        let mut command = |command| supervisor.command(&key, command).is_ok();
        if let Some(ended) = out.find_map(|out| perform(out, answer, &mut command)) {
            return ended;
        }
    }
}

/// What became of a new session, which is deleted unless some of it is worth keeping.
async fn leave_new(
    records: &RecordStore,
    key: &SessionKey,
    closing: CloseAction,
    left: UnfinishedRun,
) -> String {
    let stored = records.store.session(key).await.ok().flatten();
    let session = stored.map(|session| session.summary);
    let is_gone = session
        .as_ref()
        .is_none_or(|session| matches!(session.phase, Phase::Gone(_)));
    let has_sandbox = session
        .as_ref()
        .is_some_and(|session| session.sandbox.id.is_some());
    let name = session.map_or_else(String::new, |session| session.name);
    match closing {
        CloseAction::Kill if is_gone => match removal::remove(records, key).await {
            Ok(()) => "removed".to_owned(),
            Err(failure) => format!("killed, but not removed: {}", failure.line()),
        },
        CloseAction::Kill if has_sandbox => {
            "kept: its sandbox could not be killed and may still run".to_owned()
        }
        CloseAction::Kill => "kept: whether it has a sandbox is unknown".to_owned(),
        _ if is_gone => format!("is gone; `sandbar revive {name}` brings it back"),
        _ if !has_sandbox => "has no sandbox".to_owned(),
        _ if left.prompt => {
            format!("is paused; it sends its prompt when `sandbar resume {name}` resumes it")
        }
        _ => format!("is paused; `sandbar --session {name}` opens it"),
    }
}

/// What became of an existing session; an unsent prompt is not left in its queue.
async fn leave_known(
    records: &RecordStore,
    (key, message): (&SessionKey, &MessageId),
    closing: CloseAction,
    name: &str,
) -> String {
    let withdrawn = match records.store.dequeue(key, message).await {
        Ok(true) => "; the prompt was not sent",
        Ok(false) | Err(_) => "",
    };
    let stored = records.store.session(key).await.ok().flatten();
    let phase = stored.map(|session| session.summary.phase);
    let became = match (closing, phase) {
        (_, Some(Phase::Gone(_))) => format!("is gone; `sandbar revive {name}` brings it back"),
        (CloseAction::Detach, _) => "is still running, as before".to_owned(),
        (_, Some(Phase::Paused)) => "is paused, as before".to_owned(),
        _ => "may still run: its sandbox could not be paused".to_owned(),
    };
    became + withdrawn
}

/// Performs one output; returns how the run ends, if it does.
fn perform(
    out: HeadlessOutput,
    answer: &mut PrintedAnswer,
    command: impl FnOnce(SessionCommand) -> bool,
) -> Option<Result<(), CommandError>> {
    match out {
        HeadlessOutput::Done(None) => Some(Ok(())),
        HeadlessOutput::Done(Some(failure)) => Some(Err(CommandError::Failed(failure))),
        HeadlessOutput::Command(wanted) => {
            let stuck = || {
                Err(Failure::new("the session does not respond")
                    .hint("run the command again")
                    .into())
            };
            (!command(wanted)).then(stuck)
        }
        out => answer.tell(out).err().map(Err),
    }
}
