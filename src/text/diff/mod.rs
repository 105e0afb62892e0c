//! Unified diffs as styled lines.
//!
//! Input: a diff as a tool or `git` printed it. Output: rows with line numbers and signs, so that
//! they are readable without colours; the words that changed inside of lines are marked. Nothing that
//! a hunk contains is ever left out or changed, apart from what [`super::ansi`] removes; what is no
//! diff is shown dim. [`crate::domain::diff`] reads them.
//!
//! Rows are made one after the other: the first rows of a long diff cost only themselves.

mod rows;
#[cfg(test)]
mod tests;
mod words;

pub use rows::{DiffLook, DiffRows, lead_width, rows};

use crate::domain::diff::{DiffItem, DiffSign, parse};

/// How many lines a diff adds and removes.
pub fn counts(text: &str) -> (usize, usize) {
    let mut counts = (0, 0);
    for item in parse(text) {
        match item {
            DiffItem::Line(line) if line.sign == DiffSign::Added => counts.0 += 1,
            DiffItem::Line(line) if line.sign == DiffSign::Removed => counts.1 += 1,
            _ => {}
        }
    }
    counts
}
