//! Operations on several rows of the list: each row is paused or killed on its own, and one text
//! reports the result of all. A failure of one does not stop the others.
//!
//! This module requests no effects: the caller closes the returned rows, and reports each row's new
//! phase.

use std::collections::BTreeSet;

use super::RowTarget;
use super::all_sessions::AllSessions;
use crate::domain::id::SessionKey;
use crate::domain::sandbox::Phase;
use crate::domain::sandbox::unattached::EngineState;
use crate::domain::session::SessionEvent;

/// The operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::app) enum BulkOp {
    Pause,
    Kill,
}

/// The result for one row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::app) enum BulkResult {
    Done,
    /// It was already paused.
    Already,
    /// Its sandbox no longer exists.
    Gone,
    /// It has no sandbox yet.
    Without,
}

/// Operations that have not ended for all their rows.
#[derive(Debug, Default)]
pub(in crate::app) struct BulkOperations {
    running: Vec<BulkOperation>,
}

impl BulkOperations {
    /// Begins an operation. Returns the rows to close now; the others need nothing.
    pub(in crate::app) fn begin(
        &mut self,
        op: BulkOp,
        rows: &[RowTarget],
        all: AllSessions<'_>,
    ) -> Vec<RowTarget> {
        let mut operation = BulkOperation::new(op, rows.len());
        let mut to_close = Vec::new();
        for row in rows {
            if let Some(result) = needs_nothing(op, row, all) {
                operation.ended_before(row.clone(), result);
            } else {
                operation.wait_for(row.clone());
                to_close.push(row.clone());
            }
        }
        self.running.push(operation);
        to_close
    }

    /// Whether a session is being paused or killed.
    pub(in crate::app) fn is_closing(&self, key: &SessionKey) -> bool {
        let row = RowTarget::Session(key.clone());
        let mut running = self.running.iter();
        running.any(|operation| operation.is_waiting_for(&row))
    }

    /// Handles an event of a session.
    pub(in crate::app) fn session_told(
        &mut self,
        key: &SessionKey,
        event: &SessionEvent,
        all: AllSessions<'_>,
    ) {
        let row = || RowTarget::Session(key.clone());
        match event {
            SessionEvent::Phase(phase) => self.row_told(&row(), phase, all),
            event if let Some(failure) = event.failed_command() => {
                self.row_told(&row(), &Phase::Failed(failure.clone()), all);
            }
            // It ended without a report about its sandbox.
            SessionEvent::Stopped => self.row_told(&row(), &Phase::Dormant, all),
            _ => {}
        }
    }

    /// Handles the new phase of a row.
    pub(in crate::app) fn row_told(
        &mut self,
        row: &RowTarget,
        phase: &Phase,
        all: AllSessions<'_>,
    ) {
        for operation in &mut self.running {
            if operation.is_waiting_for(row) {
                operation.hear(row, phase, &all.target_name(row));
            }
        }
    }

    /// The texts about operations that have ended since the last call.
    pub(in crate::app) fn take_ended(&mut self, all: AllSessions<'_>) -> Vec<String> {
        let has_ended = |operation: &mut BulkOperation| operation.waiting.is_empty();
        let ended = self.running.extract_if(.., has_ended);
        ended
            .filter_map(|operation| operation.words(|row| all.target_name(row)))
            .collect()
    }
}

/// The immediate result for a row that needs nothing.
fn needs_nothing(op: BulkOp, row: &RowTarget, all: AllSessions<'_>) -> Option<BulkResult> {
    let key = match row {
        RowTarget::Session(key) => key,
        RowTarget::Sandbox(id) => {
            let is_paused = |state| op == BulkOp::Pause && state == EngineState::Paused;
            return match all.list().unattached_sandbox(id) {
                Some(unattached_sandbox) => {
                    is_paused(unattached_sandbox.state).then_some(BulkResult::Already)
                }
                None => Some(BulkResult::Gone),
            };
        }
    };
    match (op, all.phase_of(key)) {
        (_, Some(Phase::Gone(_))) => Some(BulkResult::Gone),
        (BulkOp::Pause, Some(Phase::Paused)) => Some(BulkResult::Already),
        (BulkOp::Pause, _) if !all.has_sandbox(key) => Some(BulkResult::Without),
        _ => None,
    }
}

/// One operation on several rows, until all of them have a result.
#[derive(Debug)]
struct BulkOperation {
    op: BulkOp,
    /// The number of rows at the start.
    total: usize,
    waiting: BTreeSet<RowTarget>,
    ended: Vec<(RowTarget, BulkResult)>,
    failed: Vec<(String, String)>,
}

impl BulkOperation {
    /// For `total` rows, which are added afterwards.
    fn new(op: BulkOp, total: usize) -> Self {
        Self {
            op,
            total,
            waiting: BTreeSet::new(),
            ended: Vec::new(),
            failed: Vec::new(),
        }
    }

    /// Adds a row that has no result yet.
    fn wait_for(&mut self, row: RowTarget) {
        self.waiting.insert(row);
    }

    /// Adds a row that needs nothing.
    fn ended_before(&mut self, row: RowTarget, end: BulkResult) {
        self.ended.push((row, end));
    }

    fn is_waiting_for(&self, row: &RowTarget) -> bool {
        self.waiting.contains(row)
    }

    /// Handles the new phase of a pending row, which has the name `name`.
    fn hear(&mut self, row: &RowTarget, phase: &Phase, name: &str) {
        match (self.op, phase) {
            (BulkOp::Pause, Phase::Paused) | (BulkOp::Kill, Phase::Gone(_)) => {
                self.end(row, BulkResult::Done);
            }
            (BulkOp::Pause, Phase::Gone(_)) => self.end(row, BulkResult::Gone),
            (_, Phase::Dormant) => self.end(row, BulkResult::Without),
            (_, Phase::Failed(failure)) => {
                self.waiting.remove(row);
                self.failed.push((name.to_owned(), failure.line()));
            }
            _ => {}
        }
    }

    fn end(&mut self, row: &RowTarget, end: BulkResult) {
        self.waiting.remove(row);
        self.ended.push((row.clone(), end));
    }

    /// `3 paused, 1 was paused already; fix: no connection`. A single success needs no text, since
    /// the row shows it. `name` returns the name of a row.
    fn words(&self, name: impl Fn(&RowTarget) -> String) -> Option<String> {
        let failed = self.failed.iter();
        let failed = failed.map(|(name, why)| format!("{name}: {why}"));
        let ended = match (self.total, self.ended.first()) {
            (1, Some((RowTarget::Session(_), BulkResult::Done))) => return None,
            (1, Some((row, BulkResult::Done))) => Some(format!("{} {}", self.done(), name(row))),
            (1, Some((row, end))) => Some(format!("{} {}", name(row), end.words(1))),
            _ => self.counts(),
        };
        let words: Vec<String> = ended.into_iter().chain(failed).collect();
        (!words.is_empty()).then(|| words.join("; "))
    }

    fn done(&self) -> &'static str {
        match self.op {
            BulkOp::Pause => "paused",
            BulkOp::Kill => "killed",
        }
    }

    fn counts(&self) -> Option<String> {
        let ends = [
            BulkResult::Done,
            BulkResult::Already,
            BulkResult::Gone,
            BulkResult::Without,
        ];
        let count = |end| self.ended.iter().filter(|(_, other)| *other == end).count();
        let words: Vec<String> = ends
            .into_iter()
            .map(|end| (end, count(end)))
            .filter(|(_, count)| *count > 0)
            .map(|(end, count)| match end {
                BulkResult::Done => format!("{count} {}", self.done()),
                other => format!("{count} {}", other.words(count)),
            })
            .collect();
        (!words.is_empty()).then(|| words.join(", "))
    }
}

impl BulkResult {
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
