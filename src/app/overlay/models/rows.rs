//! The models in the order of the list: favourites, those chosen last, then each provider's.

use crate::app::App;
use crate::app::input::rank::{Candidates, ranked};
use crate::app::overlay::picker::Picker;
use crate::domain::chat::{Model, ModelRef};

/// Models in the section of those chosen last.
const RECENT: usize = 5;

/// A model in the list.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ModelListRow<'a> {
    /// Begins a section with this name.
    pub(super) heading: Option<&'a str>,
    pub(super) model: &'a Model,
    pub(super) is_favourite: bool,
}

impl App {
    /// The models on the server of the session on the screen.
    pub(in crate::app) fn models(&self) -> &[Model] {
        self.session()
            .map_or(&[], |session| session.chat.catalog().models.as_slice())
    }

    /// How many models match.
    pub(in crate::app) fn models_len(&self, picker: &Picker) -> usize {
        self.model_list(picker).len()
    }

    /// The models that match, the best first; in sections while nothing is typed.
    pub(super) fn model_list(&self, picker: &Picker) -> Vec<ModelListRow<'_>> {
        let rows = self.models_in_sections();
        let query = picker.filter().trim();
        if query.is_empty() {
            return rows;
        }
        let rows = rows.into_iter();
        let rows = rows.map(|row| ModelListRow {
            heading: None,
            ..row
        });
        ranked(query, Candidates::Names, rows, |row| {
            let Model {
                reference,
                name,
                provider_name,
                ..
            } = row.model;
            let id = format!("{}/{}", reference.provider, reference.model);
            vec![
                name.clone(),
                format!("{name} {provider_name}"),
                format!("{provider_name} {name} {id}"),
            ]
        })
    }

    /// The selected model.
    pub(super) fn selected_model(&self, picker: &Picker) -> Option<&Model> {
        let rows = self.model_list(picker);
        Some(rows.get(picker.selected())?.model)
    }

    pub(super) fn is_favourite(&self, model: &ModelRef) -> bool {
        self.preferences.favourite_models.contains(model)
    }

    /// Each model once, in the first section that has it.
    fn models_in_sections(&self) -> Vec<ModelListRow<'_>> {
        let known = |reference: &ModelRef| {
            let mut models = self.models().iter();
            models.find(|model| model.reference == *reference)
        };
        let favourites = self.preferences.favourite_models.iter();
        let favourites: Vec<&Model> = favourites.filter_map(known).collect();
        let recent = self.preferences.recent_models.iter();
        let recent = recent.filter(|model| !self.is_favourite(model));
        let recent: Vec<&Model> = recent.filter_map(known).take(RECENT).collect();
        let is_above = |model: &&Model| {
            let mut above = favourites.iter().chain(&recent);
            above.any(|known| known.reference == model.reference)
        };
        let rest = self.models().iter().filter(|model| !is_above(model));
        let rest = rest.map(|model| (model.provider_name.as_str(), model));
        let above = favourites.iter().map(|model| ("Favourites", *model));
        let above = above.chain(recent.iter().map(|model| ("Recent", *model)));
        let mut section = None;
        let rows = above.chain(rest).map(|(name, model)| ModelListRow {
            heading: (section.replace(name) != Some(name)).then_some(name),
            model,
            is_favourite: self.is_favourite(&model.reference),
        });
        rows.collect()
    }
}
