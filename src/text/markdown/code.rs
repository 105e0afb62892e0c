//! Code blocks: a dim label, then the code, which breaks only at the edge of the screen.

use std::borrow::Cow;

use ratatui::text::Span;

use crate::text::highlight::{SyntaxSpan, paint};
use crate::text::wrap::{Breaking, fold, truncate};
use crate::text::{Palette, ansi};

/// From this width on, code is indented by two columns, and the rest of a long line by two more.
const ROOMY: usize = 20;
const INDENT: usize = 2;

/// The line that names the language, if the block names one. It is not indented, unlike the code.
pub(in crate::text) fn label(
    info: &str,
    room: usize,
    palette: &Palette,
) -> Option<Vec<Span<'static>>> {
    let safe = ansi::plain(info);
    let language = safe.split_whitespace().next()?;
    let language = truncate(language, room).into_owned();
    Some(vec![Span::styled(language, palette.dim)])
}

/// Makes one line of code safe: every character of the source, except for a line end where the
/// source was cut.
pub(in crate::text) fn safe_code(line: &str) -> Cow<'_, str> {
    match ansi::plain(line) {
        Cow::Borrowed(safe) => Cow::Borrowed(safe.trim_end_matches('\n')),
        Cow::Owned(safe) => Cow::Owned(safe.trim_end_matches('\n').to_owned()),
    }
}

/// Renders one safe line of code as lines of at most `room` columns. `continued`: it continues a
/// line that was cut before. Colours change no line break.
pub(in crate::text) fn code_line(
    safe: &str,
    room: usize,
    continued: bool,
    colours: &[SyntaxSpan],
    palette: &Palette,
) -> Vec<Vec<Span<'static>>> {
    let indent = indent(room);
    let hang = indent * 2;
    let first = if continued { hang } else { indent };
    let base = palette.code_block;
    let spans = paint(safe, base, (colours, &palette.syntax), (&[], base));
    let pieces = fold(&spans, room - first, room - hang, Breaking::Anywhere);
    pieces
        .into_iter()
        .enumerate()
        .map(|(at, piece)| {
            if piece.is_empty() {
                return piece;
            }
            let mut spans = blanks(if at == 0 { first } else { hang });
            spans.extend(piece);
            spans
        })
        .collect()
}

fn indent(room: usize) -> usize {
    if room >= ROOMY { INDENT } else { 0 }
}

fn blanks(count: usize) -> Vec<Span<'static>> {
    if count == 0 {
        Vec::new()
    } else {
        vec![Span::raw(" ".repeat(count))]
    }
}
