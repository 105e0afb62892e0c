//! Draws the whole screen: the panes, the bars around them, the overlays. Uses the views of the
//! model's parts, and changes nothing.
//!
//! In reading order: `layout` divides the screen into areas, `cx` is what every view receives,
//! `theme` has the styles, `frame` draws borders, `bars` the header and the status line, `hints`
//! the keys below, `advice` words the advice of failures; `viewport` is what a frame reports to the
//! model.

pub(super) mod advice;
pub(super) mod bars;
pub mod cx;
pub(super) mod frame;
pub(super) mod hints;
pub mod layout;
pub mod theme;
pub mod viewport;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::action::{Action, AppAction, ChatAction, SessionsAction};
use super::chat::{self, ChatViewProps};
use super::logs::LogsView;
use super::session::boot::BootView;
use super::session::{cost, revive};
use super::sessions::SessionsView;
use super::{App, OpenSession, Pane};
use crate::domain::time::UnixMillis;
use crate::text::{ansi, wrap};
use cx::ViewCx;
use frame::PaneFrame;
use layout::{Areas, Shape};

impl App {
    /// Draws the whole screen and records positions in `vx.viewport`. `buf` is empty.
    pub fn view(&self, area: Rect, buf: &mut Buffer, vx: &mut ViewCx<'_>) {
        let area = area.intersection(buf.area);
        if area.is_empty() {
            return;
        }
        let shape = Shape {
            focus: self.focus.pane(),
            zoomed: self.focus.is_zoomed(),
            attached: self.is_attached(),
        };
        let areas = layout::areas(area, shape);
        self.view_panes(&areas, buf, vx);
        self.view_bars(area, &areas, buf, vx);
        self.view_overlays(area, buf, vx);
        if vx.theme.is_ascii() {
            vx.theme.to_ascii(buf);
        }
    }

    fn view_panes(&self, areas: &Areas, buf: &mut Buffer, vx: &mut ViewCx<'_>) {
        if let Some(area) = areas.chat {
            vx.viewport.panes.push((Pane::Chat, area));
            self.view_chat(area, buf, vx);
        }
        if let Some(area) = areas.sessions {
            vx.viewport.panes.push((Pane::Sessions, area));
            self.view_sessions(area, buf, vx);
        }
        if let Some(area) = areas.logs {
            vx.viewport.panes.push((Pane::Logs, area));
            self.view_logs(area, buf, vx);
        }
        if let (Some(area), Some(session)) = (areas.ticker, self.session()) {
            self.logs_view(session, vx).draw_ticker(area, buf);
        }
    }

    fn view_chat(&self, mut area: Rect, buf: &mut Buffer, vx: &mut ViewCx<'_>) {
        let focused = self.focus.is_on(Pane::Chat) && self.overlays.is_empty();
        let Some(session) = self.session() else {
            let frame = PaneFrame {
                title: &self.chat_title(area.width),
                right: "",
                focused,
            };
            let key = self.pane_key(AppAction::FocusChat);
            let inner = frame.draw_with_key(&key, area, buf, vx.theme);
            let words = match self.key_of(AppAction::NewSession) {
                _ if !self.loaded => "Looking for your sessions …".to_owned(),
                key if key.is_empty() => "No session is open.".to_owned(),
                key => format!("No session is open. {key} starts a new one."),
            };
            buf.set_stringn(inner.x, inner.y, words, inner.width.into(), vx.theme.dim);
            return;
        };
        let trail = BootView {
            session,
            advice: self.advice_keys(),
            send: self.key_name(Action::Chat(ChatAction::Send)),
            ways: self.ways(),
            revive: self.revive_hint(vx.wall),
            attached_to: self.attached_url(),
            theme: vx.theme,
            now: vx.now,
            wall: vx.wall,
        };
        // The composer and some of the conversation stay visible.
        let rows = area.height;
        let room = rows.saturating_sub(chat::least_rows(rows));
        let lines = trail.lines(area.width, room);
        let used = u16::try_from(lines.len()).unwrap_or(u16::MAX).min(room);
        let strip = layout::take_top(&mut area, used);
        for (line, row) in lines.iter().zip(strip.rows()) {
            buf.set_line(row.x, row.y, line, row.width);
        }
        let props = ChatViewProps {
            focused,
            title: &self.chat_title(area.width),
            focus_key: &self.pane_key(AppAction::FocusChat),
            keys: &self.chat_keys,
            advice: &trail.advice,
            waits_for: self.waits_for(),
            meanwhile: if self.is_attached() {
                "while there is no connection yet"
            } else {
                "while the sandbox starts"
            },
            sandbox_cost: &cost::words(session.life(), &self.options.prices, vx.wall),
            rows,
        };
        session.chat.view(area, buf, vx, &props);
        if !focused {
            vx.viewport.cursor = None;
        }
    }

    /// The key that focuses a pane, for its title: only if it is short, there are several panes,
    /// and the key works.
    fn pane_key(&self, action: AppAction) -> String {
        let key = self.key_of(action);
        if self.is_attached() || wrap::width(&key) > 3 {
            return String::new();
        }
        key
    }

    /// One line for the panel of a gone session.
    fn revive_hint(&self, wall: UnixMillis) -> String {
        if self.is_attached() {
            return String::new();
        }
        let snapshot = self.session().and_then(OpenSession::snapshot);
        revive::hint(snapshot, &self.key_of(AppAction::Revive), self.clock(wall))
    }

    /// The conversation's title. An attached server has no session name, so the header shows the
    /// title instead.
    fn chat_title(&self, width: u16) -> String {
        if self.is_attached() {
            return "Chat".to_owned();
        }
        match self.session().map(|session| session.chat.title()) {
            Some(title) if !title.trim().is_empty() => {
                let title = ansi::plain(title).replace('\n', " ");
                let room = usize::from(width) * 2 / 5;
                format!("Chat · {}", wrap::truncate(&title, room))
            }
            _ => "Chat".to_owned(),
        }
    }

    fn view_sessions(&self, area: Rect, buf: &mut Buffer, vx: &mut ViewCx<'_>) {
        let focused = self.focus.is_on(Pane::Sessions);
        let right = match (self.list.marks(), self.all_sessions().waiting()) {
            (0, 0) => String::new(),
            (0, 1) => "1 needs you".to_owned(),
            (0, n) => format!("{n} need you"),
            (n, _) => format!("{n} marked"),
        };
        let more = match self.list.unattached().len() {
            0 => String::new(),
            n => format!(" +{n}"),
        };
        let frame = PaneFrame {
            title: &format!("Sessions ({}){more}", self.list.rows().len()),
            right: &right,
            focused,
        };
        let key = self.pane_key(AppAction::FocusSessions);
        let inner = frame.draw_with_key(&key, area, buf, vx.theme);
        let view = SessionsView {
            list: &self.list,
            open: &self.open,
            focused,
            theme: vx.theme,
            now: vx.now,
            wall: vx.wall,
            adopt_key: &self.list_key(SessionsAction::Adopt),
            pause_key: &self.list_key(SessionsAction::Pause),
        };
        vx.viewport.rows = view.draw(inner, buf);
    }

    fn view_logs(&self, area: Rect, buf: &mut Buffer, vx: &mut ViewCx<'_>) {
        let focused = self.focus.is_on(Pane::Logs);
        let right_title = self
            .session()
            .map(|session| self.logs_view(session, vx).standing())
            .unwrap_or_default();
        let frame = PaneFrame {
            title: "Logs",
            right: &right_title,
            focused,
        };
        let key = self.pane_key(AppAction::FocusLogs);
        let inner = frame.draw_with_key(&key, area, buf, vx.theme);
        if let Some(session) = self.session() {
            vx.viewport.logs = self.logs_view(session, vx).draw(inner, buf);
        }
    }

    fn logs_view<'a>(&self, session: &'a OpenSession, vx: &ViewCx<'a>) -> LogsView<'a> {
        LogsView {
            logs: &session.logs,
            theme: vx.theme,
            utc_offset_minutes: self.options.utc_offset_minutes,
        }
    }
}
