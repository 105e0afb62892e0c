//! The prompt editor: our keys, prompt history and chips on top of tui-textarea.
//!
//! Input: keys and pastes. Output: exactly the text that was typed and pasted. In the text, a long
//! paste is one private-use character, its chip: it is drawn as a label, moves and is deleted as
//! one, and is expanded when the text leaves. Private-use characters from outside become chips too,
//! so no text can be mistaken for a chip.
//!
//! In reading order: `paste_chips` holds what chips stand for, `layout` wraps the text by display
//! width, `draft` is a text with all that belongs to it, `words` and `edit` move and delete,
//! `edit_history` undoes and redoes, `pasted_path` and `attach` make chips of files, `prompts` has the
//! prompts beside the one that is being written, `shell` is the mark of a shell line, `vim` has vim's
//! keys. The composer does
//! not know what a text is for, and draws nothing: that is `view/composer.rs`.

mod actions;
mod attach;
mod draft;
mod edit;
mod edit_history;
pub(super) mod layout;
pub(super) mod paste_chips;
pub(super) mod pasted_path;
pub(super) mod prompts;
mod shell;
mod vim;
mod words;

use tui_textarea::{CursorMove, TextArea};

use crate::app::input::key::{Key, KeyCode};
use crate::domain::prompt::FileKinds;
use draft::{Draft, EditedText, RECALL_CHARS, ReplacedTexts, fresh, longer_than, normalized};
use layout::ComposerLayout;
use paste_chips::{Chips, has_reserved, is_reserved};
use vim::Vim;
pub(super) use vim::apply::VimUse;

/// A paste with more lines or more characters becomes a chip.
const CHIP_LINES: usize = 10;
const CHIP_CHARS: usize = 1000;
const HISTORY: usize = 200;

/// The last piece of a paste, as long as nothing was edited since.
#[derive(Debug, Clone)]
struct OpenPaste {
    into: PasteTarget,
    /// Where the piece ended; at any other cursor position, the next piece is a paste of its own.
    end: (usize, usize),
}

#[derive(Debug, Clone)]
enum PasteTarget {
    /// In the text, as the newest entry of the undo history.
    Text(String),
    /// In the last chip.
    Chip,
}

/// The editor's state.
#[derive(Debug, Clone)]
pub(super) struct Composer {
    area: TextArea<'static>,
    chips: Chips,
    /// The files that the model of the next prompt does not read.
    unread: FileKinds,
    /// What undo and redo go back to, beyond the edits of this text.
    replaced: ReplacedTexts,
    growing: Option<OpenPaste>,
    /// The prompts of the conversation, oldest first.
    history: Vec<Draft>,
    /// Index into `history` while the user browses it, and the draft to return to.
    browsing: Option<(usize, Draft)>,
    /// The text before the user began to answer a request, and what undo goes back to from there.
    aside: Option<(EditedText, ReplacedTexts)>,
    /// The text before an undone prompt was put there, and after.
    undone: Option<Box<(Draft, Draft)>>,
    /// The text is a line for the shell; its mark `!` is not part of it.
    shell: bool,
    /// Vim's keys, if the user wants them.
    vim: Option<Box<Vim>>,
    /// Counts the edits.
    edits: u64,
    changed: bool,
}

impl PartialEq for Composer {
    fn eq(&self, other: &Self) -> bool {
        self.area.lines() == other.area.lines()
            && self.cursor() == other.cursor()
            && self.chips == other.chips
            && self.history == other.history
            && self.browsing == other.browsing
            && self.aside_draft() == other.aside_draft()
            && self.shell == other.shell
            && self.vim == other.vim
            && self.changed == other.changed
    }
}

impl Default for Composer {
    fn default() -> Self {
        Self {
            area: fresh(Vec::new()),
            chips: Chips::default(),
            unread: FileKinds::default(),
            replaced: ReplacedTexts::default(),
            growing: None,
            history: Vec::new(),
            browsing: None,
            aside: None,
            undone: None,
            shell: false,
            vim: None,
            edits: 0,
            changed: false,
        }
    }
}

/// Where a vertical move ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum VerticalMove {
    Moved,
    /// There is no row in that direction.
    AtEdge,
}

impl Composer {
    pub(super) fn is_empty(&self) -> bool {
        self.area.is_empty() && !self.shell
    }

    /// Whether nothing is written, maybe behind the mark of a shell line.
    pub(super) fn has_no_text(&self) -> bool {
        self.area.is_empty()
    }

    /// Whether there is nothing to send.
    pub(super) fn is_blank(&self) -> bool {
        self.area.lines().iter().all(|line| line.trim().is_empty())
    }

    /// The whole text, chips expanded.
    pub(super) fn text(&self) -> String {
        self.chips.expand(&self.area.lines().join("\n"))
    }

    pub(super) fn lines(&self) -> &[String] {
        self.area.lines()
    }

    /// Changes with each edit.
    pub(super) fn edits(&self) -> u64 {
        self.edits
    }

    /// Replaces what stands between a column of the cursor's line and the cursor.
    pub(super) fn replace_before(&mut self, start: usize, text: &str) {
        let (line, column) = self.cursor();
        self.area.cancel_selection();
        self.area.start_selection();
        self.jump((line, start.min(column)));
        if start < column {
            self.area.delete_char();
        } else {
            self.area.cancel_selection();
        }
        self.area.insert_str(text);
        self.edited();
    }

    /// Returns whether the text changed since the last call.
    pub(super) fn take_changed(&mut self) -> bool {
        std::mem::take(&mut self.changed)
    }

    /// Marks the text as changed again, because the draft could not be stored.
    pub(super) fn set_changed(&mut self) {
        self.changed = true;
    }

    pub(super) fn is_changed(&self) -> bool {
        self.changed
    }

    /// Returns the text to send, with the mark of a shell line, adds it to the history and empties the editor.
    pub(super) fn take(&mut self) -> String {
        let text = self.marked_text();
        self.keep(self.draft());
        // What was sent is in the history of prompts.
        self.browsing = None;
        self.replaced = ReplacedTexts::default();
        self.swap(EditedText::default());
        if let Some(vim) = &mut self.vim {
            vim.begin_text();
        }
        text
    }

    /// Empties the editor; undo brings the text back.
    pub(super) fn clear(&mut self) {
        self.replace(Draft::default());
        self.browsing = None;
    }

    /// Replaces the text; undo brings the old one back.
    pub(super) fn set(&mut self, text: &str) {
        self.replace(Draft {
            shell: self.shell,
            ..Draft::of(text)
        });
        self.browsing = None;
    }

    /// Inserts a text on lines of its own before the present one.
    pub(super) fn prepend(&mut self, text: &str) {
        if self.is_empty() {
            self.set(text);
            return;
        }
        self.area.move_cursor(CursorMove::Top);
        self.area.move_cursor(CursorMove::Head);
        self.paste(&format!("{text}\n"));
    }

    /// Inserts lines at the end, apart from what is written there, and moves the cursor below them.
    pub(super) fn append_quote(&mut self, lines: &str) {
        self.area.move_cursor(CursorMove::Bottom);
        self.area.move_cursor(CursorMove::End);
        let is_apart = self.area.lines().last().is_none_or(String::is_empty);
        let gap = match (self.is_empty(), is_apart) {
            (true, _) => "",
            (false, true) => "\n",
            (false, false) => "\n\n",
        };
        self.paste_as_text(&format!("{gap}{lines}"));
    }

    /// Inserts a pasted text at the cursor.
    pub(super) fn paste(&mut self, text: &str) {
        let text = normalized(text);
        if !text.is_empty() {
            self.insert_paste(text);
        }
    }

    /// Inserts a pasted text at the cursor, which stays one to edit however long it is.
    pub(super) fn paste_as_text(&mut self, text: &str) {
        let text = normalized(text);
        if has_reserved(&text) || longer_than(&text, RECALL_CHARS) {
            self.insert_paste(text);
        } else {
            self.area.insert_str(&text);
            self.edited();
        }
    }

    /// Continues the paste that ended at the cursor: both become one text, or one chip. The cost
    /// depends on the piece only, not on what came before it.
    pub(super) fn paste_more(&mut self, piece: &str) {
        let piece = normalized(piece);
        let end = self.cursor();
        match self.growing.take().filter(|growing| growing.end == end) {
            _ if piece.is_empty() => {}
            Some(growing) => match growing.into {
                PasteTarget::Text(before) => {
                    self.area.undo();
                    self.insert_paste(before + &piece);
                }
                PasteTarget::Chip => {
                    self.chips.push_to_last(&piece);
                    self.edited();
                    self.growing = Some(growing);
                }
            },
            None => self.insert_paste(piece),
        }
    }

    fn insert_paste(&mut self, text: String) {
        let many_lines = text
            .bytes()
            .filter(|b| *b == b'\n')
            .nth(CHIP_LINES - 1)
            .is_some();
        let into = if many_lines || longer_than(&text, CHIP_CHARS) || has_reserved(&text) {
            self.insert_chip(&text);
            PasteTarget::Chip
        } else {
            self.area.insert_str(&text);
            PasteTarget::Text(text)
        };
        self.edited();
        let end = self.cursor();
        self.growing = Some(OpenPaste { into, end });
    }

    fn insert_chip(&mut self, text: &str) {
        if let Some(chip) = self.chips.push(text) {
            self.area.insert_char(chip);
        }
        self.changed = true;
    }

    pub(super) fn newline(&mut self) {
        self.area.insert_newline();
        self.edited();
    }

    /// Handles an editing key. Returns whether it was one.
    pub(super) fn key(&mut self, key: Key) -> bool {
        let is_editing = self.edit_by(key);
        if key.typed().is_none() {
            self.leave_grapheme();
        }
        is_editing
    }

    fn edit_by(&mut self, key: Key) -> bool {
        let edited = match (key.code, key.ctrl, key.alt) {
            (KeyCode::Char(c), false, false) if !c.is_control() => self.insert(c),
            (KeyCode::Char(c), true, false) => return self.control_key(c),
            (KeyCode::Char('d'), false, true) => self.erase_next_word(),
            (KeyCode::Backspace, _, true) => self.erase_word(),
            (KeyCode::Backspace, _, _) => self.erase_back(),
            (KeyCode::Delete, _, _) => self.erase_next(),
            (KeyCode::Char('b'), false, true)
            | (KeyCode::Left, true, _)
            | (KeyCode::Left, _, true) => return self.word_back(),
            (KeyCode::Char('f'), false, true)
            | (KeyCode::Right, true, _)
            | (KeyCode::Right, _, true) => return self.word_forward(),
            (KeyCode::Left, _, _) => return self.step(CursorMove::Back),
            (KeyCode::Right, _, _) => return self.step(CursorMove::Forward),
            (KeyCode::Home, _, _) => return self.go(CursorMove::Head),
            (KeyCode::End, _, _) => {
                self.go_to_line_end();
                return true;
            }
            _ => return false,
        };
        if edited {
            self.edited();
        }
        true
    }

    /// The readline keys.
    fn control_key(&mut self, c: char) -> bool {
        let edited = match c {
            'a' => return self.go(CursorMove::Head),
            'e' => {
                self.go_to_line_end();
                return true;
            }
            'b' => return self.step(CursorMove::Back),
            'f' => return self.step(CursorMove::Forward),
            'd' if !self.is_empty() => self.erase_next(),
            'h' => self.erase_back(),
            'k' => self.area.delete_line_by_end(),
            'u' => self.area.delete_line_by_head(),
            'w' => self.erase_word(),
            'y' => self.area.paste(),
            _ => return false,
        };
        if edited {
            self.edited();
        }
        true
    }

    fn insert(&mut self, c: char) -> bool {
        if is_reserved(c) {
            self.insert_chip(c.encode_utf8(&mut [0; 4]));
        } else {
            self.area.insert_char(c);
        }
        true
    }

    fn go(&mut self, to: CursorMove) -> bool {
        self.area.move_cursor(to);
        true
    }

    /// Moves the cursor one row up or down on the screen.
    pub(super) fn vertical(&mut self, down: bool, width: u16) -> VerticalMove {
        let layout = self.layout(width);
        match layout::neighbour(&layout, down) {
            Some((line, col)) => {
                let fit = |n: usize| u16::try_from(n).unwrap_or(u16::MAX);
                self.area.move_cursor(CursorMove::Jump(fit(line), fit(col)));
                VerticalMove::Moved
            }
            None => VerticalMove::AtEdge,
        }
    }

    /// Line and char index of the cursor.
    pub(super) fn cursor(&self) -> (usize, usize) {
        let cursor = self.area.cursor();
        (cursor.0, cursor.1)
    }

    /// The rows of the text at this width.
    pub(super) fn layout(&self, width: u16) -> ComposerLayout {
        layout::lay_out(self.area.lines(), self.cursor(), width, &|c| {
            self.chips.label(c, self.unread)
        })
    }

    /// The rows around the cursor, up to `height` on each side. Lines further away are not laid
    /// out; otherwise each key would cost more the longer the text is.
    pub(super) fn window(&self, width: u16, height: u16) -> ComposerLayout {
        let margin = usize::from(height);
        let (line, column) = self.cursor();
        let lines = self.area.lines();
        let first = line.saturating_sub(margin);
        let last = lines.len().min(line + margin + 1);
        let near = lines.get(first..last).unwrap_or_default();
        let layout = layout::lay_out(near, (line - first, column), width, &|c| {
            self.chips.label(c, self.unread)
        });
        ComposerLayout {
            first_line: first,
            ..layout
        }
    }

    fn edited(&mut self) {
        self.replaced.edited();
        self.touched();
    }

    /// The text is another one than before.
    fn touched(&mut self) {
        self.changed = true;
        self.edits = self.edits.wrapping_add(1);
        self.browsing = None;
        self.growing = None;
        if let Some(vim) = &mut self.vim {
            vim.changed_elsewhere();
        }
    }

    fn draft(&self) -> Draft {
        Draft {
            text: self.area.lines().join("\n"),
            chips: self.chips.clone(),
            shell: self.shell,
        }
    }
}
