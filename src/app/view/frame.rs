//! The frames of overlays, and the titles and rules of panes. Panes have no box: one rule is
//! between two of them, and the title and the rule of the focused one have the accent's colour.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
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
    /// Draws the frame and returns the area inside.
    pub(in crate::app) fn draw(&self, area: Rect, buf: &mut Buffer, theme: &Theme) -> Rect {
        let (border, title) = if self.focused {
            (theme.border_focused, theme.title_focused)
        } else {
            (theme.border, theme.title)
        };
        let mut block = Block::bordered()
            .border_set(theme.frame())
            .border_style(border)
            .title_top(Line::styled(format!(" {} ", self.title), title));
        let room = usize::from(area.width).saturating_sub(wrap::width(self.title) + 7);
        if !self.right.is_empty() && wrap::width(self.right) <= room {
            let right = Line::styled(format!(" {} ", self.right), theme.dim);
            block = block.title_top(right.right_aligned());
        }
        let inner = block.inner(area);
        block.render(area, buf);
        inner
    }

    /// Draws the titles of a pane into its first row.
    pub(in crate::app) fn draw_title(&self, row: Rect, buf: &mut Buffer, theme: &Theme) {
        let style = if self.focused {
            theme.title_focused
        } else {
            theme.title
        };
        let sign = focus_sign(self.focused, theme);
        let title = Line::from(vec![
            Span::styled(sign, theme.accent),
            Span::styled(self.title, style),
        ]);
        buf.set_line(row.x, row.y, &title, row.width);
        let used = wrap::spans_width(&title.spans) + 2;
        let columns = wrap::width(self.right);
        if columns > 0 && used + columns < usize::from(row.width) {
            let columns = u16::try_from(columns).unwrap_or(0);
            let x = row.right() - columns - 1;
            buf.set_stringn(x, row.y, self.right, columns.into(), theme.dim);
        }
    }

    /// The same on a rule.
    pub(in crate::app) fn draw_on_rule(&self, row: Rect, buf: &mut Buffer, theme: &Theme) {
        rule(row, self.focused, buf, theme);
        let title = format!("{}{} ", focus_sign(self.focused, theme), self.title);
        let style = if self.focused {
            theme.title_focused
        } else {
            theme.title
        };
        let x = row.x.saturating_add(2);
        buf.set_stringn(
            x,
            row.y,
            &title,
            usize::from(row.width.saturating_sub(2)),
            style,
        );
        let columns = wrap::width(self.right) + 2;
        if columns > 2 && wrap::width(&title) + columns + 5 < usize::from(row.width) {
            let x = row.right() - u16::try_from(columns).unwrap_or(0) - 2;
            buf.set_string(x, row.y, format!(" {} ", self.right), theme.dim);
        }
    }
}

/// Before the title of a pane.
pub(in crate::app) fn focus_sign(focused: bool, theme: &Theme) -> &'static str {
    if focused { theme.pick("▸", ">") } else { " " }
}

/// A rule over the whole of a row.
pub(in crate::app) fn rule(row: Rect, focused: bool, buf: &mut Buffer, theme: &Theme) {
    let width = usize::from(row.width);
    let line = theme.pick("─", "-").repeat(width);
    buf.set_stringn(row.x, row.y, line, width, rule_style(focused, theme));
}

/// A rule between two panes that are side by side.
pub(in crate::app) fn divider(column: Rect, focused: bool, buf: &mut Buffer, theme: &Theme) {
    for row in column.rows() {
        let line = theme.pick("│", "|");
        buf.set_stringn(row.x, row.y, line, 1, rule_style(focused, theme));
    }
}

fn rule_style(focused: bool, theme: &Theme) -> Style {
    if focused {
        theme.border_focused
    } else {
        theme.border
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
