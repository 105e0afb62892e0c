//! Draws a diff.

use std::borrow::Cow;
use std::iter::Peekable;

use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::words::{WordMarks, marks};
use crate::domain::diff::{DiffItem, DiffLine, DiffParser, DiffSign, FileChange, parse};
use crate::text::highlight::{CodeColours, Language, SyntaxSpans, paint};
use crate::text::wrap::{self, Breaking, fold};
use crate::text::{Palette, ansi};

/// A narrower text has no room for numbers.
const ROOM_FOR_NUMBERS: usize = 24;
/// Numbers take at most so many columns; a hostile header has longer ones.
const MOST_DIGITS: usize = 7;
/// Lines that are read ahead, to find the words that changed.
const LONGEST_RUN: usize = 200;
/// No more lines get colours: those of longer diffs would push each other out.
const MOST_COLOURED: usize = 4_000;

/// How a diff is shown.
#[derive(Debug, Clone, Copy)]
pub struct DiffLook<'a> {
    /// 0 counts as 1.
    pub width: usize,
    /// Whether the name of a diff's only file is shown; those of several always are.
    pub names: bool,
    /// No more rows are made.
    pub most: usize,
    /// The language of a diff that names no file.
    pub language: Option<&'a Language>,
    /// The largest line number of the whole, if the text is a part of a longer diff; otherwise 0.
    pub largest: u32,
    /// Lines that both files have are numbered as in the old one.
    pub old_numbers: bool,
    pub palette: &'a Palette,
}

/// The rows of a diff.
#[derive(Debug, Clone, PartialEq)]
pub struct DiffRows {
    pub lines: Vec<Line<'static>>,
    /// For each line of a hunk, the first of its rows.
    pub starts: Vec<usize>,
    /// There are more lines than were asked for.
    pub cut: bool,
}

/// Renders a diff, and asks for the colours of what is shown.
pub fn rows(text: &str, look: DiffLook<'_>, colours: &mut CodeColours) -> DiffRows {
    let width = look.width.max(1);
    let digits = if width < ROOM_FOR_NUMBERS {
        0
    } else {
        digits(text, look.largest)
    };
    let mut writer = DiffWriter {
        look,
        width,
        digits,
        names: look.names || text.matches("\n+++ ").nth(1).is_some(),
        items: parse(text).peekable(),
        language: look.language.cloned(),
        colours,
        lines: Vec::new(),
        starts: Vec::new(),
        hunks: 0,
        coloured: 0,
    };
    while writer.lines.len() < look.most {
        let Some(item) = writer.items.next() else {
            break;
        };
        writer.item(item);
    }
    let cut = writer.lines.len() > look.most || writer.items.peek().is_some();
    let mut lines = writer.lines;
    lines.truncate(look.most);
    DiffRows {
        lines,
        starts: writer.starts,
        cut,
    }
}

/// The columns before the text of a line in a part of a longer diff.
pub fn lead_width(width: usize, largest: u32) -> usize {
    let digits = if width < ROOM_FOR_NUMBERS {
        0
    } else {
        digits("", largest)
    };
    let lead = if digits == 0 { 1 } else { digits + 3 };
    lead.min(width.saturating_sub(1))
}

/// The digits of the largest line number, by the headers of the hunks and at least of `largest`.
fn digits(text: &str, largest: u32) -> usize {
    let ends = text.lines().filter_map(|line| {
        let ranges = line.strip_prefix("@@ -")?.split(" @@").next()?;
        let end = |range: &str| {
            let mut numbers = range.trim_start_matches('+').splitn(2, ',');
            let start: u64 = numbers.next()?.parse().ok()?;
            let count: u64 = numbers.next().map_or(Some(1), |count| count.parse().ok())?;
            Some(start.saturating_add(count).saturating_sub(1))
        };
        ranges.split(' ').filter_map(end).max()
    });
    let largest = Some(u64::from(largest)).filter(|largest| *largest > 0);
    ends.chain(largest)
        .max()
        .map_or(0, |end| end.to_string().len().clamp(2, MOST_DIGITS))
}

struct DiffWriter<'a, 'c> {
    look: DiffLook<'a>,
    width: usize,
    /// The columns of a line number; 0 if they are not shown.
    digits: usize,
    names: bool,
    items: Peekable<DiffParser<'a>>,
    language: Option<Language>,
    colours: &'c mut CodeColours,
    lines: Vec<Line<'static>>,
    starts: Vec<usize>,
    /// Hunks of the present file.
    hunks: usize,
    coloured: usize,
}

/// A line of a hunk, safe, with all that is laid over it.
struct ShownLine<'a> {
    line: DiffLine<'a>,
    text: Cow<'a, str>,
    marks: Vec<std::ops::Range<usize>>,
    colours: Option<SyntaxSpans>,
}

impl<'a> DiffWriter<'a, '_> {
    fn item(&mut self, item: DiffItem<'a>) {
        let palette = self.look.palette;
        match item {
            DiffItem::File(file) => self.file(&file),
            DiffItem::Hunk { section } => {
                if self.hunks > 0 {
                    let gap = format!("{}… {section}", " ".repeat(self.digits.saturating_sub(1)));
                    self.single(gap.trim_end(), palette.hunk);
                }
                self.hunks += 1;
                self.hunk();
            }
            // Only in a hunk.
            DiffItem::Line(line) => self.run(vec![line]),
            DiffItem::NoLineEnd => {
                let note = format!("{}(no newline at end of file)", " ".repeat(self.gutter()));
                self.single(&note, palette.dim);
            }
            DiffItem::Note(note) => {
                for line in wrap::wrap_plain(note, self.width, palette.dim) {
                    self.lines.push(line);
                }
            }
        }
    }

    fn file(&mut self, file: &FileChange) {
        let palette = self.look.palette;
        self.hunks = 0;
        if !file.path().is_empty() {
            self.language = Language::of_path(file.path());
        }
        let words = file.words().join(", ");
        let (text, style) = match (self.names, words.is_empty()) {
            (true, true) => (file.path().to_owned(), palette.heading),
            (true, false) => (format!("{} ({words})", file.path()), palette.heading),
            (false, false) => (words, palette.dim),
            (false, true) => return,
        };
        self.single(&text, style);
    }

    /// Reads the lines of a hunk, as far as they are shown, and writes them.
    fn hunk(&mut self) {
        while self.lines.len() < self.look.most {
            let room = self.look.most - self.lines.len();
            let mut run = Vec::new();
            while let Some(DiffItem::Line(line)) = self
                .items
                .next_if(|item| run.len() < LONGEST_RUN && matches!(item, DiffItem::Line(_)))
            {
                run.push(line);
                // Colours need the lines before, marks those after; both are in the run.
                let ends = |item: &DiffItem<'_>| !matches!(item, DiffItem::Line(line) if line.sign != DiffSign::Kept);
                if run.len() >= room && self.items.peek().is_none_or(ends) {
                    break;
                }
            }
            if run.is_empty() {
                return;
            }
            self.run(run);
        }
    }

    fn run(&mut self, run: Vec<DiffLine<'a>>) {
        let mut lines: Vec<ShownLine<'a>> = run
            .into_iter()
            .map(|line| ShownLine {
                line,
                text: ansi::plain(line.text),
                marks: Vec::new(),
                colours: None,
            })
            .collect();
        self.colour(&mut lines);
        for changed in lines
            .chunk_by_mut(|a, b| (a.line.sign == DiffSign::Kept) == (b.line.sign == DiffSign::Kept))
        {
            mark_words(changed);
        }
        for line in &lines {
            if self.lines.len() >= self.look.most {
                // At least one line is not shown: the caller is told.
                self.lines.push(Line::default());
                return;
            }
            self.changed(line);
        }
    }

    /// The old and the new file are two pieces of code.
    fn colour(&mut self, lines: &mut [ShownLine<'a>]) {
        self.coloured += lines.len();
        if self.coloured > MOST_COLOURED {
            return;
        }
        for (other, needed) in [
            (DiffSign::Removed, [DiffSign::Kept, DiffSign::Added]),
            (DiffSign::Added, [DiffSign::Removed, DiffSign::Removed]),
        ] {
            if !lines.iter().any(|line| needed.contains(&line.line.sign)) {
                continue;
            }
            let side = || lines.iter().filter(|line| line.line.sign != other);
            let texts: Vec<&str> = side().map(|line| &*line.text).collect();
            let known = self.colours.lines(self.language.as_ref(), &texts);
            let side = lines.iter_mut().filter(|line| line.line.sign != other);
            for (line, colours) in side.zip(known) {
                line.colours.get_or_insert(colours);
            }
        }
    }

    fn gutter(&self) -> usize {
        if self.digits == 0 { 0 } else { self.digits + 1 }
    }

    fn changed(&mut self, shown: &ShownLine<'_>) {
        self.starts.push(self.lines.len());
        let palette = self.look.palette;
        let (style, surface, word) = match shown.line.sign {
            DiffSign::Kept => (palette.text, Style::new(), Style::new()),
            DiffSign::Added => (palette.added, palette.added_line, palette.added_word),
            DiffSign::Removed => (palette.removed, palette.removed_line, palette.removed_word),
        };
        // Without a background, the colour of the text is what tells a changed line.
        let on_surface = surface.bg.is_some();
        let base = if shown.line.sign == DiffSign::Kept || on_surface {
            palette.code_block.patch(surface)
        } else {
            style
        };
        let colours = shown
            .colours
            .as_deref()
            .filter(|_| shown.line.sign == DiffSign::Kept || on_surface);
        let colours = (colours.unwrap_or_default(), &palette.syntax);
        let text = paint(&shown.text, base, colours, (&shown.marks, word));
        let sign_width = if self.digits == 0 { 1 } else { 2 };
        let before = (self.gutter() + sign_width).min(self.width.saturating_sub(1));
        let room = self.width - before;
        for (at, piece) in fold(&text, room, room, Breaking::Anywhere)
            .into_iter()
            .enumerate()
        {
            let mut row = if at == 0 {
                self.lead(&shown.line, style, surface)
            } else {
                vec![Span::styled(" ".repeat(before), surface)]
            };
            if before == 0 {
                row.clear();
            }
            row.extend(piece);
            if on_surface {
                let used = wrap::spans_width(&row);
                row.push(Span::styled(
                    " ".repeat(self.width.saturating_sub(used)),
                    surface,
                ));
            }
            self.lines.push(Line::from(row));
        }
    }

    /// `  38 + `: the number and the sign.
    fn lead(&self, line: &DiffLine<'_>, style: Style, surface: Style) -> Vec<Span<'static>> {
        let sign = line.sign.sign();
        if self.digits == 0 {
            return vec![Span::styled(sign.to_string(), style.patch(surface))];
        }
        let number = if self.look.old_numbers {
            line.old.or(line.new)
        } else {
            line.new.or(line.old)
        };
        let number = number.map(|number| number.to_string());
        let number = number
            .filter(|number| number.len() <= self.digits)
            .unwrap_or_default();
        let digits = self.digits;
        vec![
            Span::styled(
                format!("{number:>digits$} "),
                self.look.palette.dim.patch(surface),
            ),
            Span::styled(format!("{sign} "), style.patch(surface)),
        ]
    }

    fn single(&mut self, line: &str, style: Style) {
        let text = wrap::truncate(line, self.width).into_owned();
        self.lines.push(Line::from(Span::styled(text, style)));
    }
}

/// Marks the words that differ between the removed and the added lines of a run.
fn mark_words(run: &mut [ShownLine<'_>]) {
    let of = |sign: DiffSign| -> Vec<&str> {
        let lines = run.iter().filter(|line| line.line.sign == sign);
        lines.map(|line| &*line.text).collect()
    };
    let WordMarks { removed, added } = marks(&of(DiffSign::Removed), &of(DiffSign::Added));
    let (mut removed, mut added) = (removed.into_iter(), added.into_iter());
    for line in run {
        line.marks = match line.line.sign {
            DiffSign::Kept => None,
            DiffSign::Added => added.next(),
            DiffSign::Removed => removed.next(),
        }
        .unwrap_or_default();
    }
}
