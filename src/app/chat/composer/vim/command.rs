//! What keys mean in vim's modes: commands, without the text that they change.

/// What an operator does with its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    Delete,
    Change,
    Yank,
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
}

/// `iw`, `a"`, `i(` and their like.
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
    OpenLine {
        above: bool,
    },
    Undo,
    Repeat,
    /// Begins or ends a selection.
    Select {
        lines: bool,
    },
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
