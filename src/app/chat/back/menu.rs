//! What can be done with one message: the menu's rows.

use super::MessageMenu;
use crate::app::chat::view::pieces;
use crate::app::chat::{BlockId, Chat};
use crate::domain::chat::Role;

impl Chat {
    /// The menu of the selected message, or of the last one on the screen.
    pub fn message_menu(&self) -> Option<MessageMenu> {
        let selected = self.scroll.selected.as_ref();
        let shown = self.viewport.blocks.iter().rev().map(|(_, id)| id);
        let mut ids = selected.into_iter().chain(shown);
        let message = ids.find_map(|id| match id {
            BlockId::Part(message, _) | BlockId::Foot(message) => Some(message),
            BlockId::Reverted | BlockId::Notice => None,
        })?;
        let entry = self.transcript.entry(message)?;
        let text = entry.own_text();
        let is_known = !self.transcript.is_echo(message);
        let next = self.first_left_out(message).filter(|_| is_known);
        let codes = match entry.message.role {
            Role::Assistant => pieces::codes(&text),
            Role::User => Vec::new(),
        };
        Some(MessageMenu {
            codes,
            links: pieces::links(&text),
            text,
            fork_before: next.clone(),
            undo_from: next,
        })
    }
}
