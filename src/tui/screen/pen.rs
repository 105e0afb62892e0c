//! The style of a cell, and the shortest SGR sequence from one style to another.
//!
//! Input: ratatui's colours and modifiers. Output: bytes for the terminal. Knows neither positions
//! nor text. The short forms 30-37 and 90-97 are used for the first sixteen indexed colours, since
//! they name the same palette. The underline colour uses colons (`58:2::r:g:b`): a terminal that
//! does not know 58 would parse the semicolon form as several attributes.

use std::io::Write as _;

use ratatui::buffer::Cell;
use ratatui::style::{Color, Modifier};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Pen {
    fg: Color,
    bg: Color,
    /// `Reset` unless the text is underlined, since it is invisible otherwise.
    underline: Color,
    modifier: Modifier,
    /// The number of the link that the text belongs to; 0: none.
    link: u32,
}

/// The modifiers that are visible on a space.
const VISIBLE_ON_SPACE: Modifier = Modifier::REVERSED
    .union(Modifier::UNDERLINED)
    .union(Modifier::CROSSED_OUT)
    .union(Modifier::SLOW_BLINK)
    .union(Modifier::RAPID_BLINK);

impl Pen {
    pub(super) const DEFAULT: Self = Self {
        fg: Color::Reset,
        bg: Color::Reset,
        underline: Color::Reset,
        modifier: Modifier::empty(),
        link: 0,
    };

    /// `link`: the number of the cell's link, which has the place of the underline's colour.
    pub(super) fn of(cell: &Cell, link: u32) -> Self {
        Self {
            fg: cell.fg,
            bg: cell.bg,
            underline: if link == 0 && cell.modifier.contains(Modifier::UNDERLINED) {
                cell.underline_color
            } else {
                Color::Reset
            },
            modifier: cell.modifier,
            link,
        }
    }

    /// Returns the pen without what is invisible on a space, so that more spaces compare equal.
    pub(super) fn for_space(self) -> Self {
        let modifier = self.modifier & VISIBLE_ON_SPACE;
        Self {
            fg: if modifier.is_empty() {
                Color::Reset
            } else {
                self.fg
            },
            modifier,
            ..self
        }
    }

    pub(super) fn link(self) -> u32 {
        self.link
    }

    /// The same style outside of links.
    pub(super) fn without_link(self) -> Self {
        Self { link: 0, ..self }
    }

    /// Writes the shortest sequence that changes `self` into `to`; nothing if they
    /// look the same.
    pub(super) fn change(self, to: Self, out: &mut Vec<u8>) {
        if self.without_link() == to.without_link() {
            return;
        }
        let start = out.len();
        out.extend_from_slice(b"\x1b[");
        self.params(to, out);
        close(start, out);
        let stepwise = out.len();
        // The alternative: reset everything, then set what is wanted ("0" may be omitted).
        out.extend_from_slice(b"\x1b[");
        if to.without_link() != Self::DEFAULT {
            out.push(b';');
            Self::DEFAULT.params(to, out);
        }
        close(stepwise, out);
        if out.len() - stepwise < stepwise - start {
            out.drain(start..stepwise);
        } else {
            out.truncate(stepwise);
        }
    }

    /// Writes the parameters from `self` to `to`, each followed by `;`.
    fn params(self, to: Self, out: &mut Vec<u8>) {
        let mut off = self.modifier - to.modifier;
        let mut on = to.modifier - self.modifier;
        let weight = Modifier::BOLD | Modifier::DIM;
        if off.intersects(weight) {
            // 22 resets both.
            out.extend_from_slice(b"22;");
            off -= weight;
            on |= to.modifier & weight;
        }
        let blink = Modifier::SLOW_BLINK | Modifier::RAPID_BLINK;
        if off.intersects(blink) {
            out.extend_from_slice(b"25;");
            on |= to.modifier & blink;
        }
        for (modifier, begin, end) in [
            (Modifier::BOLD, "1;", ""),
            (Modifier::DIM, "2;", ""),
            (Modifier::ITALIC, "3;", "23;"),
            (Modifier::UNDERLINED, "4;", "24;"),
            (Modifier::SLOW_BLINK, "5;", ""),
            (Modifier::RAPID_BLINK, "6;", ""),
            (Modifier::REVERSED, "7;", "27;"),
            (Modifier::HIDDEN, "8;", "28;"),
            (Modifier::CROSSED_OUT, "9;", "29;"),
        ] {
            if off.contains(modifier) {
                out.extend_from_slice(end.as_bytes());
            }
            if on.contains(modifier) {
                out.extend_from_slice(begin.as_bytes());
            }
        }
        if self.fg != to.fg {
            colour(to.fg, 30, out);
        }
        if self.bg != to.bg {
            colour(to.bg, 40, out);
        }
        if self.underline != to.underline {
            underline(to.underline, out);
        }
    }
}

/// Closes the sequence that begins at `start`: the last `;` becomes `m`.
fn close(start: usize, out: &mut Vec<u8>) {
    if out.len() > start + 2 && out.ends_with(b";") {
        out.pop();
    }
    out.push(b'm');
}

/// Writes a colour's parameters; `base` is 30 for the foreground, 40 for the background.
fn colour(colour: Color, base: u8, out: &mut Vec<u8>) {
    let index = match colour {
        Color::Reset => {
            put(out, format_args!("{};", base + 9));
            return;
        }
        Color::Rgb(r, g, b) => {
            put(out, format_args!("{};2;{r};{g};{b};", base + 8));
            return;
        }
        Color::Indexed(index) => index,
        named => named_index(named),
    };
    match index {
        0..8 => put(out, format_args!("{};", base + index)),
        8..16 => put(out, format_args!("{};", base + 52 + index)),
        _ => put(out, format_args!("{};5;{index};", base + 8)),
    }
}

fn underline(colour: Color, out: &mut Vec<u8>) {
    match colour {
        Color::Reset => out.extend_from_slice(b"59;"),
        Color::Rgb(r, g, b) => put(out, format_args!("58:2::{r}:{g}:{b};")),
        Color::Indexed(index) => put(out, format_args!("58:5:{index};")),
        named => put(out, format_args!("58:5:{};", named_index(named))),
    }
}

/// Returns the index of a named colour in the terminal's palette.
fn named_index(colour: Color) -> u8 {
    const NAMES: [Color; 16] = [
        Color::Black,
        Color::Red,
        Color::Green,
        Color::Yellow,
        Color::Blue,
        Color::Magenta,
        Color::Cyan,
        Color::Gray,
        Color::DarkGray,
        Color::LightRed,
        Color::LightGreen,
        Color::LightYellow,
        Color::LightBlue,
        Color::LightMagenta,
        Color::LightCyan,
        Color::White,
    ];
    let place = NAMES.iter().position(|name| *name == colour);
    place.and_then(|at| u8::try_from(at).ok()).unwrap_or(7)
}

fn put(out: &mut Vec<u8>, text: std::fmt::Arguments<'_>) {
    // Writing to a Vec cannot fail.
    let _ = out.write_fmt(text);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(from: Pen, to: Pen) -> String {
        let mut out = Vec::new();
        from.change(to, &mut out);
        String::from_utf8(out).unwrap().replace('\x1b', "E")
    }

    fn pen(fg: Color, bg: Color, modifier: Modifier) -> Pen {
        Pen {
            fg,
            bg,
            underline: Color::Reset,
            modifier,
            link: 0,
        }
    }

    #[test]
    fn a_change_takes_the_shorter_of_stepwise_and_reset() {
        let plain = Pen::DEFAULT;
        let bold = pen(Color::Reset, Color::Reset, Modifier::BOLD);
        let loud = pen(Color::Red, Color::Indexed(200), Modifier::BOLD);
        let dim = pen(Color::Reset, Color::Reset, Modifier::DIM);
        let bright = pen(Color::White, Color::LightRed, Modifier::empty());
        let rgb = pen(Color::Rgb(1, 2, 3), Color::Reset, Modifier::ITALIC);

        assert_eq!(bytes(plain, plain), "");
        assert_eq!(bytes(plain, bold), "E[1m");
        assert_eq!(bytes(bold, plain), "E[m");
        assert_eq!(bytes(plain, loud), "E[1;31;48;5;200m");
        assert_eq!(bytes(loud, plain), "E[m");
        assert_eq!(bytes(loud, bold), "E[;1m");
        assert_eq!(bytes(bold, dim), "E[;2m");
        assert_eq!(bytes(plain, bright), "E[97;101m");
        assert_eq!(bytes(plain, rgb), "E[3;38;2;1;2;3m");
        assert_eq!(
            bytes(rgb, pen(Color::Rgb(1, 2, 3), Color::Reset, Modifier::BOLD)),
            "E[1;23;38;2;1;2;3m".replace(";38;2;1;2;3", "")
        );
    }
}
