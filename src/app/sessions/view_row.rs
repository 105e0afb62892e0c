//! Draws a session of the list: its name, state and time; its title, cost and size of the work; and,
//! where it waits, failed or is gone, what for or why.

use std::time::Duration;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::RowTarget;
use super::row_text::{is_unread, title_of};
use super::tree::TreePlace;
use super::view::{SessionsView, put_mark, put_right};
use crate::app::time::format;
use crate::domain::sandbox::{SessionStatus, Stage};
use crate::domain::session::{ChangedLines, SessionSummary};
use crate::text::{ansi, wrap};

/// Before the state of a session that asks for nothing.
const AUTO: &str = "AUTO ";
/// The columns that a name needs beside the word of the state.
const NAME: usize = 8;
/// Rows for the sub-agents of a session.
const SUB_AGENTS: usize = 3;
/// The columns that a title needs beside the size of the work.
const TITLE: usize = 10;
const MINUTE: Duration = Duration::from_mins(1);

impl SessionsView<'_> {
    pub(super) fn session_height(&self, row: &SessionSummary) -> u16 {
        let has_both = !self.title(row).is_empty() && self.reason(row).is_some();
        let own: u16 = if has_both { 3 } else { 2 };
        let working = self.sub_agents(row).len();
        own.saturating_add(u16::try_from(working).unwrap_or(0))
    }

    /// Draws a session with the lines that connect it with the others in its sandbox, and the sub-agents that
    /// work for it.
    pub(super) fn session_in_tree(&self, row: &SessionSummary, area: Rect, buf: &mut Buffer) {
        let theme = self.theme;
        let place = self.list.tree_place(&row.key);
        let through = theme.pick("│", "|");
        let (first, below, indent) = match place {
            Some(TreePlace::Branch { is_last: true, .. }) => (theme.pick("└", "`"), " ", 2),
            Some(TreePlace::Branch { .. }) => (theme.pick("├", "|"), through, 2),
            Some(TreePlace::Root { shown: 1.., .. }) => ("", through, 0),
            Some(TreePlace::Root { .. }) | None => ("", "", 0),
        };
        for (index, line) in area.rows().enumerate() {
            let glyph = if index == 0 { first } else { below };
            let room = usize::from(line.width.saturating_sub(1));
            buf.set_stringn(line.x + 1, line.y, glyph, room.min(1), theme.dim);
        }
        let area = Rect {
            x: area.x.saturating_add(indent).min(area.right()),
            width: area.width.saturating_sub(indent),
            ..area
        };
        let agents = self.sub_agents(row);
        let taken = u16::try_from(agents.len()).unwrap_or(0).min(area.height);
        let own = area.height - taken;
        self.session_row(
            row,
            Rect {
                height: own,
                ..area
            },
            buf,
        );
        for (name, line) in agents.iter().zip(area.rows().skip(own.into())) {
            let room = usize::from(line.width).saturating_sub(6);
            let name = ansi::plain(name).replace('\n', " ");
            let sign = theme.pick("└ ", "` ");
            buf.set_stringn(line.x.saturating_add(3), line.y, sign, room, theme.dim);
            let name = wrap::truncate(&name, room);
            buf.set_stringn(line.x.saturating_add(5), line.y, name, room, theme.accent);
        }
    }

    /// The sub-agents that work for a session, as far as there is room for them.
    fn sub_agents(&self, row: &SessionSummary) -> Vec<String> {
        let open = self.open.get(&row.key);
        let mut names = open.map_or_else(Vec::new, |open| open.chat.working_sub_agents());
        if names.len() > SUB_AGENTS {
            let more = names.len() - (SUB_AGENTS - 1);
            names.truncate(SUB_AGENTS - 1);
            names.push(format!("{more} more"));
        }
        names
    }

    fn session_row(&self, row: &SessionSummary, area: Rect, buf: &mut Buffer) {
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
        let mut facts = self.facts(row, usize::from(area.width));
        for (place, (words, style)) in area.rows().skip(1).zip(lines) {
            let taken = match facts.width() {
                0 => 0,
                width => width + 1,
            };
            let room = usize::from(place.width).saturating_sub(4 + taken);
            let words = ansi::plain(&words).replace('\n', " ");
            let words = wrap::truncate(&words, room);
            buf.set_stringn(place.x.saturating_add(3), place.y, words, room, style);
            put_right(&std::mem::take(&mut facts), place, buf);
        }
    }

    /// Whether it is unread, its state, its mark, its name; at the right its state in a word.
    fn head(&self, row: &SessionSummary, area: Rect, buf: &mut Buffer) {
        let theme = self.theme;
        let open = self.open.get(&row.key);
        let state = self.state(row);
        let width = usize::from(area.width);
        if is_unread(row, open) {
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
        put_right(&Line::styled(right.clone(), right_style), area, buf);
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

    /// The title; before it, how many conversations of its sandbox have no row.
    fn title(&self, row: &SessionSummary) -> String {
        let title = title_of(row, self.open.get(&row.key));
        let Some(TreePlace::Root {
            hidden: more @ 1.., ..
        }) = self.list.tree_place(&row.key)
        else {
            return title;
        };
        let sign = self.theme.pick("▸", ">");
        format!("{sign} {more} more {title}").trim_end().to_owned()
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

    /// The size of the work, where it leaves room for the title, and the cost: `+12 −3 $0.42`.
    fn facts(&self, row: &SessionSummary, width: usize) -> Line<'static> {
        let theme = self.theme;
        let cost = Span::styled(self.cost(row), theme.dim);
        let changed = row
            .changed
            .filter(|lines| *lines != ChangedLines::default());
        let Some(ChangedLines { added, removed }) = changed else {
            return Line::from(cost);
        };
        let gap = if cost.content.is_empty() { "" } else { " " };
        let minus = theme.pick("−", "-");
        let facts = Line::from(vec![
            Span::styled(format!("+{added}"), theme.palette.added),
            Span::styled(format!(" {minus}{removed}{gap}"), theme.palette.removed),
            cost.clone(),
        ]);
        if width < 5 + TITLE + facts.width() {
            return Line::from(cost);
        }
        facts
    }

    fn reason(&self, row: &SessionSummary) -> Option<String> {
        self.list.reason_of(row, self.open.get(&row.key))
    }
}
