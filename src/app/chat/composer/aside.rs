//! Sets the composer's text aside while the composer is needed for an answer, and restores it.

use super::{Composer, marked};

impl Composer {
    /// The whole text with what is set aside, as it is stored as the draft.
    pub(in crate::app::chat) fn unsent(&self) -> String {
        let aside = self
            .aside
            .iter()
            .map(|draft| marked(draft.shell, draft.chips.expand(&draft.text)));
        let texts = aside
            .chain([self.marked_text()])
            .filter(|text| !text.is_empty());
        texts.collect::<Vec<String>>().join("\n")
    }

    /// Empties the editor; [`Composer::bring_back`] restores the text.
    pub(in crate::app::chat) fn set_aside(&mut self) {
        if self.aside.is_none() && !self.is_empty() {
            let draft = self.draft();
            self.clear();
            self.aside = Some(draft);
        }
    }

    pub(in crate::app::chat) fn has_aside(&self) -> bool {
        self.aside.is_some()
    }

    /// Restores the text that was set aside, before what was written since.
    pub(in crate::app::chat) fn bring_back(&mut self) {
        let Some(draft) = self.aside.take() else {
            return;
        };
        if self.is_empty() {
            self.load(draft);
        } else {
            let written = self.text();
            self.load(draft);
            self.paste(&format!("\n{written}"));
        }
    }
}
