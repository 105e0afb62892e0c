//! Prompts on their way to the server: posted one by one, asked for when nothing comes of them, and kept
//! until the server shows that it keeps them.

use futures::FutureExt as _;

use super::state::{Called, Connection};
use crate::domain::chat::ChatEvent;
use crate::domain::id::MessageId;
use crate::domain::session::Prompt;
use crate::session::serving::Serving;
use crate::session::translate::turn::Turn;

/// How often the server is asked about a prompt that it has and does not answer, before the next one is
/// posted all the same.
const LOOKS: u32 = 3;

/// The same of one that it took and does not have, before it is posted again: a server prepares for long
/// before its first turn.
const LOOKS_FOR: u32 = 20;

impl Connection {
    /// Posts the next prompt of the queue if its time has come.
    pub(super) async fn post_next(&mut self, serving: &mut Serving) {
        if !self.live || !serving.recorder.drives() {
            return;
        }
        // One that somebody else has taken out makes room for the one behind it.
        while let Some(prompt) = serving.queue.next() {
            if serving.claim(&prompt, false).await {
                self.post(prompt);
            }
        }
    }

    pub(super) fn post(&mut self, prompt: Prompt) {
        self.posting.push(prompt.clone());
        let server = self.server.clone();
        self.calls.push(
            async move {
                match server.prompt(&prompt).await {
                    Ok(()) => Called::Posted(prompt.message),
                    Err((failure, refused)) => Called::NotPosted {
                        prompt,
                        failure,
                        refused,
                    },
                }
            }
            .boxed(),
        );
    }

    /// The server has shown that it keeps these prompts.
    pub(super) async fn confirm(
        &mut self,
        serving: &mut Serving,
        keeps: impl Fn(&MessageId) -> bool,
    ) {
        for prompt in self.posting.extract_if(.., |prompt| keeps(&prompt.message)) {
            serving.posted(&prompt.message).await;
        }
    }

    /// Asks after some time what has become of a prompt: one that the server had answered already
    /// begins no turn.
    pub(super) fn look(&mut self, serving: &Serving, prompt: MessageId, looks: u32) {
        let server = self.server.clone();
        let patience = serving.world.timing.turn_begins;
        let look = async move {
            tokio::time::sleep(patience).await;
            let turn = server.turn_of(&prompt).await;
            Called::Looked {
                prompt,
                looks,
                turn,
            }
        };
        self.calls.push(look.boxed());
    }

    pub(super) async fn looked(
        &mut self,
        serving: &mut Serving,
        prompt: MessageId,
        looks: u32,
        turn: Option<Turn>,
    ) {
        if matches!(turn, Some(Turn::Over | Turn::NotBegun)) {
            self.confirm(serving, |id| *id == prompt).await;
        }
        if serving.queue.in_flight() != Some(&prompt) {
            return;
        }
        match turn {
            Some(Turn::Over) => serving.queue.settled(),
            Some(Turn::Absent) if looks >= LOOKS_FOR => {
                tracing::warn!(%prompt, "the server took a prompt and does not have it: once more");
                self.post_again(serving).await;
            }
            // Another process looks after it.
            Some(Turn::NotBegun) if self.is_earlier(&prompt) && !serving.recorder.drives() => {
                self.look(serving, prompt, looks);
            }
            // The server has ended before the turn began, and the next one begins none by itself.
            Some(Turn::NotBegun) if self.is_earlier(&prompt) => {
                tracing::warn!(%prompt, "the server was given a prompt and has not answered it: once more");
                self.earlier = None;
                self.post_again(serving).await;
            }
            Some(Turn::NotBegun) if looks >= LOOKS => {
                tracing::warn!(%prompt, "the server took a prompt and does not answer it");
                serving.queue.settled();
            }
            Some(Turn::NotBegun | Turn::Absent) => self.look(serving, prompt, looks + 1),
            Some(Turn::Runs) | None => self.look(serving, prompt, looks),
        }
    }

    fn is_earlier(&self, prompt: &MessageId) -> bool {
        self.earlier.as_ref() == Some(prompt)
    }

    /// Puts the prompt in flight, which the server took and does not answer, back into the queue; unless the
    /// user wants no answer. Sent under the same ids it is the same message.
    async fn post_again(&mut self, serving: &mut Serving) {
        let Some(prompt) = serving.queue.unanswered() else {
            serving.queue.settled();
            return;
        };
        self.posting.retain(|other| other.message != prompt.message);
        serving.recorder.unclaim(&prompt.message, false).await;
        // The store may have forgotten it when the server showed it.
        serving.recorder.enqueue(&prompt).await;
        serving.queue.put_back(prompt, false);
        serving.tell_queue().await;
    }

    /// What was on its way goes back to the queue, to be sent again under the same ids.
    pub(super) async fn lost(&mut self, serving: &mut Serving) {
        while let Ok(event) = self.news.try_recv() {
            self.confirm(serving, |id| shows(&event, id)).await;
            serving.news(event).await;
        }
        for prompt in self.posting.drain(..).rev() {
            serving.recorder.unclaim(&prompt.message, false).await;
            serving.queue.put_back(prompt, false);
        }
        serving.tell_queue().await;
    }
}

/// Whether the server keeps a prompt, as an event shows.
pub(super) fn shows(event: &ChatEvent, prompt: &MessageId) -> bool {
    match event {
        ChatEvent::Part(part) => part.message == *prompt,
        ChatEvent::Message(message) => message.parent.as_ref() == Some(prompt),
        ChatEvent::Resync(resync) => resync.holds(prompt),
        _ => false,
    }
}
