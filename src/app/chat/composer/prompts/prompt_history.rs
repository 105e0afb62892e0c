//! The prompts of this conversation: those that were sent from here, and those of other clients.

use crate::app::chat::composer::draft::Draft;
use crate::app::chat::composer::{Composer, HISTORY};

impl Composer {
    /// Adds a prompt to the history, as its newest one.
    pub(in crate::app::chat::composer) fn keep(&mut self, draft: Draft) {
        self.history.retain(|old| *old != draft);
        self.history.push(draft);
        if self.history.len() > HISTORY {
            self.history.remove(0);
            if let Some((at, _)) = &mut self.browsing {
                *at = at.saturating_sub(1);
            }
        }
    }

    /// Adds an earlier prompt, or one of another client.
    pub(in crate::app::chat) fn remember(&mut self, text: &str) {
        let draft = Draft::of(text);
        let text = draft.marked_text();
        if !text.trim().is_empty() && self.history.iter().all(|old| old.marked_text() != text) {
            self.keep(draft);
        }
    }

    /// The prompts with their files named, the newest first.
    pub(in crate::app::chat) fn prompts(&self) -> impl Iterator<Item = String> {
        self.history.iter().rev().map(Draft::marked_text)
    }

    /// Puts an earlier prompt in the place of the text, with its files if it was sent from here.
    pub(in crate::app::chat) fn recall_prompt(&mut self, text: &str) {
        let mut known = self.history.iter().rev();
        let known = known.find(|draft| draft.marked_text() == text).cloned();
        let draft = known.unwrap_or_else(|| match text.strip_prefix('!') {
            Some(line) => Draft {
                shell: true,
                ..Draft::of(line)
            },
            None => Draft::of(text),
        });
        self.replace(draft);
        self.edited();
    }

    /// Shows the previous prompt of the history, or the next one, and finally the draft again.
    pub(in crate::app::chat) fn recall(&mut self, newer: bool) {
        let (index, stash) = match (self.browsing.clone(), newer) {
            (None, true) => return,
            (None, false) => (self.history.len(), self.draft()),
            (Some(at), _) => at,
        };
        let target = if newer {
            index + 1
        } else {
            index.saturating_sub(1)
        };
        match self.history.get(target).cloned() {
            Some(draft) => {
                if self.is_browsing() {
                    // Undo goes back to the draft, not through all prompts on the way.
                    self.load(draft);
                } else {
                    self.replace(draft);
                }
                self.browsing = Some((target, stash));
            }
            None if newer => {
                self.return_to(stash);
                self.browsing = None;
            }
            None => {}
        }
    }

    pub(in crate::app::chat) fn is_browsing(&self) -> bool {
        self.browsing.is_some()
    }
}
