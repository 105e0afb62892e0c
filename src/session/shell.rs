//! A shell in a session's sandbox, on a terminal of its own there, as envd starts it.
//!
//! In: a [`World`] whose settings name the engine, what the store knows of the sandbox, and keys. Out:
//! what the shell prints, as bytes. The boot need not have come further than the sandbox: the shell is for
//! those that failed. A connection that breaks is made anew; the shell runs on meanwhile, and what it
//! printed then is lost (envd keeps nothing). Knows no terminal on this side, and stores nothing.

use std::time::Duration;

use bytes::Bytes;

use super::boot_sandbox::{is_engine_of, ttl};
use super::sandbox::{Sandbox, script_process};
use super::words;
use super::world::World;
use crate::domain::failure::Failure;
use crate::domain::sandbox::SandboxInfo;
use crate::e2b::error::Kind;
use crate::e2b::process::{ProcessEvent, ProcessStream, Selector, Signal, StartProcess};
use crate::e2b::wire::ListedSandbox;
use crate::net::backoff::Backoff;
use crate::net::random;

pub use crate::e2b::process::TerminalSize;

/// The login shell that the official SDKs start, or what there is.
const SHELL: &str = "command -v bash >/dev/null && exec bash -il; exec sh -il";
/// As the official SDKs set them: what the terminal here calls itself may be unknown in the sandbox.
const VARIABLES: [(&str, &str); 3] = [
    ("TERM", "xterm-256color"),
    ("LANG", "C.UTF-8"),
    ("LC_ALL", "C.UTF-8"),
];
/// A signal's end has no code of its own; shells say 128 and its number, this is KILL's.
const KILLED: i32 = 137;

/// What a shell does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ShellEvent {
    Printed(Bytes),
    /// The connection broke for this reason; it is tried again from here on.
    Lost(String),
    /// It is there again.
    Back,
    /// The last: the shell's exit code.
    Ended(i32),
}

/// A running shell. [`Shell::leave`] must be called.
pub struct Shell {
    keyboard: Keyboard,
    /// `None` while the connection is broken.
    stream: Option<ProcessStream>,
    backoff: Backoff,
    /// The sandbox was paused before, and is to be again.
    pub resumed: bool,
}

/// The way into a shell. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Keyboard {
    sandbox: Sandbox,
    process: Selector,
    ttl: Duration,
}

impl Shell {
    /// Joins the sandbox and starts a shell in its work tree; a paused sandbox is resumed, and the local
    /// engine started.
    pub async fn open(
        world: &World,
        info: &SandboxInfo,
        size: TerminalSize,
    ) -> Result<Self, Failure> {
        let Some(id) = &info.id else {
            return Err(Failure::new("there is no sandbox in this session yet")
                .because("it was never made")
                .hint("open the session in the terminal first"));
        };
        let engine = world.engine().await;
        let engine = engine.map_err(|error| words::engine(&error))?;
        is_engine_of(info, &engine)?;
        let ttl = ttl(world, &engine);
        let joined = Sandbox::join(world, engine, id.as_str()).await?;
        let Some((sandbox, resumed)) = joined else {
            return Err(words::gone(id.as_str()));
        };
        let variables = VARIABLES.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let process = StartProcess {
            env: variables.into(),
            directory: info.directory.clone(),
            terminal: Some(size),
            ..script_process(SHELL, &[])
        };
        let stream = sandbox.envd.start(&process).await;
        let stream = stream.map_err(|error| words::e2b(&error))?;
        Ok(Self {
            keyboard: Keyboard {
                sandbox,
                process: Selector::Pid(stream.pid()),
                ttl,
            },
            stream: Some(stream),
            backoff: Backoff::new(world.timing.backoff_base, world.timing.backoff_cap),
            resumed,
        })
    }

    pub fn keyboard(&self) -> Keyboard {
        self.keyboard.clone()
    }

    /// Waits for what the shell does next. Cancel-safe.
    pub async fn next(&mut self) -> ShellEvent {
        loop {
            let Some(stream) = &mut self.stream else {
                let wait = self.backoff.next(random::jitter(), None);
                tokio::time::sleep(wait).await;
                match self.keyboard.connect().await {
                    Ok(Some(stream)) => {
                        self.stream = Some(stream);
                        self.backoff.reset();
                        return ShellEvent::Back;
                    }
                    Ok(None) => return ShellEvent::Ended(KILLED),
                    Err(_) => continue,
                }
            };
            match stream.next().await {
                Ok(Some(ProcessEvent::Stdout(bytes) | ProcessEvent::Stderr(bytes))) => {
                    return ShellEvent::Printed(bytes);
                }
                Ok(Some(ProcessEvent::Ended(exit))) if exit.exited => {
                    return ShellEvent::Ended(exit.code);
                }
                Ok(Some(ProcessEvent::Ended(_)) | None) => return ShellEvent::Ended(KILLED),
                Err(error) => {
                    self.stream = None;
                    return ShellEvent::Lost(words::e2b(&error).summary);
                }
            }
        }
    }

    /// Ends the shell if it still runs, and leaves the sandbox as it was found.
    ///
    /// # Errors
    /// The sandbox could not be paused again: it runs on.
    pub async fn leave(self) -> Result<Option<ListedSandbox>, Failure> {
        let Keyboard {
            sandbox, process, ..
        } = self.keyboard;
        // Its programs hear of it by their terminal's end. Whether it was there is no matter.
        let _ended = sandbox.envd.send_signal(&process, Signal::Kill).await;
        if !self.resumed {
            return Ok(None);
        }
        sandbox.pause_again().await
    }
}

impl Keyboard {
    /// Types. Calls must not overlap: the order of two that do is not known.
    pub async fn send(&self, keys: Bytes) -> Result<(), Failure> {
        let sent = self.sandbox.envd.send_terminal(&self.process, keys).await;
        sent.map_err(|error| words::e2b(&error))
    }

    pub async fn resize(&self, size: TerminalSize) -> Result<(), Failure> {
        let resized = self.sandbox.envd.resize(&self.process, size).await;
        resized.map_err(|error| words::e2b(&error))
    }

    /// How soon the sandbox is to be given time again while somebody types.
    pub fn half_life(&self) -> Duration {
        self.ttl / 2
    }

    /// Lets the sandbox live on, without ever taking time from it.
    pub async fn live_on(&self) {
        let control = &self.sandbox.engine.control;
        // What fails is tried again; the end of the sandbox will be told by its silence.
        let _lives = control.connect(self.sandbox.id(), Some(self.ttl)).await;
    }

    /// Follows the shell again; `None`: it has ended.
    async fn connect(&self) -> Result<Option<ProcessStream>, Failure> {
        match self.sandbox.envd.connect(&self.process).await {
            Ok(stream) => Ok(Some(stream)),
            Err(error)
                if matches!(error.kind, Kind::NotFound { .. } | Kind::SandboxGone { .. }) =>
            {
                Ok(None)
            }
            Err(error) => Err(words::e2b(&error)),
        }
    }
}
