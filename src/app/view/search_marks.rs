//! Where on the screen the words of a search are.
//!
//! A match may be broken across rows: blanks of the words match any blanks and the break, and the
//! break is skipped inside a word that is longer than its row.

use std::ops::Range;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;

use crate::domain::chat::search::SearchWords;
use crate::text::wrap;

/// Bars in front of a quotation's text, which each of its rows repeats.
const BARS: [&str; 4] = ["│", "▌", "▎", "|"];

/// Stands between two rows.
const BREAK: &str = "\n";

/// The text of consecutive rows of one block, as it is compared with the words.
pub(in crate::app) struct RowsText<'w> {
    words: &'w SearchWords,
    symbols: Vec<(String, Position)>,
    rows: u16,
}

impl<'w> RowsText<'w> {
    pub(in crate::app) fn new(words: &'w SearchWords) -> Self {
        Self {
            words,
            symbols: Vec::new(),
            rows: 0,
        }
    }

    /// Adds a row: its graphemes with their columns.
    pub(in crate::app) fn add<'a>(&mut self, y: u16, row: impl Iterator<Item = (u16, &'a str)>) {
        let is_blank = |text: &str| text.trim().is_empty();
        if self.rows > 0 {
            self.symbols.push((BREAK.to_owned(), Position::new(0, y)));
        }
        self.rows += 1;
        let begin = self.symbols.len();
        let is_first = begin == 0;
        let is_lead = |text: &str| is_blank(text) || (!is_first && BARS.contains(&text));
        let row = row.skip_while(|(_, text)| is_lead(text));
        let row =
            row.map(|(x, text)| (self.words.compared(text).into_owned(), Position::new(x, y)));
        self.symbols.extend(row);
        while let Some((text, _)) = self.symbols[begin..].last()
            && is_blank(text)
        {
            self.symbols.pop();
        }
    }

    /// The symbols of each match, from the first to the last.
    fn matches(&self) -> Vec<Range<usize>> {
        let mut matches = Vec::new();
        let mut at = 0;
        while at < self.symbols.len() {
            let end = self.match_at(at);
            matches.extend(end.map(|end| at..end));
            at = end.unwrap_or(at + 1);
        }
        matches
    }

    /// The end of the match that begins with this symbol.
    fn match_at(&self, start: usize) -> Option<usize> {
        let mut at = start;
        let mut rest = self.words.as_str();
        while let Some(wanted) = rest.chars().next() {
            if wanted.is_whitespace() {
                let blanks = self.symbols[at..].iter();
                let blanks = blanks
                    .take_while(|(text, _)| text.trim().is_empty())
                    .count();
                if blanks == 0 {
                    return None;
                }
                at += blanks;
                rest = rest.trim_start();
                continue;
            }
            let is_break = self.symbols.get(at).is_some_and(|(text, _)| text == BREAK);
            at += usize::from(is_break && at > start);
            rest = rest.strip_prefix(self.symbols.get(at)?.0.as_str())?;
            at += 1;
        }
        (at > start).then_some(at)
    }
}

/// Marks the words in all rows of an area; at each of `begins` another block begins, counted from
/// the area's top.
pub(in crate::app) fn mark(
    words: &SearchWords,
    area: Rect,
    begins: &[u16],
    buf: &mut Buffer,
    style: Style,
) {
    let mut text = RowsText::new(words);
    for row in area.rows() {
        if begins.contains(&(row.y - area.y)) {
            text.mark(buf, style);
            text = RowsText::new(words);
        }
        let mut columns = Vec::new();
        let mut x = row.left();
        while x < row.right() {
            let symbol = buf[(x, row.y)].symbol();
            columns.push((x, symbol));
            x += u16::try_from(wrap::width(symbol)).unwrap_or(1).max(1);
        }
        text.add(row.y, columns.into_iter());
    }
    text.mark(buf, style);
}

impl RowsText<'_> {
    /// The row in which the `nth` match begins; the last one before it if there are fewer.
    pub(in crate::app) fn row_of(&self, nth: usize) -> usize {
        let matches = self.matches();
        let found = matches.get(nth).or(matches.last());
        found.map_or(0, |found| usize::from(self.symbols[found.start].1.y))
    }

    fn mark(&self, buf: &mut Buffer, style: Style) {
        for (text, at) in self
            .matches()
            .into_iter()
            .flat_map(|found| &self.symbols[found])
        {
            if text != BREAK {
                let width = u16::try_from(wrap::width(text)).unwrap_or(1).max(1);
                let cells = Rect::new(at.x, at.y, width, 1).intersection(buf.area);
                buf.set_style(cells, style);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use ratatui::style::Modifier;

    use super::*;

    #[test]
    fn all_matches_of_a_row_are_marked_whatever_their_case() {
        let area = Rect::new(0, 0, 20, 2);
        let mut buf = Buffer::empty(area);
        buf.set_string(0, 0, "Ünder 漢字 ünder", Style::default());
        buf.set_string(0, 1, "nothing here", Style::default());
        let style = Style::default().add_modifier(Modifier::REVERSED);

        mark(&SearchWords::new("ünder"), area, &[], &mut buf, style);

        let is_marked = |x: u16, y: u16| buf[(x, y)].modifier.contains(Modifier::REVERSED);
        let marked: Vec<u16> = (0..20).filter(|x| is_marked(*x, 0)).collect();
        assert_eq!(marked, [0, 1, 2, 3, 4, 11, 12, 13, 14, 15]);
        assert!(!(0..20).any(|x| is_marked(x, 1)));
    }

    /// The marked part of each row of a text.
    fn marked(words: &str, rows: &[&str], begins: &[u16]) -> Vec<String> {
        let height = u16::try_from(rows.len()).unwrap();
        let area = Rect::new(0, 0, 20, height);
        let mut buf = Buffer::empty(area);
        for (y, row) in (0..).zip(rows) {
            buf.set_string(0, y, row, Style::default());
        }
        let style = Style::default().add_modifier(Modifier::REVERSED);
        mark(&SearchWords::new(words), area, begins, &mut buf, style);
        let row = |y| {
            let cells = (0..20).map(|x| &buf[(x, y)]);
            let marked = cells.filter(|cell| cell.modifier.contains(Modifier::REVERSED));
            marked.map(ratatui::buffer::Cell::symbol).collect()
        };
        (0..height).map(row).collect()
    }

    #[test]
    fn a_match_that_is_broken_across_rows_is_marked_on_both() {
        let rows = ["  the second", "  word of a text"];
        assert_eq!(marked("second word", &rows, &[]), ["second", "word"]);
        // Between two blocks there is no text.
        assert_eq!(marked("second word", &rows, &[0, 1]), ["", ""]);

        let long = ["  a very long ident", "  ifier"];
        assert_eq!(marked("identifier", &long, &[]), ["ident", "ifier"]);

        let quoted = ["  │ first line", "  │ second line"];
        assert_eq!(marked("line second", &quoted, &[]), ["line", "second"]);
        assert_eq!(marked("漢字", &["漢字 漢"], &[]), ["漢 字 "]);
    }
}
