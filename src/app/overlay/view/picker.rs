//! Draws the lists to choose from.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::app::App;
use crate::app::overlay::picker::Picker;
use crate::app::view::cx::ViewCx;
use crate::app::view::frame::{PaneFrame, centred};
use crate::domain::id::TemplateId;
use crate::text::{ansi, wrap};

/// Rows of the list, where the screen has them.
const ROWS: usize = 16;
pub(in crate::app::overlay) const WIDTH: u16 = 72;

/// A list, ready to draw.
pub(in crate::app::overlay) struct Choices<'a> {
    pub(in crate::app::overlay) title: &'a str,
    /// How many choices there are without the filter.
    pub(in crate::app::overlay) all: usize,
    /// The rows that match, and whether each is the current choice.
    pub(in crate::app::overlay) rows: Vec<(bool, Line<'static>)>,
    /// The text of the empty filter.
    pub(in crate::app::overlay) ask: &'a str,
    /// The text if no choice matches.
    pub(in crate::app::overlay) none: &'a str,
}

impl App {
    pub(in crate::app) fn view_templates(
        &self,
        picker: &Picker,
        screen: Rect,
        buf: &mut Buffer,
        vx: &mut ViewCx<'_>,
    ) {
        let sandbox = self.session().and_then(crate::app::OpenSession::sandbox);
        let current = sandbox.and_then(|sandbox| sandbox.template.as_ref());
        let matching = self.matching_templates(picker);
        let row = |template: &TemplateId| {
            let name = ansi::plain(template.as_str()).replace('\n', " ");
            (current == Some(template), Line::from(name))
        };
        let choices = Choices {
            title: "Boot again from template",
            all: self.matching_templates(&Picker::default()).len(),
            rows: matching.iter().map(row).collect(),
            ask: "type to filter, or type another name",
            none: "template names cannot contain spaces",
        };
        choices.draw(picker, screen, buf, vx);
    }
}

impl Choices<'_> {
    pub(in crate::app::overlay) fn draw(
        self,
        picker: &Picker,
        screen: Rect,
        buf: &mut Buffer,
        vx: &mut ViewCx<'_>,
    ) {
        let theme = vx.theme;
        let wanted = u16::try_from(self.all.clamp(1, ROWS) + 3).unwrap_or(u16::MAX);
        let area = centred(screen, WIDTH, wanted, buf);
        let count = match self.all {
            0 => String::new(),
            all => format!("{} of {all}", self.rows.len()),
        };
        let frame = PaneFrame {
            title: self.title,
            right: &count,
            focused: true,
        };
        let inner = frame.draw(area, buf, theme);
        let mut rows = inner.rows();
        let Some(row) = rows.next() else { return };
        draw_filter(picker, self.ask, row, buf, vx);

        let theme = vx.theme;
        let height = usize::from(inner.height.saturating_sub(1));
        let most = self.rows.len().saturating_sub(height);
        let first = picker.selected().saturating_sub(height / 2).min(most);
        let shown = self.rows.iter().enumerate().skip(first);
        for ((index, (is_current, line)), row) in shown.zip(rows) {
            let mark = if *is_current {
                theme.pick("● ", "* ")
            } else {
                "  "
            };
            buf.set_span(row.x + 1, row.y, &Span::styled(mark, theme.accent), 2);
            buf.set_line(row.x + 3, row.y, line, row.width.saturating_sub(4));
            if index == picker.selected() {
                buf.set_style(row, theme.selection);
            }
        }
        if self.rows.is_empty() && inner.height > 1 {
            let room = usize::from(inner.width.saturating_sub(4));
            buf.set_stringn(inner.x + 3, inner.y + 1, self.none, room, theme.dim);
        }
    }
}

/// The filter's text with the cursor behind it; `ask` if it is empty.
pub(in crate::app::overlay) fn draw_filter(
    picker: &Picker,
    ask: &str,
    row: Rect,
    buf: &mut Buffer,
    vx: &mut ViewCx<'_>,
) {
    let theme = vx.theme;
    let filter = ansi::plain(picker.filter());
    let shown = if filter.is_empty() {
        Span::styled(ask, theme.dim)
    } else {
        Span::styled(filter.as_ref(), theme.text)
    };
    let line = Line::from(vec![
        Span::styled(theme.pick("› ", "> "), theme.accent),
        shown,
    ]);
    buf.set_line(row.x + 1, row.y, &line, row.width.saturating_sub(2));
    let column = u16::try_from(wrap::width(&filter)).unwrap_or(u16::MAX);
    let x = row.x.saturating_add(3).saturating_add(column);
    vx.viewport.cursor = Some((x.min(row.right().saturating_sub(1)), row.y));
}

/// A text on the left and one on the right; the left one is cut first, but for its first half.
pub(in crate::app::overlay) fn two_columns(left: &str, right: &str, room: usize) -> Line<'static> {
    let wanted = room.saturating_sub(wrap::width(right) + 2).max(room / 2);
    let left = wrap::truncate(left, wanted).into_owned();
    let right = wrap::truncate(right, room.saturating_sub(wrap::width(&left) + 2)).into_owned();
    let gap = room.saturating_sub(wrap::width(&left) + wrap::width(&right));
    Line::from(format!("{left}{}{right}", " ".repeat(gap)))
}
