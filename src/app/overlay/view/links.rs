//! Draws the list of links.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::app::overlay::links::{LinkList, LinkRow};
use crate::app::view::cx::ViewCx;
use crate::app::view::frame::{PaneFrame, centred};
use crate::text::{ansi, wrap};

/// The whole box, where the screen has room for it.
const WIDTH: u16 = 88;
const ROWS: usize = 20;
/// The rows for the whole address of the selected link.
const ADDRESS_ROWS: u16 = 2;

impl LinkList {
    pub(in crate::app::overlay) fn draw(
        &self,
        screen: Rect,
        buf: &mut Buffer,
        vx: &mut ViewCx<'_>,
    ) {
        let theme = vx.theme;
        let rows = u16::try_from(self.links.len().min(ROWS)).unwrap_or(u16::MAX);
        let area = centred(screen, WIDTH, rows + ADDRESS_ROWS + 3, buf);
        let frame = PaneFrame {
            title: "Links, newest first",
            right: &format!(
                "type a number · {} of {}",
                self.selected + 1,
                self.links.len()
            ),
            focused: true,
        };
        let mut inner = frame.draw(area, buf, theme);
        if inner.height > ADDRESS_ROWS + 1 {
            inner.height -= ADDRESS_ROWS + 1;
            let room = usize::from(inner.width.saturating_sub(2)).max(1);
            let mut rest = self.url().unwrap_or_default();
            for y in 0..ADDRESS_ROWS {
                let is_last = y + 1 == ADDRESS_ROWS;
                let end = if is_last {
                    rest.len()
                } else {
                    fitting(rest, room)
                };
                let shown = wrap::truncate(&rest[..end], room);
                buf.set_stringn(inner.x + 1, inner.bottom() + 1 + y, &shown, room, theme.dim);
                rest = &rest[end..];
            }
        }
        let height = usize::from(inner.height);
        let most = self.links.len().saturating_sub(height);
        let first = self.selected.saturating_sub(height / 2).min(most);
        let digits = self.links.len().to_string().len();
        let shown = self.links.iter().enumerate().skip(first);
        for ((index, link), row) in shown.zip(inner.rows()) {
            let room = usize::from(row.width).saturating_sub(digits + 4);
            let line = Line::from(vec![
                Span::styled(format!(" {:>digits$}  ", index + 1), theme.key),
                Span::styled(words(link, room), theme.text),
            ]);
            buf.set_line(row.x, row.y, &line, row.width);
            if index == self.selected {
                buf.set_style(row, theme.selection);
            }
        }
    }
}

/// How many bytes of the text fit into so many columns; at least one character.
fn fitting(text: &str, room: usize) -> usize {
    let mut end = 0;
    for (at, c) in text.char_indices() {
        let next = at + c.len_utf8();
        if at > 0 && wrap::width(&text[..next]) > room {
            break;
        }
        end = next;
    }
    end
}

/// The text of a link and its address, unless they are the same.
fn words(link: &LinkRow, room: usize) -> String {
    let text = ansi::plain(&link.text).replace('\n', " ");
    if text.trim().is_empty() || text == link.url {
        return wrap::truncate(&link.url, room).into_owned();
    }
    let text = wrap::truncate(&text, room / 2);
    wrap::truncate(&format!("{text} · {}", link.url), room).into_owned()
}
