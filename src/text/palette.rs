//! The styles that text is drawn in, by role.

use ratatui::style::Style;

/// One style for each role of a piece of text. A style is patched over that of the surrounding
/// text, so `strong` inside a `link` keeps the link's colour. The default draws plain text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Palette {
    pub text: Style,
    /// Secondary text: URLs, labels of code blocks, raw HTML.
    pub dim: Style,
    pub strong: Style,
    pub emphasis: Style,
    pub heading: Style,
    /// Code inside a line.
    pub code: Style,
    pub code_block: Style,
    pub link: Style,
    pub quote: Style,
    /// Lines that a diff adds.
    pub added: Style,
    /// Lines that a diff removes.
    pub removed: Style,
    /// Headers of a diff's hunks.
    pub hunk: Style,
    /// Rules and the lines of tables.
    pub border: Style,
}
