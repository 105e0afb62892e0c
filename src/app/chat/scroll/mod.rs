//! Blocks of the conversation, and the scroll position among them.
//!
//! A block is what is drawn, folded and selected as one: a visible part, or the note below a
//! message. The model keeps an anchor and a relative offset that no frame has resolved yet; the
//! view resolves them with the heights that it computes anyway and reports the result, so that
//! neither the model nor the view ever iterates over the whole conversation.
//! `navigate` moves, selects, folds and copies.

mod navigate;

use super::transcript::{EntryOrder, LastTurn, MessageEntry, PartEntry, StreamingPart, Transcript};
use crate::domain::chat::{Message, PartKind, Role};
use crate::domain::id::{MessageId, PartId};

/// Identifies a block across changes of the conversation.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum BlockId {
    Part(MessageId, PartId),
    /// The line below the last message of a turn, or below one that ended early.
    Foot(MessageId),
    /// The note that what follows is reverted.
    Reverted,
    /// The notice below all messages.
    Notice,
}

/// The block that the first row of the screen belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum ChatAnchor {
    /// The view shows the end and follows it.
    #[default]
    Tail,
    /// The first loaded message.
    Top,
    /// `line` counts the block's rows, including the empty row before it.
    At { block: BlockId, line: usize },
}

/// What the last frame of a chat showed: plain data that the view returns to the model.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ChatViewport {
    pub anchor: ChatAnchor,
    /// How much of the pending offset is already part of the anchor.
    pub applied: i64,
    /// The first message's first row is on the screen.
    pub at_top: bool,
    /// Rows of the conversation on the screen; 0 before the first frame.
    pub rows: u16,
    /// The screen rows where the conversation, the request's panel and the composer begin.
    pub top: u16,
    pub panel_top: u16,
    pub composer_top: u16,
    /// Which part of the request's text the panel shows.
    pub panel: PanelViewport,
    /// The width of the composer's text in columns.
    pub composer_width: u16,
    /// The blocks on the screen from top to bottom: the row relative to `top` where each begins,
    /// and the block.
    pub blocks: Vec<(u16, BlockId)>,
    /// The block that was scrolled into view at the model's request.
    pub revealed: Option<BlockId>,
    /// It was scrolled to the current match of the search.
    pub sought: bool,
}

/// The part of the request's panel that scrolls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PanelViewport {
    /// The first visible line.
    pub first: u16,
    pub rows: u16,
    pub lines: u16,
}

/// The model's side of scrolling.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Scroll {
    pub(super) anchor: ChatAnchor,
    /// Rows to scroll, positive is down; the next frame resolves it.
    pub(super) pending: i64,
    /// Something was added below while the end was not visible.
    pub(super) unseen: bool,
    pub(super) selected: Option<BlockId>,
    /// The block that just changed its height; the next frame scrolls as much of it into view as
    /// fits.
    pub(super) reveal: Option<BlockId>,
    /// The next frame scrolls to the current match of the search.
    pub(super) seeks: bool,
}

impl Scroll {
    /// A frame resolves at most this many rows for one offset.
    const MOST: i64 = 5_000;

    pub(super) fn by(&mut self, rows: i64) {
        self.pending = self
            .pending
            .saturating_add(rows)
            .clamp(-Self::MOST, Self::MOST);
    }

    pub(super) fn to(&mut self, anchor: ChatAnchor) {
        self.anchor = anchor;
        self.pending = 0;
    }

    /// Whether the view follows the end, as far as is known before the next frame.
    pub(super) fn follows(&self) -> bool {
        self.anchor == ChatAnchor::Tail && self.pending >= 0
    }
}

/// A block's position during iteration; valid for one frame or update.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pos {
    /// Index into the message's parts; the index after the last one is the message's note.
    Message(EntryOrder, usize),
    /// The note before the first reverted part.
    Reverted,
    Notice,
}

/// A block to draw.
#[derive(Debug, Clone, Copy)]
pub(super) enum Block<'a> {
    Part(&'a MessageEntry, &'a PartEntry),
    Foot(&'a MessageEntry),
    Reverted,
    Notice,
}

/// The conversation as a sequence of blocks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Blocks<'a> {
    pub(super) transcript: &'a Transcript,
    /// The first reverted message and part, and whether the reverted ones are shown anyway.
    pub(super) reverted: Option<(EntryOrder, usize)>,
    pub(super) reverted_open: bool,
    /// Whether there is a notice below the messages.
    pub(super) notice: bool,
    /// Whether the last turn is over.
    pub(super) state: LastTurn,
}

impl<'a> Blocks<'a> {
    pub(super) fn first(&self) -> Option<Pos> {
        self.stop_at_reverted(None, self.first_after(None))
    }

    pub(super) fn last(&self) -> Option<Pos> {
        if self.notice {
            return Some(Pos::Notice);
        }
        self.stop_above_reverted(self.last_before(None))
    }

    pub(super) fn next(&self, pos: Pos) -> Option<Pos> {
        match pos {
            Pos::Notice => None,
            Pos::Reverted => {
                let (place, slot) = self.reverted?;
                self.in_message(place, slot..usize::MAX)
                    .or_else(|| self.first_after(Some(place)))
            }
            Pos::Message(place, slot) => {
                let next = self
                    .in_message(place, slot + 1..usize::MAX)
                    .or_else(|| self.first_after(Some(place)));
                self.stop_at_reverted(Some((place, slot)), next)
            }
        }
    }

    pub(super) fn prev(&self, pos: Pos) -> Option<Pos> {
        let before = |place, slot| {
            self.in_message_back(place, slot)
                .or_else(|| self.last_before(Some(place)))
        };
        match pos {
            Pos::Notice => self.stop_above_reverted(self.last_before(None)),
            Pos::Reverted => {
                let (place, slot) = self.reverted?;
                before(place, slot)
            }
            Pos::Message(place, slot) if self.is_behind_reverted((place, slot)) => {
                self.stop_above_reverted(before(place, slot))
            }
            Pos::Message(place, slot) => before(place, slot),
        }
    }

    /// Going down from `from`: the note is between the active and the reverted parts.
    fn stop_at_reverted(
        &self,
        from: Option<(EntryOrder, usize)>,
        next: Option<Pos>,
    ) -> Option<Pos> {
        let was_before = from.is_none_or(|from| !self.is_behind_reverted(from));
        let crosses = match next {
            Some(Pos::Message(place, slot)) => self.is_behind_reverted((place, slot)),
            _ => true,
        };
        if self.reverted.is_some() && was_before && crosses {
            return Some(Pos::Reverted);
        }
        next
    }

    /// Going up from what is after the note.
    fn stop_above_reverted(&self, before: Option<Pos>) -> Option<Pos> {
        let stays = matches!(
            before,
            Some(Pos::Message(place, slot)) if self.is_behind_reverted((place, slot))
        );
        if self.reverted.is_some() && !stays {
            return Some(Pos::Reverted);
        }
        before
    }

    /// Whether this block is below the note: reverted itself, or a prompt on its way.
    fn is_behind_reverted(&self, at: (EntryOrder, usize)) -> bool {
        self.reverted.is_some_and(|from| at >= from)
    }

    pub(super) fn is_reverted(&self, pos: Pos) -> bool {
        matches!(pos, Pos::Message(place, slot) if !place.is_echo() && self.is_behind_reverted((place, slot)))
    }

    fn in_message(&self, place: EntryOrder, slots: std::ops::Range<usize>) -> Option<Pos> {
        let entry = self.transcript.at(place)?;
        (slots.start..slots.end.min(entry.parts.len() + 1))
            .find(|slot| self.is_shown(place, entry, *slot))
            .map(|slot| Pos::Message(place, slot))
    }

    fn in_message_back(&self, place: EntryOrder, before: usize) -> Option<Pos> {
        let entry = self.transcript.at(place)?;
        (0..before)
            .rev()
            .find(|slot| self.is_shown(place, entry, *slot))
            .map(|slot| Pos::Message(place, slot))
    }

    /// The first block after this message.
    fn first_after(&self, mut place: Option<EntryOrder>) -> Option<Pos> {
        while let Some((next, _)) = self.transcript.after(place) {
            if let Some(pos) = self.in_message(next, 0..usize::MAX) {
                return Some(pos);
            }
            place = Some(next);
        }
        self.notice.then_some(Pos::Notice)
    }

    /// The last block before this message.
    fn last_before(&self, mut place: Option<EntryOrder>) -> Option<Pos> {
        while let Some((before, entry)) = self.transcript.before(place) {
            if let Some(pos) = self.in_message_back(before, entry.parts.len() + 1) {
                return Some(pos);
            }
            place = Some(before);
        }
        None
    }

    pub(super) fn block(&self, pos: Pos) -> Option<Block<'a>> {
        match pos {
            Pos::Notice => Some(Block::Notice),
            Pos::Reverted => self.reverted.map(|_| Block::Reverted),
            Pos::Message(place, slot) => {
                let entry = self.transcript.at(place)?;
                Some(match entry.parts.get(slot) {
                    Some(part) => Block::Part(entry, part),
                    None => Block::Foot(entry),
                })
            }
        }
    }

    pub(super) fn find(&self, id: &BlockId) -> Option<Pos> {
        let (message, part) = match id {
            BlockId::Notice => return self.notice.then_some(Pos::Notice),
            BlockId::Reverted => return self.reverted.map(|_| Pos::Reverted),
            BlockId::Part(message, part) => (message, Some(part)),
            BlockId::Foot(message) => (message, None),
        };
        let place = self.transcript.place_of(message)?;
        let entry = self.transcript.at(place)?;
        let slot = match part {
            Some(part) => entry.position(part)?,
            None => entry.parts.len(),
        };
        self.is_shown(place, entry, slot)
            .then_some(Pos::Message(place, slot))
    }

    fn is_shown(&self, place: EntryOrder, entry: &MessageEntry, slot: usize) -> bool {
        let is_folded = !self.reverted_open && self.is_reverted(Pos::Message(place, slot));
        !is_folded && self.is_visible(place, entry, slot)
    }

    /// Whether a line ends the turn below this message, or says why it ended early.
    fn has_foot(&self, place: EntryOrder, entry: &MessageEntry) -> bool {
        let message = &entry.message;
        message.error.is_some()
            || matches!(message.finish.as_deref(), Some("length" | "content-filter"))
            || self.transcript.ends_turn(place, self.state)
    }

    /// Whether the part at `slot`, or the note after the last part, is drawn at all.
    fn is_visible(&self, place: EntryOrder, entry: &MessageEntry, slot: usize) -> bool {
        let Some(known) = entry.parts.get(slot) else {
            return self.has_foot(place, entry);
        };
        let user = entry.message.role == Role::User;
        match &known.part.kind {
            PartKind::Text {
                text, synthetic, ..
            } => {
                let hidden = (user && *synthetic) || entry.is_superseded(slot);
                !hidden && !text.trim_ascii().is_empty()
            }
            PartKind::Reasoning { .. } => {
                let text = known.part.kind.growing_text().unwrap_or_default();
                !text.trim_ascii().is_empty() && !entry.is_superseded(slot)
            }
            PartKind::Tool(_)
            | PartKind::Compaction { .. }
            | PartKind::Retry { .. }
            | PartKind::Unknown { .. } => true,
            PartKind::File { .. } | PartKind::Asks { .. } => user,
            PartKind::StepStart | PartKind::StepFinish { .. } | PartKind::Patch { .. } => false,
        }
    }
}

impl Block<'_> {
    pub(super) fn id(&self) -> BlockId {
        match self {
            Self::Part(entry, known) => {
                BlockId::Part(entry.message.id.clone(), known.part.id.clone())
            }
            Self::Foot(entry) => BlockId::Foot(entry.message.id.clone()),
            Self::Reverted => BlockId::Reverted,
            Self::Notice => BlockId::Notice,
        }
    }

    pub(super) fn is_prompt(&self) -> bool {
        matches!(self, Self::Part(entry, _) if entry.message.role == Role::User)
    }

    /// Whether both belong to one message.
    pub(super) fn is_same_message(&self, other: Self) -> bool {
        let message = |block| match block {
            Block::Part(entry, _) | Block::Foot(entry) => Some(&entry.message.id),
            Block::Reverted | Block::Notice => None,
        };
        let one = message(*self);
        one.is_some() && one == message(other)
    }
}

/// Whether this is an unfinished answer.
pub(super) fn is_unfinished(message: &Message) -> bool {
    message.role == Role::Assistant && message.completed.is_none() && message.error.is_none()
}
