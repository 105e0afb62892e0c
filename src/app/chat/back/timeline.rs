//! The prompts of the conversation, and the way to one.

use super::TimelinePrompt;
use crate::app::chat::{BlockId, Chat, ChatAnchor, ChatFocus};
use crate::domain::id::MessageId;
use crate::domain::time::UnixMillis;

/// The first characters of a prompt are enough to know it by, and to find it.
const CHARS: usize = 500;

impl Chat {
    /// All loaded prompts, newest first.
    pub fn timeline(&self) -> Vec<TimelinePrompt> {
        let undone = self.transcript.reverted_from().map(|(place, _)| place);
        let entries = self.transcript.newest();
        let prompts = entries.filter(|entry| entry.is_prompt());
        let prompts = prompts.filter_map(|entry| {
            let id = &entry.message.id;
            let text = entry.own_text();
            let text = match (self.transcript.shell_line(id), self.sent.command(id)) {
                (Some(line), _) => format!("!{line}"),
                // Behind it, so that it is found by either.
                (None, Some(line)) => beginning(&format!("{line}\n{text}")),
                (None, None) => beginning(&text),
            };
            let place = self.transcript.place_of(id)?;
            Some(TimelinePrompt {
                id: id.clone(),
                text,
                at: self.server_clock.here(entry.message.created),
                is_undone: undone.is_some_and(|undone| place >= undone),
            })
        });
        prompts.collect()
    }

    /// A time of the server on the clock here.
    pub(in crate::app) fn here(&self, at: UnixMillis) -> UnixMillis {
        self.server_clock.here(at)
    }

    /// Scrolls to a message and selects it.
    pub fn show_message(&mut self, id: &MessageId) {
        let blocks = self.blocks();
        let undone = self.transcript.reverted_from().map(|(place, _)| place);
        let place = self.transcript.place_of(id);
        let is_undone = place.is_some_and(|place| undone.is_some_and(|undone| place >= undone));
        let entry = self.transcript.entry(id);
        let parts = entry.into_iter().flat_map(|entry| &entry.parts);
        let mut ids = parts.map(|known| BlockId::Part(id.clone(), known.part.id.clone()));
        let block = match ids.find(|block| blocks.find(block).is_some()) {
            Some(block) => block,
            None if is_undone => BlockId::Reverted,
            // A line for the shell shows its call alone.
            None => match place.and_then(|place| self.transcript.after(Some(place))) {
                Some((_, next)) => match next.parts.first() {
                    Some(first) => BlockId::Part(next.message.id.clone(), first.part.id.clone()),
                    None => return,
                },
                None => return,
            },
        };
        self.focus = ChatFocus::Transcript;
        self.scroll.to(ChatAnchor::At {
            block: block.clone(),
            line: 0,
        });
        self.scroll.selected = Some(block);
    }
}

fn beginning(text: &str) -> String {
    text.chars().take(CHARS).collect()
}
