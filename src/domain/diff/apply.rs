//! Applying a part of a patch to the user's work tree, or taking it back in the sandbox: which part, how, and what came
//! of it.

use std::collections::HashSet;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::sync::Arc;

use super::change_set::{ChangeRow, ChangeSet, ChangedFile};

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
    /// The patch is from the last snapshot: the sandbox is not asked.
    pub from_snapshot: bool,
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

/// A part of the changes that is taken back in the sandbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiscardRequest {
    /// As git makes it.
    pub patch: Arc<[u8]>,
    /// All changes of the files in it, as the user has seen them: one that differs meanwhile is refused.
    pub seen: Arc<[u8]>,
    /// What it is, one line per file. Not safe.
    pub parts: Vec<String>,
    /// It was taken back, and comes again.
    pub again: bool,
}

/// The part of one file's patch that rows touch.
struct PatchPart<'a> {
    file: &'a ChangedFile,
    /// The whole patch of the file.
    section: &'a [u8],
    /// For each hunk, whether it is in the part; all of the file if empty.
    hunks: Vec<bool>,
}

impl PatchPart<'_> {
    fn patch(&self) -> Vec<u8> {
        if self.hunks.is_empty() {
            self.section.to_vec()
        } else {
            hunks_of(self.section, &self.hunks)
        }
    }

    /// `2 of 3 hunks  src/pool.rs`
    fn words(&self) -> String {
        let change = &self.file.change;
        let what = match self.hunks.len() {
            0 if change.old.is_none() => "the new file".to_owned(),
            0 if change.new.is_none() => "the deletion".to_owned(),
            0 => "all changes".to_owned(),
            all => {
                let picked = self.hunks.iter().filter(|picked| **picked).count();
                format!("{picked} of {all} hunks")
            }
        };
        format!("{what}  {}", change.path())
    }
}

impl ChangeSet {
    /// The part of the patch that these rows touch: whole hunks, and a whole file where its name is among the rows or
    /// it has no hunks. Empty where the patch is not known, or is none of git's.
    pub fn patch_of(&self, rows: &RangeInclusive<usize>) -> Vec<u8> {
        let parts = self.parts_of(rows);
        parts.iter().flat_map(PatchPart::patch).collect()
    }

    /// The same part, to be taken back; `None` if it is empty.
    pub fn discard_of(&self, rows: &RangeInclusive<usize>) -> Option<DiscardRequest> {
        let parts = self.parts_of(rows);
        let patch: Vec<u8> = parts.iter().flat_map(PatchPart::patch).collect();
        let seen: Vec<u8> = parts
            .iter()
            .flat_map(|part| part.section)
            .copied()
            .collect();
        (!patch.is_empty()).then(|| DiscardRequest {
            patch: patch.into(),
            seen: seen.into(),
            parts: parts.iter().map(PatchPart::words).collect(),
            again: false,
        })
    }

    fn parts_of(&self, rows: &RangeInclusive<usize>) -> Vec<PatchPart<'_>> {
        let mut parts = Vec::new();
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
        if !is_gits || self.patch.is_empty() {
            return parts;
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
            let is_all = file.change.mode.is_none() && !hunks.contains(&false);
            if touches(file.rows.start) || !hunks.contains(&true) || is_all {
                hunks.clear();
            }
            parts.push(PatchPart {
                file,
                section,
                hunks,
            });
        }
        parts
    }
}

/// The names of the files whose patches are in `seen`, but differ in `now`.
pub fn changed_since(seen: &[u8], now: &[u8]) -> Vec<String> {
    let now: HashSet<&[u8]> = sections(now).into_iter().collect();
    let seen = sections(seen).into_iter();
    let changed = seen.filter(|section| !section.is_empty() && !now.contains(section));
    let names = changed.map(|section| {
        let files = ChangeSet::read(&String::from_utf8_lossy(section)).files;
        let names = files.iter().map(|file| file.change.path().to_owned());
        names.collect::<Vec<_>>().join(", ")
    });
    names.collect()
}

/// The patches of single files.
pub fn sections(patch: &[u8]) -> Vec<&[u8]> {
    // A content line starts with a sign.
    split_before(patch, |line| line.starts_with(b"diff --git "))
}

/// The head of a file's patch without a change of its mode, and the chosen hunks.
fn hunks_of(section: &[u8], chosen: &[bool]) -> Vec<u8> {
    let mut parts = hunks(section).into_iter();
    let head = parts.next().unwrap_or_default();
    let hunks = parts.zip(chosen).filter(|(_, chosen)| **chosen);
    let head = head.split_inclusive(|&byte| byte == b'\n');
    let is_mode = |line: &&[u8]| line.starts_with(b"old mode ") || line.starts_with(b"new mode ");
    let mut picked = head
        .filter(|line| !is_mode(line))
        .collect::<Vec<_>>()
        .concat();
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
    fn hunks_are_picked_without_the_mode_and_a_changed_file_is_named() {
        let head = HEAD.replace("index", "old mode 100644\nnew mode 100755\nindex");
        let patch = [&head, FIRST, SECOND, BINARY].concat();
        let set = ChangeSet::of_patch(patch.as_bytes());

        let hunk = set.discard_of(&(2..=2)).unwrap();
        assert_eq!(*hunk.patch, *[HEAD, FIRST].concat().as_bytes());
        assert_eq!(*hunk.seen, *[&head, FIRST, SECOND].concat().as_bytes());
        assert_eq!(hunk.parts, ["1 of 2 hunks  a"]);
        let all = set.discard_of(&(0..=9)).unwrap();
        assert_eq!(*all.patch, *patch.as_bytes());
        assert_eq!(all.parts, ["all changes  a", "the new file  b"]);
        assert_eq!(set.discard_of(&(99..=99)), None);

        assert_eq!(
            changed_since(&all.seen, patch.as_bytes()),
            Vec::<String>::new()
        );
        let later = patch.replace("+b\n", "+c\n");
        assert_eq!(changed_since(&all.seen, later.as_bytes()), ["a"]);
        assert_eq!(changed_since(&all.seen, b""), ["a", "b"]);
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
