//! After each frame, the terminal shows what the buffer contains, whatever it showed before.

use proptest::prelude::*;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};

use super::Screen;

/// A terminal and the screen that feeds it.
struct Pair {
    screen: Screen,
    terminal: vt100::Parser,
}

impl Pair {
    fn new(width: u16, height: u16) -> Self {
        Self {
            screen: Screen::new(),
            terminal: vt100::Parser::new(height, width, 0),
        }
    }

    /// Draws, checks the whole screen, and returns the number of bytes.
    fn draw(&mut self, buffer: &Buffer, cursor: Option<(u16, u16)>) -> usize {
        let frame = self.screen.frame(buffer, cursor).unwrap_or_default();
        self.terminal.process(&frame);
        for y in 0..buffer.area.height {
            for x in 0..buffer.area.width {
                self.check_cell(buffer, x, y, &frame);
            }
        }
        let shown = self.terminal.screen();
        assert_eq!(shown.hide_cursor(), cursor.is_none());
        if let Some((x, y)) = cursor {
            assert_eq!(shown.cursor_position(), (y, x));
        }
        frame.len()
    }

    fn check_cell(&self, buffer: &Buffer, x: u16, y: u16, frame: &[u8]) {
        let wanted = &buffer[(x, y)];
        let shown = self.terminal.screen().cell(y, x).unwrap();
        if shown.is_wide_continuation() {
            return;
        }
        let text = match shown.contents() {
            "" => " ",
            text => text,
        };
        let place = || format!("at {x},{y} after {:?}", String::from_utf8_lossy(frame));
        // This terminal adds up the widths of joined characters, so it shows only their start.
        if wanted.symbol().contains('\u{200d}') {
            assert!(wanted.symbol().starts_with(text), "{}", place());
        } else {
            assert_eq!(text, wanted.symbol(), "{}", place());
        }
        assert_eq!(shown.bgcolor(), colour(wanted.bg), "{}", place());
        assert_eq!(
            shown.inverse(),
            wanted.modifier.contains(Modifier::REVERSED),
            "{}",
            place()
        );
        assert_eq!(
            shown.underline(),
            wanted.modifier.contains(Modifier::UNDERLINED),
            "{}",
            place()
        );
        if text != " " {
            let has = |modifier| wanted.modifier.contains(modifier);
            // This terminal supports bold or dim, not both.
            let dim =
                has(Modifier::DIM) && !has(Modifier::BOLD) || shown.dim() && has(Modifier::DIM);
            assert_eq!(shown.fgcolor(), colour(wanted.fg), "{}", place());
            assert_eq!(shown.dim(), dim, "{}", place());
            assert_eq!(shown.bold(), has(Modifier::BOLD) && !dim, "{}", place());
            assert_eq!(shown.italic(), has(Modifier::ITALIC), "{}", place());
        }
    }
}

fn colour(colour: Color) -> vt100::Color {
    match colour {
        Color::Red => vt100::Color::Idx(1),
        Color::Indexed(index) => vt100::Color::Idx(index),
        Color::Rgb(r, g, b) => vt100::Color::Rgb(r, g, b),
        _ => vt100::Color::Default,
    }
}

const TEXTS: [&str; 12] = [
    "a",
    "word ",
    "longer words",
    " ",
    "      ",
    "日本",
    "e\u{301}",
    "🚀",
    "👩\u{200d}💻",
    "│",
    "──",
    "한글",
];

fn styles() -> impl Strategy<Value = Style> {
    let colours = prop_oneof![
        4 => Just(Color::Reset),
        1 => Just(Color::Red),
        1 => Just(Color::Indexed(200)),
        1 => Just(Color::Rgb(1, 2, 3)),
    ];
    let modifiers = prop_oneof![
        4 => Just(Modifier::empty()),
        1 => Just(Modifier::BOLD),
        1 => Just(Modifier::DIM | Modifier::ITALIC),
        1 => Just(Modifier::BOLD | Modifier::UNDERLINED),
        1 => Just(Modifier::REVERSED),
    ];
    (colours.clone(), colours, modifiers)
        .prop_map(|(fg, bg, modifier)| Style::new().fg(fg).bg(bg).add_modifier(modifier))
}

#[derive(Debug, Clone)]
enum Change {
    Write(u16, u16, Vec<(usize, Style)>),
    Clear(u16, u16, u16, u16),
    Scroll {
        top: u16,
        bottom: u16,
        left: u16,
        by: i32,
    },
    Resize(u16, u16),
}

fn changes() -> impl Strategy<Value = Vec<Change>> {
    let change = prop_oneof![
        6 => (0..40u16, 0..14u16, prop::collection::vec((0..TEXTS.len(), styles()), 1..8))
            .prop_map(|(x, y, spans)| Change::Write(x, y, spans)),
        1 => (0..40u16, 0..14u16, 1..40u16, 1..6u16).prop_map(|(x, y, w, h)| Change::Clear(x, y, w, h)),
        4 => (0..6u16, 6..14u16, prop_oneof![Just(0u16), 0..20u16], -5..6i32)
            .prop_map(|(top, bottom, left, by)| Change::Scroll { top, bottom, left, by }),
        1 => (1..50u16, 1..16u16).prop_map(|(w, h)| Change::Resize(w, h)),
    ];
    prop::collection::vec(change, 1..8)
}

/// Applies a change. Cells are copied one by one, so scrolling may cut wide characters: those cells
/// are blanked, as a view would never leave them.
fn apply(buffer: &mut Buffer, change: &Change) {
    let area = buffer.area;
    match change {
        Change::Write(x, y, spans) if *x < area.width && *y < area.height => {
            let mut x = *x;
            for (text, style) in spans {
                x = buffer
                    .set_stringn(x, *y, TEXTS[*text], usize::MAX, *style)
                    .0;
            }
        }
        Change::Write(..) => {}
        Change::Clear(x, y, w, h) => {
            let cleared = Rect::new(*x, *y, *w, *h).intersection(area);
            for position in cleared.positions() {
                buffer[position].reset();
            }
        }
        Change::Scroll {
            top,
            bottom,
            left,
            by,
        } => {
            let before = buffer.clone();
            for y in *top..(*bottom + 1).min(area.height) {
                for x in *left..area.width {
                    let from = i32::from(y) + by;
                    let inside = from >= i32::from(*top) && from <= i32::from(*bottom);
                    let from = u16::try_from(from).ok().filter(|_| inside);
                    let cell = from.and_then(|from| before.cell((x, from))).cloned();
                    buffer[(x, y)] = cell.unwrap_or_default();
                }
            }
        }
        Change::Resize(w, h) => *buffer = Buffer::empty(Rect::new(0, 0, *w, *h)),
    }
    heal(buffer);
}

/// Resets the cells after wide characters, and drops wide characters that the edge cuts.
fn heal(buffer: &mut Buffer) {
    use ratatui::buffer::CellWidth as _;
    let area = buffer.area;
    for y in 0..area.height {
        let mut x = 0;
        while x < area.width {
            let width = buffer[(x, y)].cell_width();
            // A terminal that adds up widths needs the room.
            let room = if buffer[(x, y)].symbol().contains('\u{200d}') {
                4
            } else {
                width
            };
            if x + room > area.width {
                buffer[(x, y)].reset();
                x += 1;
                continue;
            }
            for behind in x + 1..x + width {
                buffer[(behind, y)].reset();
                let bg = buffer[(x, y)].bg;
                buffer[(behind, y)].bg = bg;
            }
            x += width.max(1);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_terminal_shows_the_buffer_after_any_sequence_of_frames(
        frames in prop::collection::vec((changes(), prop::option::of((0..40u16, 0..12u16))), 1..12),
    ) {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 40, 12));
        let mut pair = Pair::new(40, 12);
        for (changes, cursor) in frames {
            for change in &changes {
                apply(&mut buffer, change);
            }
            let size = pair.terminal.screen().size();
            if size != (buffer.area.height, buffer.area.width) {
                pair.terminal.screen_mut().set_size(buffer.area.height, buffer.area.width);
                pair.screen.forget();
            }
            let inside = |(x, y): &(u16, u16)| *x < buffer.area.width && *y < buffer.area.height;
            pair.draw(&buffer, cursor.filter(inside));
            prop_assert_eq!(pair.screen.frame(&buffer, cursor.filter(inside)), None);
        }
    }

    #[test]
    fn no_cell_text_reaches_the_terminal_as_a_control(texts in prop::collection::vec(".{0,6}", 1..30)) {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 30, 1));
        for (x, text) in texts.iter().enumerate() {
            let text = format!("\u{1b}{text}\u{9b}\u{202e}");
            buffer[(u16::try_from(x).unwrap(), 0)].set_symbol(&text);
        }

        let frame = Screen::new().frame(&buffer, None).unwrap();
        let frame = String::from_utf8(frame).unwrap();

        let ours = ["\x1b[m", "\x1b[r", "\x1b[?25l", "\x1b[H", "\x1b[2J", "\x1b[?2026h", "\x1b[?2026l"];
        let rest = ours.iter().fold(frame, |frame, code| frame.replace(code, ""));
        prop_assert_eq!(rest, "\u{fffd}".repeat(texts.len()));
    }
}

fn lines(width: u16, height: u16, from: usize, border: bool) -> Buffer {
    let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
    buffer.set_string(0, 0, "a title that stays", Style::new());
    for y in 1..height - 1 {
        let text = format!("line {} of a text that is not short", from + usize::from(y));
        buffer.set_string(2, y, text, Style::new());
        if border {
            buffer.set_string(0, y, "│", Style::new());
            buffer.set_string(width - 1, y, "│", Style::new());
        }
    }
    buffer.set_string(0, height - 1, "a status line", Style::new());
    buffer
}

#[test]
fn rows_that_move_are_moved_by_the_terminal() {
    let mut pair = Pair::new(60, 20);

    pair.draw(&lines(60, 20, 0, true), Some((3, 19)));
    let up = pair.draw(&lines(60, 20, 2, true), Some((3, 19)));
    let down = pair.draw(&lines(60, 20, 0, true), Some((3, 19)));

    assert!(up < 160, "two new lines cost {up} bytes");
    assert!(down < 160, "two new lines cost {down} bytes");
}

#[test]
fn one_typed_letter_costs_one_byte() {
    let mut pair = Pair::new(60, 20);
    let mut buffer = lines(60, 20, 0, false);
    pair.draw(&buffer, Some((2, 19)));

    buffer.set_string(14, 19, "x", Style::new());
    pair.draw(&buffer, Some((15, 19)));
    buffer.set_string(15, 19, "y", Style::new());
    let bytes = pair.draw(&buffer, Some((16, 19)));

    assert_eq!(bytes, 1);
}

#[test]
fn the_text_of_a_link_is_a_hyperlink_that_ends_with_the_frame() {
    let mut cache = crate::text::TextCache::new(100).with_links();
    let key = crate::text::TextKey {
        id: "x",
        generation: 0,
        revision: 0,
    };
    let source = "a [link *text*](https://e.org/größe) [bad](file:///x) b";
    let palette = crate::text::Palette::default();
    let growth = crate::text::Growth::Whole;
    let line = cache.markdown(key, source, 80, growth, &palette);
    let line = line.window(0..1).next().unwrap().clone();
    let mut buffer = Buffer::empty(Rect::new(0, 0, 80, 2));
    buffer.set_line(0, 0, &line, 80);
    let frame = |screen: &mut Screen, buffer: &Buffer| {
        let frame = screen.frame_with_links(buffer, None, cache.links());
        String::from_utf8(frame.unwrap_or_default()).unwrap()
    };

    let mut screen = Screen::new();
    let first = frame(&mut screen, &buffer);
    let open = "\x1b]8;id=1;https://e.org/gr%C3%B6%C3%9Fe\x1b\\";
    assert_eq!(first.matches(open).count(), 1, "{first:?}");
    let (_, after) = first.rsplit_once(open).unwrap();
    assert!(after.contains("\x1b]8;;\x1b\\"), "{first:?}");
    assert!(!first.contains("8;id=2") && !first.contains("file:///x\x1b\\"));
    assert_eq!(frame(&mut screen, &buffer), "");

    // The last cell of a frame ends the link too.
    let mut buffer = Buffer::empty(Rect::new(0, 0, 4, 1));
    buffer.set_line(0, 0, &ratatui::text::Line::from(line.spans[1].clone()), 4);
    let mut screen = Screen::new();
    let last = frame(&mut screen, &buffer);
    assert!(last.contains(open) && last.contains("link"), "{last:?}");
    assert!(
        last.trim_end_matches("\x1b[?2026l")
            .ends_with("\x1b]8;;\x1b\\"),
        "{last:?}"
    );

    // Without the terminal's support nothing is sent.
    let plain = Screen::new().frame(&buffer, None).unwrap();
    assert!(!String::from_utf8(plain).unwrap().contains("\x1b]8"));
}
