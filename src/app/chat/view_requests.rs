//! Draws the panel of the first waiting request: what is asked, what the answers would do.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use unicode_segmentation::UnicodeSegmentation;

use super::requests::{BUTTONS, Request};
use super::view_part::wrapped;
use super::{Chat, ChatAction, ChatContext, Seat};
use crate::app::theme::Theme;
use crate::app::viewcx::ViewCx;
use crate::domain::chat::{Permission, Question, QuestionItem};
use crate::text::{diff, wrap};

/// Rows of a command or diff as long as it is not shown whole.
const GLANCE: usize = 6;
/// Lines of a diff that are ever drawn.
const FULL: usize = 2_000;
/// Characters of a command that are ever drawn.
const SUBJECT_CHARS: usize = 20_000;

/// The panel as lines: what is asked (cut from the end where there is no room), what is to be known
/// before it is answered, and the answers.
struct Lines {
    title: String,
    asked: Vec<Line<'static>>,
    note: Vec<Line<'static>>,
    answers: Vec<Line<'static>>,
    /// The line of `answers` that must be in sight.
    at: usize,
}

impl Lines {
    /// How many lines of each part a panel of so many shows. Nobody can answer without the
    /// beginning of what is asked; then come the answers, then the note, whole or not at all.
    fn fit(&self, rows: usize, full: bool) -> (usize, usize, usize) {
        let read = if full { rows / 2 } else { (rows / 2).min(2) };
        let asked = self.asked.len().min(read.max(1)).min(rows);
        let answers = self.answers.len().min(rows - asked);
        let left = rows - asked - answers;
        let note = self.note.len();
        let note = if note <= left { note } else { 0 };
        ((asked + left - note).min(self.asked.len()), note, answers)
    }
}

/// What the panel is drawn with.
#[derive(Clone, Copy)]
struct Look<'a> {
    theme: &'a Theme,
    seat: &'a Seat<'a>,
}

impl Look<'_> {
    fn key(self, action: ChatAction) -> String {
        self.seat.key(ChatContext::Request, action)
    }
}

impl Chat {
    /// The rows that the panel takes of this area.
    pub(super) fn panel_height(&self, area: Rect, vx: &ViewCx<'_>, seat: &Seat<'_>) -> u16 {
        let Some(lines) = self.panel_lines(area.width, vx.theme, seat) else {
            return 0;
        };
        if self.requests.panel.full.is_some() {
            return area.height;
        }
        let least = 1 + lines.note.len() + lines.answers.len();
        let wanted = lines.asked.len() + least;
        // Where there is little room, the question is worth more than what was said before.
        let spare = if area.height > 14 { 3 } else { 0 };
        let most = usize::from(area.height.saturating_sub(spare)).max(least);
        u16::try_from(wanted.min(most))
            .unwrap_or(u16::MAX)
            .min(area.height)
    }

    pub(super) fn view_panel(
        &self,
        area: Rect,
        buf: &mut Buffer,
        vx: &mut ViewCx<'_>,
        seat: &Seat<'_>,
    ) {
        let Some(lines) = self
            .panel_lines(area.width, vx.theme, seat)
            .filter(|_| !area.is_empty())
        else {
            return;
        };
        let theme = vx.theme;
        let active = seat.focused && self.reads_requests();
        let style = if active { theme.warning } else { theme.dim };
        let width = usize::from(area.width);
        buf.set_stringn(
            area.x,
            area.y,
            theme.pick("─", "-").repeat(width),
            width,
            style,
        );
        let title = wrap::truncate(&lines.title, width.saturating_sub(4)).into_owned();
        buf.set_string(area.x + 1, area.y, format!(" {title} "), style);
        let full = self.requests.panel.full;
        let (room, note, answers) = lines.fit(usize::from(area.height - 1), full.is_some());
        let most = lines.asked.len().saturating_sub(room);
        let from = usize::from(full.unwrap_or(0)).min(most);
        let first = (lines.at + 1).saturating_sub(answers);
        let shown = lines.asked.iter().skip(from).take(room);
        let shown = shown.chain(lines.note.iter().take(note));
        let shown = shown.chain(lines.answers.iter().skip(first).take(answers));
        let rows = area.rows().skip(1);
        let mut last = None;
        for (line, row) in shown.zip(rows) {
            buf.set_line(row.x + 1, row.y, line, row.width.saturating_sub(2));
            last = Some((row, line.width()));
        }
        if let (ChatContext::RequestInput, Some((row, columns))) = (self.context(), last) {
            let columns = u16::try_from(columns).unwrap_or(u16::MAX);
            let x = (row.x + 1)
                .saturating_add(columns)
                .min(row.right().saturating_sub(1));
            vx.viewport.cursor = Some((x, row.y));
        }
    }

    fn panel_lines(&self, width: u16, theme: &Theme, seat: &Seat<'_>) -> Option<Lines> {
        let look = Look { theme, seat };
        let columns = width.saturating_sub(2).max(1);
        let mut lines = match self.requests.first()? {
            Request::Permission(permission) => self.permission_lines(permission, columns, look),
            Request::Question(question) => self.question_lines(question, columns, look),
        };
        if self.requests.len() > 1 {
            lines.title = format!("{} · 1 of {}", lines.title, self.requests.len());
        }
        Some(lines)
    }

    fn permission_lines(&self, asked: &Permission, columns: u16, look: Look<'_>) -> Lines {
        let theme = look.theme;
        let full = self.requests.panel.full.is_some();
        let glance = if full { usize::MAX } else { GLANCE };
        let subject: String = asked.subject.chars().take(SUBJECT_CHARS).collect();
        let mut lines = wrapped(&format!("{} {subject}", asked.kind), columns, theme.strong);
        let cut_subject = lines.len() > glance;
        lines.truncate(glance);
        if asked
            .patterns
            .iter()
            .any(|pattern| *pattern != asked.subject)
        {
            let patterns = format!("asks for: {}", asked.patterns.join(", "));
            lines.extend(
                wrapped(&patterns, columns, theme.text)
                    .into_iter()
                    .take(glance),
            );
        }
        let mut cut_diff = false;
        if let Some(text) = &asked.diff {
            let text = head(text, if full { FULL } else { 4 * GLANCE });
            let mut changes = diff::unified(text, usize::from(columns), &theme.palette);
            // The file is named above already.
            let is_name = |line: &Line<'_>| line.to_string().trim_end().ends_with(&asked.subject);
            if changes.first().is_some_and(is_name) {
                changes.remove(0);
            }
            cut_diff = changes.len() > glance;
            lines.extend(changes.into_iter().take(glance));
        }
        if cut_subject || cut_diff {
            let words = format!("… {} shows all of it", look.key(ChatAction::RequestFull));
            lines.push(Line::styled(words, theme.dim));
        }
        let mut note = Vec::new();
        if !asked.always.is_empty() {
            let always = asked.always.join(", ");
            let words = format!("always would allow: {always} (until the server stops)");
            note.extend(wrapped(&words, columns, theme.dim).into_iter().take(3));
        }
        let answers = self.permission_answers(asked, columns, look);
        Lines {
            title: "permission".to_owned(),
            asked: lines,
            note,
            at: self
                .requests
                .panel
                .input
                .as_ref()
                .map_or(0, |_| answers.len() - 1),
            answers,
        }
    }

    fn permission_answers(
        &self,
        asked: &Permission,
        columns: u16,
        look: Look<'_>,
    ) -> Vec<Line<'static>> {
        let theme = look.theme;
        let panel = &self.requests.panel;
        if let Some(reason) = &panel.input {
            return vec![
                Line::styled("enter denies, esc goes back", theme.dim),
                input_line("why not: ", reason, columns, theme),
            ];
        }
        let mut buttons = Vec::new();
        for (index, button) in BUTTONS.iter().enumerate() {
            let words = match button {
                ChatAction::RequestOnce => "once",
                ChatAction::RequestAlways if asked.always.is_empty() => continue,
                ChatAction::RequestAlways => "always",
                ChatAction::RequestDeny => "deny",
                _ => "deny, say why",
            };
            let key = look.key(*button);
            let marked = index == panel.choice && self.reads_requests();
            buttons.push(button_spans(&key, words, marked, theme));
        }
        let key = look.key(ChatAction::RequestFull);
        buttons.push(button_spans(&key, "full view", false, theme));
        button_rows(buttons, columns)
    }

    fn question_lines(&self, asked: &Question, columns: u16, look: Look<'_>) -> Lines {
        let theme = look.theme;
        let panel = &self.requests.panel;
        let Some(item) = asked.items.get(panel.item) else {
            return Lines {
                title: "question".to_owned(),
                asked: Vec::new(),
                note: Vec::new(),
                at: 0,
                answers: vec![Line::styled(
                    format!("{} rejects it", look.key(ChatAction::RequestReject)),
                    theme.dim,
                )],
            };
        };
        let title = match asked.items.len() {
            0 | 1 => format!("question: {}", item.header),
            several => format!("question {} of {several}: {}", panel.item + 1, item.header),
        };
        let mut answers: Vec<Line<'static>> = (0..item.options.len())
            .map(|i| self.option_line(item, i, columns, theme))
            .collect();
        if item.custom {
            answers.push(self.own_line(item, columns, theme));
        }
        if panel.confirm_reject {
            let words = format!(
                "{} rejects and stops the turn · {} goes back",
                look.key(ChatAction::RequestReject),
                look.key(ChatAction::RequestLater)
            );
            answers.extend(wrapped(&words, columns, theme.warning));
        } else if let Some(own) = &panel.input {
            answers.push(Line::styled("enter takes it, esc goes back", theme.dim));
            answers.push(input_line("your answer: ", own, columns, theme));
        } else {
            let mut hints = vec![
                (ChatAction::RequestAccept, "take"),
                (ChatAction::RequestReject, "reject"),
                (ChatAction::RequestLater, "later"),
            ];
            if item.multiple {
                hints.insert(0, (ChatAction::RequestToggle, "choose"));
            }
            let hints: Vec<String> = hints
                .into_iter()
                .map(|(action, words)| format!("{} {words}", look.key(action)))
                .collect();
            answers.extend(wrapped(&hints.join(" · "), columns, theme.dim));
        }
        Lines {
            title,
            asked: wrapped(&item.question, columns, theme.strong),
            note: Vec::new(),
            at: if panel.confirm_reject || panel.input.is_some() {
                answers.len() - 1
            } else {
                panel.choice
            },
            answers,
        }
    }

    fn option_line(
        &self,
        item: &QuestionItem,
        index: usize,
        columns: u16,
        theme: &Theme,
    ) -> Line<'static> {
        let panel = &self.requests.panel;
        let Some(option) = item.options.get(index) else {
            return Line::default();
        };
        let chosen = panel
            .chosen
            .get(panel.item)
            .is_some_and(|c| c.contains(&option.label));
        let text = if option.description.is_empty() {
            option.label.clone()
        } else {
            format!("{}: {}", option.label, option.description)
        };
        self.row_line(item, index, (chosen, &text), columns, theme)
    }

    fn own_line(&self, item: &QuestionItem, columns: u16, theme: &Theme) -> Line<'static> {
        let panel = &self.requests.panel;
        let own = panel.own.get(panel.item).map_or("", String::as_str);
        let text = if own.is_empty() {
            "an answer of your own …"
        } else {
            own
        };
        self.row_line(
            item,
            item.options.len(),
            (!own.is_empty(), text),
            columns,
            theme,
        )
    }

    fn row_line(
        &self,
        item: &QuestionItem,
        index: usize,
        (chosen, text): (bool, &str),
        columns: u16,
        theme: &Theme,
    ) -> Line<'static> {
        let marked = self.requests.panel.choice == index;
        let cursor = if marked {
            theme.pick("› ", "> ")
        } else {
            "  "
        };
        let sign = match (item.multiple, chosen) {
            (true, true) => "[x] ",
            (true, false) => "[ ] ",
            (false, true) => "(x) ",
            (false, false) => "( ) ",
        };
        let text = wrap::truncate(text, usize::from(columns).saturating_sub(6)).into_owned();
        let style = if marked { theme.strong } else { theme.text };
        Line::from(vec![
            Span::styled(cursor, theme.accent),
            Span::styled(format!("{sign}{text}"), style),
        ])
    }
}

/// The first lines of a text.
fn head(text: &str, lines: usize) -> &str {
    let end = text
        .bytes()
        .enumerate()
        .filter(|(_, b)| *b == b'\n')
        .nth(lines)
        .map(|(at, _)| at);
    &text[..end.unwrap_or(text.len())]
}

/// Puts buttons side by side, each whole.
fn button_rows(buttons: Vec<[Span<'static>; 2]>, columns: u16) -> Vec<Line<'static>> {
    let mut rows: Vec<Line<'static>> = vec![Line::default()];
    for button in buttons {
        let width: usize = button.iter().map(Span::width).sum();
        let full = rows
            .last()
            .is_some_and(|row| row.width() + width > usize::from(columns) + 2);
        if full {
            rows.push(Line::default());
        }
        if let Some(row) = rows.last_mut() {
            row.spans.extend(button);
        }
    }
    rows
}

fn button_spans(key: &str, words: &str, marked: bool, theme: &Theme) -> [Span<'static>; 2] {
    let style = if marked { theme.selection } else { theme.text };
    [
        Span::styled(format!("[{key}] {words}"), style),
        Span::raw("  "),
    ]
}

/// A text field; its end is in sight, since the cursor stands there.
fn input_line(label: &'static str, text: &str, columns: u16, theme: &Theme) -> Line<'static> {
    let room = usize::from(columns).saturating_sub(label.len() + 1);
    // From the end, since a pasted text may be long.
    let mut shown: Vec<&str> = Vec::new();
    let mut used = 0;
    for grapheme in text.graphemes(true).rev() {
        used += wrap::width(grapheme);
        if used > room {
            break;
        }
        if !grapheme.chars().any(char::is_control) {
            shown.push(grapheme);
        }
    }
    shown.reverse();
    Line::from(vec![
        Span::styled(label, theme.dim),
        Span::styled(shown.concat(), theme.text),
    ])
}
