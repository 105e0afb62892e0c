//! What commands do to a text.

use std::ops::Range;

use super::command::{
    CountedCommand, InsertAt, Motion, Operator, OperatorTarget, Recase, VimCommand,
};
use super::motion::{TakenText, taken};
use super::text::VimText;

/// What is put in at once is no longer than about this many chars, however high the count is.
const MOST_PUT: usize = 20_000;

/// What was deleted or yanked last.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Register {
    pub(super) text: String,
    pub(super) lines: bool,
    /// A block of so many columns, one line of the text for each of its lines.
    pub(super) columns: Option<usize>,
}

impl Register {
    /// How often it is put in, if so often is wanted.
    pub(super) fn times_put(&self, times: usize) -> usize {
        let length = self.text.chars().count().max(1);
        times.min(MOST_PUT / length + 1).max(1)
    }
}

/// A text takes the place of another one, and the cursor goes somewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::app::chat::composer) struct VimEdit {
    /// Line and char index.
    pub(in crate::app::chat::composer) from: (usize, usize),
    pub(in crate::app::chat::composer) to: (usize, usize),
    pub(in crate::app::chat::composer) text: String,
    /// Where the cursor stands then, in chars from the start of the whole text.
    pub(in crate::app::chat::composer) cursor: usize,
}

/// An edit by positions in the text.
#[derive(Debug, Clone)]
pub(super) struct PlannedEdit {
    pub(super) range: Range<usize>,
    pub(super) text: String,
    /// The cursor, in chars from the start of `text`; negative before it.
    pub(super) cursor: isize,
    /// Insert mode follows.
    pub(super) inserts: bool,
}

impl PlannedEdit {
    pub(super) fn new(range: Range<usize>, text: String, cursor: usize) -> Self {
        Self {
            range,
            text,
            cursor: isize::try_from(cursor).unwrap_or(0),
            inserts: false,
        }
    }

    /// The cursor goes to a place in the unchanged text.
    pub(super) fn to(text: &VimText, index: usize) -> Self {
        let index = index.min(text.len());
        Self {
            inserts: false,
            ..Self::new(index..index, String::new(), 0)
        }
    }

    pub(super) fn inserting(mut self) -> Self {
        self.inserts = true;
        self
    }

    pub(super) fn changes(&self) -> bool {
        !self.range.is_empty() || !self.text.is_empty()
    }

    /// Types something where the cursor goes, as insert mode did before.
    pub(super) fn with_typed(mut self, typed: &str) -> Self {
        let at = usize::try_from(self.cursor).unwrap_or(0);
        let byte = self.text.char_indices().nth(at);
        let byte = byte.map_or(self.text.len(), |(byte, _)| byte);
        self.text.insert_str(byte, typed);
        let typed = isize::try_from(typed.chars().count()).unwrap_or(0);
        self.cursor += (typed - 1).max(0);
        self.inserts = false;
        self
    }

    pub(super) fn placed(self, text: &VimText) -> VimEdit {
        let start = text.char_of(self.range.start);
        VimEdit {
            from: text.place(self.range.start),
            to: text.place(self.range.end.max(self.range.start)),
            text: self.text,
            cursor: start.saturating_add_signed(self.cursor),
        }
    }
}

/// Applies an operator to a text that was found for it.
pub(super) fn operate(
    text: &VimText,
    operator: Operator,
    found: TakenText,
    register: &mut Register,
) -> Option<PlannedEdit> {
    let TakenText { range, lines } = found;
    let taken_text = text.slice(range.clone());
    if taken_text.is_empty() && !lines && operator != Operator::Change {
        return None;
    }
    if let Operator::Recase(recase) = operator {
        let cursor = stays(text, &range, lines);
        let cursor = text.char_of(cursor) - text.char_of(range.start);
        return Some(PlannedEdit::new(
            range,
            recased(&taken_text, recase),
            cursor,
        ));
    }
    if !taken_text.is_empty() || lines {
        *register = Register {
            text: taken_text,
            lines,
            columns: None,
        };
    }
    Some(match operator {
        Operator::Recase(_) => return None,
        Operator::Yank => PlannedEdit::to(text, stays(text, &range, lines)),
        Operator::Change => PlannedEdit::new(range, String::new(), 0).inserting(),
        Operator::Delete if lines => without_lines(text, range),
        Operator::Delete => PlannedEdit::new(range, String::new(), 0),
    })
}

/// Where the cursor stands after an operator that takes nothing away: where the text begins, in its own line where that
/// is the first one.
fn stays(text: &VimText, range: &Range<usize>, lines: bool) -> usize {
    let is_first = text.line_start(text.cursor) == range.start;
    if lines && is_first && text.cursor <= range.end {
        text.cursor
    } else {
        range.start
    }
}

/// Deletes whole lines with one line end; the cursor goes to the line that takes their place.
fn without_lines(text: &VimText, range: Range<usize>) -> PlannedEdit {
    if range.end < text.len() {
        let below = range.end + 1;
        let blank = text.char_of(text.first_non_blank(below)) - text.char_of(below);
        return PlannedEdit::new(range.start..below, String::new(), blank);
    }
    let Some(above) = range.start.checked_sub(1) else {
        return PlannedEdit::new(range, String::new(), 0);
    };
    let first = text.first_non_blank(text.line_start(above));
    let back = text.char_of(above) - text.char_of(first);
    PlannedEdit {
        cursor: -isize::try_from(back).unwrap_or(0),
        ..PlannedEdit::new(above..range.end, String::new(), 0)
    }
}

/// Puts what was yanked or deleted beside the cursor.
pub(super) fn put(
    text: &VimText,
    register: &Register,
    before: bool,
    times: usize,
) -> Option<PlannedEdit> {
    if register.text.is_empty() && !register.lines {
        return None;
    }
    let times = register.times_put(times);
    let at = text.cursor;
    if register.lines {
        let all = vec![register.text.as_str(); times].join("\n");
        let blank = register.text.chars().take_while(|c| *c == ' ').count();
        return Some(if before {
            let start = text.line_start(at);
            PlannedEdit::new(start..start, format!("{all}\n"), blank)
        } else {
            let end = text.line_end(at);
            PlannedEdit::new(end..end, format!("\n{all}"), blank + 1)
        });
    }
    let all = register.text.repeat(times);
    let at = if before || text.is_line_end(at) {
        at
    } else {
        at + 1
    };
    let last = if all.contains('\n') {
        0
    } else {
        all.chars().count() - 1
    };
    Some(PlannedEdit::new(at..at, all, last))
}

/// A selection makes room for what was yanked.
pub(super) fn put_over(
    text: &VimText,
    selected: &TakenText,
    register: &mut Register,
) -> PlannedEdit {
    let put = std::mem::take(register);
    *register = Register {
        text: text.slice(selected.range.clone()),
        lines: selected.lines,
        columns: None,
    };
    let cursor = put.text.chars().count().max(1) - 1;
    let text = match (put.lines, selected.lines) {
        (true, false) => format!("\n{}\n", put.text),
        _ => put.text,
    };
    PlannedEdit::new(selected.range.clone(), text, cursor)
}

/// What was typed after a command, as often as its count says.
pub(super) fn typed_again(counted: CountedCommand, typed: &str) -> String {
    let between = match counted.command {
        VimCommand::Insert(_) => "",
        VimCommand::OpenLine { .. } => "\n",
        _ => return String::new(),
    };
    let length = typed.chars().count() + between.len();
    let more = counted.count.unwrap_or(1).max(1) - 1;
    let more = more.min(MOST_PUT / length.max(1));
    format!("{between}{typed}").repeat(more)
}

/// The commands that need no register and no motion.
pub(super) fn simple(text: &VimText, command: VimCommand, times: usize) -> Option<PlannedEdit> {
    let at = text.cursor;
    let (start, end) = (text.line_start(at), text.line_end(at));
    match command {
        VimCommand::ReplaceChar(by) => {
            let range = at..at.saturating_add(times);
            let fits = range.end <= end && !by.is_control();
            fits.then(|| replaced(&range, by))
        }
        VimCommand::SwapCase => {
            let range = at..at.saturating_add(times).min(end);
            let swapped = recased(&text.slice(range.clone()), Recase::Swap);
            let cursor = swapped.chars().count();
            (!range.is_empty()).then(|| PlannedEdit::new(range, swapped, cursor))
        }
        VimCommand::Join => join(text, start, times),
        VimCommand::Insert(where_to) => {
            let to = match where_to {
                InsertAt::Cursor => at,
                InsertAt::AfterCursor => (at + 1).min(end),
                InsertAt::FirstNonBlank => text.first_non_blank(at),
                InsertAt::LineEnd => end,
            };
            Some(PlannedEdit::to(text, to).inserting())
        }
        VimCommand::OpenLine { above: true } => {
            Some(PlannedEdit::new(start..start, "\n".to_owned(), 0).inserting())
        }
        VimCommand::OpenLine { above: false } => {
            Some(PlannedEdit::new(end..end, "\n".to_owned(), 1).inserting())
        }
        _ => None,
    }
}

/// Each grapheme becomes this character; the cursor goes to the last one.
pub(super) fn replaced(range: &Range<usize>, by: char) -> PlannedEdit {
    let all = by.to_string().repeat(range.len());
    PlannedEdit::new(range.clone(), all, range.len().max(1) - 1)
}

pub(super) fn recased(text: &str, recase: Recase) -> String {
    let swap = |c: char| -> String {
        if c.is_uppercase() {
            c.to_lowercase().collect()
        } else {
            c.to_uppercase().collect()
        }
    };
    match recase {
        Recase::Lower => text.to_lowercase(),
        Recase::Upper => text.to_uppercase(),
        Recase::Swap => text.chars().map(swap).collect(),
    }
}

/// Joins this line and those below it, with one space between each two.
fn join(text: &VimText, start: usize, times: usize) -> Option<PlannedEdit> {
    let first_end = text.line_end(start);
    let mut joined = String::new();
    let mut last = String::new();
    let mut end = first_end;
    for _ in 1..times.max(2) {
        if end >= text.len() {
            break;
        }
        let line_end = text.line_end(end + 1);
        joined.push_str(&last);
        let line = text.slice(end + 1..line_end);
        let line = line.trim_start();
        last = match line.chars().next() {
            None | Some(')') => line.to_owned(),
            Some(_) => format!(" {line}"),
        };
        end = line_end;
    }
    let cursor = joined.chars().count();
    joined.push_str(&last);
    (end > first_end).then(|| PlannedEdit::new(first_end..end, joined, cursor))
}

/// What a repeated operator takes where no motion says it.
pub(super) fn span(text: &VimText, target: OperatorTarget, times: usize) -> Option<TakenText> {
    let at = text.cursor;
    match target {
        OperatorTarget::Lines => {
            let last = text.start_of(text.line_number(at) + times.max(1) - 1);
            Some(taken(text.line_start(at)..text.line_end(last), true))
        }
        OperatorTarget::Span => Some(taken(at..(at + times).min(text.len()), false)),
        OperatorTarget::Object(object) => {
            let range = object.range(text)?;
            Some(taken(range, object.has_lines()))
        }
        OperatorTarget::Motion(_) | OperatorTarget::Selection | OperatorTarget::Block(_) => None,
    }
}

/// Whether the cursor keeps its column with the next move up or down.
pub(super) fn keeps_column(command: VimCommand) -> bool {
    matches!(command, VimCommand::Move(Motion::Up | Motion::Down))
}
