//! Draws a session of the list: its name, state and time; its title and cost; and, where it waits,
//! failed or is gone, what for or why.

use std::time::Duration;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::RowTarget;
use super::row_text::title_of;
use super::view::{SessionsView, put_mark, put_right};
use crate::app::session::OpenSession;
use crate::app::time::format;
use crate::domain::sandbox::{SessionStatus, Stage};
use crate::domain::session::SessionSummary;
use crate::text::{ansi, wrap};

/// Before the state of a session that asks for nothing.
const AUTO: &str = "AUTO ";
/// The columns that a name needs beside the word of the state.
const NAME: usize = 8;
const MINUTE: Duration = Duration::from_mins(1);

impl SessionsView<'_> {
    pub(super) fn session_height(&self, row: &SessionSummary) -> u16 {
        let has_both = !self.title(row).is_empty() && self.reason(row).is_some();
        if has_both { 3 } else { 2 }
    }

    pub(super) fn session_row(&self, row: &SessionSummary, area: Rect, buf: &mut Buffer) {
        self.head(row, area, buf);
        let theme = self.theme;
        let (title, reason) = (self.title(row), self.reason(row));
        let reason_style = match self.state(row) {
            SessionStatus::NeedsYou => theme.text,
            _ => theme.dim,
        };
        let mut lines: Vec<(String, Style)> = Vec::new();
        if !title.is_empty() {
            lines.push((title, theme.dim));
        }
        lines.extend(reason.map(|reason| (reason, reason_style)));
        if lines.is_empty() {
            lines.push((row.sandbox.engine.name().to_owned(), theme.dim));
        }
        let mut cost = self.cost(row);
        for (place, (words, style)) in area.rows().skip(1).zip(lines) {
            let taken = if cost.is_empty() { 0 } else { cost.len() + 1 };
            let room = usize::from(place.width).saturating_sub(4 + taken);
            let words = ansi::plain(&words).replace('\n', " ");
            let words = wrap::truncate(&words, room);
            buf.set_stringn(place.x.saturating_add(3), place.y, words, room, style);
            put_right(&std::mem::take(&mut cost), place, buf, theme.dim);
        }
    }

    /// Whether it is unread, its state, its mark, its name; at the right its state in a word.
    fn head(&self, row: &SessionSummary, area: Rect, buf: &mut Buffer) {
        let theme = self.theme;
        let open = self.open.get(&row.key);
        let state = self.state(row);
        let width = usize::from(area.width);
        if open.is_some_and(OpenSession::is_unread) {
            let bar = theme.pick("▌", "|");
            buf.set_stringn(area.x, area.y, bar, width, theme.warning);
        }
        let (glyph, style) = (theme.state_glyph(state), theme.state_style(state));
        buf.set_stringn(area.x + 1, area.y, glyph, width.saturating_sub(1), style);
        if self.is_marked(&RowTarget::Session(row.key.clone())) {
            put_mark(area, buf, theme);
        } else if row.pinned {
            let pin = theme.pick("▴", "^");
            buf.set_stringn(area.x + 2, area.y, pin, width.saturating_sub(2), theme.dim);
        }
        let is_auto = open.map_or(row.auto, |session| session.chat.is_auto());
        let auto = if is_auto { AUTO } else { "" };
        let room = |right: &str| width.saturating_sub(5 + wrap::width(right));
        let mut right = format!("{auto}{}", self.state_words(row));
        if room(&right) < NAME {
            // The glyph tells the state.
            right = format!("{auto}{}", self.state_time(row));
        }
        let style = if self.open.is_shown(&row.key) {
            theme.strong
        } else {
            theme.text
        };
        let name = ansi::plain(&row.name);
        let (x, room) = (area.x.saturating_add(3), room(&right));
        buf.set_stringn(x, area.y, wrap::truncate(&name, room), room, style);
        let right_style = match state {
            SessionStatus::NeedsYou => theme.warning,
            SessionStatus::Failed => theme.error,
            _ => theme.dim,
        };
        put_right(&right, area, buf, right_style);
        let columns = wrap::width(&right);
        if is_auto && columns + 4 < width {
            let x = area.right() - u16::try_from(columns).unwrap_or(0) - 1;
            buf.set_string(x, area.y, AUTO.trim_end(), theme.warning);
        }
    }

    fn state(&self, row: &SessionSummary) -> SessionStatus {
        self.list.state_of(row, self.open.get(&row.key))
    }

    /// `needs you 3m`.
    fn state_words(&self, row: &SessionSummary) -> String {
        let state = self.state(row);
        if let (SessionStatus::Booting, Some(session)) = (state, self.open.get(&row.key))
            && let Some((name, place)) = session.boot().progress()
        {
            return format!("{name} {place}/{}", Stage::ALL.len());
        }
        let words = format!("{} {}", state.name(), self.state_time(row));
        words.trim_end().to_owned()
    }

    /// How long it is in its state; empty for less than a minute, unless the turn has a clock.
    fn state_time(&self, row: &SessionSummary) -> String {
        match (self.state(row), self.open.get(&row.key)) {
            (SessionStatus::Working, Some(session)) => {
                return format::running(session.works_for(self.now));
            }
            (SessionStatus::Booting, _) => return String::new(),
            _ => {}
        }
        let since = self.list.state_since(row);
        let time = since.map(|since| self.wall.since(since));
        let time = time.filter(|time| *time >= MINUTE);
        time.map_or_else(String::new, format::brief)
    }

    fn title(&self, row: &SessionSummary) -> String {
        title_of(row, self.open.get(&row.key))
    }

    fn cost(&self, row: &SessionSummary) -> String {
        let cost = self.open.get(&row.key).map(|session| session.chat.cost());
        let cost = cost.filter(|cost| *cost > 0.0).unwrap_or(row.cost);
        if cost > 0.0 {
            format::dollars(cost)
        } else {
            String::new()
        }
    }

    fn reason(&self, row: &SessionSummary) -> Option<String> {
        self.list.reason_of(row, self.open.get(&row.key))
    }
}
