//! Style roles and glyphs. The default theme uses the terminal's own colours: default foreground
//! and background, the 16 ANSI colours, bold, dim and reverse. A background is painted only where
//! the terminal's own is known, one step from it.
//!
//! Yellow means that something needs the user, and nothing else.

use ratatui::buffer::Buffer;
use ratatui::style::{Color, Modifier, Style};
use ratatui::symbols::border;

use super::surface::{Rgb, Shades, Surfaces};
use crate::domain::sandbox::SessionStatus;
use crate::text::Palette;
use crate::text::highlight::SyntaxStyles;

/// Whether colours may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Colours {
    /// The terminal's 16 colours.
    #[default]
    Terminal,
    /// `NO_COLOR`: attributes only.
    None,
}

/// Which characters may be drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Characters {
    #[default]
    Unicode,
    Ascii,
}

/// The columns of prose where nothing else is set.
pub(in crate::app) const PROSE_COLUMNS: u16 = 100;

/// Styles by role.
#[derive(Debug, Clone, PartialEq)]
pub struct Theme {
    pub colours: Colours,
    pub characters: Characters,
    pub text: Style,
    pub dim: Style,
    pub strong: Style,
    /// Something at work.
    pub accent: Style,
    /// The bar of what the user wrote.
    pub prompt: Style,
    /// Behind what the user wrote; nothing where the terminal's own background is unknown.
    pub surface: Style,
    /// Prose is set to at most this many columns; code and tables to what there is.
    pub prose_columns: u16,
    /// Which backgrounds the terminal can show, besides its own 16 colours.
    pub shades: Shades,
    /// Something that needs the user.
    pub warning: Style,
    pub error: Style,
    pub success: Style,
    /// The row under the cursor in the focused list.
    pub selection: Style,
    /// A key in a hint.
    pub key: Style,
    pub border: Style,
    pub border_focused: Style,
    pub title: Style,
    pub title_focused: Style,
    /// For `text`.
    pub palette: Palette,
}

impl Default for Theme {
    fn default() -> Self {
        Self::new(Colours::default(), Characters::default())
    }
}

impl Theme {
    pub fn new(colours: Colours, characters: Characters) -> Self {
        let plain = Style::new();
        let colour = |colour: Color| match colours {
            Colours::Terminal => plain.fg(colour),
            Colours::None => plain,
        };
        let dim = plain.add_modifier(Modifier::DIM);
        let bold = plain.add_modifier(Modifier::BOLD);
        Self {
            colours,
            characters,
            text: plain,
            dim,
            strong: bold,
            accent: colour(Color::Cyan),
            surface: plain,
            prose_columns: PROSE_COLUMNS,
            shades: Shades::None,
            prompt: colour(Color::Blue).add_modifier(Modifier::BOLD),
            warning: colour(Color::Yellow).add_modifier(Modifier::BOLD),
            error: colour(Color::Red).add_modifier(Modifier::BOLD),
            success: colour(Color::Green),
            selection: plain.add_modifier(Modifier::REVERSED),
            key: bold,
            border: dim,
            border_focused: colour(Color::Cyan),
            title: plain,
            title_focused: colour(Color::Cyan).add_modifier(Modifier::BOLD),
            palette: Palette {
                text: plain,
                dim,
                strong: bold,
                emphasis: plain.add_modifier(Modifier::ITALIC),
                heading: colour(Color::Cyan).add_modifier(Modifier::BOLD),
                code: colour(Color::Cyan),
                code_block: plain,
                syntax: SyntaxStyles {
                    comment: dim,
                    string: colour(Color::Green),
                    number: colour(Color::Cyan),
                    constant: colour(Color::Cyan),
                    keyword: colour(Color::Magenta),
                    function: colour(Color::Blue),
                    type_name: colour(Color::Cyan),
                    property: colour(Color::Blue),
                    added: colour(Color::Green),
                    removed: colour(Color::Red),
                },
                link: colour(Color::Blue).add_modifier(Modifier::UNDERLINED),
                quote: dim,
                added: colour(Color::Green),
                removed: colour(Color::Red),
                added_line: plain,
                removed_line: plain,
                added_word: bold.add_modifier(Modifier::UNDERLINED),
                removed_word: bold.add_modifier(Modifier::UNDERLINED),
                hunk: colour(Color::Cyan),
                border: dim,
            },
        }
    }

    /// Whether the theme depends on the terminal's background.
    pub fn has_surfaces(&self) -> bool {
        self.colours == Colours::Terminal && self.shades != Shades::None
    }

    /// Adapts the surfaces to the terminal's background.
    pub fn on_background(&mut self, background: Rgb) {
        if !self.has_surfaces() {
            return;
        }
        let plain = Style::new();
        let Some(surfaces) = Surfaces::on(background, self.shades) else {
            return;
        };
        self.surface = plain.bg(surfaces.raised);
        self.palette.added_line = plain.bg(surfaces.added);
        self.palette.removed_line = plain.bg(surfaces.removed);
        self.palette.added_word = plain.bg(surfaces.added_word);
        self.palette.removed_word = plain.bg(surfaces.removed_word);
    }

    pub fn is_ascii(&self) -> bool {
        self.characters == Characters::Ascii
    }

    /// Key names for hints: arrow glyphs where they can be drawn.
    pub fn key_names(&self, names: &str) -> String {
        let arrow = |name| match name {
            "up" => self.pick("↑", "up"),
            "down" => self.pick("↓", "down"),
            "left" => self.pick("←", "left"),
            "right" => self.pick("→", "right"),
            name => name,
        };
        names.split(' ').map(arrow).collect::<Vec<_>>().join(" ")
    }

    /// Returns `unicode`, or `ascii` if only that may be drawn.
    pub fn pick(&self, unicode: &'static str, ascii: &'static str) -> &'static str {
        match self.characters {
            Characters::Unicode => unicode,
            Characters::Ascii => ascii,
        }
    }

    /// The lines of an overlay's frame.
    pub fn frame(&self) -> border::Set<'static> {
        const ASCII: border::Set<'static> = border::Set {
            top_left: "+",
            top_right: "+",
            bottom_left: "+",
            bottom_right: "+",
            vertical_left: "|",
            vertical_right: "|",
            horizontal_top: "-",
            horizontal_bottom: "-",
        };
        match self.characters {
            Characters::Unicode => border::PLAIN,
            Characters::Ascii => ASCII,
        }
    }

    /// Replaces the program's own glyphs beyond ASCII; foreign text stays unchanged.
    pub fn to_ascii(&self, buf: &mut Buffer) {
        for cell in &mut buf.content {
            let plain = match cell.symbol() {
                "…" => ".",
                "·" | "•" | "─" | "━" | "‹" | "—" | "–" => "-",
                "│" | "┃" | "▌" | "▏" => "|",
                "┌" | "┐" | "└" | "┘" | "├" | "┤" | "┬" | "┴" | "┼" | "┏" | "┓" | "┗" | "┛"
                | "✓" => "+",
                "›" | "▸" | "⏵" => ">",
                "▾" => "v",
                "×" => "x",
                _ => continue,
            };
            cell.set_symbol(plain);
        }
    }

    /// The sign of a state, one column wide.
    pub fn state_glyph(&self, state: SessionStatus) -> &'static str {
        match state {
            SessionStatus::Booting => self.pick("◐", "~"),
            SessionStatus::Working => self.pick("●", "*"),
            SessionStatus::NeedsYou => "!",
            SessionStatus::Idle => self.pick("○", "o"),
            SessionStatus::Paused => self.pick("‖", "="),
            SessionStatus::Reconnecting => self.pick("↻", "?"),
            SessionStatus::Failed => self.pick("×", "x"),
            SessionStatus::Gone => self.pick("·", "-"),
        }
    }

    pub fn state_style(&self, state: SessionStatus) -> Style {
        match state {
            SessionStatus::Booting | SessionStatus::Working => self.accent,
            SessionStatus::NeedsYou => self.warning,
            SessionStatus::Reconnecting => self.strong,
            SessionStatus::Idle | SessionStatus::Paused => self.dim,
            SessionStatus::Failed => self.error,
            SessionStatus::Gone => self.dim.add_modifier(Modifier::CROSSED_OUT),
        }
    }

    /// The spinner's glyph at `step`, one column wide.
    pub fn spinner(&self, step: u64) -> &'static str {
        const UNICODE: [&str; 8] = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧"];
        const ASCII: [&str; 4] = ["|", "/", "-", "\\"];
        let at = |frames: &[&'static str]| {
            let len = u64::try_from(frames.len()).unwrap_or(1);
            frames[usize::try_from(step % len).unwrap_or(0)]
        };
        match self.characters {
            Characters::Unicode => at(&UNICODE),
            Characters::Ascii => at(&ASCII),
        }
    }
}
