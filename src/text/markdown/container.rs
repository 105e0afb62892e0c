//! The open blocks around the current one.

use ratatui::text::Span;

/// An open list.
pub(super) struct OpenList {
    /// The number of the next item; `None` for bullets.
    pub(super) next: Option<u64>,
    /// The items are separated by blank lines.
    pub(super) loose: bool,
}

/// An open quote or list item.
pub(super) struct Container {
    /// The marker of an item, until its first line is written.
    pub(super) marker: Option<Span<'static>>,
    /// The prefix of all other lines; as wide as the marker.
    pub(super) rest: Span<'static>,
    pub(super) width: usize,
}
