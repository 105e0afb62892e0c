//! The queue of prompts, as all processes share it.

use super::{Recorder, told};
use crate::domain::id::MessageId;
use crate::domain::session::Prompt;
use crate::store::{Claim, StoredQueue};

impl Recorder {
    /// The queue as all processes see it; `None` where there is nothing to share.
    pub(crate) async fn queue(&self) -> Option<StoredQueue> {
        let records = self.records.as_ref()?;
        let mut queue = told("queue", records.store.queue(&self.key).await)?;
        queue.waiting.extend(self.memory().unstored.iter().cloned());
        Some(queue)
    }

    /// Whoever posted before is gone: what it had claimed waits again.
    pub(crate) async fn unclaim_all(&self) {
        if let Some(records) = &self.records {
            told("queue", records.store.unclaim_all(&self.key).await);
        }
    }

    /// Returns when the prompt is on the disk.
    pub(crate) async fn enqueue(&self, prompt: &Prompt) {
        let Some(records) = &self.records else { return };
        let stored = records.store.enqueue(&self.key, prompt.clone()).await;
        if told("queue", stored).is_none() {
            self.memory().unstored.push(prompt.clone());
        }
    }

    /// Takes a prompt out of the queue; `false`: it is on its way, or another process has taken it.
    pub(crate) async fn dequeue(&self, id: &MessageId) -> bool {
        let Some(records) = &self.records else {
            return true;
        };
        if self.take_unstored(id) {
            return true;
        }
        told("queue", records.store.dequeue(&self.key, id).await).unwrap_or(true)
    }

    /// Asks for a prompt that is to be posted; `even_held`: also past a held queue. Where the store
    /// fails, the prompt goes out all the same.
    pub(crate) async fn claim(&self, id: &MessageId, even_held: bool) -> Claim {
        let Some(records) = &self.records else {
            return Claim::Granted;
        };
        if self.take_unstored(id) {
            return Claim::Granted;
        }
        let claimed = records.store.claim(&self.key, id, even_held).await;
        told("queue", claimed).unwrap_or(Claim::Granted)
    }

    /// The prompt is the first that waits, and the queue held if `hold`.
    pub(crate) async fn requeue(&self, prompt: &Prompt, hold: bool) {
        let Some(records) = &self.records else { return };
        let stored = records.store.requeue(&self.key, prompt.clone(), hold).await;
        if told("queue", stored).is_none() && !self.is_unstored(&prompt.message) {
            self.memory().unstored.insert(0, prompt.clone());
        }
    }

    /// The server has the prompt.
    pub(crate) async fn posted(&self, id: &MessageId) {
        if let Some(records) = &self.records {
            told("queue", records.store.posted(&self.key, id).await);
        }
    }

    /// Holds the queue, for all processes, or lets it go on.
    pub(crate) async fn hold(&self, hold: bool) {
        if let Some(records) = &self.records {
            told("queue", records.store.hold_queue(&self.key, hold).await);
        }
    }

    fn is_unstored(&self, id: &MessageId) -> bool {
        let unstored = &self.memory().unstored;
        unstored.iter().any(|prompt| prompt.message == *id)
    }

    fn take_unstored(&self, id: &MessageId) -> bool {
        let unstored = &mut self.memory().unstored;
        let before = unstored.len();
        unstored.retain(|prompt| prompt.message != *id);
        unstored.len() < before
    }
}
