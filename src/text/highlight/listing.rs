//! A file's text as lines of code, with numbers.

use ratatui::text::{Line, Span};

use super::language::Language;
use super::paint::paint;
use super::store::CodeColours;
use crate::text::wrap::{Breaking, fold};
use crate::text::{Palette, ansi};

/// How a piece of a file is shown.
#[derive(Debug, Clone, Copy)]
pub struct ListingLook<'a> {
    /// 0 counts as 1.
    pub width: usize,
    /// The number of the first line, if the lines are numbered.
    pub first: Option<u32>,
    /// No more source lines are shown.
    pub most: usize,
    pub language: Option<&'a Language>,
    pub palette: &'a Palette,
}

/// Renders code; only what is shown is looked at.
pub fn listing(text: &str, look: ListingLook<'_>, colours: &mut CodeColours) -> Vec<Line<'static>> {
    let lines: Vec<_> = text
        .split_terminator('\n')
        .take(look.most)
        .map(ansi::plain)
        .collect();
    let known = colours.lines(look.language, &lines);
    let count = u32::try_from(lines.len()).unwrap_or(u32::MAX);
    let digits = look.first.map_or(0, |first| {
        first
            .saturating_add(count.saturating_sub(1))
            .to_string()
            .len()
    });
    let gutter = if digits > 0 && look.width > digits + 12 {
        digits + 2
    } else {
        0
    };
    let room = look.width.max(1) - gutter;
    let mut rows = Vec::new();
    for ((at, line), number) in lines.iter().enumerate().zip(look.first.unwrap_or(0)..) {
        let colours = known.get(at).map_or(&[][..], |spans| spans);
        let palette = look.palette;
        let spans = paint(
            line,
            palette.code_block,
            (colours, &palette.syntax),
            (&[], palette.text),
        );
        for (piece, row) in fold(&spans, room, room, Breaking::Anywhere)
            .into_iter()
            .enumerate()
        {
            let mut spans = Vec::new();
            if gutter > 0 {
                let number = match piece {
                    0 => format!("{number:>digits$}  "),
                    _ => " ".repeat(gutter),
                };
                spans.push(Span::styled(number, palette.dim));
            }
            spans.extend(row);
            rows.push(Line::from(spans));
        }
    }
    rows
}
