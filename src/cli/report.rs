//! Where commands speak: standard output for results, standard error for progress and failures.
//!
//! Writes are fallible: `println!` would panic on a closed pipe. Text that came from a sandbox or a
//! model is stripped of control sequences when it goes to a terminal, and passed on untouched into a
//! pipe or a file, where `sandbar diff` must be exact.

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use serde::Serialize;

use crate::domain::failure::Failure;
use crate::text::ansi;

/// How a command ended when it did not succeed; decides the exit code and the words.
#[derive(Debug)]
pub(super) enum Ended {
    /// It was tried and did not work: 1.
    Failed(Failure),
    /// The command line or the configuration is wrong: 2.
    Usage(Failure),
    /// An account or a credential is missing: 3.
    NoAccount(Failure),
    /// The user interrupted it: 130.
    Interrupted,
    /// Whoever read our output has gone: a quiet 0.
    BrokenPipe,
    /// What ran in the sandbox ended with this code, and has said why itself.
    Code(u8),
}

impl From<Failure> for Ended {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl From<io::Error> for Ended {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Self::BrokenPipe;
        }
        Self::Failed(Failure::new("output could not be written").because(error.to_string()))
    }
}

impl Ended {
    pub(super) fn code(&self) -> u8 {
        match self {
            Self::BrokenPipe => 0,
            Self::Failed(_) => 1,
            Self::Usage(_) => 2,
            Self::NoAccount(_) => 3,
            Self::Interrupted => 130,
            Self::Code(code) => *code,
        }
    }
}

/// Says on standard error why a command ended, and returns its exit code.
pub(super) fn conclude(result: Result<(), Ended>) -> ExitCode {
    let Err(ended) = result else {
        return ExitCode::SUCCESS;
    };
    if let Ended::Failed(failure) | Ended::Usage(failure) | Ended::NoAccount(failure) = &ended {
        // Nobody is left to tell if standard error is closed.
        let _unread = io::stderr().write_all(words(failure).as_bytes());
    }
    ExitCode::from(ended.code())
}

/// Writes a failure as lines: what, why, the process's last words, what next.
pub(super) fn words(failure: &Failure) -> String {
    let mut text = format!("sandbar: {}\n", ansi::plain(&failure.summary));
    for line in failure.detail.lines() {
        text.extend(["  ", &ansi::plain(line), "\n"]);
    }
    for line in &failure.stderr {
        text.extend(["  | ", &ansi::plain(line), "\n"]);
    }
    if !failure.hint.is_empty() {
        let hint = without_keys(&failure.hint);
        text.extend(["  hint: ", &ansi::plain(&hint), "\n"]);
    }
    text
}

/// Hints are written for the terminal, where a key tries again or goes on. A command is run again, and
/// the rest is done in the terminal, in the session that it leaves.
fn without_keys(hint: &str) -> String {
    let hint = hint.replace("press r to try again", "run the command again");
    let hint = hint.replace("press r to ", "open the session in the terminal to ");
    hint.replace("n starts a new session", "`sandbar` shows it")
}

/// Prints a result of our own making, with a line end.
pub(super) fn line(text: impl AsRef<str>) -> Result<(), Ended> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_ref().as_bytes())?;
    out.write_all(b"\n")?;
    Ok(out.flush()?)
}

/// Prints a value as one line of JSON.
pub(super) fn json(value: &impl Serialize) -> Result<(), Ended> {
    let text = serde_json::to_string(value).map_err(|error| {
        Failure::new("a result could not be written as JSON").because(error.to_string())
    })?;
    line(text)
}

/// Prints text from a sandbox as it comes, without a line end.
pub(super) fn foreign(text: &str) -> Result<(), Ended> {
    let mut out = io::stdout().lock();
    if out.is_terminal() {
        for (index, line) in text.split('\n').enumerate() {
            if index > 0 {
                out.write_all(b"\n")?;
            }
            out.write_all(ansi::plain(line).as_bytes())?;
        }
    } else {
        out.write_all(text.as_bytes())?;
    }
    Ok(out.flush()?)
}

/// Prints bytes exactly.
pub(super) fn bytes(bytes: &[u8]) -> Result<(), Ended> {
    let mut out = io::stdout().lock();
    out.write_all(bytes)?;
    Ok(out.flush()?)
}

/// Says on standard error what goes on; control sequences are stripped.
pub(super) fn progress(text: impl AsRef<str>) {
    let line = format!("{}\n", ansi::plain(text.as_ref()));
    // Progress that nobody can read is no reason to stop.
    let _unread = io::stderr().write_all(line.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_told_of_no_keys() {
        assert_eq!(
            without_keys("press r to try again in a moment"),
            "run the command again in a moment"
        );
        assert_eq!(
            without_keys("press r to send it all the same, or start with --empty"),
            "open the session in the terminal to send it all the same, or start with --empty"
        );
    }
}
