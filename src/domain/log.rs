//! Lines of a sandbox's log, as the log pane shows them.

use super::time::UnixMillis;

/// Where a line came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LogStream {
    Stdout,
    Stderr,
    /// Written by sandbar itself: boot stages, reconnects, gaps.
    Sandbar,
}

/// One line. `text` is as the process wrote it, without its line end and capped in length; it may
/// hold control sequences, which only `text::ansi` may turn into something to show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// When we received it.
    pub at: UnixMillis,
    pub stream: LogStream,
    /// Byte offset of the line's start in its stream since we began to read it; the identity of a
    /// line is (start, stream, offset).
    pub offset: u64,
    /// Names the reading that the offset belongs to; grows from one to the next.
    pub start: u32,
    pub text: String,
}

impl LogLine {
    /// A line of our own: it has no place in a process's streams.
    pub fn ours(at: UnixMillis, text: impl Into<String>) -> Self {
        Self {
            at,
            stream: LogStream::Sandbar,
            offset: 0,
            start: 0,
            text: text.into(),
        }
    }

    /// Stands for `count` lines that were dropped because the screen could not keep up.
    pub fn skipped(at: UnixMillis, count: usize) -> Self {
        Self::ours(at, format!("{count} lines skipped"))
    }
}
