//! Draws the list: two rows for each session, its name and its activity; unattached sandboxes are
//! below.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::{RowTarget, Sessions};
use crate::app::session::OpenSession;
use crate::app::session::open_sessions::OpenSessions;
use crate::app::time::format;
use crate::app::view::theme::Theme;
use crate::domain::sandbox::{Phase, SessionStatus, Stage};
use crate::domain::session::SessionSummary;
use crate::domain::session::activity::Activity;
use crate::domain::time::{Monotonic, UnixMillis};
use crate::text::{ansi, wrap};

/// Rows of the screen for each session.
const HEIGHT: u16 = 2;

/// Before the state of a session that asks for nothing.
const AUTO: &str = "AUTO ";

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
    /// The key that pauses and resumes; may be empty.
    pub(in crate::app) pause_key: &'a str,
}

impl SessionsView<'_> {
    /// Draws the rows around the cursor into `area`, and returns what was drawn where.
    pub(in crate::app) fn draw(&self, mut area: Rect, buf: &mut Buffer) -> Vec<(usize, Rect)> {
        if area.is_empty() {
            return Vec::new();
        }
        let width = usize::from(area.width);
        if let Some(trouble) = self.list.trouble.as_ref().filter(|_| area.height > HEIGHT) {
            area.height -= 1;
            let words = format!(" others unknown: {}", ansi::plain(trouble));
            let words = wrap::truncate(&words, width.saturating_sub(1)).into_owned();
            buf.set_stringn(area.x, area.bottom(), words, width, self.theme.dim);
        }
        let sessions = self.list.rows.len();
        if sessions == 0 && self.list.unattached.is_empty() {
            buf.set_stringn(area.x, area.y, " No sessions yet.", width, self.theme.dim);
            return Vec::new();
        }
        let room = usize::from((area.height / HEIGHT).max(1));
        let first = (self.list.selected + 1).saturating_sub(room);
        let mut drawn = Vec::new();
        let mut y = area.y;
        for index in (first..=self.list.last()).take(room) {
            let height = HEIGHT.min(area.bottom().saturating_sub(y));
            let place = Rect::new(area.x, y, area.width, height);
            if let Some(row) = self.list.rows.get(index) {
                self.row(index, row, place, buf);
            } else if let Some(unattached_sandbox) = self.list.unattached.get(index - sessions) {
                self.unattached_sandbox(index, unattached_sandbox, place, buf);
            }
            drawn.push((index, place));
            y += height;
        }
        drawn
    }

    fn row(&self, index: usize, row: &SessionSummary, area: Rect, buf: &mut Buffer) {
        let theme = self.theme;
        let open = self.open.get(&row.key);
        let state = self.list.state_of(row, open);
        let is_shown = self.open.is_shown(&row.key);
        let is_selected = self.focused && index == self.list.selected;
        let width = usize::from(area.width);

        let bar = if open.is_some_and(OpenSession::is_unread) {
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
        let target = RowTarget::Session(row.key.clone());
        if self.list.marked.contains(&target) {
            put_mark(area, buf, theme);
        }
        let is_auto = open.map_or(row.auto, |session| session.chat.is_auto());
        let auto = if is_auto { AUTO } else { "" };
        let right = format!("{auto}{}", self.right(state, open));
        let room = width.saturating_sub(5 + right.len());
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
        let columns = wrap::width(&right);
        if is_auto && columns + 4 < width {
            let x = area.right() - u16::try_from(columns).unwrap_or(0) - 1;
            buf.set_string(x, area.y, AUTO.trim_end(), theme.warning);
        }
        if area.height > 1 {
            let detail = self.detail(state, row, open);
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

    /// The time in the state while something runs, or else the name of the state.
    fn right(&self, state: SessionStatus, open: Option<&OpenSession>) -> String {
        match (state, open) {
            (SessionStatus::Booting, Some(session)) => match session.boot().progress() {
                Some((name, place)) => format!("{name} {place}/{}", Stage::ALL.len()),
                None => state.name().to_owned(),
            },
            (SessionStatus::Working, Some(session)) => format::running(session.works_for(self.now)),
            _ => state.name().to_owned(),
        }
    }

    /// The second row: the most useful fact.
    fn detail(
        &self,
        state: SessionStatus,
        row: &SessionSummary,
        open: Option<&OpenSession>,
    ) -> String {
        let phase = open.map_or(&row.phase, OpenSession::phase);
        let activity = self.list.activity(&row.key).filter(|_| open.is_none());
        let asked = open.and_then(|session| session.chat.waits_for_you());
        let title = match open.map(|session| session.chat.title()) {
            Some(title) if !title.is_empty() => title,
            _ => &row.title,
        };
        let words = match (state, activity, phase) {
            (SessionStatus::NeedsYou, Some(Activity::NeedsYou(line)), _) => line.clone(),
            (SessionStatus::NeedsYou, ..) => asked.unwrap_or_default(),
            (SessionStatus::Reconnecting, Some(Activity::Silent(failure)), _) => {
                failure.summary.clone()
            }
            (
                SessionStatus::Failed | SessionStatus::Gone,
                _,
                Phase::Failed(failure) | Phase::Gone(failure),
            ) => failure.summary.clone(),
            (_, _, Phase::Reconnecting(outage)) => outage.reason.clone(),
            (_, _, Phase::Paused) if self.pause_key.is_empty() => "paused".to_owned(),
            (_, _, Phase::Paused) => format!("{} resumes it", self.pause_key),
            _ if title.is_empty() => row.sandbox.engine.name().to_owned(),
            _ => title.to_owned(),
        };
        ansi::plain(&words).replace('\n', " ")
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

pub(super) fn put_right(text: &str, area: Rect, buf: &mut Buffer, style: Style) {
    let len = u16::try_from(wrap::width(text)).unwrap_or(u16::MAX);
    if len + 4 < area.width {
        buf.set_string(area.right() - len - 1, area.y, text, style);
    }
}
