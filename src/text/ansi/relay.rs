//! Lets a program in a sandbox draw on the user's terminal, and do nothing else there.
//!
//! Input: the program's output, split anywhere. Output: the same without sequences that request an
//! answer from the terminal (which would be typed into the user's shell), reach the desktop
//! (clipboard, window title, links, notifications, files) or change the keyboard. Only sequences
//! known to be harmless pass; the list is xterm's control sequences,
//! <https://invisible-island.net/xterm/ctlseqs/ctlseqs.html>.
//!
//! [`OutputFilter::undo`] resets the modes that a program set and did not reset.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use vte::{Params, Parser, Perform};

use super::super::hidden::is_obeyed;

/// Private modes that concern the program's own screen and keys: cursor keys, origin, autowrap,
/// blinking and visible cursor, the alternate screen and the saved cursor, mouse and focus reports,
/// synchronized updates, bracketed paste.
const MODES: &[u16] = &[
    1, 6, 7, 12, 25, 47, 1000, 1002, 1003, 1004, 1006, 1047, 1048, 1049, 2004, 2026,
];
/// The ones that are set when a program starts.
const ON_AT_FIRST: &[u16] = &[7, 25];
/// Saving and restoring the cursor is not a mode to reset.
const MOMENTARY: u16 = 1048;
/// Final bytes of sequences that move, erase, shift, colour, set margins, or repeat. Those that set
/// or clear tab stops are excluded: the old stops could not be restored.
const DRAWS: &str = "@ABCDEFGHIJKLMPSTXZ`abdefmrsu";

/// Filters one program's output to the terminal.
pub struct OutputFilter {
    parser: Parser,
    sink: FilterSink,
}

impl Default for OutputFilter {
    fn default() -> Self {
        Self {
            parser: Parser::new(),
            sink: FilterSink::default(),
        }
    }
}

impl OutputFilter {
    /// Returns the part of `bytes` that may reach the terminal.
    pub fn pass(&mut self, bytes: &[u8]) -> Vec<u8> {
        self.parser.advance(&mut self.sink, bytes);
        std::mem::take(&mut self.sink.out).into_bytes()
    }

    /// Returns the bytes that reset all changed modes; after that, none is changed.
    pub fn undo(&mut self) -> Vec<u8> {
        let sink = &mut self.sink;
        for mode in std::mem::take(&mut sink.changed) {
            let letter = if ON_AT_FIRST.contains(&mode) {
                'h'
            } else {
                'l'
            };
            let _ = write!(sink.out, "\x1b[?{mode}{letter}");
        }
        if std::mem::take(&mut sink.margins) {
            // Resetting the margins moves the cursor home, so its position is saved and restored.
            sink.out.push_str("\x1b7\x1b[r\x1b8");
        }
        // Keypad, insert mode, colours, cursor shape; then both character sets, with G0 shifted in:
        // a cursor that the program saved must not bring line drawing back.
        sink.out
            .push_str("\x1b>\x1b[4l\x1b[m\x1b[0 q\x0f\x1b(B\x1b)B\x1b7");
        std::mem::take(&mut sink.out).into_bytes()
    }

    /// Returns the bytes that release the terminal for a while, and those that restore the
    /// program's modes. The program must redraw its screen itself.
    pub fn interrupt(&mut self) -> (Vec<u8>, Vec<u8>) {
        let changed = self.sink.changed.clone();
        let undo = self.undo();
        let mut redo = String::new();
        for mode in &changed {
            let letter = if ON_AT_FIRST.contains(mode) { 'l' } else { 'h' };
            let _ = write!(redo, "\x1b[?{mode}{letter}");
        }
        self.sink.changed = changed;
        (undo, redo.into_bytes())
    }
}

#[derive(Default)]
struct FilterSink {
    out: String,
    /// Modes that differ from their initial state.
    changed: BTreeSet<u16>,
    margins: bool,
}

impl FilterSink {
    fn csi(&mut self, private: &str, params: &Params, intermediate: &str, action: char) {
        self.out.push_str("\x1b[");
        self.out.push_str(private);
        for (number, parts) in params.iter().enumerate() {
            if number > 0 {
                self.out.push(';');
            }
            let parts: Vec<String> = parts.iter().map(u16::to_string).collect();
            self.out.push_str(&parts.join(":"));
        }
        self.out.push_str(intermediate);
        self.out.push(action);
    }

    fn set_modes(&mut self, params: &Params, on: bool) {
        for &mode in params.iter().flatten() {
            if !MODES.contains(&mode) {
                continue;
            }
            if mode != MOMENTARY && on != ON_AT_FIRST.contains(&mode) {
                self.changed.insert(mode);
            } else {
                self.changed.remove(&mode);
            }
            let letter = if on { 'h' } else { 'l' };
            let _ = write!(self.out, "\x1b[?{mode}{letter}");
        }
    }
}

impl Perform for FilterSink {
    fn print(&mut self, c: char) {
        if !is_obeyed(c) {
            self.out.push(c);
        }
    }

    fn execute(&mut self, byte: u8) {
        // Bell, backspace, tab, line feeds, carriage return, and the two shifts of character sets.
        if matches!(byte, 0x07..=0x0f) {
            self.out.push(char::from(byte));
        }
    }

    fn csi_dispatch(&mut self, params: &Params, intermediates: &[u8], ignore: bool, action: char) {
        match (intermediates, action) {
            _ if ignore => {}
            (b"?", 'h' | 'l') => self.set_modes(params, action == 'h'),
            (b"", 'h' | 'l') if params.iter().flatten().all(|&mode| mode == 4) => {
                self.csi("", params, "", action);
            }
            (b"", _) if DRAWS.contains(action) => {
                self.margins |= action == 'r';
                self.csi("", params, "", action);
            }
            (b"?", 'J' | 'K') => self.csi("?", params, "", action),
            (b" ", 'q') => self.csi("", params, " ", action),
            _ => {}
        }
    }

    fn esc_dispatch(&mut self, intermediates: &[u8], ignore: bool, byte: u8) {
        let passes = match intermediates {
            _ if ignore => false,
            // Cursor, lines, keypad.
            [] => b"78DEM=>".contains(&byte),
            // Character sets: ASCII, British, line drawing.
            b"(" | b")" => b"BA0".contains(&byte),
            _ => false,
        };
        if passes {
            self.out.push('\x1b');
            self.out
                .extend(intermediates.iter().copied().map(char::from));
            self.out.push(char::from(byte));
        }
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;
    use proptest::prelude::*;

    use super::*;

    fn passed(text: &str) -> String {
        String::from_utf8(OutputFilter::default().pass(text.as_bytes())).unwrap()
    }

    #[test]
    fn what_draws_passes_as_it_is() {
        for text in [
            "plain ü 漢 🙂\r\n\ttab\x08\x07",
            "\x1b[1;38:2:1:2:3mcolour\x1b[0m",
            "\x1b[2J\x1b[3;4H\x1b[0K\x1b[5A\x1b[2@\x1b[3P\x1b[1;5r\x1b[4b",
            "\x1b[?1049h\x1b[?25l\x1b[?2004h\x1b[?1l\x1b[4h",
            "\x1b7\x1b8\x1bM\x1b(0lqk\x1b(B\x1b=\x1b[2 q",
        ] {
            assert_eq!(passed(text), text);
        }
    }

    #[test]
    fn what_asks_or_reaches_the_desktop_does_not() {
        for hostile in [
            // Clipboard, title, link, notification, file.
            "\x1b]52;c;cm0gLXJmIH4=\x07",
            "\x1b]0;title\x1b\\",
            "\x1b]8;;https://evil.invalid\x1b\\",
            "\x1b]777;notify;a;b\x07",
            "\x1b]1337;File=name=eA==:AAAA\x07",
            // Queries, whose answers would be typed.
            "\x1b[6n",
            "\x1b[c\x1b[>c\x1b[=c",
            "\x1b[21t\x1b[18t",
            "\x1b[?25$p",
            "\x1b[>q",
            "\x1b[?u",
            "\x1bP$qm\x1b\\",
            "\x1bP+q544e\x1b\\",
            "\x05",
            // The keyboard, the printer, the size, a reset.
            "\x1b[>1u\x1b[>4;2m\x1b[=1;1u",
            "\x1b[5i",
            "\x1b[8;10;20t\x1b[?3h",
            "\x1bc\x1b#8",
            // Tab stops, and character sets that nothing resets.
            "\x1bH\x1b[3g\x1b[g",
            "\x1b*0\x1b+0\x1bn\x1bo\x1b|\x1b%@",
            "\x1b_Gi=1;AAAA\x1b\\\x1b^x\x1b\\\x1bXy\x1b\\",
            // C1 controls, and characters that deceive the reader.
            "\u{9b}6n",
        ] {
            let left = passed(hostile);
            assert!(
                !left.contains('\x1b') && !left.contains('\u{9b}'),
                "{left:?}"
            );
        }
        assert_eq!(passed("a\u{202e}b"), "ab");
        // A dropped sequence removes nothing else.
        assert_eq!(passed("a\x1b]0;t\x07b\x1b[6nc"), "abc");
    }

    #[test]
    fn a_sequence_may_be_cut_anywhere() {
        let text = "ä\x1b[1;31mred\x1b]0;title\x07\x1b[?25l漢";
        let mut relay = OutputFilter::default();

        let pieces: Vec<u8> = text.bytes().flat_map(|byte| relay.pass(&[byte])).collect();

        assert_eq!(String::from_utf8(pieces).unwrap(), passed(text));
    }

    #[test]
    fn what_is_left_switched_on_is_taken_back() {
        let mut relay = OutputFilter::default();
        let mut terminal = vt100::Parser::new(10, 20, 0);
        terminal.process(b"before");
        terminal.process(&relay.pass(
            b"\x1b[?1049h\x1b[?1000h\x1b[?2004h\x1b[?25l\x1b[2;4r\x1b[31mrest\x1b[?1h\x1b[?1l",
        ));

        terminal.process(&relay.undo());

        let screen = terminal.screen();
        assert_eq!(screen.contents(), "before");
        assert!(!screen.alternate_screen() && !screen.bracketed_paste() && !screen.hide_cursor());
        assert_eq!(screen.mouse_protocol_mode(), vt100::MouseProtocolMode::None);
        assert_eq!(screen.fgcolor(), vt100::Color::Default);
        // One reset is enough.
        let again = String::from_utf8(relay.undo()).unwrap();
        assert!(!again.contains('?'), "{again:?}");
    }

    #[test]
    fn an_interrupted_program_finds_its_modes_again() {
        let mut relay = OutputFilter::default();
        relay.pass(b"\x1b[?1049h\x1b[?25l\x1b[?2004h\x1b[?2004l");

        let (undo, redo) = relay.interrupt();
        let undone = String::from_utf8(undo).unwrap();

        assert!(undone.starts_with("\x1b[?25h\x1b[?1049l"), "{undone:?}");
        assert_eq!(redo, b"\x1b[?25l\x1b[?1049h");
        let at_last = String::from_utf8(relay.undo()).unwrap();
        assert!(at_last.starts_with("\x1b[?25h\x1b[?1049l"), "{at_last:?}");
    }

    #[test]
    fn a_shell_that_ends_in_line_drawing_leaves_letters() {
        for left in [
            "\x0e",
            "\x1b)0\x0e",
            "\x1b(0",
            "\x1b(0\x1b7\x1b(B",
            "\x1b[?1049h\x1b(0",
        ] {
            let mut relay = OutputFilter::default();
            let mut charsets = Charsets::default();
            charsets.feed(&relay.pass(left.as_bytes()));

            charsets.feed(&relay.undo());

            assert!(charsets.draws_letters(), "{left:?}");
            // Nor does a saved cursor bring it back.
            charsets.feed(b"\x1b8");
            assert!(charsets.draws_letters(), "{left:?}");
        }
    }

    /// A terminal's character sets, as in xterm: G0 and G1, one of which is shifted in, saved and
    /// restored with the cursor.
    #[derive(Default)]
    struct Charsets {
        now: CharsetShift,
        saved: CharsetShift,
    }

    #[derive(Clone, Copy, Default)]
    struct CharsetShift {
        out: bool,
        drawing: [bool; 2],
    }

    impl Charsets {
        fn feed(&mut self, bytes: &[u8]) {
            Parser::<1024>::new().advance(self, bytes);
        }

        fn draws_letters(&self) -> bool {
            !self.now.drawing[usize::from(self.now.out)]
        }
    }

    impl Perform for Charsets {
        fn execute(&mut self, byte: u8) {
            match byte {
                0x0e => self.now.out = true,
                0x0f => self.now.out = false,
                _ => {}
            }
        }

        fn esc_dispatch(&mut self, intermediates: &[u8], _ignore: bool, byte: u8) {
            match (intermediates, byte) {
                (b"(", set) => self.now.drawing[0] = set == b'0',
                (b")", set) => self.now.drawing[1] = set == b'0',
                ([], b'7') => self.saved = self.now,
                ([], b'8') => self.now = self.saved,
                _ => {}
            }
        }

        fn csi_dispatch(&mut self, params: &Params, intermediates: &[u8], _: bool, action: char) {
            if intermediates == b"?" && params.iter().any(|mode| mode == [1049]) {
                match action {
                    'h' => self.saved = self.now,
                    _ => self.now = self.saved,
                }
            }
        }
    }

    proptest! {
        #[test]
        fn nothing_passes_a_second_time_that_did_not_pass_the_first(bytes: Vec<u8>) {
            let once = OutputFilter::default().pass(&bytes);

            prop_assert_eq!(OutputFilter::default().pass(&once), once);
        }
    }
}
