//! The changes of one session, and where the reader is in them.

use std::collections::HashMap;
use std::ops::RangeInclusive;
use std::sync::Arc;

use super::pairs::SidePairs;
use super::row_walk::RowWalk;
use super::search::ChangesSearch;
use crate::app::action::ChangesAction;
use crate::app::view::viewport::DrawnChanges;
use crate::domain::diff::apply::DiscardRequest;
use crate::domain::diff::change_set::{ChangeRow, ChangeSet, ChangesScope};
use crate::domain::diff::whitespace::without_whitespace;
use crate::domain::failure::Failure;

/// The lines of a quote, at most.
const QUOTED: usize = 20;

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in crate::app) struct ChangesState {
    /// What is asked for, or shown; `None` until the changes were opened once.
    pub(super) scope: Option<ChangesScope>,
    pub(super) told: ChangesTold,
    /// The row with the cursor.
    pub(super) cursor: usize,
    /// The first row on the screen.
    pub(super) top: usize,
    /// Where the selected range began, if there is one.
    pub(super) mark: Option<usize>,
    /// For each file, whether it is marked as viewed: then only its name is shown.
    pub(super) viewed: Vec<bool>,
    pub(super) search: ChangesSearch,
    /// Changes of whitespace alone are hidden.
    pub(super) ignores_whitespace: bool,
    /// The changes without those of whitespace, if they are hidden.
    without_whitespace: Option<Arc<ChangeSet>>,
    /// What was discarded and can be brought again, the last one at the end.
    pub(super) discarded: Vec<DiscardRequest>,
    /// Old and new are to be side by side.
    pub(super) wants_beside: bool,
    /// The screen is wide enough for that.
    is_wide: bool,
    /// What is side by side, if that is wanted.
    pairs: Option<Arc<SidePairs>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) enum ChangesTold {
    #[default]
    Asked,
    Failed(Failure),
    Known(Arc<ChangeSet>),
}

impl ChangesState {
    /// Requests the changes again. Those on the screen stay until the answer arrives, unless the scope is another.
    pub(super) fn ask(&mut self, scope: ChangesScope) {
        if self.scope.as_ref() != Some(&scope) {
            *self = Self {
                scope: Some(scope),
                ignores_whitespace: self.ignores_whitespace,
                discarded: std::mem::take(&mut self.discarded),
                wants_beside: self.wants_beside,
                is_wide: self.is_wide,
                search: self.search.again(),
                ..Self::default()
            };
        } else if matches!(self.told, ChangesTold::Failed(_)) {
            self.told = ChangesTold::Asked;
        }
    }

    /// The changes came. Marks and place stay with the files that are as before.
    pub(in crate::app) fn receive(
        &mut self,
        scope: &ChangesScope,
        changes: Result<ChangeSet, Failure>,
    ) {
        if self.scope.as_ref() != Some(scope) {
            return;
        }
        let new = match changes {
            Ok(new) => new,
            Err(failure) => {
                self.told = ChangesTold::Failed(failure);
                return;
            }
        };
        self.viewed = match &self.told {
            ChangesTold::Known(old) => self.still_viewed(old, &new),
            _ => vec![false; new.files.len()],
        };
        self.show(|state| state.told = ChangesTold::Known(Arc::new(new)));
    }

    /// Changes what is shown; the cursor stays at its line.
    fn show(&mut self, change: impl FnOnce(&mut Self)) {
        let before = self.shared().cloned();
        change(self);
        self.without_whitespace = match &self.told {
            ChangesTold::Known(set) if self.ignores_whitespace => {
                Some(Arc::new(without_whitespace(set)))
            }
            _ => None,
        };
        let after = self.set();
        let cursor = before
            .zip(after)
            .map(|(old, new)| place(&old, new, self.cursor));
        self.pairs = after
            .filter(|_| self.wants_beside)
            .map(|set| Arc::new(SidePairs::of(set)));
        let top = self.cursor.saturating_sub(self.top);
        self.cursor = cursor.unwrap_or(0);
        self.top = self.cursor.saturating_sub(top);
        self.mark = None;
        self.find_matches();
        self.settle();
    }

    fn still_viewed(&self, old: &ChangeSet, new: &ChangeSet) -> Vec<bool> {
        let before = old.files.iter().zip(&self.viewed);
        let before: HashMap<&str, _> = before.map(|one| (one.0.change.path(), one)).collect();
        let viewed = new.files.iter().map(|file| {
            let same = before.get(file.change.path());
            same.is_some_and(|(old, viewed)| **viewed && old.lines == file.lines)
        });
        viewed.collect()
    }

    /// The changes as they are shown, once they are known.
    pub(super) fn set(&self) -> Option<&ChangeSet> {
        self.shared().map(AsRef::as_ref)
    }

    fn shared(&self) -> Option<&Arc<ChangeSet>> {
        match (&self.told, &self.without_whitespace) {
            (ChangesTold::Known(_), Some(set)) | (ChangesTold::Known(set), None) => Some(set),
            _ => None,
        }
    }

    /// The index of the file with the cursor.
    pub(super) fn file(&self) -> Option<usize> {
        self.set()?.file_at(self.cursor)
    }

    pub(super) fn is_viewed(&self, file: usize) -> bool {
        self.viewed.get(file).copied().unwrap_or(false)
    }

    /// Shows old and new side by side where there is room for it, or no longer.
    pub(super) fn show_beside(&mut self, wants: bool) {
        if self.wants_beside != wants {
            self.show(|state| state.wants_beside = wants);
        }
    }

    /// Whether old and new are side by side.
    pub(super) fn is_beside(&self) -> bool {
        self.wants_beside && self.is_wide
    }

    /// The way through what is shown on a screen that is wide enough for two sides, or is not.
    pub(super) fn way(&self, is_wide: bool) -> Option<RowWalk<'_>> {
        Some(RowWalk {
            set: self.set()?,
            viewed: &self.viewed,
            unfolded: self.search.unfolded,
            cursor: self.cursor,
            mark: self.mark,
            pairs: self.pairs.as_deref().filter(|_| is_wide),
        })
    }

    fn after(&self, row: usize) -> Option<usize> {
        self.way(self.is_wide)?.after(row)
    }

    fn before(&self, row: usize) -> Option<usize> {
        self.way(self.is_wide)?.before(row)
    }

    /// Stores what a frame showed.
    pub(in crate::app) fn shown(&mut self, drawn: Option<DrawnChanges>) {
        if let Some(DrawnChanges { first, is_wide }) = drawn {
            (self.top, self.is_wide) = (first, is_wide);
        }
    }

    /// Moves the cursor by so many rows; negative is up.
    pub(in crate::app) fn go(&mut self, rows: i16) {
        for _ in 0..rows.unsigned_abs() {
            let next = if rows < 0 {
                self.before(self.cursor)
            } else {
                self.after(self.cursor)
            };
            let Some(next) = next else { return };
            self.cursor = next;
        }
    }

    pub(super) fn act(&mut self, action: ChangesAction) {
        match action {
            ChangesAction::NextFile => self.jump(true, is_name),
            ChangesAction::PreviousFile => self.jump(false, is_name),
            ChangesAction::NextHunk => self.jump(true, is_hunk),
            ChangesAction::PreviousHunk => self.jump(false, is_hunk),
            ChangesAction::Top => self.cursor = 0,
            ChangesAction::Bottom => {
                self.cursor = self.set().map_or(0, |set| set.rows().saturating_sub(1));
                self.settle();
            }
            ChangesAction::Viewed => self.turn_viewed(),
            ChangesAction::Mark => {
                self.mark = match self.mark {
                    Some(_) => None,
                    None => Some(self.cursor),
                };
            }
            ChangesAction::NextMatch => self.next_match(true),
            ChangesAction::PreviousMatch => self.next_match(false),
            ChangesAction::Whitespace => {
                self.show(|state| state.ignores_whitespace = !state.ignores_whitespace);
            }
            ChangesAction::Search
            | ChangesAction::Discard
            | ChangesAction::UndoDiscard
            | ChangesAction::Beside
            | ChangesAction::Comment
            | ChangesAction::Apply
            | ChangesAction::ApplyAll
            | ChangesAction::Scope
            | ChangesAction::Again => {}
        }
    }

    /// To the next row of a kind, or the one before; it stays where there is none.
    fn jump(&mut self, down: bool, is_it: fn(&ChangeSet, usize) -> bool) {
        let Some(way) = self.way(self.is_wide) else {
            return;
        };
        let step = |at: &usize| {
            if down {
                way.after(*at)
            } else {
                way.before(*at)
            }
        };
        let mut rows = std::iter::successors(step(&self.cursor), step);
        let found = rows.find(|row| is_it(way.set, *row));
        if let Some(row) = found {
            self.cursor = row;
            // What follows is what it is about.
            self.top = row;
        }
    }

    /// Marks the file as viewed and goes to the next one that is not; or takes the mark back.
    fn turn_viewed(&mut self) {
        let Some(file) = self.file() else { return };
        let is_viewed = !self.is_viewed(file);
        self.mark = None;
        if let Some(viewed) = self.viewed.get_mut(file) {
            *viewed = is_viewed;
        }
        self.settle();
        if is_viewed {
            let mut rest = self.viewed.iter().skip(file);
            let next = rest.position(|viewed| !viewed).map(|after| file + after);
            if let (Some(next), Some(set)) = (next, self.set()) {
                self.cursor = set.files[next].rows.start;
                self.top = self.cursor;
            }
        }
    }

    /// Moves the cursor to a row that is shown.
    pub(super) fn settle(&mut self) {
        let Some(way) = self.way(self.is_wide) else {
            return;
        };
        let cursor = self.cursor.min(way.set.rows().saturating_sub(1));
        self.cursor = match way.set.file_at(cursor) {
            Some(file) if way.is_folded(file) => way.set.files[file].rows.start,
            _ => cursor,
        };
    }

    /// The selected rows, or those with the cursor.
    pub(super) fn selected(&self) -> RangeInclusive<usize> {
        let way = self.way(self.is_wide);
        way.map_or(self.cursor..=self.cursor, |way| way.selected())
    }

    /// The selected lines of the cursor's file as a quote for a comment: its path, its lines, and what they say.
    pub(super) fn quote(&self) -> Option<String> {
        let set = self.set()?;
        let file = &set.files[self.file()?];
        let way = self.way(self.is_wide)?;
        let rows = file.rows.clone().filter(|row| way.is_selected(*row));
        let lines = rows.filter_map(|row| match set.row(row) {
            Some(ChangeRow::Line {
                sign,
                old,
                new,
                text,
            }) => Some((new.or(*old), format!("> {}{text}", sign.sign()))),
            _ => None,
        });
        let lines: Vec<(Option<u32>, String)> = lines.collect();
        let numbers = || lines.iter().filter_map(|(number, _)| *number);
        let place = match (numbers().min(), numbers().max()) {
            (Some(first), Some(last)) if first < last => format!(":{first}-{last}"),
            (Some(first), _) => format!(":{first}"),
            _ => String::new(),
        };
        let mut quote = format!("{}{place}\n", file.change.path());
        for (_, line) in lines.iter().take(QUOTED) {
            quote.push_str(line);
            quote.push('\n');
        }
        if lines.len() > QUOTED {
            quote.push_str("> …\n");
        }
        Some(quote)
    }
}

fn is_name(set: &ChangeSet, row: usize) -> bool {
    let file = set.file_at(row);
    file.is_some_and(|file| set.files[file].rows.start == row)
}

fn is_hunk(set: &ChangeSet, row: usize) -> bool {
    // A file without hunks is not skipped.
    matches!(set.row(row), Some(ChangeRow::Hunk(_)))
        || set
            .file_at(row)
            .is_some_and(|file| set.files[file].lines.is_empty())
}

/// The same line of the same file in the new changes, or the nearest.
fn place(old: &ChangeSet, new: &ChangeSet, row: usize) -> usize {
    let Some(file) = old.file_at(row).and_then(|file| old.files.get(file)) else {
        return 0;
    };
    let mut files = new.files.iter();
    let Some(same) = files.find(|one| one.change.path() == file.change.path()) else {
        return 0;
    };
    let nearest = (same.rows.start + row - file.rows.start).min(same.rows.end - 1);
    let Some(ChangeRow::Line { old, new, .. }) = old.row(row) else {
        return nearest;
    };
    let is_it = |line: &ChangeRow| match line {
        ChangeRow::Line { old: o, new: n, .. } => {
            (new.is_some() && n == new) || (new.is_none() && old.is_some() && o == old)
        }
        _ => false,
    };
    let at = same.lines.iter().position(is_it);
    at.map_or(nearest, |at| same.rows.start + 1 + at)
}
