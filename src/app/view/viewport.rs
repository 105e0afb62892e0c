//! What was drawn, as plain data: the one path from a frame back to the model. The loop stores it
//! with `App::shown` after each frame; it never causes a frame.

use ratatui::layout::{Position, Rect};

use crate::app::chat::ChatViewport;
use crate::app::logs::LogsViewport;
use crate::app::pane::Pane;
use crate::domain::id::SessionKey;

/// What the last frame showed, and where.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Viewport {
    /// The position of the terminal's cursor as (column, row); hidden if `None`.
    pub cursor: Option<(u16, u16)>,
    pub chat: ChatViewport,
    /// The chat of the session that is looked at.
    pub peek: Option<(SessionKey, ChatViewport)>,
    pub logs: LogsViewport,
    /// The first row of the top overlay that was drawn, if it can scroll.
    pub overlay: Option<u16>,
    /// The changes, if they were drawn.
    pub changes: Option<DrawnChanges>,
    /// The panes that were drawn, the topmost last.
    pub panes: Vec<(Pane, Rect)>,
    /// The rows of the list that were drawn: index and area.
    pub rows: Vec<(usize, Rect)>,
}

/// The part of the changes that was drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DrawnChanges {
    /// The first row.
    pub first: usize,
    /// There was room for two sides.
    pub is_wide: bool,
}

impl Viewport {
    /// Whether a pane was drawn.
    pub fn shows(&self, pane: Pane) -> bool {
        self.panes.iter().any(|(drawn, _)| *drawn == pane)
    }

    /// The pane under a cell.
    pub fn pane_at(&self, column: u16, row: u16) -> Option<Pane> {
        let at = Position::new(column, row);
        self.panes
            .iter()
            .rev()
            .find(|(_, area)| area.contains(at))
            .map(|(pane, _)| *pane)
    }

    /// The row of the session list under a cell, as its index.
    pub fn row_at(&self, column: u16, row: u16) -> Option<usize> {
        let at = Position::new(column, row);
        self.rows
            .iter()
            .find(|(_, area)| area.contains(at))
            .map(|(index, _)| *index)
    }
}
