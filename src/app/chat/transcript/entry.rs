//! One message with its parts, and the rule which updates of a part are stale.

use std::collections::HashMap;

use crate::domain::chat::{Message, Part, PartKind, Role, ToolStatus};
use crate::domain::id::PartId;

/// A part with its change counters for the cache of rendered lines.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::app::chat) struct PartEntry {
    pub(in crate::app::chat) part: Part,
    /// Changes when the text was replaced instead of appended to.
    pub(in crate::app::chat) generation: u32,
    /// Increases with each change.
    pub(in crate::app::chat) revision: u64,
    /// Some of this unfinished text is missing; its closing update will bring it.
    pub(in crate::app::chat) gap: bool,
}

/// A message with its parts in the server's order.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::app::chat) struct MessageEntry {
    pub(in crate::app::chat) message: Message,
    /// The server's header has arrived; before that, `message` is a placeholder.
    pub(in crate::app::chat) known: bool,
    pub(in crate::app::chat) parts: Vec<PartEntry>,
    pub(super) index: HashMap<PartId, usize>,
    /// Index of the last `step-start`: unfinished texts before it belong to failed attempts.
    last_step: Option<usize>,
}

impl MessageEntry {
    pub(super) fn new(message: Message, known: bool) -> Self {
        Self {
            message,
            known,
            parts: Vec::new(),
            index: HashMap::new(),
            last_step: None,
        }
    }

    pub(super) fn upsert(&mut self, part: Part) {
        if let Some(known) = self
            .index
            .get(&part.id)
            .and_then(|index| self.parts.get_mut(*index))
        {
            known.replace(part);
            return;
        }
        let index = self.parts.len();
        if matches!(part.kind, PartKind::StepStart) {
            self.last_step = Some(index);
        }
        self.index.insert(part.id.clone(), index);
        self.parts.push(PartEntry {
            part,
            generation: 0,
            revision: 0,
            gap: false,
        });
    }

    pub(super) fn retain(&mut self, keep: impl Fn(&PartId) -> bool) {
        self.parts.retain(|known| keep(&known.part.id));
        self.reindex();
    }

    /// Sorts the parts in the order of `wanted`, which names all of them.
    pub(super) fn sort_like(&mut self, wanted: &[Part]) {
        let in_order = self.parts.len() == wanted.len()
            && self
                .parts
                .iter()
                .zip(wanted)
                .all(|(a, b)| a.part.id == b.id);
        if in_order {
            return;
        }
        let rank: HashMap<&PartId, usize> = wanted
            .iter()
            .enumerate()
            .map(|(i, part)| (&part.id, i))
            .collect();
        self.parts
            .sort_by_key(|known| rank.get(&known.part.id).copied().unwrap_or(usize::MAX));
        self.reindex();
    }

    fn reindex(&mut self) {
        self.index = self
            .parts
            .iter()
            .enumerate()
            .map(|(i, known)| (known.part.id.clone(), i))
            .collect();
        self.last_step = self
            .parts
            .iter()
            .rposition(|known| matches!(known.part.kind, PartKind::StepStart));
    }

    /// Notes that an unfinished text may have a gap, in the text itself and beside it.
    pub(super) fn mark_gap(&mut self, part: &PartId, unseen: bool) {
        if self.message.role == Role::User || self.message.completed.is_some() {
            return;
        }
        let Some(known) = self.index.get(part).and_then(|i| self.parts.get_mut(*i)) else {
            return;
        };
        if !known.part.kind.is_growing() {
            return;
        }
        known.gap = true;
        if let (false, PartKind::Text { text, .. } | PartKind::Reasoning { text, .. }) =
            (unseen, &mut known.part.kind)
            && !text.is_empty()
        {
            text.push_str(" […] ");
            known.revision += 1;
        }
    }

    pub(in crate::app::chat) fn position(&self, part: &PartId) -> Option<usize> {
        self.index.get(part).copied()
    }

    /// What was written in it; nothing that the server has added, and no attempt that failed.
    pub(in crate::app::chat) fn own_text(&self) -> String {
        let parts = self.parts.iter().enumerate();
        let parts = parts.filter(|(index, _)| !self.is_superseded(*index));
        let texts = parts.filter_map(|(_, known)| match &known.part.kind {
            PartKind::Text {
                text,
                synthetic: false,
                ..
            } => Some(text.as_str()),
            _ => None,
        });
        texts.collect::<Vec<&str>>().join("\n\n")
    }

    /// Whether the part at `index` is the unfinished text of a failed attempt.
    pub(in crate::app::chat) fn is_superseded(&self, index: usize) -> bool {
        self.message.role == Role::Assistant
            && self.last_step.is_some_and(|step| index < step)
            && self
                .parts
                .get(index)
                .is_some_and(|known| known.part.kind.is_growing())
    }
}

impl PartEntry {
    fn replace(&mut self, part: Part) {
        if is_stale(&self.part.kind, &part.kind) || self.part == part {
            return;
        }
        // A text that only grew, or that ends as it was streamed, keeps its rendered lines.
        let grew = match (self.part.kind.growing_text(), part.kind.growing_text()) {
            (Some(old), Some(new)) => new.starts_with(old),
            _ => false,
        };
        if !grew {
            self.generation = self.generation.wrapping_add(1);
        }
        self.revision += 1;
        self.gap = self.gap && part.kind.is_growing();
        self.part = part;
    }
}

/// Whether `new` is older than `old`.
fn is_stale(old: &PartKind, new: &PartKind) -> bool {
    if let (PartKind::Tool(old), PartKind::Tool(new)) = (old, new) {
        return rank(new.status) < rank(old.status);
    }
    match (old.growing_text(), new.growing_text()) {
        (Some(had), Some(has)) if new.is_growing() => !old.is_growing() || had.starts_with(has),
        _ => false,
    }
}

fn rank(status: ToolStatus) -> u8 {
    match status {
        ToolStatus::Pending => 0,
        ToolStatus::Running => 1,
        ToolStatus::Completed | ToolStatus::Error => 2,
    }
}

/// What the reducer and the view need to know about a kind of part.
pub(in crate::app::chat) trait StreamingPart {
    /// The text of a kind that is streamed.
    fn growing_text(&self) -> Option<&str>;
    /// Whether deltas may still arrive.
    fn is_growing(&self) -> bool;
}

impl StreamingPart for PartKind {
    fn growing_text(&self) -> Option<&str> {
        match self {
            Self::Text { text, .. } | Self::Reasoning { text, .. } => Some(text),
            _ => None,
        }
    }

    fn is_growing(&self) -> bool {
        matches!(
            self,
            Self::Text { ended: false, .. } | Self::Reasoning { ended: None, .. }
        )
    }
}
