//! Reads the characters that were typed so far as a command.

use super::command::{
    CountedCommand, FindChar, InsertAt, Motion, ObjectKind, Operator, OperatorTarget, Recase,
    SelectionShape, TextObject, VimCommand, WordKind,
};

/// Stands for ctrl-v.
pub(super) const BLOCK: char = '\u{16}';

/// No larger count is useful in a prompt.
const HIGHEST_COUNT: usize = 9_999;

/// What the typed characters are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ParsedKeys {
    Command(CountedCommand),
    /// More must follow.
    Incomplete,
    /// No command begins like that.
    Unknown,
}

use ParsedKeys::{Incomplete, Unknown};

/// Reads a command; `selecting`: text is selected, so an operator needs no motion.
pub(super) fn parse(keys: &[char], selecting: bool) -> ParsedKeys {
    let (count, rest) = counted(keys);
    let Some((first, rest)) = rest.split_first() else {
        return Incomplete;
    };
    if selecting && let Some(parsed) = of_selection(*first, rest) {
        return with_count(parsed, count);
    }
    if let Some(operator) = operator(*first) {
        return operated(operator, *first, count, rest);
    }
    if *first == 'g'
        && let Some((key, rest)) = rest.split_first()
        && let Some(recase) = recase(*key)
    {
        // `gUgU` is as good as `gUU`.
        let rest = match rest {
            ['g', last] if last == key => &rest[1..],
            ['g'] => return Incomplete,
            rest => rest,
        };
        return operated(Operator::Recase(recase), *key, count, rest);
    }
    with_count(simple(*first, rest), count)
}

/// The outcome of reading without a count.
type Read = Result<VimCommand, ParsedKeys>;

fn with_count(read: Read, count: Option<usize>) -> ParsedKeys {
    match read {
        Ok(command) => ParsedKeys::Command(CountedCommand { count, command }),
        Err(parsed) => parsed,
    }
}

/// Splits a count off; a leading `0` is a motion.
fn counted(keys: &[char]) -> (Option<usize>, &[char]) {
    if keys.first() == Some(&'0') {
        return (None, keys);
    }
    let digits = keys.iter().take_while(|c| c.is_ascii_digit()).count();
    let (number, rest) = keys.split_at(digits);
    let value = number.iter().filter_map(|c| c.to_digit(10));
    let value = value.fold(0_usize, |all, digit| {
        let digit = usize::try_from(digit).unwrap_or(0);
        (all * 10 + digit).min(HIGHEST_COUNT)
    });
    ((digits > 0).then_some(value), rest)
}

fn operator(key: char) -> Option<Operator> {
    match key {
        'd' => Some(Operator::Delete),
        'c' => Some(Operator::Change),
        'y' => Some(Operator::Yank),
        _ => None,
    }
}

/// The operators after a `g`.
fn recase(key: char) -> Option<Recase> {
    match key {
        'u' => Some(Recase::Lower),
        'U' => Some(Recase::Upper),
        '~' => Some(Recase::Swap),
        _ => None,
    }
}

/// What follows an operator; counts before and after it multiply.
fn operated(operator: Operator, key: char, before: Option<usize>, rest: &[char]) -> ParsedKeys {
    let (after, rest) = counted(rest);
    let count = match (before, after) {
        (None, None) => None,
        (one, other) => {
            let product = one.unwrap_or(1).saturating_mul(other.unwrap_or(1));
            Some(product.min(HIGHEST_COUNT))
        }
    };
    let Some((first, rest)) = rest.split_first() else {
        return Incomplete;
    };
    let target = if *first == key {
        Ok(OperatorTarget::Lines)
    } else if matches!(first, 'i' | 'a') {
        object(*first == 'a', rest).map(OperatorTarget::Object)
    } else {
        motion(*first, rest).map(OperatorTarget::Motion)
    };
    with_count(
        target.map(|target| VimCommand::Operate(operator, target)),
        count,
    )
}

fn object(around: bool, rest: &[char]) -> Result<TextObject, ParsedKeys> {
    let kind = match rest.first() {
        None => return Err(Incomplete),
        Some('w') => ObjectKind::Word(WordKind::Word),
        Some('W') => ObjectKind::Word(WordKind::Spaced),
        Some(quote @ ('"' | '\'' | '`')) => ObjectKind::Quoted(*quote),
        Some('(' | ')' | 'b') => ObjectKind::Pair('(', ')'),
        Some('[' | ']') => ObjectKind::Pair('[', ']'),
        Some('{' | '}' | 'B') => ObjectKind::Pair('{', '}'),
        Some('<' | '>') => ObjectKind::Pair('<', '>'),
        Some('p') => ObjectKind::Paragraph,
        Some('t') => ObjectKind::Tag,
        Some(_) => return Err(Unknown),
    };
    Ok(TextObject { kind, around })
}

fn motion(first: char, rest: &[char]) -> Result<Motion, ParsedKeys> {
    let find = |back, beside| match rest.first() {
        Some(wanted) => Ok(Motion::Find(FindChar {
            wanted: *wanted,
            back,
            beside,
        })),
        None => Err(Incomplete),
    };
    Ok(match first {
        'h' => Motion::Left,
        'l' | ' ' => Motion::Right,
        'k' => Motion::Up,
        'j' => Motion::Down,
        'w' => Motion::WordStart(WordKind::Word),
        'W' => Motion::WordStart(WordKind::Spaced),
        'b' => Motion::WordBack(WordKind::Word),
        'B' => Motion::WordBack(WordKind::Spaced),
        'e' => Motion::WordEnd(WordKind::Word),
        'E' => Motion::WordEnd(WordKind::Spaced),
        '0' => Motion::LineStart,
        '^' => Motion::FirstNonBlank,
        '$' => Motion::LineEnd,
        'G' => Motion::Bottom,
        'g' => match rest.first() {
            Some('g') => Motion::Top,
            Some(_) => return Err(Unknown),
            None => return Err(Incomplete),
        },
        'f' => find(false, false)?,
        'F' => find(true, false)?,
        't' => find(false, true)?,
        'T' => find(true, true)?,
        ';' => Motion::FindAgain { reverse: false },
        ',' => Motion::FindAgain { reverse: true },
        '%' => Motion::Bracket,
        _ => return Err(Unknown),
    })
}

/// A command that begins with neither a count nor an operator.
fn simple(first: char, rest: &[char]) -> Read {
    let operate = |operator, motion| VimCommand::Operate(operator, OperatorTarget::Motion(motion));
    let lines = |operator| VimCommand::Operate(operator, OperatorTarget::Lines);
    Ok(match first {
        'x' => operate(Operator::Delete, Motion::Right),
        'X' => operate(Operator::Delete, Motion::Left),
        's' => operate(Operator::Change, Motion::Right),
        'D' => operate(Operator::Delete, Motion::LineEnd),
        'C' => operate(Operator::Change, Motion::LineEnd),
        'S' => lines(Operator::Change),
        'Y' => lines(Operator::Yank),
        'r' => VimCommand::ReplaceChar(*rest.first().ok_or(Incomplete)?),
        '~' => VimCommand::SwapCase,
        'J' => VimCommand::Join,
        'i' => VimCommand::Insert(InsertAt::Cursor),
        'a' => VimCommand::Insert(InsertAt::AfterCursor),
        'I' => VimCommand::Insert(InsertAt::FirstNonBlank),
        'A' => VimCommand::Insert(InsertAt::LineEnd),
        'o' => VimCommand::OpenLine { above: false },
        'O' => VimCommand::OpenLine { above: true },
        'p' => VimCommand::Put { before: false },
        'P' => VimCommand::Put { before: true },
        'u' => VimCommand::Undo,
        '.' => VimCommand::Repeat,
        'v' => VimCommand::Select(SelectionShape::Chars),
        'V' => VimCommand::Select(SelectionShape::Lines),
        BLOCK => VimCommand::Select(SelectionShape::Block),
        'g' if rest.first() == Some(&'j') => VimCommand::Row { down: true },
        'g' if rest.first() == Some(&'k') => VimCommand::Row { down: false },
        _ => VimCommand::Move(motion(first, rest)?),
    })
}

/// What is different while text is selected.
fn of_selection(first: char, rest: &[char]) -> Option<Read> {
    let operate = |operator| Ok(VimCommand::Operate(operator, OperatorTarget::Selection));
    Some(match first {
        'd' | 'x' | 'X' | 'D' => operate(Operator::Delete),
        'c' | 's' | 'S' | 'C' => operate(Operator::Change),
        'y' | 'Y' => operate(Operator::Yank),
        'o' | 'O' => Ok(VimCommand::OtherEnd),
        'i' | 'a' => object(first == 'a', rest).map(VimCommand::SelectObject),
        'u' => operate(Operator::Recase(Recase::Lower)),
        'U' => operate(Operator::Recase(Recase::Upper)),
        'g' => match rest.first() {
            Some(key) => operate(Operator::Recase(recase(*key)?)),
            None => return None,
        },
        '.' => Err(Unknown),
        _ => return None,
    })
}
