//! The files in a sandbox that hold the output of `opencode serve`, read through envd.
//!
//! A process in the sandbox reads a file from an offset on, and either exits at its end or waits for more.
//! [`follow`] resumes at the same offset whenever that breaks. Nothing here knows lines.

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
/// The script's exit code if there is no file.
const ABSENT: i32 = 4;
/// The longest first line, which holds the offset.
const HEAD: usize = 32;
/// A waiting process exits after this time, so that a killed sandbar leaves none for long; a reader that is still
/// there starts another.
const LIFE: Duration = Duration::from_mins(30);
/// How often a file is looked for: the server's script creates it shortly after its start.
const LOOKS: u32 = 6;
/// Prefix of the tags of waiting processes.
const TAG: &str = "sandbar-log";

/// Bytes of a file, and the offset of the first.
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

/// The result of one read.
#[derive(Debug)]
pub(in crate::session) enum FileRead {
    Piece(FileChunk),
    /// There is no such file.
    Absent,
    /// The process has exited.
    Over,
}

/// A read in progress. Dropping it leaves its process, which exits by itself.
pub(in crate::session) struct FileFollower {
    process: ProcessStream,
    stream: LogStream,
    head: Vec<u8>,
    /// The offset of the next byte, once it was received.
    next: Option<u64>,
}

impl LogFile {
    /// Reads what is there from an offset on.
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

    /// Ends other processes whose tags start like this: those of a broken read or of a killed sandbar.
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
            // Numbers from the sandbox are not trusted: a wrong offset harms only its own log.
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

/// Reads a file from an offset on and waits for more, until there is no such file or the receiver is dropped.
/// `alone`: no other sandbar may read it; a reader that one left behind is ended.
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

/// Cancel-safe: `from` is behind the last chunk that was sent.
async fn follow_once(
    file: &LogFile,
    name: &str,
    others: &mut String,
    from: &mut u64,
    pieces: &mpsc::Sender<FileChunk>,
) -> Result<ReadEnd> {
    let mut reading = file.open(*from, Some(name)).await?;
    file.end_others(others, reading.process.pid()).await?;
    // Readers that start later may stay: two that end each other would never settle.
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
