//! The helper process of one sandbox: our own program started again with a hidden subcommand.
//!
//! In: requests on its standard input, a Unix socket. Out: reports and file
//! descriptors. It starts the sandbox's processes, adopts and reaps their orphans, signals,
//! dials, and kills everything when asked to or when the server is gone (end of the socket).
//! The parent-death signal is deliberately not used: it follows the *thread* that started us,
//! and an async runtime ends threads at will.

use std::collections::HashSet;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::OwnedFd;
use std::process::ExitCode;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustix::process::{Pid, Signal, WaitOptions};
use tokio::net::{TcpStream, UnixStream};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

use super::port_owner::PortOwners;
use super::protocol;
use super::protocol::{
    HelperErrorKind, HelperReport, HelperRequest, MessageReceiver, MessageSender, ProcessExit,
};
use super::spawn::spawn;
use super::{process_tree, pty};
use crate::local::isolation;
use crate::local::isolation::restrict;
use crate::local::sync::lock;

/// Reports waiting to be sent.
const OUTBOX: usize = 256;
const DIAL_LIMIT: Duration = Duration::from_secs(5);
/// How often the tree is walked when it is stopped or killed, [`STEP`] apart.
const ROUNDS: u32 = 1000;
const STEP: Duration = Duration::from_millis(3);

type ReportSender = mpsc::Sender<(HelperReport, Vec<OwnedFd>)>;

/// Runs the helper until its sandbox ends. The process must do nothing else.
pub fn init_main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(%error, "the sandbox's helper failed");
            ExitCode::FAILURE
        }
    }
}

fn run() -> io::Result<()> {
    // A sandbox that could get at the terminal of the server is not started.
    isolation::lead_session()?;
    isolation::give_up_rights()?;
    adopt_orphans()?;
    shut_to_its_processes()?;
    let stdin = rustix::io::dup(rustix::stdio::stdin())?;
    rustix::io::fcntl_setfd(&stdin, rustix::io::FdFlags::CLOEXEC)?;
    let stream = std::os::unix::net::UnixStream::from(stdin);
    stream.set_nonblocking(true)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let (sender, receiver) = protocol::split(UnixStream::from_std(stream)?);
        serve(sender, receiver).await
    })
}

fn adopt_orphans() -> io::Result<()> {
    Ok(rustix::process::set_child_subreaper(Some(
        rustix::process::getpid(),
    ))?)
}

/// The sandbox's processes run as the same user, and could take the socket from a helper whose memory they
/// may read.
fn shut_to_its_processes() -> io::Result<()> {
    use rustix::process::{DumpableBehavior, set_dumpable_behavior};
    Ok(set_dumpable_behavior(DumpableBehavior::NotDumpable)?)
}

fn own_pid() -> u32 {
    std::process::id()
}

async fn serve(sender: MessageSender, mut receiver: MessageReceiver) -> io::Result<()> {
    let mut children = signal(SignalKind::child())?;
    let (outbox, mut reports) = mpsc::channel::<(HelperReport, Vec<OwnedFd>)>(OUTBOX);
    let writing = tokio::spawn(async move {
        while let Some((report, fds)) = reports.recv().await {
            if sender.send(&report, &fds).await.is_err() {
                break;
            }
        }
    });
    let _ = outbox.send((HelperReport::Ready, Vec::new())).await;
    let mut helper = Init {
        outbox,
        alive: HashSet::new(),
        ports: Arc::default(),
    };
    loop {
        tokio::select! {
            _ = children.recv() => helper.reap().await,
            request = receiver.receive::<HelperRequest>() => match request {
                Ok(Some((HelperRequest::Stop, _)) | None) | Err(_) => break,
                Ok(Some((request, fds))) => helper.handle(request, fds).await,
            },
        }
    }
    kill_tree().await;
    drop(helper);
    writing.abort();
    Ok(())
}

struct Init {
    outbox: ReportSender,
    /// Processes started by this helper that we have not reaped: their ids cannot be reused.
    alive: HashSet<u32>,
    ports: Arc<Mutex<PortOwners>>,
}

impl Init {
    async fn handle(&mut self, request: HelperRequest, fds: Vec<OwnedFd>) {
        let mut out = Vec::new();
        let report = match request {
            HelperRequest::Spawn {
                call,
                argv,
                env,
                cwd,
                terminal,
            } => {
                let spawned = match terminal {
                    None => spawn(&argv, env, &cwd, fds).map(|pid| (pid, None)),
                    Some(size) => pty::given_or_new(fds, size).and_then(|(ours, theirs)| {
                        Ok((pty::spawn(&argv, env, &cwd, theirs)?, ours))
                    }),
                };
                match spawned {
                    Ok((pid, terminal)) => {
                        self.alive.insert(pid);
                        out.extend(terminal);
                        HelperReport::Spawned { call, pid }
                    }
                    Err((reason, message)) => HelperReport::Failed {
                        call,
                        reason,
                        message,
                    },
                }
            }
            HelperRequest::Confine { call, to } => done(call, "confine the sandbox", restrict(&to)),
            HelperRequest::Limit { call, to } => done(call, "limit the sandbox", to.set()),
            HelperRequest::Listen { call, port } => {
                let _ = self.outbox.send(listen(call, port)).await;
                return;
            }
            HelperRequest::Dial { call, port, alone } => {
                self.begin_to_dial(call, port, alone);
                return;
            }
            HelperRequest::Signal { call, pid, signal } => self.signal(call, pid, signal),
            HelperRequest::Freeze { call } => {
                freeze_tree().await;
                HelperReport::Done { call }
            }
            HelperRequest::Thaw { call } => {
                for member in process_tree::descendants(own_pid()) {
                    process_tree::signal(member.pid, Signal::CONT);
                }
                HelperReport::Done { call }
            }
            HelperRequest::Stop => return,
        };
        let _ = self.outbox.send((report, out)).await;
    }

    /// Answers by itself, later.
    fn begin_to_dial(&self, call: u64, port: u16, alone: bool) {
        let (ports, outbox) = (Arc::clone(&self.ports), self.outbox.clone());
        tokio::spawn(dial(call, port, alone, ports, outbox));
    }

    fn signal(&self, call: u64, pid: u32, signal: i32) -> HelperReport {
        let known = self.alive.contains(&pid);
        let target = i32::try_from(pid)
            .ok()
            .and_then(Pid::from_raw)
            .filter(|_| known);
        let (Some(target), Some(signal)) = (target, Signal::from_named_raw(signal)) else {
            let message = format!("process with pid {pid} not found");
            return HelperReport::Failed {
                call,
                reason: HelperErrorKind::NoProcess,
                message,
            };
        };
        match rustix::process::kill_process(target, signal) {
            Ok(()) => HelperReport::Done { call },
            Err(error) => HelperReport::Failed {
                call,
                reason: HelperErrorKind::Failed,
                message: format!("signal process {pid}: {error}"),
            },
        }
    }

    /// Collects every ended child, adopted orphans included, and reports our own.
    async fn reap(&mut self) {
        while let Some((pid, exit)) = reap_one() {
            if self.alive.remove(&pid) {
                let _ = self
                    .outbox
                    .send((HelperReport::Exited { pid, exit }, Vec::new()))
                    .await;
            }
        }
    }
}

fn reap_one() -> Option<(u32, ProcessExit)> {
    loop {
        let (pid, status) = rustix::process::wait(WaitOptions::NOHANG).ok()??;
        let pid = u32::try_from(pid.as_raw_nonzero().get()).ok()?;
        if let Some(code) = status.exit_status() {
            return Some((pid, ProcessExit::Code(code)));
        }
        if let Some(signal) = status.terminating_signal() {
            return Some((pid, ProcessExit::Signal(signal)));
        }
    }
}

fn done(call: u64, what: &str, result: io::Result<()>) -> HelperReport {
    match result {
        Ok(()) => HelperReport::Done { call },
        Err(error) => HelperReport::Failed {
            call,
            reason: HelperErrorKind::Failed,
            message: format!("{what}: {error}"),
        },
    }
}

fn listen(call: u64, port: u16) -> (HelperReport, Vec<OwnedFd>) {
    match std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
        Ok(listener) => (HelperReport::Listening { call }, vec![listener.into()]),
        Err(error) => {
            let message = format!("listen on port {port}: {error}");
            let reason = HelperErrorKind::Failed;
            (
                HelperReport::Failed {
                    call,
                    reason,
                    message,
                },
                Vec::new(),
            )
        }
    }
}

async fn dial(
    call: u64,
    port: u16,
    alone: bool,
    ports: Arc<Mutex<PortOwners>>,
    outbox: ReportSender,
) {
    let mut stream = None;
    if alone {
        // Only processes of this sandbox can listen there.
        let loopback: [IpAddr; 2] = [Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
        stream = connect(loopback.map(|ip| SocketAddr::new(ip, port))).await;
    }
    if stream.is_none() {
        let targets = lock(&ports).owned(own_pid(), port);
        stream = connect(targets).await;
    }
    let answer = match stream {
        Some(stream) => (HelperReport::Dialed { call }, vec![OwnedFd::from(stream)]),
        None => (
            HelperReport::Failed {
                call,
                reason: HelperErrorKind::NotListening,
                message: format!("no process of the sandbox listens on port {port}"),
            },
            Vec::new(),
        ),
    };
    let _ = outbox.send(answer).await;
}

/// The first of these addresses that takes a connection.
async fn connect(targets: impl IntoIterator<Item = SocketAddr>) -> Option<std::net::TcpStream> {
    for target in targets {
        let connected = tokio::time::timeout(DIAL_LIMIT, TcpStream::connect(target)).await;
        let stream = connected.ok().and_then(Result::ok);
        if let Some(stream) = stream.and_then(|stream| stream.into_std().ok()) {
            return Some(stream);
        }
    }
    None
}

/// Stops every process below us. New ones may be born while we walk, hence the rounds.
async fn freeze_tree() {
    for _ in 0..ROUNDS {
        let moving: Vec<_> = process_tree::descendants(own_pid())
            .into_iter()
            .filter(|member| !member.is_stopped)
            .collect();
        if moving.is_empty() {
            return;
        }
        for member in moving {
            process_tree::signal(member.pid, Signal::STOP);
        }
        tokio::time::sleep(STEP).await;
    }
}

/// Kills every process below us and reaps it. Stopping first keeps a fork loop from outrunning us.
async fn kill_tree() {
    for _ in 0..ROUNDS {
        while reap_one().is_some() {}
        let members = process_tree::descendants(own_pid());
        if members.is_empty() {
            return;
        }
        for member in &members {
            process_tree::signal(member.pid, Signal::STOP);
        }
        for member in process_tree::descendants(own_pid()) {
            process_tree::signal(member.pid, Signal::KILL);
        }
        tokio::time::sleep(STEP).await;
    }
    tracing::error!("some processes of the sandbox could not be killed");
}
