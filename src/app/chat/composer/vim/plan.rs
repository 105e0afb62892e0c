//! Plans the edit of one command.

use unicode_segmentation::UnicodeSegmentation as _;

use super::command::{
    CountedCommand, InsertAt, Motion, Operator, OperatorTarget, Recase, SelectionShape, TextBlock,
    VimCommand,
};
use super::edit::{self, PlannedEdit};
use super::motion::{MotionFrom, TakenText, changed_word};
use super::text::VimText;
use super::{Vim, VimMode, block};

impl Vim {
    /// What the command changes; `None`: nothing.
    pub(super) fn planned(
        &mut self,
        CountedCommand { count, command }: CountedCommand,
        text: &VimText,
        column: usize,
    ) -> Option<PlannedEdit> {
        let times = count.unwrap_or(1).max(1);
        let block = self.block(text);
        if let Some(block) = block.or(block_of(command, text)) {
            return self.planned_on_block(command, block, text, (count, column));
        }
        let selected = self.selected(text);
        match command {
            VimCommand::Move(motion) => {
                let target = self.motion(motion, count, column).target(text)?;
                Some(PlannedEdit::to(text, text.on_grapheme(target)))
            }
            VimCommand::Operate(operator, target) => {
                let found = self.found(operator, target, count, (text, column))?;
                edit::operate(text, operator, found, &mut self.register)
            }
            VimCommand::Put { before } => match selected {
                Some(selected) => Some(edit::put_over(text, &selected, &mut self.register)),
                None if self.register.columns.is_some() => {
                    Some(self.register.put_block(text, before, times))
                }
                None => edit::put(text, &self.register, before, times),
            },
            VimCommand::OtherEnd => self.other_end(text),
            VimCommand::SelectObject(object) => {
                let range = object.range(text).filter(|range| !range.is_empty())?;
                let lines = object.has_lines();
                let chars = SelectionShape::Chars;
                self.mode = VimMode::Visual {
                    anchor: range.start,
                    shape: if lines { SelectionShape::Lines } else { chars },
                };
                Some(PlannedEdit::to(text, range.end - 1))
            }
            VimCommand::ReplaceChar(by) if selected.is_some() && !by.is_control() => {
                let range = selected?.range;
                let lines = text.slice(range.clone());
                let by = |c: char| if c == '\n' { c } else { by };
                let all = lines.chars().map(by).collect();
                Some(PlannedEdit::new(range, all, 0))
            }
            VimCommand::SwapCase if selected.is_some() => {
                let range = selected?.range;
                let swapped = edit::recased(&text.slice(range.clone()), Recase::Swap);
                Some(PlannedEdit::new(range, swapped, 0))
            }
            VimCommand::Join if selected.is_some() => {
                let range = selected?.range;
                let lines = text.slice(range.clone()).matches('\n').count() + 1;
                let at_start = VimText {
                    cursor: range.start,
                    ..text.clone()
                };
                edit::simple(&at_start, command, lines)
            }
            VimCommand::OpenLine { .. } | VimCommand::Insert(_) if selected.is_some() => None,
            _ => edit::simple(text, command, times),
        }
    }

    /// As [`Self::planned`], for what is different while a block is selected, or is meant again.
    fn planned_on_block(
        &mut self,
        command: VimCommand,
        block: TextBlock,
        text: &VimText,
        (count, column): (Option<usize>, usize),
    ) -> Option<PlannedEdit> {
        match command {
            VimCommand::Move(motion) => {
                let target = self.motion(motion, count, column).target(text)?;
                Some(PlannedEdit::to(text, text.on_grapheme(target)))
            }
            VimCommand::OtherEnd => self.other_end(text),
            VimCommand::Operate(operator, OperatorTarget::Selection | OperatorTarget::Block(_)) => {
                if operator == Operator::Change {
                    self.block_insert = Some(block.changed());
                }
                let register = &mut self.register;
                Some(block::operate(text, operator, block, register))
            }
            VimCommand::SwapCase => {
                Some(block.mapped(text, |piece| edit::recased(piece, Recase::Swap)))
            }
            VimCommand::ReplaceChar(by) if !by.is_control() => {
                let by = by.to_string();
                let all = |piece: &str| by.repeat(piece.graphemes(true).count());
                Some(block.mapped(text, all))
            }
            VimCommand::Insert(at @ (InsertAt::FirstNonBlank | InsertAt::LineEnd)) => {
                Some(self.insert_in(block, at == InsertAt::LineEnd, text))
            }
            VimCommand::InsertInBlock { behind, .. } => Some(self.insert_in(block, behind, text)),
            _ => None,
        }
    }

    fn insert_in(&mut self, block: TextBlock, behind: bool, text: &VimText) -> PlannedEdit {
        let (planned, insert) = block.inserted(text, behind);
        self.block_insert = Some(insert);
        planned
    }

    fn motion(&mut self, motion: Motion, count: Option<usize>, column: usize) -> MotionFrom {
        let from = MotionFrom {
            motion,
            count,
            last_find: self.last_find,
            column,
        };
        if let Motion::Find(find) = motion {
            self.last_find = Some(find);
        }
        from
    }

    /// What an operator takes.
    fn found(
        &mut self,
        operator: Operator,
        target: OperatorTarget,
        count: Option<usize>,
        (text, column): (&VimText, usize),
    ) -> Option<TakenText> {
        let times = count.unwrap_or(1).max(1);
        match target {
            OperatorTarget::Selection => self.selected(text),
            OperatorTarget::Motion(Motion::WordStart(kind))
                if operator == Operator::Change && !text.is_space(text.cursor) =>
            {
                Some(changed_word(text, kind, times))
            }
            OperatorTarget::Motion(motion) => self.motion(motion, count, column).taken(text),
            _ => edit::span(text, target, times),
        }
    }

    /// The command as it can be repeated elsewhere: on as much text as is selected now.
    pub(super) fn repeatable(&self, counted: CountedCommand, text: &VimText) -> CountedCommand {
        let command = match (counted.command, self.selected(text), self.block(text)) {
            (VimCommand::Operate(operator, OperatorTarget::Selection), Some(selected), _) => {
                return as_span(operator, &selected, text);
            }
            (VimCommand::Operate(operator, OperatorTarget::Selection), None, Some(block)) => {
                VimCommand::Operate(operator, OperatorTarget::Block(block))
            }
            (VimCommand::Insert(at), None, Some(block)) => VimCommand::InsertInBlock {
                block,
                behind: at == InsertAt::LineEnd,
            },
            _ => return counted,
        };
        CountedCommand {
            count: None,
            command,
        }
    }

    fn other_end(&mut self, text: &VimText) -> Option<PlannedEdit> {
        let VimMode::Visual { anchor, shape } = self.mode else {
            return None;
        };
        self.mode = VimMode::Visual {
            anchor: text.cursor,
            shape,
        };
        Some(PlannedEdit::to(text, anchor))
    }
}

/// The block that a command is repeated on.
fn block_of(command: VimCommand, text: &VimText) -> Option<TextBlock> {
    match command {
        VimCommand::Operate(_, OperatorTarget::Block(block))
        | VimCommand::InsertInBlock { block, .. } => Some(block.at_cursor(text)),
        _ => None,
    }
}

/// A command on a selection, to be repeated elsewhere on as much text.
fn as_span(operator: Operator, selected: &TakenText, text: &VimText) -> CountedCommand {
    let range = selected.range.clone();
    let (count, target) = if selected.lines {
        let lines = text.slice(range).matches('\n').count() + 1;
        (lines, OperatorTarget::Lines)
    } else {
        (range.len(), OperatorTarget::Span)
    };
    CountedCommand {
        count: Some(count),
        command: VimCommand::Operate(operator, target),
    }
}
