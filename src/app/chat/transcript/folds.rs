//! What is folded in a conversation.

use std::collections::HashSet;

use crate::domain::chat::{Part, PartKind, Role};
use crate::domain::id::PartId;

/// How much of a call is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::app::chat) enum ToolFold {
    /// Its first line alone.
    Line,
    /// The part of its result that matters.
    Folded,
    /// All.
    Open,
}

impl ToolFold {
    /// What all calls are shown as after this.
    pub(in crate::app::chat) fn next(self) -> Self {
        match self {
            Self::Folded => Self::Open,
            Self::Open => Self::Line,
            Self::Line => Self::Folded,
        }
    }

    pub(in crate::app::chat) fn name(self) -> &'static str {
        match self {
            Self::Line => "line",
            Self::Folded => "folded",
            Self::Open => "open",
        }
    }
}

/// What is unfolded: the default of each kind, and the blocks that differ from it.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::app::chat) struct Folds {
    /// All calls, apart from those in `toggled`.
    pub(in crate::app::chat) tools: ToolFold,
    pub(in crate::app::chat) thinking_open: bool,
    pub(in crate::app::chat) reverted_open: bool,
    pub(in crate::app::chat) toggled: HashSet<PartId>,
}

impl Folds {
    /// Folds what is unfolded, or the other way round.
    pub(in crate::app::chat) fn flip(&mut self, part: &PartId) {
        if !self.toggled.remove(part) {
            self.toggled.insert(part.clone());
        }
    }

    /// Whether the part shows more than its first line.
    pub(in crate::app::chat) fn is_open(&self, part: &Part, role: Role) -> bool {
        let by_default = match part.kind {
            PartKind::Tool(_) => self.tools == ToolFold::Open,
            PartKind::Reasoning { .. } => self.thinking_open,
            // A long prompt shows its first rows.
            _ => role == Role::Assistant,
        };
        by_default != self.toggled.contains(&part.id)
    }

    /// How much of a call is shown. One that was folded alone shows what a folded one does.
    pub(in crate::app::chat) fn of_tool(&self, part: &Part) -> ToolFold {
        let is_toggled = self.toggled.contains(&part.id);
        match (self.tools, is_toggled) {
            (ToolFold::Open, false) | (ToolFold::Folded | ToolFold::Line, true) => ToolFold::Open,
            (ToolFold::Open, true) => ToolFold::Folded,
            (fold, false) => fold,
        }
    }
}
