//! The process stream of `opencode serve`: what it prints there, and how the process ends.
//!
//! A stream that breaks is taken up again. Nothing here knows lines or the log.

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::mpsc;

use super::world::World;
use crate::domain::log::LogStream;
use crate::e2b::envd::EnvdClient;
use crate::e2b::error::Kind;
use crate::e2b::process::{Exit, ProcessEvent, ProcessStream, Selector};
use crate::net::backoff::Backoff;
use crate::net::random;

/// What is heard of the process.
#[derive(Debug)]
pub(super) enum Heard {
    Printed(LogStream, Bytes),
    /// The stream broke and was taken up again.
    Resumed,
    /// The last that is heard; `None`: the process ended while the stream was broken.
    Ended(Option<Exit>),
}

/// Tells what is heard of a process until it has ended, or nobody listens.
pub(super) async fn watch(
    world: Arc<World>,
    envd: EnvdClient,
    mut stream: ProcessStream,
    tell: mpsc::Sender<Heard>,
) {
    let selector = Selector::Pid(stream.pid());
    let mut backoff = Backoff::new(world.timing.backoff_base, world.timing.backoff_cap);
    let mut woken = world.woken();
    loop {
        let event = tokio::select! {
            event = stream.next() => event,
            Ok(()) = woken.changed() => Ok(None),
        };
        let heard = match event {
            Ok(Some(ProcessEvent::Stdout(bytes))) => Heard::Printed(LogStream::Stdout, bytes),
            Ok(Some(ProcessEvent::Stderr(bytes))) => Heard::Printed(LogStream::Stderr, bytes),
            Ok(Some(ProcessEvent::Ended(exit))) => Heard::Ended(Some(exit)),
            Ok(None) | Err(_) => loop {
                tokio::time::sleep(backoff.next(random::jitter(), None)).await;
                match envd.connect(&selector).await {
                    Ok(again) => {
                        stream = again;
                        backoff.reset();
                        break Heard::Resumed;
                    }
                    Err(error) if matches!(error.kind, Kind::NotFound { .. }) => {
                        break Heard::Ended(None);
                    }
                    // The control plane is asked by the driver, whose connection broke as well.
                    Err(_) => {}
                }
            },
        };
        let is_last = matches!(heard, Heard::Ended(_));
        if tell.send(heard).await.is_err() || is_last {
            return;
        }
    }
}
