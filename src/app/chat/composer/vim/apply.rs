//! Applies vim's keys to the composer.

use super::VimStep;
use super::edit::VimEdit;
use super::text::VimText;
use crate::app::chat::composer::Composer;
use crate::app::chat::composer::draft::{RECALL_CHARS, longer_than};
use crate::app::chat::composer::paste_chips::{Chips, is_reserved};
use crate::app::input::key::Key;

/// The editor undoes at most this many steps.
const MOST_STEPS: usize = 1_000;

/// What became of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::app::chat) enum VimUse {
    /// It is a key of the composer without vim.
    None,
    Used,
    /// The cursor moves so many rows of the screen.
    Rows {
        down: bool,
        times: usize,
    },
}

impl Composer {
    /// Vim's keys are wanted.
    pub(in crate::app::chat) fn use_vim(&mut self) {
        self.vim.get_or_insert_default();
    }

    /// The name of vim's mode, if its keys are wanted.
    pub(in crate::app::chat) fn vim_mode(&self) -> Option<String> {
        self.vim.as_ref().map(|vim| vim.mode_name())
    }

    /// Whether keys are commands, not text.
    pub(in crate::app::chat) fn is_commanded(&self) -> bool {
        self.vim.as_ref().is_some_and(|vim| !vim.is_inserting())
    }

    /// Whether vim takes this key before all others.
    pub(in crate::app::chat) fn vim_claims(&self, key: Key) -> bool {
        self.vim.as_ref().is_some_and(|vim| vim.claims(key))
    }

    /// What is selected, as lines and char indices; a block has a piece in each line.
    pub(in crate::app::chat) fn selection(&self) -> Vec<((usize, usize), (usize, usize))> {
        let vim = self.vim.as_ref().filter(|vim| !vim.is_inserting());
        let text = || VimText::new(self.area.lines(), self.cursor());
        vim.map_or_else(Vec::new, |vim| vim.selection(&text()))
    }

    /// Handles a key by vim's rules.
    pub(in crate::app::chat) fn vim_key(&mut self, key: Key) -> VimUse {
        if !self.is_commanded() && !self.vim_claims(key) {
            return VimUse::None;
        }
        let Some(mut vim) = self.vim.take() else {
            return VimUse::None;
        };
        let text = VimText::new(self.area.lines(), self.cursor());
        let step = vim.key(key, &text);
        let commanded = !vim.is_inserting();
        self.vim = Some(vim);
        let mut used = VimUse::Used;
        match step {
            VimStep::Pass => used = VimUse::None,
            VimStep::Nothing => {}
            VimStep::Edit(edit) => self.apply_edit(&edit),
            VimStep::Undo(times) => self.step_changes(true, times),
            VimStep::Redo(times) => self.step_changes(false, times),
            VimStep::Row { down, times } => used = VimUse::Rows { down, times },
        }
        if commanded && used == VimUse::Used {
            self.stand_on_grapheme();
        }
        used
    }

    fn apply_edit(&mut self, edit: &VimEdit) {
        if edit.from != edit.to || !edit.text.is_empty() {
            if longer_than(&edit.text, RECALL_CHARS) {
                self.replace_between(edit.from, edit.to, "");
                self.insert_chip(&edit.text);
            } else {
                self.replace_between(edit.from, edit.to, &edit.text);
            }
        }
        let place = self.place_of(edit.cursor);
        self.jump(place);
    }

    /// The line and char index of a char of the whole text.
    fn place_of(&self, mut at: usize) -> (usize, usize) {
        let lines = self.area.lines();
        for (number, line) in lines.iter().enumerate() {
            let length = line.chars().count();
            if at <= length {
                return (number, at);
            }
            at -= length + 1;
        }
        let last = lines.len().saturating_sub(1);
        (last, lines.last().map_or(0, |line| line.chars().count()))
    }

    /// Outside insert mode the cursor stands on a grapheme, unless its line is empty.
    fn stand_on_grapheme(&mut self) {
        let text = VimText::new(self.area.lines(), self.cursor());
        let place = text.place_to_stand();
        if place != self.cursor() {
            self.jump(place);
        }
    }

    /// Undoes or redoes whole changes: all steps of the editor between two texts.
    fn step_changes(&mut self, back: bool, times: usize) {
        for _ in 0..times.min(MOST_STEPS) {
            let now = self.area.lines().join("\n");
            let vim = self.vim.as_mut();
            let target = vim.and_then(|vim| vim.change_target(back, now));
            let text = target.as_ref().map(|(text, _)| text.as_str());
            if !self.step_to(back, text) {
                break;
            }
            if let Some((_, at)) = target {
                let place = self.place_of(at);
                self.jump(place);
            }
        }
    }

    fn step_to(&mut self, back: bool, target: Option<&str>) -> bool {
        let Some(target) = target else {
            return self.step_edit(back);
        };
        let mut steps = 0;
        while self.area.lines().join("\n") != target && steps < MOST_STEPS && self.step_edit(back) {
            steps += 1;
        }
        if self.area.lines().join("\n") == target {
            return true;
        }
        // The text was changed by other means: one step is what is sure to be meant.
        for _ in 1..steps {
            self.step_edit(!back);
        }
        steps > 0
    }

    fn step_edit(&mut self, back: bool) -> bool {
        if back {
            self.undo_edit()
        } else {
            self.redo_edit()
        }
    }

    /// Another text came: what vim keeps of the old one holds no chips any more.
    pub(in crate::app::chat::composer) fn vim_text_replaced(&mut self, old: &Chips) {
        let (line, column) = self.cursor();
        let lines = self.area.lines();
        let before = lines.iter().take(line).map(|line| line.chars().count() + 1);
        let at = before.sum::<usize>() + column;
        let text = lines.join("\n");
        if let Some(vim) = &mut self.vim {
            let written = |text: &str| old.expand(text).replace(is_reserved, "");
            vim.replaced(text, at, written);
        }
    }
}
