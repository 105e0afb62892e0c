//! The log of one sandbox: a ring buffer of lines, and the scroll position in it.
//!
//! Lines have numbers that never change, so that the visible lines do not move when lines are added
//! or the oldest are dropped. A scroll stays a relative offset until a frame resolves it, since
//! only the view knows how many rows a line takes; the view visits only the lines that it shows or
//! skips.

mod update;
mod view;

use std::collections::VecDeque;

use crate::domain::log::LogLine;

pub(super) use view::{LogsView, untimed};

/// The most lines that are kept.
const MOST_LINES: usize = 10_000;
/// The most text that is kept, in bytes.
const MOST_BYTES: usize = 8 << 20;
/// The rough overhead of a line besides its text.
const LINE_BYTES: usize = 64;

/// The first row on the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum LogAnchor {
    /// The newest lines are shown and followed.
    #[default]
    Tail,
    /// `row` counts the rows of the wrapped line.
    At { line: u64, row: usize },
}

/// What the last frame showed; plain data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LogsViewport {
    anchor: LogAnchor,
    /// How much of the pending offset is already part of the anchor.
    applied: i64,
    /// Rows of the log on the screen; 0 when it was not drawn.
    rows: u16,
}

/// The ring buffer, and how it is shown.
#[derive(Debug)]
pub(super) struct Logs {
    /// `lines[0]` is the oldest.
    lines: VecDeque<LogLine>,
    /// The number of `lines[0]`.
    first: u64,
    bytes: usize,
    anchor: LogAnchor,
    /// Rows to scroll, positive is down; the next frame resolves it.
    pending: i64,
    /// Rows of the last frame.
    rows: u16,
    wrap: bool,
    times: bool,
}

impl Default for Logs {
    fn default() -> Self {
        Self {
            lines: VecDeque::new(),
            first: 0,
            bytes: 0,
            anchor: LogAnchor::Tail,
            pending: 0,
            rows: 0,
            wrap: false,
            times: true,
        }
    }
}

impl Logs {
    /// Drops all lines, and follows new ones.
    pub(super) fn clear(&mut self) {
        *self = Self {
            wrap: self.wrap,
            times: self.times,
            ..Self::default()
        };
    }

    /// Adds new lines, and drops the oldest beyond the limits.
    pub(super) fn append(&mut self, lines: Vec<LogLine>) {
        for line in lines {
            self.bytes += line.text.len() + LINE_BYTES;
            self.lines.push_back(line);
        }
        while self.lines.len() > MOST_LINES || self.bytes > MOST_BYTES {
            let Some(line) = self.lines.pop_front() else {
                break;
            };
            self.bytes -= line.text.len() + LINE_BYTES;
            self.first += 1;
        }
    }

    /// Stores what the last frame showed; nothing if the log was not on the screen.
    pub(super) fn shown(&mut self, viewport: LogsViewport) {
        if viewport.rows > 0 {
            self.anchor = viewport.anchor;
            self.pending -= viewport.applied;
            self.rows = viewport.rows;
        }
    }

    /// The newest line.
    pub(super) fn last(&self) -> Option<&LogLine> {
        self.lines.back()
    }

    /// The number of the line after the newest.
    fn end(&self) -> u64 {
        self.first + u64::try_from(self.lines.len()).unwrap_or(u64::MAX)
    }

    fn line(&self, number: u64) -> Option<&LogLine> {
        let index = usize::try_from(number.checked_sub(self.first)?).ok()?;
        self.lines.get(index)
    }
}

#[cfg(test)]
mod tests;
