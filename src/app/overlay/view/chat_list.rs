//! Draws a list of the conversation on the screen.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::app::overlay::chat_list::{ChatListOverlay, ChatListRow};
use crate::app::overlay::view::picker::{Choices, WIDTH, two_columns};
use crate::app::view::cx::ViewCx;
use crate::text::ansi;

impl ChatListOverlay {
    pub(in crate::app::overlay) fn draw(
        &self,
        screen: Rect,
        buf: &mut Buffer,
        vx: &mut ViewCx<'_>,
    ) {
        // Without the frame, the markers and a blank.
        let room = usize::from(WIDTH.min(screen.width).saturating_sub(6));
        let row = |row: &&ChatListRow| {
            let line = two_columns(&one_line(&row.words), &one_line(&row.right), room);
            (row.is_current, line)
        };
        let choices = Choices {
            title: &one_line(&self.title),
            all: self.rows.len(),
            rows: self.matching().iter().map(row).collect(),
            ask: &one_line(&self.ask),
            none: &self.none,
        };
        choices.draw(&self.picker, screen, buf, vx);
    }
}

/// A text from outside on one line.
fn one_line(text: &str) -> String {
    ansi::plain(text).replace('\n', " ")
}
