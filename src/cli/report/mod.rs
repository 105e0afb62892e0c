//! The output of commands: stdout for results, stderr for progress and failures. Nothing else in the program writes
//! there, except the terminal UI.
//!
//! Writes are fallible: `println!` would panic on a closed pipe. Text and bytes from outside (a sandbox, a model, a
//! server, a repository, the command line) are hostile to a terminal, so control characters are made visible on one.
//! In a pipe or a file a result stays exact to the byte, as `sandbar diff` must be. Stderr is always for people, so
//! it is always made visible.

pub(super) mod advice;

use std::backtrace::{Backtrace, BacktraceStatus};
use std::fmt::Display;
use std::io::{self, IsTerminal, Stdout, Write};
use std::process::ExitCode;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::termios::{QueueSelector, tcflush, tcgetwinsize};
use serde::Serialize;

use crate::domain::failure::Failure;
use crate::text::hidden::is_hidden;
use crate::text::visible_bytes::{VisibleBytes, visible, visible_line};

/// One of the two outputs.
#[derive(Debug)]
pub(super) struct CommandOutput<W> {
    to: W,
    /// `None`: bytes are written as they are.
    visible: Option<VisibleBytes>,
}

impl CommandOutput<Stdout> {
    /// Stdout, for results that arrive in chunks.
    pub(super) fn standard() -> Self {
        let to = io::stdout();
        let is_terminal = to.is_terminal();
        Self::new(to, is_terminal)
    }
}

impl<W: Write> CommandOutput<W> {
    fn new(to: W, is_terminal: bool) -> Self {
        Self {
            to,
            visible: is_terminal.then(VisibleBytes::default),
        }
    }

    /// Prints a chunk. A sequence cut at its end is printed with the next one.
    pub(super) fn write(&mut self, bytes: impl AsRef<[u8]>) -> Result<(), CommandError> {
        match &mut self.visible {
            Some(visible) => self.to.write_all(visible.pass(bytes.as_ref()).as_bytes())?,
            None => self.to.write_all(bytes.as_ref())?,
        }
        Ok(self.to.flush()?)
    }

    /// Prints the incomplete end of the last chunk: no more chunks follow.
    pub(super) fn finish(&mut self) -> Result<(), CommandError> {
        if let Some(visible) = &mut self.visible {
            self.to.write_all(visible.finish().as_bytes())?;
        }
        Ok(self.to.flush()?)
    }
}

/// How an unsuccessful command ended; decides the exit code and the text.
#[derive(Debug)]
pub(super) enum CommandError {
    /// It was tried and failed: 1.
    Failed(Failure),
    /// The command line or the configuration is wrong: 2.
    Usage(Failure),
    /// An account or a credential is missing: 3.
    NoAccount(Failure),
    /// The user interrupted it: 130.
    Interrupted,
    /// The reader of our output has gone: a quiet 0.
    BrokenPipe,
    /// The program in the sandbox exited with this code, and has reported why itself.
    Code(u8),
}

impl From<Failure> for CommandError {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl From<io::Error> for CommandError {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Self::BrokenPipe;
        }
        Self::Failed(Failure::new("output could not be written").detail(error.to_string()))
    }
}

impl CommandError {
    /// Adds the session that a failure is about, if it has none.
    pub(super) fn about(self, name: &str) -> Self {
        let about = |failure: Failure| match failure.next.session.as_str() {
            "" => failure.about(name),
            _ => failure,
        };
        match self {
            Self::Failed(failure) => Self::Failed(about(failure)),
            Self::Usage(failure) => Self::Usage(about(failure)),
            Self::NoAccount(failure) => Self::NoAccount(about(failure)),
            other => other,
        }
    }

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

/// Reports on stderr why a command ended, and returns its exit code.
pub(super) fn conclude(result: Result<(), CommandError>) -> ExitCode {
    let Err(ended) = result else {
        return ExitCode::SUCCESS;
    };
    if let CommandError::Failed(failure)
    | CommandError::Usage(failure)
    | CommandError::NoAccount(failure) = &ended
    {
        tell(failure);
    }
    ExitCode::from(ended.code())
}

/// Reports a failure on stderr.
pub(super) fn tell(failure: &Failure) {
    complain(&words(failure));
}

/// If stderr is closed, nobody can be told.
fn complain(text: &str) {
    let _unread = io::stderr().write_all(visible(text).as_bytes());
}

/// Formats a failure as lines: what, why, the process's last lines, what next. None of its text can imitate a line
/// of its own.
fn words(failure: &Failure) -> String {
    let mut text = format!("sandbar: {}\n", visible_line(&failure.summary));
    for line in failure.detail.lines() {
        text.extend(["  ", &visible_line(line), "\n"]);
    }
    for line in &failure.stderr {
        text.extend(["  | ", &visible_line(line), "\n"]);
    }
    let hint = advice::words(failure);
    if !hint.is_empty() {
        text.extend(["  hint: ", &visible_line(&hint), "\n"]);
    }
    text
}

/// Prints a result with a line feed.
pub(super) fn line(text: impl AsRef<str>) -> Result<(), CommandError> {
    bytes(format!("{}\n", text.as_ref()))
}

/// Prints a value as one line of JSON.
pub(super) fn json(value: &impl Serialize) -> Result<(), CommandError> {
    let text = serde_json::to_string(value).map_err(|error| {
        Failure::new("a result could not be written as JSON").detail(error.to_string())
    })?;
    line(escaped(&text))
}

/// Escapes what `serde_json` leaves in JSON: it escapes only controls below 0x20. JSON has none of the others
/// outside of strings, so the value stays the same.
fn escaped(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for c in json.chars() {
        if is_hidden(c) {
            let units = c.encode_utf16(&mut [0; 2]).to_vec();
            text.extend(units.iter().map(|unit| format!("\\u{unit:04x}")));
        } else {
            text.push(c);
        }
    }
    text
}

/// Prints bytes without a line feed; exact if stdout is no terminal.
pub(super) fn bytes(bytes: impl AsRef<[u8]>) -> Result<(), CommandError> {
    let mut out = CommandOutput::standard();
    out.write(bytes)?;
    out.finish()
}

/// Reports progress on stderr, in one line.
pub(super) fn progress(text: impl AsRef<str>) {
    // Unreadable progress is no reason to stop.
    complain(&format!("{}\n", visible_line(text.as_ref())));
}

/// Whether stderr accepts output: a terminal that does not read would block us.
pub(super) fn is_read() -> bool {
    let stderr = io::stderr();
    let mut polled = [PollFd::new(&stderr, PollFlags::OUT)];
    poll(&mut polled, Some(&Timespec::default())).is_ok_and(|ready| ready > 0)
}

/// Prints the results of parsing the command line: help and version on stdout, errors on stderr.
///
/// `read` parses a command line again. An error quotes the arguments: their control characters are made visible
/// first, so that the only sequences in it are our own colours.
pub(super) fn usage(
    error: &clap::Error,
    in_colour: bool,
    read: impl FnOnce() -> Option<clap::Error>,
) -> ExitCode {
    let styled = |error: &clap::Error, is_terminal: bool| {
        let text = error.render();
        if in_colour && is_terminal {
            text.ansi().to_string()
        } else {
            text.to_string()
        }
    };
    // A closed pipe after `--help | head` is no failure.
    if !error.use_stderr() {
        let mut out = io::stdout();
        let text = styled(error, out.is_terminal());
        let _unread = out.write_all(text.as_bytes()).and_then(|()| out.flush());
        return ExitCode::SUCCESS;
    }
    let mut out = io::stderr();
    let text = match read() {
        Some(error) => styled(&error, out.is_terminal()),
        None => visible(&error.render().to_string()).into_owned(),
    };
    let _unread = out.write_all(text.as_bytes());
    ExitCode::from(2)
}

/// Asks for confirmation on the terminal; `None`: there is none. Only `y` and `yes` confirm, and input typed before
/// the question is discarded.
pub(super) fn ask(question: &str) -> Result<Option<bool>, CommandError> {
    let input = io::stdin();
    if !(input.is_terminal() && io::stderr().is_terminal()) {
        return Ok(None);
    }
    tcflush(&input, QueueSelector::IFlush).map_err(io::Error::from)?;
    complain(&format!("{} [y/N] ", visible_line(question)));
    let mut answer = String::new();
    let read = input.read_line(&mut answer);
    // Invalid text does not confirm.
    let answer = read.map_or("", |_| answer.trim());
    Ok(Some(
        ["y", "yes"]
            .iter()
            .any(|yes| answer.eq_ignore_ascii_case(yes)),
    ))
}

/// The columns and rows of the terminal on stdout; `None`: stdout is no terminal.
pub(super) fn screen() -> Option<(u16, u16)> {
    let out = io::stdout();
    let size = || tcgetwinsize(&out).map(|size| (size.ws_col, size.ws_row));
    out.is_terminal().then(|| size().unwrap_or_default())
}

/// Makes panic reports visible too: they may quote the text that caused the panic.
pub(super) fn report_panics() {
    std::panic::set_hook(Box::new(|panic| {
        complain(&panic_words(panic, &Backtrace::capture()));
    }));
}

fn panic_words(panic: &impl Display, trace: &Backtrace) -> String {
    let thread = std::thread::current();
    let thread = thread.name().unwrap_or("without a name");
    let mut text = format!("sandbar: an error in sandbar itself, in thread {thread}: {panic}\n");
    if trace.status() == BacktraceStatus::Captured {
        text.push_str(&trace.to_string());
    }
    text
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    const HOSTILE: &str = "a\x1b]0;t\x07\u{9b}31m\u{202e}b\r\n";

    #[test]
    fn a_terminal_gets_visible_text_and_a_pipe_every_byte() {
        for (is_terminal, expected) in [
            (true, "a␛]0;t␇⟨U+009B⟩31m⟨U+202E⟩b␍\n⟨FF⟩⟨E2⟩".as_bytes()),
            (false, &[HOSTILE.as_bytes(), b"\xff\xe2"].concat()),
        ] {
            let mut output = CommandOutput::new(Vec::new(), is_terminal);

            for byte in [HOSTILE.as_bytes(), b"\xff\xe2"].concat() {
                output.write([byte]).unwrap();
            }
            output.finish().unwrap();

            assert_eq!(output.to, expected);
        }
    }

    #[test]
    fn no_text_of_a_failure_looks_like_a_line_of_ours() {
        let failure = Failure::new("session a\nsandbar: all is well")
            .detail("one\x1b[2J\ntwo\r")
            .hint("run \u{202e}it")
            .stderr(vec!["npm\x1b[1A\nERR".to_owned()]);

        assert_eq!(
            words(&failure),
            "sandbar: session a␊sandbar: all is well\n  one␛[2J\n  two␍\n  | npm␛[1A␊ERR\n  \
             hint: run ⟨U+202E⟩it\n"
        );
    }

    #[test]
    fn json_has_no_hidden_character_and_means_the_same() {
        let text = "\0\x1b\x7f\u{9b}\u{202e}\u{200d}\u{e0041}ü\"\\";

        let json = escaped(&serde_json::to_string(text).unwrap());

        assert!(json.chars().all(|c| !is_hidden(c)), "{json}");
        assert!(
            json.contains(r"\u202e") && json.contains(r"\udb40\udc41"),
            "{json}"
        );
        assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
    }

    #[test]
    fn the_report_of_a_panic_can_be_printed() {
        let words = panic_words(&"panicked at x:1:\nno \x1b[2J", &Backtrace::disabled());

        assert!(
            visible(&words).ends_with("panicked at x:1:\nno ␛[2J\n"),
            "{words}"
        );
    }
}
