//! The actions of this folder.

use crate::app::chat::{Chat, ChatAction, ChatList, ChatOutcome};
use crate::app::cx::Cx;
use crate::domain::session::ConversationCommand;

impl Chat {
    pub(in crate::app::chat) fn go_back_or_forth(
        &mut self,
        action: ChatAction,
        cx: &mut Cx<'_>,
    ) -> Option<ChatOutcome> {
        match action {
            ChatAction::Undo => self.undo(cx),
            ChatAction::Redo => self.redo(cx),
            ChatAction::SendAgain => Some(ChatOutcome::List(ChatList::SendAgain)),
            ChatAction::Timeline => Some(ChatOutcome::List(ChatList::Timeline)),
            ChatAction::Search => Some(ChatOutcome::List(ChatList::Search)),
            ChatAction::NextMatch => self.next_match(true, cx),
            ChatAction::PreviousMatch => self.next_match(false, cx),
            ChatAction::Links => Some(ChatOutcome::List(ChatList::Links)),
            ChatAction::MessageMenu => Some(ChatOutcome::List(ChatList::Message)),
            ChatAction::Export => Some(ChatOutcome::List(ChatList::Export)),
            ChatAction::Rename => Some(ChatOutcome::List(ChatList::Rename)),
            ChatAction::Conversations => Some(ChatOutcome::List(ChatList::Conversations)),
            ChatAction::Fork => self.fork(cx),
            ChatAction::Compact => self.compact(cx),
            ChatAction::Share => self.ask(ConversationCommand::Share, cx),
            ChatAction::Unshare => self.unshare(cx),
            _ => None,
        }
    }
}
