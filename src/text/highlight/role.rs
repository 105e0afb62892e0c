//! What the words of code are, and the styles for that.

use std::sync::Arc;

use ratatui::style::Style;

/// What a piece of code is. What has no role is drawn as code without colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SyntaxRole {
    Comment,
    String,
    Number,
    /// `true`, `nil`, an escape in a string.
    Constant,
    Keyword,
    Function,
    Type,
    /// A key of an object, an attribute of a tag.
    Property,
    /// A line that a diff adds.
    Added,
    /// A line that a diff removes.
    Removed,
}

/// The part of a line up to `end`, from the end of the part before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SyntaxSpan {
    /// A byte offset into the line.
    pub end: u16,
    pub role: Option<SyntaxRole>,
}

/// The parts of one line, in order; what follows the last one has no role.
pub type SyntaxSpans = Arc<[SyntaxSpan]>;

/// The styles of code by role, patched over that of code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SyntaxStyles {
    pub comment: Style,
    pub string: Style,
    pub number: Style,
    pub constant: Style,
    pub keyword: Style,
    pub function: Style,
    pub type_name: Style,
    pub property: Style,
    pub added: Style,
    pub removed: Style,
}

impl SyntaxStyles {
    /// Whether highlighting would change nothing.
    pub fn is_plain(&self) -> bool {
        *self == Self::default()
    }

    pub(in crate::text) fn of(&self, role: Option<SyntaxRole>) -> Style {
        match role {
            None => Style::new(),
            Some(SyntaxRole::Comment) => self.comment,
            Some(SyntaxRole::String) => self.string,
            Some(SyntaxRole::Number) => self.number,
            Some(SyntaxRole::Constant) => self.constant,
            Some(SyntaxRole::Keyword) => self.keyword,
            Some(SyntaxRole::Function) => self.function,
            Some(SyntaxRole::Type) => self.type_name,
            Some(SyntaxRole::Property) => self.property,
            Some(SyntaxRole::Added) => self.added,
            Some(SyntaxRole::Removed) => self.removed,
        }
    }
}
