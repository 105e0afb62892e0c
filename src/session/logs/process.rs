//! The process stream of `opencode serve`: its output, and how it exits.
//!
//! A broken stream is reconnected. A restarted envd has forgotten the process: then a server that answers with our
//! password continues, and a process that waits for its exit replaces the stream. Nothing here knows lines or the
//! log.

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::{Notify, mpsc};
use tokio::time::Instant;

use crate::domain::log::LogStream;
use crate::e2b::envd::EnvdClient;
use crate::e2b::error::ErrorKind;
use crate::e2b::process::{ExitStatus, ProcessEvent, ProcessRef, ProcessStream};
use crate::net::backoff::Backoff;
use crate::net::random;
use crate::opencode::client::OpencodeClient;
use crate::session::context::SessionContext;
use crate::session::sandbox::server_process::ServerProcess;

/// What is received about the process.
#[derive(Debug)]
pub(in crate::session) enum ProcessNews {
    Printed(LogStream, Bytes),
    /// The stream broke and was reconnected.
    Resumed,
    /// The last item; `None`: the process exited while the stream was broken.
    Ended(Option<ExitStatus>),
}

/// The process to follow.
pub(in crate::session) struct WatchedProcess {
    pub(in crate::session) context: Arc<SessionContext>,
    pub(in crate::session) envd: EnvdClient,
    /// The server's client, with our password.
    pub(in crate::session) client: OpencodeClient,
    /// It prints into files, so that its stream is silent until the end.
    pub(in crate::session) is_silent: bool,
    /// Notified when there is reason to check whether the process still runs.
    pub(in crate::session) doubt: Arc<Notify>,
}

/// The process that is followed now.
struct ProcessFollow {
    stream: ProcessStream,
    /// It is not the server itself, but waits for the server's exit.
    waits: bool,
    since: Instant,
}

impl ProcessFollow {
    fn new(stream: ProcessStream, waits: bool) -> Self {
        let since = Instant::now();
        Self {
            stream,
            waits,
            since,
        }
    }
}

/// The result of a reconnect.
enum Reattach {
    Followed(Box<ProcessFollow>),
    Ended,
    Unknown,
}

/// Sends news of a process until it has exited, or the receiver is dropped.
pub(in crate::session) async fn watch(
    with: WatchedProcess,
    stream: ProcessStream,
    tell: mpsc::Sender<ProcessNews>,
) {
    let mut source = ProcessFollow::new(stream, false);
    let timing = &with.context.timing;
    let mut backoff = Backoff::new(timing.backoff_base, timing.backoff_cap);
    loop {
        let heard = match with.next(&mut source).await {
            Some(ProcessEvent::Stdout(bytes)) if !source.waits => {
                ProcessNews::Printed(LogStream::Stdout, bytes)
            }
            Some(ProcessEvent::Stderr(bytes)) if !source.waits => {
                ProcessNews::Printed(LogStream::Stderr, bytes)
            }
            Some(ProcessEvent::Ended(exit)) if !source.waits => ProcessNews::Ended(Some(exit)),
            Some(ProcessEvent::Stdout(_) | ProcessEvent::Stderr(_)) => continue,
            Some(ProcessEvent::Ended(_)) | None => {
                match with.take_up(&source, &mut backoff).await {
                    Some(again) => {
                        source = again;
                        ProcessNews::Resumed
                    }
                    None => ProcessNews::Ended(None),
                }
            }
        };
        let is_last = matches!(heard, ProcessNews::Ended(_));
        if tell.send(heard).await.is_err() || is_last {
            return;
        }
    }
}

impl WatchedProcess {
    /// The next event; `None`: the stream broke, or there is reason to reconnect.
    async fn next(&self, source: &mut ProcessFollow) -> Option<ProcessEvent> {
        let is_silent = self.is_silent && !source.waits;
        if is_silent {
            source.stream.without_keepalives();
        }
        let mut woken = self.context.woken();
        tokio::select! {
            event = source.stream.next() => event.ok().flatten(),
            Ok(()) = woken.changed() => None,
            () = self.doubt.notified(), if is_silent => None,
        }
    }

    /// Reconnects the stream, as long as the process is not known to have exited.
    async fn take_up(
        &self,
        source: &ProcessFollow,
        backoff: &mut Backoff,
    ) -> Option<ProcessFollow> {
        backoff.reset_if_lasting(source.since.elapsed(), self.context.timing.lasting);
        loop {
            tokio::time::sleep(backoff.next(random::jitter(), None)).await;
            match self.again(source).await {
                Reattach::Followed(source) => return Some(*source),
                Reattach::Ended => return None,
                // The driver asks the control plane, since its connection broke too.
                Reattach::Unknown => {}
            }
        }
    }

    async fn again(&self, source: &ProcessFollow) -> Reattach {
        let selector = ProcessRef::Pid(source.stream.pid());
        if !source.waits {
            match self.envd.connect(&selector).await {
                Ok(stream) => {
                    return Reattach::Followed(Box::new(ProcessFollow::new(stream, false)));
                }
                Err(error) if matches!(error.kind, ErrorKind::NotFound { .. }) => {}
                Err(_) => return Reattach::Unknown,
            }
        }
        let Ok(found) = ServerProcess::find(&self.envd).await else {
            return Reattach::Unknown;
        };
        let Some(server) = found else {
            return Reattach::Ended;
        };
        match follow_unknown(&self.envd, &self.client, &server).await {
            Ok(Some(stream)) => Reattach::Followed(Box::new(ProcessFollow::new(stream, true))),
            Ok(None) => Reattach::Ended,
            Err(()) => Reattach::Unknown,
        }
    }
}

/// Follows a server that envd does not know, if it answers with our password. `None`: it is not ours; `Err`: it
/// could not be asked.
pub(in crate::session) async fn follow_unknown(
    envd: &EnvdClient,
    client: &OpencodeClient,
    server: &ServerProcess,
) -> Result<Option<ProcessStream>, ()> {
    match client.health().await {
        Ok(_) => envd.start(&server.waiter()).await.map(Some).map_err(|_| ()),
        Err(error) if error.is_retryable() => Err(()),
        Err(_) => Ok(None),
    }
}
