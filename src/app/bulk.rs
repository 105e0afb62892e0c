//! One wish for several rows of the list, until the last of them has answered, and what is told of it then.
//!
//! It knows no session: it hears the phase that a row has come to.

use std::collections::BTreeSet;

use super::sessions::Target;
use crate::domain::sandbox::Phase;

/// What is done to all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Deed {
    Pause,
    Kill,
}

/// How it ended for one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Done,
    /// It was paused before.
    Already,
    /// Its sandbox no longer exists.
    Gone,
    /// It has no sandbox yet.
    Without,
}

/// One wish for several rows, until the last of them has answered.
#[derive(Debug)]
pub(super) struct Bulk {
    deed: Deed,
    /// How many there were at the beginning.
    total: usize,
    waiting: BTreeSet<Target>,
    ended: Vec<(Target, End)>,
    failed: Vec<(String, String)>,
}

impl Bulk {
    /// For `total` rows, each of which is still to be added.
    pub(super) fn new(deed: Deed, total: usize) -> Self {
        Self {
            deed,
            total,
            waiting: BTreeSet::new(),
            ended: Vec::new(),
            failed: Vec::new(),
        }
    }

    /// Adds a row that is yet to answer.
    pub(super) fn wait_for(&mut self, row: Target) {
        self.waiting.insert(row);
    }

    /// Adds a row to which nothing has to be done.
    pub(super) fn ended_before(&mut self, row: Target, end: End) {
        self.ended.push((row, end));
    }

    /// How many rows are yet to answer.
    pub(super) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    pub(super) fn is_waiting_for(&self, row: &Target) -> bool {
        self.waiting.contains(row)
    }

    /// Hears what has become of a row, which is called `name`.
    pub(super) fn hear(&mut self, row: &Target, phase: &Phase, name: &str) {
        if !self.is_waiting_for(row) {
            return;
        }
        match (self.deed, phase) {
            (Deed::Pause, Phase::Paused) | (Deed::Kill, Phase::Gone(_)) => self.end(row, End::Done),
            (Deed::Pause, Phase::Gone(_)) => self.end(row, End::Gone),
            (_, Phase::Dormant) => self.end(row, End::Without),
            (_, Phase::Failed(failure)) => {
                self.waiting.remove(row);
                self.failed.push((name.to_owned(), failure.summary.clone()));
            }
            _ => {}
        }
    }

    fn end(&mut self, row: &Target, end: End) {
        self.waiting.remove(row);
        self.ended.push((row.clone(), end));
    }

    /// `3 paused, 1 was paused already; fix: no connection`. A single one that went well shows that by
    /// itself. `name` is what a row is called.
    pub(super) fn words(&self, name: impl Fn(&Target) -> String) -> Option<String> {
        let failed = self.failed.iter();
        let failed = failed.map(|(name, why)| format!("{name}: {why}"));
        let ended = match (self.total, self.ended.first()) {
            (1, Some((Target::Session(_), End::Done))) => return None,
            (1, Some((row, End::Done))) => Some(format!("{} {}", self.done(), name(row))),
            (1, Some((row, end))) => Some(format!("{} {}", name(row), end.words(1))),
            _ => self.counts(),
        };
        let words: Vec<String> = ended.into_iter().chain(failed).collect();
        (!words.is_empty()).then(|| words.join("; "))
    }

    fn done(&self) -> &'static str {
        match self.deed {
            Deed::Pause => "paused",
            Deed::Kill => "killed",
        }
    }

    fn counts(&self) -> Option<String> {
        let ends = [End::Done, End::Already, End::Gone, End::Without];
        let count = |end| self.ended.iter().filter(|(_, other)| *other == end).count();
        let words: Vec<String> = ends
            .into_iter()
            .map(|end| (end, count(end)))
            .filter(|(_, count)| *count > 0)
            .map(|(end, count)| match end {
                End::Done => format!("{count} {}", self.done()),
                other => format!("{count} {}", other.words(count)),
            })
            .collect();
        (!words.is_empty()).then(|| words.join(", "))
    }
}

impl End {
    fn words(self, count: usize) -> &'static str {
        match (self, count) {
            (Self::Done, _) => "done",
            (Self::Already, 1) => "was paused already",
            (Self::Already, _) => "were paused already",
            (Self::Gone, 1) => "is gone",
            (Self::Gone, _) => "are gone",
            (Self::Without, 1) => "has no sandbox",
            (Self::Without, _) => "have no sandbox",
        }
    }
}
