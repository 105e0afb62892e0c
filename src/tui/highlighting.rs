//! Finds the colours of code on a thread of its own, one job at a time.
//!
//! Input: a [`HighlightJob`]. Output: its result, awaited by the loop. The thread begins with the
//! first job and loads the grammars, so a program that shows no code has none in memory. It owns
//! them to its end, since they keep pointers of the C library that matches expressions. Knows
//! neither texts nor frames.

use std::future::pending;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use tokio::sync::oneshot;

use crate::text::highlight::{HighlightJob, Highlighter, SyntaxSpans};

#[derive(Debug, Default)]
pub(super) struct Highlighting {
    thread: Option<SyncSender<HighlightTask>>,
    running: Option<oneshot::Receiver<Vec<SyntaxSpans>>>,
}

#[derive(Debug)]
struct HighlightTask {
    job: HighlightJob,
    done: oneshot::Sender<Vec<SyntaxSpans>>,
}

impl Highlighting {
    /// Begins a job; the one before must have ended.
    pub(super) fn begin(&mut self, job: HighlightJob) {
        let (done, result) = oneshot::channel();
        self.running = Some(result);
        let mut task = HighlightTask { job, done };
        if let Some(thread) = &self.thread {
            match thread.try_send(task) {
                Ok(()) => return,
                // It panicked: a new thread loads new grammars.
                Err(refused) => {
                    task = match refused {
                        std::sync::mpsc::TrySendError::Full(task)
                        | std::sync::mpsc::TrySendError::Disconnected(task) => task,
                    }
                }
            }
        }
        let (tasks_in, tasks) = sync_channel(1);
        // The first task fits. Without a thread it is dropped, which fails the job: code stays plain.
        let _ = tasks_in.try_send(task);
        let thread = std::thread::Builder::new().name("highlighting".into());
        self.thread = thread
            .spawn(move || work(&tasks))
            .is_ok()
            .then_some(tasks_in);
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

/// Does tasks until the loop ends.
fn work(tasks: &Receiver<HighlightTask>) {
    let mut highlighter = Highlighter::load();
    while let Ok(task) = tasks.recv() {
        // Who waited may be gone.
        let _ = task.done.send(highlighter.run(&task.job));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Palette;
    use crate::text::highlight::{CodeColours, Language, ListingLook, SyntaxStyles, listing};

    #[tokio::test]
    async fn jobs_are_done_one_after_another_on_one_thread() {
        let mut palette = Palette::default();
        palette.syntax = SyntaxStyles {
            keyword: palette.syntax.keyword.bold(),
            ..palette.syntax
        };
        let language = Language::of_path("x.rs");
        let mut highlighting = Highlighting::default();
        for text in ["fn a() {}\n", "let b = 1;\n"] {
            let mut colours = CodeColours::working();
            let look = ListingLook {
                width: 40,
                first: None,
                most: 9,
                language: language.as_ref(),
                palette: &palette,
            };
            listing(text, look, &mut colours);
            let job = colours.next_job().unwrap();

            highlighting.begin(job);

            let found = highlighting.done().await.unwrap();
            assert!(found.iter().any(|spans| !spans.is_empty()), "{text}");
        }
    }
}
