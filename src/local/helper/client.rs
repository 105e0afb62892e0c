//! The server's side of a helper process: requests with their answers, exits of processes, and the
//! helper's own end.
//!
//! One task reads the socket; it never waits for anyone, so the helper never blocks on us. Another one
//! writes, so that a caller who gives up leaves no half of a message behind.

use std::collections::HashMap;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustix::process::{Pid, Signal};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::process::{Child, Command};
use tokio::sync::{Mutex as AsyncMutex, mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use super::protocol;
use super::protocol::{
    HelperErrorKind, HelperReport, HelperRequest, MessageReceiver, MessageSender, ProcessExit,
    PtySize,
};
use super::{process_tree, pty};
use crate::local::isolation::{Confinement, HelperLaunch};
use crate::local::limits::ProcessLimits;
use crate::local::network::forward_proxy;

/// Time for a helper to report that it is ready.
const START_LIMIT: Duration = Duration::from_secs(10);
/// Time for an answer of a ready helper; a dial is the longest request.
const ANSWER_LIMIT: Duration = Duration::from_secs(15);
/// Time for a helper to kill its whole tree before it is killed itself.
const STOP_LIMIT: Duration = Duration::from_secs(10);

/// Requests that wait to be sent.
const OUTBOX: usize = 64;

/// A request that failed, with a message for the caller of the API.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{message}")]
pub(in crate::local) struct HelperError {
    pub(in crate::local) reason: HelperErrorKind,
    pub(in crate::local) message: String,
}

impl HelperError {
    fn gone() -> Self {
        Self {
            reason: HelperErrorKind::Failed,
            message: "the sandbox's helper process is gone".to_owned(),
        }
    }
}

/// A process to start.
pub(in crate::local) struct SpawnRequest {
    /// Program and arguments, never empty.
    pub(in crate::local) argv: Vec<String>,
    /// The whole environment.
    pub(in crate::local) env: Vec<(String, String)>,
    pub(in crate::local) cwd: PathBuf,
    pub(in crate::local) streams: ProcessStreams,
}

/// What a process reads and writes.
pub(in crate::local) enum ProcessStreams {
    /// Its ends of stdin, stdout and stderr.
    Pipes([OwnedFd; 3]),
    /// A new terminal.
    Terminal(PtySize),
}

/// A process that was started.
pub(in crate::local) struct SpawnedProcess {
    pub(in crate::local) pid: u32,
    /// Fails if the helper ends first.
    pub(in crate::local) exit: oneshot::Receiver<ProcessExit>,
    /// Our end of its terminal.
    pub(in crate::local) terminal: Option<OwnedFd>,
}

type HelperResult = Result<(HelperReport, Vec<OwnedFd>), HelperError>;

#[derive(Default)]
struct PendingCalls {
    calls: HashMap<u64, PendingCall>,
    exits: HashMap<u32, oneshot::Sender<ProcessExit>>,
    closed: bool,
}

struct PendingCall {
    answer: oneshot::Sender<HelperResult>,
    /// For a spawn: where the exit goes. Registered when the pid is known, before anything
    /// else is read, so that even the shortest process is not missed.
    exit: Option<oneshot::Sender<ProcessExit>>,
}

/// A request on its way to the helper.
type OutgoingMessage = (HelperRequest, Vec<OwnedFd>);

/// A call that waits for its answer; forgotten when its caller gives up.
struct CallGuard<'a> {
    waiting: &'a Mutex<PendingCalls>,
    call: u64,
}

impl Drop for CallGuard<'_> {
    fn drop(&mut self) {
        lock(self.waiting).calls.remove(&self.call);
    }
}

/// A running helper. Dropping it closes the socket, upon which the helper kills its process tree.
pub(in crate::local) struct Helper {
    outbox: mpsc::Sender<OutgoingMessage>,
    waiting: Arc<Mutex<PendingCalls>>,
    next_call: AtomicU64,
    child: AsyncMutex<Child>,
    gone: CancellationToken,
    closing: CancellationToken,
    /// The sandbox has a network of its own.
    own_network: bool,
    /// Terminals are opened here, for the sandbox cannot.
    needs_terminals: bool,
}

impl Helper {
    /// Starts a helper and waits until it is ready. Its own messages go to the file `log`.
    pub(in crate::local) async fn start(
        start: HelperLaunch,
        limits: ProcessLimits,
        log: &Path,
    ) -> Result<Self, HelperError> {
        let HelperLaunch {
            mut command,
            confinement,
            own_network,
            needs_terminals,
        } = start;
        let failed = |what: &str, error: std::io::Error| HelperError {
            reason: HelperErrorKind::Failed,
            message: format!("{what}: {error}"),
        };
        let (ours, theirs) = std::os::unix::net::UnixStream::pair()
            .map_err(|error| failed("open the socket of the sandbox's helper", error))?;
        let output =
            std::fs::File::create(log).map_err(|error| failed("create helper log", error))?;
        command
            .stdin(Stdio::from(OwnedFd::from(theirs)))
            .stderr(Stdio::from(output));
        let mut command = Command::from(command);
        let mut child = command
            .spawn()
            .map_err(|error| failed("start the sandbox's helper process", error))?;
        // It has the other end of the socket: while that is open, the end of the helper goes unnoticed.
        drop(command);
        let (sender, mut receiver) = ours
            .set_nonblocking(true)
            .and_then(|()| UnixStream::from_std(ours))
            .map(protocol::split)
            .map_err(|error| failed("open the socket of the sandbox's helper", error))?;
        let ready = tokio::time::timeout(START_LIMIT, receiver.receive::<HelperReport>()).await;
        if !matches!(ready, Ok(Ok(Some((HelperReport::Ready, _))))) {
            return Err(not_ready(&mut child, log).await);
        }
        let waiting = Arc::new(Mutex::new(PendingCalls::default()));
        let gone = CancellationToken::new();
        let closing = CancellationToken::new();
        let (outbox, requests) = mpsc::channel(OUTBOX);
        // Both end by themselves: with the helper's end of the socket, or when this handle is dropped.
        tokio::spawn(read(
            receiver,
            Arc::clone(&waiting),
            closing.clone(),
            gone.clone(),
        ));
        tokio::spawn(write(sender, requests, closing.clone()));
        let helper = Self {
            outbox,
            waiting,
            next_call: AtomicU64::new(1),
            child: AsyncMutex::new(child),
            gone,
            closing,
            own_network,
            needs_terminals,
        };
        helper.restrain(limits, confinement).await?;
        Ok(helper)
    }

    /// Has the helper limit and confine itself, and thereby everything in the sandbox.
    async fn restrain(
        &self,
        limits: ProcessLimits,
        confinement: Confinement,
    ) -> Result<(), HelperError> {
        if !limits.is_nothing() {
            let make = |call| HelperRequest::Limit { call, to: limits };
            self.ask(make, Vec::new(), None).await?;
        }
        let make = |call| HelperRequest::Confine {
            call,
            to: confinement,
        };
        self.ask(make, Vec::new(), None).await.map(drop)
    }

    /// The process that was started for this sandbox; everything in it is below. `None` after its
    /// end.
    pub(in crate::local) async fn pid(&self) -> Option<u32> {
        self.child.lock().await.id()
    }

    /// The same without waiting; `None` too while it is being stopped.
    pub(in crate::local) fn running(&self) -> Option<u32> {
        self.child.try_lock().ok()?.id()
    }

    /// Cancelled when the helper has ended, wanted or not.
    pub(in crate::local) fn gone(&self) -> &CancellationToken {
        &self.gone
    }

    /// Starts a process with its three pipe ends, or in a terminal of its own.
    pub(in crate::local) async fn spawn(
        &self,
        spawn: SpawnRequest,
    ) -> Result<SpawnedProcess, HelperError> {
        let (tell, exit) = oneshot::channel();
        let mut ours = None;
        let (theirs, terminal) = match spawn.streams {
            ProcessStreams::Pipes(pipes) => (pipes.into(), None),
            ProcessStreams::Terminal(size) if self.needs_terminals => {
                let opened =
                    pty::open(size).map_err(|(reason, message)| HelperError { reason, message })?;
                ours = Some(opened.0);
                (vec![opened.1], Some(size))
            }
            ProcessStreams::Terminal(size) => (Vec::new(), Some(size)),
        };
        let make = |call| HelperRequest::Spawn {
            call,
            argv: spawn.argv,
            env: spawn.env,
            cwd: spawn.cwd,
            terminal,
        };
        match self.ask(make, theirs, Some(tell)).await? {
            (HelperReport::Spawned { pid, .. }, mut fds) => Ok(SpawnedProcess {
                pid,
                exit,
                terminal: ours.or_else(|| fds.pop()),
            }),
            _ => Err(HelperError::gone()),
        }
    }

    /// Connects to a port on which a process of the sandbox listens.
    pub(in crate::local) async fn dial(&self, port: u16) -> Result<TcpStream, HelperError> {
        let make = |call| HelperRequest::Dial {
            call,
            port,
            // There, this server is the only other one that listens: see `outbound`.
            alone: self.own_network && port != forward_proxy::PORT,
        };
        let (_, mut fds) = self.ask(make, Vec::new(), None).await?;
        let stream = std::net::TcpStream::from(fds.pop().ok_or_else(HelperError::gone)?);
        stream
            .set_nonblocking(true)
            .and_then(|()| TcpStream::from_std(stream))
            .map_err(|_| HelperError::gone())
    }

    /// Listens on a loopback port inside the sandbox; who connects there is ours to serve.
    pub(in crate::local) async fn listen(&self, port: u16) -> Result<TcpListener, HelperError> {
        let (_, mut fds) = self
            .ask(
                |call| HelperRequest::Listen { call, port },
                Vec::new(),
                None,
            )
            .await?;
        let listener = std::net::TcpListener::from(fds.pop().ok_or_else(HelperError::gone)?);
        listener
            .set_nonblocking(true)
            .and_then(|()| TcpListener::from_std(listener))
            .map_err(|_| HelperError::gone())
    }

    /// Signals one process that was started here.
    pub(in crate::local) async fn signal(&self, pid: u32, signal: i32) -> Result<(), HelperError> {
        let make = |call| HelperRequest::Signal { call, pid, signal };
        self.ask(make, Vec::new(), None).await.map(drop)
    }

    pub(in crate::local) async fn freeze(&self) -> Result<(), HelperError> {
        self.ask(|call| HelperRequest::Freeze { call }, Vec::new(), None)
            .await
            .map(drop)
    }

    pub(in crate::local) async fn thaw(&self) -> Result<(), HelperError> {
        self.ask(|call| HelperRequest::Thaw { call }, Vec::new(), None)
            .await
            .map(drop)
    }

    /// Kills every process of the sandbox and waits until the helper has ended.
    pub(in crate::local) async fn stop(&self) {
        let stop = self.outbox.send((HelperRequest::Stop, Vec::new()));
        let _ = tokio::time::timeout(STOP_LIMIT, stop).await;
        let mut child = self.child.lock().await;
        if tokio::time::timeout(STOP_LIMIT, child.wait())
            .await
            .is_err()
        {
            end(&mut child).await;
        }
        self.closing.cancel();
    }

    async fn ask(
        &self,
        request: impl FnOnce(u64) -> HelperRequest,
        fds: Vec<OwnedFd>,
        exit: Option<oneshot::Sender<ProcessExit>>,
    ) -> HelperResult {
        let call = self.next_call.fetch_add(1, Ordering::Relaxed);
        let (answer, answered) = oneshot::channel();
        {
            let mut waiting = lock(&self.waiting);
            if waiting.closed {
                return Err(HelperError::gone());
            }
            waiting.calls.insert(call, PendingCall { answer, exit });
        }
        let _pending = CallGuard {
            waiting: &self.waiting,
            call,
        };
        let exchange = async {
            let sent = self.outbox.send((request(call), fds)).await;
            sent.map_err(|_| HelperError::gone())?;
            answered.await.unwrap_or_else(|_| Err(HelperError::gone()))
        };
        let answer = tokio::time::timeout(ANSWER_LIMIT, exchange).await;
        answer.unwrap_or_else(|_| Err(HelperError::gone()))
    }
}

impl Drop for Helper {
    fn drop(&mut self) {
        self.closing.cancel();
    }
}

/// Ends a helper that did not come up, and says what it said.
async fn not_ready(child: &mut Child, log: &Path) -> HelperError {
    // What holds the sandbox may wait for ever for the part that failed.
    end(child).await;
    let said = std::fs::read_to_string(log).unwrap_or_default();
    let said = said.lines().next().unwrap_or_default();
    HelperError {
        reason: HelperErrorKind::Failed,
        message: format!("the sandbox's helper process did not report ready: {said}"),
    }
}

/// Kills a helper and the processes above it that isolate it: they could outlive it.
async fn end(child: &mut Child) {
    for member in child
        .id()
        .map(process_tree::descendants)
        .unwrap_or_default()
    {
        process_tree::signal(member.pid, Signal::KILL);
    }
    let group = child.id().and_then(|pid| i32::try_from(pid).ok());
    if let Some(group) = group.and_then(Pid::from_raw) {
        // It leads one, in which is also what has lost its parent.
        let _ = rustix::process::kill_process_group(group, Signal::KILL);
    }
    let _ = child.kill().await;
}

fn lock(waiting: &Mutex<PendingCalls>) -> std::sync::MutexGuard<'_, PendingCalls> {
    waiting.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn write(
    socket: MessageSender,
    mut requests: mpsc::Receiver<OutgoingMessage>,
    closing: CancellationToken,
) {
    let writing = async {
        while let Some((request, fds)) = requests.recv().await {
            if socket.send(&request, &fds).await.is_err() {
                return;
            }
            // Our copies of the pipe ends close here, else the pipes would never end.
        }
    };
    tokio::select! {
        () = writing => {}
        () = closing.cancelled() => {}
    }
}

async fn read(
    mut socket: MessageReceiver,
    waiting: Arc<Mutex<PendingCalls>>,
    closing: CancellationToken,
    gone: CancellationToken,
) {
    loop {
        let received = tokio::select! {
            () = closing.cancelled() => break,
            received = socket.receive::<HelperReport>() => received,
        };
        let Ok(Some((report, fds))) = received else {
            break;
        };
        let mut waiting = lock(&waiting);
        match report {
            HelperReport::Ready => {}
            HelperReport::Exited { pid, exit } => {
                if let Some(tell) = waiting.exits.remove(&pid) {
                    let _ = tell.send(exit);
                }
            }
            HelperReport::Failed {
                call,
                reason,
                message,
            } => {
                if let Some(call) = waiting.calls.remove(&call) {
                    let _ = call.answer.send(Err(HelperError { reason, message }));
                }
            }
            HelperReport::Spawned { call, .. }
            | HelperReport::Dialed { call }
            | HelperReport::Listening { call }
            | HelperReport::Done { call } => {
                if let Some(PendingCall { answer, exit }) = waiting.calls.remove(&call) {
                    if let (HelperReport::Spawned { pid, .. }, Some(exit)) = (&report, exit) {
                        waiting.exits.insert(*pid, exit);
                    }
                    let _ = answer.send(Ok((report, fds)));
                }
            }
        }
    }
    let mut waiting = lock(&waiting);
    *waiting = PendingCalls {
        closed: true,
        ..PendingCalls::default()
    };
    drop(waiting);
    gone.cancel();
}
