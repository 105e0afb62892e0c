//! The files in which a sandbox keeps what `opencode serve` prints, read through envd.
//!
//! A file is read from a place on by a process in the sandbox, which either ends with the file or waits
//! for more. [`follow`] begins again where it was whenever that breaks. Nothing here knows lines.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::domain::log::LogStream;
use crate::e2b::envd::EnvdClient;
use crate::e2b::error::Result;
use crate::e2b::process::{ProcessEvent, ProcessRef, ProcessSignal, ProcessStream};
use crate::net::backoff::Backoff;
use crate::net::random;
use crate::session::context::{SessionContext, wall};
use crate::session::sandbox::script::script_process;

const READ: &str = include_str!("../../../assets/sandbox/read-log.sh");
/// The script's answer where there is no file.
const ABSENT: i32 = 4;
/// The longest first line, which tells a place.
const HEAD: usize = 32;
/// A process that waits for more ends after this time, so that none is left for long by a sandbar that was
/// killed; whoever still reads begins again.
const LIFE: Duration = Duration::from_mins(30);
/// How often a file is looked for: the server's script makes it a moment after it was started.
const LOOKS: u32 = 6;
/// How the tags of processes that wait for more begin.
const TAG: &str = "sandbar-log";

/// Bytes of a file, and the place of the first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::session) struct FileChunk {
    pub(in crate::session) stream: LogStream,
    pub(in crate::session) at: u64,
    pub(in crate::session) bytes: Bytes,
}

/// One of the two files of a server's start.
#[derive(Clone)]
pub(in crate::session) struct LogFile {
    pub(in crate::session) envd: EnvdClient,
    pub(in crate::session) start: u32,
    pub(in crate::session) stream: LogStream,
}

/// What a reading gives.
#[derive(Debug)]
pub(in crate::session) enum FileRead {
    Piece(FileChunk),
    /// There is no such file.
    Absent,
    /// The process has ended.
    Over,
}

/// A reading that goes on. Dropping it leaves its process, which ends by itself.
pub(in crate::session) struct FileFollower {
    process: ProcessStream,
    stream: LogStream,
    head: Vec<u8>,
    /// The place of the next byte, once it was told.
    next: Option<u64>,
}

impl LogFile {
    /// Reads what there is from a place on.
    pub(in crate::session) async fn read(&self, from: u64) -> Result<FileFollower> {
        self.open(from, None).await
    }

    async fn open(&self, from: u64, waits_as: Option<&str>) -> Result<FileFollower> {
        let name = format!("{}.{}", self.start, self.end());
        let waits = if waits_as.is_some() { "-f" } else { "" };
        let mut process = script_process(READ, &[&name, &from.to_string(), waits]);
        process.tag = waits_as.map(str::to_owned);
        process.deadline = Some(LIFE);
        Ok(FileFollower {
            process: self.envd.start(&process).await?,
            stream: self.stream,
            head: Vec::new(),
            next: None,
        })
    }

    fn end(&self) -> &'static str {
        match self.stream {
            LogStream::Stderr => "err",
            LogStream::Stdout | LogStream::Sandbar => "out",
        }
    }

    /// Ends the other processes whose tags begin like this: what a reading that broke has left, or a
    /// sandbar that was killed.
    async fn end_others(&self, tag: &str, pid: u32) -> Result<()> {
        for process in self.envd.list().await? {
            let is_left = process.tag.is_some_and(|other| other.starts_with(tag));
            if is_left && process.pid != pid {
                self.envd
                    .send_signal(&ProcessRef::Pid(process.pid), ProcessSignal::Kill)
                    .await?;
            }
        }
        Ok(())
    }
}

impl FileFollower {
    /// Cancel-safe.
    pub(in crate::session) async fn next(&mut self) -> Result<FileRead> {
        loop {
            match self.process.next().await? {
                Some(ProcessEvent::Stdout(bytes)) => {
                    if let Some(piece) = self.piece(bytes) {
                        return Ok(FileRead::Piece(piece));
                    }
                }
                Some(ProcessEvent::Stderr(_)) => {}
                Some(ProcessEvent::Ended(exit)) if exit.exited && exit.code == ABSENT => {
                    return Ok(FileRead::Absent);
                }
                Some(ProcessEvent::Ended(_)) | None => return Ok(FileRead::Over),
            }
        }
    }

    fn piece(&mut self, mut bytes: Bytes) -> Option<FileChunk> {
        if self.next.is_none() {
            let feed = bytes.iter().position(|&byte| byte == b'\n');
            let head = bytes.split_to(feed.unwrap_or(bytes.len()));
            let room = HEAD.saturating_sub(self.head.len()).min(head.len());
            self.head.extend_from_slice(&head[..room]);
            feed?;
            bytes = bytes.split_off(1);
            // The sandbox is not trusted with numbers: a wrong place costs its own log.
            let place = String::from_utf8_lossy(&self.head).parse().unwrap_or(0);
            self.next = Some(place);
        }
        let at = self.next?;
        if bytes.is_empty() {
            return None;
        }
        let count = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        self.next = Some(at.saturating_add(count));
        Some(FileChunk {
            stream: self.stream,
            at,
            bytes,
        })
    }
}

/// Reads a file from a place on and waits for more, until there is no such file or nobody takes the pieces.
/// `alone`: no other sandbar may read it; what one has left ends.
pub(in crate::session) async fn follow(
    file: LogFile,
    mut from: u64,
    alone: bool,
    context: Arc<SessionContext>,
    pieces: mpsc::Sender<FileChunk>,
) {
    let timing = &context.timing;
    let mut backoff = Backoff::new(timing.backoff_base, timing.backoff_cap);
    let family = format!("{TAG}-{}-", file.end());
    let name = format!("{family}{}-{}", std::process::id(), wall().0);
    let mut others = if alone { family } else { name.clone() };
    let mut woken = context.woken();
    loop {
        let began = Instant::now();
        let before = from;
        let ended = tokio::select! {
            ended = follow_once(&file, &name, &mut others, &mut from, &pieces) => ended,
            Ok(()) = woken.changed() => Ok(ReadEnd::Broken),
        };
        match ended {
            Ok(ReadEnd::Broken) | Err(_) => {}
            Ok(ReadEnd::Absent) if backoff.attempt() < LOOKS => {}
            Ok(ReadEnd::Absent | ReadEnd::Unwanted) => return,
        }
        if from > before || began.elapsed() > timing.backoff_cap {
            backoff.reset();
        }
        tokio::time::sleep(backoff.next(random::jitter(), None)).await;
    }
}

enum ReadEnd {
    Broken,
    Absent,
    Unwanted,
}

/// Cancel-safe: `from` is behind the last piece that was sent.
async fn follow_once(
    file: &LogFile,
    name: &str,
    others: &mut String,
    from: &mut u64,
    pieces: &mpsc::Sender<FileChunk>,
) -> Result<ReadEnd> {
    let mut reading = file.open(*from, Some(name)).await?;
    file.end_others(others, reading.process.pid()).await?;
    // Whoever comes from here on may stay: two who end each other would never come to rest.
    name.clone_into(others);
    loop {
        match reading.next().await? {
            FileRead::Piece(piece) => {
                let count = u64::try_from(piece.bytes.len()).unwrap_or(u64::MAX);
                let behind = piece.at.saturating_add(count);
                if pieces.send(piece).await.is_err() {
                    return Ok(ReadEnd::Unwanted);
                }
                *from = behind;
            }
            FileRead::Absent => return Ok(ReadEnd::Absent),
            FileRead::Over => return Ok(ReadEnd::Broken),
        }
    }
}
