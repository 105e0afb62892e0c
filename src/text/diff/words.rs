//! The words that changed inside of changed lines.

use std::ops::Range;

use similar::{Algorithm, DiffOp, capture_diff_slices};

/// More words than this in a run of changed lines are not compared: the time grows with the square
/// of the differences.
const MOST_WORDS: usize = 800;
/// Lines that have less than this in common, in percent, are different lines, not changed ones.
const ALIKE: usize = 40;

/// What changed in each line of two texts: byte ranges, in order. Empty where whole lines differ.
#[derive(Debug, Default)]
pub(super) struct WordMarks {
    pub(super) removed: Vec<Vec<Range<usize>>>,
    pub(super) added: Vec<Vec<Range<usize>>>,
}

/// A word with its line; compared by text only.
struct Word<'a> {
    line: usize,
    start: usize,
    text: &'a str,
}

/// Compares removed lines with the ones that were added in their place.
pub(super) fn marks(removed: &[&str], added: &[&str]) -> WordMarks {
    let bytes = |lines: &[&str]| lines.iter().map(|line| line.len()).sum::<usize>();
    if removed.is_empty() || added.is_empty() || bytes(removed) + bytes(added) > 32 * MOST_WORDS {
        return WordMarks::default();
    }
    let (old, new) = (words(removed), words(added));
    if old.len() > MOST_WORDS || new.len() > MOST_WORDS {
        return WordMarks::default();
    }
    let texts = |words: &[Word<'_>]| -> Vec<String> {
        words.iter().map(|word| word.text.to_owned()).collect()
    };
    let changes = capture_diff_slices(Algorithm::Myers, &texts(&old), &texts(&new));
    let same: usize = changes
        .iter()
        .filter_map(|change| match change {
            DiffOp::Equal { old_index, len, .. } => old.get(*old_index..old_index + len),
            _ => None,
        })
        .flatten()
        .map(|word| word.text.trim().len())
        .sum();
    let total = |words: &[Word<'_>]| words.iter().map(|w| w.text.trim().len()).sum::<usize>();
    if same * 200 < ALIKE * (total(&old) + total(&new)) {
        return WordMarks::default();
    }
    let mut found = WordMarks {
        removed: vec![Vec::new(); removed.len()],
        added: vec![Vec::new(); added.len()],
    };
    for change in changes {
        if !matches!(change, DiffOp::Equal { .. }) {
            mark(&mut found.removed, &old, change.old_range(), removed);
            mark(&mut found.added, &new, change.new_range(), added);
        }
    }
    found
}

fn mark(
    marks: &mut [Vec<Range<usize>>],
    words: &[Word<'_>],
    changed: Range<usize>,
    lines: &[&str],
) {
    for word in words.get(changed).unwrap_or_default() {
        let Some(marks) = marks.get_mut(word.line) else {
            continue;
        };
        let end = word.start + word.text.len();
        match marks.last_mut() {
            // A space between two changed words belongs to the change.
            Some(last)
                if lines[word.line]
                    .get(last.end..word.start)
                    .is_some_and(|between| between.trim().is_empty()) =>
            {
                last.end = end;
            }
            _ => marks.push(word.start..end),
        }
    }
}

/// Cuts lines into identifiers, runs of spaces and single characters.
fn words<'a>(lines: &[&'a str]) -> Vec<Word<'a>> {
    #[derive(PartialEq, Clone, Copy)]
    enum CharKind {
        Letter,
        Space,
        Other,
    }
    let kind = |c: char| match c {
        '_' => CharKind::Letter,
        c if c.is_alphanumeric() => CharKind::Letter,
        c if c.is_whitespace() => CharKind::Space,
        _ => CharKind::Other,
    };
    let mut words: Vec<Word<'a>> = Vec::new();
    for (line, text) in lines.iter().enumerate() {
        let mut before = None;
        let mut start = 0;
        for (at, c) in text.char_indices() {
            let now = kind(c);
            if before.is_some_and(|before| before != now || now == CharKind::Other) {
                words.push(Word {
                    line,
                    start,
                    text: &text[start..at],
                });
                start = at;
            }
            before = Some(now);
        }
        if start < text.len() {
            words.push(Word {
                line,
                start,
                text: &text[start..],
            });
        }
    }
    words
}
