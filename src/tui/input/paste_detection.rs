//! Tells pasted text from typed text in a terminal without bracketed paste.
//!
//! Input: keys in the reads in which they arrived. Output: keys, pastes, and the deadline at which
//! a held Enter counts as Enter. Pastes that the terminal marks pass unchanged. It knows no key
//! map, only whether keys are text.
//!
//! Mental model: such a terminal types pasted text, with line ends as Enter, and the first of them
//! would send it. Keys of one read, or within [`GAP`], are a burst. A burst in one read that has an
//! Enter in its middle, or very many keys, is a paste, and so is what follows within [`LINGER`]: a
//! large paste comes in many reads. An Enter that ends a burst is held. If text follows, the Enter
//! was a line end, and the rest is a paste; if nothing follows for [`SETTLE`], or a key that no
//! paste contains, it ended a line that a program typed (`tmux send-keys`), and counts as Enter.
//!
//! If a user's Enter becomes a line end, [`GAP`] is too long; if a paste is sent half-way,
//! [`SETTLE`] is too short for the connection.

use std::time::Duration;

use crate::app::event::Event;
use crate::app::input::key::{Key, KeyCode};
use crate::domain::time::Monotonic;

/// Fewer keys than this in one read were typed.
const FEWEST: usize = 4;
/// No one types this many keys between two reads: they are a paste even without an Enter. Handled
/// one at a time, a large paste would take minutes.
const MANY: usize = 128;
/// No one presses two keys within this time.
const GAP: Duration = Duration::from_millis(8);
/// How long an Enter that ends a burst waits for more of it.
const SETTLE: Duration = Duration::from_millis(80);
/// A paste in several reads continues for this long after the last one: longer than a network or a
/// busy machine delays a piece, shorter than a user needs to look and press Enter.
const LINGER: Duration = Duration::from_millis(100);

const ENTER: Key = Key::plain(KeyCode::Enter);

/// The keys of one read, as long as all are text, each with the character that it would paste.
type TextKeys = Vec<(Key, char)>;

/// Tells pasted keys from typed ones.
#[derive(Debug, Default)]
pub(in crate::tui) struct PasteDetector {
    last_key: Option<Monotonic>,
    /// When the held Enter came, which ended a burst.
    held: Option<Monotonic>,
    /// The paste continues until then.
    until: Option<Monotonic>,
}

impl PasteDetector {
    /// Handles the events of one read and returns their meaning. `is_text`: keys are text, so that
    /// an Enter would send it.
    pub(in crate::tui) fn read(
        &mut self,
        events: Vec<Event>,
        now: Monotonic,
        is_text: bool,
    ) -> Vec<Event> {
        let mut found = Vec::with_capacity(events.len() + 1);
        let mut run = TextKeys::new();
        for event in events {
            if let Event::Key(key) = &event
                && let Some(c) = pasted(*key)
            {
                run.push((*key, c));
                continue;
            }
            self.end_run(&mut run, (now, is_text), &mut found);
            // A change of the terminal's size is not an action of the user.
            if !matches!(event, Event::Resize(..)) && self.held.take().is_some() {
                found.push(Event::BurstKey(ENTER));
            }
            found.push(match event {
                Event::Key(key) => self.key(key, now),
                other => other,
            });
        }
        self.end_run(&mut run, (now, is_text), &mut found);
        found
    }

    /// When the held Enter counts, if no key comes before.
    pub(in crate::tui) fn due(&self) -> Option<Monotonic> {
        self.held.map(|at| at + SETTLE)
    }

    /// The held Enter, once it is due. Call this only when no key is ready to be read.
    pub(in crate::tui) fn settled(&mut self, now: Monotonic) -> Option<Event> {
        let is_due = self.due().is_some_and(|due| due <= now);
        let held = self.held.take_if(|_| is_due);
        held.map(|_| Event::BurstKey(ENTER))
    }

    /// From `began` to `now` the keys were not read, which must not count as a pause. A paste that
    /// was in progress still is; otherwise the rest of a large one would count as typed, and its
    /// last line end would send it. What came meanwhile came right after the last key.
    pub(in crate::tui) fn was_busy(&mut self, began: Monotonic, now: Monotonic) {
        let going_on = self.until.take().filter(|until| began < *until);
        self.until = going_on.map(|until| until + now.saturating_sub(began));
        if let Some(last) = self.last_key.filter(|last| began <= *last) {
            self.last_key = Some(last.max(now));
        }
    }

    fn end_run(&mut self, run: &mut TextKeys, read: (Monotonic, bool), found: &mut Vec<Event>) {
        let (now, is_text) = read;
        if run.is_empty() {
            return;
        }
        let going_on = self.until.is_some_and(|until| now < until);
        let held = self.held.take().map(|_| '\n');
        if going_on || held.is_some() || is_paste(run) {
            let text = held.into_iter().chain(run.drain(..).map(|(_, c)| c));
            found.push(self.paste(text.collect(), now, going_on));
            return;
        }
        let mut keys = run.drain(..).peekable();
        while let Some((key, _)) = keys.next() {
            let ends_burst = key == ENTER && is_text && self.is_burst(now);
            if !ends_burst {
                found.push(self.key(key, now));
            } else if keys.peek().is_none() {
                self.last_key = Some(now);
                self.held = Some(now);
            } else {
                let rest = keys.by_ref().map(|(_, c)| c);
                let text = std::iter::once('\n').chain(rest).collect();
                found.push(self.paste(text, now, false));
            }
        }
    }

    fn paste(&mut self, text: String, now: Monotonic, goes_on: bool) -> Event {
        self.last_key = Some(now);
        self.until = Some(now + LINGER);
        if goes_on {
            Event::PasteMore(text)
        } else {
            Event::Paste(text)
        }
    }

    fn key(&mut self, key: Key, now: Monotonic) -> Event {
        let is_burst = self.is_burst(now);
        self.last_key = Some(now);
        if is_burst {
            Event::BurstKey(key)
        } else {
            Event::Key(key)
        }
    }

    /// Whether a key that comes now belongs to the ones before.
    fn is_burst(&self, now: Monotonic) -> bool {
        let last = self.last_key;
        last.is_some_and(|last| now.saturating_sub(last) <= GAP)
    }
}

/// Whether the keys of one read must be a paste.
fn is_paste(run: &TextKeys) -> bool {
    let line_end = run.iter().position(|(_, c)| *c == '\n');
    let in_the_midst = line_end.is_some_and(|at| at + 1 < run.len());
    run.len() >= MANY || (run.len() >= FEWEST && in_the_midst)
}

/// Returns the character that a key would paste.
fn pasted(key: Key) -> Option<char> {
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
    use pretty_assertions::assert_eq;
    use proptest::prelude::*;

    use super::*;

    /// The keys of a text in one read.
    fn keys(text: &str) -> Vec<Event> {
        let code = |c| match c {
            '\n' => KeyCode::Enter,
            '\t' => KeyCode::Tab,
            _ => KeyCode::Char(c),
        };
        let key = |c| Event::Key(Key::plain(code(c)));
        text.chars().map(key).collect()
    }

    /// The same as the events of a burst.
    fn burst(text: &str) -> Vec<Event> {
        let mut burst = keys(text);
        for event in burst.iter_mut().skip(1) {
            if let Event::Key(key) = event {
                *event = Event::BurstKey(*key);
            }
        }
        burst
    }

    const fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    /// A detector, and the events it produced for a composer.
    #[derive(Default)]
    struct Typed {
        detector: PasteDetector,
        found: Vec<Event>,
    }

    impl Typed {
        fn read(&mut self, text: &str, at: u64) -> &mut Self {
            self.wait(at);
            let found = self.detector.read(keys(text), ms(at), true);
            self.found.extend(found);
            self
        }

        /// Lets time pass as the loop does: it wakes up when the detector is due.
        fn wait(&mut self, until: u64) -> &mut Self {
            if let Some(due) = self.detector.due().filter(|due| *due < ms(until)) {
                self.found.extend(self.detector.settled(due));
            }
            self
        }

        /// The texts that Enter sent, and the composer's text afterwards.
        fn composed(&self) -> (Vec<String>, String) {
            let (mut sent, mut text) = (Vec::new(), String::new());
            for event in &self.found {
                match event {
                    Event::Key(ENTER) | Event::BurstKey(ENTER) => {
                        sent.push(std::mem::take(&mut text));
                    }
                    Event::Key(key) | Event::BurstKey(key) => text.extend(pasted(*key)),
                    Event::Paste(piece) | Event::PasteMore(piece) => text.push_str(piece),
                    other => panic!("{other:?}"),
                }
            }
            (sent, text)
        }
    }

    #[test]
    fn keys_with_an_enter_in_their_midst_are_a_paste() {
        let mut typed = Typed::default();

        typed.read("one\ntwo\n", 0).read("three\n", 10);
        typed.read("\n", 20).read("\n", 1000);

        let mut expected = vec![
            Event::Paste("one\ntwo\n".into()),
            Event::PasteMore("three\n".into()),
            Event::PasteMore("\n".into()),
        ];
        expected.extend(keys("\n"));
        assert_eq!(typed.found, expected);
    }

    #[test]
    fn a_paste_goes_on_however_long_its_pieces_take_us() {
        let mut detector = PasteDetector::default();

        detector.read(keys("one\ntwo\n"), ms(0), true);
        detector.was_busy(ms(0), ms(500));
        let piece = detector.read(keys("3\n"), ms(510), true);
        detector.was_busy(ms(510), ms(520));
        detector.was_busy(ms(530), ms(900));
        let last = detector.read(keys("4\n"), ms(910), true);
        detector.was_busy(ms(1010), ms(2000));
        let later = detector.read(keys("go"), ms(2000), true);

        assert_eq!(piece, [Event::PasteMore("3\n".into())]);
        assert_eq!(last, [Event::PasteMore("4\n".into())]);
        assert_eq!(later, burst("go"), "it was over before we were busy");
    }

    #[test]
    fn a_flood_in_reads_of_any_size_comes_out_whole_and_as_one_paste() {
        let flood = "fn main() {\n\twork();\n}\n\n".repeat(200);
        let chars: Vec<char> = flood.chars().collect();
        for size in [7, 256, 1000, 1024] {
            let mut typed = Typed::default();

            for piece in chars.chunks(size) {
                typed.read(&piece.iter().collect::<String>(), 0);
            }

            typed.wait(1000);
            assert!(
                typed.composed() == (vec![], flood.clone()),
                "reads of {size}"
            );
            let is_paste = |event: &&Event| matches!(event, Event::Paste(_));
            let pastes = typed.found.iter().filter(is_paste).count();
            assert_eq!(pastes, 1, "reads of {size}");
        }
    }

    #[test]
    fn more_keys_than_anybody_types_are_a_paste_without_an_enter_too() {
        let line = "x".repeat(MANY);
        let mut typed = Typed::default();

        typed.read(&line, 0);

        assert_eq!(typed.found, [Event::Paste(line)]);
    }

    #[test]
    fn a_paste_that_comes_key_by_key_is_not_sent() {
        let screen = "fn main() {\n    work();\n}\n";
        let mut typed = Typed::default();

        for (at, c) in screen.chars().enumerate() {
            typed.read(&c.to_string(), u64::try_from(at).unwrap());
        }
        typed.wait(5000);

        assert_eq!(typed.composed(), (vec![], screen.into()));
    }

    #[test]
    fn a_paste_that_comes_line_by_line_over_a_slow_line_is_not_sent() {
        let mut typed = Typed::default();

        typed
            .read("one\n", 0)
            .read("two\n", 60)
            .read("three\n", 130);
        typed.wait(5000);

        assert_eq!(typed.composed(), (vec![], "one\ntwo\nthree\n".into()));
    }

    #[test]
    fn a_line_that_comes_at_once_is_sent_when_nothing_follows() {
        let mut typed = Typed::default();

        typed.read("a whole prompt\n", 0);
        let before = typed.composed();
        typed.wait(1000);

        assert_eq!(before, (vec![], "a whole prompt".into()));
        assert_eq!(
            typed.composed(),
            (vec!["a whole prompt".into()], String::new())
        );
        assert_eq!(typed.detector.due(), None);
    }

    #[test]
    fn a_typed_enter_counts_at_once() {
        let mut typed = Typed::default();

        typed.read("g", 0).read("o", 40).read("\n", 80);

        assert_eq!(typed.found, keys("go\n"));
    }

    #[test]
    fn a_key_that_no_paste_has_makes_the_held_enter_one_and_stays_behind_it() {
        let mut events = keys("go\n");
        let leader = Key::ctrl('x');
        events.extend([Event::Key(leader), Event::Key(Key::char('2'))]);
        let mut detector = PasteDetector::default();

        let found = detector.read(events, ms(0), true);

        let mut expected = burst("go\n");
        expected.extend([leader, Key::char('2')].map(Event::BurstKey));
        assert_eq!(found, expected);
    }

    #[test]
    fn where_keys_are_commands_no_enter_is_held() {
        let mut detector = PasteDetector::default();

        let found = detector.read(keys("jj\n"), ms(0), false);

        assert_eq!(found, burst("jj\n"));
        assert_eq!(detector.due(), None);
    }

    #[test]
    fn a_line_end_that_came_while_we_drew_belongs_to_what_came_before() {
        let mut detector = PasteDetector::default();

        detector.read(keys("x"), ms(0), true);
        detector.was_busy(ms(0), ms(50));
        let line_end = detector.read(keys("\n"), ms(50), true);
        let more = detector.read(keys("y\n"), ms(60), true);

        assert_eq!(line_end, []);
        assert_eq!(more, [Event::Paste("\ny\n".into())]);
    }

    proptest! {
        #[test]
        fn nothing_that_is_typed_is_lost(
            reads in prop::collection::vec(("[ab\n\t]{1,6}", 0_u64..120), 1..12),
        ) {
            let mut typed = Typed::default();
            let mut at = 0;
            let mut text = String::new();
            for (read, gap) in &reads {
                at += gap;
                typed.read(read, at);
                text.push_str(read);
            }
            typed.wait(at + 1000);

            let (sent, left) = typed.composed();
            let all = sent.iter().fold(String::new(), |all, line| all + line + "\n") + &left;
            prop_assert_eq!(all, text);
            prop_assert_eq!(typed.detector.due(), None);
        }
    }
}
