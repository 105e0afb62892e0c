//! Undo and redo, also of what replaced the whole text.
//!
//! Each text has the undo history of its editor. Where another text takes its place (it was cleared, an earlier
//! prompt was recalled), the text is kept with that history and its chips, so that undo goes back to it.

use super::Composer;
use super::draft::{Draft, EditedText};

impl Composer {
    /// Undoes the last edit. Returns whether there was one.
    pub(in crate::app::chat) fn undo_edit(&mut self) -> bool {
        if !self.area.undo() {
            let Some(before) = self.replaced.before.pop() else {
                return false;
            };
            let after = self.swap(before);
            self.replaced.after.push(after);
        }
        self.touched();
        true
    }

    /// Redoes the edit that was undone last. Returns whether there was one.
    pub(in crate::app::chat) fn redo_edit(&mut self) -> bool {
        if !self.area.redo() {
            let Some(after) = self.replaced.after.pop() else {
                return false;
            };
            let before = self.swap(after);
            self.replaced.before.push(before);
        }
        self.touched();
        true
    }

    /// Puts a text in the place of the present one, which undo brings back.
    pub(super) fn replace(&mut self, draft: Draft) {
        let nothing_before = self.is_empty() && self.replaced.before.is_empty();
        let old = self.load(draft);
        if nothing_before {
            return;
        }
        self.replaced.push(old);
    }

    /// Puts a text in the place of the present one and returns that; undo skips it.
    pub(super) fn load(&mut self, draft: Draft) -> EditedText {
        self.replaced.edited();
        self.swap(EditedText::of(draft))
    }

    /// Goes from a recalled prompt back to the text that it took the place of.
    pub(super) fn return_to(&mut self, draft: Draft) {
        let is_it = |text: &mut EditedText| text.draft() == draft;
        match self.replaced.before.pop_if(is_it) {
            Some(text) => {
                self.swap(text);
            }
            None => self.replace(draft),
        }
    }

    /// Puts a text in the place of the present one and returns that.
    pub(super) fn swap(&mut self, text: EditedText) -> EditedText {
        let EditedText { area, chips, shell } = text;
        self.growing = None;
        self.changed = true;
        let old = EditedText {
            area: std::mem::replace(&mut self.area, area),
            chips: std::mem::replace(&mut self.chips, chips),
            shell: std::mem::replace(&mut self.shell, shell),
        };
        self.vim_text_replaced(&old.chips);
        old
    }
}
