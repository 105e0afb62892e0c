//! `sandbar shell NAME`: a shell in a session's sandbox, even if its boot has failed.
//!
//! It exits with the shell's code. A paused sandbox is resumed for it and paused again.

use std::io;

use super::args::{GlobalOptions, ShellArgs};
use super::lookup::SessionLookup;
use super::report::{self, CommandError};
use super::terminal::unshowable;
use super::{runtime, setup};
use crate::config::{Config, Env};
use crate::session::sandbox::shell::Shell;
use crate::tui::passthrough::{ShellExit, pass_through, terminal_size};

pub(super) fn shell(
    options: &GlobalOptions,
    args: &ShellArgs,
    env: &Env,
) -> Result<(), CommandError> {
    let config = setup::config(options, env)?;
    let runtime = runtime()?;
    let ended = runtime.block_on(run(&config, &args.name, env));
    runtime.shutdown_background();
    if args.hold
        && matches!(
            &ended,
            Err(CommandError::Failed(_) | CommandError::Usage(_))
        )
    {
        return Err(hold(ended));
    }
    ended
}

async fn run(config: &Config, name: &str, env: &Env) -> Result<(), CommandError> {
    let lookup = SessionLookup::open(config, env).await?;
    let session = lookup.session(name)?;
    let size = terminal_size().map_err(|error| unshowable(&error))?;
    let context = lookup.context(session.sandbox.engine).await?;
    let mut shell = Shell::open(&context, &session.sandbox, size).await?;
    let resumed = shell.resumed;
    report::progress(format!(
        "shell in the sandbox of {}; leave it with exit, or Enter ~ . if it hangs",
        session.name
    ));
    if resumed {
        report::progress("it was paused, and will be paused again");
    }
    let left = pass_through(&mut shell).await;
    match shell.leave().await {
        Ok(seen) => {
            if let Some(seen) = seen {
                lookup.ran(&[session], &seen).await;
            }
            if resumed {
                report::progress("the sandbox is paused again");
            }
        }
        Err(failure) => {
            report::progress(format!("the sandbox is still running: {}", failure.line()));
        }
    }
    match left.map_err(|error| unshowable(&error))? {
        ShellExit::Ended(0) | ShellExit::Away => Ok(()),
        ShellExit::Ended(code) => Err(CommandError::Code(u8::try_from(code).unwrap_or(1))),
    }
}

/// Waits so that a failure can be read before the caller takes the screen again.
fn hold(ended: Result<(), CommandError>) -> CommandError {
    report::conclude(ended);
    report::progress("press Enter to go back");
    // End of file counts as a key.
    let _line = io::stdin().read_line(&mut String::new());
    CommandError::Code(1)
}
