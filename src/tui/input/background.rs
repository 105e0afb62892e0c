//! Asks the terminal for its background, and takes the answer out of the keys.
//!
//! Input: the terminal's events as crossterm reads them. Output: the events without answers, and
//! the colour. It knows no theme.
//!
//! Mental model: the answer to OSC 11 is `ESC ] 11 ; rgb:1e1e/1e1e/2e2e`, ended by BEL or `ESC \`.
//! crossterm has no event for that: it reads alt-], the characters as keys, and ctrl-g or alt-\.
//! Cut between two reads after an ESC, it reads Esc and then a plain key. So keys that may be an
//! answer are held until they cannot be one any more; then they pass, in order. Over a slow
//! connection an answer may come late, and in pieces: from `11;` on it is one for certain, since
//! nobody types that after alt-], and whatever it holds is dropped. A terminal that does not know
//! the question ignores it.

use std::time::Duration;

use crossterm::event::{Event as Raw, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use crate::app::view::surface::Rgb;
use crate::domain::time::Monotonic;

/// Asks for the background (xterm's OSC 11).
pub(in crate::tui) const QUERY: &[u8] = b"\x1b]11;?\x1b\\";
/// A key that may begin an answer is held between two reads for so long after the question.
const PATIENCE: Duration = Duration::from_secs(10);
/// How an answer begins, after `ESC ]`.
const START: &str = "11;";
/// No answer is longer.
const LONGEST: usize = 64;

/// Finds answers among keys.
#[derive(Debug, Default)]
pub(in crate::tui) struct BackgroundReader {
    asked: Option<Monotonic>,
    /// Keys that may be an answer.
    held: Vec<Raw>,
    /// The characters of [`Self::held`] after `ESC ]`.
    text: String,
    /// An Esc was read last, outside of an answer or in one.
    after_esc: bool,
}

/// What a key means for the answer that is being read.
enum AnswerStep {
    Held,
    Ended,
    /// The key is no part of an answer.
    Foreign,
}

impl BackgroundReader {
    /// Notes that the question was sent.
    pub(in crate::tui) fn asked(&mut self, now: Monotonic) {
        self.asked = Some(now);
    }

    /// Handles the events of one read.
    pub(in crate::tui) fn read(
        &mut self,
        events: Vec<Raw>,
        now: Monotonic,
    ) -> (Vec<Raw>, Option<Rgb>) {
        let awaited = self.asked.is_some_and(|asked| now < asked + PATIENCE);
        let mut passed = Vec::with_capacity(events.len());
        let mut colour = None;
        for event in events {
            let Raw::Key(key) = &event else {
                // A size or the mouse may come at any time.
                passed.push(event);
                continue;
            };
            match self.step(*key, awaited) {
                AnswerStep::Held => self.held.push(event),
                AnswerStep::Ended => {
                    colour = parse(&self.text).or(colour);
                    self.end();
                }
                AnswerStep::Foreign => {
                    self.give_up(&mut passed);
                    self.after_esc = is_plain(key, KeyCode::Esc);
                    // It may begin an answer itself.
                    if opens(key) {
                        self.held.push(event);
                    } else {
                        passed.push(event);
                    }
                }
            }
        }
        if !awaited && !self.is_answer() {
            self.give_up(&mut passed);
        }
        (passed, colour)
    }

    fn step(&mut self, key: KeyEvent, awaited: bool) -> AnswerStep {
        if key.kind == KeyEventKind::Release {
            return AnswerStep::Foreign;
        }
        let after_esc = std::mem::take(&mut self.after_esc);
        if self.held.is_empty() {
            let opened =
                opens(&key) || (after_esc && awaited && is_plain(&key, KeyCode::Char(']')));
            return if opened {
                AnswerStep::Held
            } else {
                AnswerStep::Foreign
            };
        }
        match (key.code, key.modifiers) {
            (KeyCode::Char('g'), KeyModifiers::CONTROL)
            | (KeyCode::Char('\\'), KeyModifiers::ALT)
                if self.is_answer() =>
            {
                AnswerStep::Ended
            }
            (KeyCode::Char('\\'), KeyModifiers::NONE) if after_esc => AnswerStep::Ended,
            (KeyCode::Esc, KeyModifiers::NONE) if self.is_answer() && !after_esc => {
                self.after_esc = true;
                AnswerStep::Held
            }
            (KeyCode::Char(c), KeyModifiers::NONE | KeyModifiers::SHIFT)
                if !after_esc && self.takes(c) =>
            {
                self.text.push(c);
                AnswerStep::Held
            }
            _ => AnswerStep::Foreign,
        }
    }

    /// Whether a character can be the next one of an answer.
    fn takes(&self, c: char) -> bool {
        let at = self.text.len();
        match START.as_bytes().get(at) {
            Some(wanted) => char::from(*wanted) == c,
            None => at < LONGEST && c.is_ascii_graphic(),
        }
    }

    /// Whether what is held is an answer for certain.
    fn is_answer(&self) -> bool {
        self.text.starts_with(START)
    }

    fn end(&mut self) {
        self.held.clear();
        self.text.clear();
        self.after_esc = false;
    }

    /// Passes what turned out to be keys; half an answer is dropped.
    fn give_up(&mut self, passed: &mut Vec<Raw>) {
        if !self.is_answer() {
            passed.append(&mut self.held);
        }
        self.end();
    }
}

fn opens(key: &KeyEvent) -> bool {
    key.code == KeyCode::Char(']')
        && key.modifiers == KeyModifiers::ALT
        && key.kind == KeyEventKind::Press
}

fn is_plain(key: &KeyEvent, code: KeyCode) -> bool {
    key.code == code && key.modifiers.is_empty() && key.kind == KeyEventKind::Press
}

/// Reads `11;rgb:RRRR/GGGG/BBBB`, with one to four digits for each channel, and `rgba:`, whose
/// fourth channel does not matter (xterm's ctlseqs, `XParseColor`).
fn parse(text: &str) -> Option<Rgb> {
    let value = text.strip_prefix(START)?;
    let digits = value
        .strip_prefix("rgb:")
        .or_else(|| value.strip_prefix("rgba:"))?;
    let mut channels = digits.split('/').map(channel);
    let colour = Rgb(channels.next()??, channels.next()??, channels.next()??);
    let rest: Vec<_> = channels.collect();
    (rest.len() <= 1 && rest.iter().all(Option::is_some)).then_some(colour)
}

/// Scales a channel of one to four digits to 8 bits.
fn channel(digits: &str) -> Option<u8> {
    if digits.is_empty() || digits.len() > 4 || !digits.bytes().all(|c| c.is_ascii_hexdigit()) {
        return None;
    }
    let value = u32::from_str_radix(digits, 16).ok()?;
    let most = (1_u32 << (4 * digits.len())) - 1;
    u8::try_from((value * 255 + most / 2) / most).ok()
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;
    use proptest::prelude::*;

    use super::*;

    fn key(code: KeyCode, modifiers: KeyModifiers) -> Raw {
        Raw::Key(KeyEvent::new(code, modifiers))
    }

    fn typed(text: &str) -> Vec<Raw> {
        let plain = |c| key(KeyCode::Char(c), KeyModifiers::NONE);
        text.chars().map(plain).collect()
    }

    /// Events as crossterm reads these bytes when they come in these reads. Only what answers hold.
    fn crossterm(reads: &[&[u8]]) -> Vec<Vec<Raw>> {
        let read = |bytes: &&[u8]| {
            let mut events = Vec::new();
            let mut bytes = bytes.iter().peekable();
            while let Some(byte) = bytes.next() {
                events.push(match (byte, bytes.peek()) {
                    (0x1b, None | Some(0x1b)) => key(KeyCode::Esc, KeyModifiers::NONE),
                    (0x1b, Some(_)) => {
                        let c = char::from(*bytes.next().unwrap());
                        key(KeyCode::Char(c), KeyModifiers::ALT)
                    }
                    (0x07, _) => key(KeyCode::Char('g'), KeyModifiers::CONTROL),
                    (byte, _) => key(KeyCode::Char(char::from(*byte)), KeyModifiers::NONE),
                });
            }
            events
        };
        reads.iter().map(read).collect()
    }

    fn reader() -> BackgroundReader {
        let mut reader = BackgroundReader::default();
        reader.asked(Duration::ZERO);
        reader
    }

    /// What passes, without the Esc of a cut answer's start, and the colour.
    fn all(reader: &mut BackgroundReader, reads: Vec<Vec<Raw>>) -> (Vec<Raw>, Option<Rgb>) {
        let mut passed = Vec::new();
        let mut colour = None;
        for events in reads {
            let (more, found) = reader.read(events, Duration::from_secs(1));
            passed.extend(more);
            colour = found.or(colour);
        }
        (passed, colour)
    }

    #[test]
    fn each_form_of_an_answer_is_a_colour() {
        for (text, colour) in [
            ("11;rgb:1e1e/1e1e/2e2e", Some(Rgb(0x1e, 0x1e, 0x2e))),
            ("11;rgb:ff/00/80", Some(Rgb(255, 0, 128))),
            ("11;rgb:f/0/8", Some(Rgb(255, 0, 136))),
            ("11;rgba:ffff/ffff/ffff/8000", Some(Rgb(255, 255, 255))),
            ("11;rgb:ffff/ffff", None),
            ("11;rgb:fffff/0/0", None),
            ("11;rgb:0/0/0/0/0", None),
            ("11;rgb:0/+1/0", None),
            ("11;#123456", None),
            ("10;rgb:0/0/0", None),
            ("", None),
        ] {
            assert_eq!(parse(text), colour, "{text}");
        }
    }

    #[test]
    fn keys_are_held_only_while_they_may_be_an_answer() {
        let alt = key(KeyCode::Char(']'), KeyModifiers::ALT);
        let mut reader = reader();
        let late = PATIENCE + Duration::from_secs(1);

        let alone = vec![alt.clone()];
        assert_eq!(reader.read(alone.clone(), late).0, alone);
        assert_eq!(reader.read(vec![alt.clone()], Duration::ZERO).0, []);
        let mut expected = vec![alt];
        expected.extend(typed("1x"));
        assert_eq!(reader.read(typed("1x"), Duration::ZERO).0, expected);
    }

    #[test]
    fn half_an_answer_swallows_no_key_after_it() {
        let reads = crossterm(&[b"\x1b]11;rgb:12/3"]);
        let enter = key(KeyCode::Enter, KeyModifiers::NONE);
        let mut reader = reader();
        all(&mut reader, reads);

        assert_eq!(all(&mut reader, vec![vec![enter.clone()]]).0, [enter]);
        assert_eq!(all(&mut reader, vec![typed("ab")]).0, typed("ab"));
    }

    proptest! {
        #[test]
        fn an_answer_is_taken_out_wherever_it_is_cut(
            before in "[a-z0-9;:/]{0,6}",
            after in "[a-z0-9;:/]{0,6}",
            st: bool,
            cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..4),
        ) {
            let end = if st { "\x1b\\" } else { "\x07" };
            let text = format!("{before}\x1b]11;rgb:0000/8080/ffff{end}{after}");
            let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(text.len() + 1)).collect();
            cuts.extend([0, text.len()]);
            cuts.sort_unstable();
            let pieces: Vec<&[u8]> =
                cuts.windows(2).map(|pair| &text.as_bytes()[pair[0]..pair[1]]).collect();

            let (passed, colour) = all(&mut reader(), crossterm(&pieces));

            // The ESC of an answer that was cut behind it has already passed.
            let keys: Vec<Raw> = passed
                .into_iter()
                .filter(|event| *event != key(KeyCode::Esc, KeyModifiers::NONE))
                .collect();
            prop_assert_eq!(keys, typed(&format!("{before}{after}")));
            prop_assert_eq!(colour, Some(Rgb(0, 0x80, 0xff)));
        }

        #[test]
        fn keys_without_an_answer_pass_unchanged(
            keys in prop::collection::vec(
                (prop::sample::select(vec!['a', ']', '1', ';', '\\', 'g']), 0_u8..3),
                0..30,
            ),
            chunk in 1_usize..5,
        ) {
            let modifiers = [KeyModifiers::NONE, KeyModifiers::CONTROL, KeyModifiers::ALT];
            let mut events: Vec<Raw> = keys
                .into_iter()
                .map(|(c, which)| key(KeyCode::Char(c), modifiers[usize::from(which)]))
                .collect();
            // What ends whatever is held; and no answer is among them.
            events.push(key(KeyCode::Enter, KeyModifiers::NONE));
            let answers = crossterm(&[b"\x1b]11;"]).remove(0);
            prop_assume!(!events.windows(4).any(|four| four == answers));

            let reads = events.chunks(chunk).map(<[Raw]>::to_vec).collect();

            prop_assert_eq!(all(&mut reader(), reads).0, events);
        }
    }
}
