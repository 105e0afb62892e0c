//! Draws the status of the server: what the conversation uses at the top, then the rows.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::rows::{ServerRow, StatusMark};
use crate::app::App;
use crate::app::input::keymap::KeyContext;
use crate::app::overlay::picker::Picker;
use crate::app::overlay::view::list::{FilterListRow, draw_list};
use crate::app::session::cost;
use crate::app::time::format;
use crate::app::view::cx::ViewCx;
use crate::app::view::frame::{PaneFrame, centred};
use crate::app::view::hints::{CLOSE, SWITCH};
use crate::app::view::theme::Theme;
use crate::domain::time::UnixMillis;
use crate::text::{ansi, wrap};

const WIDTH: u16 = 88;
const HEIGHT: u16 = 28;

/// The names of the facts, and of what is listed.
const NAMES: usize = 10;
const LISTED: usize = 20;

/// From here on the context fills up, and is nearly full.
const FILLS: u64 = 75;
const FULL: u64 = 90;

impl App {
    pub(in crate::app::overlay) fn view_status(
        &self,
        picker: &Picker,
        screen: Rect,
        buf: &mut Buffer,
        vx: &ViewCx<'_>,
    ) {
        let theme = vx.theme;
        let facts = self.status_facts(vx.wall, theme);
        let rows = self.status_rows();
        let area = centred(
            screen,
            WIDTH,
            HEIGHT.min(screen.height.saturating_sub(2)),
            buf,
        );
        let frame = PaneFrame {
            title: "Server",
            right: &self.status_keys(&rows, picker, theme),
            focused: true,
        };
        let inner = frame.draw(area, buf, theme);
        let mut areas = inner.rows();
        for line in facts.into_iter().chain([Line::default()]) {
            let Some(row) = areas.next() else { return };
            buf.set_line(row.x + 1, row.y, &line, row.width.saturating_sub(2));
        }
        if let Some(lines) = self.failure_lines(usize::from(inner.width.saturating_sub(2)), theme) {
            for (line, row) in lines.iter().zip(areas) {
                buf.set_line(row.x + 1, row.y, line, row.width.saturating_sub(2));
            }
            return;
        }
        let areas: Vec<Rect> = areas.collect();
        if rows.is_empty() {
            let words = if self.has_status() {
                "no MCP servers, language servers or formatters"
            } else {
                "asking the server …"
            };
            if let Some(row) = areas.first() {
                let room = usize::from(row.width.saturating_sub(2));
                buf.set_stringn(row.x + 1, row.y, words, room, theme.dim);
            }
            return;
        }
        let room = usize::from(inner.width.saturating_sub(4));
        let rows: Vec<FilterListRow> = rows.iter().map(|row| listed(row, room, theme)).collect();
        draw_list(&rows, picker.selected(), areas, buf, vx);
    }

    /// Why the server could not be asked, and what to do.
    fn failure_lines(&self, room: usize, theme: &Theme) -> Option<Vec<Line<'static>>> {
        let failure = self.session()?.server.failure()?;
        let again = self.hint(SWITCH, &[KeyContext::ServerStatus], theme);
        let again = again.map(|(keys, _)| format!("{keys} asks again"));
        let texts = [
            (failure.summary.clone(), theme.error),
            (failure.detail.clone(), theme.text),
            (again.unwrap_or_default(), theme.dim),
        ];
        let mut lines = Vec::new();
        for (text, style) in texts.iter().filter(|(text, _)| !text.is_empty()) {
            lines.extend(wrap::wrap_plain(&one_line(text), room, *style));
        }
        Some(lines)
    }

    fn has_status(&self) -> bool {
        self.session()
            .is_some_and(|session| session.server.status().is_some())
    }

    fn status_keys(&self, rows: &[ServerRow], picker: &Picker, theme: &Theme) -> String {
        let contexts = [KeyContext::ServerStatus, KeyContext::Always];
        let selected = rows.get(picker.selected());
        let switch = selected.and_then(|row| row.switch.as_ref());
        let switch = switch.and_then(|(_, is_on)| {
            let (keys, _) = self.hint(SWITCH, &contexts, theme)?;
            let words = if *is_on { "disconnect" } else { "connect" };
            Some(format!("{keys} {words}"))
        });
        let close = self.hint(CLOSE, &contexts, theme);
        let close = close.map(|(keys, words)| format!("{keys} {words}"));
        let hints: Vec<String> = switch.into_iter().chain(close).collect();
        hints.join(" · ")
    }

    /// What the conversation uses, and where it is.
    fn status_facts(&self, wall: UnixMillis, theme: &Theme) -> Vec<Line<'static>> {
        let Some(session) = self.session() else {
            return Vec::new();
        };
        let chat = &session.chat;
        let mut facts = Vec::new();
        let used = chat.tokens().context();
        let model = chat.model().and_then(|model| chat.catalog().model(model));
        let limit = model.map_or(0, |model| model.context_limit);
        match chat.context_percent() {
            Some(percent) => facts.push(gauge(percent, (used, limit), theme)),
            None => facts.push(fact(
                "Context",
                format!("{} tokens", format::count(used)),
                theme,
            )),
        }
        let mut costs = vec![
            format!("{} this turn", format::dollars(chat.turn_cost())),
            format!("{} in total", format::dollars(chat.cost())),
        ];
        let sandbox = cost::words(session.usage(), &self.options.prices, wall);
        costs.extend(Some(sandbox).filter(|words| !words.is_empty()));
        facts.push(fact("Cost", costs.join(" · "), theme));
        facts.extend(self.day_cost.map(|day| {
            let words = format!("{} in all sessions", format::dollars(day));
            fact("Today", words, theme)
        }));
        let branch = session.server.status();
        let branch = branch.and_then(|status| status.branch.as_deref());
        facts.extend(branch.map(|branch| fact("Branch", one_line(branch), theme)));
        facts
    }
}

fn fact(name: &str, words: String, theme: &Theme) -> Line<'static> {
    Line::from(vec![
        Span::styled(format!("{name:<NAMES$}"), theme.strong),
        Span::raw(words),
    ])
}

/// `██████░░░░ 31% · 62.1k of 200k tokens`; its colour says whether there is room.
fn gauge(percent: u64, (used, limit): (u64, u64), theme: &Theme) -> Line<'static> {
    const COLUMNS: u64 = 20;
    let filled = percent.min(100) * COLUMNS / 100;
    let (style, advice) = gauge_style(percent, theme);
    let bar = |columns: u64, sign: &str| sign.repeat(usize::try_from(columns).unwrap_or(0));
    let used = format::count(used).replace(".0", "");
    let limit = format::count(limit).replace(".0", "");
    Line::from(vec![
        Span::styled(format!("{:<NAMES$}", "Context"), theme.strong),
        Span::styled(bar(filled, theme.pick("█", "#")), style),
        Span::styled(bar(COLUMNS - filled, theme.pick("░", ".")), theme.dim),
        Span::styled(format!(" {percent}%"), style),
        Span::raw(format!(" · {used} of {limit} tokens{advice}")),
    ])
}

fn gauge_style(percent: u64, theme: &Theme) -> (Style, &'static str) {
    match percent {
        FULL.. => (theme.error, " · use /compact"),
        FILLS.. => (theme.strong, " · filling up"),
        _ => (theme.success, ""),
    }
}

fn listed(row: &ServerRow, room: usize, theme: &Theme) -> FilterListRow {
    let (sign, style) = match row.mark {
        StatusMark::Works => (theme.pick("● ", "* "), theme.success),
        StatusMark::Off => (theme.pick("○ ", "o "), theme.dim),
        StatusMark::Failed => (theme.pick("× ", "x "), theme.error),
        StatusMark::None => ("  ", theme.dim),
    };
    let name = one_line(&row.name);
    let state = one_line(&row.state);
    let mut spans = vec![Span::styled(sign, style)];
    if state.is_empty() {
        spans.push(Span::raw(name));
    } else {
        let gap = LISTED.saturating_sub(wrap::width(&name)).max(2);
        let free = room.saturating_sub(2 + wrap::width(&name) + gap);
        let words = match row.mark {
            StatusMark::Failed => style,
            _ => theme.dim,
        };
        spans.push(Span::raw(format!("{name}{}", " ".repeat(gap))));
        spans.push(Span::styled(
            wrap::truncate(&state, free).into_owned(),
            words,
        ));
    }
    FilterListRow {
        heading: row.heading.map(str::to_owned),
        is_current: false,
        line: Line::from(spans),
    }
}

fn one_line(text: &str) -> String {
    ansi::plain(text).replace('\n', " ")
}
