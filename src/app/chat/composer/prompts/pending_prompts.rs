//! The prompts that are not in the conversation yet: a copy of the session task's queue, and the
//! prompts that the task may not have received.
//!
//! The task owns the queue and sends all of it after each change. Between Enter and the task's
//! report that a prompt is stored, only this copy has the prompt, so that no typed text is lost
//! when the task does not accept it.

use crate::domain::id::MessageId;
use crate::domain::session::{Prompt, PromptQueue, SessionCommand};

#[derive(Debug, Clone, Default, PartialEq)]
pub(in crate::app::chat) struct PendingPrompts {
    /// As the session's task last sent it.
    queue: PromptQueue,
    /// Sent from here, but not reported by the task yet; oldest first.
    untold: Vec<UntoldPrompt>,
    /// Removed for editing; the task may report them until it has handled the removal.
    removed: Vec<MessageId>,
}

#[derive(Debug, Clone, PartialEq)]
struct UntoldPrompt {
    prompt: Prompt,
    /// The task did not receive it: it waits here to be sent again.
    is_refused: bool,
}

impl PendingPrompts {
    /// The user sent a prompt.
    pub(in crate::app::chat) fn sent(&mut self, prompt: Prompt) {
        self.untold.push(UntoldPrompt {
            prompt,
            is_refused: false,
        });
    }

    /// Whether a prompt that is on its way is not known to be stored.
    pub(in crate::app::chat) fn is_unsaved(&self, id: &MessageId) -> bool {
        self.untold.iter().any(|untold| untold.is(id))
    }

    /// The task reports its queue.
    pub(in crate::app::chat) fn told(&mut self, queue: PromptQueue) {
        self.queue = queue;
        let PromptQueue { waiting, sent, .. } = &self.queue;
        self.untold.retain(|untold| {
            !waiting
                .iter()
                .chain(sent)
                .any(|one| untold.is(&one.message))
        });
        self.removed
            .retain(|id| waiting.iter().any(|one| one.message == *id));
    }

    /// The server shows this message now.
    pub(in crate::app::chat) fn forget(&mut self, id: &MessageId) {
        self.queue.waiting.retain(|prompt| prompt.message != *id);
        self.queue.sent.retain(|prompt| prompt.message != *id);
        self.untold.retain(|untold| !untold.is(id));
    }

    /// The task did not receive this command.
    pub(in crate::app::chat) fn refused(&mut self, command: &SessionCommand) {
        match command {
            SessionCommand::Prompt(prompt) => {
                let mut untold = self.untold.iter_mut();
                if let Some(untold) = untold.find(|untold| untold.is(&prompt.message)) {
                    untold.is_refused = true;
                }
            }
            SessionCommand::Unqueue(id) => self.removed.retain(|removed| removed != id),
            _ => {}
        }
    }

    /// The task has ended, and will not report on anything it received.
    pub(in crate::app::chat) fn task_ended(&mut self) {
        for untold in &mut self.untold {
            untold.is_refused = true;
        }
    }

    /// The commands that release all held prompts.
    pub(in crate::app::chat) fn release(&mut self) -> Vec<SessionCommand> {
        let refused = self.untold.iter_mut().filter(|untold| untold.is_refused);
        let again = refused.map(|untold| {
            untold.is_refused = false;
            SessionCommand::Prompt(untold.prompt.clone())
        });
        again.chain([SessionCommand::ReleaseQueue]).collect()
    }

    /// Removes the newest waiting prompt for editing. Returns it with the command for the task, if
    /// one is needed.
    pub(in crate::app::chat) fn take_last(&mut self) -> Option<(Prompt, Option<SessionCommand>)> {
        if let Some(prompt) = self.take_refused() {
            return Some((prompt, None));
        }
        let last = self.queued().next_back()?.clone();
        self.removed.push(last.message.clone());
        let command = SessionCommand::Unqueue(last.message.clone());
        Some((last, Some(command)))
    }

    /// Removes the newest prompt that the task did not receive.
    pub(in crate::app::chat) fn take_refused(&mut self) -> Option<Prompt> {
        let index = self.untold.iter().rposition(|untold| untold.is_refused)?;
        Some(self.untold.remove(index).prompt)
    }

    /// The first prompt in the task's queue.
    pub(in crate::app::chat) fn next(&self) -> Option<&Prompt> {
        self.queued().next()
    }

    /// The waiting prompts, the next one first: the queue, then what the task did not receive.
    pub(in crate::app::chat) fn waiting(&self) -> impl Iterator<Item = &Prompt> {
        self.queued().chain(self.untold(true))
    }

    /// The prompts that are on their way, oldest first.
    pub(in crate::app::chat) fn on_the_way(&self) -> impl Iterator<Item = &Prompt> {
        self.queue.sent.iter().chain(self.untold(false))
    }

    /// How many prompts wait.
    pub(in crate::app::chat) fn len(&self) -> usize {
        self.waiting().count()
    }

    /// Whether the waiting prompts need a release by the user.
    pub(in crate::app::chat) fn is_held(&self) -> bool {
        (self.queue.held && self.next().is_some()) || self.untold(true).next().is_some()
    }

    fn queued(&self) -> impl DoubleEndedIterator<Item = &Prompt> {
        let waiting = self.queue.waiting.iter();
        waiting.filter(|prompt| !self.removed.contains(&prompt.message))
    }

    fn untold(&self, is_refused: bool) -> impl Iterator<Item = &Prompt> {
        let untold = self.untold.iter();
        let chosen = untold.filter(move |untold| untold.is_refused == is_refused);
        chosen.map(|untold| &untold.prompt)
    }
}

impl UntoldPrompt {
    fn is(&self, id: &MessageId) -> bool {
        self.prompt.message == *id
    }
}
