//! Sets the composer's text aside while the composer is needed for an answer, and restores it.

use crate::app::chat::composer::Composer;
use crate::app::chat::composer::draft::{Draft, EditedText};

impl Composer {
    /// The whole text with what is set aside, as it is stored as the draft.
    pub(in crate::app::chat) fn unsent(&self) -> String {
        let aside = self.aside_draft();
        let aside = aside.iter().map(Draft::marked_text);
        let texts = aside
            .chain([self.marked_text()])
            .filter(|text| !text.is_empty());
        texts.collect::<Vec<String>>().join("\n")
    }

    /// Empties the editor; [`Composer::bring_back`] restores the text.
    pub(in crate::app::chat) fn set_aside(&mut self) {
        if self.aside.is_none() && !self.is_empty() {
            let replaced = std::mem::take(&mut self.replaced);
            let text = self.swap(EditedText::default());
            self.browsing = None;
            self.aside = Some((text, replaced));
        }
    }

    /// The text that is set aside.
    pub(in crate::app::chat::composer) fn aside_draft(&self) -> Option<Draft> {
        self.aside.as_ref().map(|(text, _)| text.draft())
    }

    pub(in crate::app::chat) fn has_aside(&self) -> bool {
        self.aside.is_some()
    }

    /// Restores the text that was set aside, before what was written since.
    pub(in crate::app::chat) fn bring_back(&mut self) {
        let Some((text, replaced)) = self.aside.take() else {
            return;
        };
        let written = (!self.is_empty()).then(|| self.text());
        self.swap(text);
        self.replaced = replaced;
        self.browsing = None;
        if let Some(written) = written {
            self.paste(&format!("\n{written}"));
        }
    }
}
