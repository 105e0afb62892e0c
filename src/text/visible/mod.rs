//! Writes text so that nothing in it is hidden, for everything that the user approves or answers.
//!
//! [`super::ansi`] strips characters that would only disturb a reader. Here nothing is stripped:
//! what a terminal interprets, does not draw, reorders, or draws like something else is written in
//! notation (`␛`, `␊`, `⟨U+200B⟩`), and signs of this notation in the text are written by number,
//! so that two different texts never look the same. Wrapped rows begin with `↪`, which no text can
//! draw by itself; spaces at the end of a line are drawn as `␠`.
//!
//! A character looks like ASCII if the confusables of Unicode's UTS 39 map it to ASCII.
//!
//! Does not know what is requested, nor by whom.

mod character;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::wrap::{self, Breaking, fold};

/// Tab stops, as elsewhere in `text`.
const TAB: usize = 4;
/// The start of a row that continues the line above.
const GOES_ON: &str = "↪ ";
/// A narrower row has no room for the sign.
const ROOM_FOR_SIGN: usize = 8;
/// How many unusual characters a warning names.
const NAMED: usize = 6;

/// The styles of text and of the notation.
#[derive(Debug, Clone, Copy, Default)]
pub struct VisibleStyles {
    pub text: Style,
    /// Characters written in notation.
    pub written: Style,
    /// The sign of a row that continues the line above.
    pub sign: Style,
    /// Prose: rows end between words, and the space there is not drawn.
    pub prose: bool,
}

/// What in a text can mislead the reader.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Findings {
    /// The characters that had to be written in notation, each once.
    written: Vec<String>,
    /// Words that look like ASCII words but are not.
    look_alikes: Vec<String>,
    /// Right-to-left letters: a terminal may reorder them.
    right_to_left: bool,
}

impl Findings {
    /// Examines one more text.
    pub fn look_at(&mut self, text: &str) {
        for line in text.split('\n') {
            if line
                .bytes()
                .all(|byte| (0x20..0x7f).contains(&byte) || byte == b'\t')
            {
                continue;
            }
            self.right_to_left |= line.chars().any(character::is_right_to_left);
            for piece in pieces(line) {
                match piece.kind {
                    TextKind::Written if self.written.iter().all(|known| *known != piece.text) => {
                        self.written.push(piece.text.into_owned());
                    }
                    TextKind::LookAlike => self.look_alikes.push(piece.text.into_owned()),
                    _ => {}
                }
            }
        }
    }

    /// The warnings for the reader, one sentence each.
    pub fn words(&self) -> Vec<String> {
        let mut words = Vec::new();
        if !self.written.is_empty() {
            let more = if self.written.len() > NAMED {
                " …"
            } else {
                ""
            };
            let named: Vec<&str> = self
                .written
                .iter()
                .take(NAMED)
                .map(String::as_str)
                .collect();
            let named = named.join(" ");
            words.push(format!(
                "hidden or misleading characters, shown: {named}{more}"
            ));
        }
        for word in self.look_alikes.iter().take(NAMED) {
            let ascii = character::ascii_look(word);
            words.push(format!(
                "“{word}” is not “{ascii}”: its letters are not Latin"
            ));
        }
        if self.right_to_left {
            words.push("right-to-left letters: their order may differ on this screen".to_owned());
        }
        words
    }
}

/// Returns `text` on one line; a line end is written `␊`.
pub fn one_line(text: &str) -> Cow<'_, str> {
    if is_plain(text) && !text.contains('\n') {
        return Cow::Borrowed(text);
    }
    Cow::Owned(pieces(text).into_iter().map(|piece| piece.text).collect())
}

/// Returns a foreign name, quoted if needed, so that it cannot be mistaken for the words around it.
pub fn name(text: &str) -> Cow<'_, str> {
    let is_harmless = |c: char| c.is_ascii_alphanumeric() || "-_.:/@".contains(c);
    if !text.is_empty() && text.chars().all(is_harmless) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(format!("“{}”", one_line(text).replace(['“', '”'], "⟨”⟩")))
}

/// Returns all lines of `text`, wrapped to `width` columns (0 counts as 1) without losing anything
/// but the spaces between two rows of prose.
pub fn lines(text: &str, width: usize, look: VisibleStyles) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    let (body, ends) = match text.strip_suffix('\n') {
        Some(body) => (body, true),
        None => (text, false),
    };
    let count = body.split('\n').count();
    for (at, line) in body.split('\n').enumerate() {
        let mut spans = spans(line, look);
        // Written out, since an end of the last line is not visible otherwise.
        if ends && at + 1 == count {
            spans.push(Span::styled("␊", look.sign));
        }
        wrap_into(&spans, width.max(1), look, &mut lines);
    }
    lines
}

/// Wraps spans of visible text, the parts of one line; rows that continue the line are marked.
pub fn wrap_into(
    spans: &[Span<'_>],
    width: usize,
    look: VisibleStyles,
    out: &mut Vec<Line<'static>>,
) {
    let sign = if width >= ROOM_FOR_SIGN { GOES_ON } else { "" };
    let rest = width - wrap::width(sign);
    let breaking = if look.prose {
        Breaking::Words
    } else {
        Breaking::Anywhere
    };
    let rows = fold(spans, width, rest, breaking);
    for (at, mut row) in rows.into_iter().enumerate() {
        if at > 0 && !sign.is_empty() {
            row.insert(0, Span::styled(sign, look.sign));
        }
        out.push(Line::from(row));
    }
}

/// Returns one line of text as spans, without line ends.
pub fn spans(line: &str, look: VisibleStyles) -> Vec<Span<'static>> {
    if is_plain(line) && !line.contains('\n') {
        return vec![Span::styled(line.to_owned(), look.text)];
    }
    let mut spans: Vec<Span<'static>> = Vec::new();
    for piece in pieces(line) {
        let style = match piece.kind {
            TextKind::Text | TextKind::LookAlike => look.text,
            TextKind::Written => look.written,
            TextKind::Blank => look.sign,
        };
        match spans.last_mut() {
            Some(last) if last.style == style => last.content.to_mut().push_str(&piece.text),
            _ => spans.push(Span::styled(piece.text.into_owned(), style)),
        }
    }
    spans
}

/// What a piece of a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TextKind {
    Text,
    /// A word that looks like ASCII, unchanged.
    LookAlike,
    /// A character written in notation.
    Written,
    /// A tab, a line end, or a space at the end.
    Blank,
}

struct VisiblePiece<'a> {
    text: Cow<'a, str>,
    kind: TextKind,
}

/// Printable ASCII without a blank at the end of a line: the common case.
fn is_plain(text: &str) -> bool {
    let printable = |byte: u8| (0x20..0x7f).contains(&byte) || byte == b'\n';
    text.bytes().all(printable) && !text.contains(" \n") && !text.ends_with([' ', '\n'])
}

fn pieces(line: &str) -> Vec<VisiblePiece<'_>> {
    let body = line.trim_end_matches(' ');
    let mut pieces = Vec::new();
    let mut columns = 0;
    let mut push = |text: Cow<'_, str>, kind| {
        columns += wrap::width(&text);
        let tab = text == "␉";
        pieces.push(VisiblePiece {
            text: Cow::Owned(text.into_owned()),
            kind,
        });
        if tab {
            let fill = (TAB - columns % TAB) % TAB;
            columns += fill;
            pieces.push(VisiblePiece {
                text: Cow::Owned(" ".repeat(fill)),
                kind,
            });
        }
    };
    for token in tokens(body) {
        let in_ascii = token.contains(|c: char| c.is_ascii_alphanumeric());
        for word in words(token) {
            let alike = character::looks_like_ascii(word);
            let is_seen = |c| !character::is_misleading(c, false);
            if alike && !in_ascii && word.chars().all(is_seen) {
                push(Cow::Borrowed(word), TextKind::LookAlike);
                continue;
            }
            let with_ascii = alike || word.contains(|c: char| c.is_ascii_alphanumeric());
            let mut before = Before::default();
            for c in word.chars() {
                let (text, kind) = before.write(c, in_ascii && with_ascii);
                push(text, kind);
            }
        }
    }
    for _ in body.len()..line.len() {
        push(Cow::Borrowed("␠"), TextKind::Blank);
    }
    pieces
}

/// The character before a mark.
#[derive(Default)]
struct Before {
    base: Option<char>,
    marks: usize,
}

/// The most marks on one letter; more are an attack.
const MARKS: usize = 3;

impl Before {
    fn write(&mut self, c: char, beside_ascii: bool) -> (Cow<'static, str>, TextKind) {
        if let Some(sign) = character::blank(c) {
            *self = Self::default();
            return (Cow::Borrowed(sign), TextKind::Blank);
        }
        let is_mark = character::is_mark(c);
        let lonely = is_mark
            && match self.base {
                None => true,
                Some(base) => self.marks >= MARKS || character::composes(base, c),
            };
        if lonely || character::is_misleading(c, beside_ascii) {
            *self = Self::default();
            return (Cow::Owned(character::named(c)), TextKind::Written);
        }
        if is_mark {
            self.marks += 1;
        } else {
            *self = Self {
                base: Some(c),
                marks: 0,
            };
        }
        (Cow::Owned(c.to_string()), TextKind::Text)
    }
}

/// A line split into spaces and what is between them.
fn tokens(line: &str) -> impl Iterator<Item = &str> {
    cut(line, |c| c == ' ' || c == '\t')
}

/// A token split into words and what is between them.
fn words(token: &str) -> impl Iterator<Item = &str> {
    cut(token, |c| {
        !(c.is_alphanumeric() || c == '_' || character::is_mark(c))
    })
}

/// Splits a text wherever `is_between` changes; nothing is lost.
fn cut(text: &str, is_between: impl Fn(char) -> bool) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let first = is_between(rest.chars().next()?);
        let end = rest.find(|c| is_between(c) != first).unwrap_or(rest.len());
        let (piece, after) = rest.split_at(end);
        rest = after;
        Some(piece)
    })
}
