//! A text of the composer with all that belongs to it: its chips, the mark of a shell line, its undo history.

use tui_textarea::{CursorMove, TextArea};

use super::paste_chips::{Chips, has_reserved};

/// Recalled text up to this size stays editable instead of becoming a chip.
pub(super) const RECALL_CHARS: usize = 8000;
/// The edits of a text that can be undone.
const UNDO: usize = 500;
/// At most this many replaced texts can be brought back.
const MOST: usize = 50;

/// A text with its chips, as the history stores it.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Draft {
    pub(super) text: String,
    pub(super) chips: Chips,
    pub(super) shell: bool,
}

impl Draft {
    /// A text from outside; what is too long to edit, or could be mistaken for a chip, becomes one.
    pub(super) fn of(text: &str) -> Self {
        let text = normalized(text);
        let mut chips = Chips::default();
        let text = if longer_than(&text, RECALL_CHARS) || has_reserved(&text) {
            chips.push(&text).map(String::from).unwrap_or_default()
        } else {
            text
        };
        Self {
            text,
            chips,
            shell: false,
        }
    }

    /// The whole text, chips expanded, with the mark of a shell line.
    pub(super) fn marked_text(&self) -> String {
        marked(self.shell, self.chips.expand(&self.text))
    }
}

/// A text with its cursor, its chips and its undo history.
#[derive(Debug, Clone)]
pub(super) struct EditedText {
    pub(super) area: TextArea<'static>,
    pub(super) chips: Chips,
    pub(super) shell: bool,
}

impl Default for EditedText {
    fn default() -> Self {
        Self {
            area: fresh(Vec::new()),
            chips: Chips::default(),
            shell: false,
        }
    }
}

impl EditedText {
    /// A text as it is loaded, with the cursor at its end.
    pub(super) fn of(draft: Draft) -> Self {
        let mut area = fresh(draft.text.split('\n').map(str::to_owned).collect());
        area.move_cursor(CursorMove::Bottom);
        area.move_cursor(CursorMove::End);
        Self {
            area,
            chips: draft.chips,
            shell: draft.shell,
        }
    }

    pub(super) fn draft(&self) -> Draft {
        Draft {
            text: self.area.lines().join("\n"),
            chips: self.chips.clone(),
            shell: self.shell,
        }
    }
}

/// The texts around the present one.
#[derive(Debug, Clone, Default)]
pub(super) struct ReplacedTexts {
    /// The last one was replaced by the present text.
    pub(super) before: Vec<EditedText>,
    /// The last one is the first to redo.
    pub(super) after: Vec<EditedText>,
}

impl ReplacedTexts {
    /// The present text takes the place of this one.
    pub(super) fn push(&mut self, text: EditedText) {
        self.before.push(text);
        if self.before.len() > MOST {
            self.before.remove(0);
        }
    }

    /// Something was edited: there is nothing to redo any more.
    pub(super) fn edited(&mut self) {
        self.after.clear();
    }
}

pub(super) fn fresh(lines: Vec<String>) -> TextArea<'static> {
    let mut area = TextArea::new(lines);
    area.set_max_histories(UNDO);
    area
}

/// The text with the mark of a shell line, if it is one.
pub(super) fn marked(shell: bool, text: String) -> String {
    if shell { format!("!{text}") } else { text }
}

pub(super) fn normalized(text: &str) -> String {
    if text.contains('\r') {
        text.replace("\r\n", "\n").replace('\r', "\n")
    } else {
        text.to_owned()
    }
}

pub(super) fn longer_than(text: &str, chars: usize) -> bool {
    text.len() > chars && text.chars().nth(chars).is_some()
}
