//! The lines of one fenced code block, and how far they have their colours.

use std::ops::Range;

use ratatui::text::Line;

use super::look::StreamLook;
use crate::text::highlight::{CodeColours, CodePlace, Language, SyntaxSpans};
use crate::text::markdown;

/// A line of code: where it is in the source, and where in the settled lines.
#[derive(Debug)]
struct CodeLine {
    range: Range<usize>,
    /// It continues a line that was cut.
    continued: bool,
    row: usize,
}

#[derive(Debug)]
pub(super) struct FencedCode {
    language: Language,
    open: bool,
    /// All settled lines.
    lines: Vec<CodeLine>,
    /// So many of them have their colours.
    known: usize,
    /// The place after them.
    place: CodePlace,
}

impl FencedCode {
    pub(super) fn new(language: Language) -> Self {
        Self {
            place: CodePlace::start(&language),
            language,
            open: true,
            lines: Vec::new(),
            known: 0,
        }
    }

    pub(super) fn close(&mut self) {
        self.open = false;
    }

    /// Whether nothing remains to be done.
    pub(super) fn is_done(&self) -> bool {
        !self.open && self.known == self.lines.len()
    }

    /// Adds a line that was settled at `row`; it gets its colours if they are known.
    pub(super) fn add(
        &mut self,
        (range, continued): (Range<usize>, bool),
        row: usize,
        (source, look): (&str, &mut StreamLook<'_>),
        settled: &mut [Line<'static>],
    ) {
        if !self.open {
            return;
        }
        self.lines.push(CodeLine {
            range,
            continued,
            row,
        });
        self.colour(source, look, settled);
    }

    /// Lays colours over the lines whose colours have become known.
    pub(super) fn colour(
        &mut self,
        source: &str,
        look: &mut StreamLook<'_>,
        settled: &mut [Line<'static>],
    ) {
        while let Some(line) = self.lines.get(self.known) {
            let text = safe(source, line);
            let next = self.place.after(&text);
            let Some(colours) = look.colours.get(next) else {
                return;
            };
            repaint(line, &text, &colours, look, settled);
            self.place = next;
            self.known += 1;
        }
    }

    pub(super) fn ask(&self, source: &str, colours: &mut CodeColours) {
        let line = |at: usize| {
            self.lines
                .get(at)
                .map(|line| safe(source, line).into_owned())
                .unwrap_or_default()
        };
        let range = (self.known, self.lines.len());
        colours.ask(&self.language, self.place, range, line);
    }
}

fn safe<'s>(source: &'s str, line: &CodeLine) -> std::borrow::Cow<'s, str> {
    markdown::safe_code(source.get(line.range.clone()).unwrap_or_default())
}

fn repaint(
    line: &CodeLine,
    text: &str,
    colours: &SyntaxSpans,
    look: &StreamLook<'_>,
    settled: &mut [Line<'static>],
) {
    if colours.is_empty() {
        return;
    }
    let width = look.columns.full();
    let rows = markdown::code_line(text, width, line.continued, colours, look.palette);
    for (old, new) in settled.iter_mut().skip(line.row).zip(rows) {
        *old = Line::from(new);
    }
}
