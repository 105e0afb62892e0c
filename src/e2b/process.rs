//! A process in a sandbox as its caller sees it: what to run, its output, its exit.
//!
//! [`ProcessStream`] unifies envd's two event streams (of Start and of Connect). Nothing here decodes text: output
//! is bytes, cut anywhere.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use connectrpc::client::ServerStream;
use secrecy::SecretString;
use tokio::time::timeout;

use super::connect::kind_of;
use super::error::{Error, ErrorKind, Result, excerpt};
use super::exchange::KindResult;
use super::proto::process::{
    ConnectResponse, ConnectResponseView, PTY, ProcessConfig, ProcessEvent as WireEvent,
    StartRequest, StartResponse, StartResponseView, process_event::EndEvent, pty,
};
use super::proto::{ProcessEventKind, ProcessOutput};

/// What to start.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StartProcess {
    pub program: String,
    pub args: Vec<String>,
    /// In addition to the sandbox's own variables. Never secrets: E2B logs them with the command line.
    pub env: BTreeMap<String, String>,
    /// Unset: the template's directory, or home.
    pub directory: Option<String>,
    /// A second name for the process, besides its pid.
    pub tag: Option<String>,
    /// Whether [`send_stdin`](super::envd::EnvdClient::send_stdin) will be used. If not, the process reads end of
    /// file.
    pub stdin: bool,
    /// Runs it on a pty of this size instead of pipes.
    pub terminal: Option<TerminalSize>,
    /// envd kills the process then, whether we are connected or not. Unset: never.
    pub deadline: Option<Duration>,
}

/// The size of a terminal, in cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TerminalSize {
    pub columns: u16,
    pub rows: u16,
}

impl TerminalSize {
    pub(super) fn to_wire(self) -> PTY {
        let size = pty::Size {
            cols: self.columns.into(),
            rows: self.rows.into(),
            ..pty::Size::default()
        };
        PTY {
            size: size.into(),
            ..PTY::default()
        }
    }
}

impl StartProcess {
    /// A program with arguments, as they are.
    pub fn program<I, S>(program: impl Into<String>, args: I) -> Self
    where
        I: IntoIterator<Item = S>,
        S: Into<String>,
    {
        let args = args.into_iter().map(Into::into).collect();
        Self {
            program: program.into(),
            args,
            ..Self::default()
        }
    }

    /// A command line for a login shell, started as in the official SDKs.
    pub fn shell(command: impl Into<String>) -> Self {
        Self::program(
            "/bin/bash",
            ["-l".to_owned(), "-c".to_owned(), command.into()],
        )
    }

    pub(super) fn to_wire(&self) -> StartRequest {
        let process = ProcessConfig {
            cmd: self.program.clone(),
            args: self.args.clone(),
            envs: self.env.clone().into_iter().collect(),
            cwd: self.directory.clone(),
            ..ProcessConfig::default()
        };
        StartRequest {
            process: process.into(),
            pty: self.terminal.map(TerminalSize::to_wire).into(),
            tag: self.tag.clone(),
            stdin: Some(self.stdin),
            ..StartRequest::default()
        }
    }
}

/// Identifies a process in later calls.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ProcessRef {
    Pid(u32),
    Tag(String),
}

impl std::fmt::Display for ProcessRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Pid(pid) => write!(f, "process {pid}"),
            Self::Tag(tag) => write!(f, "process \"{tag}\""),
        }
    }
}

/// Signals that envd sends; to the one process, not to its children.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProcessSignal {
    Terminate,
    Kill,
}

/// A running process in the sandbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunningProcess {
    pub pid: u32,
    pub tag: Option<String>,
    pub program: String,
    pub args: Vec<String>,
    pub directory: Option<String>,
}

/// An event of a process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProcessEvent {
    /// On a [terminal](StartProcess::terminal), all output of the process.
    Stdout(Bytes),
    Stderr(Bytes),
    /// Sent once, last: the process is reaped and its output closed.
    Ended(ExitStatus),
}

/// How a process ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExitStatus {
    /// -1 after a signal.
    pub code: i32,
    /// False: a signal ended it.
    pub exited: bool,
    /// In Go's words: "exit status 3", "signal: killed"; fit to be shown.
    pub status: String,
}

impl ExitStatus {
    pub fn success(&self) -> bool {
        self.exited && self.code == 0
    }
}

/// A short command's result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandResult {
    /// At most the requested number of bytes; of more, the last ones.
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
    pub exit: ExitStatus,
    /// The beginning of one of the two is missing.
    pub truncated: bool,
}

/// Follows a running process. Dropping it leaves the process running; its output is lost then.
pub struct ProcessStream {
    pid: u32,
    source: ProcessEvents,
    ended: bool,
    pub(super) operation: String,
    /// Longest time without any message, even a keepalive, before the connection counts as dead; `None`: there are
    /// no keepalives.
    pub(super) silence: Option<Duration>,
    pub(super) secret: Option<SecretString>,
}

pub(super) enum ProcessEvents {
    Start(ServerStream<reqwest::Body, StartResponseView<'static>>),
    Connect(ServerStream<reqwest::Body, ConnectResponseView<'static>>),
}

impl ProcessStream {
    /// Waits for the start event, which envd sends first.
    pub(super) async fn open(
        source: ProcessEvents,
        operation: String,
        silence: Duration,
        secret: Option<SecretString>,
    ) -> Result<Self> {
        let mut stream = Self {
            pid: 0,
            source,
            ended: false,
            operation,
            silence: Some(silence),
            secret,
        };
        let first = stream.event().await.map_err(|kind| stream.error(kind))?;
        let Some(ProcessEventKind::Start(start)) = first else {
            let cause = "the stream did not begin with a start event".to_owned();
            return Err(stream.error(ErrorKind::Unreadable { cause }));
        };
        stream.pid = start.pid;
        Ok(stream)
    }

    /// For a process that has closed both outputs, such as one that writes to files: then envd sends no keepalives,
    /// only the end (observed on envd 0.6.13). So silence means nothing; only TCP, or a caller with a reason to
    /// check, finds out that the connection has died.
    pub fn without_keepalives(&mut self) {
        self.silence = None;
    }

    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// Waits for the next event; `None` after [`ProcessEvent::Ended`].
    ///
    /// Cancel-safe: what has arrived stays for the next call.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Broken`] and [`ErrorKind::TimedOut`] concern the connection: the process may still be running,
    /// so check [`health`](super::envd::EnvdClient::health) and connect again. After any error the stream is
    /// unusable.
    pub async fn next(&mut self) -> Result<Option<ProcessEvent>> {
        while !self.ended {
            match self.event().await.map_err(|kind| self.error(kind))? {
                Some(ProcessEventKind::Data(data)) => match data.output {
                    Some(ProcessOutput::Stdout(bytes) | ProcessOutput::Pty(bytes)) => {
                        return Ok(Some(ProcessEvent::Stdout(bytes.into())));
                    }
                    Some(ProcessOutput::Stderr(bytes)) => {
                        return Ok(Some(ProcessEvent::Stderr(bytes.into())));
                    }
                    // An unknown kind of event.
                    None => {}
                },
                Some(ProcessEventKind::End(end)) => {
                    self.ended = true;
                    return Ok(Some(ProcessEvent::Ended(exit(&end))));
                }
                Some(ProcessEventKind::Start(_) | ProcessEventKind::Keepalive(_)) => {}
                None => {
                    let cause = "the stream ended before the process did".to_owned();
                    return Err(self.error(ErrorKind::Broken { cause }));
                }
            }
        }
        Ok(None)
    }

    /// Collects output until the end, limited to the last `max` bytes of each stream.
    pub(super) async fn collect(&mut self, max: usize) -> Result<CommandResult> {
        let mut stdout = OutputTail::new(max);
        let mut stderr = OutputTail::new(max);
        loop {
            match self.next().await? {
                Some(ProcessEvent::Stdout(bytes)) => stdout.push(&bytes),
                Some(ProcessEvent::Stderr(bytes)) => stderr.push(&bytes),
                Some(ProcessEvent::Ended(exit)) => {
                    let truncated = stdout.cut || stderr.cut;
                    return Ok(CommandResult {
                        stdout: stdout.bytes,
                        stderr: stderr.bytes,
                        exit,
                        truncated,
                    });
                }
                None => {
                    let cause = "the process had already ended".to_owned();
                    return Err(self.error(ErrorKind::Invalid { cause }));
                }
            }
        }
    }

    /// The next message of either stream; `None` at a clean end. Unknown events count as keepalives.
    async fn event(&mut self) -> KindResult<Option<ProcessEventKind>> {
        let silence = self.silence;
        let received = match &mut self.source {
            ProcessEvents::Start(stream) => {
                let message = within(silence, stream.message::<StartResponse>()).await?;
                message.map(|m| m.map(|m| m.to_owned_message().event))
            }
            ProcessEvents::Connect(stream) => {
                let message = within(silence, stream.message::<ConnectResponse>()).await?;
                message.map(|m| m.map(|m| m.to_owned_message().event))
            }
        };
        match received {
            Ok(None) => Ok(None),
            Ok(Some(event)) => Ok(Some(kind_of_event(event.into_option()))),
            Err(error) => Err(kind_of(&error, self.secret.as_ref())),
        }
    }

    fn error(&self, kind: ErrorKind) -> Error {
        Error::new(self.operation.clone(), kind)
    }
}

async fn within<T>(silence: Option<Duration>, message: impl Future<Output = T>) -> KindResult<T> {
    let Some(after) = silence else {
        return Ok(message.await);
    };
    let message = timeout(after, message).await;
    message.map_err(|_| ErrorKind::TimedOut { after })
}

fn kind_of_event(event: Option<WireEvent>) -> ProcessEventKind {
    let kind = event.and_then(|event| event.event);
    kind.unwrap_or_else(|| ProcessEventKind::Keepalive(Box::default()))
}

fn exit(end: &EndEvent) -> ExitStatus {
    ExitStatus {
        code: end.exit_code,
        exited: end.exited,
        status: excerpt(&end.status, None),
    }
}

/// The last bytes of a stream.
struct OutputTail {
    bytes: Vec<u8>,
    max: usize,
    cut: bool,
}

impl OutputTail {
    fn new(max: usize) -> Self {
        Self {
            bytes: Vec::new(),
            max,
            cut: false,
        }
    }

    fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
        let surplus = self.bytes.len().saturating_sub(self.max);
        self.cut |= surplus > 0;
        self.bytes.drain(..surplus);
    }
}
