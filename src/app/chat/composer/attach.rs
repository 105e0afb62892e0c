//! Files of this machine as chips in the text.

use std::ops::Range;

use super::Composer;
use crate::domain::prompt::{Attachment, LocalFile, PromptKind};
use crate::domain::session::Prompt;

impl Composer {
    /// The files in the text, each with its place in [`Composer::text`].
    pub(in crate::app::chat) fn files(&self) -> Vec<(Range<usize>, LocalFile)> {
        self.chips.files(&self.area.lines().join("\n"))
    }

    /// Puts a file in the place of this text, if it is still there; the cursor goes behind it.
    pub(in crate::app::chat) fn attach(&mut self, in_place_of: &str, file: LocalFile) -> bool {
        let lines = self.area.lines().iter().enumerate();
        let mut found = lines.filter_map(|(row, line)| Some((row, line.rfind(in_place_of)?)));
        let Some((row, at)) = found.next_back().filter(|_| !in_place_of.is_empty()) else {
            return false;
        };
        let column = self.area.lines()[row][..at].chars().count();
        let (Ok(row), Ok(column)) = (u16::try_from(row), u16::try_from(column)) else {
            return false;
        };
        let Some(chip) = self.chips.push_file(file) else {
            return false;
        };
        self.replace_at((row, column), in_place_of.chars().count(), chip);
        true
    }

    /// Puts a file at the cursor.
    pub(in crate::app::chat) fn attach_here(&mut self, file: LocalFile) {
        if let Some(chip) = self.chips.push_file(file) {
            self.area.insert_char(chip);
            self.edited();
        }
    }

    /// Puts a prompt back that was not sent, with its files.
    pub(in crate::app::chat) fn put_back_prompt(&mut self, prompt: &Prompt) {
        let is_shell = prompt.kind == PromptKind::Shell;
        self.put_back(&prompt.text, is_shell);
        self.put_files_back(prompt);
    }

    /// The files that the text names become chips again.
    pub(super) fn put_files_back(&mut self, prompt: &Prompt) {
        for part in &prompt.parts {
            let place = part.place.clone();
            let named = place.and_then(|place| prompt.text.get(place));
            if let (Attachment::Local(file), Some(named)) = (&part.what, named) {
                self.attach(named, file.clone());
            }
        }
    }
}
