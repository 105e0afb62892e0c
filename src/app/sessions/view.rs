//! Draws the list: the sessions, the row that stands for those that are gone, and unattached
//! sandboxes below.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::lines::ListLine;
use super::{RowTarget, Sessions};
use crate::app::session::open_sessions::OpenSessions;
use crate::app::view::theme::Theme;
use crate::domain::time::{Monotonic, UnixMillis};
use crate::text::{ansi, wrap};

/// The list, ready to draw.
pub(in crate::app) struct SessionsView<'a> {
    pub(in crate::app) list: &'a Sessions,
    pub(in crate::app) open: &'a OpenSessions,
    pub(in crate::app) focused: bool,
    pub(in crate::app) theme: &'a Theme,
    pub(in crate::app) now: Monotonic,
    pub(in crate::app) wall: UnixMillis,
    /// The key that adopts a sandbox; empty if it is unbound.
    pub(in crate::app) adopt_key: &'a str,
}

impl SessionsView<'_> {
    /// Draws the entries around the cursor into `area`, and returns what was drawn where.
    pub(in crate::app) fn draw(&self, mut area: Rect, buf: &mut Buffer) -> Vec<(usize, Rect)> {
        if area.is_empty() {
            return Vec::new();
        }
        let width = usize::from(area.width);
        if let Some(trouble) = self.list.trouble.as_ref().filter(|_| area.height > 2) {
            area.height -= 1;
            let words = format!(" other sandboxes: {}", ansi::plain(trouble));
            let words = wrap::truncate(&words, width.saturating_sub(1)).into_owned();
            buf.set_stringn(area.x, area.bottom(), words, width, self.theme.dim);
        }
        let lines: Vec<ListLine<'_>> = self.list.lines().collect();
        if lines.is_empty() {
            let words = match self.list.filtered() {
                Some(_) => " No session matches.",
                None => " No sessions yet.",
            };
            buf.set_stringn(area.x, area.y, words, width, self.theme.dim);
            return Vec::new();
        }
        let heights: Vec<u16> = lines.iter().map(|line| self.height(*line)).collect();
        let area = self.hidden_below_and_above(area, &heights, buf);
        let mut drawn = Vec::new();
        let mut y = area.y;
        for (index, line) in lines.iter().enumerate().skip(self.first(&heights, area)) {
            let height = heights[index].min(area.bottom().saturating_sub(y));
            if height == 0 {
                break;
            }
            let place = Rect::new(area.x, y, area.width, height);
            match *line {
                ListLine::Session(row) => self.session_in_tree(row, place, buf),
                ListLine::Gone(count) => self.fold_row(count, place, buf),
                ListLine::Sandbox(sandbox) => self.unattached_sandbox(sandbox, place, buf),
            }
            if self.focused && index == self.list.selected {
                buf.set_style(Rect { height: 1, ..place }, self.theme.selection);
            }
            drawn.push((index, place));
            y += height;
        }
        drawn
    }

    /// Says how many entries are above and below the drawn ones, on a row of its own if there are any.
    fn hidden_below_and_above(&self, mut area: Rect, heights: &[u16], buf: &mut Buffer) -> Rect {
        let all: u32 = heights.iter().map(|height| u32::from(*height)).sum();
        if all <= u32::from(area.height) || area.height < 8 {
            return area;
        }
        area.height -= 1;
        let first = self.first(heights, area);
        let mut room = area.height;
        let fits = |height: &&u16| {
            let is_whole = **height <= room;
            room = room.saturating_sub(**height);
            is_whole
        };
        let shown = heights.iter().skip(first).take_while(fits).count();
        let below = heights.len() - first - shown;
        let (up, down) = (self.theme.pick("↑", "^"), self.theme.pick("↓", "v"));
        let words = match (first, below) {
            (0, below) => format!(" {down} {below} more"),
            (above, 0) => format!(" {up} {above} more"),
            (above, below) => format!(" {up} {above} {down} {below} more"),
        };
        let width = usize::from(area.width);
        buf.set_stringn(area.x, area.bottom(), words, width, self.theme.dim);
        area
    }

    /// The first entry drawn, so that the selected one is seen whole.
    fn first(&self, heights: &[u16], area: Rect) -> usize {
        let end = (self.list.selected + 1).min(heights.len());
        let mut room = area.height;
        let fits = |height: &&u16| {
            let left = room.checked_sub(**height);
            room = left.unwrap_or(room);
            left.is_some()
        };
        let shown = heights[..end].iter().rev().take_while(fits).count();
        end - shown.max(1)
    }

    fn height(&self, line: ListLine<'_>) -> u16 {
        match line {
            ListLine::Session(row) => self.session_height(row),
            ListLine::Gone(_) => 1,
            ListLine::Sandbox(_) => 2,
        }
    }

    /// ` ▸ 3 gone · 1 archived`.
    fn fold_row(&self, count: usize, area: Rect, buf: &mut Buffer) {
        let sign = if self.list.shows_gone() {
            self.theme.pick("▾", "v")
        } else {
            self.theme.pick("▸", ">")
        };
        let folded = self.list.rows.iter().rev().take(count);
        let archived = folded.filter(|row| row.archived).count();
        let words = match (count - archived, archived) {
            (gone, 0) => format!("{gone} gone"),
            (0, archived) => format!("{archived} archived"),
            (gone, archived) => format!("{gone} gone · {archived} archived"),
        };
        let words = format!(" {sign} {words}");
        let width = usize::from(area.width);
        buf.set_stringn(area.x, area.y, words, width, self.theme.dim);
    }

    pub(super) fn is_marked(&self, target: &RowTarget) -> bool {
        self.list.marked.contains(target)
    }
}

/// The sign of a marked row, between the sign of its state and its name.
pub(super) fn put_mark(area: Rect, buf: &mut Buffer, theme: &Theme) {
    let room = usize::from(area.width).saturating_sub(2);
    buf.set_stringn(
        area.x + 2,
        area.y,
        theme.pick("✓", "+"),
        room,
        theme.warning,
    );
}

pub(super) fn put_right(line: &Line<'static>, area: Rect, buf: &mut Buffer) {
    let len = u16::try_from(line.width()).unwrap_or(u16::MAX);
    if len.saturating_add(4) < area.width {
        buf.set_line(area.right() - len - 1, area.y, line, len);
    }
}
