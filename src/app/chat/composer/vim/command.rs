//! What keys mean in vim's modes: commands, without the text that they change.

/// What an operator does with its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    Delete,
    Change,
    Yank,
    Recase(Recase),
}

/// What becomes of letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Recase {
    Lower,
    Upper,
    Swap,
}

/// What is selected between the two ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SelectionShape {
    Chars,
    Lines,
    Block,
}

/// Whether punctuation and spaces both end a word, or only spaces do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WordKind {
    Word,
    Spaced,
}

/// `f`, `F`, `t` or `T` with its character.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FindChar {
    pub(super) wanted: char,
    pub(super) back: bool,
    /// Stops beside the character.
    pub(super) beside: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Motion {
    Left,
    Right,
    Up,
    Down,
    WordStart(WordKind),
    WordBack(WordKind),
    WordEnd(WordKind),
    LineStart,
    FirstNonBlank,
    LineEnd,
    /// The first line, or the one with the number of the count.
    Top,
    /// The last line, or the one with the number of the count.
    Bottom,
    Find(FindChar),
    /// The last find again, maybe in the other direction.
    FindAgain {
        reverse: bool,
    },
    /// The bracket that belongs to the one here; with a count, the line at so many percent of the text.
    Bracket,
}

/// `iw`, `a"`, `i(`, `ip`, `it` and their like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TextObject {
    pub(super) kind: ObjectKind,
    /// With what surrounds it: `a` instead of `i`.
    pub(super) around: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ObjectKind {
    Word(WordKind),
    Quoted(char),
    Pair(char, char),
    /// Lines up to an empty one.
    Paragraph,
    /// Between a tag and its end: `<b>…</b>`.
    Tag,
}

/// What an operator is applied to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OperatorTarget {
    Motion(Motion),
    Object(TextObject),
    /// So many whole lines.
    Lines,
    /// So many characters, as they were selected.
    Span,
    /// What is selected.
    Selection,
    /// As large a block as this one, which was selected.
    Block(TextBlock),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum InsertAt {
    Cursor,
    AfterCursor,
    FirstNonBlank,
    LineEnd,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum VimCommand {
    Move(Motion),
    /// By rows of the screen.
    Row {
        down: bool,
    },
    Operate(Operator, OperatorTarget),
    Put {
        before: bool,
    },
    ReplaceChar(char),
    SwapCase,
    Join,
    Insert(InsertAt),
    /// Types in front of a block or behind it, in each of its lines.
    InsertInBlock {
        block: TextBlock,
        behind: bool,
    },
    OpenLine {
        above: bool,
    },
    Undo,
    Repeat,
    /// Begins or ends a selection.
    Select(SelectionShape),
    /// The cursor goes to the other end of the selection.
    OtherEnd,
    SelectObject(TextObject),
}

/// A command with its count, if one was typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct CountedCommand {
    pub(super) count: Option<usize>,
    pub(super) command: VimCommand,
}

/// The corners of a block. Lines that end before it have no part in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TextBlock {
    pub(super) first: usize,
    pub(super) last: usize,
    /// The first column, and the one behind the last.
    pub(super) left: usize,
    pub(super) right: usize,
}
