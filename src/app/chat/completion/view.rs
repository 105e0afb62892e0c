//! Draws the menu over the rows above the composer, or one row that says what the text is.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::{Clear, Widget as _};

use super::menu::Menu;
use crate::app::chat::{Chat, ChatContext};
use crate::app::view::cx::ViewCx;
use crate::app::view::theme::Theme;
use crate::domain::prompt::{PromptKind, split_command};
use crate::text::{ansi, wrap};

/// The most rows of the menu.
const ROWS: u16 = 8;
/// The widest column of names.
const NAMES: usize = 40;

impl Chat {
    /// Draws at the bottom of `above`, which ends where the composer begins.
    pub(in crate::app::chat) fn view_menu(&self, above: Rect, buf: &mut Buffer, vx: &ViewCx<'_>) {
        if matches!(
            self.context(),
            ChatContext::Transcript | ChatContext::RequestInput
        ) {
            return;
        }
        let menu = self.completion.menu.as_ref();
        match menu.filter(|menu| !menu.rows.is_empty()) {
            Some(menu) => draw(menu, above, buf, vx.theme),
            None => {
                if let Some(note) = self.text_note() {
                    let area = bottom(above, 1);
                    Clear.render(area, buf);
                    let note = wrap::truncate(&note, usize::from(area.width.saturating_sub(3)));
                    buf.set_string(area.x + 2, area.y, note, vx.theme.dim);
                }
            }
        }
    }

    /// What Enter would do with a text that looks like a command, or an empty search.
    fn text_note(&self) -> Option<String> {
        if self.is_naming() {
            let is_searching = self.completion.files.is_searching();
            let words = if is_searching {
                "looking for files …"
            } else {
                "no file or agent has this name: it is sent as text"
            };
            return Some(words.to_owned());
        }
        if self.composer.is_shell() {
            return Some("runs in the sandbox's shell; the agent sees its output".to_owned());
        }
        let first = self.composer.lines().first()?;
        let (name, _) = split_command(first)?;
        if name.is_empty() {
            return None;
        }
        if self.kind_of_text(first) == PromptKind::Command {
            let command = self.offers.command(name)?;
            let takes = if command.takes_arguments { " …" } else { "" };
            let about = command.description.lines().next().unwrap_or_default();
            return Some(shown(&format!("runs /{name}{takes} · {about}")));
        }
        if self.own_command(name).is_some() && self.composer.text().trim_end() == format!("/{name}")
        {
            return None;
        }
        let known = !self.offers.commands.is_empty();
        Some(shown(&if known {
            format!("no command /{name}: it is sent as text")
        } else {
            format!("runs /{name} if the server has it; otherwise it is sent as text")
        }))
    }
}

fn shown(text: &str) -> String {
    ansi::plain(text).trim_end().to_owned()
}

fn bottom(above: Rect, rows: u16) -> Rect {
    let height = rows.min(above.height);
    Rect {
        y: above.bottom() - height,
        height,
        ..above
    }
}

fn draw(menu: &Menu, above: Rect, buf: &mut Buffer, theme: &Theme) {
    let count = u16::try_from(menu.rows.len()).unwrap_or(u16::MAX);
    let most = ROWS.min(above.height.saturating_sub(1)).max(1);
    let area = bottom(above, count.min(most));
    Clear.render(area, buf);
    let height = usize::from(area.height);
    let first = (menu.selected + 1).saturating_sub(height);
    let rows = menu.rows.iter().enumerate().skip(first).take(height);
    let rows: Vec<(usize, String, String)> = rows
        .map(|(index, row)| (index, shown(&row.label), shown(&row.detail)))
        .collect();
    let room = usize::from(area.width).saturating_sub(4);
    let has_details = rows.iter().any(|(_, _, detail)| !detail.is_empty());
    let widest = rows.iter().map(|(_, label, _)| wrap::width(label)).max();
    let names = if has_details {
        widest.unwrap_or(0).min(NAMES).min(room)
    } else {
        room
    };
    for ((index, label, detail), at) in rows.iter().zip(area.rows()) {
        let is_selected = *index == menu.selected;
        let mark = if is_selected {
            theme.pick("›", ">")
        } else {
            " "
        };
        let style = if is_selected {
            theme.selection
        } else {
            theme.text
        };
        let dim = if is_selected {
            theme.selection
        } else {
            theme.dim
        };
        if is_selected {
            buf.set_style(at, style);
        }
        buf.set_string(at.x, at.y, mark, style);
        let label = wrap::truncate(label, names);
        buf.set_string(at.x + 2, at.y, &label, style);
        let x = 2 + names + 2;
        let left = usize::from(at.width).saturating_sub(x + 1);
        if let Ok(x) = u16::try_from(x)
            && left > 0
        {
            buf.set_string(at.x + x, at.y, wrap::truncate(detail, left), dim);
        }
    }
    let more = menu.rows.len() - rows.len();
    if more > 0 {
        let words = format!(" +{more} ");
        let width = u16::try_from(words.len()).unwrap_or(0);
        let x = area.right().saturating_sub(width).max(area.x);
        buf.set_string(x, area.bottom().saturating_sub(1), words, theme.dim);
    }
}
