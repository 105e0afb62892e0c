//! The processes of a running sandbox: started through its helper, their output handed to
//! whoever subscribed, their end remembered for a while.
//!
//! Policy of output. A subscriber has a queue of [`QUEUE`] chunks. When it is full the process's
//! pump waits, at most [`PATIENCE`]; then that subscriber is cut off and told so. Thus a reader
//! that keeps up within a factor loses nothing, and one that hangs stalls the process once, for
//! a moment, and never again. With no subscriber output is read and thrown away (as envd does).
//! The first subscriber is there before the process, so the shortest command loses nothing.

use std::collections::{BTreeMap, HashMap};
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};
use std::time::Duration;

use bytes::{BufMut, Bytes, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::unix::pipe;
use tokio::sync::{Mutex as AsyncMutex, Notify, mpsc, oneshot};
use tokio::time::{Instant, timeout, timeout_at};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::door::{Exit, Refusal};
use super::helper::{Helper, Refused};

/// Chunks of output that wait for one subscriber.
const QUEUE: usize = 128;
/// Largest chunk (envd's own size); with [`QUEUE`] at most 4 MiB a subscriber.
const CHUNK: usize = 32 * 1024;
/// How long a full queue may hold up the process before its subscriber is cut off.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long the end event stays for a late `Connect` (envd since 0.6: 30 s).
const REMEMBERED: Duration = Duration::from_secs(30);
/// After a deliberate signal: time for the pipes to end before they are left.
const DRAIN: Duration = Duration::from_millis(200);
/// Longest wait of one write to a process that does not read its standard input.
const STDIN_LIMIT: Duration = Duration::from_mins(1);
const KILL: i32 = 9;

/// What is started.
#[derive(Debug, Clone)]
pub(super) struct Command {
    pub(super) cmd: String,
    pub(super) args: Vec<String>,
    /// As requested; the sandbox's own environment is not in here.
    pub(super) envs: BTreeMap<String, String>,
    /// As requested.
    pub(super) cwd: Option<String>,
    pub(super) tag: Option<String>,
}

/// How to start it.
pub(super) struct Launch {
    pub(super) command: Command,
    /// The whole environment of the process.
    pub(super) env: Vec<(String, String)>,
    pub(super) cwd: PathBuf,
    pub(super) stdin: bool,
    /// SIGKILL for the group after this time, whether anybody listens or not.
    pub(super) deadline: Option<Duration>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Output {
    Stdout(Bytes),
    Stderr(Bytes),
    Ended(Exit),
}

/// One reader of a process's output.
pub(super) struct Subscriber {
    receiver: mpsc::Receiver<Output>,
    cut: Arc<AtomicBool>,
}

/// Why a subscription gave no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lost {
    /// It did not keep up.
    TooSlow,
    /// The sandbox was paused or killed.
    Sandbox,
}

impl Subscriber {
    /// The next output; after [`Output::Ended`] nothing sensible follows. Cancel-safe.
    pub(super) async fn next(&mut self) -> Result<Output, Lost> {
        self.receiver.recv().await.ok_or_else(|| {
            if self.cut.load(Ordering::Acquire) {
                Lost::TooSlow
            } else {
                Lost::Sandbox
            }
        })
    }
}

struct Feed {
    sender: mpsc::Sender<Output>,
    cut: Arc<AtomicBool>,
}

pub(super) struct Process {
    pub(super) pid: u32,
    pub(super) command: Command,
    stdin: AsyncMutex<Option<pipe::Sender>>,
    feeds: Mutex<Feeds>,
    ended: OnceLock<Exit>,
    /// A deliberate signal was sent: the end need not wait for the pipes.
    hurried: Notify,
}

#[derive(Default)]
struct Feeds {
    list: Vec<Feed>,
    over: bool,
}

/// All processes of one run of a sandbox.
pub(super) struct Processes {
    helper: Arc<Helper>,
    table: Mutex<HashMap<u32, Arc<Process>>>,
    tasks: TaskTracker,
    /// Ends with the run.
    over: CancellationToken,
}

impl Processes {
    pub(super) fn new(helper: Arc<Helper>, over: CancellationToken) -> Arc<Self> {
        Arc::new(Self {
            helper,
            table: Mutex::default(),
            tasks: TaskTracker::new(),
            over,
        })
    }

    /// Starts a process; the subscriber gets everything from its first byte on.
    pub(super) async fn start(
        self: &Arc<Self>,
        launch: Launch,
    ) -> Result<(Arc<Process>, Subscriber), Refused> {
        let Launch {
            command,
            env,
            cwd,
            stdin,
            deadline,
        } = launch;
        let broken = |error: std::io::Error| Refused {
            reason: Refusal::Failed,
            message: format!("open pipes for '{}': {error}", command.cmd),
        };
        let pipes = Pipes::open(stdin).map_err(broken)?;
        let mut argv = vec![command.cmd.clone()];
        argv.extend(command.args.iter().cloned());
        let (pid, exit) = self.helper.spawn(argv, env, cwd, pipes.theirs).await?;
        let process = Arc::new(Process {
            pid,
            command,
            stdin: AsyncMutex::new(pipes.stdin),
            feeds: Mutex::default(),
            ended: OnceLock::new(),
            hurried: Notify::new(),
        });
        let subscriber = process.subscribe();
        self.lock().insert(pid, Arc::clone(&process));
        let pump = Pump {
            process: Arc::clone(&process),
            stdout: Some(pipes.stdout),
            stderr: Some(pipes.stderr),
            deadline: deadline.and_then(|after| Instant::now().checked_add(after)),
            helper: Arc::clone(&self.helper),
        };
        let (table, over) = (Arc::downgrade(self), self.over.clone());
        self.tasks.spawn(async move {
            tokio::select! {
                () = pump.run(exit) => forget(table, pid, over).await,
                () = over.cancelled() => {}
            }
        });
        Ok((process, subscriber))
    }

    /// Running processes by pid.
    pub(super) fn list(&self) -> Vec<Arc<Process>> {
        let mut list: Vec<_> = self
            .lock()
            .values()
            .filter(|process| process.exit().is_none())
            .cloned()
            .collect();
        list.sort_by_key(|process| process.pid);
        list
    }

    /// A process that runs, or ended less than half a minute ago.
    pub(super) fn find(&self, wanted: &Selector) -> Result<Arc<Process>, Refused> {
        let table = self.lock();
        let (found, subject) = match wanted {
            Selector::Pid(pid) => (table.get(pid), format!("pid {pid}")),
            Selector::Tag(tag) => {
                let tagged = table
                    .values()
                    .filter(|process| process.command.tag.as_ref() == Some(tag));
                // Of an ended and a running one with the same tag, the running one is meant.
                let found = tagged.min_by_key(|process| process.exit().is_some());
                (found, format!("tag {tag}"))
            }
        };
        found.cloned().ok_or_else(|| Refused {
            reason: Refusal::NoProcess,
            message: format!("process with {subject} not found"),
        })
    }

    /// Ends all subscriptions; the processes go on.
    pub(super) fn drop_subscribers(&self) {
        self.lock()
            .values()
            .for_each(|process| process.drop_subscribers());
    }

    pub(super) async fn signal(&self, process: &Process, signal: i32) -> Result<(), Refused> {
        self.helper.signal(process.pid, signal, false).await?;
        process.hurried.notify_one();
        Ok(())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<u32, Arc<Process>>> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Which process a call is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Selector {
    Pid(u32),
    Tag(String),
}

async fn forget(table: Weak<Processes>, pid: u32, over: CancellationToken) {
    tokio::select! {
        () = tokio::time::sleep(REMEMBERED) => {}
        () = over.cancelled() => {}
    }
    if let Some(table) = table.upgrade() {
        let mut table = table.lock();
        // The id may belong to a new process by now.
        if table
            .get(&pid)
            .is_some_and(|process| process.exit().is_some())
        {
            table.remove(&pid);
        }
    }
}

impl Process {
    pub(super) fn exit(&self) -> Option<Exit> {
        self.ended.get().copied()
    }

    /// Subscribes to output from now on; to the end alone if it has ended.
    pub(super) fn subscribe(&self) -> Subscriber {
        let (sender, receiver) = mpsc::channel(QUEUE);
        let cut = Arc::new(AtomicBool::new(false));
        let mut feeds = self.feeds.lock().unwrap_or_else(PoisonError::into_inner);
        match self.exit() {
            Some(exit) => {
                let _ = sender.try_send(Output::Ended(exit));
            }
            None if !feeds.over => feeds.list.push(Feed {
                sender,
                cut: Arc::clone(&cut),
            }),
            None => {}
        }
        Subscriber { receiver, cut }
    }

    /// Writes to standard input.
    pub(super) async fn write(&self, bytes: &[u8]) -> Result<(), String> {
        let mut stdin = self.stdin.lock().await;
        let Some(pipe) = stdin.as_mut() else {
            return Err("error writing to stdin: stdin not enabled or closed".to_owned());
        };
        match timeout(STDIN_LIMIT, pipe.write_all(bytes)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(format!("error writing to stdin: {error}")),
            Err(_) => Err("error writing to stdin: the process does not read it".to_owned()),
        }
    }

    /// Closes standard input; a second time is no error.
    pub(super) async fn close_stdin(&self) {
        self.stdin.lock().await.take();
    }

    /// Drops all subscribers: the sandbox is paused or gone.
    pub(super) fn drop_subscribers(&self) {
        self.feeds
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .list
            .clear();
    }

    async fn publish(&self, output: Output) {
        let targets: Vec<_> = {
            let mut feeds = self.feeds.lock().unwrap_or_else(PoisonError::into_inner);
            feeds.list.retain(|feed| !feed.sender.is_closed());
            feeds
                .list
                .iter()
                .map(|feed| (feed.sender.clone(), Arc::clone(&feed.cut)))
                .collect()
        };
        for (sender, cut) in targets {
            // A refused send means a reader that went away; it is swept above, next time.
            if timeout(PATIENCE, sender.send(output.clone()))
                .await
                .is_err()
            {
                cut.store(true, Ordering::Release);
                let mut feeds = self.feeds.lock().unwrap_or_else(PoisonError::into_inner);
                feeds.list.retain(|feed| !feed.sender.same_channel(&sender));
            }
        }
    }

    async fn finish(&self, exit: Exit) {
        self.stdin.lock().await.take();
        {
            // In one step, so that a subscriber sees the end either here or in `subscribe`.
            let mut feeds = self.feeds.lock().unwrap_or_else(PoisonError::into_inner);
            feeds.over = true;
            let _ = self.ended.set(exit);
        }
        self.publish(Output::Ended(exit)).await;
        self.drop_subscribers();
    }
}

struct Pipes {
    theirs: [OwnedFd; 3],
    stdin: Option<pipe::Sender>,
    stdout: pipe::Receiver,
    stderr: pipe::Receiver,
}

impl Pipes {
    fn open(stdin: bool) -> std::io::Result<Self> {
        let (out_read, out_write) = std::io::pipe()?;
        let (err_read, err_write) = std::io::pipe()?;
        let (theirs_in, stdin) = if stdin {
            let (read, write) = std::io::pipe()?;
            (
                OwnedFd::from(read),
                Some(pipe::Sender::from_owned_fd(write.into())?),
            )
        } else {
            (OwnedFd::from(std::fs::File::open("/dev/null")?), None)
        };
        Ok(Self {
            theirs: [theirs_in, out_write.into(), err_write.into()],
            stdin,
            stdout: pipe::Receiver::from_owned_fd(out_read.into())?,
            stderr: pipe::Receiver::from_owned_fd(err_read.into())?,
        })
    }
}

/// Moves one process's output to its subscribers until it has ended.
struct Pump {
    process: Arc<Process>,
    stdout: Option<pipe::Receiver>,
    stderr: Option<pipe::Receiver>,
    deadline: Option<Instant>,
    helper: Arc<Helper>,
}

impl Pump {
    async fn run(mut self, exit: oneshot::Receiver<Exit>) {
        let (process, helper, deadline) = (
            Arc::clone(&self.process),
            Arc::clone(&self.helper),
            self.deadline,
        );
        let dying = Arc::new(Notify::new());
        let watch = async {
            let mut exit = exit;
            let ended = match deadline {
                None => (&mut exit).await,
                Some(at) => {
                    if let Ok(ended) = timeout_at(at, &mut exit).await {
                        ended
                    } else {
                        let _ = helper.signal(process.pid, KILL, true).await;
                        dying.notify_one();
                        exit.await
                    }
                }
            };
            // Without an exit the helper is gone, and it takes its tree with it.
            ended.unwrap_or(Exit::Signal(KILL))
        };
        let hurry = async {
            tokio::select! {
                () = process.hurried.notified() => {}
                () = dying.notified() => {}
            }
        };
        let mut chunks = [BytesMut::new(), BytesMut::new()];
        tokio::pin!(watch, hurry);
        let mut exit = None;
        let mut hurried = false;
        let mut leave: Option<Instant> = None;
        while exit.is_none() || self.stdout.is_some() || self.stderr.is_some() {
            let [out, err] = &mut chunks;
            let output = tokio::select! {
                ended = &mut watch, if exit.is_none() => {
                    exit = Some(ended);
                    None
                }
                () = &mut hurry, if !hurried => {
                    hurried = true;
                    None
                }
                chunk = read(&mut self.stdout, out) => Some(Output::Stdout(chunk)),
                chunk = read(&mut self.stderr, err) => Some(Output::Stderr(chunk)),
                () = sleep_until(leave) => break,
            };
            if let Some(output) = output.filter(|output| !is_empty(output)) {
                self.process.publish(output).await;
            }
            if exit.is_some() && hurried && leave.is_none() {
                leave = Some(Instant::now() + DRAIN);
            }
        }
        self.process
            .finish(exit.unwrap_or(Exit::Signal(KILL)))
            .await;
    }
}

async fn sleep_until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}

fn is_empty(output: &Output) -> bool {
    matches!(output, Output::Stdout(chunk) | Output::Stderr(chunk) if chunk.is_empty())
}

/// Reads a chunk; at the end of the pipe closes it and gives an empty one. Cancel-safe.
async fn read(pipe: &mut Option<pipe::Receiver>, buffer: &mut BytesMut) -> Bytes {
    let Some(open) = pipe else {
        return std::future::pending().await;
    };
    buffer.reserve(CHUNK);
    match open.read_buf(&mut buffer.limit(CHUNK)).await {
        Ok(count) if count > 0 => buffer.split().freeze(),
        _ => {
            *pipe = None;
            Bytes::new()
        }
    }
}
