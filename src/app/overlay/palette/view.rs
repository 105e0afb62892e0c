//! Draws the palette.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::query::{PaletteKind, read};
use super::rows::PaletteRow;
use crate::app::App;
use crate::app::overlay::picker::Picker;
use crate::app::overlay::view::list::{FilterList, FilterListRow, two_ends};
use crate::app::view::cx::ViewCx;
use crate::app::view::theme::Theme;
use crate::text::{ansi, wrap};

impl App {
    pub(in crate::app::overlay) fn view_palette(
        &self,
        picker: &Picker,
        screen: Rect,
        buf: &mut Buffer,
        vx: &mut ViewCx<'_>,
    ) {
        let (kind, _) = read(picker.filter());
        let rows = self.palette_rows(picker);
        let room = FilterList::room(screen);
        let selected = rows.get(picker.selected());
        let list = FilterList {
            title: "Palette",
            right: match rows.len() {
                1 => "1 match".to_owned(),
                n => format!("{n} matches"),
            },
            ask: "type what to do",
            none: kind.none(),
            below: below(selected, vx.theme),
            rows: rows
                .iter()
                .map(|row| list_row(row, room, vx.theme))
                .collect(),
        };
        list.draw(picker, screen, buf, vx);
    }
}

/// The characters that look for something else, or why the selected row cannot run.
fn below(selected: Option<&PaletteRow>, theme: &Theme) -> Line<'static> {
    if let Some(why) = selected.and_then(|row| row.why_not) {
        return Line::styled(format!("cannot run now: {why}"), theme.dim);
    }
    let marks = PaletteKind::MARKED.into_iter().flat_map(|(mark, _, name)| {
        [
            Span::styled(mark.to_string(), theme.key),
            Span::styled(format!(" {name}   "), theme.dim),
        ]
    });
    marks.collect()
}

fn list_row(row: &PaletteRow, room: usize, theme: &Theme) -> FilterListRow {
    let label = one_line(&row.label);
    let (style, right_style) = match row.why_not {
        Some(_) => (theme.dim, theme.dim),
        None => (theme.text, theme.text),
    };
    let mut right = theme.key_names(&one_line(&row.detail));
    if let Some(why) = row.why_not {
        let free = room.saturating_sub(wrap::width(&label) + wrap::width(&right) + 6);
        if wrap::width(why) <= free {
            right = format!("{why}   {right}");
        }
    }
    FilterListRow {
        heading: row.heading.map(str::to_owned),
        is_current: row.is_current,
        line: two_ends((&label, style), (&right, right_style), room),
    }
}

fn one_line(text: &str) -> String {
    ansi::plain(text).replace('\n', " ")
}
