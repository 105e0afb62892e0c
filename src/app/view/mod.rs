//! Draws the whole screen: the panes, the bars around them, the overlays. Uses the views of the
//! model's parts, and changes nothing.
//!
//! In reading order: `layout` divides the screen into areas, `cx` is what every view receives,
//! `theme` has the styles, `surface` the backgrounds that fit the terminal's, `frame` draws rules, titles and borders, `bars` the header, `footer` the
//! last row with the keys of `hints` and with `facts`, `advice` words the advice of failures, `search_marks` marks what was searched for; `viewport` is what a frame reports to the
//! model.

pub(super) mod advice;
pub(super) mod bars;
pub mod cx;
pub(super) mod facts;
pub(super) mod footer;
pub(super) mod frame;
pub(super) mod hints;
pub mod layout;
mod peek;
pub(super) mod search_marks;
pub mod surface;
pub mod theme;
pub mod viewport;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::action::{Action, AppAction, ChatAction, SessionsAction};
use super::chat::{self, ChatViewProps};
use super::logs::LogsView;
use super::session::boot::BootView;
use super::session::revive;
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
            let key = self.key_of(AppAction::ToggleLogs);
            let right = format!("Logs {key}").trim_end().to_owned();
            self.logs_view(session, vx).draw_ticker(area, &right, buf);
            vx.viewport.panes.push((Pane::Logs, area));
        }
        let dividers = [
            (areas.sessions_divider, Pane::Sessions),
            (areas.logs_divider, Pane::Logs),
        ];
        for (area, pane) in dividers {
            if let Some(area) = area {
                frame::divider(area, self.focus.is_on(pane), buf, vx.theme);
            }
        }
    }

    fn view_chat(&self, mut area: Rect, buf: &mut Buffer, vx: &mut ViewCx<'_>) {
        let focused = self.focus.is_on(Pane::Chat) && self.overlays.is_empty();
        let Some(session) = self.session() else {
            let words = match self.key_of(AppAction::NewSession) {
                _ if !self.loaded => "Looking for your sessions …".to_owned(),
                key if key.is_empty() => "No session is open.".to_owned(),
                key => format!("No session is open. {key} starts a new one."),
            };
            let room = usize::from(area.width.saturating_sub(2));
            buf.set_stringn(
                area.x + 2.min(area.width),
                area.y,
                words,
                room,
                vx.theme.dim,
            );
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
            keys: &self.chat_keys,
            advice: &trail.advice,
            waits_for: self.waits_for(),
            meanwhile: if self.is_attached() {
                "before there is a connection"
            } else {
                "while the sandbox starts"
            },
            utc_offset_minutes: self.options.utc_offset_minutes,
        };
        session.chat.view(area, buf, vx, &props);
        if !focused {
            vx.viewport.cursor = None;
        }
    }

    /// One line for the panel of a gone session.
    fn revive_hint(&self, wall: UnixMillis) -> String {
        if self.is_attached() {
            return String::new();
        }
        let snapshot = self.session().and_then(OpenSession::snapshot);
        revive::hint(snapshot, &self.key_of(AppAction::Revive), self.clock(wall))
    }

    fn view_sessions(&self, mut area: Rect, buf: &mut Buffer, vx: &mut ViewCx<'_>) {
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
        let all = self.list.rows().len();
        let mut title = match self.list.filtered() {
            Some(left) => format!("Sessions ({left} of {all})"),
            None => format!("Sessions ({all}){more}"),
        };
        let row = layout::take_top(&mut area, 1);
        let typed = self.list.types_filter();
        if typed || self.list.filtered().is_some() {
            // What is typed last stays visible, and the cursor behind it.
            let room = usize::from(row.width).saturating_sub(wrap::width(&title) + 5);
            let text = ansi::plain(self.list.filter_text());
            title = format!("{title} /{}", wrap::truncate_start(&text, room));
        }
        let frame = PaneFrame {
            title: &title,
            right: &right,
            focused,
        };
        frame.draw_title(row, buf, vx.theme);
        if typed && focused && self.overlays.is_empty() {
            let column = u16::try_from(wrap::width(&title) + 1).unwrap_or(u16::MAX);
            let x = row
                .x
                .saturating_add(column)
                .min(row.right().saturating_sub(1));
            vx.viewport.cursor = Some((x, row.y));
        }
        self.view_unattached_row(&mut area, buf, vx);
        let view = SessionsView {
            list: &self.list,
            open: &self.open,
            focused,
            theme: vx.theme,
            now: vx.now,
            wall: vx.wall,
            adopt_key: &self.list_key(SessionsAction::Adopt),
        };
        vx.viewport.rows = view.draw(area, buf);
    }

    /// Says what can be done with the selected unattached sandbox, below the list.
    fn view_unattached_row(&self, area: &mut Rect, buf: &mut Buffer, vx: &ViewCx<'_>) {
        let Some(selected) = self.selected_unattached().filter(|_| area.height > 8) else {
            return;
        };
        let engine = selected.engine.name();
        let what = self.unattached_words(selected);
        let words = ansi::plain(&format!("{} ({engine}): {what}", selected.id)).replace('\n', " ");
        let width = usize::from(area.width.saturating_sub(2)).max(1);
        let mut lines = wrap::wrap_plain(&words, width, vx.theme.dim);
        lines.truncate(usize::from(area.height / 2));
        let rows = u16::try_from(lines.len()).unwrap_or(0);
        let below = layout::take_bottom(area, rows);
        for (line, row) in lines.iter().zip(below.rows()) {
            buf.set_line(row.x + 1, row.y, line, row.width.saturating_sub(2));
        }
    }

    fn view_logs(&self, mut area: Rect, buf: &mut Buffer, vx: &mut ViewCx<'_>) {
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
        frame.draw_on_rule(layout::take_top(&mut area, 1), buf, vx.theme);
        if let Some(session) = self.session() {
            vx.viewport.logs = self.logs_view(session, vx).draw(area, buf);
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
