//! The commands, a file each; those on the life of sandboxes are in `lifecycle`, those on
//! code in `code`, those on settings in `settings`. They are listeners to the same
//! sessions as the terminal, or short queries of the engine and the store.
//!
//! In: the arguments and one snapshot of the environment. Out: an exit code: 0 success, 1 failure, 2 usage, 3 no
//! account, 130 interrupted.

mod args;
mod code;
mod doctor;
mod internal;
mod lifecycle;
mod local;
mod lookup;
mod ls;
mod report;
mod run;
mod settings;
mod setup;
mod shell;
mod terminal;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser;
use clap::error::{ContextKind, ContextValue};

use args::{Cli, CliCommand, InternalCommand, LocalCommand};
use lifecycle::pause::{self, PowerOp};
use lifecycle::{adopt, kill, revive, rm};
use report::CommandError;
use settings::{config, keys, rules};
use setup::runtime::runtime;

use crate::config::Env;
use crate::domain::failure::Failure;
use crate::text::visible_bytes::visible_line;

/// Runs the program.
pub fn main(arguments: impl IntoIterator<Item = OsString>, env: &Env) -> ExitCode {
    report::report_panics();
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let error = match Cli::try_parse_from(&arguments) {
        Ok(cli) => return report::conclude(dispatch(cli, env)),
        Err(error) => error,
    };
    let in_colour = env.text("NO_COLOR").is_none() && env.text("TERM") != Some("dumb");
    report::usage(&error, in_colour, || {
        let arguments = arguments.iter().map(|argument| argument.to_string_lossy());
        let visible = arguments.map(|argument| visible_line(&argument).into_owned());
        Cli::try_parse_from(visible).err().map(with_session_tip)
    })
}

/// An unknown command may be meant as a session's name.
fn with_session_tip(mut error: clap::Error) -> clap::Error {
    let word = match error.get(ContextKind::InvalidSubcommand) {
        Some(ContextValue::String(word)) => word.clone(),
        _ => return error,
    };
    let tip = format!("`sandbar --session {word}` opens the session with that name");
    error.insert(
        ContextKind::Suggested,
        ContextValue::StyledStrs(vec![tip.into()]),
    );
    error
}

/// Adds a command's session to its failures: the advice names a command for it.
fn about(name: &str) -> impl FnOnce(CommandError) -> CommandError {
    move |ended| ended.about(name)
}

fn dispatch(cli: Cli, env: &Env) -> Result<(), CommandError> {
    let options = &cli.options;
    if let (Some(name), Some(_)) = (&cli.session, &cli.command) {
        let failure = Failure::new("--session has no effect before a command");
        let hint = format!(
            "`sandbar --session {name}` opens the terminal; with a command, put --session after its name"
        );
        return Err(CommandError::Usage(failure.hint(hint)));
    }
    match cli.command {
        None => terminal::full(options, cli.session.as_deref(), env),
        Some(CliCommand::Attach(args)) => terminal::attach(options, &args, env),
        Some(CliCommand::Run(args)) => run::run(&args.options.over(options), &args, env),
        Some(CliCommand::Local(LocalCommand::Serve(args))) => local::serve(options, &args, env),
        Some(CliCommand::Local(LocalCommand::Status(args))) => local::status(options, &args, env),
        Some(CliCommand::Local(LocalCommand::Stop)) => local::stop(options, env),
        Some(CliCommand::Internal(InternalCommand::Init)) => internal::init(),
        Some(CliCommand::Internal(InternalCommand::Detach { argv })) => internal::detach(&argv),
        Some(CliCommand::Internal(InternalCommand::Terminal { argv })) => internal::terminal(&argv),
        Some(CliCommand::Internal(InternalCommand::Demo { port })) => internal::demo(port),
        Some(CliCommand::Ls(args)) => ls::ls(options, &args, env),
        Some(CliCommand::Search(args)) => ls::search::search(options, &args, env),
        Some(CliCommand::Kill(args)) => kill::kill(options, &args, env),
        Some(CliCommand::Pause(args)) => pause::run(PowerOp::Pause, options, &args, env),
        Some(CliCommand::Resume(args)) => pause::run(PowerOp::Resume, options, &args, env),
        Some(CliCommand::Rm(args)) => rm::rm(options, &args, env),
        Some(CliCommand::Revive(args)) => {
            revive::revive(options, &args, env).map_err(about(&args.name))
        }
        Some(CliCommand::Adopt(args)) => adopt::adopt(options, &args, env),
        Some(CliCommand::Shell(args)) => {
            shell::shell(options, &args, env).map_err(about(&args.name))
        }
        Some(CliCommand::Diff(args)) => code::diff(options, &args, env).map_err(about(&args.name)),
        Some(CliCommand::Fetch(args)) => {
            code::fetch(options, &args, env).map_err(about(&args.name))
        }
        Some(CliCommand::Push(args)) => {
            code::push(options, &args, env).map_err(about(&args.fetch.name))
        }
        Some(CliCommand::Pr(args)) => {
            code::pr(options, &args, env).map_err(about(&args.push.fetch.name))
        }
        Some(CliCommand::Apply(args)) => {
            code::apply(options, &args, env).map_err(about(&args.name))
        }
        Some(CliCommand::Update(args)) => {
            code::update(options, &args, env).map_err(about(&args.name))
        }
        Some(CliCommand::Config(args)) => config::config(options, &args, env),
        Some(CliCommand::Doctor(args)) => doctor::doctor(options, &args, env),
        Some(CliCommand::Rules(args)) => rules::rules(&args, env),
        Some(CliCommand::Keys(args)) => keys::keys(options, &args, env),
    }
}
