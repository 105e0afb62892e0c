//! Draws the log: a window of it, or its newest line.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::{LogAnchor, Logs, LogsViewport};
use crate::app::time::format;
use crate::app::view::theme::{Colours, Theme};
use crate::domain::log::{LogLine, LogStream};
use crate::text::{ansi, wrap};

/// The log, ready to draw.
pub(in crate::app) struct LogsView<'a> {
    pub(in crate::app) logs: &'a Logs,
    pub(in crate::app) theme: &'a Theme,
    pub(in crate::app) utc_offset_minutes: i16,
}

/// A row of the log: a line, and a row of it if it is wrapped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct LogPosition {
    line: u64,
    row: usize,
}

impl LogsView<'_> {
    /// Draws the window into `area` (without a frame), and returns what was shown.
    pub(in crate::app) fn draw(&self, area: Rect, buf: &mut Buffer) -> LogsViewport {
        if area.is_empty() {
            return LogsViewport::default();
        }
        let height = usize::from(area.height);
        let width = usize::from(area.width);
        if self.logs.lines.is_empty() {
            let words = "Nothing yet. What opencode serve prints appears here.";
            buf.set_stringn(area.x, area.y, words, width, self.theme.dim);
        }
        let tail = self.back_from_end(height, width);
        let top = self.resolve(tail, width);
        let anchor = if self.follows(top, tail) {
            LogAnchor::Tail
        } else {
            LogAnchor::At {
                line: top.line,
                row: top.row,
            }
        };

        let mut y = area.y;
        let mut place = top;
        while y < area.bottom() && place.line < self.logs.end() {
            for line in self.rows(place.line, width).iter().skip(place.row) {
                if y == area.bottom() {
                    break;
                }
                buf.set_line(area.x, y, line, area.width);
                y += 1;
            }
            place = LogPosition {
                line: place.line + 1,
                row: 0,
            };
        }
        LogsViewport {
            anchor,
            applied: self.logs.pending,
            rows: area.height,
        }
    }

    /// Draws the newest line into one row, with a text at the right. It is quiet: this row is always
    /// in sight, and most of what a server warns of needs nobody.
    pub(in crate::app) fn draw_ticker(&self, area: Rect, right: &str, buf: &mut Buffer) {
        let Some(line) = self.logs.last() else { return };
        let columns = u16::try_from(wrap::width(right) + 2).unwrap_or(0);
        let room = area.width.saturating_sub(columns + 1);
        buf.set_line(area.x + 1, area.y, &self.quiet(line), room);
        let x = area.x + 1 + room;
        let columns = usize::from(area.right().saturating_sub(x));
        buf.set_stringn(x, area.y, format!(" {right}"), columns, self.theme.dim);
    }

    /// The right title of the pane.
    pub(in crate::app) fn standing(&self) -> String {
        let lines = self.logs.lines.len();
        let noun = if lines == 1 { "line" } else { "lines" };
        match self.logs.anchor {
            LogAnchor::Tail if self.logs.pending >= 0 => format!("{lines} {noun} · following"),
            _ => format!("{lines} {noun} · paused"),
        }
    }

    /// At the end the log follows, except for a reader who has just stopped it: `s` holds the page
    /// even if the end is on it.
    fn follows(&self, top: LogPosition, tail: LogPosition) -> bool {
        match self.logs.anchor {
            LogAnchor::Tail => top >= tail,
            LogAnchor::At { .. } => self.logs.pending > 0 && top >= tail,
        }
    }

    /// The first row on the screen: the anchor, moved by the pending offset.
    fn resolve(&self, tail: LogPosition, width: usize) -> LogPosition {
        let oldest = LogPosition {
            line: self.logs.first,
            row: 0,
        };
        let from = match self.logs.anchor {
            LogAnchor::Tail => tail,
            // Without wrapping, or at a greater width, the line has fewer rows.
            LogAnchor::At { line, row } => LogPosition {
                line,
                row: row.min(self.height(line, width).saturating_sub(1)),
            }
            .max(oldest),
        };
        let rows = usize::try_from(self.logs.pending.unsigned_abs()).unwrap_or(0);
        if self.logs.pending < 0 {
            self.back(from, rows, width)
        } else {
            self.forward(from, rows, width, tail).min(tail.max(from))
        }
    }

    fn back_from_end(&self, rows: usize, width: usize) -> LogPosition {
        let end = LogPosition {
            line: self.logs.end(),
            row: 0,
        };
        self.back(end, rows, width)
    }

    fn back(&self, from: LogPosition, mut rows: usize, width: usize) -> LogPosition {
        let mut place = from;
        loop {
            if place.row >= rows {
                place.row -= rows;
                return place;
            }
            rows -= place.row;
            place.row = 0;
            if place.line <= self.logs.first {
                return place;
            }
            place.line -= 1;
            place.row = self.height(place.line, width);
        }
    }

    fn forward(
        &self,
        from: LogPosition,
        mut rows: usize,
        width: usize,
        until: LogPosition,
    ) -> LogPosition {
        let mut place = from;
        while rows > 0 && place < until {
            let left = self.height(place.line, width).saturating_sub(place.row);
            if rows < left {
                place.row += rows;
                return place;
            }
            rows -= left;
            place = LogPosition {
                line: place.line + 1,
                row: 0,
            };
        }
        place
    }

    fn height(&self, number: u64, width: usize) -> usize {
        if self.logs.wrap {
            self.rows(number, width).len().max(1)
        } else {
            1
        }
    }

    fn rows(&self, number: u64, width: usize) -> Vec<Line<'static>> {
        let Some(line) = self.logs.line(number) else {
            return Vec::new();
        };
        let line = self.line(line);
        if self.logs.wrap {
            wrap::wrap_line(line, width)
        } else {
            vec![line]
        }
    }

    /// The line without colours and weight, unless it is an error.
    fn quiet(&self, line: &LogLine) -> Line<'static> {
        let mut quiet = self.line(line);
        for span in &mut quiet.spans {
            if span.style != self.theme.error {
                span.style = self.theme.dim;
            }
        }
        quiet
    }

    /// Time, stream and text; a word marks the stream, not colour alone.
    fn line(&self, line: &LogLine) -> Line<'static> {
        let theme = self.theme;
        let (word, style) = match line.stream {
            LogStream::Stdout => ("out  ", theme.dim),
            LogStream::Stderr if line.text.contains("level=ERROR") => ("err  ", theme.error),
            // Yellow is for what needs the user.
            LogStream::Stderr if line.text.contains("level=WARN") => ("err  ", theme.strong),
            // OpenCode prints its whole log to stderr, not only errors.
            LogStream::Stderr => ("err  ", theme.dim),
            LogStream::Sandbar => ("note ", theme.accent),
        };
        let mut spans = Vec::new();
        if self.logs.times {
            let time = format::seconds(line.at, self.utc_offset_minutes);
            spans.push(Span::styled(format!("{time} "), theme.dim));
        }
        spans.push(Span::styled(word, style));
        let coloured = theme.colours == Colours::Terminal;
        let text = ansi::log_line(untimed(&line.text), theme.text, coloured);
        let base = text.style;
        spans.extend(text.spans.into_iter().map(|mut span| {
            span.style = base.patch(span.style);
            span
        }));
        Line::from(spans)
    }
}

/// Cuts the time from OpenCode's own lines, which the row already shows. The log file keeps it.
pub(in crate::app) fn untimed(text: &str) -> &str {
    text.strip_prefix("timestamp=")
        .and_then(|rest| rest.split_once(' '))
        .map_or(text, |(_, rest)| rest)
}
