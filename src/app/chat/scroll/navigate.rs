//! Moving through the conversation: scrolling, selecting blocks, folding, copying.

use crate::app::chat::scroll::{Block, BlockId, ChatAnchor, Pos};
use crate::app::chat::transcript::MessageEntry;
use crate::app::chat::{Chat, ChatAction, ChatFocus, ChatOutcome};
use crate::app::cx::Cx;
use crate::app::effect::Effect;
use crate::domain::chat::{Part, PartKind, Role};
use crate::domain::session::SessionCommand;

/// Which blocks a selection stops at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SelectionStop {
    Any,
    Prompt,
}

impl SelectionStop {
    fn is(self, block: &Block<'_>) -> bool {
        self == Self::Any || block.is_prompt()
    }
}

/// Whether the user can fold this part.
fn can_fold(part: &Part, role: Role) -> bool {
    match part.kind {
        PartKind::Tool(_) | PartKind::Reasoning { .. } => true,
        PartKind::Text { .. } => role == Role::User,
        _ => false,
    }
}

impl Chat {
    pub(in crate::app::chat) fn navigate(
        &mut self,
        action: ChatAction,
        cx: &mut Cx<'_>,
    ) -> Option<ChatOutcome> {
        let rows = i64::from(self.viewport.rows.max(2));
        match action {
            ChatAction::LineUp => self.scroll_by(-1, cx),
            ChatAction::LineDown => self.scroll_by(1, cx),
            ChatAction::HalfPageUp => self.scroll_by(-rows / 2, cx),
            ChatAction::HalfPageDown => self.scroll_by(rows / 2, cx),
            ChatAction::PageUp => self.scroll_by(1 - rows, cx),
            ChatAction::PageDown => self.scroll_by(rows - 1, cx),
            ChatAction::Top => {
                self.scroll.to(ChatAnchor::Top);
                self.scroll.selected = None;
                self.load_older(cx);
            }
            ChatAction::Bottom => {
                self.scroll.to(ChatAnchor::Tail);
                self.scroll.selected = None;
            }
            ChatAction::PreviousBlock => self.select(false, SelectionStop::Any, cx),
            ChatAction::NextBlock => self.select(true, SelectionStop::Any, cx),
            ChatAction::PreviousPrompt => self.select(false, SelectionStop::Prompt, cx),
            ChatAction::NextPrompt => self.select(true, SelectionStop::Prompt, cx),
            ChatAction::Fold | ChatAction::Open => self.fold(),
            ChatAction::FoldTools => {
                self.folds.tools = self.folds.tools.next();
                self.folds.toggled.clear();
                self.keep_in_sight();
            }
            ChatAction::FoldThinking => {
                self.folds.thinking_open = !self.folds.thinking_open;
                self.folds.toggled.clear();
                self.keep_in_sight();
            }
            ChatAction::CopyMessage => return self.copy(cx),
            ChatAction::CopyAnswer => return self.copy_answer(cx),
            _ => return self.go_back_or_forth(action, cx),
        }
        None
    }

    /// Scrolls by the wheel or a key; positive is down.
    pub fn scroll_by(&mut self, rows: i64, cx: &mut Cx<'_>) {
        self.scroll.by(rows);
        if rows < 0 && self.viewport.at_top {
            self.load_older(cx);
        }
    }

    /// Asks for the next page of older messages, unless it is on its way. Returns whether the server
    /// has more messages than are loaded.
    pub fn load_older(&mut self, cx: &mut Cx<'_>) -> bool {
        if self.transcript.more && !self.loading_older {
            self.loading_older = true;
            self.command(SessionCommand::LoadOlder, cx);
        }
        self.transcript.more
    }

    /// Selects the next block that `wanted` stops at, and scrolls it into view.
    fn select(&mut self, down: bool, wanted: SelectionStop, cx: &mut Cx<'_>) {
        let blocks = self.blocks();
        let selected = self.scroll.selected.as_ref();
        let selected = selected.filter(|id| self.is_in_sight(id));
        let mut at = match selected.and_then(|id| blocks.find(id)) {
            Some(pos) if down => blocks.next(pos),
            Some(pos) => blocks.prev(pos),
            None => self.edge_of_screen(down),
        };
        while let Some(pos) = at {
            if blocks.block(pos).is_some_and(|block| wanted.is(&block)) {
                break;
            }
            at = if down {
                blocks.next(pos)
            } else {
                blocks.prev(pos)
            };
        }
        let Some(id) = at.and_then(|pos| blocks.block(pos)).map(|block| block.id()) else {
            if !down {
                self.load_older(cx);
            }
            return;
        };
        if !self.is_in_sight(&id) {
            self.scroll.to(ChatAnchor::At {
                block: id.clone(),
                line: 0,
            });
        }
        self.scroll.selected = Some(id);
    }

    /// Whether a block is on the screen, or will be in the next frame.
    fn is_in_sight(&self, id: &BlockId) -> bool {
        match &self.scroll.anchor {
            ChatAnchor::At { block, .. } if block == id => true,
            // No frame has shown the top yet, so its blocks are unknown.
            ChatAnchor::Top => false,
            _ => self.viewport.blocks.iter().any(|(_, shown)| shown == id),
        }
    }

    /// Where a selection starts: at the first block on the screen going down, at the last going up.
    fn edge_of_screen(&self, down: bool) -> Option<Pos> {
        let blocks = self.blocks();
        if self.scroll.anchor == ChatAnchor::Top {
            return blocks.first();
        }
        let shown = if down {
            self.viewport.blocks.first()
        } else {
            self.viewport.blocks.last()
        };
        shown
            .and_then(|(_, id)| blocks.find(id))
            .or_else(|| blocks.last())
    }

    fn fold(&mut self) {
        if let Some(block) = self.block_to_fold() {
            self.toggle(block);
        }
    }

    /// The selected block, or else the last foldable one on the screen.
    pub(in crate::app::chat) fn block_to_fold(&self) -> Option<BlockId> {
        let shown = self.viewport.blocks.iter().rev().map(|(_, id)| id);
        let mut blocks = self.scroll.selected.iter().chain(shown);
        blocks.find(|id| self.can_fold(id)).cloned()
    }

    pub(in crate::app::chat) fn can_fold(&self, id: &BlockId) -> bool {
        match id {
            BlockId::Reverted => true,
            BlockId::Foot(_) | BlockId::Notice => false,
            BlockId::Part(message, part) => {
                let entry = self.transcript.entry(message);
                let known = entry.and_then(|entry| {
                    let known = entry.parts.get(entry.position(part)?)?;
                    Some(can_fold(&known.part, entry.message.role))
                });
                known.unwrap_or(false)
            }
        }
    }

    /// Folds or unfolds a block, and scrolls it into view: on the last row, the unfolded lines
    /// would not be seen.
    fn toggle(&mut self, block: BlockId) {
        match &block {
            BlockId::Part(_, part) => self.folds.flip(part),
            BlockId::Reverted => self.folds.reverted_open = !self.folds.reverted_open,
            BlockId::Foot(_) | BlockId::Notice => return,
        }
        self.scroll.reveal = Some(block);
    }

    /// Keeps the selected block on the screen, whatever changes above it.
    fn keep_in_sight(&mut self) {
        let selected = self.scroll.selected.clone();
        self.scroll.reveal = selected.filter(|id| self.is_in_sight(id));
    }

    /// The mouse was pressed on a row of the screen: the part there gets the focus, and a block is
    /// selected.
    pub fn press(&mut self, row: u16) {
        if row >= self.viewport.composer_top {
            self.leave_panel();
            self.focus = ChatFocus::Composer;
        } else if row >= self.viewport.panel_top {
            self.go_to_request();
        } else if let Some(row) = row.checked_sub(self.viewport.top) {
            self.leave_panel();
            self.focus = ChatFocus::Transcript;
            self.shown_chat_mut().click(row);
        }
    }

    /// Leaves the panel, unless the user is writing text for it.
    fn leave_panel(&mut self) {
        if self.requests.panel.writing.is_none() {
            self.requests.leave();
            self.sync_aside();
        }
    }

    /// Scrolls the panel's text or the conversation, whichever is at this row of the screen.
    pub fn wheel(&mut self, row: u16, rows: i64, cx: &mut Cx<'_>) {
        let on_panel = (self.viewport.panel_top..self.viewport.composer_top).contains(&row);
        if on_panel && self.panel_hides() {
            self.scroll_panel(rows);
        } else {
            self.shown_chat_mut().scroll_by(rows, cx);
        }
    }

    /// Folds or unfolds the block at a row of the conversation, and selects it.
    fn click(&mut self, row: u16) {
        let hit = self
            .viewport
            .blocks
            .iter()
            .rev()
            .find(|(first, _)| *first <= row);
        if let Some((_, id)) = hit.cloned() {
            if id == BlockId::Reverted || self.is_first_row(row) {
                self.toggle(id.clone());
            }
            self.scroll.selected = Some(id);
        }
    }

    fn is_first_row(&self, row: u16) -> bool {
        self.viewport.blocks.iter().any(|(first, _)| *first == row)
    }

    /// Copies the texts of the selected message, or of the newest answer.
    fn copy(&self, cx: &mut Cx<'_>) -> Option<ChatOutcome> {
        let selected = match &self.scroll.selected {
            Some(BlockId::Part(message, _) | BlockId::Foot(message)) => {
                self.transcript.entry(message)
            }
            Some(BlockId::Reverted | BlockId::Notice) | None => None,
        };
        let entry = selected.or_else(|| self.last_answer())?;
        copy_text(entry, cx)
    }

    /// Copies the newest answer, whatever is selected.
    fn copy_answer(&self, cx: &mut Cx<'_>) -> Option<ChatOutcome> {
        match self.last_answer() {
            Some(entry) => copy_text(entry, cx),
            None => Some(ChatOutcome::Notice("there is no answer to copy yet".into())),
        }
    }

    fn last_answer(&self) -> Option<&MessageEntry> {
        let mut newest = self.transcript.newest_in_force().take(64);
        newest.find(|entry| {
            entry.message.role == Role::Assistant && !entry.own_text().trim().is_empty()
        })
    }
}

fn copy_text(entry: &MessageEntry, cx: &mut Cx<'_>) -> Option<ChatOutcome> {
    let text = entry.own_text();
    if text.is_empty() {
        return Some(ChatOutcome::Notice("no text to copy here".into()));
    }
    // The effect reports later whether and how the text was copied.
    cx.ask(Effect::Copy(text));
    None
}
