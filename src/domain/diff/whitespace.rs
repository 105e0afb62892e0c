//! Changes without those of whitespace alone.

use super::DiffSign;
use super::change_set::{ChangeRow, ChangeSet, ChangedFile};

/// Of longer runs only the beginning and the end are compared: time and memory grow with the product of their lines.
const MOST: usize = 250_000;

/// The changes as they are when whitespace does not count: lines that differ only in it are not changed. A hunk
/// without other changes is one row, so that all hunks are still there.
pub fn without_whitespace(set: &ChangeSet) -> ChangeSet {
    let files = set.files.iter().map(|file| {
        let mut lines = Vec::new();
        let mut rest = file.lines.as_slice();
        while !rest.is_empty() {
            let is_hunk = |row: &ChangeRow| matches!(row, ChangeRow::Hunk(_));
            let end = rest.iter().skip(1).position(is_hunk);
            let (hunk, after) = rest.split_at(end.map_or(rest.len(), |end| end + 1));
            lines.extend(of_hunk(hunk));
            rest = after;
        }
        ChangedFile::with_lines(file.change.clone(), lines)
    });
    ChangeSet {
        problems: set.problems.clone(),
        patch: set.patch.clone(),
        ..ChangeSet::of_files(files.collect())
    }
}

fn of_hunk(hunk: &[ChangeRow]) -> Vec<ChangeRow> {
    let mut rows = Vec::new();
    for run in hunk.chunk_by(|a, b| is_changed(a) == is_changed(b)) {
        if run.first().is_some_and(is_changed) {
            of_run(run, &mut rows);
        } else {
            rows.extend_from_slice(run);
        }
    }
    match hunk.first() {
        Some(ChangeRow::Hunk(section))
            if hunk.iter().any(is_changed) && !rows.iter().any(is_changed) =>
        {
            let gap = if section.is_empty() { "" } else { " " };
            vec![ChangeRow::Hunk(format!("{section}{gap}(whitespace only)"))]
        }
        _ => rows,
    }
}

fn is_changed(row: &ChangeRow) -> bool {
    matches!(row, ChangeRow::Line { sign, .. } if *sign != DiffSign::Kept)
}

/// Changed lines that follow each other.
fn of_run(run: &[ChangeRow], rows: &mut Vec<ChangeRow>) {
    let of = |wanted: DiffSign| -> Vec<&ChangeRow> {
        let is_it =
            |row: &&ChangeRow| matches!(row, ChangeRow::Line { sign, .. } if *sign == wanted);
        run.iter().filter(is_it).collect()
    };
    let (removed, added) = (of(DiffSign::Removed), of(DiffSign::Added));
    if removed.is_empty() || added.is_empty() {
        return rows.extend_from_slice(run);
    }
    let (mut old, mut new) = (removed.iter(), added.iter());
    for (old_before, new_before) in same_lines(&texts(&removed), &texts(&added)) {
        rows.extend(old.by_ref().take(old_before).map(|row| (*row).clone()));
        rows.extend(new.by_ref().take(new_before).map(|row| (*row).clone()));
        if let (Some(old), Some(new)) = (old.next(), new.next()) {
            rows.push(kept(old, new));
        }
    }
    rows.extend(old.chain(new).map(|row| (*row).clone()));
}

/// The texts of lines without whitespace.
fn texts(rows: &[&ChangeRow]) -> Vec<String> {
    let text = |row: &&ChangeRow| match row {
        ChangeRow::Line { text, .. } => text.split_whitespace().collect(),
        _ => String::new(),
    };
    rows.iter().map(text).collect()
}

/// The lines that are the same, in order: for each, how many others of both are before it since the last one.
fn same_lines(old: &[String], new: &[String]) -> Vec<(usize, usize)> {
    let begin = old.iter().zip(new).take_while(|(a, b)| a == b).count();
    let (old, new) = (&old[begin..], &new[begin..]);
    let backwards = old.iter().rev().zip(new.iter().rev());
    let end = backwards.take_while(|(a, b)| a == b).count();
    let (old, new) = (&old[..old.len() - end], &new[..new.len() - end]);
    let mut same = vec![(0, 0); begin];
    let mut rest = (old.len(), new.len());
    if old.len() * new.len() <= MOST {
        rest = longest_common(old, new, &mut same);
    }
    for _ in 0..end {
        same.push(std::mem::take(&mut rest));
    }
    same
}

/// Adds the longest common sequence; returns how many lines of both are after it.
fn longest_common(
    old: &[String],
    new: &[String],
    same: &mut Vec<(usize, usize)>,
) -> (usize, usize) {
    let width = new.len() + 1;
    // The length of the longest one from each pair of lines on.
    let mut lengths = vec![0_u32; (old.len() + 1) * width];
    for i in (0..old.len()).rev() {
        for j in (0..new.len()).rev() {
            lengths[i * width + j] = if old[i] == new[j] {
                lengths[(i + 1) * width + j + 1] + 1
            } else {
                lengths[(i + 1) * width + j].max(lengths[i * width + j + 1])
            };
        }
    }
    let (mut i, mut j) = (0, 0);
    let mut before = (0, 0);
    while i < old.len() && j < new.len() {
        if old[i] == new[j] {
            same.push(std::mem::take(&mut before));
            (i, j) = (i + 1, j + 1);
        } else if lengths[(i + 1) * width + j] >= lengths[i * width + j + 1] {
            (i, before.0) = (i + 1, before.0 + 1);
        } else {
            (j, before.1) = (j + 1, before.1 + 1);
        }
    }
    (before.0 + old.len() - i, before.1 + new.len() - j)
}

/// The line as it is now, with both of its numbers.
fn kept(removed: &ChangeRow, added: &ChangeRow) -> ChangeRow {
    match (removed, added) {
        (ChangeRow::Line { old, .. }, ChangeRow::Line { new, text, .. }) => ChangeRow::Line {
            sign: DiffSign::Kept,
            old: *old,
            new: *new,
            text: text.clone(),
        },
        _ => added.clone(),
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;
    use proptest::prelude::*;

    use super::*;

    fn shown(patch: &str) -> Vec<String> {
        let set = without_whitespace(&ChangeSet::read(patch));
        let rows = (0..set.rows()).filter_map(|row| set.row(row));
        let rows = rows.map(|row| match row {
            ChangeRow::Line { sign, text, .. } => format!("{}{text}", sign.sign()),
            ChangeRow::Hunk(section) => format!("@@ {section}"),
            other => format!("{other:?}"),
        });
        rows.collect()
    }

    #[test]
    fn lines_that_differ_in_whitespace_alone_are_kept_and_hunks_of_them_are_one_row() {
        let patch = "\
--- a/x
+++ b/x
@@ -1,3 +1,4 @@ fn a
-if x {
-  one();
+\tif x {
+\t\tone( );
+new();
 }
@@ -9,2 +10,2 @@ fn b
-  two
+two
 }
";
        assert_eq!(
            shown(patch),
            [
                "@@ fn a",
                " \tif x {",
                " \t\tone( );",
                "+new();",
                " }",
                "@@ fn b (whitespace only)"
            ]
        );
        let set = without_whitespace(&ChangeSet::read(patch));
        assert_eq!(set.counts(), (1, 0));
    }

    proptest! {
        /// No hunk is lost, and what is new or gone apart from whitespace is shown.
        #[test]
        fn all_other_changes_are_shown(lines in "([-+ ](a|b| |\t){0,3}\n|@@ -1,9 \\+1,9 @@\n|\\\\ No\n){0,20}") {
            let set = ChangeSet::read(&format!("--- a/x\n+++ b/x\n@@ -1,99 +1,99 @@\n{lines}"));
            let less = without_whitespace(&set);

            let count = |set: &ChangeSet, is_it: &dyn Fn(&ChangeRow) -> bool| {
                let rows = (0..set.rows()).filter_map(|row| set.row(row));
                rows.filter(|row| is_it(row)).count()
            };
            let is_hunk = |row: &ChangeRow| matches!(row, ChangeRow::Hunk(_));
            prop_assert_eq!(count(&set, &is_hunk), count(&less, &is_hunk));
            let (added, removed) = set.counts();
            let (more, fewer) = less.counts();
            prop_assert!(more <= added && fewer <= removed);
            prop_assert_eq!(added - more, removed - fewer);
        }
    }
}
