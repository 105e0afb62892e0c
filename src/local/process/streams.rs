//! Our ends of what a process reads and writes: three pipes, or one terminal.

use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::{BufMut, Bytes, BytesMut};
use tokio::io::unix::AsyncFd;
use tokio::io::{AsyncReadExt, AsyncWriteExt, Interest};
use tokio::net::unix::pipe;
use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::local::helper::client::{Helper, HelperError, ProcessStreams, SpawnRequest};
use crate::local::helper::protocol::{HelperErrorKind, ProcessExit, PtySize};
use crate::local::helper::pty;

/// Largest chunk (envd's own size).
const CHUNK: usize = 32 * 1024;
/// Longest wait of one write to a process that does not read its standard input.
const STDIN_LIMIT: Duration = Duration::from_mins(1);

/// What is started.
pub(in crate::local) struct Program {
    pub(in crate::local) argv: Vec<String>,
    pub(in crate::local) env: Vec<(String, String)>,
    pub(in crate::local) cwd: PathBuf,
}

/// A process that was started, with our ends of its streams.
pub(in crate::local) struct StartedProcess {
    pub(in crate::local) pid: u32,
    /// Fails if the helper ends first.
    pub(in crate::local) exit: oneshot::Receiver<ProcessExit>,
    pub(in crate::local) terminal: Option<PtyMaster>,
    pub(in crate::local) input: InputSink,
    /// Of a terminal too.
    pub(in crate::local) stdout: OutputSource,
    pub(in crate::local) stderr: OutputSource,
}

impl StartedProcess {
    pub(in crate::local) async fn in_terminal(
        helper: &Helper,
        program: Program,
        size: PtySize,
    ) -> Result<Self, HelperError> {
        let spawned = helper
            .spawn(program.with(ProcessStreams::Terminal(size)))
            .await?;
        let none = || broken(&io::Error::other("the helper sent no terminal"));
        let fd = spawned.terminal.ok_or_else(none)?;
        let terminal = PtyMaster::new(fd).map_err(|error| broken(&error))?;
        Ok(Self {
            pid: spawned.pid,
            exit: spawned.exit,
            input: InputSink::Terminal(terminal.clone()),
            stdout: OutputSource::Terminal(terminal.clone()),
            stderr: OutputSource::Ended,
            terminal: Some(terminal),
        })
    }

    pub(in crate::local) async fn with_pipes(
        helper: &Helper,
        program: Program,
        stdin: bool,
    ) -> Result<Self, HelperError> {
        let pipes = Pipes::open(stdin).map_err(|error| broken(&error))?;
        let spawned = helper
            .spawn(program.with(ProcessStreams::Pipes(pipes.theirs)))
            .await?;
        Ok(Self {
            pid: spawned.pid,
            exit: spawned.exit,
            terminal: None,
            input: pipes.stdin,
            stdout: pipes.stdout,
            stderr: pipes.stderr,
        })
    }
}

impl Program {
    fn with(self, streams: ProcessStreams) -> SpawnRequest {
        SpawnRequest {
            argv: self.argv,
            env: self.env,
            cwd: self.cwd,
            streams,
        }
    }
}

fn broken(error: &io::Error) -> HelperError {
    HelperError {
        reason: HelperErrorKind::Failed,
        message: format!("open the streams of the process: {error}"),
    }
}

/// The pipes of a process that is about to start.
struct Pipes {
    theirs: [OwnedFd; 3],
    stdin: InputSink,
    stdout: OutputSource,
    stderr: OutputSource,
}

impl Pipes {
    fn open(stdin: bool) -> io::Result<Self> {
        let (out_read, out_write) = io::pipe()?;
        let (err_read, err_write) = io::pipe()?;
        let (theirs_in, stdin) = if stdin {
            let (read, write) = io::pipe()?;
            let write = pipe::Sender::from_owned_fd(write.into())?;
            (OwnedFd::from(read), InputSink::Pipe(write))
        } else {
            (OwnedFd::from(File::open("/dev/null")?), InputSink::Closed)
        };
        Ok(Self {
            theirs: [theirs_in, out_write.into(), err_write.into()],
            stdin,
            stdout: OutputSource::Pipe(pipe::Receiver::from_owned_fd(out_read.into())?),
            stderr: OutputSource::Pipe(pipe::Receiver::from_owned_fd(err_read.into())?),
        })
    }
}

/// Our end of a terminal, for reading, writing and its size.
#[derive(Clone)]
pub(in crate::local) struct PtyMaster(Arc<AsyncFd<File>>);

impl PtyMaster {
    #[expect(
        deprecated,
        reason = "its successor is unsafe; a File gives the same descriptor as long as it lives"
    )]
    pub(in crate::local) fn new(fd: OwnedFd) -> io::Result<Self> {
        let flags = rustix::fs::fcntl_getfl(&fd)?;
        rustix::fs::fcntl_setfl(&fd, flags | rustix::fs::OFlags::NONBLOCK)?;
        Ok(Self(Arc::new(AsyncFd::try_new(File::from(fd))?)))
    }

    pub(in crate::local) fn resize(&self, size: PtySize) -> io::Result<()> {
        pty::resize(self.0.get_ref(), size)
    }

    async fn read(&self, buffer: &mut BytesMut) -> io::Result<usize> {
        let mut chunk = vec![0; CHUNK / 2];
        let count = self
            .0
            .async_io(Interest::READABLE, |mut file| {
                io::Read::read(&mut file, &mut chunk)
            })
            .await?;
        buffer.put_slice(chunk.get(..count).unwrap_or_default());
        Ok(count)
    }

    async fn write_all(&self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            let count = self
                .0
                .async_io(Interest::WRITABLE, |mut file| {
                    io::Write::write(&mut file, bytes)
                })
                .await?;
            bytes = bytes.get(count..).unwrap_or_default();
        }
        Ok(())
    }
}

/// Where output comes from.
pub(in crate::local) enum OutputSource {
    Pipe(pipe::Receiver),
    Terminal(PtyMaster),
    /// It has ended, or there never was one.
    Ended,
}

impl OutputSource {
    pub(in crate::local) fn is_open(&self) -> bool {
        !matches!(self, Self::Ended)
    }

    /// Reads a chunk; gives an empty one at the end, and nothing ever after it. Cancel-safe.
    pub(in crate::local) async fn read(&mut self, buffer: &mut BytesMut) -> Bytes {
        buffer.reserve(CHUNK);
        let read = match self {
            Self::Pipe(pipe) => pipe.read_buf(&mut buffer.limit(CHUNK)).await,
            // An error is the usual end: the last process has left the terminal.
            Self::Terminal(terminal) => terminal.read(buffer).await,
            Self::Ended => std::future::pending().await,
        };
        match read {
            Ok(count) if count > 0 => buffer.split().freeze(),
            _ => {
                *self = Self::Ended;
                Bytes::new()
            }
        }
    }
}

/// Where input goes.
pub(in crate::local) enum InputSink {
    Pipe(pipe::Sender),
    Terminal(PtyMaster),
    /// Closed, or never opened.
    Closed,
}

/// Which kind of input the caller means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::local) enum InputKind {
    Stdin,
    Terminal,
}

impl InputSink {
    pub(in crate::local) async fn write(
        &mut self,
        kind: InputKind,
        bytes: &[u8],
    ) -> Result<(), String> {
        let what = match kind {
            InputKind::Stdin => "stdin",
            InputKind::Terminal => "pty",
        };
        let writing = async {
            match (self, kind) {
                (Self::Pipe(pipe), InputKind::Stdin) => pipe.write_all(bytes).await,
                (Self::Terminal(terminal), InputKind::Terminal) => terminal.write_all(bytes).await,
                (Self::Terminal(_), InputKind::Stdin) => Err(io::Error::other(
                    "the process has a pty: send the input to the pty",
                )),
                (_, InputKind::Terminal) => Err(io::Error::other("the process has no pty")),
                (Self::Closed, InputKind::Stdin) => {
                    Err(io::Error::other("stdin not enabled or closed"))
                }
            }
        };
        match timeout(STDIN_LIMIT, writing).await {
            Ok(done) => done.map_err(|error| format!("error writing to {what}: {error}")),
            Err(_) => Err(format!(
                "error writing to {what}: the process does not read it"
            )),
        }
    }
}
