//! Draws the list: two rows for each session, what it is and what it does.

use std::collections::BTreeMap;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::Sessions;
use crate::app::clock;
use crate::app::opened::OpenSession;
use crate::app::theme::Theme;
use crate::domain::id::SessionKey;
use crate::domain::sandbox::{Phase, Stage, State};
use crate::domain::session::SessionSummary;
use crate::domain::time::Monotonic;
use crate::text::{ansi, wrap};

/// Rows of the screen for each session.
const HEIGHT: u16 = 2;

/// The list, ready to be drawn.
pub(in crate::app) struct SessionsView<'a> {
    pub(in crate::app) list: &'a Sessions,
    pub(in crate::app) open: &'a BTreeMap<SessionKey, OpenSession>,
    pub(in crate::app) shown: Option<&'a SessionKey>,
    pub(in crate::app) focused: bool,
    pub(in crate::app) theme: &'a Theme,
    pub(in crate::app) now: Monotonic,
}

impl SessionsView<'_> {
    /// Draws the rows around the cursor into `area`, and returns what was drawn where.
    pub(in crate::app) fn draw(&self, area: Rect, buf: &mut Buffer) -> Vec<(usize, Rect)> {
        if area.is_empty() {
            return Vec::new();
        }
        if self.list.rows.is_empty() {
            let width = usize::from(area.width);
            buf.set_stringn(area.x, area.y, " No sessions yet.", width, self.theme.dim);
            return Vec::new();
        }
        let room = usize::from((area.height / HEIGHT).max(1));
        let first = (self.list.selected + 1).saturating_sub(room);
        let mut drawn = Vec::new();
        let mut y = area.y;
        for (index, row) in self.list.rows.iter().enumerate().skip(first).take(room) {
            let height = HEIGHT.min(area.bottom().saturating_sub(y));
            let place = Rect::new(area.x, y, area.width, height);
            self.row(index, row, place, buf);
            drawn.push((index, place));
            y += height;
        }
        drawn
    }

    fn row(&self, index: usize, row: &SessionSummary, area: Rect, buf: &mut Buffer) {
        let theme = self.theme;
        let open = self.open.get(&row.key);
        let state = state_of(row, open);
        let is_shown = self.shown == Some(&row.key);
        let is_selected = self.focused && index == self.list.selected;
        let width = usize::from(area.width);

        let bar = if open.is_some_and(|session| session.unread) {
            theme.pick("▌", "|")
        } else {
            " "
        };
        buf.set_stringn(area.x, area.y, bar, width, theme.warning);
        buf.set_stringn(
            area.x + 1,
            area.y,
            theme.state_glyph(state),
            width.saturating_sub(1),
            theme.state_style(state),
        );
        if self.list.marked.contains(&row.key) {
            let mark = theme.pick("✓", "+");
            buf.set_stringn(
                area.x + 2,
                area.y,
                mark,
                width.saturating_sub(2),
                theme.warning,
            );
        }
        let right = self.right(state, open);
        let room = width.saturating_sub(4 + right.len());
        let name = ansi::plain(&row.name);
        let style = if is_shown { theme.strong } else { theme.text };
        buf.set_stringn(
            area.x.saturating_add(3),
            area.y,
            wrap::truncate(&name, room),
            room,
            style,
        );
        put_right(&right, area, buf, theme.dim);
        if area.height > 1 {
            let detail = detail(state, row, open);
            let room = width.saturating_sub(4);
            buf.set_stringn(
                area.x.saturating_add(3),
                area.y + 1,
                wrap::truncate(&detail, room),
                room,
                theme.dim,
            );
        }
        if is_selected {
            buf.set_style(Rect { height: 1, ..area }, theme.selection);
        }
    }

    /// Time in the state while something runs, else the word for it.
    fn right(&self, state: State, open: Option<&OpenSession>) -> String {
        match (state, open) {
            (State::Booting, Some(session)) => match session.boot.progress() {
                Some((name, place)) => format!("{name} {place}/{}", Stage::ALL.len()),
                None => state.name().to_owned(),
            },
            (State::Working, Some(session)) => {
                clock::running(self.now.saturating_sub(session.state_since))
            }
            _ => state.name().to_owned(),
        }
    }
}

fn put_right(text: &str, area: Rect, buf: &mut Buffer, style: Style) {
    let len = u16::try_from(wrap::width(text)).unwrap_or(u16::MAX);
    if len + 4 < area.width {
        buf.set_string(area.right() - len - 1, area.y, text, style);
    }
}

/// What the user reads about a row, open or not.
pub(in crate::app) fn state_of(row: &SessionSummary, open: Option<&OpenSession>) -> State {
    open.map_or_else(|| State::of(&row.phase, false, false), OpenSession::state)
}

/// The second row: the most useful thing to know.
fn detail(state: State, row: &SessionSummary, open: Option<&OpenSession>) -> String {
    let phase = open.map_or(&row.phase, |session| &session.phase);
    let title = match open.map(|session| session.chat.title()) {
        Some(title) if !title.is_empty() => title,
        _ => &row.title,
    };
    let words = match phase {
        Phase::Failed(failure) | Phase::Gone(failure) => failure.summary.as_str(),
        Phase::Reconnecting(outage) => outage.reason.as_str(),
        Phase::Paused => "p resumes it",
        Phase::Booting(_) | Phase::Dormant | Phase::Live => match state {
            State::NeedsYou => "waits for your answer",
            _ if title.is_empty() => row.sandbox.engine.name(),
            _ => title,
        },
    };
    ansi::plain(words).replace('\n', " ")
}
