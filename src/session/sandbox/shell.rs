//! A shell in a session's sandbox, on a pty there, started by envd.
//!
//! In: a [`SessionContext`] whose settings name the engine, the stored sandbox, and keys. Out: the shell's output,
//! as bytes. The boot need not have got further than the sandbox: the shell is also for failed boots. A broken
//! connection is reconnected; the shell keeps running meanwhile, and its output of that time is lost (envd buffers
//! nothing). Knows no terminal on this side, and stores nothing.

use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;

use super::SessionSandbox;
use super::lifecycle::{is_engine_of, ttl};
use super::script::script_process;
use super::server_process;
use crate::domain::failure::Failure;
use crate::domain::failure::advice::Advice;
use crate::domain::sandbox::SandboxInfo;
use crate::e2b::error::ErrorKind;
use crate::e2b::process::{ProcessEvent, ProcessRef, ProcessStream, StartProcess};
use crate::e2b::wire::ListedSandbox;
use crate::net::backoff::Backoff;
use crate::net::random;
use crate::session::context::SessionContext;
use crate::session::failures;

pub use crate::e2b::process::TerminalSize;

/// The login shell that the official SDKs start, or whichever exists. It reports its exit in its output, with the
/// word $1 and its code: envd reports it only once nobody has the pty open any more, and a background job may keep
/// it open.
const SHELL: &str = "trap : INT QUIT; \
    if command -v bash >/dev/null; then bash -il; else sh -il; fi; \
    code=$?; printf '\\033]7770;%s;%s\\033\\\\' \"$1\" \"$code\"; exit $code";
/// As the official SDKs set them: the sandbox may not know the local terminal type.
const VARIABLES: [(&str, &str); 3] = [
    ("TERM", "xterm-256color"),
    ("LANG", "C.UTF-8"),
    ("LC_ALL", "C.UTF-8"),
];
/// A death by signal has no exit code; shells report 128 plus its number, this is SIGKILL's.
const KILLED: i32 = 137;

/// An event of the shell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ShellEvent {
    Printed(Bytes),
    /// The connection broke for this reason; it is retried from here on.
    Lost(String),
    /// The connection is restored.
    Back,
    /// The last event: the shell's exit code.
    Ended(i32),
}

/// A running shell. [`Shell::leave`] must be called.
pub struct Shell {
    keyboard: Keyboard,
    /// `None` while the connection is broken.
    stream: Option<ProcessStream>,
    backoff: Backoff,
    connected: Instant,
    lasting: Duration,
    ending: EndMark,
    /// The exit code, once it has ended.
    code: Option<i32>,
    /// The sandbox was paused before, and will be paused again.
    pub resumed: bool,
}

/// Sends input to a shell. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Keyboard {
    sandbox: SessionSandbox,
    process: ProcessRef,
    ttl: Duration,
}

impl Shell {
    /// Connects to the sandbox and starts a shell in its work tree; a paused sandbox is resumed, and the local
    /// engine started.
    pub async fn open(
        context: &SessionContext,
        info: &SandboxInfo,
        size: TerminalSize,
    ) -> Result<Self, Failure> {
        let Some(id) = &info.id else {
            return Err(Failure::new("there is no sandbox in this session yet")
                .detail("it was never made")
                .advise([Advice::OpenSession]));
        };
        let engine = context.engine().await;
        let engine = engine.map_err(|error| failures::engine(&error))?;
        is_engine_of(info, &engine)?;
        let ttl = ttl(context, &engine);
        let joined = SessionSandbox::join(context, engine, id.as_str()).await?;
        let Some((sandbox, resumed)) = joined else {
            return Err(failures::gone(id.as_str()));
        };
        let marker = random::token().map_err(|error| {
            Failure::new("the system provides no random numbers").detail(error.to_string())
        })?;
        let variables = VARIABLES.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let process = StartProcess {
            env: variables.into(),
            directory: info.directory.clone(),
            terminal: Some(size),
            ..script_process(SHELL, &[&marker])
        };
        let stream = sandbox.envd.start(&process).await;
        let stream = stream.map_err(|error| failures::e2b(&error))?;
        Ok(Self {
            keyboard: Keyboard {
                sandbox,
                process: ProcessRef::Pid(stream.pid()),
                ttl,
            },
            stream: Some(stream),
            backoff: Backoff::new(context.timing.backoff_base, context.timing.backoff_cap),
            connected: Instant::now(),
            lasting: context.timing.lasting,
            ending: EndMark::new(&marker),
            code: None,
            resumed,
        })
    }

    pub fn keyboard(&self) -> Keyboard {
        self.keyboard.clone()
    }

    /// Waits for the next event of the shell. Cancel-safe.
    pub async fn next(&mut self) -> ShellEvent {
        let code = loop {
            if let Some(code) = self.code {
                return ShellEvent::Ended(code);
            }
            let Some(stream) = &mut self.stream else {
                let wait = self.backoff.next(random::jitter(), None);
                tokio::time::sleep(wait).await;
                match self.keyboard.connect().await {
                    Ok(Some(stream)) => {
                        self.stream = Some(stream);
                        self.connected = Instant::now();
                        return ShellEvent::Back;
                    }
                    Ok(None) => break KILLED,
                    Err(_) => continue,
                }
            };
            match stream.next().await {
                Ok(Some(ProcessEvent::Stdout(bytes) | ProcessEvent::Stderr(bytes))) => {
                    let (printed, code) = self.ending.look(&bytes);
                    self.code = code;
                    if !printed.is_empty() {
                        return ShellEvent::Printed(printed);
                    }
                }
                Ok(Some(ProcessEvent::Ended(exit))) if exit.exited => break exit.code,
                Ok(Some(ProcessEvent::Ended(_)) | None) => break KILLED,
                Err(error) => {
                    self.stream = None;
                    let life = self.connected.elapsed();
                    self.backoff.reset_if_lasting(life, self.lasting);
                    return ShellEvent::Lost(failures::e2b(&error).summary);
                }
            }
        };
        self.code = Some(code);
        ShellEvent::Ended(code)
    }

    /// Ends the shell and all its descendants if it still runs, and leaves the sandbox as it was found.
    ///
    /// # Errors
    /// The sandbox could not be paused again: it keeps running.
    pub async fn leave(self) -> Result<Option<ListedSandbox>, Failure> {
        let Keyboard {
            sandbox, process, ..
        } = self.keyboard;
        if let (None, ProcessRef::Pid(pid)) = (self.code, process) {
            // It may have ended already.
            let _ended = server_process::end(&sandbox.envd, &[pid]).await;
        }
        if !self.resumed {
            return Ok(None);
        }
        sandbox.pause_again().await
    }
}

impl Keyboard {
    /// Sends input. Calls must not overlap: their order would be undefined.
    pub async fn send(&self, keys: Bytes) -> Result<(), Failure> {
        let sent = self.sandbox.envd.send_terminal(&self.process, keys).await;
        sent.map_err(|error| failures::e2b(&error))
    }

    pub async fn resize(&self, size: TerminalSize) -> Result<(), Failure> {
        let resized = self.sandbox.envd.resize(&self.process, size).await;
        resized.map_err(|error| failures::e2b(&error))
    }

    /// How soon the sandbox's timeout must be extended while somebody types.
    pub fn half_life(&self) -> Duration {
        self.ttl / 2
    }

    /// Extends the sandbox's timeout, and never shortens it.
    pub async fn live_on(&self) {
        let control = &self.sandbox.engine.control;
        // A failure is retried; a broken connection will show the sandbox's end.
        let _lives = control.connect(self.sandbox.id(), Some(self.ttl)).await;
    }

    /// Follows the shell again; `None`: it has ended.
    async fn connect(&self) -> Result<Option<ProcessStream>, Failure> {
        let envd = &self.sandbox.envd;
        match envd.connect(&self.process).await {
            // The event of its end may be lost, and a background job may still have its pty open.
            Ok(stream) => Ok(server_process::is_alive(envd, stream.pid())
                .await
                .map_err(|error| failures::e2b(&error))?
                .then_some(stream)),
            Err(error)
                if matches!(
                    error.kind,
                    ErrorKind::NotFound { .. } | ErrorKind::SandboxGone { .. }
                ) =>
            {
                Ok(None)
            }
            Err(error) => Err(failures::e2b(&error)),
        }
    }
}

/// Finds where a shell reports its exit in its output.
struct EndMark {
    before: Vec<u8>,
    /// Held back, as it may be the beginning of the report.
    held: Vec<u8>,
}

/// What follows the code.
const TERMINATOR: &[u8] = b"\x1b\\";
/// No code is longer.
const CODE: usize = 3;

impl EndMark {
    fn new(word: &str) -> Self {
        Self {
            before: format!("\x1b]7770;{word};").into_bytes(),
            held: Vec::new(),
        }
    }

    /// Takes output; returns what to show, and the code once it was reported.
    fn look(&mut self, printed: &[u8]) -> (Bytes, Option<i32>) {
        self.held.extend_from_slice(printed);
        let length = self.before.len();
        let mut windows = self.held.windows(length);
        let found = windows.position(|window| window == self.before);
        let Some(at) = found else {
            let keeps = |from: &usize| self.before.starts_with(&self.held[*from..]);
            let from = self.held.len().saturating_sub(length - 1);
            let end = self.held.len();
            let kept = (from..end).find(keeps).unwrap_or(end);
            let kept = self.held.split_off(kept);
            return (std::mem::replace(&mut self.held, kept).into(), None);
        };
        let rest = &self.held[at + length..];
        let mut windows = rest.windows(TERMINATOR.len());
        let end = windows.position(|window| window == TERMINATOR);
        if end.is_none() && rest.len() < CODE + TERMINATOR.len() {
            // It is incomplete.
            let kept = self.held.split_off(at);
            return (std::mem::replace(&mut self.held, kept).into(), None);
        }
        let code = end.and_then(|end| std::str::from_utf8(&rest[..end]).ok());
        let code = code.and_then(|code| code.parse::<u8>().ok());
        if code.is_some() {
            self.held.truncate(at);
        }
        // Without a code, another program has found out the word and imitates the report.
        (std::mem::take(&mut self.held).into(), code.map(i32::from))
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;
    use proptest::prelude::*;

    use super::*;

    /// Everything shown of these chunks, and the code.
    fn shown(pieces: &[&[u8]]) -> (Vec<u8>, Option<i32>) {
        let mut ending = EndMark::new("word");
        let mut all = Vec::new();
        for piece in pieces {
            let (printed, code) = ending.look(piece);
            all.extend_from_slice(&printed);
            if code.is_some() {
                return (all, code);
            }
        }
        (all, None)
    }

    #[test]
    fn output_without_the_word_or_a_code_is_shown() {
        let other = b"a\x1b]7770;other;3\x1b\\b";
        assert_eq!(shown(&[other]), (other.to_vec(), None));
        let long = b"a\x1b]7770;word;123456\x1b\\b";
        assert_eq!(shown(&[long]), (long.to_vec(), None));
    }

    proptest! {
        #[test]
        fn the_code_is_found_wherever_the_output_is_cut(
            text in "[\x1b\\]a7;word]{0,20}",
            code in 0_i32..256,
            cuts in proptest::collection::vec(1_usize..8, 0..12),
        ) {
            let whole = format!("{text}\x1b]7770;word;{code}\x1b\\after").into_bytes();
            prop_assume!(!text.contains("\x1b]7770;word;"));
            let mut pieces = Vec::new();
            let mut rest = &whole[..];
            for cut in cuts {
                let (piece, after) = rest.split_at(cut.min(rest.len()));
                pieces.push(piece);
                rest = after;
            }
            pieces.push(rest);

            prop_assert_eq!(shown(&pieces), (text.into_bytes(), Some(code)));
        }
    }
}
