//! A text that steps aside while the composer is needed for something else, and comes back.

use super::Composer;

impl Composer {
    /// The whole text and what is set aside, as it is kept over a restart.
    pub(in crate::app::chat) fn unsent(&self) -> String {
        let aside = self
            .aside
            .iter()
            .map(|draft| draft.chips.expand(&draft.text));
        let texts = aside.chain([self.text()]).filter(|text| !text.is_empty());
        texts.collect::<Vec<String>>().join("\n")
    }

    /// Leaves the editor empty; [`Composer::bring_back`] puts the text where it was.
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

    /// Brings back what was set aside, before what was written since.
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
