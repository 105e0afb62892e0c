//! The last row of the screen: the most useful keys at the left, or a notice for some seconds, and
//! facts at the right.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::cx::ViewCx;
use super::facts;
use crate::app::action::AppAction;
use crate::app::session::cost;
use crate::app::time::format;
use crate::app::{App, OpenSession};
use crate::domain::time::UnixMillis;
use crate::text::{ansi, wrap};

impl App {
    pub(in crate::app) fn view_footer(&self, area: Rect, buf: &mut Buffer, vx: &ViewCx<'_>) {
        let theme = vx.theme;
        let notice = self.notice_text();
        let width = usize::from(area.width);
        // The keys matter more.
        let room = match &notice {
            Some(notice) => width.saturating_sub(wrap::width(notice) + 4),
            None => width * 2 / 5,
        };
        let facts = facts::fit(self.footer_facts(vx.wall), room);
        let facts_width = wrap::width(&facts);
        let left = width.saturating_sub(facts_width + 2);
        let line = match notice {
            Some(notice) => {
                let notice = wrap::truncate(&notice, left.saturating_sub(1)).into_owned();
                Line::from(vec![Span::raw(" "), Span::styled(notice, theme.strong)])
            }
            None => self.hint_line(left, theme),
        };
        buf.set_line(area.x, area.y, &line, area.width);
        let columns = u16::try_from(facts_width + 1).unwrap_or(0);
        let x = area.right().saturating_sub(columns).max(area.x);
        buf.set_stringn(x, area.y, &facts, facts_width, theme.dim);
    }

    /// A notice for the screen, if there is one.
    pub(in crate::app) fn notice_text(&self) -> Option<String> {
        if self.status.is_quit_armed() {
            let key = self.key_of(AppAction::Interrupt);
            return Some(format!("{key} again to quit").trim_start().to_owned());
        }
        let notice = self.status.notice();
        notice.map(|text| ansi::plain(text).replace('\n', " "))
    }

    /// The facts with their ranks: the lowest is left out first.
    fn footer_facts(&self, wall: UnixMillis) -> Vec<(u8, String)> {
        let mut facts = Vec::new();
        if self.focus.is_zoomed() && !self.is_attached() {
            facts.push(match self.key_of(AppAction::Zoom) {
                key if key.is_empty() => (3, "full screen".to_owned()),
                key => (3, format!("full screen ({key} back)")),
            });
        }
        if self.mouse {
            facts.push((0, "mouse on".to_owned()));
        }
        let Some(session) = self.session() else {
            return facts;
        };
        // Nobody would look for it.
        facts.extend(session.server.complaint().map(|words| (6, words)));
        if let Some(percent) = session.chat.context_percent() {
            facts.push((4, format!("ctx {percent}%")));
        }
        facts.extend(self.cost_facts(session, wall));
        if let Some(left) = session.left(wall) {
            facts.push((5, left.words()));
        }
        facts
    }

    /// What the tokens and the sandbox cost.
    fn cost_facts(&self, session: &OpenSession, wall: UnixMillis) -> Vec<(u8, String)> {
        let sandbox = cost::words(session.usage(), &self.options.prices, wall);
        let tokens = session.chat.cost();
        let mut facts = Vec::new();
        if tokens > 0.0 {
            facts.push((3, format::dollars(tokens)));
        }
        if !sandbox.is_empty() {
            facts.push((1, sandbox));
        }
        facts
    }
}
