//! Finds rows that moved up or down, so that the terminal can move them itself.
//!
//! Input: the shown and the wanted grid. Output: the one shift that saves most cells, or none. Rows
//! need not be equal after a shift, only more alike than before: panes next to the moving one are
//! included in the count, and the painter repairs them. Painting both variants decides whether a
//! shift saves bytes.

use super::glyph::{Glyph, Grid};

/// Rows `top..=bottom` move by `by` rows, up if positive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Shift {
    pub(super) top: u16,
    pub(super) bottom: u16,
    pub(super) by: i32,
}

/// The least number of cells that a shift must save: about the cost of its own sequences.
const WORTHWHILE: i32 = 20;

pub(super) fn find(shown: &Grid, wanted: &Grid) -> Option<Shift> {
    let height = wanted.height;
    let unmoved: Vec<i32> = (0..height)
        .map(|y| differing(shown.row(y), wanted.row(y)))
        .collect();
    if unmoved.iter().sum::<i32>() < WORTHWHILE {
        return None;
    }
    let filled: Vec<i32> = (0..height).map(|y| filled_cells(wanted.row(y))).collect();
    let mut best: Option<(i32, Shift)> = None;
    for up in [true, false] {
        for distance in 1..height {
            // One algorithm for both directions: downwards, rows are counted from the bottom.
            let row = |index: u16| if up { index } else { height - 1 - index };
            let found = best_segment(
                height,
                distance,
                |index| {
                    let y = row(index);
                    let from = row(index + distance);
                    unmoved[usize::from(y)] - differing(shown.row(from), wanted.row(y))
                },
                |index| {
                    let y = usize::from(row(index));
                    unmoved[y] - filled[y]
                },
            );
            let Some((spared, first, last)) = found else {
                continue;
            };
            if spared >= WORTHWHILE && best.is_none_or(|(most, _)| spared > most) {
                let (a, b) = (row(first), row(last));
                let by = i32::from(distance);
                let by = if up { by } else { -by };
                best = Some((
                    spared,
                    Shift {
                        top: a.min(b),
                        bottom: a.max(b),
                        by,
                    },
                ));
            }
        }
    }
    best.map(|(_, shift)| shift)
}

/// Returns (saved, first, last) of the best region for one distance: a run of rows that are filled
/// from `distance` rows further on (`moved`: what each saves), and after it `distance` rows that
/// become blank (`blank`: what each saves; mostly negative).
fn best_segment(
    height: u16,
    distance: u16,
    moved: impl Fn(u16) -> i32,
    blank: impl Fn(u16) -> i32,
) -> Option<(i32, u16, u16)> {
    let mut best: Option<(i32, u16, u16)> = None;
    let mut run = 0;
    let mut start = 0;
    let mut incoming: i32 = (0..distance).map(&blank).sum();
    for index in 0..height - distance {
        if run <= 0 {
            run = 0;
            start = index;
        }
        run += moved(index);
        incoming += blank(index + distance) - blank(index);
        if run > 0 && best.is_none_or(|(most, ..)| run + incoming > most) {
            best = Some((run + incoming, start, index + distance));
        }
    }
    best
}

fn differing(a: &[Glyph], b: &[Glyph]) -> i32 {
    a.iter().zip(b).map(|(a, b)| i32::from(a != b)).sum()
}

fn filled_cells(row: &[Glyph]) -> i32 {
    row.iter()
        .map(|glyph| i32::from(*glyph != Glyph::BLANK))
        .sum()
}
