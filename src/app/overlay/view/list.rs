//! Draws a list with a filter, headings, and a line below.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::app::overlay::picker::Picker;
use crate::app::overlay::view::picker::draw_filter;
use crate::app::view::cx::ViewCx;
use crate::app::view::frame::{PaneFrame, centred};
use crate::text::wrap;

/// The whole box, where the screen has room for it.
const WIDTH: u16 = 88;
const HEIGHT: u16 = 28;

/// The frame, a blank at each side, and the mark with its blank.
const AROUND: u16 = 6;

/// A list, ready to draw. Its box keeps its size while the filter narrows it.
pub(in crate::app::overlay) struct FilterList {
    pub(in crate::app::overlay) title: &'static str,
    pub(in crate::app::overlay) right: String,
    /// The text of the empty filter.
    pub(in crate::app::overlay) ask: &'static str,
    /// The text if nothing matches.
    pub(in crate::app::overlay) none: &'static str,
    /// The last line in the box.
    pub(in crate::app::overlay) below: Line<'static>,
    pub(in crate::app::overlay) rows: Vec<FilterListRow>,
}

pub(in crate::app::overlay) struct FilterListRow {
    /// A line above it.
    pub(in crate::app::overlay) heading: Option<String>,
    pub(in crate::app::overlay) is_current: bool,
    pub(in crate::app::overlay) line: Line<'static>,
}

impl FilterList {
    /// The columns of a row.
    pub(in crate::app::overlay) fn room(screen: Rect) -> usize {
        usize::from(WIDTH.min(screen.width).saturating_sub(AROUND))
    }

    pub(in crate::app::overlay) fn draw(
        self,
        picker: &Picker,
        screen: Rect,
        buf: &mut Buffer,
        vx: &mut ViewCx<'_>,
    ) {
        let height = HEIGHT.min(screen.height.saturating_sub(2).max(3));
        let area = centred(screen, WIDTH, height, buf);
        let frame = PaneFrame {
            title: self.title,
            right: &self.right,
            focused: true,
        };
        let mut inner = frame.draw(area, buf, vx.theme);
        if inner.height > 5 {
            let row = Rect {
                y: inner.bottom() - 1,
                height: 1,
                ..inner
            };
            buf.set_line(row.x + 1, row.y, &self.below, row.width.saturating_sub(2));
            inner.height -= 1;
        }
        let mut rows = inner.rows();
        let Some(row) = rows.next() else { return };
        draw_filter(picker, self.ask, row, buf, vx);
        if self.rows.is_empty() {
            if let Some(row) = rows.next() {
                let room = usize::from(row.width.saturating_sub(4));
                buf.set_stringn(row.x + 3, row.y, self.none, room, vx.theme.dim);
            }
            return;
        }
        draw_list(&self.rows, picker.selected(), rows.collect(), buf, vx);
    }
}

/// Draws as many rows with their headings as there is room for, the selected one among them.
pub(in crate::app::overlay) fn draw_list(
    rows: &[FilterListRow],
    selected: usize,
    room: Vec<Rect>,
    buf: &mut Buffer,
    vx: &ViewCx<'_>,
) {
    let theme = vx.theme;
    // A heading takes a row of its own.
    let mut shown: Vec<(Option<usize>, &str)> = Vec::new();
    for (index, row) in rows.iter().enumerate() {
        if let Some(heading) = &row.heading {
            shown.push((None, heading));
        }
        shown.push((Some(index), ""));
    }
    let place = shown.iter().position(|(index, _)| *index == Some(selected));
    let most = shown.len().saturating_sub(room.len());
    let first = place.unwrap_or(0).saturating_sub(room.len() / 2).min(most);
    for ((index, heading), area) in shown.into_iter().skip(first).zip(room) {
        let Some((index, row)) = index.and_then(|index| Some((index, rows.get(index)?))) else {
            let room = usize::from(area.width.saturating_sub(2));
            buf.set_stringn(area.x + 1, area.y, heading, room, theme.strong);
            continue;
        };
        let mark = if row.is_current {
            theme.pick("● ", "* ")
        } else {
            "  "
        };
        buf.set_span(area.x + 1, area.y, &Span::styled(mark, theme.accent), 2);
        buf.set_line(area.x + 3, area.y, &row.line, area.width.saturating_sub(4));
        if index == selected {
            buf.set_style(area, theme.selection);
        }
    }
}

/// A text at each end of a row; the right one is cut last.
pub(in crate::app::overlay) fn two_ends(
    left: (&str, Style),
    right: (&str, Style),
    room: usize,
) -> Line<'static> {
    let right_text = wrap::truncate(right.0, room * 3 / 5).into_owned();
    let free = room.saturating_sub(wrap::width(&right_text) + 2);
    let left_text = wrap::truncate(left.0, free).into_owned();
    let gap = room.saturating_sub(wrap::width(&left_text) + wrap::width(&right_text));
    Line::from(vec![
        Span::styled(left_text, left.1),
        Span::raw(" ".repeat(gap)),
        Span::styled(right_text, right.1),
    ])
}
