//! The changed files of a work tree or a turn, with a number for each row, so that any part can be shown by itself.

use std::ops::Range;
use std::sync::Arc;

use super::{DiffItem, DiffSign, FileChange, parse};
use crate::domain::id::MessageId;

/// What is compared with the present state, or with that of the last snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChangesScope {
    /// The state in which the session began. Only sessions with a sandbox know it.
    Session,
    /// The same, for the work in the last snapshot: the sandbox is not asked, and may be gone.
    Snapshot,
    /// The last commit.
    Uncommitted,
    /// Where the branch left the default branch.
    Branch,
    /// The state before the turn of this prompt.
    Turn(MessageId),
}

/// All changed files.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ChangeSet {
    pub files: Vec<ChangedFile>,
    /// What could not be read, one sentence each; not safe.
    pub problems: Vec<String>,
    /// The bytes that `files` were read from; empty if they cannot be applied.
    pub patch: Arc<[u8]>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangedFile {
    pub change: FileChange,
    pub added: usize,
    pub removed: usize,
    /// The largest number of a line; 0 where none is numbered.
    pub last_number: u32,
    /// Its rows in the whole; the first one is the file's name, the others are `lines`.
    pub rows: Range<usize>,
    pub lines: Vec<ChangeRow>,
}

/// A row below a file's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChangeRow {
    /// A hunk begins; what is written behind its numbers.
    Hunk(String),
    Line {
        sign: DiffSign,
        /// As in [`super::DiffLine`].
        old: Option<u32>,
        new: Option<u32>,
        text: String,
    },
    NoLineEnd,
    Note(String),
}

impl ChangeSet {
    /// Reads a patch. Text before the first file is ignored.
    pub fn read(patch: &str) -> Self {
        let mut files: Vec<ChangedFile> = Vec::new();
        for item in parse(patch) {
            match item {
                DiffItem::File(change) => files.push(ChangedFile::new(change)),
                item => {
                    if let Some(file) = files.last_mut() {
                        file.add(&item);
                    }
                }
            }
        }
        Self::of_files(files)
    }

    /// Reads a patch of git's whole, which can be applied in parts.
    pub fn of_patch(patch: &[u8]) -> Self {
        Self {
            patch: patch.into(),
            ..Self::read(&String::from_utf8_lossy(patch))
        }
    }

    /// Reads the patches of single files, each with its name: one without a patch is listed all the same.
    pub fn read_each(patches: impl IntoIterator<Item = (String, String)>) -> Self {
        let files = patches.into_iter().flat_map(|(name, patch)| {
            let mut files = Self::read(&patch).files;
            if files.is_empty() {
                files.push(ChangedFile::new(FileChange {
                    old: Some(name.clone()),
                    new: Some(name),
                    ..FileChange::default()
                }));
            }
            files
        });
        Self::of_files(files.collect())
    }

    /// Numbers the rows of the files.
    pub fn of_files(mut files: Vec<ChangedFile>) -> Self {
        let mut at = 0;
        for file in &mut files {
            let end = at + 1 + file.lines.len();
            file.rows = at..end;
            at = end;
        }
        Self {
            files,
            ..Self::default()
        }
    }

    /// How many rows there are.
    pub fn rows(&self) -> usize {
        self.files.last().map_or(0, |file| file.rows.end)
    }

    /// The index of the file with this row.
    pub fn file_at(&self, row: usize) -> Option<usize> {
        let at = self.files.partition_point(|file| file.rows.end <= row);
        (at < self.files.len()).then_some(at)
    }

    /// The row below a file's name; `None` for the name itself, and beyond the end.
    pub fn row(&self, row: usize) -> Option<&ChangeRow> {
        let file = self.files.get(self.file_at(row)?)?;
        file.lines.get((row - file.rows.start).checked_sub(1)?)
    }

    /// The lines that all files add and remove.
    pub fn counts(&self) -> (usize, usize) {
        let files = self.files.iter();
        files.fold((0, 0), |(added, removed), file| {
            (added + file.added, removed + file.removed)
        })
    }
}

impl ChangedFile {
    fn new(change: FileChange) -> Self {
        Self {
            change,
            added: 0,
            removed: 0,
            last_number: 0,
            rows: 0..0,
            lines: Vec::new(),
        }
    }

    /// With these rows below its name.
    pub fn with_lines(change: FileChange, lines: Vec<ChangeRow>) -> Self {
        let mut file = Self::new(change);
        for line in lines {
            file.push(line);
        }
        file
    }

    fn add(&mut self, item: &DiffItem<'_>) {
        self.push(match item {
            DiffItem::File(_) => return,
            DiffItem::Hunk { section } => ChangeRow::Hunk((*section).to_owned()),
            DiffItem::NoLineEnd => ChangeRow::NoLineEnd,
            DiffItem::Note(note) => ChangeRow::Note((*note).to_owned()),
            DiffItem::Line(line) => ChangeRow::Line {
                sign: line.sign,
                old: line.old,
                new: line.new,
                text: line.text.to_owned(),
            },
        });
    }

    fn push(&mut self, row: ChangeRow) {
        if let ChangeRow::Line { sign, old, new, .. } = &row {
            match sign {
                DiffSign::Added => self.added += 1,
                DiffSign::Removed => self.removed += 1,
                DiffSign::Kept => {}
            }
            let number = old.max(new).unwrap_or(0);
            self.last_number = self.last_number.max(number);
        }
        self.lines.push(row);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PATCH: &str = "\
diff --git a/a.rs b/a.rs
index 1..2 100644
--- a/a.rs
+++ b/a.rs
@@ -1,2 +1,3 @@ fn a() {
 one
-two
+zwei
+drei
diff --git a/b.bin b/b.bin
new file mode 100644
Binary files /dev/null and b/b.bin differ
diff --git a/c b/c
old mode 100644
new mode 100755
";

    #[test]
    fn files_have_their_rows_and_counts() {
        let set = ChangeSet::read(PATCH);

        let files = set.files.iter().map(|f| (f.change.path(), f.rows.clone()));
        let files: Vec<_> = files.collect();
        assert_eq!(files, [("a.rs", 0..6), ("b.bin", 6..7), ("c", 7..8)]);
        assert_eq!((set.rows(), set.counts()), (8, (2, 1)));
        assert_eq!(set.files[0].last_number, 3);
        assert_eq!(set.row(0), None);
        assert_eq!(set.row(1), Some(&ChangeRow::Hunk("fn a() {".to_owned())));
        assert!(matches!(
            set.row(5),
            Some(ChangeRow::Line { new: Some(3), .. })
        ));
        assert!(set.files[1].change.binary && set.files[2].change.mode.is_some());
        assert_eq!(set.row(8), None);
    }

    #[test]
    fn a_file_without_a_patch_is_listed() {
        let each = [("a.rs", PATCH), ("large.bin", "")];
        let each = each.map(|(name, patch)| (name.to_owned(), patch.to_owned()));
        let set = ChangeSet::read_each(each);

        let names: Vec<&str> = set.files.iter().map(|file| file.change.path()).collect();
        assert_eq!(names, ["a.rs", "b.bin", "c", "large.bin"]);
        assert_eq!((set.rows(), set.file_at(8)), (9, Some(3)));
    }

    proptest! {
        /// Every row belongs to exactly one file, whatever a patch says.
        #[test]
        fn rows_are_without_gaps(patch in "(diff --git a/x b/x\n|--- a/x\n|\\+\\+\\+ b/x\n|@@ -1,2 \\+1,2 @@\n|[ +-]x\n|.{0,9}\n){0,30}") {
            let set = ChangeSet::read(&patch);
            let mut at = 0;
            for (index, file) in set.files.iter().enumerate() {
                prop_assert_eq!(file.rows.start, at);
                prop_assert_eq!(file.rows.len(), file.lines.len() + 1);
                for row in file.rows.clone() {
                    prop_assert_eq!(set.file_at(row), Some(index));
                }
                at = file.rows.end;
            }
            prop_assert_eq!(set.rows(), at);
            prop_assert_eq!(set.file_at(at), None);
        }
    }
}
