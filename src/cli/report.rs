//! Where commands speak: standard output for results, standard error for progress and failures. Nothing
//! else in the program writes there, but the terminal that draws.
//!
//! Writes are fallible: `println!` would panic on a closed pipe. Text and bytes from elsewhere (a sandbox, a
//! model, a server, a repository, the command line) are hostile to a terminal, so all that reaches one is
//! made visible. In a pipe or a file a result stays as it is to the byte: `sandbar diff` must be exact.
//! Standard error is for people wherever it ends, so it is always visible.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::fmt::Display;
use std::io::{self, IsTerminal, Stdout, Write};
use std::process::ExitCode;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::termios::{QueueSelector, tcflush, tcgetwinsize};
use serde::Serialize;

use super::advice;
use crate::domain::failure::Failure;
use crate::text::hidden::is_hidden;
use crate::text::visible_bytes::{VisibleBytes, visible, visible_line};

/// One of the two outputs.
#[derive(Debug)]
pub(super) struct CommandOutput<W> {
    to: W,
    /// `None`: bytes go out as they are.
    visible: Option<VisibleBytes>,
}

impl CommandOutput<Stdout> {
    /// Standard output, for what comes piece by piece.
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

    /// Prints a piece as it comes. What is cut at its end comes with the next one.
    pub(super) fn write(&mut self, bytes: impl AsRef<[u8]>) -> Result<(), CommandError> {
        match &mut self.visible {
            Some(visible) => self.to.write_all(visible.pass(bytes.as_ref()).as_bytes())?,
            None => self.to.write_all(bytes.as_ref())?,
        }
        Ok(self.to.flush()?)
    }

    /// Prints what was cut at the end of the last piece: no other one comes.
    pub(super) fn finish(&mut self) -> Result<(), CommandError> {
        if let Some(visible) = &mut self.visible {
            self.to.write_all(visible.finish().as_bytes())?;
        }
        Ok(self.to.flush()?)
    }
}

/// How a command ended when it did not succeed; decides the exit code and the words.
#[derive(Debug)]
pub(super) enum CommandError {
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
    /// Names the session that a failure is about, where nothing has named it.
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

/// Says on standard error why a command ended, and returns its exit code.
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

/// Says on standard error what failed.
pub(super) fn tell(failure: &Failure) {
    complain(&words(failure));
}

/// Nobody is left to tell if standard error is closed.
fn complain(text: &str) {
    let _unread = io::stderr().write_all(visible(text).as_bytes());
}

/// Writes a failure as lines: what, why, the process's last words, what next. No text of it can look like a
/// line of its own.
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

/// Prints a result, with a line end.
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

/// Escapes in JSON what `serde_json` leaves as it is: it knows the controls below 0x20 only. Outside of its
/// texts JSON has none of these, so the value stays the same.
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

/// Prints bytes, without a line end; exactly where no terminal shows them.
pub(super) fn bytes(bytes: impl AsRef<[u8]>) -> Result<(), CommandError> {
    let mut out = CommandOutput::standard();
    out.write(bytes)?;
    out.finish()
}

/// Says on standard error what goes on, in one line.
pub(super) fn progress(text: impl AsRef<str>) {
    // Progress that nobody can read is no reason to stop.
    complain(&format!("{}\n", visible_line(text.as_ref())));
}

/// Whether standard error takes what is written: a terminal that does not read would hold us up.
pub(super) fn is_read() -> bool {
    let stderr = io::stderr();
    let mut polled = [PollFd::new(&stderr, PollFlags::OUT)];
    poll(&mut polled, Some(&Timespec::default())).is_ok_and(|ready| ready > 0)
}

/// Prints what the reader of the command line has to say: help and version on standard output, mistakes on
/// standard error.
///
/// `read` reads a command line again. A mistake quotes the arguments: they are made visible before, so that
/// the only sequences in it are the colours of our own.
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

/// Asks on the terminal for a yes; `None`: there is no terminal to ask on. Only `y` and `yes` are one, and
/// what was typed before the question counts for nothing.
pub(super) fn ask(question: &str) -> Result<Option<bool>, CommandError> {
    let input = io::stdin();
    if !(input.is_terminal() && io::stderr().is_terminal()) {
        return Ok(None);
    }
    tcflush(&input, QueueSelector::IFlush).map_err(io::Error::from)?;
    complain(&format!("{} [y/N] ", visible_line(question)));
    let mut answer = String::new();
    let read = input.read_line(&mut answer);
    // What is no text is no yes.
    let answer = read.map_or("", |_| answer.trim());
    Ok(Some(
        ["y", "yes"]
            .iter()
            .any(|yes| answer.eq_ignore_ascii_case(yes)),
    ))
}

/// The columns and rows of the terminal that shows standard output; `None`: none does.
pub(super) fn screen() -> Option<(u16, u16)> {
    let out = io::stdout();
    let size = || tcgetwinsize(&out).map(|size| (size.ws_col, size.ws_row));
    out.is_terminal().then(|| size().unwrap_or_default())
}

/// Lets the report of a panic be visible too: it may quote the text that nobody could handle.
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
    fn a_terminal_gets_what_is_visible_and_a_pipe_every_byte() {
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
