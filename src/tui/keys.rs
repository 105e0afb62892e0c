//! The keys of the terminal, none left behind.
//!
//! crossterm 0.29 waits for keys by an edge-triggered epoll, but reads at most 1024 bytes for each
//! edge (crossterm-rs/crossterm#1057, open): what more of a burst has arrived by then waits in the
//! kernel until the next key is pressed. [`KeyReader`] looks whether something waits when crossterm says
//! that nothing does, and makes the kernel tell it again.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use crossterm::event::{Event, EventStream};
use futures::Stream;
use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};

/// What crossterm reads from standard input.
#[derive(Debug, Default)]
pub(super) struct KeyReader(EventStream);

impl Stream for KeyReader {
    type Item = io::Result<Event>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let polled = Pin::new(&mut self.0).poll_next(cx);
        if polled.is_pending() {
            wake_readers();
        }
        polled
    }
}

/// Sets the terminal to what it is set to, if bytes wait in it: Linux then wakes all who wait for
/// bytes, and that is an edge. A failure leaves what was: the bytes come with the next key.
fn wake_readers() {
    let stdin = rustix::stdio::stdin();
    let waiting = rustix::io::ioctl_fionread(stdin).unwrap_or(0);
    if waiting > 0
        && let Ok(settings) = tcgetattr(stdin)
    {
        let _ = tcsetattr(stdin, OptionalActions::Now, &settings);
    }
}
