//! Takes a command line apart, as far as that is certain.
//!
//! This is no shell. It knows words, quotes and the operators between commands; where a line has
//! anything else that may run, write or hide something, it says that it cannot tell. Where bash,
//! zsh and fish read a line differently, it cannot tell either.

use std::iter::Peekable;
use std::str::Chars;

/// The commands of a line, without redirections that have no effect on files; `None`: it has parts
/// whose effect cannot be told.
pub(super) fn commands(line: &str) -> Option<Vec<String>> {
    let mut reader = LineReader {
        rest: line.chars().peekable(),
        part: String::new(),
        parts: Vec::new(),
    };
    while let Some(c) = reader.rest.next() {
        reader.read(c)?;
    }
    reader.end_part();
    Some(reader.parts)
}

/// Everything in a line that may be a command, whatever it is quoted by: for rules that deny.
pub(super) fn pieces(line: &str) -> impl Iterator<Item = &str> {
    let pieces = line.split([
        ';', '|', '&', '\n', '(', ')', '`', '{', '}', '\'', '"', '<', '>',
    ]);
    let pieces = pieces.map(|piece| piece.trim_matches(['$', ' ', '\t', '\r']));
    pieces.filter(|piece| !piece.is_empty())
}

struct LineReader<'a> {
    rest: Peekable<Chars<'a>>,
    /// The command that is being read.
    part: String,
    parts: Vec<String>,
}

impl LineReader<'_> {
    /// Reads what begins with this character.
    fn read(&mut self, c: char) -> Option<()> {
        match c {
            '\\' => match self.rest.next()? {
                // The line goes on.
                '\n' => {}
                next if next.is_control() => return None,
                next => self.part.extend([c, next]),
            },
            '\'' => self.single_quoted()?,
            '"' => self.double_quoted()?,
            '`' | '(' | ')' | '<' => return None,
            '$' if matches!(self.rest.peek(), Some('(' | '{' | '[' | '\'' | '"')) => return None,
            '#' if self.is_at_word() => return None,
            '>' => self.redirection()?,
            // Also before `>`: to a POSIX shell, `a &>/dev/null b` are two commands.
            ';' | '|' | '&' | '\n' => self.end_part(),
            c if c.is_control() && c != '\t' => return None,
            c => self.part.push(c),
        }
        Some(())
    }

    fn end_part(&mut self) {
        let part = std::mem::take(&mut self.part);
        let part = part.trim_matches([' ', '\t']);
        if !part.is_empty() {
            self.parts.push(part.to_owned());
        }
    }

    /// Whether a word begins here.
    fn is_at_word(&self) -> bool {
        self.part.is_empty() || self.part.ends_with([' ', '\t'])
    }

    fn single_quoted(&mut self) -> Option<()> {
        self.part.push('\'');
        loop {
            let c = self.rest.next()?;
            self.part.push(c);
            match c {
                '\'' => return Some(()),
                // To fish the quote goes on.
                '\\' if matches!(self.rest.peek(), Some('\'' | '\\')) => return None,
                _ => {}
            }
        }
    }

    fn double_quoted(&mut self) -> Option<()> {
        self.part.push('"');
        loop {
            let c = self.rest.next()?;
            match c {
                '`' => return None,
                '$' if matches!(self.rest.peek(), Some('(' | '{' | '[')) => return None,
                _ => {}
            }
            self.part.push(c);
            match c {
                '"' => return Some(()),
                '\\' => self.part.push(self.rest.next()?),
                _ => {}
            }
        }
    }

    /// `>` was read: the number before it belongs to it.
    fn redirection(&mut self) -> Option<()> {
        let before = self.part.trim_end_matches(|c: char| c.is_ascii_digit());
        if before.is_empty() || before.ends_with([' ', '\t']) {
            self.part.truncate(before.len());
        }
        if self.rest.next_if_eq(&'&').is_some() {
            self.rest.next_if(|c| matches!(c, '1' | '2'))?;
            return self.word_ends();
        }
        self.nowhere()
    }

    /// Only `/dev/null` is no file.
    fn nowhere(&mut self) -> Option<()> {
        self.rest.next_if_eq(&'>');
        while self.rest.next_if(|c| matches!(c, ' ' | '\t')).is_some() {}
        for wanted in "/dev/null".chars() {
            self.rest.next_if_eq(&wanted)?;
        }
        self.word_ends()
    }

    /// The redirection's word must end here; otherwise it names something else.
    fn word_ends(&mut self) -> Option<()> {
        let ends = matches!(
            self.rest.peek(),
            None | Some(' ' | '\t' | '\n' | ';' | '|' | '&')
        );
        self.part.push(' ');
        ends.then_some(())
    }
}
