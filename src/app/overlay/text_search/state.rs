//! What was typed into the search, and what the store has found.

use std::collections::HashMap;

use crate::app::overlay::picker::Picker;
use crate::domain::id::SessionKey;
use crate::domain::session::text_search::{FoundText, FoundTexts};

/// The search, with the selected match.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in crate::app) struct TextSearch {
    pub(super) picker: Picker,
    /// The last answer; its texts are those of one session after the other.
    found: FoundTexts,
    /// The store was asked and has not answered yet.
    is_asked: bool,
}

impl TextSearch {
    /// What the store is to be asked for now, if it is.
    pub(super) fn wants(&mut self) -> Option<String> {
        let typed = self.picker.filter();
        if self.is_asked || typed == self.found.query {
            return None;
        }
        self.is_asked = true;
        Some(typed.to_owned())
    }

    /// Takes the answer of the store. The sessions stay in the order of their newest matches.
    pub(super) fn answered(&mut self, mut found: FoundTexts) {
        self.is_asked = false;
        let mut ranks: HashMap<SessionKey, usize> = HashMap::new();
        for text in &found.texts {
            let rank = ranks.len();
            ranks.entry(text.session.clone()).or_insert(rank);
        }
        found.texts.sort_by_key(|text| ranks.get(&text.session));
        let last = found.texts.len().saturating_sub(1);
        let selected = self.picker.selected().min(last);
        self.picker = std::mem::take(&mut self.picker).at(selected);
        self.found = found;
    }

    /// The store could not answer.
    pub(super) fn failed(&mut self) {
        self.is_asked = false;
        self.found = FoundTexts::none(self.picker.filter().to_owned());
    }

    pub(super) fn found(&self) -> &FoundTexts {
        &self.found
    }

    pub(in crate::app::overlay) fn picker_mut(&mut self) -> &mut Picker {
        &mut self.picker
    }

    pub(super) fn selected(&self) -> Option<&FoundText> {
        self.found.texts.get(self.picker.selected())
    }

    pub(in crate::app::overlay) fn len(&self) -> usize {
        self.found.texts.len()
    }
}
