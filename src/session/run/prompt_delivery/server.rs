//! Applies the server's events and answers to the states of the prompts.

use std::mem::take;

use super::{
    DeliveryCall, DeliveryEffect, DeliveryEvent, DeliveryProgress, PromptAnswer, PromptDelivery,
    SentPrompt, ServerNews, ServerTurn,
};
use crate::domain::chat::{ChatEvent, Role, TurnStatus};
use crate::domain::id::MessageId;
use crate::session::chat::translate::turn::TurnState;

/// How often the server is asked about a prompt that it has and does not answer, before the next one is posted
/// anyway.
const CHECKS: u32 = 3;

/// The same for a prompt that it accepted and does not have, before it is posted again: a server takes long to
/// prepare its first turn.
pub(super) const CHECKS_IF_ABSENT: u32 = 20;

impl PromptDelivery {
    /// What an event of the conversation means for the prompts, if anything.
    pub(crate) fn news(&self, event: &ChatEvent) -> Option<DeliveryEvent> {
        let news = match event {
            ChatEvent::Error(_) => ServerNews::Failed,
            ChatEvent::Status(status) => ServerNews::Turn {
                runs: *status != TurnStatus::Idle,
            },
            ChatEvent::Message(message) if message.role == Role::Assistant => ServerNews::Answer {
                message: message.id.clone(),
                prompt: message.parent.clone(),
                over: message.is_over(),
            },
            ChatEvent::Part(part) if self.has_prompts() => ServerNews::Part {
                message: part.message.clone(),
                says: part.says_something(),
            },
            ChatEvent::Delta { message, .. } if !self.sent.is_empty() => ServerNews::Part {
                message: message.clone(),
                says: true,
            },
            ChatEvent::Resync(resync) => {
                let sent = self.sent.iter().map(|sent| &sent.prompt);
                let ids = self
                    .waiting
                    .iter()
                    .chain(sent)
                    .map(|prompt| &prompt.message);
                let has = ids.filter(|id| resync.holds(id) || resync.answers(id));
                ServerNews::Resync {
                    runs: resync.status != TurnStatus::Idle,
                    has: has.map(|id| (id.clone(), resync.answers(id))).collect(),
                }
            }
            _ => return None,
        };
        Some(DeliveryEvent::News(news))
    }

    pub(super) fn heard(&mut self, news: ServerNews) {
        match news {
            ServerNews::Failed => {
                self.turn.failed = true;
                self.call(DeliveryCall::Settle { is_idle: false });
            }
            ServerNews::Turn { runs } => {
                self.turn.runs = runs;
                if !runs && self.turn.failed {
                    self.call(DeliveryCall::Settle { is_idle: true });
                }
            }
            ServerNews::Part { message, says } => {
                self.kept(&message);
                if says {
                    let answered = |sent: &SentPrompt| sent.message_of_answer() == Some(&message);
                    if let Some(index) = self.sent.iter().position(answered) {
                        self.answered(index);
                    }
                }
            }
            ServerNews::Answer {
                message,
                prompt,
                over,
            } => self.answer(message, prompt.as_ref(), over),
            ServerNews::Resync { runs, has } => self.resync(runs, has),
        }
    }

    fn answer(&mut self, message: MessageId, prompt: Option<&MessageId>, over: bool) {
        let index = match prompt {
            Some(prompt) => {
                self.kept(prompt);
                self.index(prompt)
            }
            None => self.sent.len().checked_sub(1),
        };
        let Some(index) = index else { return };
        if over {
            self.answered(index);
        } else if let PromptAnswer::Awaited(answer) | PromptAnswer::Unwanted(answer) =
            &mut self.sent[index].answer
        {
            *answer = Some(message);
        }
    }

    /// Part of this prompt's answer arrived. The server answers everything it has at once, so earlier prompts get no
    /// answer of their own.
    fn answered(&mut self, index: usize) {
        self.sent[index].answer = PromptAnswer::Begun;
        for sent in self.sent[..index].iter_mut().filter(|sent| sent.is_kept()) {
            sent.answer = PromptAnswer::Begun;
        }
    }

    /// The server has shown that it stored this message, if it is a prompt. It may have received it over an earlier
    /// connection.
    fn kept(&mut self, id: &MessageId) {
        if let Some(prompt) = self.take_waiting(id) {
            let sent = SentPrompt::new(prompt, DeliveryProgress::Accepted);
            self.sent.push(sent);
            if self.connected {
                self.check(id.clone(), 1);
            }
        }
        if let Some(index) = self.index(id)
            && !self.sent[index].is_kept()
        {
            self.sent[index].progress = DeliveryProgress::Kept;
            self.ask(DeliveryEffect::Forget(id.clone()));
        }
    }

    fn resync(&mut self, runs: bool, has: Vec<(MessageId, bool)>) {
        // A wait after an error is over: this is the server's current state.
        let failed = false;
        self.turn = ServerTurn { runs, failed };
        for (id, is_answered) in has {
            self.kept(&id);
            if let Some(index) = self.index(&id).filter(|_| is_answered) {
                self.answered(index);
            }
        }
        if std::mem::replace(&mut self.connected, true) {
            return;
        }
        for index in 0..self.sent.len() {
            self.sent[index].is_earlier = true;
            self.check(self.sent[index].prompt.message.clone(), 1);
        }
    }

    pub(super) fn checked(&mut self, id: &MessageId, checks: u32, turn: Option<TurnState>) {
        // Otherwise it was posted again since, and that post has its own check.
        let is_sent = |sent: &SentPrompt| {
            sent.prompt.message == *id && sent.progress > DeliveryProgress::Posting
        };
        let Some(index) = self.sent.iter().position(is_sent) else {
            return;
        };
        let progress = self.sent[index].progress;
        if matches!(turn, Some(TurnState::Over | TurnState::NotBegun)) {
            self.kept(id);
        }
        let sent = &self.sent[index];
        let is_unwanted = matches!(sent.answer, PromptAnswer::Unwanted(_));
        match turn {
            Some(TurnState::Over) => self.settle(index),
            Some(TurnState::Absent)
                if progress == DeliveryProgress::Unconfirmed || checks >= CHECKS_IF_ABSENT =>
            {
                tracing::warn!(%id, ?progress, "the server does not have a prompt: once more");
                if sent.prompt.kind.may_repeat() {
                    self.requeue(index, is_unwanted);
                } else {
                    self.hold_doubtful(index);
                }
            }
            Some(TurnState::NotBegun) if sent.answer == PromptAnswer::Begun => {}
            // The process that drives the session handles it.
            Some(TurnState::NotBegun) if sent.is_earlier && !self.holds_lock => {
                self.check(id.clone(), checks);
            }
            // The turn for a later prompt answers all that the server has. If there will be none, the later one is
            // requeued first, so that they keep their order.
            Some(TurnState::NotBegun) if sent.is_earlier && self.has_sent_after(index) => {
                self.check(id.clone(), checks);
            }
            // The server ended before the turn began, and its successor does not begin it by itself.
            Some(TurnState::NotBegun)
                if sent.is_earlier && !is_unwanted && sent.prompt.kind.may_repeat() =>
            {
                tracing::warn!(%id, "the server has a prompt and did not answer it: once more");
                self.requeue(index, false);
            }
            Some(TurnState::NotBegun) if sent.is_earlier || checks >= CHECKS => {
                tracing::warn!(%id, is_unwanted, "the server took a prompt and does not answer it");
                self.settle(index);
            }
            Some(TurnState::NotBegun | TurnState::Absent) => self.check(id.clone(), checks + 1),
            Some(TurnState::Runs) | None => self.check(id.clone(), checks),
        }
    }

    /// Whether a prompt is on its way, or unanswered, that was sent after this one.
    fn has_sent_after(&self, index: usize) -> bool {
        let mut after = self.sent[index + 1..].iter();
        after.any(|sent| sent.answer != PromptAnswer::Begun)
    }

    /// The server was asked: it runs no turn, and will not begin one for this prompt.
    fn settle(&mut self, index: usize) {
        self.turn.runs = false;
        self.answered(index);
    }

    /// Enough time has passed since an error; the prompts that the server had were affected by it.
    pub(super) fn settled(&mut self) {
        if take(&mut self.turn.failed) && !self.turn.runs {
            let has_met = |sent: &&mut SentPrompt| sent.progress >= DeliveryProgress::Accepted;
            for sent in self.sent.iter_mut().filter(has_met) {
                sent.answer = PromptAnswer::Begun;
            }
        }
    }
}
