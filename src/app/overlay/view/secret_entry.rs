//! Draws a field for a secret: as dots, never the text.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::app::overlay::secret_entry::{SecretEntry, SecretField};
use crate::app::view::cx::ViewCx;
use crate::app::view::frame::{PaneFrame, centred};
use crate::text::{visible, wrap};

const WIDTH: u16 = 64;
/// More of them would tell more of a long secret than that it is there.
const MOST_DOTS: usize = 24;

/// The words around the field.
pub(in crate::app::overlay) struct SecretWords {
    pub(in crate::app::overlay) title: &'static str,
    /// Why it is asked for; may be empty.
    pub(in crate::app::overlay) why: String,
    /// What it is for.
    pub(in crate::app::overlay) of: String,
    /// What stands in the empty field.
    pub(in crate::app::overlay) ask: &'static str,
    /// Where the secret goes; may be empty.
    pub(in crate::app::overlay) below: &'static str,
}

impl SecretEntry {
    pub(in crate::app::overlay) fn draw(
        &self,
        words: &SecretWords,
        screen: Rect,
        buf: &mut Buffer,
        vx: &mut ViewCx<'_>,
    ) {
        let theme = vx.theme;
        let width = WIDTH.min(screen.width);
        let room = usize::from(width.saturating_sub(4));
        let mut lines = wrap::wrap_plain(&visible::one_line(&words.why), room, theme.warning);
        let of = visible::one_line(&words.of);
        lines.push(Line::styled(
            wrap::truncate(&of, room).into_owned(),
            theme.dim,
        ));
        // Where room is short, the field stays.
        let free = usize::from(screen.height.saturating_sub(3));
        lines.drain(..lines.len().saturating_sub(free));
        let below = usize::from(!words.below.is_empty());
        let height = u16::try_from(lines.len() + 3 + below).unwrap_or(u16::MAX);
        let area = centred(screen, width, height, buf);
        let frame = PaneFrame {
            title: words.title,
            right: "",
            focused: true,
        };
        let inner = frame.draw(area, buf, theme);
        let mut rows = inner.rows();
        for (line, row) in lines.iter().zip(rows.by_ref()) {
            buf.set_line(row.x + 1, row.y, line, row.width.saturating_sub(2));
        }
        let Some(row) = rows.next() else { return };
        self.field().draw(words.ask, row, buf, vx);
        if let Some(row) = rows.next() {
            let below = wrap::truncate(words.below, room).into_owned();
            buf.set_line(
                row.x + 1,
                row.y,
                &Line::styled(below, theme.dim),
                row.width.saturating_sub(2),
            );
        }
    }
}

impl SecretField {
    /// Draws what was typed as dots, or what is asked for, with the cursor behind it.
    pub(in crate::app::overlay) fn draw(
        &self,
        ask: &'static str,
        row: Rect,
        buf: &mut Buffer,
        vx: &mut ViewCx<'_>,
    ) {
        let theme = vx.theme;
        let dots = self.typed_chars().min(MOST_DOTS);
        let field = if dots == 0 {
            Span::styled(ask, theme.dim)
        } else {
            Span::styled(theme.pick("•", "*").repeat(dots), theme.text)
        };
        let prompt = Span::styled(theme.pick("› ", "> "), theme.accent);
        let line = Line::from(vec![prompt, field]);
        buf.set_line(row.x + 1, row.y, &line, row.width.saturating_sub(2));
        let x = row.x + 3 + u16::try_from(dots).unwrap_or(0);
        vx.viewport.cursor = Some((x.min(row.right().saturating_sub(1)), row.y));
    }
}
