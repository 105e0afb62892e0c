//! The blocks that are open around the one which is written.

use ratatui::text::Span;

/// An open list.
pub(super) struct OpenList {
    /// The number of the next item; `None` for bullets.
    pub(super) next: Option<u64>,
    /// Blank lines stand between the items.
    pub(super) loose: bool,
}

/// An open quote or list item.
pub(super) struct Container {
    /// The marker of an item until its first line is written.
    pub(super) marker: Option<Span<'static>>,
    /// Stands before all other lines; as wide as the marker.
    pub(super) rest: Span<'static>,
    pub(super) width: usize,
}
