//! How wide the parts of a text may be.

/// The widths of a Markdown text. Lines of prose that are very long are hard to read; code and
/// tables are easier to read the wider they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Columns {
    full: u16,
    prose: u16,
}

impl Columns {
    /// All parts may be `full` columns wide, but prose at most `prose`. 0 counts as 1.
    pub fn new(full: u16, prose: u16) -> Self {
        let full = full.max(1);
        Self {
            full,
            prose: prose.clamp(1, full),
        }
    }

    /// The columns for code and tables; at least 1.
    pub(super) fn full(self) -> usize {
        usize::from(self.full)
    }

    /// The columns for prose: from 1 to [`Self::full`].
    pub(super) fn prose(self) -> usize {
        usize::from(self.prose)
    }
}

/// The same width for all parts.
impl From<u16> for Columns {
    fn from(full: u16) -> Self {
        Self::new(full, full)
    }
}
