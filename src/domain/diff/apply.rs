//! Applying a part of a patch to the user's work tree: which part, how, and what came of it.

use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::sync::Arc;

use super::change_set::{ChangeRow, ChangeSet};

/// What to do with a patch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ApplyStep {
    /// Determine the result, and change nothing.
    Try,
    /// Change the files, but nothing at all if there are conflicts.
    Refuse,
    /// Change the files; where both sides changed the same lines, write both with conflict markers.
    Mark,
}

/// A patch for a work tree of the user's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApplyRequest {
    /// The root of the work tree.
    pub root: PathBuf,
    /// As git makes it.
    pub patch: Arc<[u8]>,
    pub step: ApplyStep,
}

/// The result of a patch.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Applied {
    /// One line per changed file: lines added, lines removed, path. Not safe.
    pub files: Vec<String>,
    /// Files that already contained the work.
    pub already: usize,
    /// How many of the changed files had local changes.
    pub merged: usize,
    /// Those of them with conflicts, marked unless it was only tried.
    pub conflicts: Vec<String>,
}

impl ChangeSet {
    /// The part of the patch that these rows touch: whole hunks, and a whole file where its name is among the rows or
    /// it has no hunks. Empty where the patch is not known, or is none of git's.
    pub fn patch_of(&self, rows: &RangeInclusive<usize>) -> Vec<u8> {
        let mut picked = Vec::new();
        let sections = sections(&self.patch);
        // Otherwise the part could be one that the reader does not see.
        let is_gits = sections.len() == self.files.len()
            && self.files.iter().zip(&sections).all(|(file, section)| {
                let seen = file
                    .lines
                    .iter()
                    .filter(|line| matches!(line, ChangeRow::Hunk(_)));
                seen.count() + 1 == hunks(section).len()
            });
        if !is_gits {
            return picked;
        }
        for (file, section) in self.files.iter().zip(sections) {
            let touches = |row: usize| rows.contains(&row);
            if !file.rows.clone().any(touches) {
                continue;
            }
            let mut hunks: Vec<bool> = Vec::new();
            for (row, line) in (file.rows.start + 1..).zip(&file.lines) {
                if matches!(line, ChangeRow::Hunk(_)) {
                    hunks.push(false);
                }
                if let (Some(hunk), true) = (hunks.last_mut(), touches(row)) {
                    *hunk = true;
                }
            }
            if touches(file.rows.start) || !hunks.contains(&true) {
                picked.extend_from_slice(section);
            } else {
                picked.extend(hunks_of(section, &hunks));
            }
        }
        picked
    }
}

/// The patches of single files.
pub fn sections(patch: &[u8]) -> Vec<&[u8]> {
    // A content line starts with a sign.
    split_before(patch, |line| line.starts_with(b"diff --git "))
}

/// The head of a file's patch, and the chosen hunks.
fn hunks_of(section: &[u8], chosen: &[bool]) -> Vec<u8> {
    let mut parts = hunks(section).into_iter();
    let head = parts.next().unwrap_or_default();
    let hunks = parts.zip(chosen).filter(|(_, chosen)| **chosen);
    let mut picked = head.to_vec();
    for (hunk, _) in hunks {
        picked.extend_from_slice(hunk);
    }
    picked
}

/// The head of a file's patch, then each of its hunks.
fn hunks(section: &[u8]) -> Vec<&[u8]> {
    split_before(section, |line| line.starts_with(b"@@ "))
}

/// Cuts before each line that begins a part; what is before the first one is a part too.
fn split_before(patch: &[u8], begins: impl Fn(&[u8]) -> bool) -> Vec<&[u8]> {
    let mut parts = Vec::new();
    let (mut start, mut at) = (0, 0);
    for line in patch.split_inclusive(|&byte| byte == b'\n') {
        if begins(line) && at > start {
            parts.push(&patch[start..at]);
            start = at;
        }
        at += line.len();
    }
    parts.push(&patch[start..]);
    parts
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HEAD: &str = "diff --git a/a b/a\nindex 1..2 100644\n--- a/a\n+++ b/a\n";
    const FIRST: &str = "@@ -1 +1 @@\n-a\n+b\n";
    const SECOND: &str =
        "@@ -9 +9 @@ fn x\n-diff --git\n+@@ -1 +1 @@\n\\ No newline at end of file\n";
    const BINARY: &str = "diff --git a/b b/b\nnew file mode 100644\nindex 0..1\nGIT binary patch\nliteral 1\nIcmZPo000310RR91\n\nliteral 0\nHcmV?d00001\n\n";

    fn known() -> ChangeSet {
        ChangeSet::of_patch([HEAD, FIRST, SECOND, BINARY].concat().as_bytes())
    }

    fn picked(rows: RangeInclusive<usize>) -> String {
        String::from_utf8(known().patch_of(&rows)).unwrap()
    }

    #[test]
    fn rows_pick_their_hunks_and_names_their_files() {
        let set = known();
        assert_eq!(set.files[0].rows, 0..8);

        assert_eq!(picked(1..=1), [HEAD, FIRST].concat());
        assert_eq!(picked(3..=3), [HEAD, FIRST].concat());
        assert_eq!(picked(5..=6), [HEAD, SECOND].concat());
        assert_eq!(picked(3..=4), [HEAD, FIRST, SECOND].concat());
        assert_eq!(picked(0..=0), [HEAD, FIRST, SECOND].concat());
        assert_eq!(picked(8..=8), BINARY);
        assert_eq!(picked(6..=8), [HEAD, SECOND, BINARY].concat());
        assert_eq!(picked(99..=99), "");
    }

    #[test]
    fn changes_without_a_patch_pick_nothing() {
        let set = ChangeSet::read([HEAD, FIRST].concat().as_str());
        assert_eq!(set.patch_of(&(0..=9)), b"");
    }

    proptest! {
        /// All rows are the whole patch or, where it is none of git's, nothing; and no row is more than all.
        #[test]
        fn all_rows_pick_the_patch(
            bytes in prop::collection::vec(prop::sample::select(vec![
                &b"diff --git a/x b/x\n"[..], b"--- a/x\n", b"+++ b/x\n", b"@@ -1 +1 @@\n", b"+x\xff\n", b"-@@ y\r\n", b" \n", b"\n", b"GIT binary patch\n",
            ]), 0..30),
            row in 0..40_usize,
        ) {
            let patch = [&b"diff --git a/x b/x\n"[..], &bytes.concat()].concat();
            let set = ChangeSet::of_patch(&patch);
            let rows = set.rows();
            let all = set.patch_of(&(0..=rows));
            let one = set.patch_of(&(row..=row));
            prop_assert!(all.is_empty() || all == patch);
            prop_assert!(one.len() <= all.len());
            prop_assert_eq!(one.is_empty(), row >= rows || all.is_empty());
        }
    }
}
