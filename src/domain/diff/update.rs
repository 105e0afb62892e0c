//! What came of merging the user's changes into a session's sandbox.

use super::unquoted;

/// What became of the agent's HEAD.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum HeadUpdate {
    /// It has all of the user's commits already.
    #[default]
    Same,
    /// The agent had made no commits that the user does not have: it is the user's.
    Moved,
    /// A commit merges both.
    Merged,
    /// The commits conflict: the agent has to commit the merge.
    Merging,
}

/// The result of an update.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UpdateResult {
    pub head: HeadUpdate,
    /// How many files of the work tree changed.
    pub changed: usize,
    /// Files with both sides in them, marked. Not safe.
    pub conflicts: Vec<String>,
    /// Files in conflict that cannot be marked. Not safe.
    pub unmarked: Vec<String>,
    /// What is not in the sandbox as it is in the user's work tree, one sentence each.
    pub notes: Vec<String>,
}

impl UpdateResult {
    /// Reads what the script in the sandbox has printed: lines of a word and a value. Unknown ones are ignored.
    pub fn read(said: &str) -> Self {
        let mut updated = Self::default();
        for (word, value) in said.lines().filter_map(|line| line.split_once(' ')) {
            match (word, value) {
                ("head", "moved") => updated.head = HeadUpdate::Moved,
                ("head", "merged") => updated.head = HeadUpdate::Merged,
                ("head", "merging") => updated.head = HeadUpdate::Merging,
                ("changed", count) => updated.changed = count.trim().parse().unwrap_or(0),
                ("conflict", file) => updated.conflicts.push(unquoted(file).into_owned()),
                ("unmarked", file) => updated.unmarked.push(unquoted(file).into_owned()),
                _ => {}
            }
        }
        updated
    }

    pub fn has_conflicts(&self) -> bool {
        !self.conflicts.is_empty() || !self.unmarked.is_empty() || self.head == HeadUpdate::Merging
    }

    /// `3 files changed in the sandbox, its HEAD is now yours`
    pub fn words(&self) -> String {
        let files = match self.changed {
            1 => "1 file".to_owned(),
            n => format!("{n} files"),
        };
        match (self.changed, self.head) {
            (0, HeadUpdate::Same) => "already up to date".to_owned(),
            (_, HeadUpdate::Same) => format!("{files} changed in the sandbox"),
            (_, HeadUpdate::Moved) => {
                format!("{files} changed in the sandbox, its HEAD is now yours")
            }
            (_, HeadUpdate::Merged) => {
                format!(
                    "{files} changed in the sandbox, a merge commit joins your commits and the agent's"
                )
            }
            (_, HeadUpdate::Merging) => {
                format!(
                    "{files} changed in the sandbox, but the commits conflict: the agent has to resolve and commit the merge"
                )
            }
        }
    }

    /// The files in conflict, one line each.
    pub fn conflict_lines(&self) -> Vec<String> {
        let unmarked = self.unmarked.iter();
        let unmarked = unmarked.map(|file| {
            format!("{file}: git cannot mark conflicts in it; the agent's version is kept")
        });
        self.conflicts.iter().cloned().chain(unmarked).collect()
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_the_script_says_is_read_and_put_into_words() {
        let said = "changed 3\nhead merging\nconflict a b\nunmarked \"\\303\\244\"\nlater x\n";
        let updated = UpdateResult::read(said);
        assert_eq!(
            updated,
            UpdateResult {
                head: HeadUpdate::Merging,
                changed: 3,
                conflicts: vec!["a b".to_owned()],
                unmarked: vec!["ä".to_owned()],
                notes: Vec::new(),
            }
        );
        assert!(updated.has_conflicts());
        let lines = [
            "a b",
            "ä: git cannot mark conflicts in it; the agent's version is kept",
        ];
        assert_eq!(updated.conflict_lines(), lines);
        let none = UpdateResult::read("changed 0\nhead same\n");
        assert_eq!(none.words(), "already up to date");
        assert!(!none.has_conflicts());
    }

    proptest! {
        /// It comes from a sandbox.
        #[test]
        fn any_output_is_read(said in "((head|changed|conflict|unmarked) \\PC{0,6}\n|\\PC|\n){0,12}") {
            let updated = UpdateResult::read(&said);
            let files = updated.conflicts.len() + updated.unmarked.len();
            prop_assert!(files <= said.lines().count());
            prop_assert_eq!(updated.conflict_lines().len(), files);
        }
    }
}
