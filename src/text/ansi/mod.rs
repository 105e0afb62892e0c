//! Makes outside text safe to display.
//!
//! Input: text of servers, models and processes. Output: text without any control character.
//! Removes what a terminal would interpret (escape sequences, C0 and C1 controls) and what deceives
//! the reader: bidirectional overrides, zero-width and tag characters. Tabs become spaces. Only
//! [`log_line`] interprets one kind of sequence, colours (SGR); it drops all others too.
//!
//! Of lines that a program redraws, [`last_states`] keeps what a terminal would show in the end.
//!
//! For a whole terminal in a sandbox there is [`OutputFilter`], which passes drawing sequences and
//! nothing else.
//!
//! Does not know where the text came from, and never fails.

mod redraw;
mod relay;
mod sgr;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use ratatui::style::Style;
use ratatui::text::{Line, Span};
use vte::{Params, Parser, Perform};

use super::hidden::is_obeyed;
use super::wrap::measure::width;

pub use redraw::last_states;
pub use relay::OutputFilter;

/// Tab stops in prose and code.
const TAB: usize = 4;
/// Tab stops in logs, as in terminals.
const LOG_TAB: usize = 8;

/// Returns `text` as lines of printable characters: `\n` is the only control character left, `\r\n`
/// becomes `\n`, any other `\r` a space, and tabs are expanded to stops of 4.
///
/// Borrows if nothing changes, which is nearly always.
pub fn plain(text: &str) -> Cow<'_, str> {
    if is_clean(text) {
        return Cow::Borrowed(text);
    }
    let mut sink = SpanSink::new(TAB, None);
    run(text, &mut sink);
    Cow::Owned(sink.runs.into_iter().map(|run| run.content).collect())
}

/// Returns one log line as styled text. With `colour`, its SGR sequences are patched over `base`;
/// otherwise they are dropped like all others. Line ends inside `text` become spaces.
pub fn log_line(text: &str, base: Style, colour: bool) -> Line<'static> {
    if is_clean(text) && !text.contains('\n') {
        return Line::from(Span::styled(text.to_owned(), base));
    }
    let mut sink = SpanSink::new(LOG_TAB, Some((base, colour)));
    run(text.trim_end_matches(['\r', '\n']), &mut sink);
    Line::from(sink.runs)
}

/// Whether [`plain`] would return `text` as it is.
fn is_clean(text: &str) -> bool {
    let bytes = text.as_bytes();
    // Check bytes first: text of printable ASCII and newlines needs no check by character.
    if bytes
        .iter()
        .all(|&b| (0x20..0x7f).contains(&b) || b == b'\n')
    {
        return true;
    }
    text.chars().all(|c| c == '\n' || !is_obeyed(c))
}

fn run(text: &str, sink: &mut SpanSink) {
    let mut parser: Parser = Parser::new();
    let mut rest = text;
    // C1 controls are two bytes in UTF-8, which vte takes for characters; and an unterminated
    // escape sequence must not swallow the lines after it. Feeding line by line handles both.
    while !rest.is_empty() {
        let end = rest.find('\n').map_or(rest.len(), |at| at + 1);
        let (line, after) = rest.split_at(end);
        let body = line.strip_suffix('\n').unwrap_or(line);
        let body = body.strip_suffix('\r').unwrap_or(body);
        parser.advance(sink, body.as_bytes());
        if body.len() != line.len() && line.ends_with('\n') {
            sink.newline();
        }
        // A fresh parser for each line: the state of a broken sequence ends with its line.
        parser = Parser::new();
        rest = after;
    }
}

/// Collects printable text in spans of one style.
struct SpanSink {
    runs: Vec<Span<'static>>,
    tab: usize,
    /// The column of the line's last tab stop, and the text since: only whole text has a width.
    stop: usize,
    since: String,
    /// `None` keeps line ends (`plain`); `Some` is a log line's base style and whether SGR applies.
    log: Option<(Style, bool)>,
    style: Style,
}

impl SpanSink {
    fn new(tab: usize, log: Option<(Style, bool)>) -> Self {
        let style = log.map_or_else(Style::default, |(base, _)| base);
        Self {
            runs: Vec::new(),
            tab,
            stop: 0,
            since: String::new(),
            log,
            style,
        }
    }

    fn newline(&mut self) {
        if self.log.is_some() {
            self.push(' ');
        } else {
            self.push('\n');
            self.stop = 0;
            self.since.clear();
        }
    }

    /// Goes to the next tab stop.
    fn tab(&mut self) {
        let column = self.stop + width(&self.since);
        let spaces = self.tab - column % self.tab;
        for _ in 0..spaces {
            self.push(' ');
        }
        self.stop = column + spaces;
        self.since.clear();
    }

    fn push(&mut self, c: char) {
        self.since.push(c);
        match self.runs.last_mut() {
            Some(run) if run.style == self.style => run.content.to_mut().push(c),
            _ => self.runs.push(Span::styled(c.to_string(), self.style)),
        }
    }
}

impl Perform for SpanSink {
    fn print(&mut self, c: char) {
        match c {
            '\u{2028}' | '\u{2029}' => self.push(' '),
            _ if is_obeyed(c) => {}
            _ => self.push(c),
        }
    }

    fn execute(&mut self, byte: u8) {
        match byte {
            b'\t' => self.tab(),
            b'\r' => self.push(' '),
            _ => {}
        }
    }

    fn csi_dispatch(&mut self, params: &Params, intermediates: &[u8], ignore: bool, action: char) {
        if let Some((base, true)) = self.log
            && action == 'm'
            && intermediates.is_empty()
            && !ignore
        {
            self.style = sgr::apply(self.style, base, params);
        }
    }
}
