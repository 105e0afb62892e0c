//! The texts behind the composer's chips.
//!
//! A chip is one private-use character; its text is kept here and measured as it grows, so that a
//! label costs nothing, however long the text is. This module does not know where in the composer a
//! chip's character is, or whether it still exists: an undo may restore one.

use std::ops::Range;

use crate::domain::prompt::{FileKinds, LocalFile};

const BASE: u32 = 0x10_0000;
const MAX: usize = 0xfff0;

#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Chip {
    text: String,
    chars: usize,
    newlines: usize,
    /// The file that it stands for; then the text names it.
    file: Option<LocalFile>,
}

/// `0[n]` is the text of the character `BASE + n`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in crate::app::chat) struct Chips(Vec<Chip>);

impl Chips {
    /// Adds a text and returns its character. When no character is free, the text is appended to
    /// the last chip, so that nothing is lost, and there is no character to insert.
    pub(in crate::app::chat) fn push(&mut self, text: &str) -> Option<char> {
        let free = (self.0.len() < MAX).then(|| chip(self.0.len()));
        if free.is_some() {
            self.0.push(Chip::default());
        }
        self.push_to_last(text);
        free
    }

    /// Adds a file and returns its character, if one is free.
    pub(in crate::app::chat) fn push_file(&mut self, file: LocalFile) -> Option<char> {
        let c = (self.0.len() < MAX).then(|| chip(self.0.len()))?;
        self.0.push(Chip {
            text: format!("[{}]", file.name),
            file: Some(file),
            ..Chip::default()
        });
        Some(c)
    }

    /// The files in a text, each with its place in the expanded text.
    pub(in crate::app::chat) fn files(&self, text: &str) -> Vec<(Range<usize>, LocalFile)> {
        let mut files = Vec::new();
        let mut at = 0;
        for c in text.chars() {
            let chip = index_of(c).and_then(|index| self.0.get(index));
            let length = chip.map_or(c.len_utf8(), |chip| chip.text.len());
            if let Some(file) = chip.and_then(|chip| chip.file.clone()) {
                files.push((at..at + length, file));
            }
            at += length;
        }
        files
    }

    /// Appends to the last chip.
    pub(in crate::app::chat) fn push_to_last(&mut self, text: &str) {
        if let Some(last) = self.0.last_mut() {
            last.text.push_str(text);
            last.chars += text.chars().count();
            last.newlines += text.bytes().filter(|b| *b == b'\n').count();
        }
    }

    /// Whether the files in a text include one of these kinds.
    pub(in crate::app::chat) fn has_file_of(&self, kinds: FileKinds, text: &str) -> bool {
        let chips = text.chars().filter_map(|c| self.0.get(index_of(c)?));
        let mut files = chips.filter_map(|chip| chip.file.as_ref());
        files.any(|file| kinds.include(&file.mime))
    }

    /// The label of a character, if it is a chip; of a file in these kinds it says that the model does not read it.
    pub(in crate::app::chat) fn label(&self, c: char, unread: FileKinds) -> Option<String> {
        let index = index_of(c)?;
        let Chip {
            text,
            chars,
            newlines,
            file,
        } = self.0.get(index)?;
        if let Some(file) = file {
            let name = &file.name;
            let unread = if unread.include(&file.mime) {
                " · not read by this model"
            } else {
                ""
            };
            return Some(format!(
                "[{name} · {} · {}{unread}]",
                file.mime,
                size(file.bytes)
            ));
        }
        let number = index + 1;
        let lines = newlines + usize::from(!text.ends_with('\n'));
        Some(if lines > 1 {
            format!("[paste {number}: {lines} lines]")
        } else {
            format!("[paste {number}: {chars} chars]")
        })
    }

    /// The text with its chips expanded.
    pub(in crate::app::chat) fn expand(&self, text: &str) -> String {
        let mut whole = String::with_capacity(text.len());
        for c in text.chars() {
            match index_of(c).and_then(|index| self.0.get(index)) {
                Some(chip) => whole.push_str(&chip.text),
                None => whole.push(c),
            }
        }
        whole
    }
}

/// Whether a character could be mistaken for a chip.
pub(in crate::app::chat) fn is_reserved(c: char) -> bool {
    u32::from(c) >= BASE
}

pub(in crate::app::chat) fn has_reserved(text: &str) -> bool {
    text.chars().any(is_reserved)
}

/// In the largest unit that leaves at least 1 of it.
fn size(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{} kB", bytes / 1_000),
        _ => format!("{}.{} MB", bytes / 1_000_000, bytes / 100_000 % 10),
    }
}

fn chip(index: usize) -> char {
    u32::try_from(index)
        .ok()
        .and_then(|index| char::from_u32(BASE + index))
        .unwrap_or(char::REPLACEMENT_CHARACTER)
}

fn index_of(c: char) -> Option<usize> {
    usize::try_from(u32::from(c).checked_sub(BASE)?).ok()
}
