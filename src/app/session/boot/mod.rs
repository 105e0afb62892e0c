//! The progress of a boot: which stages ran, how long, and the output of their tools.

pub(in crate::app) mod recovery;
mod view;

pub(in crate::app) use view::{BootView, RecoveryKey};

use std::collections::VecDeque;
use std::time::Duration;

use crate::domain::sandbox::{BootEvent, Stage};
use crate::domain::time::Monotonic;

/// Lines of output that are kept of the running stage.
const TAIL: usize = 3;

/// A boot without a sign of progress for this long may hang.
const HANGS: Duration = Duration::from_secs(20);

/// One boot, from the first stage that ran.
#[derive(Debug, Clone, PartialEq)]
pub struct Boot {
    began: Monotonic,
    /// The time of the last sign of progress.
    last_progress: Monotonic,
    /// In the order in which they ran.
    stages: Vec<StageRun>,
    /// The last lines of output, the newest last.
    tail: VecDeque<String>,
}

#[derive(Debug, Clone, PartialEq)]
struct StageRun {
    stage: Stage,
    started: Monotonic,
    /// `None` while it runs.
    took: Option<Duration>,
}

impl Boot {
    pub(in crate::app) fn new(now: Monotonic) -> Self {
        Self {
            began: now,
            last_progress: now,
            stages: Vec::new(),
            tail: VecDeque::new(),
        }
    }

    pub(in crate::app) fn receive(&mut self, event: BootEvent, now: Monotonic) {
        self.last_progress = now;
        match event {
            BootEvent::Started { stage, at } => {
                // A stage that runs again removes all stages after it.
                let again = self.stages.iter().position(|run| run.stage == stage);
                self.stages.truncate(again.unwrap_or(self.stages.len()));
                self.tail.clear();
                self.stages.push(StageRun {
                    stage,
                    started: at,
                    took: None,
                });
            }
            BootEvent::Output { line, .. } => {
                if self.tail.len() == TAIL {
                    self.tail.pop_front();
                }
                self.tail.push_back(line);
            }
            BootEvent::Finished { stage, took } => {
                self.tail.clear();
                match self.stages.iter_mut().find(|run| run.stage == stage) {
                    Some(run) => run.took = Some(took),
                    None => self.stages.push(StageRun {
                        stage,
                        started: now,
                        took: Some(took),
                    }),
                }
            }
        }
    }

    /// The time without progress, if it is long enough that the boot may hang.
    pub(in crate::app) fn silence(&self, now: Monotonic) -> Option<Duration> {
        let silence = now.saturating_sub(self.last_progress);
        (silence >= HANGS).then_some(silence)
    }

    /// The running stage for the session list: its name and its number.
    pub(in crate::app) fn progress(&self) -> Option<(&'static str, usize)> {
        let run = self.stages.iter().rev().find(|run| run.took.is_none())?;
        let place = Stage::ALL.iter().position(|stage| *stage == run.stage)?;
        Some((run.stage.name(), place + 1))
    }
}
