//! The processes of a running sandbox: the helper starts them, subscribers get their output, and their end is
//! remembered for a while.
//!
//! Output nobody subscribed to is read and thrown away (as envd does), so that no process stops for
//! want of a reader. The first subscriber is there before the process, so the shortest command loses
//! nothing. What happens to subscribers that do not keep up is up to [`output_broadcast`].
//!
//! It knows nothing of a sandbox but its log.
//!
//! In reading order: this file; [`streams`]; [`output_broadcast`]; [`contained`].

pub(super) mod contained;
pub(super) mod output_broadcast;
pub(super) mod streams;

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::sync::{Mutex as AsyncMutex, Notify, oneshot};
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::local::helper::client::{Helper, HelperError};
use crate::local::helper::protocol::{HelperErrorKind, ProcessExit, PtySize};
use crate::local::limits::DescriptorQuota;
use crate::local::sandbox::log::SandboxLog;
use output_broadcast::{OutputBroadcast, ProcessOutput, Subscriber};
use streams::{InputKind, InputSink, OutputSource, Program, PtyMaster, StartedProcess};

/// The pause after a chunk while all readers are far behind.
const PACE: Duration = Duration::from_millis(1);
/// How long the end event stays for a late `Connect` (envd since 0.6: 30 s).
const REMEMBERED: Duration = Duration::from_secs(30);
/// After a deliberate signal: time for the pipes to end before they are left.
const DRAIN: Duration = Duration::from_millis(200);
const KILL: i32 = 9;

/// What is started.
#[derive(Debug, Clone)]
pub(super) struct ProcessCommand {
    pub(super) cmd: String,
    pub(super) args: Vec<String>,
    /// As requested; the sandbox's own environment is not in here.
    pub(super) envs: BTreeMap<String, String>,
    /// As requested.
    pub(super) cwd: Option<String>,
    pub(super) tag: Option<String>,
}

/// How to start it.
pub(super) struct ProcessLaunch {
    pub(super) command: ProcessCommand,
    /// The whole environment of the process.
    pub(super) env: Vec<(String, String)>,
    pub(super) cwd: PathBuf,
    pub(super) stdin: bool,
    /// Gives it a terminal of this size instead of pipes.
    pub(super) terminal: Option<PtySize>,
    /// SIGKILL for the process after this time, whether anybody listens or not.
    pub(super) deadline: Option<Duration>,
}

pub(super) struct Process {
    pub(super) pid: u32,
    pub(super) command: ProcessCommand,
    input: AsyncMutex<InputSink>,
    terminal: Option<PtyMaster>,
    broadcast: OutputBroadcast,
    /// Set before it is killed for its deadline.
    expired: AtomicBool,
    /// Both outputs have been closed.
    mute: AtomicBool,
    /// A deliberate signal was sent: the end need not wait for the pipes.
    hurried: Notify,
}

/// All processes of one run of a sandbox.
pub(super) struct Processes {
    helper: Arc<Helper>,
    log: Arc<SandboxLog>,
    quota: DescriptorQuota,
    table: Mutex<HashMap<u32, Arc<Process>>>,
    tasks: TaskTracker,
    /// Ends with the run.
    over: CancellationToken,
}

impl Processes {
    pub(super) fn new(
        helper: Arc<Helper>,
        log: Arc<SandboxLog>,
        quota: DescriptorQuota,
        over: CancellationToken,
    ) -> Arc<Self> {
        Arc::new(Self {
            helper,
            log,
            quota,
            table: Mutex::default(),
            tasks: TaskTracker::new(),
            over,
        })
    }

    /// Starts a process; the subscriber gets everything from its first byte on.
    pub(super) async fn start(
        self: &Arc<Self>,
        launch: ProcessLaunch,
    ) -> Result<(Arc<Process>, Subscriber), HelperError> {
        let ProcessLaunch {
            command,
            env,
            cwd,
            stdin,
            terminal,
            deadline,
        } = launch;
        // Its three streams; a terminal is one, and takes three while it is opened.
        let place = self.quota.take(3).map_err(|message| HelperError {
            reason: HelperErrorKind::Exhausted,
            message,
        })?;
        let mut argv = vec![command.cmd.clone()];
        argv.extend(command.args.iter().cloned());
        let program = Program { argv, env, cwd };
        let opened = match terminal {
            Some(size) => StartedProcess::in_terminal(&self.helper, program, size).await?,
            None => StartedProcess::with_pipes(&self.helper, program, stdin).await?,
        };
        let (pid, exit) = (opened.pid, opened.exit);
        let process = Arc::new(Process {
            pid,
            command,
            input: AsyncMutex::new(opened.input),
            terminal: opened.terminal,
            broadcast: OutputBroadcast::default(),
            expired: AtomicBool::new(false),
            mute: AtomicBool::new(false),
            hurried: Notify::new(),
        });
        let subscriber = process.subscribe();
        self.lock().insert(pid, Arc::clone(&process));
        self.log.started(pid);
        let pump = OutputPump {
            process: Arc::clone(&process),
            stdout: opened.stdout,
            stderr: opened.stderr,
            deadline: deadline.and_then(|after| Instant::now().checked_add(after)),
            helper: Arc::clone(&self.helper),
            log: Arc::clone(&self.log),
        };
        let (table, over) = (Arc::downgrade(self), self.over.clone());
        self.tasks.spawn(async move {
            tokio::select! {
                () = pump.run(exit) => {
                    drop(place);
                    forget(table, pid, over).await;
                }
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
    pub(super) fn find(&self, wanted: &ProcessSelector) -> Result<Arc<Process>, HelperError> {
        let table = self.lock();
        let (found, subject) = match wanted {
            ProcessSelector::Pid(pid) => (table.get(pid), format!("pid {pid}")),
            ProcessSelector::Tag(tag) => {
                let tagged = table
                    .values()
                    .filter(|process| process.command.tag.as_ref() == Some(tag));
                // Of an ended and a running one with the same tag, the running one is meant.
                let found = tagged.min_by_key(|process| process.exit().is_some());
                (found, format!("tag {tag}"))
            }
        };
        found.cloned().ok_or_else(|| HelperError {
            reason: HelperErrorKind::NoProcess,
            message: format!("process with {subject} not found"),
        })
    }

    /// Forgets all processes, which go on, as an envd that was restarted does.
    pub(super) fn forget_all(&self) {
        self.drop_subscribers();
        self.lock().clear();
    }

    /// Ends all subscriptions; the processes go on.
    pub(super) fn drop_subscribers(&self) {
        self.lock()
            .values()
            .for_each(|process| process.broadcast.drop_subscribers());
    }

    pub(super) async fn signal(&self, process: &Process, signal: i32) -> Result<(), HelperError> {
        // To the one process, also SIGKILL, as envd does it (0.6.13).
        self.helper.signal(process.pid, signal).await?;
        process.hurried.notify_one();
        Ok(())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<u32, Arc<Process>>> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Which process a call is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ProcessSelector {
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
    pub(super) fn exit(&self) -> Option<ProcessExit> {
        self.broadcast.exit()
    }

    async fn expire(&self, helper: &Helper) {
        self.expired.store(true, Ordering::Release);
        let _ = helper.signal(self.pid, KILL).await;
    }

    /// Whether it was killed for its deadline.
    pub(super) fn is_expired(&self) -> bool {
        self.expired.load(Ordering::Acquire)
    }

    /// Whether it has closed its outputs. Nothing but its end comes from it then.
    pub(super) fn is_mute(&self) -> bool {
        self.mute.load(Ordering::Acquire)
    }

    pub(super) fn subscribe(&self) -> Subscriber {
        self.broadcast.subscribe()
    }

    /// Writes to standard input or to the terminal, whichever is meant.
    pub(super) async fn write(&self, kind: InputKind, bytes: &[u8]) -> Result<(), String> {
        self.input.lock().await.write(kind, bytes).await
    }

    /// Closes standard input; a second time is no error. A terminal cannot be closed by half.
    pub(super) async fn close_stdin(&self) -> Result<(), String> {
        if self.terminal.is_some() {
            return Err("the process has a pty: send 0x04 (end of transmission) to it".to_owned());
        }
        *self.input.lock().await = InputSink::Closed;
        Ok(())
    }

    pub(super) fn resize(&self, size: PtySize) -> Result<(), String> {
        let terminal = self.terminal.as_ref();
        let terminal = terminal.ok_or_else(|| "the process has no pty".to_owned())?;
        terminal
            .resize(size)
            .map_err(|error| format!("resize the pty: {error}"))
    }

    /// Output of the first stream, which a terminal has alone.
    fn said(&self, chunk: Bytes) -> ProcessOutput {
        if self.terminal.is_some() {
            ProcessOutput::Terminal(chunk)
        } else {
            ProcessOutput::Stdout(chunk)
        }
    }

    fn finish(&self, exit: ProcessExit) {
        // Not waited for: somebody may be stuck in a write to it.
        if let Ok(mut input) = self.input.try_lock() {
            *input = InputSink::Closed;
        }
        self.broadcast.finish(exit);
    }
}

/// Moves one process's output to its subscribers until it has ended.
struct OutputPump {
    process: Arc<Process>,
    /// Of a terminal too.
    stdout: OutputSource,
    stderr: OutputSource,
    deadline: Option<Instant>,
    helper: Arc<Helper>,
    log: Arc<SandboxLog>,
}

impl OutputPump {
    async fn run(mut self, exit: oneshot::Receiver<ProcessExit>) {
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
                        process.expire(&helper).await;
                        dying.notify_one();
                        exit.await
                    }
                }
            };
            // Without an exit the helper is gone, and it takes its tree with it.
            ended.unwrap_or(ProcessExit::Signal(KILL))
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
        let (mut hurried, mut leave) = (false, None::<Instant>);
        while exit.is_none() || self.stdout.is_open() || self.stderr.is_open() {
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
                chunk = self.stdout.read(out) => Some(process.said(chunk)),
                chunk = self.stderr.read(err) => Some(ProcessOutput::Stderr(chunk)),
                () = sleep_until(leave) => break,
            };
            if let Some(output) = output.filter(|output| output.len() > 0)
                && self.process.broadcast.publish(&output)
            {
                tokio::time::sleep(PACE).await;
            }
            self.tell_if_mute();
            if exit.is_some() && hurried && leave.is_none() {
                leave = Some(Instant::now() + DRAIN);
            }
        }
        self.finish(exit.unwrap_or(ProcessExit::Signal(KILL)));
    }

    fn tell_if_mute(&self) {
        if !self.stdout.is_open() && !self.stderr.is_open() {
            self.process.mute.store(true, Ordering::Release);
        }
    }

    fn finish(&self, exit: ProcessExit) {
        // Before subscribers get the end, so that they find the line in the log.
        self.log.ended(self.process.pid, exit);
        self.process.finish(exit);
    }
}

async fn sleep_until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}
