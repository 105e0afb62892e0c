//! Performs the effects of [`PromptDelivery`](crate::session::run::prompt_delivery::PromptDelivery), and tells the
//! listener the result.

use std::collections::VecDeque;

use super::SessionState;
use crate::domain::id::MessageId;
use crate::domain::prompt::PromptKind;
use crate::domain::session::{Prompt, SessionEvent};
use crate::session::context::wall;
use crate::session::run::prompt_delivery::{DeliveryCall, DeliveryEffect, DeliveryEvent};

impl SessionState {
    /// Handles an event of the prompts: in the store at once, at the server with the next
    /// [`SessionState::take_calls`].
    pub(crate) async fn deliver(&mut self, event: DeliveryEvent) {
        self.delivery.set_drives(self.recorder.holds_lock());
        let mut effects = VecDeque::from(self.delivery.on(event));
        while let Some(effect) = effects.pop_front() {
            if let Some(event) = self.perform(effect).await {
                effects.extend(self.delivery.on(event));
            }
        }
        self.tell_queue().await;
    }

    async fn perform(&mut self, effect: DeliveryEffect) -> Option<DeliveryEvent> {
        match effect {
            DeliveryEffect::Enqueue(prompt) => self.recorder.enqueue(&prompt).await,
            DeliveryEffect::Remove(id) => {
                let was_waiting = self.recorder.dequeue(&id).await;
                return Some(DeliveryEvent::Removed { was_waiting });
            }
            DeliveryEffect::Claim { prompt, even_held } => {
                let claim = self.recorder.claim(&prompt, even_held).await;
                return Some(DeliveryEvent::Claimed(prompt, claim));
            }
            DeliveryEffect::Requeue { prompt, hold } => {
                self.recorder.requeue(&prompt, hold).await;
            }
            DeliveryEffect::Forget(id) => self.recorder.posted(&id).await,
            DeliveryEffect::Hold(hold) => self.recorder.hold(hold).await,
            DeliveryEffect::Fail(failure) => self.command_failed(failure).await,
            DeliveryEffect::Call(call) => self.calls.push(call),
        }
        None
    }

    /// Takes a prompt that the user sends.
    pub(crate) async fn send(&mut self, prompt: Prompt) {
        let text = prompt.text.clone();
        let command = (prompt.kind == PromptKind::Command).then(|| prompt.message.clone());
        // The sender must learn that it is stored, whatever has changed.
        self.told = None;
        // First: it is on the screen already, and a kill must not leave it there alone.
        self.deliver(DeliveryEvent::Send(prompt)).await;
        if let Some(command) = command {
            self.recorder.command_line(&command, &text).await;
        }
        self.recorder.history(text).await;
        self.recorder.touch(wall()).await;
    }

    /// Takes a waiting prompt out; the screen has done so already.
    pub(crate) async fn remove(&mut self, id: MessageId) {
        self.told = None;
        self.deliver(DeliveryEvent::Remove(id)).await;
    }

    /// Reads the stored queue.
    pub(super) async fn store_changed(&mut self) {
        if let Some(stored) = self.recorder.queue().await {
            self.deliver(DeliveryEvent::Stored(stored)).await;
        }
    }

    /// The calls that are due.
    pub(crate) fn take_calls(&mut self) -> Vec<DeliveryCall> {
        std::mem::take(&mut self.calls)
    }

    async fn tell_queue(&mut self) {
        let pending = self.delivery.pending();
        if self.told.as_ref() != Some(&pending) {
            self.told = Some(pending.clone());
            self.events.send(SessionEvent::Queue(pending)).await;
        }
    }
}
