//! Reads the terminal's keys without leaving any behind.
//!
//! crossterm 0.29 waits for keys with an edge-triggered epoll, but reads at most 1024 bytes for
//! each edge (crossterm-rs/crossterm#1057, open): the rest of a burst stays in the kernel until the
//! next key is pressed. When crossterm reports that nothing is ready, [`KeyReader`] checks whether
//! bytes wait, and makes the kernel signal them again.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use crossterm::event::{Event, EventStream};
use futures::Stream;
use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};

/// crossterm's events from standard input.
#[derive(Debug, Default)]
pub(in crate::tui) struct KeyReader(EventStream);

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

/// Sets the terminal's attributes to their present values if bytes wait: Linux then wakes all
/// waiting readers, which is an edge. On a failure nothing changes: the bytes come with the next
/// key.
fn wake_readers() {
    let stdin = rustix::stdio::stdin();
    let waiting = rustix::io::ioctl_fionread(stdin).unwrap_or(0);
    if waiting > 0
        && let Ok(settings) = tcgetattr(stdin)
    {
        let _ = tcsetattr(stdin, OptionalActions::Now, &settings);
    }
}
