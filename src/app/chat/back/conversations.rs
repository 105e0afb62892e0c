//! What the chat asks about conversations: the list, forks, titles, a summary, sharing.

use crate::app::chat::{BlockId, Chat, ChatFocus, ChatOutcome, Delivery};
use crate::app::cx::Cx;
use crate::domain::chat::{Conversation, Role};
use crate::domain::id::MessageId;
use crate::domain::session::{ConversationCommand, Prompt, SessionCommand};

impl Chat {
    /// The conversation's header, once it is known.
    pub fn conversation(&self) -> Option<&Conversation> {
        self.conversation.as_ref()
    }

    /// Asks the server for something that it alone can do.
    pub fn ask(&self, command: ConversationCommand, cx: &mut Cx<'_>) -> Option<ChatOutcome> {
        if self.delivery != Delivery::Live {
            return ChatOutcome::notice("this needs a connection to the server");
        }
        self.command(SessionCommand::Conversations(command), cx);
        None
    }

    /// Copies the conversation up to the selected message, or all of it.
    pub(in crate::app::chat) fn fork(&self, cx: &mut Cx<'_>) -> Option<ChatOutcome> {
        let selected = match &self.scroll.selected {
            Some(BlockId::Part(message, _) | BlockId::Foot(message))
                if self.focus == ChatFocus::Transcript =>
            {
                Some(message)
            }
            _ => None,
        };
        let before = selected.and_then(|message| self.first_left_out(message));
        self.fork_before(before, cx)
    }

    /// A fork at a prompt ends before it; a fork at an answer ends after it.
    pub(super) fn first_left_out(&self, message: &MessageId) -> Option<MessageId> {
        let mut place = self.transcript.place_of(message)?;
        let entry = self.transcript.at(place)?;
        if entry.message.role == Role::User {
            return Some(message.clone());
        }
        while let Some((next, entry)) = self.transcript.after(Some(place)) {
            if next.is_echo() {
                return None;
            }
            if entry.message.role == Role::User {
                return Some(entry.message.id.clone());
            }
            place = next;
        }
        None
    }

    /// Copies the conversation before this message, or all of it.
    pub fn fork_before(&self, before: Option<MessageId>, cx: &mut Cx<'_>) -> Option<ChatOutcome> {
        let key = cx.ids.session_key(cx.wall);
        self.ask(ConversationCommand::Fork { before, key }, cx)
    }

    pub(in crate::app::chat) fn compact(&self, cx: &mut Cx<'_>) -> Option<ChatOutcome> {
        if self.is_busy() {
            return ChatOutcome::notice(
                "the agent is working: stop it first, or compact when it is done",
            );
        }
        match self.model().cloned() {
            Some(model) => self.ask(ConversationCommand::Compact(model), cx),
            None => ChatOutcome::notice("choose a model first: it writes the summary"),
        }
    }

    pub(in crate::app::chat) fn unshare(&self, cx: &mut Cx<'_>) -> Option<ChatOutcome> {
        match self.conversation.as_ref().map(|known| &known.shared) {
            Some(None) => ChatOutcome::notice("this conversation is not shared"),
            _ => self.ask(ConversationCommand::Unshare, cx),
        }
    }

    /// A prompt of another conversation is to be edited here.
    pub fn take_prompt(&mut self, prompt: &Prompt, cx: &mut Cx<'_>) {
        self.completion.mentions.learn(&prompt.text, &prompt.parts);
        self.completion.close();
        self.composer.put_undone(prompt);
        self.save_draft(cx);
    }
}
