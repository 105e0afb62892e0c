//! The styles that text is drawn in, by role.

use ratatui::style::Style;

use super::highlight::SyntaxStyles;

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
    /// The words of code blocks.
    pub syntax: SyntaxStyles,
    pub link: Style,
    pub quote: Style,
    /// Lines that a diff adds.
    pub added: Style,
    /// Lines that a diff removes.
    pub removed: Style,
    /// The background of added lines, if there is one; then their text has the colours of code.
    pub added_line: Style,
    /// The background of removed lines, if there is one.
    pub removed_line: Style,
    /// Words that are new in an added line.
    pub added_word: Style,
    /// Words that are gone in a removed line.
    pub removed_word: Style,
    /// The gaps between a diff's hunks.
    pub hunk: Style,
    /// Rules and the lines of tables.
    pub border: Style,
}
