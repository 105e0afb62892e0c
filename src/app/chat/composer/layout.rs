//! Wraps the composer's text by display width and locates its cursor.
//!
//! Input: lines, a cursor as (line, char) and a width. Output: rows as they are drawn. Every
//! control character is replaced here, so nothing pasted can reach the terminal as an escape
//! sequence.

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

use crate::text::{hidden, wrap};

/// One row as it is drawn.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in crate::app::chat) struct ComposerRow {
    pub(in crate::app::chat) text: String,
    /// The line that this row is part of.
    line: usize,
    /// Char index in the line and display column of each grapheme, and of the row's end.
    stops: Vec<(usize, usize)>,
}

/// The whole text as rows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in crate::app::chat) struct ComposerLayout {
    pub(in crate::app::chat) rows: Vec<ComposerRow>,
    /// Row and display column of the cursor.
    pub(in crate::app::chat) cursor: (usize, usize),
    /// The line of the text that the first row begins.
    pub(in crate::app::chat) first_line: usize,
}

impl ComposerLayout {
    /// The display columns of a row that are part of a selection, given as lines and char indices.
    pub(in crate::app::chat) fn selected(
        &self,
        row: &ComposerRow,
        (from, to): ((usize, usize), (usize, usize)),
    ) -> Range<usize> {
        let line = self.first_line + row.line;
        let inside = |at: usize| (line, at) >= from && (line, at) < to;
        let pairs = row.stops.iter().zip(row.stops.iter().skip(1));
        let mut columns = pairs.filter(|((at, _), _)| inside(*at));
        let end = wrap::width(&row.text);
        let last = row.stops.last().filter(|(at, _)| inside(*at));
        let first = columns.next();
        let start = match (first, last) {
            (Some(((_, start), _)), _) | (None, Some((_, start))) => *start,
            (None, None) => return 0..0,
        };
        let stop = columns
            .next_back()
            .or(first)
            .map_or(end, |(_, (_, end))| *end);
        let stop = if last.is_some() {
            end.max(start + 1)
        } else {
            stop
        };
        start..stop
    }
}

/// A piece that is never broken: a grapheme or a chip.
struct ComposerPiece {
    shown: String,
    width: usize,
    chars: usize,
    is_space: bool,
}

/// Wraps `lines` to `width` columns; the last column is reserved for the cursor.
pub(in crate::app::chat) fn lay_out(
    lines: &[String],
    cursor: (usize, usize),
    width: u16,
    label: &dyn Fn(char) -> Option<String>,
) -> ComposerLayout {
    let width = usize::from(width.saturating_sub(1)).max(2);
    let mut layout = ComposerLayout::default();
    for (number, line) in lines.iter().enumerate() {
        let first = layout.rows.len();
        wrap(line, number, width, label, &mut layout.rows);
        if number == cursor.0 {
            layout.cursor = find(&layout.rows[first..], cursor.1)
                .map_or((first, 0), |(row, column)| (first + row, column));
        }
    }
    layout
}

fn find(rows: &[ComposerRow], col: usize) -> Option<(usize, usize)> {
    rows.iter().enumerate().rev().find_map(|(index, row)| {
        let (first, _) = *row.stops.first()?;
        if first > col {
            return None;
        }
        let (_, column) = *row.stops.iter().rev().find(|(at, _)| *at <= col)?;
        Some((index, column))
    })
}

fn wrap(
    line: &str,
    number: usize,
    width: usize,
    label: &dyn Fn(char) -> Option<String>,
    rows: &mut Vec<ComposerRow>,
) {
    let pieces: Vec<ComposerPiece> = line
        .graphemes(true)
        .map(|g| piece(g, width, label))
        .collect();
    let mut start = 0;
    let mut at = 0;
    while start < pieces.len() {
        let end = row_end(&pieces[start..], width) + start;
        let mut row = ComposerRow {
            line: number,
            ..ComposerRow::default()
        };
        let mut column = 0;
        for piece in &pieces[start..end] {
            row.stops.push((at, column));
            row.text.push_str(&piece.shown);
            at += piece.chars;
            column += piece.width;
        }
        if end == pieces.len() {
            row.stops.push((at, column));
        }
        rows.push(row);
        start = end;
    }
    if pieces.is_empty() {
        rows.push(ComposerRow {
            line: number,
            stops: vec![(0, 0)],
            text: String::new(),
        });
    }
}

/// How many pieces the next row holds: up to the last space or the last break between wide
/// characters that fits, otherwise as many as fit.
fn row_end(pieces: &[ComposerPiece], width: usize) -> usize {
    let mut column = 0;
    let mut end = None;
    let mut before: Option<&ComposerPiece> = None;
    for (index, piece) in pieces.iter().enumerate() {
        if before.is_some_and(|before| wrap::may_break(&before.shown, &piece.shown)) {
            end = Some(index);
        }
        column += piece.width;
        if column > width {
            return end.unwrap_or(index).max(1);
        }
        if piece.is_space {
            end = Some(index + 1);
        }
        before = Some(piece);
    }
    pieces.len()
}

fn piece(grapheme: &str, width: usize, label: &dyn Fn(char) -> Option<String>) -> ComposerPiece {
    let first = grapheme.chars().next().unwrap_or(' ');
    let mut shown = match label(first) {
        // It may have the name of a file.
        Some(label) => label.chars().filter(|c| !hidden::is_obeyed(*c)).collect(),
        None if first == '\t' => "    ".to_owned(),
        None if hidden::is_invisible(first) => "·".to_owned(),
        None => grapheme
            .chars()
            .filter(|c| !hidden::is_obeyed(*c))
            .collect(),
    };
    while wrap::width(&shown) > width {
        shown.pop();
    }
    ComposerPiece {
        width: wrap::width(&shown),
        chars: grapheme.chars().count(),
        is_space: first == ' ' || first == '\t',
        shown,
    }
}

/// The line and char index one row above or below the cursor, in the nearest column.
pub(in crate::app::chat) fn neighbour(
    layout: &ComposerLayout,
    down: bool,
) -> Option<(usize, usize)> {
    let (row, column) = layout.cursor;
    let target = if down {
        row.checked_add(1)?
    } else {
        row.checked_sub(1)?
    };
    let row = layout.rows.get(target)?;
    let (at, _) = row
        .stops
        .iter()
        .rev()
        .find(|(_, start)| *start <= column)
        .or_else(|| row.stops.first())?;
    Some((row.line, *at))
}

/// How many columns of the screen a text takes.
pub(in crate::app::chat::composer) fn columns_of(text: &str) -> usize {
    wrap::width(text)
}
