//! Draws the help.
//!
//! Its sections keep their order whatever is typed: what works anywhere first, then the focused
//! part, then the rest.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::app::action::{Action, AppAction};
use crate::app::input::keymap::{Binding, KeyContext, ListedKeys, merge_numbered};
use crate::app::input::rank::similar;
use crate::app::overlay::help::HelpOverlay;
use crate::app::overlay::view::picker::draw_filter;
use crate::app::view::cx::ViewCx;
use crate::app::view::frame::{PaneFrame, centred};
use crate::app::view::hints::SCROLL_OVERLAY;
use crate::app::view::theme::Theme;
use crate::app::{App, Pane};
use crate::text::wrap;

/// The columns for keys; a longer list of keys moves its row's description to the right.
const KEYS_COLUMN: usize = 17;

/// On a narrower screen, the short names of the hints are shown.
const ROOM_FOR_SENTENCES: u16 = 66;

impl App {
    pub(in crate::app::overlay) fn view_help(
        &self,
        help: &HelpOverlay,
        screen: Rect,
        buf: &mut Buffer,
        vx: &mut ViewCx<'_>,
    ) {
        let theme = vx.theme;
        let area = centred(screen, 80, screen.height.saturating_sub(2).max(3), buf);
        let frame = PaneFrame {
            title: "Help",
            right: &self.help_keys(help, theme),
            focused: true,
        };
        let inner = frame.draw(area, buf, theme);
        let lines = self.help_lines(help.picker.filter(), inner.width, theme);
        let mut rows = inner.rows();
        if let Some(row) = rows.next() {
            draw_filter(&help.picker, "type to search", row, buf, vx);
        }
        let room = usize::from(inner.height.saturating_sub(1));
        let last = u16::try_from(lines.len().saturating_sub(room)).unwrap_or(u16::MAX);
        let first = help.scroll.min(last);
        for (line, row) in lines.iter().skip(first.into()).zip(rows) {
            buf.set_line(row.x, row.y, line, row.width);
        }
        vx.viewport.overlay = Some(first);
    }

    /// The keys that clear the filter or close the help, and those that scroll it.
    fn help_keys(&self, help: &HelpOverlay, theme: &Theme) -> String {
        let contexts = [KeyContext::Help, KeyContext::Always];
        let close = Action::App(AppAction::Close);
        let close = self.options.keymap.key_for(close, &contexts).map(|key| {
            let words = if help.picker.filter().is_empty() {
                "close"
            } else {
                "clear"
            };
            format!("{} {words}", theme.key_names(&key.to_string()))
        });
        let scroll = self.hint(SCROLL_OVERLAY, &contexts, theme);
        let scroll = scroll.map(|(keys, words)| format!("{keys} {words}"));
        let hints: Vec<String> = close.into_iter().chain(scroll).collect();
        hints.join(" · ")
    }

    /// The rows that match, under the headings of their sections.
    fn help_lines(&self, query: &str, width: u16, theme: &Theme) -> Vec<Line<'static>> {
        let rows = self.help_sections().into_iter();
        let rows = rows.flat_map(|context| {
            let listed = self.listed(context, width).into_iter();
            listed.map(move |row| (context, row))
        });
        let rows = similar(query, rows, |(_, row)| {
            vec![
                row.what.clone(),
                row.name.to_owned(),
                format!("{} {} {}", row.place, row.keys, row.what),
            ]
        });
        if rows.is_empty() {
            return vec![Line::styled("   no key matches", theme.dim)];
        }
        let keys = rows.iter().map(|(_, row)| wrap::width(&row.keys)).max();
        let column = keys.unwrap_or(0).min(KEYS_COLUMN) + 2;
        let mut lines = Vec::new();
        let mut before = None;
        for (context, row) in &rows {
            if before.replace(context) != Some(context) {
                if !lines.is_empty() {
                    lines.push(Line::default());
                }
                lines.push(Line::styled(format!(" {}", context.name()), theme.strong));
            }
            lines.push(help_line(row, column, usize::from(width), theme));
        }
        lines
    }

    /// The sections in their order.
    fn help_sections(&self) -> Vec<KeyContext> {
        let front = match self.focus.pane() {
            Pane::Sessions => KeyContext::Sessions,
            Pane::Logs => KeyContext::Logs,
            Pane::Chat => self.session().map_or(KeyContext::Composer, |session| {
                session.chat.context().into()
            }),
        };
        let mut sections = vec![KeyContext::Anywhere, KeyContext::Always, front];
        let rest = KeyContext::ALL.into_iter();
        let rest: Vec<KeyContext> = rest.filter(|one| !sections.contains(one)).collect();
        sections.extend(rest);
        sections
    }

    /// The rows of a context that have a meaning in this mode.
    fn listed(&self, context: KeyContext, width: u16) -> Vec<ListedKeys> {
        let rows = self.options.keymap.rows(context);
        let rows = rows.filter(|row| self.offers(row)).map(|row| {
            let listed = ListedKeys::of(row, all_keys(row));
            if width >= ROOM_FOR_SENTENCES {
                return listed;
            }
            ListedKeys {
                what: row.hint.to_owned(),
                ..listed
            }
        });
        merge_numbered(rows.collect())
    }
}

fn all_keys(row: &Binding) -> String {
    let keys: Vec<String> = row.keys.iter().map(ToString::to_string).collect();
    keys.join(", ")
}

fn help_line(row: &ListedKeys, column: usize, width: usize, theme: &Theme) -> Line<'static> {
    // The description matters more than a second key.
    let room = width.saturating_sub(3 + 2 + wrap::width(&row.what));
    let keys = fitting(&row.keys, room);
    let pad = column.saturating_sub(wrap::width(&keys)).max(2);
    let mut spans = vec![
        Span::styled(format!("   {keys}"), theme.key),
        Span::raw(" ".repeat(pad)),
        Span::raw(row.what.clone()),
    ];
    let used = 3 + wrap::width(&keys) + pad + wrap::width(&row.what);
    let room = width.saturating_sub(used + 2);
    if row.name.len() <= room {
        spans.push(Span::raw(" ".repeat(room - row.name.len() + 1)));
        spans.push(Span::styled(row.name, theme.dim));
    }
    Line::from(spans)
}

/// As many of a row's keys as fit, at least the first one.
fn fitting(keys: &str, room: usize) -> String {
    let mut keys = keys.split(", ");
    let first = keys.next().unwrap_or_default();
    let mut names = wrap::truncate(first, room).into_owned();
    for key in keys {
        if wrap::width(&names) + 2 + wrap::width(key) > room {
            break;
        }
        names = format!("{names}, {key}");
    }
    names
}
