//! Draws the changes over the panes: a title, the files where there is room, and the diff.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Clear, Widget};

use super::row_walk::RowWalk;
use super::state::{ChangesState, ChangesTold};
use super::view_lines::{DrawnRow, RowsLook};
use super::view_rows::{counts, in_sight, tail_of, text_columns};
use crate::app::action::{Action, ChangesAction};
use crate::app::input::keymap::KeyContext;
use crate::app::time::format;
use crate::app::view::cx::ViewCx;
use crate::app::view::facts;
use crate::app::view::frame::{PaneFrame, divider, rule};
use crate::app::view::search_marks;
use crate::app::view::theme::Theme;
use crate::app::view::viewport::DrawnChanges;
use crate::app::{App, OpenSession};
use crate::domain::diff::change_set::{ChangeSet, ChangesScope};
use crate::text::{visible, wrap};

/// From here on there is room for the files beside the diff.
const ROOM_FOR_FILES: u16 = 110;
const FILES: u16 = 36;
/// From here on there is room for old and new side by side.
pub(super) const ROOM_FOR_TWO: u16 = 100;
/// From here on there is room for the files beside both.
const ROOM_FOR_THREE: u16 = 170;
/// The columns of what is searched for.
const SEARCHED: usize = 24;

impl App {
    pub(in crate::app::overlay) fn view_changes(
        &self,
        screen: Rect,
        buf: &mut Buffer,
        vx: &mut ViewCx<'_>,
    ) {
        let Some(session) = self.session() else {
            return;
        };
        // The last row has the keys.
        let area = Rect {
            height: screen.height.saturating_sub(1),
            ..screen
        };
        Clear.render(area, buf);
        let state = &session.changes;
        let is_wide = screen.width >= ROOM_FOR_TWO;
        vx.viewport.changes = Some(DrawnChanges {
            first: state.top,
            is_wide,
        });
        let mut rows = area.rows();
        let (Some(title), Some(line)) = (rows.next(), rows.next()) else {
            return;
        };
        self.view_title((session, is_wide), title, buf, vx);
        rule(line, true, buf, vx.theme);
        let mut inner = Rect {
            y: area.y + 2,
            height: area.height - 2,
            ..area
        };
        self.view_content((session, is_wide), &mut inner, buf, vx);
    }

    /// All below the title.
    fn view_content(
        &self,
        (session, is_wide): (&OpenSession, bool),
        inner: &mut Rect,
        buf: &mut Buffer,
        vx: &mut ViewCx<'_>,
    ) {
        let state = &session.changes;
        match &state.told {
            ChangesTold::Known(_) if state.set().is_some_and(|set| !set.files.is_empty()) => {
                let Some(way) = state.way(is_wide) else {
                    return;
                };
                let set = way.set;
                view_problems(set, inner, buf, vx.theme);
                let for_files = if is_wide && state.wants_beside {
                    ROOM_FOR_THREE
                } else {
                    ROOM_FOR_FILES
                };
                if inner.width >= for_files {
                    let files = Rect {
                        width: FILES,
                        ..*inner
                    };
                    view_files(state, set, files, buf, vx.theme);
                    let line = Rect {
                        x: inner.x + FILES,
                        width: 1,
                        ..*inner
                    };
                    divider(line, true, buf, vx.theme);
                    inner.x += FILES + 1;
                    inner.width -= FILES + 1;
                }
                view_diff(&way, state, *inner, buf, vx);
            }
            told => {
                let lines = self.told_lines(told, state, session, usize::from(inner.width));
                for (line, row) in lines.iter().zip(inner.rows()) {
                    buf.set_line(row.x + 1, row.y, line, row.width.saturating_sub(2));
                }
            }
        }
    }

    fn view_title(
        &self,
        (session, is_wide): (&OpenSession, bool),
        row: Rect,
        buf: &mut Buffer,
        vx: &ViewCx<'_>,
    ) {
        let state = &session.changes;
        let heading = format!("Changes · {}", visible::name(self.name_shown()));
        let room = usize::from(row.width).saturating_sub(wrap::width(&heading) + 5);
        let right = if state.search.is_on() {
            self.search_words(state)
        } else {
            title_words(state, (is_wide, self.snapshot_words(session, vx)), room)
        };
        let frame = PaneFrame {
            title: &heading,
            right: &right,
            focused: true,
        };
        frame.draw_title(row, buf, vx.theme);
    }

    /// Of when the snapshot is that is shown.
    fn snapshot_words(&self, session: &OpenSession, vx: &ViewCx<'_>) -> Option<String> {
        if session.changes.scope != Some(ChangesScope::Snapshot) {
            return None;
        }
        let at = session.snapshot().and_then(|snapshot| snapshot.code_at);
        let offset = self.options.utc_offset_minutes;
        Some(match at {
            Some(at) => format!(
                "snapshot from {}",
                format::minutes_or_age(at, vx.wall, offset)
            ),
            None => "last snapshot".to_owned(),
        })
    }

    /// What is searched for, with the keys to go on.
    fn search_words(&self, state: &ChangesState) -> String {
        let words = wrap::truncate(state.search.words.as_str(), SEARCHED);
        let count = state.search.count(state.cursor);
        let key = |action, does: &str| match self.changes_key(action).as_str() {
            "" => String::new(),
            key => format!(" · {key} {does}"),
        };
        let next = key(ChangesAction::NextMatch, "next");
        let before = key(ChangesAction::PreviousMatch, "previous");
        format!("\"{words}\" {count}{next}{before}")
    }

    /// What is said where there is no diff to show.
    fn told_lines(
        &self,
        told: &ChangesTold,
        state: &ChangesState,
        session: &OpenSession,
        width: usize,
    ) -> Vec<Line<'static>> {
        let room = width.saturating_sub(2).max(1);
        let key = |action, does: &str| {
            let key = self.changes_key(action);
            (!key.is_empty()).then(|| format!("{key} {does}"))
        };
        let again = key(ChangesAction::Again, "fetches them again.");
        let scope = key(ChangesAction::Scope, "changes what to compare with.");
        let mut sentences: Vec<String> = match told {
            ChangesTold::Asked if state.scope == Some(ChangesScope::Snapshot) => {
                vec!["reading the last snapshot …".to_owned()]
            }
            ChangesTold::Asked if session.chat.is_connected() => {
                vec!["fetching the changes …".to_owned()]
            }
            ChangesTold::Asked => {
                let why = "The changes cannot be fetched: there is no connection to the server.";
                [why.to_owned()].into_iter().chain(again).collect()
            }
            ChangesTold::Failed(failure) => {
                let why = visible::one_line(&failure.line()).into_owned();
                [why].into_iter().chain(again).collect()
            }
            ChangesTold::Known(set) => {
                let since = state.scope.as_ref().map_or("", since);
                let problems = set.problems.iter();
                let problems = problems.map(|one| visible::one_line(one).into_owned());
                let none = format!("There are no changes {since}.");
                [none].into_iter().chain(problems).collect()
            }
        };
        sentences.extend(scope);
        let lines = sentences.iter();
        lines
            .flat_map(|sentence| wrap::wrap_plain(sentence, room, Style::new()))
            .collect()
    }

    pub(super) fn changes_key(&self, action: ChangesAction) -> String {
        let contexts = [KeyContext::Changes, KeyContext::Always];
        let key = self
            .options
            .keymap
            .key_for(Action::Changes(action), &contexts);
        key.map_or_else(String::new, ToString::to_string)
    }
}

/// What the changes are compared with, after "no changes".
fn since(scope: &ChangesScope) -> &'static str {
    match scope {
        ChangesScope::Session | ChangesScope::Snapshot => "in this session",
        ChangesScope::Uncommitted => "since the last commit",
        ChangesScope::Branch => "compared with the default branch",
        ChangesScope::Turn(_) => "in the last turn",
    }
}

/// `in this session · 3 files +41 −12 · 1 viewed`, as far as there is room.
fn title_words(
    state: &ChangesState,
    (is_wide, snapshot): (bool, Option<String>),
    room: usize,
) -> String {
    let since = state.scope.as_ref().map_or("", since).to_owned();
    let mut facts = vec![(2, since)];
    if let Some(set) = state.set() {
        let files = match set.files.len() {
            1 => "1 file".to_owned(),
            n => format!("{n} files"),
        };
        let (added, removed) = set.counts();
        facts.push((3, format!("{files} +{added} −{removed}")));
        let viewed = state.viewed.iter().filter(|viewed| **viewed).count();
        if viewed > 0 {
            facts.push((1, format!("{viewed} viewed")));
        }
    }
    facts.extend(snapshot.map(|words| (5, words)));
    if state.wants_beside && !is_wide {
        facts.push((0, "too narrow for side by side".to_owned()));
    }
    if state.ignores_whitespace {
        facts.push((4, "whitespace changes hidden".to_owned()));
    }
    facts::fit(facts, room)
}

/// What could not be read, above the diff.
fn view_problems(set: &ChangeSet, area: &mut Rect, buf: &mut Buffer, theme: &Theme) {
    for problem in &set.problems {
        if area.height < 4 {
            return;
        }
        let room = usize::from(area.width.saturating_sub(2));
        let words = wrap::truncate(&visible::one_line(problem), room).into_owned();
        buf.set_stringn(area.x + 1, area.y, words, room, theme.error);
        area.y += 1;
        area.height -= 1;
    }
}

fn view_files(state: &ChangesState, set: &ChangeSet, area: Rect, buf: &mut Buffer, theme: &Theme) {
    let current = state.file().unwrap_or(0);
    let height = usize::from(area.height);
    let last = set.files.len().saturating_sub(height);
    let first = current.saturating_sub(height / 2).min(last);
    let files = set.files.iter().enumerate().skip(first);
    for ((index, file), row) in files.zip(area.rows()) {
        let counts = counts(file, theme);
        let room = usize::from(row.width).saturating_sub(wrap::spans_width(&counts) + 5);
        let path = tail_of(&visible::one_line(file.change.path()), room);
        let gap = room.saturating_sub(wrap::width(&path)) + 1;
        let (sign, style) = if state.is_viewed(index) {
            (theme.pick("✓ ", "v "), theme.dim)
        } else {
            ("  ", theme.text)
        };
        let mut spans = vec![
            Span::styled(format!(" {sign}"), theme.success),
            Span::styled(path, style),
            Span::raw(" ".repeat(gap)),
        ];
        spans.extend(counts);
        let line = Line::from(spans);
        if index == current {
            // One colour: reversed, several would be a patchwork.
            let words = line.to_string();
            buf.set_style(row, theme.selection);
            buf.set_stringn(row.x, row.y, words, row.width.into(), theme.selection);
        } else {
            buf.set_line(row.x, row.y, &line, row.width);
        }
    }
}

fn view_diff(
    way: &RowWalk<'_>,
    state: &ChangesState,
    area: Rect,
    buf: &mut Buffer,
    vx: &mut ViewCx<'_>,
) {
    let look = RowsLook {
        width: usize::from(area.width.saturating_sub(1)).max(1),
        height: usize::from(area.height),
        theme: vx.theme,
    };
    let rows = in_sight(way, state.top, &look, vx.cache.colours());
    if let (Some(changes), Some(first)) = (&mut vx.viewport.changes, rows.first()) {
        changes.first = first.row;
    }
    let cursor = way.first(way.cursor);
    let mut areas = area.rows();
    for DrawnRow { row, lines } in rows {
        let mut text: Option<Rect> = None;
        for line in lines {
            let Some(area) = areas.next() else { break };
            text = Some(text.map_or(area, |text| text.union(area)));
            if row == cursor {
                let cursor = vx.theme.pick("▌", ">");
                buf.set_stringn(area.x, area.y, cursor, 1, vx.theme.accent);
            } else if way.is_selected(row) {
                let mark = vx.theme.pick("┃", "|");
                buf.set_stringn(area.x, area.y, mark, 1, vx.theme.accent);
            }
            buf.set_line(area.x + 1, area.y, &line, area.width.saturating_sub(1));
        }
        let (Some(text), true) = (text, state.search.is_on()) else {
            continue;
        };
        for (start, width) in text_columns(way, row, &look) {
            let [start, width] = [start + 1, width].map(|x| u16::try_from(x).unwrap_or(0));
            let part = Rect {
                x: text.x.saturating_add(start),
                width,
                ..text
            };
            let part = part.intersection(text);
            search_marks::mark(&state.search.words, part, &[], buf, vx.theme.selection);
        }
    }
}
