//! Which part of the conversation is reverted: where it begins, and what is before it.
//!
//! Reverted messages stay until the next prompt removes them, and an "unrevert" restores them: the
//! transcript holds them like all others and only separates them. The server sorts by id; we sort
//! by time, as everywhere.

use super::{EntryOrder, MessageEntry, Reverted, Transcript};
use crate::domain::chat::tool_call::ToolDetail;
use crate::domain::chat::{PartKind, RevertPoint, Role};
use crate::domain::id::MessageId;

/// At most this many prompts are counted for the screen.
const MOST: usize = 100;

impl Transcript {
    /// Sets where the reverted part begins; `None`: nothing is reverted.
    pub(in crate::app::chat) fn revert(&mut self, point: Option<&RevertPoint>) {
        if self.reverted.point.as_ref() != point {
            self.reverted = Reverted {
                point: point.cloned(),
                is_known: false,
            };
        }
        self.find_reverted();
    }

    /// Notes whether the first reverted message is loaded.
    pub(super) fn find_reverted(&mut self) {
        let point = self.reverted.point.as_ref();
        if point.is_some_and(|point| self.places.contains_key(&point.message)) {
            self.reverted.is_known = true;
        }
    }

    /// The position of the first reverted message and part.
    pub(in crate::app::chat) fn reverted_from(&self) -> Option<(EntryOrder, usize)> {
        let point = self.reverted.point.as_ref()?;
        let Some(place) = self.places.get(&point.message) else {
            // It is before all loaded messages, or the next prompt has removed it.
            let is_older = self.more && !self.reverted.is_known;
            let first = self.entries.keys().next().filter(|place| !place.echo);
            return first.filter(|_| is_older).map(|place| (*place, 0));
        };
        let part = point.part.as_ref();
        let slot = part.and_then(|part| self.entries.get(place)?.position(part));
        Some((*place, slot.unwrap_or(0)))
    }

    /// How many prompts are reverted, up to [`MOST`].
    pub(in crate::app::chat) fn reverted_prompts(&self) -> usize {
        let Some((from, _)) = self.reverted_from() else {
            return 0;
        };
        let reverted = self.entries.range(from..).filter(|(place, _)| !place.echo);
        let prompts = reverted.filter(|(_, entry)| entry.message.role == Role::User);
        prompts.take(MOST).count()
    }

    /// The last prompt that is not undone.
    pub(in crate::app::chat) fn next_to_undo(&self) -> Option<&MessageEntry> {
        self.newest_in_force()
            .find(|entry| !self.is_echo(&entry.message.id) && entry.is_prompt())
    }

    /// What is undone but for its first prompt: the next one, if there is one. `Err`: nothing is
    /// undone.
    pub(in crate::app::chat) fn next_to_redo(&self) -> Result<Option<&MessageEntry>, ()> {
        let (from, _) = self.reverted_from().ok_or(())?;
        let undone = self.entries.range(from..).filter(|(place, _)| !place.echo);
        let mut prompts = undone.map(|(_, entry)| entry).skip(1);
        Ok(prompts.find(|entry| entry.is_prompt()))
    }

    /// The line of the user that this message ran in a shell.
    pub(in crate::app::chat) fn shell_line(&self, id: &MessageId) -> Option<&str> {
        let place = self.place_of(id)?;
        self.at(place).filter(|entry| entry.is_shell_line())?;
        let (_, answer) = self.after(Some(place))?;
        answer
            .parts
            .iter()
            .find_map(|known| match &known.part.kind {
                PartKind::Tool(call) => match &call.detail {
                    ToolDetail::Shell(shell) => Some(shell.command.as_str()),
                    _ => None,
                },
                _ => None,
            })
    }

    /// The messages that are not reverted, newest first.
    pub(in crate::app::chat) fn newest_in_force(&self) -> impl Iterator<Item = &MessageEntry> {
        let from = self.reverted_from().map(|(place, _)| place);
        let counts = move |place: &EntryOrder| place.echo || from.is_none_or(|from| *place < from);
        let newest = self.entries.iter().rev();
        newest
            .filter(move |(place, _)| counts(place))
            .map(|(_, entry)| entry)
    }
}
