//! Files of this machine as chips in the text.

use std::ops::Range;
use std::sync::Arc;

use super::Composer;
use crate::app::chat::Chat;
use crate::app::cx::Cx;
use crate::app::effect::Effect;
use crate::domain::prompt::{Attachment, FileKinds, LocalFile, PromptKind};
use crate::domain::session::{ComposerChange, DraftFile, Prompt};

impl Composer {
    /// The files in the text, each with its place in [`Composer::text`].
    pub(in crate::app::chat) fn files(&self) -> Vec<(Range<usize>, LocalFile)> {
        self.chips.files(&self.area.lines().join("\n"))
    }

    /// The files in the unsent text, also in what is set aside.
    fn unsent_files(&self) -> Vec<LocalFile> {
        let aside = self.aside_draft();
        let aside = aside
            .iter()
            .flat_map(|draft| draft.chips.files(&draft.text));
        let all = aside.chain(self.files()).map(|(_, file)| file);
        let mut files: Vec<LocalFile> = Vec::new();
        for file in all {
            if !files.iter().any(|known| is_same(known, &file)) {
                files.push(file);
            }
        }
        files
    }

    /// The stored files that the text names become chips again.
    pub(in crate::app::chat) fn attach_stored(&mut self, files: &[DraftFile]) {
        for DraftFile { file, .. } in files.iter().rev() {
            let named = format!("[{}]", file.name);
            // The same file may be there several times.
            while self.attach(&named, file.clone())
                && !files
                    .iter()
                    .any(|other| other.file.name == file.name && !is_same(&other.file, file))
            {
            }
        }
    }

    /// Puts a file in the place of this text, if it is still there; the cursor stays where it is in the rest of the
    /// text: reading the file takes a while, and the user may type on.
    pub(in crate::app::chat) fn attach(&mut self, in_place_of: &str, file: LocalFile) -> bool {
        let lines = self.area.lines().iter().enumerate();
        let mut found = lines.filter_map(|(row, line)| Some((row, line.rfind(in_place_of)?)));
        let Some((row, at)) = found.next_back().filter(|_| !in_place_of.is_empty()) else {
            return false;
        };
        let column = self.area.lines()[row][..at].chars().count();
        let (Ok(to_row), Ok(to_column)) = (u16::try_from(row), u16::try_from(column)) else {
            return false;
        };
        let Some(chip) = self.chips.push_file(file) else {
            return false;
        };
        let cursor = self.cursor();
        let length = in_place_of.chars().count();
        self.replace_at((to_row, to_column), length, chip);
        self.jump(match cursor {
            (line, at) if line == row && at >= column + length => (line, at - length + 1),
            (line, at) if line == row && at > column => (line, column + 1),
            elsewhere => elsewhere,
        });
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
        // From the end: the last one of a name stands last.
        for part in prompt.parts.iter().rev() {
            let place = part.place.clone();
            let named = place.and_then(|place| prompt.text.get(place));
            if let (Attachment::Local(file), Some(named)) = (&part.what, named) {
                self.attach(named, file.clone());
            }
        }
    }
}

impl Chat {
    /// Runs after each event: the model of the next prompt may be another one.
    pub fn note_unread_files(&mut self) {
        if self.composer.has_no_text() {
            return;
        }
        let model = self.model().and_then(|model| self.catalog.model(model));
        self.composer.unread = model.map_or(FileKinds::default(), |model| model.abilities.unread);
    }

    /// The model of the next prompt, if it does not read a file that is attached or named.
    pub fn model_without_files(&self) -> Option<&str> {
        let model = self.catalog.model(self.model()?)?;
        let lines = self.composer.lines().iter();
        let mut chips = lines.map(|line| {
            self.composer
                .chips
                .has_file_of(model.abilities.unread, line)
        });
        let is_unread = |what: &Attachment| {
            matches!(what, Attachment::SandboxFile { path, .. }
                if model.abilities.unread.include_path(path))
        };
        let has_chip = chips.any(|has| has);
        let named = || self.completion.mentions.found(&self.composer.text());
        let is_any = has_chip || named().iter().any(|(_, what)| is_unread(what));
        is_any.then_some(model.name.as_str())
    }

    /// Has the files of the unsent text stored that are not, and those removed that are there no more. The text
    /// is stored at each pause of the typing, and they may be large.
    pub(in crate::app::chat) fn save_draft_files(&mut self, cx: &mut Cx<'_>) {
        let unsent = self.composer.unsent_files();
        let key = self.key.clone();
        self.stored_files.retain(|stored| {
            let is_there = unsent.iter().any(|file| is_same(file, &stored.file));
            if !is_there {
                let change = ComposerChange::DetachFile(stored.id.clone());
                cx.ask(Effect::KeepComposer(key.clone(), change));
            }
            is_there
        });
        for file in unsent {
            if self
                .stored_files
                .iter()
                .any(|stored| is_same(&stored.file, &file))
            {
                continue;
            }
            let id = cx.ids.part(cx.wall);
            let file = DraftFile { id, file };
            self.stored_files.push(file.clone());
            let change = ComposerChange::AttachFile(file);
            cx.ask(Effect::KeepComposer(self.key.clone(), change));
        }
    }
}

/// Whether two files are one; the contents of a copy are not compared.
fn is_same(one: &LocalFile, other: &LocalFile) -> bool {
    let is_copy = Arc::ptr_eq(&one.base64, &other.base64);
    one.name == other.name && (is_copy || one.base64 == other.base64)
}
