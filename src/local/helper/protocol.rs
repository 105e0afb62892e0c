//! The protocol between the server and a sandbox's helper process, over one Unix stream socket: requests of
//! the server, reports of the helper.
//!
//! A message is a head (body length as `u32` big-endian, number of file descriptors as one
//! byte) and a JSON body. Descriptors travel with the head's first byte, so they are here when
//! the message is complete: the pipes of a process go in, a dialled connection comes out. No
//! output passes through the helper itself; each pipe keeps its own back-pressure.
//!
//! Knows nothing of E2B and HTTP. It is the same at every level of isolation.

use std::collections::VecDeque;
use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};
use std::path::PathBuf;
use std::sync::Arc;

use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags,
};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio::io::Interest;
use tokio::net::UnixStream;

use crate::local::isolation::Confinement;
use crate::local::limits::ProcessLimits;

const HEAD: usize = 5;
/// Longest message. Linux refuses argument lists beyond 2 MiB anyway.
const MAX_BODY: usize = 8 * 1024 * 1024;
/// Most descriptors in one message: the three pipes of a process.
const MAX_FDS: usize = 3;
/// Most descriptors that wait for their messages. Each read brings those of one send at most.
const MOST_FDS: usize = 64;

/// What the server asks. `call` is chosen by the server and comes back in the answer.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "snake_case")]
pub(in crate::local) enum HelperRequest {
    /// Starts a process in a group of its own; comes with stdin, stdout, stderr; or, when it gets a
    /// terminal, with that, or with nothing where the helper can open one.
    Spawn {
        call: u64,
        /// Program and arguments, never empty.
        argv: Vec<String>,
        /// The whole environment; nothing is inherited.
        env: Vec<(String, String)>,
        cwd: PathBuf,
        /// Makes a terminal of this size the process's own; it leads a session then.
        #[serde(default)]
        terminal: Option<PtySize>,
    },
    /// Limits the helper and all that it starts; before everything else.
    Limit { call: u64, to: ProcessLimits },
    /// Confines the helper and all that it starts; before everything else.
    Confine { call: u64, to: Confinement },
    /// Listens on a loopback port inside; the listener comes out.
    Listen { call: u64, port: u16 },
    /// Connects to a TCP port on which a process of this sandbox listens. `alone`: nobody else can.
    Dial { call: u64, port: u16, alone: bool },
    /// Signals a process that was started by this helper, and no other.
    Signal { call: u64, pid: u32, signal: i32 },
    /// Stops (SIGSTOP) every process of the sandbox.
    Freeze { call: u64 },
    /// Lets them go on.
    Thaw { call: u64 },
    /// Kills everything and ends the helper. No answer; the socket closes.
    Stop,
}

/// The size of a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::local) struct PtySize {
    pub(in crate::local) cols: u16,
    pub(in crate::local) rows: u16,
}

/// What the helper reports.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "report", rename_all = "snake_case")]
pub(in crate::local) enum HelperReport {
    /// First message: requests are taken from now on.
    Ready,
    /// Comes with our end of the terminal, if one was asked for.
    Spawned {
        call: u64,
        pid: u32,
    },
    /// Comes with the connected socket.
    Dialed {
        call: u64,
    },
    /// Comes with the listening socket.
    Listening {
        call: u64,
    },
    Done {
        call: u64,
    },
    Failed {
        call: u64,
        reason: HelperErrorKind,
        message: String,
    },
    /// A process started by this helper has ended; always after its `Spawned`.
    Exited {
        pid: u32,
        exit: ProcessExit,
    },
}

/// Why a request was not carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::local) enum HelperErrorKind {
    NoDirectory,
    NoProgram,
    NoProcess,
    /// Nothing of this sandbox listens on the port.
    NotListening,
    /// The sandbox has used up what it may have of something.
    Exhausted,
    Failed,
}

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::local) enum ProcessExit {
    Code(i32),
    Signal(i32),
}

/// As Go's standard library says it, and thus envd.
impl std::fmt::Display for ProcessExit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let signal = match self {
            Self::Code(code) => return write!(f, "exit status {code}"),
            Self::Signal(signal) => signal,
        };
        let name = match signal {
            1 => "hangup",
            2 => "interrupt",
            3 => "quit",
            6 => "aborted",
            9 => "killed",
            11 => "segmentation fault",
            13 => "broken pipe",
            15 => "terminated",
            other => return write!(f, "signal: signal {other}"),
        };
        write!(f, "signal: {name}")
    }
}

/// The sending half.
#[derive(Debug, Clone)]
pub(in crate::local) struct MessageSender(Arc<UnixStream>);

/// The receiving half.
#[derive(Debug)]
pub(in crate::local) struct MessageReceiver {
    stream: Arc<UnixStream>,
    bytes: Vec<u8>,
    fds: VecDeque<OwnedFd>,
}

/// Splits a connected socket into its two halves.
pub(in crate::local) fn split(stream: UnixStream) -> (MessageSender, MessageReceiver) {
    let stream = Arc::new(stream);
    let receiver = MessageReceiver {
        stream: Arc::clone(&stream),
        bytes: Vec::new(),
        fds: VecDeque::new(),
    };
    (MessageSender(stream), receiver)
}

impl MessageSender {
    /// Sends one message. Not cancel-safe, and one at a time: the caller serialises.
    pub(in crate::local) async fn send<T: Serialize>(
        &self,
        message: &T,
        fds: &[OwnedFd],
    ) -> io::Result<()> {
        let body = serde_json::to_vec(message)?;
        let length = u32::try_from(body.len()).unwrap_or(u32::MAX);
        if body.len() > MAX_BODY || fds.len() > MAX_FDS {
            return Err(io::Error::other(
                "message too large for the socket of the sandbox's helper",
            ));
        }
        let mut bytes = Vec::with_capacity(HEAD + body.len());
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes.push(u8::try_from(fds.len()).unwrap_or(0));
        bytes.extend_from_slice(&body);
        let mut sent = 0;
        while sent < bytes.len() {
            let with = if sent == 0 { fds } else { &[] };
            sent += self
                .0
                .async_io(Interest::WRITABLE, || {
                    send_some(&self.0, &bytes[sent..], with)
                })
                .await?;
        }
        Ok(())
    }
}

impl MessageReceiver {
    /// The next message with its descriptors; `None` when the other side is gone. Cancel-safe.
    pub(in crate::local) async fn receive<T: DeserializeOwned>(
        &mut self,
    ) -> io::Result<Option<(T, Vec<OwnedFd>)>> {
        loop {
            if let Some(message) = self.take()? {
                return Ok(Some(message));
            }
            let Self { stream, bytes, fds } = self;
            // Nobody sends more than come with the messages in one buffer.
            if fds.len() > MOST_FDS {
                return Err(io::Error::other(
                    "too many descriptors on the socket of the sandbox's helper",
                ));
            }
            let count = stream
                .async_io(Interest::READABLE, || receive_some(stream, bytes, fds))
                .await?;
            if count == 0 {
                return Ok(None);
            }
        }
    }

    fn take<T: DeserializeOwned>(&mut self) -> io::Result<Option<(T, Vec<OwnedFd>)>> {
        let Some((head, rest)) = self.bytes.split_first_chunk::<HEAD>() else {
            return Ok(None);
        };
        let [a, b, c, d, count] = *head;
        let length = usize::try_from(u32::from_be_bytes([a, b, c, d])).unwrap_or(usize::MAX);
        let count = usize::from(count);
        if length > MAX_BODY || count > MAX_FDS {
            return Err(io::Error::other(
                "broken message on the socket of the sandbox's helper",
            ));
        }
        let Some(body) = rest.get(..length) else {
            return Ok(None);
        };
        let message = serde_json::from_slice(body)?;
        if self.fds.len() < count {
            return Err(io::Error::other(
                "descriptors missing on the socket of the sandbox's helper",
            ));
        }
        let fds = self.fds.drain(..count).collect();
        self.bytes.drain(..HEAD + length);
        Ok(Some((message, fds)))
    }
}

fn send_some(stream: &UnixStream, bytes: &[u8], fds: &[OwnedFd]) -> io::Result<usize> {
    let borrowed: Vec<_> = fds.iter().map(AsFd::as_fd).collect();
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MAX_FDS))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    if !borrowed.is_empty() {
        control.push(SendAncillaryMessage::ScmRights(&borrowed));
    }
    // The Rust runtime ignores SIGPIPE, so a closed socket is an error here and no signal.
    let count = rustix::net::sendmsg(
        stream,
        &[IoSlice::new(bytes)],
        &mut control,
        SendFlags::empty(),
    )?;
    Ok(count)
}

fn receive_some(
    stream: &UnixStream,
    bytes: &mut Vec<u8>,
    fds: &mut VecDeque<OwnedFd>,
) -> io::Result<usize> {
    let mut buffer = [0_u8; 16 * 1024];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MAX_FDS))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    // Without CLOEXEC the next process of the sandbox would inherit the pipes of this one.
    let flags = RecvFlags::CMSG_CLOEXEC;
    let received = rustix::net::recvmsg(
        stream,
        &mut [IoSliceMut::new(&mut buffer)],
        &mut control,
        flags,
    )?;
    for message in control.drain() {
        if let RecvAncillaryMessage::ScmRights(rights) = message {
            fds.extend(rights);
        }
    }
    bytes.extend_from_slice(buffer.get(..received.bytes).unwrap_or_default());
    Ok(received.bytes)
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};

    use pretty_assertions::assert_eq;
    use proptest::prelude::*;

    use super::*;

    #[tokio::test]
    async fn messages_larger_than_a_buffer_arrive_whole_with_their_descriptors() {
        let (here, there) = UnixStream::pair().unwrap();
        let (sender, _keep) = split(here);
        let (_, mut receiver) = split(there);
        let (mut read, write) = std::io::pipe().unwrap();
        let long = "x".repeat(300_000);

        let sending = async {
            let dial = HelperRequest::Dial {
                call: 1,
                port: 2,
                alone: false,
            };
            sender.send(&dial, &[]).await.unwrap();
            let refused = HelperReport::Failed {
                call: 7,
                reason: HelperErrorKind::Failed,
                message: long.clone(),
            };
            sender.send(&refused, &[write.into()]).await.unwrap();
        };
        let receiving = async {
            let (_, fds) = receiver.receive::<HelperRequest>().await.unwrap().unwrap();
            assert_eq!(fds.len(), 0);
            let (report, fds) = receiver.receive::<HelperReport>().await.unwrap().unwrap();
            (report, fds)
        };
        let ((), (report, mut fds)) = tokio::join!(sending, receiving);

        let HelperReport::Failed {
            call: 7, message, ..
        } = report
        else {
            panic!("another report: {report:?}");
        };
        assert_eq!(message.len(), long.len());
        let mut pipe = std::fs::File::from(fds.remove(0));
        pipe.write_all(b"through").unwrap();
        drop(pipe);
        let mut text = String::new();
        read.read_to_string(&mut text).unwrap();
        assert_eq!(text, "through");
    }

    #[tokio::test]
    async fn descriptors_that_belong_to_no_message_are_not_hoarded() {
        let (here, there) = UnixStream::pair().unwrap();
        let (_, mut receiver) = split(there);
        let body = serde_json::to_vec(&HelperReport::Ready).unwrap();
        let mut bytes = u32::try_from(body.len()).unwrap().to_be_bytes().to_vec();
        bytes.push(0);
        bytes.extend(body);

        let flood = async {
            loop {
                let fd: OwnedFd = std::fs::File::open("/dev/null").unwrap().into();
                here.writable().await.unwrap();
                let sent = here.try_io(Interest::WRITABLE, || send_some(&here, &bytes, &[fd]));
                if sent.is_err_and(|error| error.kind() != io::ErrorKind::WouldBlock) {
                    return;
                }
            }
        };
        let refused = async {
            loop {
                if let Err(error) = receiver.receive::<HelperReport>().await {
                    return error.to_string();
                }
            }
        };
        let refused = tokio::select! {
            refused = refused => refused,
            () = flood => String::new(),
        };

        assert_eq!(
            refused,
            "too many descriptors on the socket of the sandbox's helper"
        );
    }

    #[tokio::test]
    async fn a_closed_door_is_the_end_and_no_error() {
        let (here, there) = UnixStream::pair().unwrap();
        let (_, mut receiver) = split(there);
        drop(here);

        assert!(receiver.receive::<HelperReport>().await.unwrap().is_none());
    }

    proptest! {
        /// The other end is inside a sandbox.
        #[test]
        fn any_bytes_are_messages_or_refused_and_never_wait_for_more_than_a_message_may_be(
            pieces in prop::collection::vec((any::<Vec<u8>>(), "[\\[{\"a1,:}\\]]{0,6}"), 0..6),
        ) {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            let _inside = runtime.enter();
            let (here, _there) = UnixStream::pair().unwrap();
            let (_, mut receiver) = split(here);
            for (noise, json) in &pieces {
                let length = u32::try_from(json.len()).unwrap();
                receiver.bytes.extend(length.to_be_bytes());
                receiver.bytes.push(0);
                receiver.bytes.extend(json.as_bytes());
                if noise.len() % 3 == 0 {
                    receiver.bytes.extend(noise);
                }
            }

            let mut left = receiver.bytes.len();
            while let Ok(Some((_, fds))) = receiver.take::<serde_json::Value>() {
                prop_assert!(fds.is_empty());
                prop_assert!(receiver.bytes.len() < left, "each takes its bytes");
                left = receiver.bytes.len();
            }
            if let Ok(None) = receiver.take::<serde_json::Value>() {
                prop_assert!(receiver.bytes.len() < HEAD + MAX_BODY);
            }
        }
    }
}
