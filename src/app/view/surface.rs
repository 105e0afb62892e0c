//! Backgrounds that are one step from the terminal's own.
//!
//! Input: the terminal's background, and how exactly it can show colours. Output: colours for what
//! stands on a surface. Knows neither the terminal nor what is drawn on a surface.

use ratatui::style::Color;

/// A colour in 8 bits for each of red, green and blue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rgb(pub u8, pub u8, pub u8);

/// Which backgrounds a terminal can show, besides its own 16 colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Shades {
    #[default]
    None,
    /// The 256 colours of xterm.
    Indexed,
    /// Any colour.
    Exact,
}

impl Shades {
    /// Reads the values of TERM and COLORTERM.
    pub fn of(term: Option<&str>, colorterm: Option<&str>) -> Self {
        let term = term.unwrap_or_default();
        let exact = ["truecolor", "24bit"];
        if term.is_empty() || ["dumb", "linux"].contains(&term) {
            Self::None
        } else if colorterm.is_some_and(|value| exact.contains(&value)) || term.ends_with("-direct")
        {
            Self::Exact
        } else if term.contains("256color") {
            Self::Indexed
        } else {
            Self::None
        }
    }
}

/// Backgrounds by role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Surfaces {
    /// Behind what the user wrote.
    pub(super) raised: Color,
    pub(super) added: Color,
    pub(super) removed: Color,
    pub(super) added_word: Color,
    pub(super) removed_word: Color,
}

/// Parts of 1000 that a surface has of the colour it tends to.
const STEP: u32 = 75;
const LINE: u32 = 170;
const WORD: u32 = 360;
/// Channels that differ by less look the same.
const VISIBLE: u8 = 6;

impl Surfaces {
    /// Returns the surfaces on a background; `None` if the terminal has no colour one step from it.
    pub(super) fn on(background: Rgb, shades: Shades) -> Option<Self> {
        let is_dark = background.luminance() < 128;
        let (far, green, red) = if is_dark {
            (Rgb(255, 255, 255), Rgb(0, 200, 60), Rgb(255, 40, 40))
        } else {
            (Rgb(0, 0, 0), Rgb(0, 160, 40), Rgb(220, 30, 30))
        };
        // Few of the 256 colours are close to a background: those that are commonly used there.
        let tinted = |towards: Rgb, parts: u32, index: (u8, u8)| match (shades, is_dark) {
            (Shades::Exact, _) => background.mixed(towards, parts).exact(),
            (_, true) => Color::Indexed(index.0),
            (_, false) => Color::Indexed(index.1),
        };
        let raised = background.mixed(far, STEP);
        let raised = match shades {
            Shades::None => return None,
            Shades::Exact => raised.exact(),
            Shades::Indexed => {
                let (index, shown) = raised.nearest();
                if shown.distance(background) < VISIBLE {
                    return None;
                }
                Color::Indexed(index)
            }
        };
        Some(Self {
            raised,
            added: tinted(green, LINE, (22, 194)),
            removed: tinted(red, LINE, (52, 224)),
            added_word: tinted(green, WORD, (28, 157)),
            removed_word: tinted(red, WORD, (88, 217)),
        })
    }
}

impl Rgb {
    fn channels(self) -> [u8; 3] {
        [self.0, self.1, self.2]
    }

    fn exact(self) -> Color {
        Color::Rgb(self.0, self.1, self.2)
    }

    /// From 0 to 255, as bright as the eye sees it (ITU-R BT.601).
    fn luminance(self) -> u32 {
        (299 * u32::from(self.0) + 587 * u32::from(self.1) + 114 * u32::from(self.2)) / 1_000
    }

    /// The colour that has so many parts of 1000 of another.
    fn mixed(self, other: Self, parts: u32) -> Self {
        let mix = |from: u8, to: u8| {
            let sum = u32::from(from) * (1_000 - parts) + u32::from(to) * parts;
            u8::try_from((sum + 500) / 1_000).unwrap_or(u8::MAX)
        };
        Self(
            mix(self.0, other.0),
            mix(self.1, other.1),
            mix(self.2, other.2),
        )
    }

    /// The greatest difference of a channel.
    fn distance(self, other: Self) -> u8 {
        let pairs = self.channels().into_iter().zip(other.channels());
        pairs.map(|(one, two)| one.abs_diff(two)).max().unwrap_or(0)
    }

    /// The nearest of the 256 colours that themes do not change, and what it looks like.
    fn nearest(self) -> (u8, Self) {
        const LEVELS: [u8; 6] = [0, 95, 135, 175, 215, 255];
        let cube = (0_u8..216).map(|at| {
            let level = |n: u8| LEVELS[usize::from(n % 6)];
            (16 + at, Self(level(at / 36), level(at / 6), level(at)))
        });
        let greys = (0_u8..24).map(|at| (232 + at, Self(8 + 10 * at, 8 + 10 * at, 8 + 10 * at)));
        let far = |colour: Self| {
            let pairs = self.channels().into_iter().zip(colour.channels());
            pairs
                .map(|(one, two)| u32::from(one.abs_diff(two)).pow(2))
                .sum::<u32>()
        };
        cube.chain(greys)
            .min_by_key(|(_, colour)| far(*colour))
            .unwrap_or((16, Self(0, 0, 0)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_a_terminal_shows_is_in_its_variables() {
        let of = |term, colorterm| Shades::of(Some(term), colorterm);

        assert_eq!(of("xterm", None), Shades::None);
        assert_eq!(of("xterm-256color", None), Shades::Indexed);
        assert_eq!(of("tmux-256color", Some("truecolor")), Shades::Exact);
        assert_eq!(of("xterm-direct", None), Shades::Exact);
        assert_eq!(of("linux", Some("truecolor")), Shades::None);
        assert_eq!(Shades::of(None, Some("truecolor")), Shades::None);
    }

    #[test]
    fn a_surface_is_one_step_from_the_background() {
        let raised = |background, shades| Surfaces::on(background, shades).map(|all| all.raised);
        let black = Rgb(0, 0, 0);
        let white = Rgb(255, 255, 255);

        assert_eq!(raised(black, Shades::Exact), Some(Color::Rgb(19, 19, 19)));
        assert_eq!(
            raised(white, Shades::Exact),
            Some(Color::Rgb(236, 236, 236))
        );
        assert_eq!(raised(black, Shades::Indexed), Some(Color::Indexed(233)));
        assert_eq!(raised(white, Shades::Indexed), Some(Color::Indexed(255)));
        assert_eq!(
            raised(Rgb(0x1e, 0x1e, 0x2e), Shades::Indexed),
            Some(Color::Indexed(236))
        );
        assert_eq!(raised(black, Shades::None), None);
    }

    proptest! {
        #[test]
        fn a_surface_is_near_the_background_and_not_the_same(r: u8, g: u8, b: u8) {
            let background = Rgb(r, g, b);
            let Some(Color::Rgb(r, g, b)) =
                Surfaces::on(background, Shades::Exact).map(|all| all.raised)
            else {
                panic!("no surface");
            };
            let distance = Rgb(r, g, b).distance(background);
            prop_assert!((VISIBLE..=20).contains(&distance), "{distance}");
        }
    }
}
