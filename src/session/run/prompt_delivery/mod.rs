//! The one owner of the prompts that the server has not answered yet.
//!
//! OpenCode merges prompts that it receives while it works into one answer (observed on 1.18.33), so prompts wait
//! here and one is posted for each idle. A pure value: [`DeliveryEvent`]s in, [`DeliveryEffect`]s out. It knows no
//! network, no store and no clock; `state/delivery.rs` performs its effects. The screen mirrors
//! [`PromptDelivery::pending`] and has no state of its own.
//!
//! # States of a prompt
//!
//! ```text
//!          Send                Claim            granted           204
//!  typed ───────► waiting ────────────► Claiming ───────► Posting ─────► Accepted
//!                  ▲ ▲ │ Remove            │ held, gone     │ no answer     │
//!                  │ │ ▼                   ▼                ▼               │ shown by an event,
//!                  │ │ (the composer)   waiting,        Unconfirmed ────────┤ by a check, by a resync
//!                  │ │                  another process     │ absent        ▼
//!                  │ └───────── absent, lost, refused ◄─────┴───────────── Kept ──► answered: forgotten
//!                  └─────────── kept by a server that ended before the turn began ◄──┘
//! ```
//!
//! | what happens | waiting | Claiming, Posting, Unconfirmed, Accepted | Kept |
//! |---|---|---|---|
//! | hold, abort | stays until released | goes on; needs no answer | needs no answer |
//! | remove | goes back to the composer | too late, and said so | too late, and said so |
//! | send now | claimed past hold and turn | – | – |
//! | refused by the server | – | waits first, held | – |
//! | connection lost | – | waits first, in order (held, if aborted) | stays |
//! | resync has it, an event shows it | Kept | Kept | stays; answered: forgotten |
//! | resync lacks it | posted | (cannot be: the connection was lost) | checked: waits first |
//! | sandbar restarted | as stored | stored as claimed: waits first | the server has it |
//! | sandbox paused | as connection lost | | |
//! | another process | it may claim or remove it | cannot touch it | – |
//!
//! In the store a prompt is *waiting*, then *claimed* from Claiming to Accepted, and deleted once Kept; so after a
//! kill at any instant the store or the server has it. A prompt is posted a second time only if it was seen to be
//! missing or may never have arrived, under the same ids, which makes one message of both. An edit is a removal and
//! a new prompt, and so is a reordering.
//!
//! Commands and shell lines are posted one by one like messages, but posting one twice would run it twice. While the
//! server expands a command it shows nothing of it, so one that may have arrived is never posted again by itself: it
//! waits first, held, and the user decides ([`PromptKind::may_repeat`](crate::domain::prompt::PromptKind)).

mod event;
#[cfg(test)]
mod properties;
mod server;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::mem::take;

pub(crate) use self::event::{DeliveryCall, DeliveryEffect, DeliveryEvent, PostResult, ServerNews};
use crate::domain::failure::Failure;
use crate::domain::id::MessageId;
use crate::domain::session::{Prompt, PromptQueue};
use crate::session::failures;
use crate::store::{Claim, StoredQueue};

/// A session's prompts from the moment they are sent until the server answers them.
#[derive(Debug, Default)]
pub(crate) struct PromptDelivery {
    /// `waiting[0]` is the next.
    waiting: VecDeque<Prompt>,
    /// On their way or unanswered, oldest first.
    sent: Vec<SentPrompt>,
    /// Claimed by another process.
    claimed_elsewhere: Vec<Prompt>,
    held: bool,
    /// A resync was received over this connection.
    connected: bool,
    /// Whether this process posts waiting prompts.
    holds_lock: bool,
    turn: ServerTurn,
    effects: Vec<DeliveryEffect>,
}

/// The server's state, as it reports it.
#[derive(Debug, Default)]
struct ServerTurn {
    runs: bool,
    /// It ended with an error; the server is not ready for the next prompt at once.
    failed: bool,
}

/// A prompt that has left the queue.
#[derive(Debug)]
struct SentPrompt {
    prompt: Prompt,
    progress: DeliveryProgress,
    answer: PromptAnswer,
    /// The server had it on an earlier connection, and may have restarted since.
    is_earlier: bool,
}

/// How far a prompt has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum DeliveryProgress {
    /// The store was asked for the claim.
    Claiming,
    /// The request is in flight.
    Posting,
    /// The request failed on the way: the server may have it.
    Unconfirmed,
    /// The server accepted it.
    Accepted,
    /// The server has shown that it stored it.
    Kept,
}

/// Whether the next prompt must wait for this one's answer. The server reports "busy" and "idle" of other turns too,
/// and late.
#[derive(Debug, Clone, PartialEq, Eq)]
enum PromptAnswer {
    /// With the message of the answer, once there is one; it is empty at first. A server that ends before there is
    /// more has the prompt and never answers it (observed on 1.18.33).
    Awaited(Option<MessageId>),
    /// The user aborted the turn; there may be a message.
    Unwanted(Option<MessageId>),
    /// It has begun, or there will be none.
    Begun,
}

impl PromptDelivery {
    /// Sets whether this process posts waiting prompts.
    pub(crate) fn set_drives(&mut self, holds_lock: bool) {
        self.holds_lock = holds_lock;
    }

    /// Whether a turn runs.
    pub(crate) fn is_busy(&self) -> bool {
        self.turn.runs
    }

    pub(crate) fn has_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    fn has_prompts(&self) -> bool {
        self.has_waiting() || !self.sent.is_empty()
    }

    /// The part that the user sees.
    pub(crate) fn pending(&self) -> PromptQueue {
        let sent = self.sent.iter().filter(|sent| !sent.is_kept());
        let sent = sent.map(|sent| &sent.prompt);
        PromptQueue {
            waiting: self.waiting.iter().cloned().collect(),
            sent: self.claimed_elsewhere.iter().chain(sent).cloned().collect(),
            held: self.held,
        }
    }

    /// Handles an event; returns the effects in order.
    pub(crate) fn on(&mut self, event: DeliveryEvent) -> Vec<DeliveryEffect> {
        match event {
            DeliveryEvent::Send(prompt) => self.send(prompt),
            DeliveryEvent::SendNow(id) => self.send_now(&id),
            DeliveryEvent::Remove(id) => match self.take_waiting(&id) {
                Some(_) => self.ask(DeliveryEffect::Remove(id)),
                None => self.fail_as_sent(),
            },
            DeliveryEvent::Removed { was_waiting: true } => {}
            DeliveryEvent::Removed { was_waiting: false } => self.fail_as_sent(),
            DeliveryEvent::Release => {
                self.held = false;
                self.ask(DeliveryEffect::Hold(false));
            }
            DeliveryEvent::Abort => self.abort(),
            DeliveryEvent::Stored(stored) => self.stored(stored),
            DeliveryEvent::Claimed(id, claim) => self.claimed(&id, claim),
            DeliveryEvent::PostEnded(id, result) => self.post_ended(&id, result),
            DeliveryEvent::Checked {
                prompt,
                checks,
                turn,
            } => self.checked(&prompt, checks, turn),
            DeliveryEvent::News(news) => self.heard(news),
            DeliveryEvent::Settled => self.settled(),
            DeliveryEvent::Disconnected => self.disconnected(),
            DeliveryEvent::Revived(waiting) => {
                self.sent
                    .retain(|sent| !waiting.contains(&sent.prompt.message));
            }
        }
        self.sent
            .retain(|sent| !sent.is_kept() || sent.answer != PromptAnswer::Begun);
        self.post_next();
        take(&mut self.effects)
    }

    fn send(&mut self, prompt: Prompt) {
        let sent = self.sent.iter().map(|sent| &sent.prompt);
        let mut known = self
            .waiting
            .iter()
            .chain(sent)
            .chain(&self.claimed_elsewhere);
        if known.all(|known| known.message != prompt.message) {
            self.waiting.push_back(prompt.clone());
            self.ask(DeliveryEffect::Enqueue(prompt));
        }
    }

    fn send_now(&mut self, id: &MessageId) {
        if !self.connected {
            return self.ask(DeliveryEffect::Fail(failures::not_connected(false)));
        }
        if let Some(prompt) = self.take_waiting(id) {
            self.claim(prompt, true);
        }
    }

    fn abort(&mut self) {
        for sent in &mut self.sent {
            if let PromptAnswer::Awaited(message) = &mut sent.answer {
                sent.answer = PromptAnswer::Unwanted(message.take());
            }
        }
        self.held |= !self.waiting.is_empty();
        self.ask(DeliveryEffect::Hold(true));
    }

    fn stored(&mut self, stored: StoredQueue) {
        let StoredQueue {
            mut waiting,
            mut claimed,
            held,
        } = stored;
        for prompts in [&mut waiting, &mut claimed] {
            prompts.retain(|prompt| self.index(&prompt.message).is_none());
        }
        self.waiting = waiting.into();
        self.claimed_elsewhere = claimed;
        self.held = held;
    }

    /// Posts the next prompt if it is due.
    fn post_next(&mut self) {
        let is_ready = self.connected && !self.turn.runs && !self.turn.failed;
        let may_post = is_ready && self.holds_lock && !self.held;
        let mut sent = self.sent.iter();
        if may_post
            && sent.all(|sent| sent.answer == PromptAnswer::Begun)
            && let Some(prompt) = self.waiting.pop_front()
        {
            self.claim(prompt, false);
        }
    }

    fn claim(&mut self, prompt: Prompt, even_held: bool) {
        self.ask(DeliveryEffect::Claim {
            prompt: prompt.message.clone(),
            even_held,
        });
        self.sent
            .push(SentPrompt::new(prompt, DeliveryProgress::Claiming));
    }

    fn claimed(&mut self, id: &MessageId, claim: Claim) {
        let Some(index) = self.index(id) else { return };
        match claim {
            Claim::Granted => {
                self.sent[index].progress = DeliveryProgress::Posting;
                let prompt = self.sent[index].prompt.clone();
                self.call(DeliveryCall::Post(prompt));
            }
            Claim::Held => {
                self.waiting.push_front(self.sent.remove(index).prompt);
                self.held = true;
            }
            // Another process has it, and the next one moves up.
            Claim::Gone => {
                self.sent.remove(index);
            }
        }
    }

    fn post_ended(&mut self, id: &MessageId, result: PostResult) {
        let Some(index) = self.index(id) else { return };
        // Otherwise the server has shown it meanwhile, and only the response was lost.
        if self.sent[index].progress == DeliveryProgress::Posting {
            self.sent[index].progress = match result {
                PostResult::Accepted => DeliveryProgress::Accepted,
                PostResult::Unreachable if !self.sent[index].prompt.kind.may_repeat() => {
                    return self.hold_doubtful(index);
                }
                PostResult::Unreachable => DeliveryProgress::Unconfirmed,
                PostResult::Refused(failure) => {
                    self.requeue(index, true);
                    return self.ask(DeliveryEffect::Fail(failure));
                }
            };
        }
        self.check(id.clone(), 1);
    }

    fn disconnected(&mut self) {
        self.connected = false;
        for index in (0..self.sent.len()).rev() {
            let sent = &self.sent[index];
            if sent.is_kept() {
                continue;
            }
            let is_posted = sent.progress >= DeliveryProgress::Posting;
            if is_posted && !sent.prompt.kind.may_repeat() {
                self.hold_doubtful(index);
            } else {
                let is_unwanted = matches!(sent.answer, PromptAnswer::Unwanted(_));
                self.requeue(index, is_unwanted);
            }
        }
    }

    /// Leaves it to the user whether to post it once more.
    fn hold_doubtful(&mut self, index: usize) {
        let failure = failures::may_have_run(&self.sent[index].prompt.text);
        self.requeue(index, true);
        self.ask(DeliveryEffect::Fail(failure));
    }

    /// Puts a sent prompt first in the queue.
    fn requeue(&mut self, index: usize, hold: bool) {
        let prompt = self.sent.remove(index).prompt;
        self.waiting.push_front(prompt.clone());
        self.held |= hold;
        self.ask(DeliveryEffect::Requeue { prompt, hold });
    }

    fn take_waiting(&mut self, id: &MessageId) -> Option<Prompt> {
        let index = self.waiting.iter().position(|one| one.message == *id)?;
        self.waiting.remove(index)
    }

    fn index(&self, id: &MessageId) -> Option<usize> {
        self.sent.iter().position(|sent| sent.prompt.message == *id)
    }

    fn check(&mut self, prompt: MessageId, checks: u32) {
        self.call(DeliveryCall::Check { prompt, checks });
    }

    fn fail_as_sent(&mut self) {
        let failure = Failure::new("that prompt had already been sent");
        self.ask(DeliveryEffect::Fail(failure));
    }

    fn call(&mut self, call: DeliveryCall) {
        self.ask(DeliveryEffect::Call(call));
    }

    fn ask(&mut self, effect: DeliveryEffect) {
        self.effects.push(effect);
    }
}

impl SentPrompt {
    fn new(prompt: Prompt, progress: DeliveryProgress) -> Self {
        Self {
            prompt,
            progress,
            answer: PromptAnswer::Awaited(None),
            is_earlier: false,
        }
    }

    fn is_kept(&self) -> bool {
        self.progress == DeliveryProgress::Kept
    }

    fn message_of_answer(&self) -> Option<&MessageId> {
        match &self.answer {
            PromptAnswer::Awaited(message) | PromptAnswer::Unwanted(message) => message.as_ref(),
            PromptAnswer::Begun => None,
        }
    }
}
