//! Select Graphic Rendition: the parameters of `ESC [ … m` as a style (ECMA-48 8.3.117, and the
//! 256-colour and direct-colour forms of ITU-T T.416 with both separators in use).

use ratatui::style::{Color, Modifier, Style};
use vte::Params;

/// Patches the parameters over `style`; a reset returns to `base`. Blinking, concealed and unknown
/// parameters are ignored: a log line must not hide itself.
pub(super) fn apply(mut style: Style, base: Style, params: &Params) -> Style {
    let mut groups = params.iter();
    while let Some(group) = groups.next() {
        let code = group.first().copied().unwrap_or(0);
        style = match code {
            38 | 48 => {
                let colour = if group.len() > 1 {
                    from_group(&group[1..])
                } else {
                    from_following(&mut groups)
                };
                match (colour, code) {
                    (Some(colour), 38) => style.fg(colour),
                    (Some(colour), _) => style.bg(colour),
                    (None, _) => style,
                }
            }
            _ => simple(style, base, code),
        };
    }
    style
}

fn simple(style: Style, base: Style, code: u16) -> Style {
    match code {
        0 => base,
        1 => style.add_modifier(Modifier::BOLD),
        2 => style.add_modifier(Modifier::DIM),
        3 => style.add_modifier(Modifier::ITALIC),
        4 => style.add_modifier(Modifier::UNDERLINED),
        7 => style.add_modifier(Modifier::REVERSED),
        9 => style.add_modifier(Modifier::CROSSED_OUT),
        22 => style.remove_modifier(Modifier::BOLD | Modifier::DIM),
        23 => style.remove_modifier(Modifier::ITALIC),
        24 => style.remove_modifier(Modifier::UNDERLINED),
        27 => style.remove_modifier(Modifier::REVERSED),
        29 => style.remove_modifier(Modifier::CROSSED_OUT),
        30..=37 => style.fg(indexed(code - 30)),
        39 => Style {
            fg: base.fg,
            ..style
        },
        40..=47 => style.bg(indexed(code - 40)),
        49 => Style {
            bg: base.bg,
            ..style
        },
        90..=97 => style.fg(indexed(code - 90 + 8)),
        100..=107 => style.bg(indexed(code - 100 + 8)),
        _ => style,
    }
}

/// `38:5:n`, `38:2:r:g:b` and `38:2::r:g:b` arrive as one group of subparameters.
fn from_group(rest: &[u16]) -> Option<Color> {
    match rest {
        [5, index, ..] => Some(indexed(*index)),
        [2, _, r, g, b, ..] | [2, r, g, b] => rgb(*r, *g, *b),
        _ => None,
    }
}

/// `38;5;n` and `38;2;r;g;b` consume the parameters that follow.
fn from_following<'a>(groups: &mut impl Iterator<Item = &'a [u16]>) -> Option<Color> {
    let mut next = || groups.next().and_then(|group| group.first().copied());
    match next()? {
        5 => next().map(indexed),
        2 => {
            let (r, g, b) = (next()?, next()?, next()?);
            rgb(r, g, b)
        }
        _ => None,
    }
}

fn indexed(index: u16) -> Color {
    u8::try_from(index).map_or(Color::Reset, |index| match index {
        0 => Color::Black,
        1 => Color::Red,
        2 => Color::Green,
        3 => Color::Yellow,
        4 => Color::Blue,
        5 => Color::Magenta,
        6 => Color::Cyan,
        7 => Color::Gray,
        8 => Color::DarkGray,
        9 => Color::LightRed,
        10 => Color::LightGreen,
        11 => Color::LightYellow,
        12 => Color::LightBlue,
        13 => Color::LightMagenta,
        14 => Color::LightCyan,
        15 => Color::White,
        index => Color::Indexed(index),
    })
}

fn rgb(r: u16, g: u16, b: u16) -> Option<Color> {
    Some(Color::Rgb(
        u8::try_from(r).ok()?,
        u8::try_from(g).ok()?,
        u8::try_from(b).ok()?,
    ))
}
