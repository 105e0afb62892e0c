//! Prompts as they were composed: the server stores what it made of them.

use std::collections::{HashMap, VecDeque};

use crate::domain::chat::ModelRef;
use crate::domain::id::MessageId;
use crate::domain::prompt::PromptKind;
use crate::domain::session::Prompt;
use crate::domain::time::UnixMillis;

/// At most this many prompts are kept.
const MOST: usize = 100;

/// The prompts that were sent from here, and the one that is being undone.
#[derive(Debug, Clone, Default, PartialEq)]
pub(in crate::app::chat) struct SentPrompts {
    /// Oldest first.
    known: VecDeque<Prompt>,
    /// What was typed for prompts whose text the server has made of a command, also in earlier runs
    /// and by other clients.
    commands: HashMap<MessageId, String>,
    /// An undo or a redo was asked for and is not answered yet.
    is_undoing: bool,
    /// The prompt that is sent again once it is undone, and with which model.
    again: Option<(MessageId, ModelRef)>,
}

impl SentPrompts {
    pub(in crate::app::chat) fn keep(&mut self, prompt: Prompt) {
        if prompt.kind == PromptKind::Command {
            self.learn_command(prompt.message.clone(), prompt.text.clone());
        }
        if self.known.len() == MOST {
            self.known.pop_front();
        }
        self.known.push_back(prompt);
    }

    /// The prompt as it was composed here.
    pub(in crate::app::chat) fn find(&self, id: &MessageId) -> Option<&Prompt> {
        self.known.iter().find(|prompt| prompt.message == *id)
    }

    /// Notes what was typed for a command.
    pub(in crate::app::chat) fn learn_command(&mut self, prompt: MessageId, line: String) {
        self.commands.insert(prompt, line);
    }

    /// `/name arguments`, if this prompt was a command.
    pub(in crate::app::chat) fn command(&self, prompt: &MessageId) -> Option<&str> {
        self.commands.get(prompt).map(String::as_str)
    }

    /// Notes that an undo or a redo begins; `false`: one is under way.
    pub(super) fn undo_begins(&mut self) -> bool {
        !std::mem::replace(&mut self.is_undoing, true)
    }

    /// The undo has ended, well or not.
    pub(in crate::app::chat) fn undo_ended(&mut self) {
        self.is_undoing = false;
        self.again = None;
    }

    /// The prompt that is being undone is sent again.
    pub(super) fn send_again(&mut self, id: MessageId, model: ModelRef) {
        self.again = Some((id, model));
    }

    /// The model to send this undone prompt again with, if any.
    pub(super) fn take_again(&mut self, id: &MessageId) -> Option<ModelRef> {
        let (_, model) = self.again.take().filter(|(wanted, _)| wanted == id)?;
        Some(model)
    }
}

/// A prompt in the timeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimelinePrompt {
    pub id: MessageId,
    pub text: String,
    /// By the clock here.
    pub at: UnixMillis,
    pub is_undone: bool,
}

/// A message as its menu needs it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MessageMenu {
    /// Its text; empty if there is none.
    pub text: String,
    /// Its code blocks: the language, which may be empty, and the text.
    pub codes: Vec<(String, String)>,
    /// Its links: what is shown, and the address.
    pub links: Vec<(String, String)>,
    /// The first message that a fork at this one leaves out; `None`: it has all.
    pub fork_before: Option<MessageId>,
    /// The first message that goes if all that follows this one is undone.
    pub undo_from: Option<MessageId>,
}
