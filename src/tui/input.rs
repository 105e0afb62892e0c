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
//! a paste. A large one comes in many reads: what follows a piece directly is the next piece of it.

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
use crate::app::key::{Key, KeyCode, Mouse, MouseKind, with_ctrl};
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

/// Leaves of sizes that come together the last one: the terminal has no other.
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
/// A paste that comes in several reads goes on for this long after the last of them: longer than a network
/// or a busy machine holds up one piece, shorter than anybody takes to look and press Enter.
const LINGER: Duration = Duration::from_millis(100);

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

    /// From `began` to `now` the keys were not looked at: that time is ours, and a paste that was
    /// going on still is. Else the rest of a large one would be taken as typed, and its last line
    /// end would send it.
    pub(super) fn was_busy(&mut self, began: Monotonic, now: Monotonic) {
        let going_on = self.until.take().filter(|until| began < *until);
        self.until = going_on.map(|until| until + now.saturating_sub(began));
    }

    fn flush(&mut self, run: &mut Vec<(Key, char)>, now: Monotonic, out: &mut Vec<Event>) {
        if run.is_empty() {
            return;
        }
        let going_on = self.until.is_some_and(|until| now < until);
        let line_end = run.iter().position(|(_, c)| *c == '\n');
        let in_the_midst = line_end.is_some_and(|at| at + 1 < run.len());
        let many = run.len() >= MANY;
        if going_on || many || (run.len() >= FEWEST && in_the_midst) {
            self.until = Some(now + LINGER);
            let text = run.drain(..).map(|(_, c)| c).collect();
            out.push(if going_on {
                Event::PasteMore(text)
            } else {
                Event::Paste(text)
            });
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
        let code = |c| match c {
            '\n' => KeyCode::Enter,
            '\t' => KeyCode::Tab,
            _ => KeyCode::Char(c),
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

    const fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn keys_with_an_enter_in_their_midst_are_a_paste() {
        let mut burst = Burst::default();

        let gathered = burst.gather(typed_keys("one\ntwo\n"), ms(0));
        let rest = burst.gather(typed_keys("three\n"), ms(10));
        let end = burst.gather(typed_keys("\n"), ms(20));
        let enter = burst.gather(typed_keys("\n"), ms(1000));

        assert_eq!(gathered, [Event::Paste("one\ntwo\n".into())]);
        assert_eq!(rest, [Event::PasteMore("three\n".into())]);
        assert_eq!(end, [Event::PasteMore("\n".into())]);
        assert_eq!(enter, typed_keys("\n"));
    }

    #[test]
    fn a_paste_goes_on_however_long_its_pieces_take_us() {
        let mut burst = Burst::default();

        burst.gather(typed_keys("one\ntwo\n"), ms(0));
        burst.was_busy(ms(0), ms(500));
        let piece = burst.gather(typed_keys("3\n"), ms(510));
        burst.was_busy(ms(510), ms(520));
        burst.was_busy(ms(530), ms(900));
        let last = burst.gather(typed_keys("4\n"), ms(910));
        burst.was_busy(ms(1010), ms(2000));
        let later = burst.gather(typed_keys("go\n"), ms(2000));

        assert_eq!(piece, [Event::PasteMore("3\n".into())]);
        assert_eq!(last, [Event::PasteMore("4\n".into())]);
        assert_eq!(later, typed_keys("go\n"), "it was over before we were busy");
    }

    #[test]
    fn a_flood_in_reads_of_any_size_comes_out_whole_and_as_one_paste() {
        let flood = "fn main() {\n\twork();\n}\n\n".repeat(200);
        let keys = typed_keys(&flood);
        for size in [7, 256, 1000, 1024] {
            let mut burst = Burst::default();
            let mut text = String::new();
            let mut pastes = 0;

            for read in keys.chunks(size) {
                for event in burst.gather(read.to_vec(), ms(0)) {
                    match event {
                        Event::Paste(piece) => {
                            pastes += 1;
                            text.push_str(&piece);
                        }
                        Event::PasteMore(piece) => text.push_str(&piece),
                        Event::Key(key) => text.extend(typed(key)),
                        other => panic!("{other:?}"),
                    }
                }
            }

            assert!(text == flood, "the text changed in reads of {size}");
            assert_eq!(pastes, 1, "reads of {size}");
        }
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
