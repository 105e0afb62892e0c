//! Follows `opencode serve`: its lines for the store and the log pane, its last lines, its exit.
//!
//! The server's output goes into two files in its sandbox, so the server never blocks, and this follower may: it
//! waits for a slow listener, resumes a broken read at its offset, and after a restart continues behind the last
//! stored line. Each line is stored and shown once.
//!
//! Without files (an older sandbar started the server, or the sandbox cannot bound a file) lines come from the
//! process stream. Here nothing may block, since an unread stdout can stall the server: the store gets everything
//! received, the oldest lines that a slow listener has not taken are dropped, and output during a broken stream is
//! lost and reported as such.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::task::AbortOnDropHandle;

use super::file;
use super::file::{FileChunk, FileRead, LogFile};
use super::lines::{LINE_CAP, LogItem, LogLines};
use super::process::{ProcessNews, WatchedProcess, watch};
use crate::domain::failure::Failure;
use crate::domain::failure::advice::Advice;
use crate::domain::log::{LogEnds, LogLine, LogStream};
use crate::domain::time::UnixMillis;
use crate::e2b::envd::EnvdClient;
use crate::e2b::process::{ExitStatus, ProcessStream};
use crate::e2b::wire::unix_millis;
use crate::net::lines::{LineSplitter, SplitLine};
use crate::opencode::client::OpencodeClient;
use crate::session::context::{SessionContext, wall};
use crate::session::events::EventSender;
use crate::session::recorder::Recorder;

/// Lines that wait for a slow listener.
const WAITING: usize = 2_000;
/// Lines of stderr that a failure includes.
const LAST_WORDS: usize = 12;
/// Chunks that wait to be split into lines.
const PIECES: usize = 4;
/// What OpenCode prints to stdout when it accepts connections (observed on 1.18.33).
const LISTENING: &str = "opencode server listening on ";

/// What is known of the process.
#[derive(Debug, Clone, Default)]
struct ServerProcessStatus {
    listening: bool,
    ended: Option<Failure>,
}

/// Dropping it stops following; the process keeps running.
#[derive(Debug)]
pub(crate) struct LogFollower {
    known: watch::Receiver<ServerProcessStatus>,
    doubt: Arc<Notify>,
    _task: AbortOnDropHandle<()>,
}

/// What a follower works with.
pub(crate) struct FollowContext {
    pub(crate) context: Arc<SessionContext>,
    pub(crate) events: EventSender,
    pub(crate) recorder: Recorder,
    pub(crate) envd: EnvdClient,
    /// The server's client, with our password.
    pub(crate) client: OpencodeClient,
    /// The server's start number; `None` for a start by an older sandbar, which has no files.
    pub(crate) start: Option<u32>,
}

impl LogFollower {
    /// Follows a process that was just started or joined.
    pub(crate) fn start(with: FollowContext, stream: ProcessStream) -> Self {
        let (tell, known) = watch::channel(ServerProcessStatus::default());
        let doubt = Arc::new(Notify::new());
        let reader = LogReader::new(with, tell);
        let task = tokio::spawn(reader.run(stream, Arc::clone(&doubt)));
        Self {
            known,
            doubt,
            _task: AbortOnDropHandle::new(task),
        }
    }

    /// Checks whether the process still runs: the connection to the server was lost.
    pub(crate) fn doubt(&self) {
        self.doubt.notify_one();
    }

    /// Waits for the line that says that the server accepts connections.
    pub(crate) async fn listening(&self) {
        let mut known = self.known.clone();
        if known.wait_for(|known| known.listening).await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// Waits for the process to exit.
    pub(crate) async fn ended(&self) -> Failure {
        let mut known = self.known.clone();
        let ended = match known.wait_for(|known| known.ended.is_some()).await {
            Ok(known) => known.ended.clone(),
            Err(_) => None,
        };
        match ended {
            Some(failure) => failure,
            None => std::future::pending().await,
        }
    }
}

struct LogReader {
    with: FollowContext,
    tell: watch::Sender<ServerProcessStatus>,
    /// From the process stream: stdout, stderr.
    streamed: [LineSplitter; 2],
    /// Identifies this read of the stream: seconds since the epoch.
    reading: u32,
    /// The files, if the server's start has them: stdout, stderr.
    files: Option<[LogLines; 2]>,
    /// Not stored yet.
    fresh: Vec<LogLine>,
    /// Stored, and not shown yet.
    waiting: VecDeque<LogLine>,
    dropped: usize,
    last_words: VecDeque<String>,
}

impl LogReader {
    fn new(with: FollowContext, tell: watch::Sender<ServerProcessStatus>) -> Self {
        Self {
            with,
            tell,
            streamed: [
                LineSplitter::new(LINE_CAP, 0),
                LineSplitter::new(LINE_CAP, 0),
            ],
            reading: u32::try_from(wall().0 / 1000).unwrap_or(u32::MAX),
            files: None,
            fresh: Vec::new(),
            waiting: VecDeque::new(),
            dropped: 0,
            last_words: VecDeque::new(),
        }
    }

    async fn run(mut self, stream: ProcessStream, doubt: Arc<Notify>) {
        let mut tasks = JoinSet::new();
        let (tell, mut heard) = mpsc::channel(PIECES);
        let watched = WatchedProcess {
            context: Arc::clone(&self.with.context),
            envd: self.with.envd.clone(),
            client: self.with.client.clone(),
            is_silent: self.with.start.is_some(),
            doubt,
        };
        tasks.spawn(watch(watched, stream, tell));
        let (tell, mut pieces) = mpsc::channel(PIECES);
        let mut tails = JoinSet::new();
        let start = self.with.start;
        if let Some(start) = start {
            self.open_files(start, &mut tails, tell).await;
        }
        let exit = self.follow(&mut heard, &mut pieces, &mut tails).await;
        tails.shutdown().await;
        while let (Some(start), Ok(piece)) = (start, pieces.try_recv()) {
            self.take(start, &piece);
        }
        self.end(exit.as_ref()).await;
    }

    /// Starts reading the files, behind the last known lines.
    async fn open_files(
        &mut self,
        start: u32,
        tails: &mut JoinSet<()>,
        tell: mpsc::Sender<FileChunk>,
    ) {
        let known = self.with.recorder.log_ends().await;
        if let Some(earlier) = known.before(start) {
            // It exited while nothing followed it.
            self.files = Some(open(&known, earlier));
            self.read_rest(earlier).await;
        }
        let files = open(&known, start);
        for (lines, stream) in files.iter().zip([LogStream::Stdout, LogStream::Stderr]) {
            let envd = self.with.envd.clone();
            let file = LogFile {
                envd,
                start,
                stream,
            };
            let (context, alone) = (
                Arc::clone(&self.with.context),
                self.with.recorder.holds_lock(),
            );
            let follow = file::follow(file, lines.next(), alone, context, tell.clone());
            tails.spawn(follow);
        }
        self.files = Some(files);
    }

    /// Reads until the process exits; `None`: how it exited is unknown.
    async fn follow(
        &mut self,
        heard: &mut mpsc::Receiver<ProcessNews>,
        pieces: &mut mpsc::Receiver<FileChunk>,
        tails: &mut JoinSet<()>,
    ) -> Option<ExitStatus> {
        let every = self.with.context.timing.log_batch;
        let mut due: Option<Instant> = None;
        loop {
            let deadline = due.unwrap_or_else(Instant::now);
            let has_room = self.waiting.len() < WAITING;
            tokio::select! {
                biased;
                () = tokio::time::sleep_until(deadline), if due.is_some() => {
                    self.flush().await;
                    due = self.has_lines().then(|| Instant::now() + every);
                }
                heard = heard.recv() => match heard {
                    Some(ProcessNews::Printed(stream, bytes)) => self.printed(stream, &bytes),
                    Some(ProcessNews::Resumed) if self.files.is_none() => self.note(
                        "the log stream was interrupted; lines may be missing",
                    ),
                    Some(ProcessNews::Resumed) => {}
                    Some(ProcessNews::Ended(exit)) => return exit,
                    None => return None,
                },
                Some(piece) = pieces.recv(), if has_room => {
                    self.take(self.with.start.unwrap_or_default(), &piece);
                }
                Some(_) = tails.join_next() => {
                    if tails.is_empty() {
                        self.files = None;
                        self.note("no log is kept in this sandbox; output is lost while sandbar is not connected");
                    }
                }
            }
            if due.is_none() && self.has_lines() {
                due = Some(Instant::now() + every);
            }
        }
    }

    fn has_lines(&self) -> bool {
        !(self.fresh.is_empty() && self.waiting.is_empty())
    }

    /// Takes output from the process stream.
    fn printed(&mut self, stream: LogStream, bytes: &Bytes) {
        let mut lines = Vec::new();
        self.streamed[index(stream)].push(bytes, |line| lines.push(line));
        for line in lines {
            self.line(self.reading, stream, line);
        }
    }

    /// Takes output from a start's file.
    fn take(&mut self, start: u32, piece: &FileChunk) {
        let Some(files) = &mut self.files else { return };
        let mut all = Vec::new();
        files[index(piece.stream)].take(piece.at, &piece.bytes, &mut |found| all.push(found));
        self.found(start, piece.stream, all);
    }

    fn found(&mut self, start: u32, stream: LogStream, all: Vec<LogItem>) {
        for found in all {
            match found {
                LogItem::Line(line) => self.line(start, stream, line),
                LogItem::Gone(bytes) => {
                    let name = ["stdout", "stderr"][index(stream)];
                    self.note(&format!(
                        "{bytes} bytes of {name} were lost: they came too fast, or are too old"
                    ));
                }
            }
        }
    }

    fn line(&mut self, start: u32, stream: LogStream, line: SplitLine) {
        let now = wall();
        let is_of_this_start = start == self.reading || Some(start) == self.with.start;
        if stream == LogStream::Stdout && is_of_this_start && line.text.starts_with(LISTENING) {
            self.tell.send_modify(|known| known.listening = true);
        }
        if stream == LogStream::Stderr && is_of_this_start {
            if self.last_words.len() == LAST_WORDS {
                self.last_words.pop_front();
            }
            self.last_words.push_back(line.text.clone());
        }
        self.fresh.push(LogLine {
            at: printed_at(&line.text).map_or(now, |at| at.min(now)),
            stream,
            offset: line.offset,
            start,
            text: line.text,
        });
    }

    fn note(&mut self, text: &str) {
        self.fresh.push(LogLine::ours(wall(), text));
    }

    /// Stores new lines, then sends what the listener has capacity for.
    async fn flush(&mut self) {
        if !self.fresh.is_empty() {
            self.with.recorder.logs(self.fresh.clone()).await;
            self.waiting.extend(self.fresh.drain(..));
        }
        if self.files.is_none() {
            let surplus = self.waiting.len().saturating_sub(WAITING);
            self.waiting.drain(..surplus);
            self.dropped += surplus;
        }
        let (waiting, recorder) = (&mut self.waiting, &self.with.recorder);
        let dropped = self.dropped;
        let was_shown = self.with.events.offer_logs(|| {
            let at = waiting.front().map(|line| line.at);
            let skipped = at
                .filter(|_| dropped > 0)
                .map(|at| LogLine::skipped(at, dropped));
            let lines = recorder.not_shown(waiting.drain(..).collect());
            skipped.into_iter().chain(lines).collect()
        });
        if was_shown {
            self.dropped = 0;
        }
    }

    /// Reads a start's files to their end.
    async fn read_rest(&mut self, start: u32) {
        let limit = self.with.context.timing.call;
        for stream in [LogStream::Stdout, LogStream::Stderr] {
            let Some(files) = &self.files else { return };
            let from = files[index(stream)].next();
            let file = LogFile {
                envd: self.with.envd.clone(),
                start,
                stream,
            };
            // What the sandbox no longer returns is lost with it.
            let _late_or_done = tokio::time::timeout(limit, self.read_file(&file, from)).await;
            let mut all = Vec::new();
            if let Some(files) = &mut self.files {
                files[index(stream)].finish(&mut |found| all.push(found));
            }
            self.found(start, stream, all);
            self.flush().await;
        }
    }

    async fn read_file(&mut self, file: &LogFile, from: u64) {
        let Ok(mut reading) = file.read(from).await else {
            return;
        };
        while let Ok(FileRead::Piece(piece)) = reading.next().await {
            self.take(file.start, &piece);
            self.flush().await;
            self.wait_for_room(WAITING).await;
        }
    }

    /// Waits until at most `most` lines wait for the listener.
    async fn wait_for_room(&mut self, most: usize) {
        while self.waiting.len() >= most {
            tokio::time::sleep(self.with.context.timing.log_batch).await;
            self.flush().await;
        }
    }

    /// The process has exited; `None`: while nothing followed it.
    async fn end(&mut self, exit: Option<&ExitStatus>) {
        for stream in [LogStream::Stdout, LogStream::Stderr] {
            if let Some(line) = self.streamed[index(stream)].finish() {
                self.line(self.reading, stream, line);
            }
        }
        if let Some(start) = self.with.start {
            self.read_rest(start).await;
        }
        let how = exit.map(|exit| {
            if exit.exited {
                format!("exit code {}", exit.code)
            } else {
                exit.status.trim_start_matches("signal: ").to_owned()
            }
        });
        let failure = if let Some(how) = &how {
            self.note(&format!("opencode serve ended: {how}"));
            Failure::new(format!("OpenCode ended ({how})"))
                .detail("the server in the sandbox is no longer running")
        } else {
            self.note("opencode serve ended while the log stream was interrupted");
            Failure::new("OpenCode ended")
                .detail("its process is no longer in the sandbox; how it ended is unknown")
        };
        self.flush().await;
        let failure = failure
            .advise([Advice::StartServer, "nothing that you typed is lost".into()])
            .stderr(self.last_words.iter().cloned().collect())
            .retryable();
        self.tell.send_modify(|known| known.ended = Some(failure));
        self.wait_for_room(1).await;
    }
}

/// The files of a start, from their last known lines on.
fn open(known: &LogEnds, start: u32) -> [LogLines; 2] {
    [LogStream::Stdout, LogStream::Stderr]
        .map(|stream| LogLines::new(known.of(start, stream).unwrap_or(0)))
}

/// Stdout is the first of a pair.
fn index(stream: LogStream) -> usize {
    usize::from(stream == LogStream::Stderr)
}

/// The timestamp at the start of most of OpenCode's lines (observed on 1.18.33): a line may be read long after it
/// was printed.
fn printed_at(text: &str) -> Option<UnixMillis> {
    let (time, _) = text.strip_prefix("timestamp=")?.split_once(' ')?;
    u64::try_from(unix_millis(time)?).ok().map(UnixMillis)
}
