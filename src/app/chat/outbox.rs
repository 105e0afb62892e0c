//! Prompts on their way: sent but not shown by the server yet.
//!
//! The session's task owns the queue and tells it whole after each change; this keeps the last word
//! it said, and beside it the prompts that the queue does not hold any more (or not yet) and that
//! the server has not confirmed. A prompt leaves only when the server shows its message or when it
//! is taken back for editing, so nothing that was typed is lost.
//!
//! The task stores a prompt before it tells the queue with it: until then it may be on the screen alone.

use crate::domain::id::MessageId;
use crate::domain::session::Prompt;

#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Outbox {
    /// As the session's task told it; `queue[0]` is the next.
    queue: Vec<Prompt>,
    held: bool,
    /// Not in the queue and not confirmed, oldest first.
    sent: Vec<Prompt>,
    /// Of `sent`, those that the session's task has not told of yet.
    unsaved: Vec<MessageId>,
    /// Of `sent`, those that a failed command may have swallowed; sent again on release.
    stranded: Vec<MessageId>,
    /// Nothing stands before the queue's first prompt: it is on its way already.
    posting: bool,
}

impl Outbox {
    pub(super) fn sent(&mut self, prompt: Prompt) {
        self.unsaved.push(prompt.message.clone());
        self.sent.push(prompt);
    }

    /// Whether a prompt on its way is not known to be stored.
    pub(super) fn is_unsaved(&self, id: &MessageId) -> bool {
        self.unsaved.contains(id)
    }

    /// Takes the queue as told. Prompts that left it are on their way to the server.
    pub(super) fn queue_changed(&mut self, queue: Vec<Prompt>, held: bool) {
        let left = std::mem::replace(&mut self.queue, queue);
        self.held = held;
        let queued = &self.queue;
        self.unsaved.retain(|id| !holds(queued, id));
        self.sent.retain(|prompt| !holds(queued, &prompt.message));
        for prompt in left {
            if !holds(&self.queue, &prompt.message) && !holds(&self.sent, &prompt.message) {
                self.sent.push(prompt);
            }
        }
        let sent = &self.sent;
        self.stranded.retain(|id| holds(sent, id));
    }

    /// The server shows this message, or the prompt was taken back.
    pub(super) fn forget(&mut self, id: &MessageId) {
        self.queue.retain(|prompt| prompt.message != *id);
        self.sent.retain(|prompt| prompt.message != *id);
        self.unsaved.retain(|unsaved| unsaved != id);
        self.stranded.retain(|stranded| stranded != id);
    }

    /// A command failed, nobody knows which: what is not in the queue may never have got there.
    pub(super) fn strand(&mut self) {
        self.stranded = self
            .sent
            .iter()
            .map(|prompt| prompt.message.clone())
            .collect();
    }

    /// Takes the stranded prompts to send them again; their ids make that harmless.
    pub(super) fn take_stranded(&mut self) -> Vec<Prompt> {
        let stranded = std::mem::take(&mut self.stranded);
        self.sent
            .iter()
            .filter(|p| stranded.contains(&p.message))
            .cloned()
            .collect()
    }

    /// Takes back the newest waiting prompt for editing. The flag says whether the session's task
    /// has it in its queue.
    pub(super) fn take_last(&mut self) -> Option<(Prompt, bool)> {
        if let Some(id) = self.stranded.pop() {
            self.unsaved.retain(|unsaved| *unsaved != id);
            let index = self.sent.iter().position(|prompt| prompt.message == id)?;
            return Some((self.sent.remove(index), false));
        }
        self.queue.pop().map(|prompt| (prompt, true))
    }

    /// Tells whether the server is idle. Then the queue's first prompt leaves at once, unless the
    /// queue is held, and showing it as waiting would only flicker.
    pub(super) fn idle(&mut self, idle: bool) {
        self.posting = idle && !self.held;
    }

    /// The prompts that wait, the next one first: the queue, then what is stranded.
    pub(super) fn waiting(&self) -> impl Iterator<Item = &Prompt> {
        let stranded = self
            .sent
            .iter()
            .filter(|p| self.stranded.contains(&p.message));
        self.queue
            .iter()
            .skip(usize::from(self.posting))
            .chain(stranded)
    }

    /// The prompts that are on their way, oldest first.
    pub(super) fn on_the_way(&self) -> impl Iterator<Item = &Prompt> {
        let sent = self
            .sent
            .iter()
            .filter(|p| !self.stranded.contains(&p.message));
        sent.chain(self.queue.iter().take(usize::from(self.posting)))
    }

    /// How many prompts wait.
    pub(super) fn len(&self) -> usize {
        self.waiting().count()
    }

    pub(super) fn queue(&self) -> &[Prompt] {
        &self.queue
    }

    /// Whether the queue goes on only when it is released.
    pub(super) fn is_held(&self) -> bool {
        (self.held && !self.queue.is_empty()) || !self.stranded.is_empty()
    }
}

fn holds(prompts: &[Prompt], id: &MessageId) -> bool {
    prompts.iter().any(|prompt| prompt.message == *id)
}
