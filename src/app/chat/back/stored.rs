//! The way to a part that a search in all sessions has found. Knows no such search.

use super::matches::Search;
use crate::app::chat::scroll::{BlockId, ChatAnchor};
use crate::app::chat::{Chat, ChatFocus};
use crate::domain::chat::ChatEvent;
use crate::domain::id::{MessageId, PartId};
use crate::domain::session::text_search::StoredMessages;

impl Chat {
    /// Scrolls to a part, and marks these words as if they had been searched for. Returns false if it is
    /// not loaded.
    pub(in crate::app) fn show_part(
        &mut self,
        message: &MessageId,
        part: &PartId,
        words: &str,
    ) -> bool {
        let entry = self.transcript.entry(message);
        if entry.is_none_or(|entry| entry.position(part).is_none()) {
            return false;
        }
        self.end_search();
        self.focus = ChatFocus::Transcript;
        let block = BlockId::Part(message.clone(), part.clone());
        self.search = Search::of(&words.to_lowercase());
        if self.search.is_on() && self.go_to_match_in(&block) {
            return true;
        }
        self.end_search();
        if self.blocks().find(&block).is_none() {
            self.folds.reverted_open = true;
        }
        self.scroll.to(ChatAnchor::At {
            block: block.clone(),
            line: 0,
        });
        self.scroll.selected = Some(block);
        true
    }

    /// Stored messages as a page of older ones: without those that are known, of which the stored ones
    /// may be behind.
    pub(in crate::app) fn as_older(&self, stored: StoredMessages) -> ChatEvent {
        let StoredMessages { mut messages, more } = stored;
        messages.retain(|message| {
            let known = self.transcript.entry(&message.message.id);
            known.is_none_or(|entry| !entry.known)
        });
        let more = if messages.is_empty() {
            self.transcript.more
        } else {
            more
        };
        ChatEvent::Older {
            page: messages,
            more,
        }
    }
}
