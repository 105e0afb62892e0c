//! The one line breaker: styled graphemes in, lines of styled spans out.

use ratatui::text::Span;
use unicode_segmentation::UnicodeSegmentation;

use super::measure::{grapheme_width, is_printable_ascii};
use super::word_ends::WordEnds;

/// Where a line may end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::text) enum Breaking {
    /// At spaces, which vanish at the break, around wide characters, and between words of scripts
    /// without spaces; inside a word only if it is longer than a line.
    Words,
    /// Anywhere, and nothing vanishes: code.
    Anywhere,
}

/// One grapheme. `start..end` are byte offsets into the content of span `span`.
#[derive(Clone, Copy)]
struct Atom {
    span: usize,
    start: usize,
    end: usize,
    width: usize,
    space: bool,
    /// Replaces a grapheme that is wider than a whole line.
    replaced: bool,
    /// A line may break before this one although there is no space.
    opens: bool,
}

/// Breaks `spans` (safe text without line ends) into lines: the first of `first` columns, the
/// others of `rest`, where 0 counts as 1. Returns at least one line. Adjacent graphemes of one
/// input span stay in one output span.
pub(in crate::text) fn fold(
    spans: &[Span<'_>],
    first: usize,
    rest: usize,
    breaking: Breaking,
) -> Vec<Vec<Span<'static>>> {
    let (first, rest) = (first.max(1), rest.max(1));
    if fits(spans, first) {
        return vec![
            spans
                .iter()
                .filter(|s| !s.content.is_empty())
                .map(owned)
                .collect(),
        ];
    }
    let atoms = atoms(spans, first.min(rest), breaking);
    let mut lines = Vec::new();
    let mut start = 0;
    let mut room = first;
    while start < atoms.len() {
        let (end, next) = line_end(&atoms, start, room, breaking);
        lines.push(build(spans, &atoms[start..end]));
        start = next;
        room = rest;
    }
    if lines.is_empty() {
        lines.push(Vec::new());
    }
    lines
}

/// Whether everything is ASCII and short enough: the common case, which needs no graphemes.
fn fits(spans: &[Span<'_>], room: usize) -> bool {
    let mut used = 0;
    spans.iter().all(|span| {
        used += span.content.len();
        used <= room && is_printable_ascii(&span.content)
    })
}

fn owned(span: &Span<'_>) -> Span<'static> {
    Span::styled(span.content.clone().into_owned(), span.style)
}

/// Finds the end of the line that begins at `start`: the atoms up to `.0` are shown, the next line
/// begins at `.1`, which is always greater than `start`.
fn line_end(atoms: &[Atom], start: usize, room: usize, breaking: Breaking) -> (usize, usize) {
    let mut used = 0;
    let mut candidate = None;
    for (at, atom) in atoms.iter().enumerate().skip(start) {
        if breaking == Breaking::Words && at > start {
            if atom.space && !atoms[at - 1].space {
                candidate = Some((at, after_spaces(atoms, at)));
            } else if atom.opens && !atoms[at - 1].space {
                candidate = Some((at, at));
            }
        }
        used += atom.width;
        if used > room {
            return match candidate {
                Some(found) => found,
                // A line of spaces only, or a word that is longer than the line.
                None if breaking == Breaking::Words && atom.space => {
                    (start, after_spaces(atoms, at).max(start + 1))
                }
                None => (at.max(start + 1), at.max(start + 1)),
            };
        }
    }
    (atoms.len(), atoms.len())
}

fn after_spaces(atoms: &[Atom], from: usize) -> usize {
    atoms[from..]
        .iter()
        .position(|atom| !atom.space)
        .map_or(atoms.len(), |n| from + n)
}

fn atoms(spans: &[Span<'_>], narrowest: usize, breaking: Breaking) -> Vec<Atom> {
    let mut atoms: Vec<Atom> = Vec::with_capacity(spans.iter().map(|s| s.content.len()).sum());
    let mut words = match breaking {
        Breaking::Words => WordEnds::of(spans),
        Breaking::Anywhere => WordEnds::default(),
    };
    let mut before = 0;
    for (span, content) in spans.iter().map(|s| s.content.as_ref()).enumerate() {
        for (start, grapheme) in content.grapheme_indices(true) {
            let natural = grapheme_width(grapheme);
            let replaced = natural > narrowest;
            let after_wide = atoms
                .last()
                .is_some_and(|last| last.width >= 2 || last.replaced);
            atoms.push(Atom {
                span,
                start,
                end: start + grapheme.len(),
                width: if replaced { 1 } else { natural },
                space: grapheme == " ",
                replaced,
                opens: (natural >= 2 || after_wide) && !hangs(grapheme)
                    || words.has_one_at(before + start),
            });
        }
        before += content.len();
    }
    atoms
}

/// Closing punctuation never begins a line.
pub(super) fn hangs(grapheme: &str) -> bool {
    grapheme.chars().next().is_some_and(|c| {
        matches!(
            c,
            '、' | '。'
                | '，'
                | '．'
                | '）'
                | '」'
                | '』'
                | '】'
                | '》'
                | '〉'
                | '！'
                | '？'
                | '：'
                | '；'
                | 'ー'
                | '々'
                | ','
                | '.'
                | ')'
                | ']'
                | '}'
                | '!'
                | '?'
                | ':'
                | ';'
                | '…'
        )
    })
}

fn build(spans: &[Span<'_>], atoms: &[Atom]) -> Vec<Span<'static>> {
    let mut line: Vec<Span<'static>> = Vec::new();
    let mut last: Option<Atom> = None;
    for &atom in atoms {
        let source = &spans[atom.span];
        let text = if atom.replaced {
            "\u{fffd}"
        } else {
            &source.content[atom.start..atom.end]
        };
        let joins =
            last.is_some_and(|last| last.span == atom.span && !last.replaced && !atom.replaced);
        match line.last_mut() {
            Some(span) if joins => span.content.to_mut().push_str(text),
            _ => line.push(Span::styled(text.to_owned(), source.style)),
        }
        last = Some(atom);
    }
    line
}
