//! Prompts that are put aside, with all that goes with them.

use crate::domain::id::MessageId;
use crate::domain::session::Prompt;

/// The stashed prompts, the oldest first.
#[derive(Debug, Clone, Default, PartialEq)]
pub(in crate::app::chat) struct Stashes(pub(in crate::app::chat::composer) Vec<Prompt>);

impl Stashes {
    /// The stored ones; what was stashed since is newer.
    pub(in crate::app::chat) fn restored(&mut self, stored: Vec<Prompt>) {
        let newer = std::mem::replace(&mut self.0, stored);
        let known: Vec<MessageId> = self.0.iter().map(|one| one.message.clone()).collect();
        let newer = newer.into_iter();
        self.0
            .extend(newer.filter(|one| !known.contains(&one.message)));
    }

    pub(in crate::app::chat) fn len(&self) -> usize {
        self.0.len()
    }

    pub(in crate::app::chat::composer) fn take(&mut self, id: &MessageId) -> Option<Prompt> {
        let at = self.0.iter().position(|one| one.message == *id)?;
        Some(self.0.remove(at))
    }
}
