//! Performs a choice of a model or an agent.

use crate::app::App;
use crate::app::cx::Cx;
use crate::app::effect::Effect;
use crate::app::overlay::Overlay;
use crate::app::overlay::chat_list::{ChatListOverlay, ChatListRow, ListChoice};
use crate::app::overlay::picker::Picker;
use crate::domain::chat::ModelRef;
use crate::domain::preferences::PreferenceChange;

impl App {
    pub(in crate::app) fn open_models(&mut self, cx: &mut Cx<'_>) {
        if self.models().is_empty() {
            return self.advise("the models have not loaded yet", cx);
        }
        cx.ask(Effect::LoadPreferences);
        self.overlays.push(Overlay::Models(Picker::default()));
    }

    pub(in crate::app) fn open_agents(&mut self, cx: &mut Cx<'_>) {
        let Some(session) = self.session() else {
            return;
        };
        let agents = &session.chat.catalog().agents;
        if agents.is_empty() {
            return self.advise("the agents have not loaded yet", cx);
        }
        let current = session.chat.agent();
        let rows = agents.iter().map(|agent| ChatListRow {
            choice: ListChoice::Agent(agent.name.clone()),
            words: agent.name.clone(),
            right: agent.description.clone(),
            is_current: current == Some(&agent.name),
        });
        let list = ChatListOverlay::agents(rows.collect());
        self.overlays.push(Overlay::Chat(list));
    }

    /// Uses the selected model for the next prompts.
    pub(in crate::app) fn choose_model(&mut self, picker: &Picker, cx: &mut Cx<'_>) {
        let chosen = self.selected_model(picker);
        if let Some((model, name)) =
            chosen.map(|model| (model.reference.clone(), model.name.clone()))
        {
            self.use_model(model, &name, cx);
        }
    }

    /// Uses a model for the next prompts, and remembers that.
    pub(in crate::app) fn use_model(&mut self, model: ModelRef, name: &str, cx: &mut Cx<'_>) {
        let Some(session) = self.session_mut() else {
            return;
        };
        session.chat.set_model(model.clone(), cx);
        let recent = &mut self.preferences.recent_models;
        recent.retain(|known| *known != model);
        recent.insert(0, model.clone());
        cx.ask(Effect::Remember(PreferenceChange::ModelChosen(model)));
        self.notify(format!("model: {name}"), cx);
        self.tell_unread_files(cx);
    }

    /// Uses an agent for the next prompts.
    pub(in crate::app) fn use_agent(&mut self, name: &str, cx: &mut Cx<'_>) {
        if let Some(session) = self.session_mut() {
            session.chat.set_agent(name.to_owned(), cx);
            self.notify(format!("agent: {name}"), cx);
        }
    }

    /// Marks the selected model as a favourite, or unmarks it; it stays selected.
    pub(in crate::app) fn turn_favourite(&mut self, cx: &mut Cx<'_>) {
        let Some(Overlay::Models(picker)) = self.overlays.top() else {
            return;
        };
        let Some(model) = self.selected_model(picker) else {
            return;
        };
        let model = model.reference.clone();
        let is_one = self.is_favourite(&model);
        let favourites = &mut self.preferences.favourite_models;
        if is_one {
            favourites.retain(|known| *known != model);
        } else {
            favourites.push(model.clone());
        }
        if let Some(Overlay::Models(picker)) = self.overlays.top() {
            let rows = self.model_list(picker);
            let place = rows.iter().position(|row| row.model.reference == model);
            let picker = picker.clone().at(place.unwrap_or(0));
            self.overlays.pop();
            self.overlays.push(Overlay::Models(picker));
        }
        cx.ask(Effect::Remember(PreferenceChange::Favourite(
            model, !is_one,
        )));
    }
}
