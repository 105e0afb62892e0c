//! Undo and redo: the prompt comes back into the composer, and goes away with its redo.

use crate::app::chat::transcript::{MessageEntry, PartEntry, StreamingPart as _};
use crate::app::chat::{Chat, ChatAnchor, ChatOutcome, Delivery};
use crate::app::cx::Cx;
use crate::domain::chat::PartKind;
use crate::domain::id::MessageId;
use crate::domain::prompt::PromptKind;
use crate::domain::session::{Prompt, SessionCommand};

impl Chat {
    /// Undoes the last prompt that is not undone, with all that follows it.
    pub(in crate::app::chat) fn undo(&mut self, cx: &mut Cx<'_>) -> Option<ChatOutcome> {
        let Some(entry) = self.transcript.next_to_undo() else {
            return ChatOutcome::notice(if self.transcript.more {
                "scroll up to load the messages before these, then undo"
            } else {
                "there is nothing to undo"
            });
        };
        let command = SessionCommand::Undo(entry.message.id.clone());
        self.go(command, cx)
    }

    /// Undoes this prompt, with all that follows it.
    pub fn undo_from(&mut self, prompt: MessageId, cx: &mut Cx<'_>) -> Option<ChatOutcome> {
        self.go(SessionCommand::Undo(prompt), cx)
    }

    /// Redoes the first prompt that is undone, with its answer.
    pub(in crate::app::chat) fn redo(&mut self, cx: &mut Cx<'_>) -> Option<ChatOutcome> {
        let command = match self.transcript.next_to_redo() {
            Err(()) => return ChatOutcome::notice("there is nothing to redo"),
            Ok(Some(entry)) => SessionCommand::Undo(entry.message.id.clone()),
            Ok(None) => SessionCommand::Redo,
        };
        self.go(command, cx)
    }

    /// The prompt that an undo would take back.
    pub(in crate::app) fn last_prompt(&self) -> Option<MessageId> {
        let entry = self.transcript.next_to_undo()?;
        Some(entry.message.id.clone())
    }

    fn go(&mut self, command: SessionCommand, cx: &mut Cx<'_>) -> Option<ChatOutcome> {
        if self.delivery != Delivery::Live {
            return ChatOutcome::notice("this needs a connection to the server");
        }
        if !self.sent.undo_begins() {
            return ChatOutcome::notice("the last undo is still under way");
        }
        self.notices.clear();
        self.command(command, cx);
        None
    }

    /// A prompt was undone: it is written in the composer again, as it was composed.
    pub fn undone(&mut self, prompt: &Prompt, cx: &mut Cx<'_>) {
        let again = self.sent.take_again(&prompt.message);
        self.sent.undo_ended();
        let prompt = match self.sent.find(&prompt.message) {
            Some(composed) => composed.clone(),
            None => self.as_composed(prompt.clone()),
        };
        if let Some(model) = again {
            self.again(prompt, model, cx);
            return;
        }
        self.completion.mentions.learn(&prompt.text, &prompt.parts);
        self.completion.close();
        self.composer.put_undone(&prompt);
        self.scroll.to(ChatAnchor::Tail);
        self.save_draft(cx);
    }

    /// Nothing is undone any more.
    pub fn redone(&mut self) {
        self.sent.undo_ended();
        self.composer.drop_undone();
        self.scroll.to(ChatAnchor::Tail);
    }

    /// Of a shell line the server's message has no text: the call has. Of a command it has what the
    /// template gave.
    pub(in crate::app) fn as_composed(&self, prompt: Prompt) -> Prompt {
        if let Some(line) = self.sent.command(&prompt.message) {
            let mut parts = prompt.parts;
            // What the template or the arguments name is named again when it is expanded.
            parts.retain(|part| part.place.is_none());
            return Prompt {
                text: line.to_owned(),
                kind: PromptKind::Command,
                parts,
                ..prompt
            };
        }
        match self.transcript.shell_line(&prompt.message) {
            Some(line) => Prompt {
                text: format!("!{line}"),
                kind: PromptKind::Shell,
                parts: Vec::new(),
                ..prompt
            },
            None => prompt,
        }
    }
}

impl Chat {
    /// What was typed for this text, if the server has made it of a command.
    pub(in crate::app::chat) fn command_line(
        &self,
        entry: &MessageEntry,
        known: &PartEntry,
    ) -> Option<&str> {
        let line = self.sent.command(&entry.message.id)?;
        let is_text = |known: &&PartEntry| {
            matches!(
                known.part.kind,
                PartKind::Text {
                    synthetic: false,
                    ..
                }
            )
        };
        let first = entry.parts.iter().find(is_text)?;
        let is_expanded = known.part.kind.growing_text() != Some(line);
        (first.part.id == known.part.id && is_expanded).then_some(line)
    }
}
