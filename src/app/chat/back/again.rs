//! Sends the last prompt again, with another model: it is undone first.

use crate::app::chat::{Chat, ChatOutcome};
use crate::app::cx::Cx;
use crate::domain::chat::ModelRef;
use crate::domain::session::Prompt;

impl Chat {
    /// Undoes the last prompt and sends it with this model, which later prompts use too.
    pub fn send_again(&mut self, model: ModelRef, cx: &mut Cx<'_>) -> Option<ChatOutcome> {
        let Some(id) = self.last_prompt() else {
            return ChatOutcome::notice("there is no prompt to send again");
        };
        let refused = self.undo(cx);
        if refused.is_none() {
            self.sent.send_again(id, model);
        }
        refused
    }

    /// Sends an undone prompt with the model that was chosen for it.
    pub(super) fn again(
        &mut self,
        composed: Prompt,
        model: ModelRef,
        cx: &mut Cx<'_>,
    ) -> Option<ChatOutcome> {
        let mut prompt = Prompt {
            message: cx.ids.message(cx.wall),
            part: cx.ids.part(cx.wall),
            variant: composed
                .variant
                .filter(|_| composed.model.as_ref() == Some(&model)),
            model: Some(model.clone()),
            ..composed
        };
        for part in &mut prompt.parts {
            part.id = cx.ids.part(cx.wall);
        }
        self.set_model(model, cx);
        self.deliver(prompt, cx)
    }
}
