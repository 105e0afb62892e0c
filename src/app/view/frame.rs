//! Frames of panes and overlays.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Clear, Widget};

use super::theme::Theme;
use crate::text::wrap;

/// A frame with a title on the left and one on the right, which is left out if it does not fit.
pub(in crate::app) struct PaneFrame<'a> {
    pub(in crate::app) title: &'a str,
    pub(in crate::app) right: &'a str,
    pub(in crate::app) focused: bool,
}

impl PaneFrame<'_> {
    /// The columns available for a title on the right.
    pub(in crate::app) fn room(title: &str, area: Rect) -> usize {
        usize::from(area.width).saturating_sub(wrap::width(title) + 7)
    }

    /// Draws the frame and returns the area inside.
    pub(in crate::app) fn draw(&self, area: Rect, buf: &mut Buffer, theme: &Theme) -> Rect {
        self.draw_with_key("", area, buf, theme)
    }

    /// The same with the key that focuses it before the title.
    pub(in crate::app) fn draw_with_key(
        &self,
        key: &str,
        area: Rect,
        buf: &mut Buffer,
        theme: &Theme,
    ) -> Rect {
        let (border, title) = if self.focused {
            (theme.border_focused, theme.title_focused)
        } else {
            (theme.border, theme.title)
        };
        let mut name = Line::styled(format!(" {} ", self.title), title);
        let mut columns = wrap::width(self.title);
        if !key.is_empty() {
            name.spans
                .insert(0, Span::styled(format!(" {key}"), theme.key));
            columns += 1 + wrap::width(key);
        }
        let mut block = Block::bordered()
            .border_set(theme.frame(self.focused))
            .border_style(border)
            .title_top(name);
        let room = usize::from(area.width).saturating_sub(columns + 7);
        if !self.right.is_empty() && wrap::width(self.right) <= room {
            let right = Line::styled(format!(" {} ", self.right), theme.dim);
            block = block.title_top(right.right_aligned());
        }
        let inner = block.inner(area);
        block.render(area, buf);
        inner
    }
}

/// Clears a box of this size in the middle of the screen, as far as it fits.
pub(in crate::app) fn centred(screen: Rect, width: u16, height: u16, buf: &mut Buffer) -> Rect {
    let width = width.min(screen.width);
    let height = height.min(screen.height);
    let area = Rect {
        x: screen.x + (screen.width - width) / 2,
        y: screen.y + (screen.height - height) / 2,
        width,
        height,
    };
    cut_wide(area, buf);
    Clear.render(area, buf);
    area
}

/// A wide character that begins left of the box would cover its frame.
fn cut_wide(area: Rect, buf: &mut Buffer) {
    let Some(x) = area.x.checked_sub(1) else {
        return;
    };
    for y in area.top()..area.bottom() {
        if let Some(cell) = buf.cell_mut((x, y))
            && wrap::width(cell.symbol()) > 1
        {
            cell.set_symbol(" ");
        }
    }
}
