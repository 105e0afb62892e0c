//! Draws the panel of the first waiting request.
//!
//! From the top: the request, which scrolls; how much of it is hidden; the warnings; the options.
//! Nothing is left out silently: where room is short, the panel says how many lines are hidden and
//! which key shows them. All foreign text passes [`visible`].

use std::ops::Range;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::app::chat::requests::PendingRequest;
use crate::app::chat::{Chat, ChatAction, ChatContext, ChatFocus, ChatViewProps, PanelViewport};
use crate::app::view::cx::ViewCx;
use crate::app::view::theme::Theme;
use crate::text::visible::{self, Findings};
use crate::text::wrap;

/// In a narrower panel, only numbers say how much is hidden.
const ROOM_FOR_WORDS: u16 = 60;

/// The panel as lines.
#[derive(Default)]
pub(in crate::app::chat) struct PanelText {
    pub(in crate::app::chat) title: String,
    /// The request's text.
    pub(in crate::app::chat) asked: Vec<Line<'static>>,
    /// Warnings that the user must see before answering.
    pub(in crate::app::chat) warnings: Vec<Line<'static>>,
    pub(in crate::app::chat) answers: Vec<Line<'static>>,
    /// The lines of `answers` that must be visible.
    pub(in crate::app::chat) marked: Range<usize>,
}

/// How many rows each part gets.
struct PanelRows {
    asked: usize,
    /// A row says how much is hidden.
    rest: bool,
    warnings: usize,
    answers: usize,
}

impl PanelText {
    /// Divides the rows below the title. No one can answer without the start of the request, so it
    /// comes first; then the answers, the warnings, and the rest of the request.
    fn divide(&self, rows: usize) -> PanelRows {
        let first = self.asked.len().min(rows).min(1 + rows / 4);
        let answers = self.answers.len().min(rows - first);
        let warnings = self.warnings.len().min(rows - first - answers);
        let room = rows - answers - warnings;
        let all = self.asked.len() <= room && answers == self.answers.len();
        let rest = !all && room > 1;
        PanelRows {
            asked: self.asked.len().min(room - usize::from(rest)),
            rest,
            warnings,
            answers,
        }
    }
}

/// The styles and the width of the panel.
#[derive(Clone, Copy)]
pub(in crate::app::chat) struct PanelStyle<'a> {
    pub(in crate::app::chat) theme: &'a Theme,
    pub(in crate::app::chat) props: &'a ChatViewProps<'a>,
    pub(in crate::app::chat) columns: usize,
}

impl PanelStyle<'_> {
    pub(in crate::app::chat) fn key(self, context: ChatContext, action: ChatAction) -> String {
        self.props.key(context, action)
    }

    /// Text of the request.
    pub(in crate::app::chat) fn strong(self) -> visible::VisibleStyles {
        self.styled(self.theme.strong)
    }

    pub(in crate::app::chat) fn styled(
        self,
        text: ratatui::style::Style,
    ) -> visible::VisibleStyles {
        visible::VisibleStyles {
            text,
            written: self.theme.warning,
            sign: self.theme.dim,
            prose: false,
        }
    }

    /// Text to read, not to run.
    pub(in crate::app::chat) fn prose(self) -> visible::VisibleStyles {
        visible::VisibleStyles {
            prose: true,
            ..self.strong()
        }
    }

    /// The findings as warning lines.
    pub(in crate::app::chat) fn warn(self, findings: &Findings) -> Vec<Line<'static>> {
        let words = findings.words().into_iter();
        words.flat_map(|words| self.warning(&words)).collect()
    }

    pub(in crate::app::chat) fn warning(self, words: &str) -> Vec<Line<'static>> {
        let sign = self.theme.pick("⚠", "!");
        let line = Line::styled(format!("{sign} {words}"), self.theme.warning);
        wrap::wrap_line(line, self.columns)
    }
}

impl Chat {
    /// The rows that the panel needs in this area.
    pub(in crate::app::chat) fn panel_height(
        &self,
        area: Rect,
        vx: &mut ViewCx<'_>,
        props: &ChatViewProps<'_>,
    ) -> u16 {
        let Some(text) = self.panel_text(area.width, vx, props) else {
            return 0;
        };
        if self.requests.panel.full {
            return area.height;
        }
        // Where room is short, the request matters more than the conversation above it.
        let spare = if area.height > 14 { 3 } else { 0 };
        let pinned = 1 + text.warnings.len() + text.answers.len();
        let glance = usize::from(area.height / 2).max(6);
        let asked = match text.asked.len() {
            lines if lines > glance => glance + 1,
            lines => lines,
        };
        let most = usize::from(area.height.saturating_sub(spare));
        let wanted = (pinned + asked).min(most);
        u16::try_from(wanted).unwrap_or(u16::MAX).min(area.height)
    }

    pub(in crate::app::chat) fn view_panel(
        &self,
        area: Rect,
        buf: &mut Buffer,
        vx: &mut ViewCx<'_>,
        props: &ChatViewProps<'_>,
    ) -> PanelViewport {
        let text = self.panel_text(area.width, vx, props);
        let Some(text) = text.filter(|_| !area.is_empty()) else {
            return PanelViewport::default();
        };
        self.view_panel_title(&text.title, area, buf, (vx.theme, props));
        let rows = text.divide(usize::from(area.height - 1));
        let first = self.first_row(&text, rows.asked);
        let from = if self.is_one_list() {
            0
        } else {
            text.marked.end.saturating_sub(rows.answers)
        };
        let from = from.min(text.marked.start);
        let hidden = (text.asked.len() - rows.asked) + (text.answers.len() - rows.answers);
        let rest = rows
            .rest
            .then(|| self.rest_line((hidden, first), area.width, vx.theme, props));
        let asked = text.asked.iter().skip(first).take(rows.asked);
        let shown = asked.chain(rest.as_ref());
        let shown = shown.chain(text.warnings.iter().take(rows.warnings));
        let shown = shown.chain(text.answers.iter().skip(from).take(rows.answers));
        for (line, row) in shown.zip(area.rows().skip(1)) {
            // The first two columns hold the title's sign.
            buf.set_line(row.x + 2, row.y, line, row.width.saturating_sub(2));
        }
        let fit = |n: usize| u16::try_from(n).unwrap_or(u16::MAX);
        PanelViewport {
            first: fit(first),
            rows: fit(rows.asked),
            lines: fit(text.asked.len()),
        }
    }

    /// The first visible line of the request.
    fn first_row(&self, text: &PanelText, rows: usize) -> usize {
        let panel = &self.requests.panel;
        let most = text.asked.len().saturating_sub(rows);
        let mut first = usize::from(panel.scroll).min(most);
        if panel.follows_mark && self.is_one_list() {
            first = first.max(text.marked.end.saturating_sub(rows));
            first = first.min(text.marked.start);
        }
        first
    }

    /// Whether the options scroll with the request.
    fn is_one_list(&self) -> bool {
        self.requests.panel.full
            && matches!(self.requests.first(), Some(PendingRequest::Question(_)))
    }

    fn view_panel_title(
        &self,
        title: &str,
        area: Rect,
        buf: &mut Buffer,
        (theme, props): (&Theme, &ChatViewProps<'_>),
    ) {
        let width = usize::from(area.width);
        let active = props.focused && self.focus == ChatFocus::Composer;
        let style = if active { theme.warning } else { theme.dim };
        let rule = theme.pick("─", "-").repeat(width);
        buf.set_stringn(area.x, area.y, rule, width, theme.dim);
        let mut right = Vec::new();
        right.extend(self.who_asks(width / 3));
        if self.requests.len() > 1 {
            right.push(format!("1 of {}", self.requests.len()));
        }
        let right = right.join(" · ");
        let room = width.saturating_sub(wrap::width(&right) + 8);
        let title = wrap::truncate(title, room);
        buf.set_stringn(area.x, area.y, format!("! {title} "), width, style);
        let columns = wrap::width(&right) + 4;
        if !right.is_empty() && columns < width {
            let x = area.right() - u16::try_from(columns).unwrap_or(0);
            buf.set_string(x, area.y, format!(" {right} "), theme.dim);
        }
    }

    /// The agent that asks: of this conversation, or of a sub-agent's.
    fn who_asks(&self, most: usize) -> Option<String> {
        let session = match self.requests.first()? {
            PendingRequest::Permission(asked) => &asked.session,
            PendingRequest::Question(asked) => &asked.session,
        };
        let own = self.conversation.as_ref()?;
        let from = |name: &str| format!("from {}", wrap::truncate(&visible::one_line(name), most));
        if own.id == *session {
            return self.transcript.working_agent().map(from);
        }
        let name = self.sub_agent_name(session);
        Some(name.map_or_else(|| "from a sub-agent".to_owned(), |name| from(&name)))
    }

    /// Says how much is hidden, and which keys show it.
    fn rest_line(
        &self,
        (hidden, first): (usize, usize),
        width: u16,
        theme: &Theme,
        props: &ChatViewProps<'_>,
    ) -> Line<'static> {
        let context = self.context();
        let key = props.key(context, ChatAction::RequestFull);
        let pages = [ChatAction::PageUp, ChatAction::PageDown].map(|page| props.key(context, page));
        let pages = pages.join(" ").trim().to_owned();
        let with_key = |does: &str| match key.as_str() {
            "" => String::new(),
            key => format!("{key}{does}"),
        };
        let lines = if hidden == 1 { "line" } else { "lines" };
        let words = if width < ROOM_FOR_WORDS {
            [format!("{hidden} more"), key, String::new()]
        } else if self.requests.panel.full {
            let below = hidden - first.min(hidden);
            [
                format!("{first} above, {below} below"),
                pages,
                with_key(" back"),
            ]
        } else {
            [
                format!("{hidden} more {lines}"),
                with_key(" shows all"),
                pages,
            ]
        };
        let words: Vec<String> = words.into_iter().filter(|part| !part.is_empty()).collect();
        Line::styled(format!("… {}", words.join(" · ")), theme.warning)
    }

    fn panel_text(
        &self,
        width: u16,
        vx: &mut ViewCx<'_>,
        props: &ChatViewProps<'_>,
    ) -> Option<PanelText> {
        let look = PanelStyle {
            theme: vx.theme,
            props,
            columns: usize::from(width.saturating_sub(3)).max(1),
        };
        let mut text = match self.requests.first()? {
            PendingRequest::Permission(permission) => {
                self.permission_text(permission, look, vx.cache)
            }
            PendingRequest::Question(question) => self.question_text(question, look),
        };
        if self.is_one_list() {
            text.asked.push(Line::default());
            let above = text.asked.len();
            text.marked = text.marked.start + above..text.marked.end + above;
            text.asked.append(&mut text.answers);
        }
        Some(text)
    }
}

/// Puts options side by side, whole where there is room, and returns the lines of the marked one.
pub(in crate::app::chat) fn option_rows(
    options: Vec<(Vec<Span<'static>>, bool)>,
    look: PanelStyle<'_>,
) -> (Vec<Line<'static>>, Range<usize>) {
    let mut rows: Vec<Line<'static>> = vec![Line::default()];
    let mut at = 0..1;
    for (option, marked) in options {
        let width: usize = option.iter().map(|span| wrap::width(&span.content)).sum();
        let used = rows.last().map_or(0, Line::width);
        if used > 0 && used + width > look.columns {
            rows.push(Line::default());
        }
        let first = rows.len() - 1;
        if width > look.columns {
            rows.pop();
            visible::wrap_into(&option, look.columns, look.strong(), &mut rows);
        } else if let Some(row) = rows.last_mut() {
            row.spans.extend(option);
        }
        if let Some(row) = rows.last_mut() {
            row.spans.push(Span::raw("   "));
        }
        if marked {
            at = first..rows.len();
        }
    }
    (rows, at)
}
