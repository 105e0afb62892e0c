//! Finds the colours of code on a thread of its own, one job at a time.
//!
//! Input: a [`HighlightJob`]. Output: its result, awaited by the loop. The grammars are loaded by
//! the first job, so a program that shows no code has none in memory. Knows neither texts nor
//! frames.

use std::future::pending;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::task::JoinHandle;

use crate::text::highlight::{HighlightJob, Highlighter, SyntaxSpans};

#[derive(Debug, Default)]
pub(super) struct Highlighting {
    highlighter: Arc<Mutex<Option<Highlighter>>>,
    running: Option<JoinHandle<Vec<SyntaxSpans>>>,
}

impl Highlighting {
    /// Begins a job; the one before must have ended.
    pub(super) fn begin(&mut self, job: HighlightJob) {
        let highlighter = Arc::clone(&self.highlighter);
        self.running = Some(tokio::task::spawn_blocking(move || {
            let mut kept = highlighter.lock().unwrap_or_else(PoisonError::into_inner);
            // While it works it is not kept: after a panic, the next job loads a new one.
            let mut working = kept.take().unwrap_or_else(Highlighter::load);
            let spans = working.run(&job);
            *kept = Some(working);
            spans
        }));
    }

    /// Waits for the result, for ever if there is no job; `None` if the job failed. Cancel-safe.
    pub(super) async fn done(&mut self) -> Option<Vec<SyntaxSpans>> {
        let Some(running) = &mut self.running else {
            return pending().await;
        };
        let result = running.await;
        self.running = None;
        result.ok()
    }
}
