//! The header, and what the rest of the screen says about the shown session.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::cx::ViewCx;
use super::frame;
use super::layout::Areas;
use crate::app::action::{Action, AppAction};
use crate::app::time::format;
use crate::app::{App, Mode, Pane};
use crate::domain::sandbox::unattached::{EngineState, UnattachedSandbox};
use crate::domain::sandbox::{Phase, SandboxInfo, SessionStatus};
use crate::text::{ansi, wrap};

impl App {
    pub(in crate::app) fn view_bars(
        &self,
        screen: Rect,
        areas: &Areas,
        buf: &mut Buffer,
        vx: &ViewCx<'_>,
    ) {
        if let Some(area) = areas.header {
            self.view_header(area, areas.sessions.is_none(), buf, vx);
        }
        if let Some(area) = areas.footer {
            self.view_footer(area, buf, vx);
        } else if let Some(text) = self.notice_text() {
            // Too low for a footer: notices take the first row for a while.
            let row = Rect {
                height: 1,
                ..screen
            };
            buf.set_style(row, Style::reset());
            let width = usize::from(row.width);
            let text = wrap::truncate(&text, width.saturating_sub(1)).into_owned();
            let pad = " ".repeat(width.saturating_sub(wrap::width(&text)));
            put(row, &[(format!(" {text}{pad}"), vx.theme.strong)], buf);
        }
    }

    fn view_header(&self, area: Rect, list_hidden: bool, buf: &mut Buffer, vx: &ViewCx<'_>) {
        let theme = vx.theme;
        let badges = if list_hidden {
            self.badges(area.width)
        } else {
            String::new()
        };
        let badges_width = u16::try_from(wrap::width(&badges)).unwrap_or(0);
        let mut room = usize::from(area.width.saturating_sub(badges_width + 2));
        let mut parts = self.identity(area.width, room, vx);
        room = room.saturating_sub(parts.iter().map(|(text, _)| wrap::width(text)).sum());
        let facts = match self.session() {
            Some(session) if area.width >= 44 => self.facts(session.sandbox()),
            _ => Vec::new(),
        };
        for fact in facts {
            let text = format!(" · {fact}");
            let Some(left) = room.checked_sub(wrap::width(&text)) else {
                continue;
            };
            room = left;
            parts.push((text, theme.dim));
        }
        put(area, &parts, buf);
        if badges_width > 0 && badges_width + 2 < area.width {
            let at = area.right() - badges_width - 1;
            let style = if self.all_sessions().waiting() > 0 {
                theme.warning
            } else {
                theme.dim
            };
            buf.set_string(at, area.y, &badges, style);
        }
    }

    /// The name and the state of the shown session; only a sign for the state on a narrow screen.
    fn identity(&self, width: u16, room: usize, vx: &ViewCx<'_>) -> Vec<(String, Style)> {
        let theme = vx.theme;
        let name = ansi::plain(self.name_shown());
        let is_read = self.focus.is_on(Pane::Chat) && self.overlays.is_empty();
        let is_read = is_read && self.session().is_some_and(|session| session.chat.is_read());
        let sign = frame::focus_sign(is_read, theme);
        let name_style = if is_read {
            theme.title_focused
        } else {
            theme.strong
        };
        let Some(session) = self.session() else {
            return vec![(format!(" {name}"), theme.strong)];
        };
        let state = session.state();
        let auto = if session.chat.is_auto() { AUTO } else { "" };
        let glyph = theme.state_glyph(state);
        let style = theme.state_style(state);
        if width < 44 {
            let room = room.saturating_sub(3 + auto.len());
            let name = wrap::truncate(&name, room);
            return vec![
                (format!("{sign}{name} "), name_style),
                (glyph.to_owned(), style),
                (auto.to_owned(), theme.warning),
            ];
        }
        let name = wrap::truncate(&name, room / 2);
        let mut parts = vec![
            (format!("{sign}{name} "), name_style),
            (format!("{glyph} {}", state.name()), style),
        ];
        if state == SessionStatus::Working {
            let time = format::running(session.works_for(vx.now));
            parts.push((format!(" {time}"), theme.dim));
        }
        parts.push((auto.to_owned(), theme.warning));
        parts
    }

    /// The header's facts about the sandbox, the most important first.
    fn facts(&self, sandbox: Option<&SandboxInfo>) -> Vec<String> {
        let row = self.open.shown().and_then(|key| self.list.row(key));
        let Some(info) = sandbox.or(row.map(|row| &row.sandbox)) else {
            return Vec::new();
        };
        let mut facts = Vec::new();
        if info.demo {
            facts.push(DEMO.to_owned());
        }
        if !self.is_attached() {
            facts.push(match info.isolation.as_deref() {
                Some("none") => format!("{} (no isolation)", info.engine.name()),
                Some("full") => format!("{} · isolated", info.engine.name()),
                Some("filesystem") => format!("{} · files isolated", info.engine.name()),
                Some(level) => format!("{} ({})", info.engine.name(), ansi::plain(level)),
                None => info.engine.name().to_owned(),
            });
        }
        facts.extend(self.conversation_title());
        if let Some(version) = &info.opencode_version {
            facts.push(format!("opencode {}", ansi::plain(version)));
        }
        if let Some(id) = &info.id {
            facts.push(ansi::plain(id.as_str()).into_owned());
        }
        if let Mode::Attach { url, .. } = &self.options.mode
            && self.name_shown() != url
        {
            facts.push(format!("attached to {}", ansi::plain(url)));
        }
        facts
    }

    /// The conversation's title; an attached server has no session name, so there the title is the
    /// name.
    fn conversation_title(&self) -> Option<String> {
        let title = self.session()?.chat.title();
        let title = ansi::plain(title).replace('\n', " ");
        let is_new = !self.is_attached() && !title.trim().is_empty();
        is_new.then(|| wrap::truncate(&title, 40).into_owned())
    }

    /// How many other sessions need the user or have failed, and how many unattached sandboxes run,
    /// for screens without the list: `2 others need you · 1 failed`, where there is little room
    /// `!2 x1`.
    fn badges(&self, width: u16) -> String {
        let attached = |wanted: SessionStatus| {
            let others = self.open.iter().filter(|(key, _)| !self.open.is_shown(key));
            others
                .filter(|(_, session)| session.state() == wanted)
                .count()
        };
        let count = |wanted: SessionStatus| {
            if self.is_attached() {
                return attached(wanted);
            }
            self.list
                .rows()
                .iter()
                .filter(|row| !self.open.is_shown(&row.key))
                .filter(|row| self.all_sessions().state_of(row) == wanted)
                .count()
        };
        let runs = |one: &&UnattachedSandbox| one.state == EngineState::Running;
        let unattached = self.list.unattached().iter().filter(runs).count();
        let needs = match count(SessionStatus::NeedsYou) {
            1 => (1, "!", "1 other needs you".to_owned()),
            n => (n, "!", format!("{n} others need you")),
        };
        let failed = count(SessionStatus::Failed);
        let counts = [
            needs,
            (failed, "x", format!("{failed} failed")),
            (unattached, "+", format!("{unattached} unattached")),
        ];
        let counts = counts.into_iter().filter(|(count, ..)| *count > 0);
        let (words, gap): (Vec<String>, _) = if width < 70 {
            (
                counts.map(|(n, sign, _)| format!("{sign}{n}")).collect(),
                " ",
            )
        } else {
            (counts.map(|(_, _, words)| words).collect(), " · ")
        };
        words.join(gap)
    }

    pub(in crate::app) fn key_of(&self, action: AppAction) -> String {
        self.key_name(Action::App(action))
    }

    /// The key of an action in the focused pane; empty if it has none.
    pub(in crate::app) fn key_name(&self, action: Action) -> String {
        let keymap = &self.options.keymap;
        let key = keymap.key_for(action, &self.pane_contexts());
        key.map(ToString::to_string).unwrap_or_default()
    }

    /// What a prompt waits for now, in a few words; empty while prompts are sent at once.
    pub(in crate::app) fn waits_for(&self) -> &'static str {
        match self.session().map(crate::app::OpenSession::phase) {
            Some(Phase::Booting(_)) if !self.is_attached() => {
                "type a message; it is sent when the sandbox is ready"
            }
            Some(Phase::Booting(_) | Phase::Reconnecting(_)) => {
                "type a message; it is sent when there is a connection"
            }
            Some(Phase::Paused) => "type a message; sending it resumes the sandbox",
            Some(Phase::Failed(_)) => "type a message; it is sent when the session runs again",
            Some(Phase::Gone(_)) if self.is_attached() => {
                "nothing can be sent: the session is gone"
            }
            Some(Phase::Gone(_)) => "nothing can be sent: the sandbox is gone",
            Some(Phase::Dormant) => "type a message; sending it creates the sandbox",
            Some(Phase::Live) | None => "",
        }
    }

    pub(in crate::app) fn attached_url(&self) -> Option<&str> {
        match &self.options.mode {
            Mode::Attach { url, .. } => Some(url),
            Mode::Full { .. } => None,
        }
    }
}

/// The agent is not asked for anything.
const AUTO: &str = " AUTO";

/// The screen's name for the scripted model.
const DEMO: &str = "demo model";

/// Writes texts one after the other into the first row of `area`.
fn put(area: Rect, parts: &[(String, Style)], buf: &mut Buffer) {
    let spans: Vec<Span<'_>> = parts
        .iter()
        .map(|(text, style)| Span::styled(text.as_str(), *style))
        .collect();
    buf.set_line(area.x, area.y, &Line::from(spans), area.width);
}
