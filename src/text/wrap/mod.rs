//! Width and wrapping of text, as a terminal shows it.
//!
//! [`width`] is the program's one measure, and that of the screen's cells: text is measured by
//! grapheme, so a family emoji is two columns wide, a combining accent takes no column, and a
//! halfwidth sound mark (`ﾞ`) takes one. Any width from 1 works; a grapheme wider than a whole line
//! (a Chinese character in one column) is replaced by `�`, so that no line is ever too wide. All
//! wrapping in `text` uses [`fold()`].

mod fold;
pub(super) mod measure;
#[cfg(test)]
mod tests;
mod word_ends;

use std::borrow::Cow;

use ratatui::style::Style;
use ratatui::text::{Line, Span};
use unicode_segmentation::UnicodeSegmentation;

use super::ansi;
pub(super) use fold::{Breaking, fold};
use measure::grapheme_width;
pub use measure::width;

/// Whether a line may break between two graphemes without a space: around wide characters, but not
/// before closing punctuation.
pub fn may_break(before: &str, after: &str) -> bool {
    (width(before) >= 2 || width(after) >= 2) && !fold::hangs(after)
}

/// Returns the width of several spans in columns.
pub fn spans_width(spans: &[Span<'_>]) -> usize {
    spans.iter().map(|span| width(&span.content)).sum()
}

/// Cuts `text` to at most `max` columns; a cut text ends in `…`. Control characters are removed,
/// line ends become spaces.
pub fn truncate(text: &str, max: usize) -> Cow<'_, str> {
    let safe = one_line(Cow::Borrowed(text));
    if width(&safe) <= max {
        return safe;
    }
    let Some(room) = max.checked_sub(1) else {
        return Cow::Borrowed("");
    };
    let mut kept = String::new();
    let mut used = 0;
    for grapheme in safe.graphemes(true) {
        used += grapheme_width(grapheme);
        if used > room {
            break;
        }
        kept.push_str(grapheme);
    }
    kept.push('…');
    Cow::Owned(kept)
}

/// Cuts `text` to its last `max` columns; a cut text begins with `…`. It has no control characters.
pub fn truncate_start(text: &str, max: usize) -> Cow<'_, str> {
    let mut over = width(text).saturating_sub(max);
    if over == 0 {
        return Cow::Borrowed(text);
    }
    // The sign takes a column.
    over += 1;
    let cut = text.graphemes(true).take_while(|grapheme| {
        let is_cut = over > 0;
        over = over.saturating_sub(grapheme_width(grapheme));
        is_cut
    });
    let cut: usize = cut.map(str::len).sum();
    match max {
        0 => Cow::Borrowed(""),
        _ => Cow::Owned(format!("…{}", &text[cut..])),
    }
}

/// Wraps plain text at words; each line of `text` gives at least one line. A final line end adds no
/// empty line. A width of 0 counts as 1.
pub fn wrap_plain(text: &str, width: usize, style: Style) -> Vec<Line<'static>> {
    ansi::plain(text)
        .lines()
        .flat_map(|line| fold(&[Span::styled(line, style)], width, width, Breaking::Words))
        .map(Line::from)
        .collect()
}

/// Wraps a styled line at words. The line's own style applies below those of its spans.
pub fn wrap_line(line: Line<'_>, width: usize) -> Vec<Line<'static>> {
    let base = line.style;
    let spans: Vec<Span<'_>> = line
        .spans
        .into_iter()
        .map(|span| Span::styled(one_line(span.content), base.patch(span.style)))
        .collect();
    fold(&spans, width, width, Breaking::Words)
        .into_iter()
        .map(Line::from)
        .collect()
}

/// Makes text safe for a single line.
fn one_line(text: Cow<'_, str>) -> Cow<'_, str> {
    match ansi::plain(&text) {
        safe if safe.contains('\n') => Cow::Owned(safe.replace('\n', " ")),
        Cow::Owned(safe) => Cow::Owned(safe),
        Cow::Borrowed(_) => text,
    }
}
