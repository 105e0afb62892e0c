//! Follows the output of `opencode serve`: lines for the log pane, its last words, its end.
//!
//! The reader never waits for the screen, since an unread stdout can in the end stall the server.
//! Lines are batched; where the listener is behind, the oldest of the batch are dropped and one line
//! says how many. A broken stream is taken up again: what was printed meanwhile is lost and said so.

use std::collections::VecDeque;
use std::sync::Arc;

use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::task::AbortOnDropHandle;

use super::events::Events;
use super::recorder::Recorder;
use super::world::World;
use crate::domain::failure::Failure;
use crate::domain::log::{LogLine, LogStream};
use crate::e2b::envd::EnvdClient;
use crate::e2b::error::Kind;
use crate::e2b::process::{Exit, ProcessEvent, ProcessStream, Selector};
use crate::net::backoff::Backoff;
use crate::net::lines::LineSplitter;
use crate::session::world::wall;

/// The longest line that is kept whole, in bytes.
const LINE_CAP: usize = 16 * 1024;
/// Lines that wait for a listener that is behind.
const WAITING: usize = 2_000;
/// Lines of stderr that a failure carries.
const LAST_WORDS: usize = 12;
/// What OpenCode prints to stdout when it accepts connections (observed on 1.18.33).
const LISTENING: &str = "opencode server listening on ";

/// What is known of the process.
#[derive(Debug, Clone, Default)]
struct Known {
    listening: bool,
    ended: Option<Failure>,
}

/// Dropping it stops the following; the process runs on.
#[derive(Debug)]
pub(crate) struct Follower {
    known: watch::Receiver<Known>,
    _task: AbortOnDropHandle<()>,
}

/// What a follower works with.
pub(crate) struct Following {
    pub(crate) world: Arc<World>,
    pub(crate) events: Events,
    pub(crate) recorder: Recorder,
    pub(crate) envd: EnvdClient,
}

impl Follower {
    /// Follows a process that was just started or joined.
    pub(crate) fn start(with: Following, stream: ProcessStream) -> Self {
        let (tell, known) = watch::channel(Known::default());
        let task = tokio::spawn(async move { Reader::new(with, tell).run(stream).await });
        Self {
            known,
            _task: AbortOnDropHandle::new(task),
        }
    }

    /// Waits for the line that says that the server accepts connections.
    pub(crate) async fn listening(&self) {
        let mut known = self.known.clone();
        if known.wait_for(|known| known.listening).await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// Waits for the end of the process.
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

struct Reader {
    with: Following,
    tell: watch::Sender<Known>,
    stdout: LineSplitter,
    stderr: LineSplitter,
    batch: VecDeque<LogLine>,
    dropped: usize,
    /// Names this following: seconds since the epoch, so that it grows from start to start.
    start: u32,
    last_words: VecDeque<String>,
}

impl Reader {
    fn new(with: Following, tell: watch::Sender<Known>) -> Self {
        let start = u32::try_from(wall().0 / 1000).unwrap_or(u32::MAX);
        Self {
            with,
            tell,
            stdout: LineSplitter::new(LINE_CAP, 0),
            stderr: LineSplitter::new(LINE_CAP, 0),
            batch: VecDeque::new(),
            dropped: 0,
            start,
            last_words: VecDeque::new(),
        }
    }

    async fn run(mut self, mut stream: ProcessStream) {
        let selector = Selector::Pid(stream.pid());
        let timing = &self.with.world.timing;
        let mut backoff = Backoff::new(timing.backoff_base, timing.backoff_cap);
        loop {
            let ended = self.follow(&mut stream).await;
            if let Some(exit) = ended {
                self.end(&exit).await;
                return;
            }
            stream = loop {
                let wait = backoff.next(self.with.world.jitter(), None);
                tokio::time::sleep(wait).await;
                match self.with.envd.connect(&selector).await {
                    Ok(stream) => break stream,
                    Err(error) if matches!(error.kind, Kind::NotFound { .. }) => {
                        self.lost().await;
                        return;
                    }
                    // The control plane is asked by the driver, whose connection broke as well.
                    Err(_) => {}
                }
            };
            backoff.reset();
            self.note("the log stream broke and was taken up again; lines may be missing");
        }
    }

    /// Reads until the process ends, or the stream breaks (`None`).
    async fn follow(&mut self, stream: &mut ProcessStream) -> Option<Exit> {
        let every = self.with.world.timing.log_batch;
        let mut due: Option<Instant> = None;
        loop {
            let deadline = due.unwrap_or_else(Instant::now);
            tokio::select! {
                biased;
                () = tokio::time::sleep_until(deadline), if due.is_some() => {
                    self.flush().await;
                    due = (!self.batch.is_empty()).then(|| Instant::now() + every);
                }
                event = stream.next() => match event {
                    Ok(Some(ProcessEvent::Stdout(bytes))) => self.take(LogStream::Stdout, &bytes),
                    Ok(Some(ProcessEvent::Stderr(bytes))) => self.take(LogStream::Stderr, &bytes),
                    Ok(Some(ProcessEvent::Ended(exit))) => return Some(exit),
                    Ok(None) | Err(_) => {
                        self.flush().await;
                        return None;
                    }
                },
            }
            if due.is_none() && !self.batch.is_empty() {
                due = Some(Instant::now() + every);
            }
        }
    }

    fn take(&mut self, stream: LogStream, bytes: &[u8]) {
        let at = wall();
        let splitter = if stream == LogStream::Stderr {
            &mut self.stderr
        } else {
            &mut self.stdout
        };
        let mut lines = Vec::new();
        splitter.push(bytes, |line| lines.push((line.offset, line.text)));
        for (offset, text) in lines {
            if stream == LogStream::Stdout && text.starts_with(LISTENING) {
                self.tell.send_modify(|known| known.listening = true);
            }
            if stream == LogStream::Stderr {
                if self.last_words.len() == LAST_WORDS {
                    self.last_words.pop_front();
                }
                self.last_words.push_back(text.clone());
            }
            self.push(LogLine {
                at,
                stream,
                offset,
                start: self.start,
                text,
            });
        }
    }

    fn push(&mut self, line: LogLine) {
        if self.batch.len() == WAITING {
            self.batch.pop_front();
            self.dropped += 1;
        }
        self.batch.push_back(line);
    }

    fn note(&mut self, text: &str) {
        let at = wall();
        self.push(LogLine::ours(at, text));
    }

    async fn flush(&mut self) {
        if self.batch.is_empty() {
            return;
        }
        let mut lines = Vec::with_capacity(self.batch.len() + 1);
        if self.dropped > 0 {
            lines.push(LogLine::skipped(self.batch[0].at, self.dropped));
        }
        lines.extend(self.batch.drain(..));
        match self.with.events.offer_logs(lines) {
            Ok(lines) => {
                self.dropped = 0;
                self.with.recorder.logs(lines).await;
            }
            Err(mut lines) => {
                if self.dropped > 0 {
                    lines.remove(0);
                }
                self.batch = lines.into();
            }
        }
    }

    async fn end(&mut self, exit: &Exit) {
        let rest = [
            (LogStream::Stdout, self.stdout.finish()),
            (LogStream::Stderr, self.stderr.finish()),
        ];
        let at = wall();
        for (stream, line) in rest {
            if let Some(line) = line {
                if stream == LogStream::Stderr {
                    self.last_words.push_back(line.text.clone());
                }
                self.push(LogLine {
                    at,
                    stream,
                    offset: line.offset,
                    start: self.start,
                    text: line.text,
                });
            }
        }
        let how = if exit.exited {
            format!("exit code {}", exit.code)
        } else {
            exit.status.trim_start_matches("signal: ").to_owned()
        };
        self.note(&format!("opencode serve ended: {how}"));
        self.flush().await;
        let failure = Failure::new(format!("OpenCode ended ({how})"))
            .because("the server in the sandbox is not running any more")
            .hint("press r to start it again; nothing that you typed is lost")
            .stderr(self.last_words.iter().cloned().collect())
            .retryable();
        self.tell.send_modify(|known| known.ended = Some(failure));
    }

    /// The process ended while nobody listened.
    async fn lost(&mut self) {
        self.note("opencode serve ended while the log stream was broken");
        self.flush().await;
        let failure = Failure::new("OpenCode ended")
            .because("its process is no longer in the sandbox; how it ended is not known")
            .hint("press r to start it again; nothing that you typed is lost")
            .stderr(self.last_words.iter().cloned().collect())
            .retryable();
        self.tell.send_modify(|known| known.ended = Some(failure));
    }
}
