//! Draws the field for a provider's key: how much was typed, and never what.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::key_field::KeyField;
use crate::app::view::cx::ViewCx;
use crate::app::view::frame::{PaneFrame, centred};
use crate::text::{ansi, wrap};

impl KeyField {
    pub(in crate::app::overlay) fn draw(
        &self,
        screen: Rect,
        buf: &mut Buffer,
        vx: &mut ViewCx<'_>,
    ) {
        let theme = vx.theme;
        let area = centred(screen, 72, 6, buf);
        let frame = PaneFrame {
            title: "Key of a provider",
            right: "",
            focused: true,
        };
        let inner = frame.draw(area, buf, theme);
        let typed = self.typed();
        let name = ansi::plain(self.name()).replace('\n', " ");
        let room = usize::from(inner.width.saturating_sub(6));
        let masked = theme.pick("•", "*").repeat(typed.min(room));
        let shown = match typed {
            0 => Span::styled("type or paste the key; it is not shown", theme.dim),
            _ => Span::raw(masked),
        };
        let lines = [
            Line::styled(wrap::truncate(&name, room).into_owned(), theme.strong),
            Line::from(vec![
                Span::styled(theme.pick("› ", "> "), theme.accent),
                shown,
            ]),
            Line::default(),
            Line::styled(
                "The server stores it, in the sandbox where it runs.",
                theme.dim,
            ),
        ];
        for (line, row) in lines.iter().zip(inner.rows()) {
            buf.set_line(row.x + 1, row.y, line, row.width.saturating_sub(2));
        }
        let column = u16::try_from(typed.min(room)).unwrap_or(0);
        vx.viewport.cursor = Some((inner.x + 3 + column, inner.y + 1));
    }
}
