//! Which prompt an answer belongs to: some events name the answer alone.

use std::collections::VecDeque;

use crate::domain::id::MessageId;
use crate::opencode::wire::message::Message;

/// An event about an answer follows the answer: older ones are forgotten.
const MOST: usize = 32;

/// The newest answers with their prompts, oldest first.
#[derive(Debug, Default)]
pub(super) struct Answers(VecDeque<(String, MessageId)>);

impl Answers {
    /// Notes a message, if it is an answer.
    pub(super) fn seen(&mut self, message: &Message) {
        let Some(prompt) = message.parent_id.as_deref() else {
            return;
        };
        if self.0.iter().any(|(answer, _)| *answer == message.id) {
            return;
        }
        if self.0.len() == MOST {
            self.0.pop_front();
        }
        self.0.push_back((message.id.clone(), prompt.into()));
    }

    pub(super) fn prompt_of(&self, answer: &str) -> Option<MessageId> {
        let mut newest = self.0.iter().rev();
        let (_, prompt) = newest.find(|(known, _)| known == answer)?;
        Some(prompt.clone())
    }
}
