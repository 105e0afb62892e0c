//! What the terminal sends, as `app`'s events.
//!
//! Enters: crossterm's events, in the batches in which they arrived. Leaves: keys in one spelling,
//! pastes with `\n`, mouse, size. Knows no keymap.
//!
//! Spelling: a character key carries no shift, since the character says it; with ctrl it is lower
//! case. Legacy terminals send ctrl-7 for ctrl-_ and the like (one byte for both): the name that
//! people use is taken. Keys with the super, hyper or meta key belong to the desktop.
//!
//! A terminal without bracketed paste types what is pasted, line ends as Enter, and the first of them would
//! send it. [`Burst`] takes keys that arrive together and have an Enter in their midst, or are very many, as
//! a paste.

use std::io;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use crossterm::event::{
    Event as Raw, KeyCode as RawCode, KeyEvent, KeyEventKind, KeyModifiers, MouseButton,
    MouseEvent, MouseEventKind,
};
use futures::Stream;

use crate::app::event::Event;
use crate::app::key::{Key, KeyCode, Mouse, MouseKind};
use crate::domain::time::Monotonic;

/// The most events taken at once.
const BATCH: usize = 256;

/// Waits for events and returns all that are ready, in order; empty at the end of the stream. All
/// polls use the caller's own waker: crossterm keeps the first one it gets. Cancel-safe.
pub(super) async fn batch<S>(input: &mut S) -> io::Result<Vec<Raw>>
where
    S: Stream<Item = io::Result<Raw>> + Unpin,
{
    std::future::poll_fn(|cx| {
        let mut events = Vec::new();
        while events.len() < BATCH {
            match Pin::new(&mut *input).poll_next(cx) {
                Poll::Ready(Some(Ok(event))) => events.push(event),
                Poll::Ready(Some(Err(error))) if events.is_empty() => {
                    return Poll::Ready(Err(error));
                }
                Poll::Pending if events.is_empty() => return Poll::Pending,
                Poll::Ready(Some(Err(_)) | None) | Poll::Pending => break,
            }
        }
        Poll::Ready(Ok(events))
    })
    .await
}

/// Turns one terminal event into ours; `None` if it means nothing to us.
pub(super) fn translate(raw: Raw) -> Option<Event> {
    match raw {
        Raw::Key(key) => translate_key(key).map(Event::Key),
        Raw::Paste(text) => Some(Event::Paste(line_ends(&text))),
        Raw::Mouse(mouse) => translate_mouse(mouse).map(Event::Mouse),
        Raw::Resize(columns, rows) => Some(Event::Resize(columns.max(1), rows.max(1))),
        Raw::FocusGained | Raw::FocusLost => None,
    }
}

fn line_ends(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n")
}

fn translate_key(event: KeyEvent) -> Option<Key> {
    let foreign = KeyModifiers::SUPER | KeyModifiers::HYPER | KeyModifiers::META;
    if event.kind == KeyEventKind::Release || event.modifiers.intersects(foreign) {
        return None;
    }
    let ctrl = event.modifiers.contains(KeyModifiers::CONTROL);
    let alt = event.modifiers.contains(KeyModifiers::ALT);
    let mut shift = event.modifiers.contains(KeyModifiers::SHIFT);
    let code = match event.code {
        RawCode::Char(c) => {
            let c = character(c, ctrl, shift);
            shift = false;
            KeyCode::Char(c)
        }
        RawCode::BackTab => {
            shift = true;
            KeyCode::Tab
        }
        other => named(other)?,
    };
    Some(Key {
        code,
        ctrl,
        alt,
        shift,
    })
}

fn character(c: char, ctrl: bool, shift: bool) -> char {
    match c {
        '4' if ctrl => '\\',
        '5' if ctrl => ']',
        '6' if ctrl => '^',
        '7' | '/' if ctrl => '_',
        _ if ctrl => c.to_ascii_lowercase(),
        _ if shift => {
            let mut upper = c.to_uppercase();
            match (upper.next(), upper.next()) {
                (Some(upper), None) => upper,
                _ => c,
            }
        }
        _ => c,
    }
}

fn named(code: RawCode) -> Option<KeyCode> {
    Some(match code {
        RawCode::Enter => KeyCode::Enter,
        RawCode::Esc => KeyCode::Esc,
        RawCode::Backspace => KeyCode::Backspace,
        RawCode::Delete => KeyCode::Delete,
        RawCode::Insert => KeyCode::Insert,
        RawCode::Tab => KeyCode::Tab,
        RawCode::Left => KeyCode::Left,
        RawCode::Right => KeyCode::Right,
        RawCode::Up => KeyCode::Up,
        RawCode::Down => KeyCode::Down,
        RawCode::Home => KeyCode::Home,
        RawCode::End => KeyCode::End,
        RawCode::PageUp => KeyCode::PageUp,
        RawCode::PageDown => KeyCode::PageDown,
        RawCode::F(number) => KeyCode::F(number),
        // Lock, media and bare modifier keys mean nothing here.
        _ => return None,
    })
}

fn translate_mouse(event: MouseEvent) -> Option<Mouse> {
    let kind = match event.kind {
        MouseEventKind::Down(MouseButton::Left) => MouseKind::Press,
        MouseEventKind::ScrollUp => MouseKind::ScrollUp,
        MouseEventKind::ScrollDown => MouseKind::ScrollDown,
        _ => return None,
    };
    Some(Mouse {
        kind,
        column: event.column,
        row: event.row,
    })
}

/// Keys that arrive together in fewer number than this are typed.
const FEWEST: usize = 4;
/// Nobody types this many between two reads: they are a paste, also without an Enter. One at a time a
/// large one would take minutes.
const MANY: usize = 128;
/// A paste that comes in several reads goes on for this long after the last of them.
const LINGER: Duration = Duration::from_millis(40);

/// Tells pasted keys from typed ones.
#[derive(Debug, Default)]
pub(super) struct Burst {
    until: Option<Monotonic>,
}

impl Burst {
    /// Takes the events of one batch; runs of keys that were pasted become one paste.
    pub(super) fn gather(&mut self, events: Vec<Event>, now: Monotonic) -> Vec<Event> {
        let mut gathered = Vec::with_capacity(events.len());
        let mut run: Vec<(Key, char)> = Vec::new();
        for event in events {
            if let Event::Key(key) = &event
                && let Some(c) = typed(*key)
            {
                run.push((*key, c));
                continue;
            }
            self.flush(&mut run, now, &mut gathered);
            gathered.push(event);
        }
        self.flush(&mut run, now, &mut gathered);
        gathered
    }

    /// The batch of `began` was dealt with, which may have taken longer than the pause that ends a
    /// paste: a large one is, and its last line end must not send it.
    pub(super) fn dealt_with(&mut self, began: Monotonic, now: Monotonic) {
        if self.until.is_some_and(|until| began < until) {
            self.until = Some(now + LINGER);
        }
    }

    fn flush(&mut self, run: &mut Vec<(Key, char)>, now: Monotonic, out: &mut Vec<Event>) {
        let going_on = run.len() > 1 && self.until.is_some_and(|until| now < until);
        let line_end = run.iter().position(|(_, c)| *c == '\n');
        let in_the_midst = line_end.is_some_and(|at| at + 1 < run.len());
        let many = run.len() >= MANY;
        if going_on || many || (run.len() >= FEWEST && in_the_midst) {
            self.until = Some(now + LINGER);
            out.push(Event::Paste(run.drain(..).map(|(_, c)| c).collect()));
        } else {
            out.extend(run.drain(..).map(|(key, _)| Event::Key(key)));
        }
    }
}

/// Returns the character that a key would paste.
fn typed(key: Key) -> Option<char> {
    match key {
        Key { alt: true, .. } | Key { shift: true, .. } => None,
        Key {
            ctrl: true, code, ..
        } => (code == KeyCode::Char('j')).then_some('\n'),
        Key {
            code: KeyCode::Char(c),
            ..
        } => Some(c),
        Key {
            code: KeyCode::Enter,
            ..
        } => Some('\n'),
        Key {
            code: KeyCode::Tab, ..
        } => Some('\t'),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(code: RawCode, modifiers: KeyModifiers) -> Option<Event> {
        translate(Raw::Key(KeyEvent::new(code, modifiers)))
    }

    fn typed_keys(text: &str) -> Vec<Event> {
        let code = |c| {
            if c == '\n' {
                KeyCode::Enter
            } else {
                KeyCode::Char(c)
            }
        };
        text.chars()
            .map(|c| Event::Key(Key::plain(code(c))))
            .collect()
    }

    #[test]
    fn each_key_has_one_spelling() {
        let none = KeyModifiers::NONE;
        let ctrl = KeyModifiers::CONTROL;
        let shift = KeyModifiers::SHIFT;
        let tab = Key {
            shift: true,
            ..Key::plain(KeyCode::Tab)
        };

        assert_eq!(
            key(RawCode::Char('A'), shift),
            Some(Event::Key(Key::char('A')))
        );
        assert_eq!(
            key(RawCode::Char('a'), shift),
            Some(Event::Key(Key::char('A')))
        );
        assert_eq!(
            key(RawCode::Char('ß'), shift),
            Some(Event::Key(Key::char('ß')))
        );
        assert_eq!(
            key(RawCode::Char('K'), ctrl | shift),
            Some(Event::Key(Key::ctrl('k')))
        );
        assert_eq!(
            key(RawCode::Char('7'), ctrl),
            Some(Event::Key(Key::ctrl('_')))
        );
        assert_eq!(key(RawCode::BackTab, shift), Some(Event::Key(tab)));
        assert_eq!(key(RawCode::BackTab, none), Some(Event::Key(tab)));
        assert_eq!(key(RawCode::Char('c'), KeyModifiers::SUPER), None);
        assert_eq!(key(RawCode::CapsLock, none), None);
        assert_eq!(
            translate(Raw::Paste("a\r\nb\rc\n".into())),
            Some(Event::Paste("a\nb\nc\n".into()))
        );
    }

    #[test]
    fn keys_with_an_enter_in_their_midst_are_a_paste() {
        let mut burst = Burst::default();
        let gathered = burst.gather(typed_keys("one\ntwo\n"), Duration::ZERO);
        assert_eq!(gathered, [Event::Paste("one\ntwo\n".into())]);

        let rest = burst.gather(typed_keys("three\n"), Duration::from_millis(10));
        assert_eq!(rest, [Event::Paste("three\n".into())]);

        burst.dealt_with(Duration::from_millis(10), Duration::from_millis(500));
        let tail = burst.gather(typed_keys("4\n"), Duration::from_millis(510));
        assert_eq!(tail, [Event::Paste("4\n".into())], "the time is ours");

        let later = burst.gather(typed_keys("go\n"), Duration::from_secs(1));
        assert_eq!(later, typed_keys("go\n"));
    }

    #[test]
    fn more_keys_than_anybody_types_are_a_paste_without_an_enter_too() {
        let line = "x".repeat(MANY);
        let mut burst = Burst::default();

        let gathered = burst.gather(typed_keys(&line), Duration::ZERO);

        assert_eq!(gathered, [Event::Paste(line)]);
    }

    #[test]
    fn a_line_that_is_typed_fast_is_sent() {
        let mut burst = Burst::default();
        let keys = typed_keys("a whole prompt\n");
        assert_eq!(burst.gather(keys.clone(), Duration::ZERO), keys);
    }
}
