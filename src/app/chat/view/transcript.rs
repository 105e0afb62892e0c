//! Draws the visible rows of the conversation, and no others.
//!
//! Resolves the model's anchor and pending offset with the heights of the blocks it passes, draws,
//! and reports the result. Every row is drawn at full width without animations, so that scrolling
//! by one line shifts the previous frame by one row.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;
use ratatui::text::Line;

use super::block::{BlockRows, MARK_COLUMNS};
use super::matches;
use crate::app::chat::scroll::{Block, Blocks, ChatAnchor, Pos};
use crate::app::chat::{Chat, ChatAction, ChatContext, ChatViewProps, ChatViewport};
use crate::app::view::cx::ViewCx;
use crate::app::view::search_marks;
use crate::app::view::theme::Theme;
use crate::text::wrap;

/// The result of drawing the conversation.
#[derive(Debug, Default)]
pub(in crate::app::chat) struct DrawnTranscript {
    pub(in crate::app::chat) viewport: ChatViewport,
    /// The last row of the conversation is visible.
    pub(in crate::app::chat) at_tail: bool,
}

/// A row of the conversation: its block, and how many of the block's rows precede it.
type RowPosition = (Pos, usize);

struct TranscriptPainter<'a, 'b, 'v> {
    chat: &'a Chat,
    blocks: Blocks<'a>,
    vx: &'b mut ViewCx<'v>,
    props: &'a ChatViewProps<'a>,
    /// The width of a block's text in columns.
    width: u16,
    height: usize,
}

impl Chat {
    pub(in crate::app::chat) fn view_transcript(
        &self,
        area: Rect,
        buf: &mut Buffer,
        vx: &mut ViewCx<'_>,
        props: &ChatViewProps<'_>,
    ) -> DrawnTranscript {
        let mut painter = TranscriptPainter {
            chat: self,
            blocks: self.blocks(),
            vx,
            props,
            // A last column stays free, so that text does not touch what is beside the pane.
            width: area.width.saturating_sub(MARK_COLUMNS + 1).max(1),
            height: usize::from(area.height),
        };
        let Some(first) = painter.blocks.first() else {
            draw_empty(area, buf, painter.vx, props);
            return DrawnTranscript {
                viewport: ChatViewport {
                    at_top: true,
                    applied: self.scroll.pending,
                    ..ChatViewport::default()
                },
                at_tail: true,
            };
        };
        let (spot, at_tail) = painter.resolve(first);
        let (spot, at_tail) = painter.reveal(spot, at_tail);
        let (spot, at_tail) = painter.seek(spot, at_tail);
        let mut drawn = DrawnTranscript {
            at_tail,
            viewport: ChatViewport {
                anchor: painter.anchor(spot, at_tail),
                applied: self.scroll.pending,
                at_top: spot == (first, 0),
                revealed: self.scroll.reveal.clone(),
                sought: self.scroll.seeks,
                ..ChatViewport::default()
            },
        };
        painter.draw(spot, area, buf, &mut drawn.viewport);
        if self.search.is_on() {
            let style = painter.vx.theme.selection;
            let begins: Vec<u16> = drawn.viewport.blocks.iter().map(|(y, _)| *y).collect();
            search_marks::mark(&self.search.words, area, &begins, buf, style);
        }
        drawn
    }
}

impl TranscriptPainter<'_, '_, '_> {
    /// The first row to draw, and whether the end is visible.
    fn resolve(&mut self, first: Pos) -> (RowPosition, bool) {
        let scroll = &self.chat.scroll;
        let tail = self.tail(first);
        let from = match &scroll.anchor {
            ChatAnchor::Tail => tail,
            ChatAnchor::Top => (first, 0),
            ChatAnchor::At { block, line } => match self.blocks.find(block) {
                Some(pos) => (pos, (*line).min(self.rows(pos).saturating_sub(1))),
                None => tail,
            },
        };
        let spot = match usize::try_from(scroll.pending.unsigned_abs()).unwrap_or(usize::MAX) {
            0 => from,
            rows if scroll.pending < 0 => self.up(from, rows),
            rows => self.down(from, rows),
        };
        // A position that would leave empty rows below the end moves up to the end.
        if spot == tail || !self.fills(spot) {
            return (tail, true);
        }
        (spot, false)
    }

    /// Scrolls as little as possible to show the block to reveal: down to its end if it fits,
    /// otherwise until its first row is at the top.
    fn reveal(&mut self, (top, line): RowPosition, at_tail: bool) -> (RowPosition, bool) {
        let wanted = self.chat.scroll.reveal.as_ref();
        let Some(pos) = wanted.and_then(|id| self.blocks.find(id)) else {
            return ((top, line), at_tail);
        };
        let lead = self.lead(pos);
        let head = (pos, lead);
        // Rows of the block above the screen.
        let above = if pos == top { line } else { 0 };
        let Some(before) = self.distance((top, line), pos).filter(|_| above <= lead) else {
            return (head, false);
        };
        let end = before + self.rows(pos) - above;
        let hidden = end.saturating_sub(self.height);
        if hidden == 0 {
            return ((top, line), at_tail);
        }
        (
            self.down((top, line), hidden.min(before + lead - above)),
            false,
        )
    }

    /// Scrolls to the row of the current match, unless it is on the screen.
    fn seek(&mut self, (top, line): RowPosition, at_tail: bool) -> (RowPosition, bool) {
        let search = &self.chat.search;
        let found = search.current().filter(|_| self.chat.scroll.seeks);
        let found = found.and_then(|found| {
            let pos = self.blocks.find(&found.block)?;
            Some((pos, self.blocks.block(pos)?, found.nth))
        });
        let Some((pos, block, nth)) = found else {
            return ((top, line), at_tail);
        };
        let lead = self.lead(pos);
        let shown = self.chat.show(block, self.width, self.vx, self.props);
        let row = lead + matches::row(&shown, &search.words, nth);
        let above = if pos == top { line } else { 0 };
        let on_screen = self.distance((top, line), pos);
        let on_screen = on_screen.and_then(|before| (before + row).checked_sub(above));
        if on_screen.is_some_and(|row| row < self.height) {
            return ((top, line), at_tail);
        }
        let spot = self.up((pos, row), self.height / 3);
        match self.blocks.first() {
            Some(first) if !self.fills(spot) => (self.tail(first), true),
            _ => (spot, false),
        }
    }

    /// How many rows are between a row and the block at `pos`; `None` if the block is not visible
    /// below it.
    fn distance(&mut self, (mut at, line): RowPosition, pos: Pos) -> Option<usize> {
        if at == pos {
            return Some(0);
        }
        let mut rows = self.rows(at).saturating_sub(line);
        while rows <= self.height {
            at = self.blocks.next(at)?;
            if at == pos {
                return Some(rows);
            }
            rows += self.rows(at);
        }
        None
    }

    /// The first row when the last row of the conversation is at the bottom of the area.
    fn tail(&mut self, first: Pos) -> RowPosition {
        let Some(last) = self.blocks.last() else {
            return (first, 0);
        };
        let rows = self.rows(last);
        self.up((last, rows), self.height)
    }

    fn up(&mut self, (mut pos, mut line): RowPosition, mut rows: usize) -> RowPosition {
        loop {
            if line >= rows {
                return (pos, line - rows);
            }
            rows -= line;
            let Some(before) = self.blocks.prev(pos) else {
                return (pos, 0);
            };
            pos = before;
            line = self.rows(pos);
        }
    }

    fn down(&mut self, (mut pos, mut line): RowPosition, rows: usize) -> RowPosition {
        line = line.saturating_add(rows);
        loop {
            let here = self.rows(pos);
            if line < here {
                return (pos, line);
            }
            let Some(after) = self.blocks.next(pos) else {
                return (pos, here.saturating_sub(1));
            };
            line -= here;
            pos = after;
        }
    }

    /// Whether the conversation fills the area from this row on, and continues below it.
    fn fills(&mut self, (mut pos, line): RowPosition) -> bool {
        let mut below = self.rows(pos).saturating_sub(line);
        while below <= self.height {
            let Some(after) = self.blocks.next(pos) else {
                return false;
            };
            pos = after;
            below += self.rows(pos);
        }
        true
    }

    fn anchor(&self, (pos, line): RowPosition, at_tail: bool) -> ChatAnchor {
        match self.blocks.block(pos) {
            Some(block) if !at_tail => ChatAnchor::At {
                block: block.id(),
                line,
            },
            _ => ChatAnchor::Tail,
        }
    }

    /// The empty rows before this block: 1 or 0. Only turns are set apart; within one, the marks
    /// are enough.
    fn lead(&self, pos: Pos) -> usize {
        let (Some(before), Some(block)) = (self.blocks.prev(pos), self.blocks.block(pos)) else {
            return 0;
        };
        let before = self.blocks.block(before);
        let begins =
            block.is_prompt() && !before.is_some_and(|before| before.is_same_message(block));
        usize::from(begins || matches!(block, Block::Reverted))
    }

    fn rows(&mut self, pos: Pos) -> usize {
        let lead = self.lead(pos);
        let Some(block) = self.blocks.block(pos) else {
            return 0;
        };
        lead + self.chat.show(block, self.width, self.vx, self.props).len()
    }

    fn draw(
        &mut self,
        spot: RowPosition,
        area: Rect,
        buf: &mut Buffer,
        viewport: &mut ChatViewport,
    ) {
        let (mut pos, mut skip) = spot;
        let mut y = area.y;
        while y < area.bottom() {
            let Some(block) = self.blocks.block(pos) else {
                return;
            };
            let lead = self.lead(pos);
            let blank = lead.saturating_sub(skip);
            y = y.saturating_add(u16::try_from(blank).unwrap_or(0));
            if y >= area.bottom() {
                return;
            }
            let id = block.id();
            let marked = self.chat.scroll.selected.as_ref() == Some(&id);
            viewport.blocks.push((y - area.y, id));
            let rest = Rect {
                y,
                height: area.bottom() - y,
                ..area
            };
            let theme = self.vx.theme;
            let shown = self.chat.show(block, self.width, self.vx, self.props);
            let from = skip.saturating_sub(lead);
            let drawn = draw_block(&shown, from, rest, buf);
            let rows = Rect {
                height: drawn,
                ..rest
            };
            draw_mark(&shown, from, rows, buf, theme);
            if self.blocks.is_reverted(pos) {
                let dim = self.vx.theme.dim.remove_modifier(Modifier::BOLD);
                buf.set_style(rows, dim);
            }
            if marked {
                for row in y..y + drawn {
                    buf.set_string(area.x + 1, row, theme.pick("│", "|"), theme.accent);
                }
            }
            y += drawn;
            skip = 0;
            match self.blocks.next(pos) {
                Some(next) => pos = next,
                None => return,
            }
        }
    }
}

/// Draws the mark of a block whose rows from `from` on are in `area`, and what is at the right of
/// its first row.
fn draw_mark(shown: &BlockRows<'_>, from: usize, area: Rect, buf: &mut Buffer, theme: &Theme) {
    if let Some(right) = shown
        .right
        .as_ref()
        .filter(|_| from == 0 && area.height > 0)
    {
        let width = u16::try_from(wrap::width(&right.content)).unwrap_or(0);
        let x = area.right().saturating_sub(width + 1).max(area.x);
        buf.set_span(x, area.y, right, width);
    }
    let Some(mark) = shown.mark else { return };
    let rows = match (mark.is_bar(), from) {
        (true, _) => usize::from(area.height),
        (false, 0) => 1,
        (false, _) => 0,
    };
    let sign = mark.sign(theme);
    for row in area.rows().take(rows) {
        buf.set_span(row.x, row.y, &sign, row.width);
        if mark.is_bar() {
            buf.set_style(row, theme.surface);
        }
    }
}

/// Draws a block's rows from `from` on, as many as fit. Returns how many.
fn draw_block(shown: &BlockRows<'_>, from: usize, area: Rect, buf: &mut Buffer) -> u16 {
    let room = usize::from(area.height);
    let mut y = area.y;
    for (indent, dim, line) in shown.window(from, room) {
        let x = area.x.saturating_add(MARK_COLUMNS + indent);
        let width = area.right().saturating_sub(x + 1);
        buf.set_line(x, y, line, width);
        if let Some(style) = dim {
            let row = Rect {
                x,
                y,
                width,
                height: 1,
            };
            buf.set_style(row, style);
        }
        y += 1;
    }
    y - area.y
}

/// The text of an empty conversation.
fn draw_empty(area: Rect, buf: &mut Buffer, vx: &ViewCx<'_>, props: &ChatViewProps<'_>) {
    let width = usize::from(area.width.saturating_sub(4)).max(1);
    let send = match props.key(ChatContext::Composer, ChatAction::Send) {
        key if key.is_empty() => String::new(),
        key => format!(" and press {key}"),
    };
    let words = format!(
        "Describe a change, a bug or a question below{send}. Messages sent \
         {} or while the agent works wait in the queue.",
        props.meanwhile
    );
    let text = [
        ("What should we work on?", vx.theme.strong),
        ("", vx.theme.dim),
        (words.as_str(), vx.theme.dim),
    ];
    let lines: Vec<Line<'static>> = text
        .iter()
        .flat_map(|(text, style)| match *text {
            "" => vec![Line::default()],
            text => wrap::wrap_plain(text, width, *style),
        })
        .collect();
    for (line, row) in lines
        .iter()
        .zip(area.rows().skip(usize::from(area.height > 6)))
    {
        buf.set_line(
            row.x.saturating_add(2),
            row.y,
            line,
            row.width.saturating_sub(3),
        );
    }
}
