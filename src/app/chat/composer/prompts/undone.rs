//! A prompt that was undone stands in the composer, before what was written there.

use crate::app::chat::composer::Composer;
use crate::app::chat::composer::draft::{RECALL_CHARS, longer_than};
use crate::app::chat::composer::paste_chips::has_reserved;
use crate::domain::prompt::PromptKind;
use crate::domain::session::Prompt;

impl Composer {
    /// Puts an undone prompt before what is written. One that was undone before it, and that nobody
    /// has changed since, makes room for it.
    pub(in crate::app::chat) fn put_undone(&mut self, prompt: &Prompt) {
        self.drop_undone();
        let before = self.draft();
        let is_short = !longer_than(&prompt.text, RECALL_CHARS) && !has_reserved(&prompt.text);
        if !self.is_empty() && !self.shell && is_short && prompt.kind != PromptKind::Shell {
            self.insert_above(&prompt.text);
            self.put_files_back(prompt);
        } else {
            self.put_back_prompt(prompt);
        }
        self.undone = Some(Box::new((before, self.draft())));
    }

    /// Takes the undone prompt away again, unless it was changed.
    pub(in crate::app::chat) fn drop_undone(&mut self) {
        if let Some(undone) = self.undone.take()
            && self.draft() == undone.1
        {
            self.replace(undone.0);
        }
    }
}
