//! The agent, model and variant for the next prompts.
//!
//! The user's choice applies until the next choice, also after a restart; without one, the next prompt uses those of
//! the last message.

use super::{Chat, ChatOutcome};
use crate::app::action::ChatAction;
use crate::app::cx::Cx;
use crate::domain::chat::{Message, ModelRef};
use crate::domain::preferences::{PromptChoice, VariantChoice};
use crate::domain::session::SessionCommand;

impl Chat {
    /// The choice of an earlier run. What was chosen since then is newer.
    pub fn restored_choice(&mut self, choice: PromptChoice) {
        if self.choice == PromptChoice::default() {
            self.choice = choice;
        }
    }

    /// The model that the user has chosen; one that the server does not offer any more counts for
    /// nothing.
    pub(super) fn chosen_model(&self) -> Option<&ModelRef> {
        let chosen = self.choice.model.as_ref();
        chosen.filter(|model| self.catalog.models.is_empty() || self.catalog.model(model).is_some())
    }

    /// The model of the next prompt: the chosen one, else that of the newest message.
    pub fn model(&self) -> Option<&ModelRef> {
        self.chosen_model()
            .or_else(|| {
                self.newest_of_user()
                    .find_map(|message| message.model.as_ref())
            })
            .or(self.catalog.default_model.as_ref())
    }

    /// The newest messages that show what the user chose: neither reverted, nor of an agent that
    /// OpenCode uses internally.
    fn newest_of_user(&self) -> impl Iterator<Item = &Message> {
        let newest = self.transcript.newest_in_force().take(16);
        let messages = newest.map(|entry| &entry.message);
        messages.filter(|message| {
            let agent = message.agent.as_deref();
            !message.is_internal() && agent.is_none_or(|agent| self.catalog.offers_agent(agent))
        })
    }

    /// Sets the model of later prompts.
    pub fn set_model(&mut self, model: ModelRef, cx: &mut Cx<'_>) {
        if self.model() != Some(&model) {
            self.choice.variant = VariantChoice::Unchanged;
        }
        self.choice.model = Some(model);
        self.save_choice(cx);
    }

    /// The agent of the next prompt.
    pub fn agent(&self) -> Option<&str> {
        let chosen = self.choice.agent.as_deref();
        let chosen = chosen.filter(|agent| self.catalog.offers_agent(agent));
        chosen.or_else(|| {
            let mut messages = self.newest_of_user();
            messages.find_map(|message| message.agent.as_deref())
        })
    }

    /// Sets the agent of later prompts.
    pub(in crate::app) fn set_agent(&mut self, name: String, cx: &mut Cx<'_>) {
        self.choice.agent = Some(name);
        self.save_choice(cx);
    }

    /// How much the model is told to think at the next prompt; `None`: nothing, it decides itself.
    pub fn variant(&self) -> Option<&str> {
        let model = self.model()?;
        let wanted = match &self.choice.variant {
            VariantChoice::Named(name) => Some(name.as_str()),
            VariantChoice::Default => None,
            VariantChoice::Unchanged => {
                let mut messages = self.newest_of_user();
                let last = messages.find(|message| message.model.as_ref() == Some(model))?;
                last.variant.as_deref()
            }
        };
        let known = self.catalog.model(model);
        wanted.filter(|name| known.is_none_or(|known| known.variants.iter().any(|one| one == name)))
    }

    /// Selects the next variant of the model for later prompts; after the last one, none.
    pub(super) fn next_variant(&mut self, cx: &mut Cx<'_>) -> Option<ChatOutcome> {
        let Some(model) = self.model().and_then(|model| self.catalog.model(model)) else {
            return ChatOutcome::notice("the models have not loaded yet");
        };
        if model.variants.is_empty() {
            let words = format!("{} has no variants", model.name);
            return Some(ChatOutcome::Notice(words));
        }
        let mut known = model.variants.iter();
        let next = match self.variant() {
            None => known.next(),
            Some(current) => {
                known.find(|name| *name == current);
                known.next()
            }
        };
        let next = next.cloned();
        let words = format!("variant: {}", next.as_deref().unwrap_or("default"));
        self.choice.variant = next.map_or(VariantChoice::Default, VariantChoice::Named);
        self.save_choice(cx);
        Some(ChatOutcome::Notice(words))
    }

    /// Selects the next agent; where a request waits, the same key focuses it.
    pub(super) fn turn_agent(
        &mut self,
        action: ChatAction,
        cx: &mut Cx<'_>,
    ) -> Option<ChatOutcome> {
        if self.needs_you() {
            self.go_to_request();
            return None;
        }
        // The key was meant for the menu, whose rows are still on their way.
        if self.completion.is_waiting() {
            return None;
        }
        let agents = &self.catalog.agents;
        let count = agents.len();
        let current = agents
            .iter()
            .position(|agent| Some(agent.name.as_str()) == self.agent());
        let next = match (current, action) {
            (Some(at), ChatAction::PreviousAgent) => (at + count - 1) % count,
            (Some(at), _) => (at + 1) % count,
            (None, _) => 0,
        };
        let name = agents.get(next)?.name.clone();
        self.set_agent(name.clone(), cx);
        Some(ChatOutcome::Notice(format!("agent: {name}")))
    }

    fn save_choice(&self, cx: &mut Cx<'_>) {
        self.command(SessionCommand::SaveChoice(self.choice.clone()), cx);
    }
}
