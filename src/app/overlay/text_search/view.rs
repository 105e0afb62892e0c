//! Draws the search: the matches below the names of their sessions.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;
use ratatui::text::{Line, Span};

use super::state::TextSearch;
use crate::app::App;
use crate::app::overlay::view::list::{FilterList, FilterListRow};
use crate::app::time::format;
use crate::app::view::cx::ViewCx;
use crate::app::view::theme::Theme;
use crate::domain::session::text_search::FoundText;
use crate::domain::time::UnixMillis;
use crate::text::{ansi, wrap};

/// The columns of the word that says whose text it is, with a blank.
const WHOSE: usize = 7;

impl App {
    pub(in crate::app::overlay) fn view_text_search(
        &self,
        search: &TextSearch,
        screen: Rect,
        buf: &mut Buffer,
        vx: &mut ViewCx<'_>,
    ) {
        let found = search.found();
        let room = FilterList::room(screen);
        let mut before = None;
        let rows = found.texts.iter().map(|text| {
            let is_first = before.replace(&text.session) != Some(&text.session);
            FilterListRow {
                heading: is_first.then(|| self.heading(text)),
                is_current: false,
                line: row(text, room, vx.wall, vx.theme),
            }
        });
        let plus = if found.more { "+" } else { "" };
        let list = FilterList {
            title: "Search in all sessions",
            right: match found.texts.len() {
                0 => String::new(),
                1 => format!("1{plus} match"),
                count => format!("{count}{plus} matches"),
            },
            ask: "type words, or a \"phrase in quotes\"",
            none: if found.query.trim().is_empty() {
                ""
            } else {
                "nothing found"
            },
            below: below(found.is_incomplete, vx.theme),
            rows: rows.collect(),
        };
        list.draw(&search.picker, screen, buf, vx);
    }

    /// `fix-login · The login test is flaky · gone`.
    fn heading(&self, text: &FoundText) -> String {
        let Some(row) = self.list.row(&text.session) else {
            return one_line(&text.name);
        };
        let state = self.all_sessions().state_of(row).name();
        let parts = [row.name.as_str(), row.title.as_str(), state];
        let parts = parts.iter().filter(|part| !part.is_empty());
        let parts: Vec<String> = parts.map(|part| one_line(part)).collect();
        parts.join(" · ")
    }
}

fn below(is_incomplete: bool, theme: &Theme) -> Line<'static> {
    let words = if is_incomplete {
        "still indexing older conversations; some matches may be missing"
    } else {
        ""
    };
    Line::styled(words, theme.dim)
}

/// Whose text it is, the place of the match, and how long ago it was written.
fn row(text: &FoundText, room: usize, wall: UnixMillis, theme: &Theme) -> Line<'static> {
    let age = format::brief_seconds(wall.since(text.at));
    let mut free = room.saturating_sub(WHOSE + wrap::width(&age) + 2);
    let whose = format!("{:WHOSE$}", text.whose.name());
    let mut spans = vec![Span::styled(whose, theme.dim)];
    let marked = theme.accent.add_modifier(Modifier::BOLD);
    for piece in &text.snippet {
        let shown = wrap::truncate(&one_line(&piece.text), free).into_owned();
        free = free.saturating_sub(wrap::width(&shown));
        let style = if piece.is_match { marked } else { theme.text };
        spans.push(Span::styled(shown, style));
    }
    spans.push(Span::styled(" ".repeat(free + 2), theme.text));
    spans.push(Span::styled(age, theme.dim));
    Line::from(spans)
}

fn one_line(text: &str) -> String {
    ansi::plain(text).replace('\n', " ")
}
