//! Draws the composer and, below its text, the queued prompts.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::block::MARK_COLUMNS;
use crate::app::chat::requests::ReplyText;
use crate::app::chat::{Chat, ChatAction, ChatContext, ChatViewProps, Delivery};
use crate::app::view::cx::ViewCx;
use crate::app::view::layout::take_bottom;
use crate::app::view::theme::Theme;
use crate::text::wrap;

/// How many queued prompts are shown; the others are counted.
const STRIP: usize = 3;

/// The columns for the text: its sign takes two, and the cursor needs one behind it.
pub(in crate::app::chat) fn text_width(width: u16) -> u16 {
    width.saturating_sub(MARK_COLUMNS + 1)
}

impl Chat {
    /// The rows that the text needs at this width.
    pub(in crate::app::chat) fn composer_height(&self, width: u16, most: u16) -> u16 {
        let rows = self.composer.window(width, most).rows.len();
        u16::try_from(rows).unwrap_or(u16::MAX).clamp(1, most)
    }

    /// The rows of the queue on a screen of this height.
    pub(in crate::app::chat) fn queue_height(&self, height: u16) -> u16 {
        let most = if height >= 20 { STRIP } else { 1 };
        let rows =
            self.pending.len().min(most) + usize::from(self.pending.is_held() && height >= 12);
        u16::try_from(rows).unwrap_or(1)
    }

    /// Draws into the whole of `area`; its last `strip` rows are for the queue. Returns the width of the text in columns.
    pub(in crate::app::chat) fn view_composer(
        &self,
        mut area: Rect,
        buf: &mut Buffer,
        vx: &mut ViewCx<'_>,
        (focused, strip): (bool, u16),
        props: &ChatViewProps<'_>,
    ) -> u16 {
        let strip = strip.min(area.height.saturating_sub(1));
        let strip = take_bottom(&mut area, strip);
        self.view_queue(strip, buf, vx.theme, props);
        let style = if focused {
            vx.theme.prompt
        } else {
            vx.theme.dim
        };
        let (sign, style) = if self.composer.is_shell() {
            ("!", vx.theme.accent)
        } else {
            (vx.theme.pick("›", ">"), style)
        };
        if !area.is_empty() {
            buf.set_stringn(area.x, area.y, sign, 1, style);
        }
        let text = Rect {
            x: area.x.saturating_add(MARK_COLUMNS),
            width: text_width(area.width),
            ..area
        };
        self.view_text(text, buf, vx, props);
        text.width
    }

    fn view_text(
        &self,
        area: Rect,
        buf: &mut Buffer,
        vx: &mut ViewCx<'_>,
        props: &ChatViewProps<'_>,
    ) {
        if area.is_empty() {
            return;
        }
        let layout = self.composer.window(area.width, area.height);
        let (row, column) = layout.cursor;
        let first = (row + 1).saturating_sub(usize::from(area.height));
        let style = if self.composer.is_shell() {
            vx.theme.accent
        } else {
            vx.theme.text
        };
        let selection = self.composer.selection();
        let fit = |n: usize| u16::try_from(n).unwrap_or(u16::MAX);
        for (line, at) in layout.rows.iter().skip(first).zip(area.rows()) {
            buf.set_stringn(at.x, at.y, &line.text, usize::from(at.width), style);
            for piece in &selection {
                let columns = layout.selected(line, *piece);
                let marked = Rect {
                    x: at.x.saturating_add(fit(columns.start)),
                    width: fit(columns.len()),
                    ..at
                };
                buf.set_style(marked.intersection(at), vx.theme.selection);
            }
        }
        if self.composer.has_no_text() {
            let writing = self.requests.panel.writing;
            let request = writing.map(|writing| request_words(writing, props));
            let words = if let Some(words) = &request {
                words
            } else if self.composer.is_shell() {
                "type a command for the sandbox's shell"
            } else if !props.waits_for.is_empty() {
                props.waits_for
            } else if self.is_busy() {
                "type a message; it waits until this turn ends"
            } else {
                "type a message"
            };
            let words = wrap::truncate(words, usize::from(area.width));
            buf.set_stringn(area.x, area.y, words, usize::from(area.width), vx.theme.dim);
        }
        if self.context() != ChatContext::Transcript {
            let x = area
                .x
                .saturating_add(fit(column))
                .min(area.right().saturating_sub(1));
            vx.viewport.cursor = Some((x, area.y.saturating_add(fit(row - first))));
        }
    }

    fn view_queue(&self, area: Rect, buf: &mut Buffer, theme: &Theme, props: &ChatViewProps<'_>) {
        let mut rows = area.rows();
        if self.pending.is_held() {
            let Some(row) = rows.next() else { return };
            let key = props.key(ChatContext::Composer, ChatAction::Send);
            let what = match self.pending.len() {
                0 => "messages on hold".to_owned(),
                1 => "1 message on hold".to_owned(),
                n => format!("{n} messages on hold"),
            };
            let sends = match self.pending.len() {
                1 => "sends it",
                _ => "sends them",
            };
            let place = if self.is_in_empty_composer() {
                ""
            } else {
                " in the empty composer"
            };
            let words = match self.delivery {
                Delivery::Live if !key.is_empty() => format!("{what} · {key}{place} {sends}"),
                _ => what,
            };
            let words = wrap::truncate(&words, usize::from(row.width.saturating_sub(2)));
            buf.set_string(row.x + MARK_COLUMNS, row.y, words, theme.warning);
        }
        let edit = match self.edit_key(props) {
            key if key.is_empty() => String::new(),
            key => format!("{} edit", theme.key_names(&key)),
        };
        let shown: Vec<Rect> = rows.collect();
        let total = self.pending.len();
        for ((index, prompt), row) in self.pending.waiting().enumerate().zip(&shown) {
            let last = index + 1 == shown.len().min(total);
            let hint = match (last, total - index - 1) {
                (false, _) => String::new(),
                (true, 0) => edit.clone(),
                (true, more) if edit.is_empty() => format!("+{more}"),
                (true, more) => format!("+{more} · {edit}"),
            };
            let room = usize::from(row.width).saturating_sub(3 + wrap::width(&hint));
            let text = prompt
                .text
                .lines()
                .find(|line| !line.trim().is_empty())
                .unwrap_or_default();
            let text = wrap::truncate(text, room.saturating_sub(12)).into_owned();
            let line = Line::from(vec![
                Span::styled(format!("queued {}: ", index + 1), theme.accent),
                Span::styled(text, theme.text),
            ]);
            buf.set_line(
                row.x + MARK_COLUMNS,
                row.y,
                &line,
                row.width.saturating_sub(3),
            );
            let width = u16::try_from(wrap::width(&hint)).unwrap_or(0);
            let x = row.right().saturating_sub(width + 1).max(row.x);
            buf.set_stringn(x, row.y, &hint, usize::from(row.right() - x), theme.dim);
        }
    }

    /// The key that takes the last queued prompt back from where the keys go now.
    fn edit_key(&self, props: &ChatViewProps<'_>) -> String {
        let of_composer = props.key(ChatContext::Composer, ChatAction::CursorUp);
        if self.is_in_empty_composer() && !of_composer.is_empty() {
            return of_composer;
        }
        props.key(self.context(), ChatAction::EditQueued)
    }

    fn is_in_empty_composer(&self) -> bool {
        self.context() == ChatContext::Composer && self.composer.is_empty()
    }
}

/// What the user is to write for a request, and the keys that end it.
fn request_words(writing: ReplyText, props: &ChatViewProps<'_>) -> String {
    let key = |action| props.key(ChatContext::RequestInput, action);
    let what = writing.name();
    let accepts = match writing {
        ReplyText::Reason => "denies",
        ReplyText::Own | ReplyText::Patterns => "confirms",
    };
    let ends = [
        (key(ChatAction::RequestAccept), accepts),
        (key(ChatAction::RequestLeave), "goes back"),
    ];
    let ends = ends.into_iter().filter(|(key, _)| !key.is_empty());
    let ends: Vec<String> = ends.map(|(key, does)| format!("{key} {does}")).collect();
    if ends.is_empty() {
        return what.to_owned();
    }
    format!("{what}; {}", ends.join(", "))
}
