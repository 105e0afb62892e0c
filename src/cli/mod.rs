//! The commands: one file each. They are listeners to the same sessions as the terminal, or short
//! questions to the engine and the store.
//!
//! In: the arguments and one snapshot of the environment. Out: an exit code: 0 done, 1 failed, 2
//! usage, 3 no account, 130 interrupted.

mod adopt;
mod apply;
mod args;
mod bill;
mod code;
mod config;
mod descriptors;
mod doctor;
mod headless;
mod internal;
mod keyring;
mod keys;
mod kill;
mod known;
mod local;
mod ls;
mod pause;
mod report;
mod revive;
mod run;
mod setup;
mod shell;
mod terminal;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;
use tokio::runtime::{Builder, Runtime};

use args::{Cli, Command, InternalCommand, LocalCommand};
use pause::Wish;
use report::Ended;

use crate::config::Env;
use crate::domain::failure::Failure;

/// Runs the program.
pub fn main(arguments: impl IntoIterator<Item = OsString>, env: &Env) -> ExitCode {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => return told_by_clap(&error),
    };
    report::conclude(dispatch(cli, env))
}

/// Help and version go to standard output and are a success; the rest is a usage error.
fn told_by_clap(error: &clap::Error) -> ExitCode {
    // A closed pipe after `--help | head` is no failure.
    let _unread = error.print();
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => ExitCode::SUCCESS,
        _ => ExitCode::from(2),
    }
}

fn dispatch(cli: Cli, env: &Env) -> Result<(), Ended> {
    let options = &cli.options;
    match cli.command {
        None => terminal::full(options, env),
        Some(Command::Attach(args)) => terminal::attach(options, &args, env),
        Some(Command::Run(args)) => run::run(&args.options.over(options), &args, env),
        Some(Command::Local(LocalCommand::Serve(args))) => local::serve(options, &args, env),
        Some(Command::Local(LocalCommand::Status(args))) => local::status(options, &args, env),
        Some(Command::Local(LocalCommand::Stop)) => local::stop(options, env),
        Some(Command::Internal(InternalCommand::Init)) => internal::init(),
        Some(Command::Internal(InternalCommand::Terminal { argv })) => internal::terminal(&argv),
        Some(Command::Internal(InternalCommand::Demo { port })) => internal::demo(port),
        Some(Command::Ls(args)) => ls::ls(options, &args, env),
        Some(Command::Kill(args)) => kill::kill(options, &args, env),
        Some(Command::Pause(args)) => pause::run(Wish::Pause, options, &args, env),
        Some(Command::Resume(args)) => pause::run(Wish::Resume, options, &args, env),
        Some(Command::Revive(args)) => revive::revive(options, &args, env),
        Some(Command::Adopt(args)) => adopt::adopt(options, &args, env),
        Some(Command::Shell(args)) => shell::shell(options, &args, env),
        Some(Command::Diff(args)) => code::diff(options, &args, env),
        Some(Command::Apply(args)) => code::apply(options, &args, env),
        Some(Command::Config(args)) => config::config(options, &args, env),
        Some(Command::Doctor(args)) => doctor::doctor(options, &args, env),
        Some(Command::Keys(args)) => keys::keys(options, &args, env),
    }
}

/// The loop and the commands run on the caller's thread; two workers carry the sessions.
fn runtime() -> Result<Runtime, Ended> {
    descriptors::ensure()?;
    let built = Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build();
    built.map_err(|error| {
        Failure::new("the program could not start its threads")
            .because(error.to_string())
            .into()
    })
}
