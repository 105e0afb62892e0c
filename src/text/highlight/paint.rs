//! Lays colours and marks over a line of code.

use std::ops::Range;

use ratatui::style::Style;
use ratatui::text::Span;
use unicode_segmentation::UnicodeSegmentation as _;

use super::role::{SyntaxSpan, SyntaxStyles};

/// Returns safe text as spans: `base` everywhere, the colours over it, and `mark.1` over the byte
/// ranges `mark.0`, which are in order. No grapheme is cut, whatever the offsets are: so lines
/// break where they would without colours.
pub(in crate::text) fn paint(
    text: &str,
    base: Style,
    (colours, styles): (&[SyntaxSpan], &SyntaxStyles),
    (marks, mark): (&[Range<usize>], Style),
) -> Vec<Span<'static>> {
    if text.is_empty() {
        return Vec::new();
    }
    let mut cuts: Vec<usize> = colours.iter().map(|span| usize::from(span.end)).collect();
    cuts.extend(marks.iter().flat_map(|range| [range.start, range.end]));
    whole_graphemes(text, &mut cuts);
    let mut spans: Vec<Span<'static>> = Vec::with_capacity(cuts.len());
    let mut start = 0;
    for end in cuts {
        if end <= start {
            continue;
        }
        let role = colours
            .iter()
            .find(|span| usize::from(span.end) > start)
            .and_then(|span| span.role);
        let mut style = base.patch(styles.of(role));
        if marks.iter().any(|range| range.contains(&start)) {
            style = style.patch(mark);
        }
        let part = &text[start..end];
        match spans.last_mut() {
            Some(last) if last.style == style => last.content.to_mut().push_str(part),
            _ => spans.push(Span::styled(part.to_owned(), style)),
        }
        start = end;
    }
    spans
}

/// Moves the cuts to the next start of a grapheme, and adds the end of the text.
fn whole_graphemes(text: &str, cuts: &mut Vec<usize>) {
    cuts.push(text.len());
    if text.is_ascii() {
        for cut in cuts.iter_mut() {
            *cut = (*cut).min(text.len());
        }
    } else {
        let starts: Vec<usize> = text.grapheme_indices(true).map(|(at, _)| at).collect();
        for cut in cuts.iter_mut() {
            let next = starts.partition_point(|start| start < cut);
            *cut = starts.get(next).copied().unwrap_or(text.len());
        }
    }
    cuts.sort_unstable();
    cuts.dedup();
}
