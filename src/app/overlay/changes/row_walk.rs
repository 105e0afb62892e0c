//! The way through the lines of the changes: what is shown above and below a row, and what is selected.

use std::ops::RangeInclusive;

use super::pairs::SidePairs;
use crate::domain::diff::change_set::ChangeSet;

pub(super) struct RowWalk<'a> {
    pub(super) set: &'a ChangeSet,
    /// For each file, whether it is marked as viewed: then only its name is shown.
    pub(super) viewed: &'a [bool],
    /// But for this one.
    pub(super) unfolded: Option<usize>,
    /// The row with the cursor.
    pub(super) cursor: usize,
    /// The other end of the selected rows, if there are several.
    pub(super) mark: Option<usize>,
    /// Side by side, if the screen shows that.
    pub(super) pairs: Option<&'a SidePairs>,
}

impl RowWalk<'_> {
    pub(super) fn is_viewed(&self, file: usize) -> bool {
        self.viewed.get(file).copied().unwrap_or(false)
    }

    /// Whether only the file's name is shown.
    pub(super) fn is_folded(&self, file: usize) -> bool {
        self.unfolded != Some(file) && self.is_viewed(file)
    }

    /// The first row on the line of this one.
    pub(super) fn first(&self, row: usize) -> usize {
        let first = self.pairs.and_then(|pairs| pairs.first(pairs.line_of(row)));
        first.unwrap_or(row)
    }

    /// The next row that is shown on a line of its own.
    pub(super) fn after(&self, row: usize) -> Option<usize> {
        let file = self.set.file_at(row)?;
        let next = if self.is_folded(file) {
            self.set.files[file].rows.end
        } else {
            match self.pairs {
                Some(pairs) => pairs.first(pairs.line_of(row) + 1)?,
                None => row + 1,
            }
        };
        (next < self.set.rows()).then_some(next)
    }

    /// The one above.
    pub(super) fn before(&self, row: usize) -> Option<usize> {
        let above = match self.pairs {
            Some(pairs) => pairs.first(pairs.line_of(row).checked_sub(1)?)?,
            None => row.checked_sub(1)?,
        };
        let file = self.set.file_at(above)?;
        Some(if self.is_folded(file) {
            self.set.files[file].rows.start
        } else {
            above
        })
    }

    /// The rows from the first to the last selected one, or those on the line of the cursor.
    pub(super) fn selected(&self) -> RangeInclusive<usize> {
        let [from, to] = self.ends();
        match self.pairs {
            Some(pairs) => pairs.rows_between(from, to),
            None => from..=to,
        }
    }

    pub(super) fn is_selected(&self, row: usize) -> bool {
        let line = |row| self.pairs.map_or(row, |pairs| pairs.line_of(row));
        let [from, to] = self.ends();
        (line(from)..=line(to)).contains(&line(row))
    }

    fn ends(&self) -> [usize; 2] {
        let mark = self.mark.unwrap_or(self.cursor);
        [mark.min(self.cursor), mark.max(self.cursor)]
    }
}
