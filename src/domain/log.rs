//! Lines of a sandbox's log, as the log pane shows them.

use std::collections::BTreeMap;

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
/// contain control sequences, so display it only through `text::ansi`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// When we received it.
    pub at: UnixMillis,
    pub stream: LogStream,
    /// Byte offset of the line's start in its stream; (start, stream, offset) identifies a line.
    pub offset: u64,
    /// The number of the server's start that the offset belongs to; increases with each start. If
    /// the sandbox keeps no log, it numbers our own reads.
    pub start: u32,
    pub text: String,
}

impl LogLine {
    /// A line of our own: it has no position in a process's streams.
    pub fn ours(at: UnixMillis, text: impl Into<String>) -> Self {
        Self {
            at,
            stream: LogStream::Sandbar,
            offset: 0,
            start: 0,
            text: text.into(),
        }
    }

    /// Replaces `count` lines that were dropped because the screen could not keep up.
    pub fn skipped(at: UnixMillis, count: usize) -> Self {
        Self::ours(at, format!("{count} lines skipped"))
    }
}

/// How far each start's streams are known: the offsets of their last lines.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LogEnds(BTreeMap<(u32, LogStream), u64>);

impl LogEnds {
    pub fn of(&self, start: u32, stream: LogStream) -> Option<u64> {
        self.0.get(&(start, stream)).copied()
    }

    /// The newest start before this one; `None` also if lines of this one are known.
    pub fn before(&self, start: u32) -> Option<u32> {
        let newest = self.0.range(..=(start, LogStream::Sandbar)).next_back();
        newest
            .map(|((newest, _), _)| *newest)
            .filter(|newest| *newest != start)
    }

    /// Whether a line is new; marks it as known. Our own lines always are.
    pub fn advance(&mut self, line: &LogLine) -> bool {
        if line.stream == LogStream::Sandbar {
            return true;
        }
        let known = self.0.entry((line.start, line.stream));
        let mut is_new = true;
        known
            .and_modify(|last| {
                is_new = line.offset > *last;
                *last = line.offset.max(*last);
            })
            .or_insert(line.offset);
        is_new
    }

    /// Combines what both know.
    #[must_use]
    pub fn common(&self, other: &Self) -> Self {
        let both = self.0.iter().filter_map(|(key, ours)| {
            let theirs = other.0.get(key)?;
            Some((*key, *ours.min(theirs)))
        });
        Self(both.collect())
    }
}

impl FromIterator<((u32, LogStream), u64)> for LogEnds {
    fn from_iter<T: IntoIterator<Item = ((u32, LogStream), u64)>>(ends: T) -> Self {
        Self(ends.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(start: u32, stream: LogStream, offset: u64) -> LogLine {
        LogLine {
            at: UnixMillis(0),
            stream,
            offset,
            start,
            text: String::new(),
        }
    }

    #[test]
    fn a_line_is_new_once_in_its_own_stream_and_start() {
        use LogStream::{Stderr, Stdout};
        let mut ends = LogEnds::default();
        let came = [
            (1, Stdout, 0),
            (1, Stderr, 0),
            (1, Stdout, 7),
            (1, Stdout, 0),
            (1, Stdout, 7),
            (2, Stdout, 0),
        ];

        let new = came.map(|(start, stream, offset)| ends.advance(&line(start, stream, offset)));

        assert_eq!(new, [true, true, true, false, false, true]);
        assert_eq!((ends.of(1, Stdout), ends.of(2, Stderr)), (Some(7), None));
        assert_eq!(
            (ends.before(2), ends.before(3), ends.before(1)),
            (None, Some(2), None)
        );
    }
}
