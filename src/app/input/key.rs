//! Keys and mouse events, independent of any terminal library; parsing and printing of `ctrl-k`,
//! and of sequences such as `ctrl-x n`.

use std::fmt;
use std::str::FromStr;

/// A key press. Presses and repeats are the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    pub code: KeyCode,
    pub ctrl: bool,
    pub alt: bool,
    /// Only for keys that are not characters: `shift-a` is the character `A`.
    pub shift: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum KeyCode {
    Char(char),
    Enter,
    Esc,
    Backspace,
    Delete,
    Insert,
    Tab,
    Left,
    Right,
    Up,
    Down,
    Home,
    End,
    PageUp,
    PageDown,
    F(u8),
}

/// A mouse event at a cell; (0, 0) is the top left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mouse {
    pub kind: MouseKind,
    pub column: u16,
    pub row: u16,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MouseKind {
    Press,
    ScrollUp,
    ScrollDown,
}

impl Key {
    pub const fn plain(code: KeyCode) -> Self {
        Self {
            code,
            ctrl: false,
            alt: false,
            shift: false,
        }
    }

    pub const fn char(c: char) -> Self {
        Self::plain(KeyCode::Char(c))
    }

    pub const fn ctrl(c: char) -> Self {
        Self {
            code: KeyCode::Char(c),
            ctrl: true,
            alt: false,
            shift: false,
        }
    }

    /// The character that this key would type, if it is one.
    pub fn typed(self) -> Option<char> {
        match self.code {
            KeyCode::Char(c) if !self.ctrl && !self.alt => Some(c),
            _ => None,
        }
    }
}

/// The named keys, each with the one name that is printed; parsing knows these and [`ALIASES`].
const NAMED: [(&str, KeyCode); 15] = [
    ("enter", KeyCode::Enter),
    ("esc", KeyCode::Esc),
    ("backspace", KeyCode::Backspace),
    ("delete", KeyCode::Delete),
    ("insert", KeyCode::Insert),
    ("tab", KeyCode::Tab),
    ("left", KeyCode::Left),
    ("right", KeyCode::Right),
    ("up", KeyCode::Up),
    ("down", KeyCode::Down),
    ("home", KeyCode::Home),
    ("end", KeyCode::End),
    ("pgup", KeyCode::PageUp),
    ("pgdn", KeyCode::PageDown),
    ("space", KeyCode::Char(' ')),
];

const ALIASES: [(&str, KeyCode); 6] = [
    ("return", KeyCode::Enter),
    ("escape", KeyCode::Esc),
    ("del", KeyCode::Delete),
    ("pageup", KeyCode::PageUp),
    ("pagedown", KeyCode::PageDown),
    ("ins", KeyCode::Insert),
];

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (held, name) in [
            (self.ctrl, "ctrl-"),
            (self.alt, "alt-"),
            (self.shift, "shift-"),
        ] {
            if held {
                f.write_str(name)?;
            }
        }
        if let Some((name, _)) = NAMED.iter().find(|(_, code)| *code == self.code) {
            return f.write_str(name);
        }
        match self.code {
            KeyCode::F(n) => write!(f, "f{n}"),
            KeyCode::Char(c) if c.is_control() || c.is_whitespace() => {
                write!(f, "u+{:04x}", u32::from(c))
            }
            KeyCode::Char(c) => write!(f, "{c}"),
            // All other keys have a name.
            _ => Ok(()),
        }
    }
}

/// Why a text is not a key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    #[error("a key is missing")]
    Empty,
    #[error("`{0}` is not a key; keys are written like `ctrl-k`, `shift-tab`, `f6`, `ctrl-x n`")]
    Unknown(String),
    #[error("`{0}` is a key that no terminal sends: the function keys are f1 to f35")]
    NoFunctionKey(String),
    #[error("terminals send no shift with `{0}`; write the character that is typed with it")]
    Shift(String),
    #[error("a sequence has at most {MOST} keys")]
    TooLong,
}

/// The longest sequence; no one remembers a longer one.
const MOST: usize = 4;

/// The highest function key of any protocol (kitty's, which adds f13 to f35).
const LAST_FUNCTION_KEY: u8 = 35;

/// The canonical character of ctrl with `c`. Legacy terminals send one byte for ctrl-7, ctrl-/ and
/// ctrl-_, and the like, with or without shift.
pub fn with_ctrl(c: char) -> char {
    match c {
        '4' => '\\',
        '5' => ']',
        '6' => '^',
        '7' | '/' => '_',
        _ => c.to_ascii_lowercase(),
    }
}

/// The character of a letter with shift; `None`: it depends on the keyboard.
fn with_shift(c: char) -> Option<char> {
    let mut upper = c.to_uppercase();
    match (upper.next(), upper.next()) {
        (Some(upper), None) if c.is_alphabetic() => Some(upper),
        _ => None,
    }
}

impl FromStr for Key {
    type Err = KeyError;

    /// Parses one key: modifiers in any order, followed by `-` or `+`; names in any case.
    fn from_str(text: &str) -> Result<Self, KeyError> {
        let mut key = Self::plain(KeyCode::Esc);
        let mut rest = text;
        while let Some((modifier, after)) = modifier(rest) {
            match modifier {
                Modifier::Ctrl => key.ctrl = true,
                Modifier::Alt => key.alt = true,
                Modifier::Shift => key.shift = true,
            }
            rest = after;
        }
        if rest.is_empty() {
            return Err(KeyError::Empty);
        }
        key.code = code(rest).ok_or_else(|| KeyError::Unknown(text.to_owned()))?;
        match key.code {
            KeyCode::F(number) if !(1..=LAST_FUNCTION_KEY).contains(&number) => {
                return Err(KeyError::NoFunctionKey(text.to_owned()));
            }
            KeyCode::Char(c) => {
                let shifted = if key.shift { with_shift(c) } else { Some(c) };
                let shifted = shifted.filter(|_| !(key.ctrl && key.shift));
                let c = shifted.ok_or_else(|| KeyError::Shift(text.to_owned()))?;
                // The terminal reports shift-a as A.
                key.shift = false;
                key.code = KeyCode::Char(if key.ctrl { with_ctrl(c) } else { c });
            }
            _ => {}
        }
        Ok(key)
    }
}

enum Modifier {
    Ctrl,
    Alt,
    Shift,
}

/// Splits a modifier off, if something follows it.
fn modifier(text: &str) -> Option<(Modifier, &str)> {
    let at = text.find(['-', '+'])?;
    let after = &text[at + 1..];
    if after.is_empty() {
        return None;
    }
    let modifier = match text[..at].to_ascii_lowercase().as_str() {
        "ctrl" => Modifier::Ctrl,
        "alt" => Modifier::Alt,
        "shift" => Modifier::Shift,
        _ => return None,
    };
    Some((modifier, after))
}

fn code(text: &str) -> Option<KeyCode> {
    let mut chars = text.chars();
    if let (Some(c), None) = (chars.next(), chars.next()) {
        return (!c.is_control()).then_some(KeyCode::Char(c));
    }
    let lower = text.to_ascii_lowercase();
    if let Some((_, code)) = NAMED
        .iter()
        .chain(&ALIASES)
        .find(|(name, _)| *name == lower)
    {
        return Some(*code);
    }
    if let Some(hex) = lower.strip_prefix("u+") {
        return u32::from_str_radix(hex, 16)
            .ok()
            .and_then(char::from_u32)
            // They arrive as other keys: u+0009 as tab.
            .filter(|c| !c.is_control())
            .map(KeyCode::Char);
    }
    lower
        .strip_prefix('f')
        .filter(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
        // A number too large for any keyboard still parses as a function key, and is refused as
        // one.
        .map(|n| KeyCode::F(n.parse().unwrap_or(u8::MAX)))
}

/// Keys pressed one after the other: one key, or a leader and its followers. Never empty.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeySequence(Vec<Key>);

impl KeySequence {
    pub fn one(key: Key) -> Self {
        Self(vec![key])
    }

    pub fn keys(&self) -> &[Key] {
        &self.0
    }

    /// Whether one is a prefix of the other, so that one context cannot have both.
    pub fn clashes(&self, other: &Self) -> bool {
        self.0.starts_with(&other.0) || other.0.starts_with(&self.0)
    }
}

impl fmt::Display for KeySequence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, key) in self.0.iter().enumerate() {
            if i > 0 {
                f.write_str(" ")?;
            }
            write!(f, "{key}")?;
        }
        Ok(())
    }
}

impl FromStr for KeySequence {
    type Err = KeyError;

    /// Parses keys separated by spaces.
    fn from_str(text: &str) -> Result<Self, KeyError> {
        let keys = text
            .split_ascii_whitespace()
            .map(str::parse)
            .collect::<Result<Vec<Key>, _>>()?;
        match keys.len() {
            0 => Err(KeyError::Empty),
            1..=MOST => Ok(Self(keys)),
            _ => Err(KeyError::TooLong),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn keys() -> impl Strategy<Value = Key> {
        let code = prop_oneof![
            any::<char>()
                .prop_filter("no control", |c| !c.is_control())
                .prop_map(KeyCode::Char),
            prop::char::range(' ', '~').prop_map(KeyCode::Char),
            (1..=LAST_FUNCTION_KEY).prop_map(KeyCode::F),
            prop::sample::select(NAMED.map(|(_, code)| code).to_vec()),
        ];
        (code, any::<bool>(), any::<bool>(), any::<bool>()).prop_map(|(code, ctrl, alt, shift)| {
            let character = matches!(code, KeyCode::Char(_));
            // As terminals send it.
            let code = match code {
                KeyCode::Char(c) if ctrl => KeyCode::Char(with_ctrl(c)),
                code => code,
            };
            Key {
                code,
                ctrl,
                alt,
                shift: shift && !character,
            }
        })
    }

    proptest! {
        #[test]
        fn what_is_printed_is_read_back(keys in prop::collection::vec(keys(), 1..4)) {
            let sequence = KeySequence(keys);

            let read: KeySequence = sequence.to_string().parse().unwrap();

            prop_assert_eq!(read, sequence);
        }

        #[test]
        fn reading_never_panics(text in any::<String>()) {
            let _ = text.parse::<KeySequence>();
        }
    }

    #[test]
    fn keys_are_read_in_the_spellings_people_use() {
        let read = |text: &str| text.parse::<Key>().map(|key| key.to_string());

        assert_eq!(read("ctrl+K"), Ok("ctrl-k".to_owned()));
        assert_eq!(read("ctrl-/"), Ok("ctrl-_".to_owned()));
        assert_eq!(read("shift-ä"), Ok("Ä".to_owned()));
        assert_eq!(read("shift-A"), Ok("A".to_owned()));
        assert_eq!(read("F12"), Ok("f12".to_owned()));
        assert_eq!(read("Shift-Tab"), Ok("shift-tab".to_owned()));
        assert_eq!(read("shift-a"), Ok("A".to_owned()));
        assert_eq!(read("ctrl--"), Ok("ctrl--".to_owned()));
        assert_eq!(read("PageUp"), Ok("pgup".to_owned()));
        assert_eq!(
            read("hyper-a"),
            Err(KeyError::Unknown("hyper-a".to_owned()))
        );
        assert_eq!("  ".parse::<KeySequence>(), Err(KeyError::Empty));
    }

    #[test]
    fn a_key_that_no_terminal_sends_is_refused() {
        let refused = |text: &str| text.parse::<KeySequence>().unwrap_err().to_string();

        for text in ["f0", "alt-f0", "f36", "f99", "ctrl-f256", "f99999999999"] {
            let why = format!(
                "`{text}` is a key that no terminal sends: the function keys are f1 to f35"
            );
            assert_eq!(refused(text), why);
        }
        for text in ["shift-1", "shift-space", "ctrl-shift-k", "shift-ß"] {
            let why = "; write the character that is typed with it";
            assert_eq!(
                refused(text),
                format!("terminals send no shift with `{text}`{why}")
            );
        }
        for text in [
            "ctrl-",
            "ctrl-alt-",
            "fx",
            "u+0009",
            "u+",
            "\u{1}",
            "ctrl",
            "ctlr-k",
        ] {
            assert!(refused(text).contains("is not a key"), "{text}");
        }
        assert_eq!(refused("ctrl-x 1 2 3 4"), "a sequence has at most 4 keys");
        assert_eq!(refused(""), "a key is missing");
    }
}
