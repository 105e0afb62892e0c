//! The process stream of `opencode serve`: what it prints there, and how the process ends.
//!
//! A stream that breaks is taken up again. An envd that was restarted has forgotten the process: then a
//! server that answers with our password goes on, and a process that waits for its end takes the stream's
//! place. Nothing here knows lines or the log.

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::{Notify, mpsc};
use tokio::time::Instant;

use crate::domain::log::LogStream;
use crate::e2b::envd::EnvdClient;
use crate::e2b::error::Kind;
use crate::e2b::process::{Exit, ProcessEvent, ProcessStream, Selector};
use crate::net::backoff::Backoff;
use crate::net::random;
use crate::opencode::client::OpencodeClient;
use crate::session::context::World;
use crate::session::sandbox::server_process::ServerProcess;

/// What is heard of the process.
#[derive(Debug)]
pub(in crate::session) enum Heard {
    Printed(LogStream, Bytes),
    /// The stream broke and was taken up again.
    Resumed,
    /// The last that is heard; `None`: the process ended while the stream was broken.
    Ended(Option<Exit>),
}

/// What is watched.
pub(in crate::session) struct WatchedProcess {
    pub(in crate::session) world: Arc<World>,
    pub(in crate::session) envd: EnvdClient,
    /// Of the server, with our password.
    pub(in crate::session) client: OpencodeClient,
    /// It prints into files, so that its stream is silent until the end.
    pub(in crate::session) is_silent: bool,
    /// Told when there is reason to look whether the process is still there.
    pub(in crate::session) doubt: Arc<Notify>,
}

/// What is followed.
struct Followed {
    stream: ProcessStream,
    /// It is not the server's own: it ends when the server has ended.
    waits: bool,
    since: Instant,
}

impl Followed {
    fn new(stream: ProcessStream, waits: bool) -> Self {
        let since = Instant::now();
        Self {
            stream,
            waits,
            since,
        }
    }
}

/// What came of taking up the stream.
enum Again {
    Followed(Box<Followed>),
    Ended,
    Unknown,
}

/// Tells what is heard of a process until it has ended, or nobody listens.
pub(in crate::session) async fn watch(
    with: WatchedProcess,
    stream: ProcessStream,
    tell: mpsc::Sender<Heard>,
) {
    let mut source = Followed::new(stream, false);
    let timing = &with.world.timing;
    let mut backoff = Backoff::new(timing.backoff_base, timing.backoff_cap);
    loop {
        let heard = match with.next(&mut source).await {
            Some(ProcessEvent::Stdout(bytes)) if !source.waits => {
                Heard::Printed(LogStream::Stdout, bytes)
            }
            Some(ProcessEvent::Stderr(bytes)) if !source.waits => {
                Heard::Printed(LogStream::Stderr, bytes)
            }
            Some(ProcessEvent::Ended(exit)) if !source.waits => Heard::Ended(Some(exit)),
            Some(ProcessEvent::Stdout(_) | ProcessEvent::Stderr(_)) => continue,
            Some(ProcessEvent::Ended(_)) | None => {
                match with.take_up(&source, &mut backoff).await {
                    Some(again) => {
                        source = again;
                        Heard::Resumed
                    }
                    None => Heard::Ended(None),
                }
            }
        };
        let is_last = matches!(heard, Heard::Ended(_));
        if tell.send(heard).await.is_err() || is_last {
            return;
        }
    }
}

impl WatchedProcess {
    /// The next event; `None`: the stream broke, or there is reason to take it up anew.
    async fn next(&self, source: &mut Followed) -> Option<ProcessEvent> {
        let is_silent = self.is_silent && !source.waits;
        if is_silent {
            source.stream.without_keepalives();
        }
        let mut woken = self.world.woken();
        tokio::select! {
            event = source.stream.next() => event.ok().flatten(),
            Ok(()) = woken.changed() => None,
            () = self.doubt.notified(), if is_silent => None,
        }
    }

    /// Takes the stream up again, for as long as nobody knows that the process has ended.
    async fn take_up(&self, source: &Followed, backoff: &mut Backoff) -> Option<Followed> {
        backoff.reset_if_lasting(source.since.elapsed(), self.world.timing.lasting);
        loop {
            tokio::time::sleep(backoff.next(random::jitter(), None)).await;
            match self.again(source).await {
                Again::Followed(source) => return Some(*source),
                Again::Ended => return None,
                // The control plane is asked by the driver, whose connection broke as well.
                Again::Unknown => {}
            }
        }
    }

    async fn again(&self, source: &Followed) -> Again {
        let selector = Selector::Pid(source.stream.pid());
        if !source.waits {
            match self.envd.connect(&selector).await {
                Ok(stream) => {
                    return Again::Followed(Box::new(Followed::new(stream, false)));
                }
                Err(error) if matches!(error.kind, Kind::NotFound { .. }) => {}
                Err(_) => return Again::Unknown,
            }
        }
        let Ok(found) = ServerProcess::find(&self.envd).await else {
            return Again::Unknown;
        };
        let Some(server) = found else {
            return Again::Ended;
        };
        match follow_unknown(&self.envd, &self.client, &server).await {
            Ok(Some(stream)) => Again::Followed(Box::new(Followed::new(stream, true))),
            Ok(None) => Again::Ended,
            Err(()) => Again::Unknown,
        }
    }
}

/// Follows a server that envd does not know, if it answers with our password. `None`: it is not ours; `Err`:
/// it could not be asked.
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
