//! Vim's keys in the composer: keys and the text go in, edits come out.
//!
//! In reading order: `command` is what keys mean, `parse` reads them, `text` is the text as
//! graphemes, `motion`, `object` and `block` find the part that a command is about, `edit` says what becomes
//! of it, `plan` puts them together for one command, `apply` is the composer's side. [`Vim`] keeps the
//! mode and what commands go back to: the register, the last change, the last find. It changes
//! nothing itself: the composer applies what it returns.

pub(super) mod apply;
mod block;
mod command;
mod edit;
mod motion;
mod object;
mod parse;
mod plan;
mod text;

#[cfg(test)]
mod tests;

use std::ops::Range;

use crate::app::input::key::{Key, KeyCode};
use block::BlockInsert;
use command::{CountedCommand, FindChar, SelectionShape, TextBlock, VimCommand};
use edit::{PlannedEdit, Register, VimEdit, keeps_column, typed_again};
use motion::{TakenText, taken};
use parse::ParsedKeys;
use text::VimText;

/// At most so many changes are undone as one.
const MOST_UNDO: usize = 200;

/// What keys mean now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum VimMode {
    Insert,
    Normal,
    /// Text is selected from the anchor, an index of a grapheme, to the cursor.
    Visual {
        anchor: usize,
        shape: SelectionShape,
    },
}

/// What a key does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum VimStep {
    /// Vim has no use for the key.
    Pass,
    /// More keys follow, or there is nothing to do.
    Nothing,
    Edit(VimEdit),
    Undo(usize),
    Redo(usize),
    /// So many rows of the screen up or down.
    Row {
        down: bool,
        times: usize,
    },
}

/// The change that `.` repeats.
#[derive(Debug, Clone, PartialEq, Eq)]
struct RepeatableChange {
    command: CountedCommand,
    /// What was typed after it.
    typed: String,
}

/// The text at the beginning of insert mode, and the cursor in it, in chars.
#[derive(Debug, Clone, PartialEq, Eq)]
struct InsertStart {
    text: String,
    at: usize,
    /// The command had changed the text before, so that both are undone as one.
    changed: bool,
}

/// The state of vim's keys in one composer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Vim {
    mode: VimMode,
    /// The keys of a command that is not complete.
    typed: Vec<char>,
    register: Register,
    last_find: Option<FindChar>,
    /// The column that moves up and down keep.
    column: Option<usize>,
    last_change: Option<RepeatableChange>,
    /// The command that began insert mode.
    inserting: Option<CountedCommand>,
    /// What is typed goes into all lines of a block.
    block_insert: Option<BlockInsert>,
    insert_start: InsertStart,
    /// The texts before each change and after each undone one, each with the place of the change.
    before: Vec<(String, usize)>,
    after: Vec<(String, usize)>,
}

impl Default for Vim {
    fn default() -> Self {
        Self {
            mode: VimMode::Insert,
            typed: Vec::new(),
            register: Register::default(),
            last_find: None,
            column: None,
            last_change: None,
            inserting: None,
            block_insert: None,
            insert_start: InsertStart {
                text: String::new(),
                at: 0,
                changed: false,
            },
            before: Vec::new(),
            after: Vec::new(),
        }
    }
}

impl Vim {
    /// The mode's name, with the keys of a command that is not complete.
    pub(super) fn mode_name(&self) -> String {
        let mode = match self.mode {
            VimMode::Insert => "INSERT",
            VimMode::Normal => "NORMAL",
            VimMode::Visual { shape, .. } => match shape {
                SelectionShape::Chars => "VISUAL",
                SelectionShape::Lines => "VISUAL LINE",
                SelectionShape::Block => "VISUAL BLOCK",
            },
        };
        let typed: String = self.typed.iter().collect();
        format!("{mode} {typed}").trim_end().to_owned()
    }

    pub(super) fn is_inserting(&self) -> bool {
        self.mode == VimMode::Insert
    }

    /// Whether the key belongs to vim, whatever it means elsewhere.
    pub(super) fn claims(&self, key: Key) -> bool {
        let at_rest = self.mode == VimMode::Normal && self.typed.is_empty();
        match key.code {
            KeyCode::Esc => !at_rest && key == Key::plain(KeyCode::Esc),
            KeyCode::Char('r' | 'v') => {
                (key == Key::ctrl('r') || key == Key::ctrl('v')) && !self.is_inserting()
            }
            _ => false,
        }
    }

    /// What is selected, as lines and char indices; the ends are not part of it. A block has a piece in each line.
    pub(super) fn selection(&self, text: &VimText) -> Vec<((usize, usize), (usize, usize))> {
        let places = |range: Range<usize>| (text.place(range.start), text.place(range.end));
        if let Some(block) = self.block(text) {
            return block.pieces(text).into_iter().map(places).collect();
        }
        let selected = self.selected(text).into_iter();
        selected.map(|taken| places(taken.range)).collect()
    }

    fn selected(&self, text: &VimText) -> Option<TakenText> {
        let VimMode::Visual { anchor, shape } = self.mode else {
            return None;
        };
        let (start, end) = (anchor.min(text.cursor), anchor.max(text.cursor));
        let end = end.min(text.len());
        let start = start.min(end);
        match shape {
            SelectionShape::Lines => Some(taken(text.line_start(start)..text.line_end(end), true)),
            SelectionShape::Chars => Some(taken(start..(end + 1).min(text.len()), false)),
            SelectionShape::Block => None,
        }
    }

    /// The block that is selected.
    fn block(&self, text: &VimText) -> Option<TextBlock> {
        match self.mode {
            VimMode::Visual {
                anchor,
                shape: SelectionShape::Block,
            } => Some(TextBlock::between(
                text,
                anchor.min(text.len()),
                text.cursor,
            )),
            _ => None,
        }
    }

    /// The text became another one by other means than these keys.
    pub(super) fn changed_elsewhere(&mut self) {
        self.typed.clear();
        if self.mode != VimMode::Insert {
            self.mode = VimMode::Normal;
        }
    }

    /// Another text stands in the composer. What a chip stood for in the old one is written out.
    pub(super) fn replaced(&mut self, text: String, at: usize, expand: impl Fn(&str) -> String) {
        self.changed_elsewhere();
        self.register.text = expand(&self.register.text);
        if let Some(change) = &mut self.last_change {
            change.typed = expand(&change.typed);
        }
        self.insert_start = InsertStart {
            text,
            at,
            changed: false,
        };
    }

    /// The next text is typed.
    pub(super) fn begin_text(&mut self) {
        self.mode = VimMode::Insert;
        self.inserting = None;
        self.block_insert = None;
    }

    /// Handles a key outside insert mode, and the one that leaves it.
    pub(super) fn key(&mut self, key: Key, text: &VimText) -> VimStep {
        if key == Key::plain(KeyCode::Esc) {
            return self.escape(text);
        }
        if self.is_inserting() {
            return VimStep::Pass;
        }
        if key == Key::ctrl('r') {
            self.typed.clear();
            return VimStep::Redo(1);
        }
        let block = (key == Key::ctrl('v')).then_some(parse::BLOCK);
        let Some(c) = block.or(named(key)).or_else(|| key.typed()) else {
            self.typed.clear();
            return VimStep::Pass;
        };
        self.typed.push(c);
        let selecting = matches!(self.mode, VimMode::Visual { .. });
        match parse::parse(&self.typed, selecting) {
            ParsedKeys::Incomplete => VimStep::Nothing,
            ParsedKeys::Unknown => {
                self.typed.clear();
                VimStep::Nothing
            }
            ParsedKeys::Command(command) => {
                self.typed.clear();
                self.perform(command, text)
            }
        }
    }

    fn escape(&mut self, text: &VimText) -> VimStep {
        let was = self.mode;
        self.typed.clear();
        match was {
            VimMode::Normal => return VimStep::Nothing,
            VimMode::Visual { .. } => self.mode = VimMode::Normal,
            VimMode::Insert => {
                if let Some(more) = self.end_insert(text) {
                    return VimStep::Edit(more.placed(text));
                }
                let back = text
                    .cursor
                    .saturating_sub(1)
                    .max(text.line_start(text.cursor));
                return VimStep::Edit(PlannedEdit::to(text, back).placed(text));
            }
        }
        VimStep::Nothing
    }

    /// Insert mode ends: what was typed is what stands between what stood around the cursor. Returns what follows
    /// from it elsewhere: it is typed again, or in the other lines of a block.
    fn end_insert(&mut self, text: &VimText) -> Option<PlannedEdit> {
        self.mode = VimMode::Normal;
        let command = self.inserting.take();
        let block = self.block_insert.take();
        let now = text.slice(0..text.len());
        let start = self.insert_start.clone();
        if now == start.text {
            return None;
        }
        if !start.changed {
            self.begin_change(start.text.clone(), start.at);
        }
        let split = start.text.char_indices().nth(start.at);
        let split = split.map_or(start.text.len(), |(byte, _)| byte);
        let (head, tail) = start.text.split_at(split);
        let typed = now
            .strip_prefix(head)
            .and_then(|rest| rest.strip_suffix(tail))?;
        let command = command?;
        let typed = typed.to_owned();
        if let Some(block) = block {
            let below = block.repeated(text, &typed);
            self.last_change = Some(RepeatableChange { command, typed });
            return below;
        }
        let more = typed_again(command, &typed);
        let end = start.at + typed.chars().count();
        self.last_change = Some(RepeatableChange { command, typed });
        if more.is_empty() {
            return None;
        }
        let at = text.index_of(end);
        let last = more.chars().count() - 1;
        Some(PlannedEdit::new(at..at, more, last))
    }

    /// Notes the text before a change, and where in it that is.
    fn begin_change(&mut self, text: String, at: usize) {
        self.after.clear();
        self.before.push((text, at));
        if self.before.len() > MOST_UNDO {
            self.before.remove(0);
        }
    }

    /// The text that undo goes back to, or redo goes on to, and the place of the change, if they are
    /// known; `now` is the present text.
    pub(super) fn change_target(&mut self, back: bool, now: String) -> Option<(String, usize)> {
        let (from, to) = if back {
            (&mut self.before, &mut self.after)
        } else {
            (&mut self.after, &mut self.before)
        };
        let (target, at) = from.pop()?;
        to.push((now, at));
        Some((target, at))
    }

    fn perform(&mut self, counted: CountedCommand, text: &VimText) -> VimStep {
        let CountedCommand { count, command } = counted;
        let times = count.unwrap_or(1).max(1);
        let column = self.column.take();
        let here = text.cursor - text.line_start(text.cursor).min(text.cursor);
        let column = column.unwrap_or(here);
        if keeps_column(command) {
            self.column = Some(column);
        }
        match command {
            VimCommand::Undo => return VimStep::Undo(times),
            VimCommand::Row { down } => return VimStep::Row { down, times },
            VimCommand::Select(shape) => return self.select(text, shape),
            VimCommand::Repeat => return self.repeat(count, text, column),
            _ => {}
        }
        let Some(planned) = self.planned(counted, text, column) else {
            return VimStep::Nothing;
        };
        self.note(counted, &planned, text);
        VimStep::Edit(planned.placed(text))
    }

    /// Remembers the change for `.` and `u`, and changes the mode.
    fn note(&mut self, counted: CountedCommand, planned: &PlannedEdit, text: &VimText) {
        let now = text.slice(0..text.len());
        let moves = !planned.changes() && !planned.inserts;
        let counted = self.repeatable(counted, text);
        if planned.inserts {
            let mut edited = now.clone();
            let (start, end) = (planned.range.start, planned.range.end);
            if planned.changes() {
                edited = text.slice(0..start) + &planned.text + &text.slice(end..text.len());
                self.begin_change(now, text.char_of(start));
            }
            self.insert_start = InsertStart {
                text: edited,
                at: text.char_of(start).saturating_add_signed(planned.cursor),
                changed: planned.changes(),
            };
            self.inserting = Some(counted);
            self.mode = VimMode::Insert;
            return;
        }
        if planned.changes() {
            self.begin_change(now, text.char_of(planned.range.start));
            self.last_change = Some(RepeatableChange {
                command: counted,
                typed: String::new(),
            });
        }
        let yanks = matches!(counted.command, VimCommand::Operate(..));
        if !moves || yanks {
            self.mode = VimMode::Normal;
        }
    }

    fn select(&mut self, text: &VimText, shape: SelectionShape) -> VimStep {
        self.mode = match self.mode {
            VimMode::Visual { shape: now, .. } if now == shape => VimMode::Normal,
            VimMode::Visual { anchor, .. } => VimMode::Visual { anchor, shape },
            _ => VimMode::Visual {
                anchor: text.cursor,
                shape,
            },
        };
        VimStep::Nothing
    }

    /// Does the last change again.
    fn repeat(&mut self, count: Option<usize>, text: &VimText, column: usize) -> VimStep {
        let Some(change) = self.last_change.clone() else {
            return VimStep::Nothing;
        };
        let command = CountedCommand {
            count: count.or(change.command.count),
            ..change.command
        };
        let Some(planned) = self.planned(command, text, column) else {
            return VimStep::Nothing;
        };
        let planned = if let Some(block) = self.block_insert.take() {
            block.typed_again(text, planned, &change.typed)
        } else if planned.inserts {
            let more = typed_again(command, &change.typed);
            planned.with_typed(&(change.typed + &more))
        } else {
            planned
        };
        if planned.changes() {
            let at = text.char_of(planned.range.start);
            self.begin_change(text.slice(0..text.len()), at);
        }
        VimStep::Edit(planned.placed(text))
    }
}

/// The letter of a key with a name.
fn named(key: Key) -> Option<char> {
    if key.ctrl || key.alt || key.shift {
        return None;
    }
    match key.code {
        KeyCode::Left | KeyCode::Backspace => Some('h'),
        KeyCode::Right => Some('l'),
        KeyCode::Home => Some('0'),
        KeyCode::End => Some('$'),
        KeyCode::Delete => Some('x'),
        _ => None,
    }
}
