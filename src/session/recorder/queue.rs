//! The queue of prompts, shared by all processes.

use super::{Recorder, logged};
use crate::domain::id::MessageId;
use crate::domain::session::Prompt;
use crate::store::{Claim, StoredQueue};

impl Recorder {
    /// The queue as all processes see it; `None` if nothing is shared.
    pub(crate) async fn queue(&self) -> Option<StoredQueue> {
        let records = self.records.as_ref()?;
        let mut queue = logged("queue", records.store.queue(&self.key).await)?;
        queue.waiting.extend(self.memory().unstored.iter().cloned());
        Some(queue)
    }

    /// The previous poster is gone: the prompts that it had claimed wait again.
    pub(crate) async fn unclaim_all(&self) {
        if let Some(records) = &self.records {
            logged("queue", records.store.unclaim_all(&self.key).await);
        }
    }

    /// Returns when the prompt is on disk.
    pub(crate) async fn enqueue(&self, prompt: &Prompt) {
        let Some(records) = &self.records else { return };
        let stored = records.store.enqueue(&self.key, prompt.clone()).await;
        if logged("queue", stored).is_none() {
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
        logged("queue", records.store.dequeue(&self.key, id).await).unwrap_or(true)
    }

    /// Claims a prompt for posting; `even_held`: even if the queue is held. If the store fails, the prompt is posted
    /// all the same.
    pub(crate) async fn claim(&self, id: &MessageId, even_held: bool) -> Claim {
        let Some(records) = &self.records else {
            return Claim::Granted;
        };
        if self.take_unstored(id) {
            return Claim::Granted;
        }
        let claimed = records.store.claim(&self.key, id, even_held).await;
        logged("queue", claimed).unwrap_or(Claim::Granted)
    }

    /// Puts the prompt first in the queue, and holds the queue if `hold`.
    pub(crate) async fn requeue(&self, prompt: &Prompt, hold: bool) {
        let Some(records) = &self.records else { return };
        let stored = records.store.requeue(&self.key, prompt.clone(), hold).await;
        if logged("queue", stored).is_none() && !self.is_unstored(&prompt.message) {
            self.memory().unstored.insert(0, prompt.clone());
        }
    }

    /// The server has the prompt.
    pub(crate) async fn posted(&self, id: &MessageId) {
        if let Some(records) = &self.records {
            logged("queue", records.store.posted(&self.key, id).await);
        }
    }

    /// Holds or releases the queue, for all processes.
    pub(crate) async fn hold(&self, hold: bool) {
        if let Some(records) = &self.records {
            logged("queue", records.store.hold_queue(&self.key, hold).await);
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
