//! Plans the edit of one command.

use super::command::{CountedCommand, Motion, Operator, OperatorTarget, VimCommand};
use super::edit::{self, PlannedEdit};
use super::motion::{MotionFrom, TakenText, changed_word};
use super::text::VimText;
use super::{Vim, VimMode};

impl Vim {
    /// What the command changes; `None`: nothing.
    pub(super) fn planned(
        &mut self,
        CountedCommand { count, command }: CountedCommand,
        text: &VimText,
        column: usize,
    ) -> Option<PlannedEdit> {
        let times = count.unwrap_or(1).max(1);
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
                None => edit::put(text, &self.register, before, times),
            },
            VimCommand::OtherEnd => self.other_end(text),
            VimCommand::SelectObject(object) => {
                let range = object.range(text).filter(|range| !range.is_empty())?;
                self.mode = VimMode::Visual {
                    anchor: range.start,
                    lines: false,
                };
                Some(PlannedEdit::to(text, range.end - 1))
            }
            VimCommand::ReplaceChar(by) if selected.is_some() => {
                let range = selected?.range;
                let lines = text.slice(range.clone());
                let by = |c: char| if c == '\n' { c } else { by };
                let all = lines.chars().map(by).collect();
                Some(PlannedEdit::new(range, all, 0))
            }
            VimCommand::SwapCase if selected.is_some() => {
                let range = selected?.range;
                let swapped = edit::swapped(&text.slice(range.clone()));
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

    fn other_end(&mut self, text: &VimText) -> Option<PlannedEdit> {
        let VimMode::Visual { anchor, lines } = self.mode else {
            return None;
        };
        self.mode = VimMode::Visual {
            anchor: text.cursor,
            lines,
        };
        Some(PlannedEdit::to(text, anchor))
    }
}
