//! Which rows of the changes are on one line of the screen, in one column or side by side; and the way from one line to
//! the next. Knows neither the width nor the look of anything.

use std::ops::RangeInclusive;

use crate::domain::diff::DiffSign;
use crate::domain::diff::change_set::{ChangeRow, ChangeSet};

/// The rows on one line: as the file was, and as it is.
pub(super) type SidePair = [Option<usize>; 2];

/// For each line, its rows; for each row, its line.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct SidePairs {
    pub(super) lines: Vec<SidePair>,
    line_of: Vec<usize>,
}

impl SidePairs {
    pub(super) fn of(set: &ChangeSet) -> Self {
        let mut pairs = Self {
            lines: Vec::with_capacity(set.rows()),
            line_of: vec![0; set.rows()],
        };
        for file in &set.files {
            pairs.push([Some(file.rows.start), None]);
            let mut run = [Vec::new(), Vec::new()];
            for (row, line) in (file.rows.start + 1..).zip(&file.lines) {
                if let Some(side) = side(line, &run) {
                    run[side].push(row);
                    continue;
                }
                pairs.flush(&mut run);
                let is_kept = matches!(line, ChangeRow::Line { .. } | ChangeRow::NoLineEnd);
                pairs.push([Some(row), is_kept.then_some(row)]);
            }
            pairs.flush(&mut run);
        }
        pairs
    }

    fn push(&mut self, pair: SidePair) {
        for row in pair.into_iter().flatten() {
            self.line_of[row] = self.lines.len();
        }
        self.lines.push(pair);
    }

    /// Changed lines that follow each other: what is new stands beside what was there.
    fn flush(&mut self, [old, new]: &mut [Vec<usize>; 2]) {
        for at in 0..old.len().max(new.len()) {
            self.push([old.get(at).copied(), new.get(at).copied()]);
        }
        old.clear();
        new.clear();
    }

    pub(super) fn line_of(&self, row: usize) -> usize {
        self.line_of.get(row).copied().unwrap_or(self.lines.len())
    }

    /// The first row of a line.
    pub(super) fn first(&self, line: usize) -> Option<usize> {
        let [old, new] = self.lines.get(line)?;
        old.or(*new)
    }

    /// The rows of the lines from that of one row to that of another.
    pub(super) fn rows_between(&self, from: usize, to: usize) -> RangeInclusive<usize> {
        let lines = self.line_of(from)..=self.line_of(to);
        let rows = || {
            self.lines
                .get(lines.clone())
                .unwrap_or_default()
                .iter()
                .flatten()
                .flatten()
        };
        let (first, last) = (rows().min(), rows().max());
        first.copied().unwrap_or(from)..=last.copied().unwrap_or(to)
    }
}

/// The side of a changed line; `None`: it is on both, or all across.
fn side(line: &ChangeRow, [old, new]: &[Vec<usize>; 2]) -> Option<usize> {
    match line {
        ChangeRow::Line {
            sign: DiffSign::Removed,
            ..
        } => Some(0),
        ChangeRow::Line {
            sign: DiffSign::Added,
            ..
        } => Some(1),
        // It is about the line above.
        ChangeRow::NoLineEnd if !new.is_empty() => Some(1),
        ChangeRow::NoLineEnd if !old.is_empty() => Some(0),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_new_stands_beside_what_was_there() {
        let patch = "--- a/x\n+++ b/x\n@@ -1,4 +1,3 @@\n a\n-b\n-c\n\\ No\n+d\n e\n";
        let pairs = SidePairs::of(&ChangeSet::read(patch));

        let both = |row| [Some(row), Some(row)];
        let alone = |row| [Some(row), None];
        let wanted = [
            alone(0),
            alone(1),
            both(2),
            [Some(3), Some(6)],
            alone(4),
            alone(5),
            both(7),
        ];
        assert_eq!(pairs.lines, wanted);
        assert_eq!((pairs.line_of(6), pairs.first(3)), (3, Some(3)));
        assert_eq!(pairs.rows_between(6, 4), 3..=6);
        assert_eq!(pairs.rows_between(2, 2), 2..=2);
    }

    proptest! {
        /// Every row is on one line, and no line is empty.
        #[test]
        fn each_row_has_its_line(lines in "([-+ ]a\n|@@ -1,9 \\+1,9 @@\n|\\\\ No\n|x\n|diff --git a/x b/x\n){0,30}") {
            let set = ChangeSet::read(&format!("diff --git a/x b/x\n@@ -1,9 +1,9 @@\n{lines}"));
            let pairs = SidePairs::of(&set);

            for row in 0..set.rows() {
                prop_assert!(pairs.lines[pairs.line_of(row)].contains(&Some(row)));
            }
            for line in 0..pairs.lines.len() {
                prop_assert!(pairs.first(line).is_some());
            }
        }
    }
}
