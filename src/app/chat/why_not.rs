//! Why an action of the chat cannot run now.

use super::{Chat, ChatAction};

impl Chat {
    /// Why the action would do nothing now; `None`: it can run.
    pub(in crate::app) fn why_not(&self, action: ChatAction) -> Option<&'static str> {
        let has_queue = self.pending.len() > 0;
        match action {
            ChatAction::MenuAccept
            | ChatAction::MenuComplete
            | ChatAction::MenuPrevious
            | ChatAction::MenuNext
            | ChatAction::MenuClose => Some("only in the composer's menu"),
            ChatAction::RequestFull | ChatAction::FocusRequest if self.needs_you() => None,
            // A request is answered where all of it can be read.
            action if action.is_of_request() && self.needs_you() => {
                Some("only in the request's panel")
            }
            ChatAction::FocusRequest => Some("nothing is waiting for an answer"),
            action if action.is_of_request() => Some("nothing is waiting for an answer"),
            ChatAction::Send if self.composer.is_blank() => Some("the composer is empty"),
            ChatAction::SendNow | ChatAction::EditQueued if !has_queue => {
                Some("no message is queued")
            }
            ChatAction::NextAgent | ChatAction::PreviousAgent | ChatAction::PickAgent
                if self.catalog.agents.is_empty() =>
            {
                Some("the agents have not loaded yet")
            }
            ChatAction::PickModel | ChatAction::NextVariant if self.catalog.models.is_empty() => {
                Some("the models have not loaded yet")
            }
            ChatAction::PreviousSubAgent | ChatAction::NextSubAgent
                if self.read_sub_agent().is_none() =>
            {
                Some("no sub-agent's conversation is open")
            }
            ChatAction::Stop if !self.is_working() => Some("the agent is not working"),
            _ => None,
        }
    }
}
