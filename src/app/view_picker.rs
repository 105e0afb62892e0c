//! Draws the list of models above the panes.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::App;
use super::picker::Picker;
use super::view_frame::{Frame, centred};
use super::viewcx::ViewCx;
use crate::domain::chat::Model;
use crate::text::{ansi, wrap};

/// Rows of the list, where the screen has them.
const ROWS: usize = 16;

impl App {
    pub(super) fn view_picker(
        &self,
        picker: &Picker,
        screen: Rect,
        buf: &mut Buffer,
        vx: &mut ViewCx<'_>,
    ) {
        let theme = vx.theme;
        let all = self.models();
        let models = picker.matching(all);
        let wanted = u16::try_from(all.len().clamp(1, ROWS) + 3).unwrap_or(u16::MAX);
        let area = centred(screen, 72, wanted, buf);
        let count = format!("{} of {}", models.len(), all.len());
        let frame = Frame {
            title: "Model of the next prompts",
            right: &count,
            focused: true,
        };
        let inner = frame.draw(area, buf, theme);
        let mut rows = inner.rows();
        let Some(row) = rows.next() else { return };
        let filter = ansi::plain(&picker.filter);
        let shown = if filter.is_empty() {
            Span::styled("type to filter", theme.dim)
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

        let height = usize::from(inner.height.saturating_sub(1));
        let most = models.len().saturating_sub(height);
        let first = picker.selected.saturating_sub(height / 2).min(most);
        let current = self.session().and_then(|session| session.chat.model());
        for ((index, model), row) in models.iter().enumerate().skip(first).zip(rows) {
            let line = model_line(model, usize::from(row.width.saturating_sub(4)));
            let is_current = current == Some(&model.reference);
            let mark = if is_current {
                theme.pick("● ", "* ")
            } else {
                "  "
            };
            buf.set_span(row.x + 1, row.y, &Span::styled(mark, theme.accent), 2);
            buf.set_line(row.x + 3, row.y, &line, row.width.saturating_sub(4));
            if index == picker.selected {
                buf.set_style(row, theme.selection);
            }
        }
        if models.is_empty() && inner.height > 1 {
            let words = "no model has these words";
            let room = usize::from(inner.width.saturating_sub(4));
            buf.set_stringn(inner.x + 3, inner.y + 1, words, room, theme.dim);
        }
    }

    /// What the server of the session on the screen offers.
    pub(super) fn models(&self) -> &[Model] {
        self.session()
            .map_or(&[], |session| session.chat.catalog().models.as_slice())
    }
}

/// The name, and on the right who runs it and as what.
fn model_line(model: &Model, room: usize) -> Line<'static> {
    let name = ansi::plain(&model.name).replace('\n', " ");
    let id = format!("{}/{}", model.reference.provider, model.reference.model);
    let id = ansi::plain(&id).replace('\n', " ");
    let name = wrap::truncate(&name, room * 3 / 5).into_owned();
    let id = wrap::truncate(&id, room.saturating_sub(wrap::width(&name) + 2)).into_owned();
    let gap = room.saturating_sub(wrap::width(&name) + wrap::width(&id));
    Line::from(format!("{name}{}{id}", " ".repeat(gap)))
}
