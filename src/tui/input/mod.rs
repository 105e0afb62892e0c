//! Converts the terminal's input into `app`'s events.
//!
//! Input: crossterm's events, in the batches in which they arrived. Output: keys in one canonical
//! form, pastes with `\n`, mouse, size. Knows no key map. [`keys`] reads the terminal,
//! [`background`] asks it for its background and takes the answer out of the keys, and
//! [`paste_detection`] tells pastes from typing.
//!
//! Canonical form: a character key has no shift, since the character implies it; with ctrl it is
//! lower case. Legacy terminals send ctrl-7 for ctrl-_ and the like (one byte for both): the usual
//! name is used. Keys with super, hyper or meta belong to the desktop.

pub(super) mod background;
pub(super) mod keys;
pub(super) mod paste_detection;

use std::io;
use std::pin::Pin;
use std::task::Poll;

use crossterm::event::{
    Event as Raw, KeyCode as RawCode, KeyEvent, KeyEventKind, KeyModifiers, MouseButton,
    MouseEvent, MouseEventKind,
};
use futures::Stream;

use crate::app::event::Event;
use crate::app::input::key::{Key, KeyCode, Mouse, MouseKind, with_ctrl};

/// The most events in one batch.
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

/// Converts one terminal event; `None` if it has no meaning for us.
pub(super) fn translate(raw: Raw) -> Option<Event> {
    match raw {
        Raw::Key(key) => translate_key(key).map(Event::Key),
        Raw::Paste(text) => Some(Event::Paste(line_ends(&text))),
        Raw::Mouse(mouse) => translate_mouse(mouse).map(Event::Mouse),
        Raw::Resize(columns, rows) => Some(Event::Resize(columns.max(1), rows.max(1))),
        Raw::FocusGained => Some(Event::Focus(true)),
        Raw::FocusLost => Some(Event::Focus(false)),
    }
}

/// Whether the terminal got or lost the focus: no key, so it neither ends nor begins a paste.
pub(super) fn is_focus(raw: &Raw) -> bool {
    matches!(raw, Raw::FocusGained | Raw::FocusLost)
}

/// Keeps only the last of several size events: the terminal has no other size now.
pub(super) fn last_size(mut events: Vec<Event>) -> Vec<Event> {
    let is_size = |event: &Event| matches!(event, Event::Resize(..));
    let mut sizes = events.iter().filter(|event| is_size(event)).count();
    events.retain(|event| {
        if !is_size(event) {
            return true;
        }
        sizes -= 1;
        sizes == 0
    });
    events
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
        _ if ctrl => with_ctrl(c),
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
        // Lock, media and bare modifier keys have no meaning here.
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

#[cfg(test)]
mod tests {
    use super::*;

    fn key(code: RawCode, modifiers: KeyModifiers) -> Option<Event> {
        translate(Raw::Key(KeyEvent::new(code, modifiers)))
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
}
