//! Draws the chat: its layout, and the rule above the composer, which says what happens now and who
//! answers.
//!
//! The rule always keeps its row, so that the conversation above it moves by whole lines only.
//!
//! In reading order: `props` is what the root passes to the view, `keys` holds the names of the
//! keys, `transcript` draws the visible rows, `matches` finds what was searched for in them, `block`
//! and `part` draw one block of them, `tool` a tool call, `turn_end` the line below a turn; `pieces`
//! finds what of a message can be copied alone; `composer` is the prompt's text and the queue,
//! `requests` the panel with the text of `permission` or `question`.

pub(super) mod block;
pub(super) mod composer;
pub(super) mod keys;
mod matches;
pub(super) mod part;
pub(super) mod permission;
pub(super) mod pieces;
pub(super) mod props;
pub(super) mod question;
pub(super) mod requests;
pub(super) mod tool;
pub(super) mod transcript;
pub(super) mod turn_end;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::{
    Chat, ChatAction, ChatContext, ChatFocus, ChatViewProps, ChatViewport, Delivery, TurnStatus,
};
use crate::app::time::format;
use crate::app::view::cx::ViewCx;
use crate::app::view::facts::fit;
use crate::app::view::frame;
use crate::app::view::layout::take_bottom;
use crate::app::view::theme::Theme;
use crate::text::{ansi, wrap};
use transcript::DrawnTranscript;

/// A lower chat has no rule above its composer.
const RULED: u16 = 5;

/// The least rows that a chat needs in a pane of this height.
pub(in crate::app) fn least_rows(pane: u16) -> u16 {
    if pane >= 14 { 8 } else { RULED }
}

impl Chat {
    /// Draws conversation and composer with the rule between them, and reports in `vx.viewport` what was
    /// drawn.
    pub fn view(
        &self,
        area: Rect,
        buf: &mut Buffer,
        vx: &mut ViewCx<'_>,
        props: &ChatViewProps<'_>,
    ) {
        if area.is_empty() {
            return;
        }
        let focused = props.focused;
        let writing = self.focus == ChatFocus::Composer;
        let composer_focus = focused && writing;
        let strip = self.queue_height(area.height);
        let (mut inner, rule, below) = self.divide(area, strip);
        let composer_width = self.view_composer(below, buf, vx, (composer_focus, strip), props);
        let panel = self.panel_height(inner, vx, props);
        let panel = take_bottom(&mut inner, panel);
        let drawn = self.shown_chat().view_transcript(inner, buf, vx, props);
        let shown = self.view_panel(panel, buf, vx, props);
        self.view_rule(rule, buf, vx, composer_focus, (&drawn, props));
        let over = Rect {
            height: rule.y.saturating_sub(area.y),
            ..area
        };
        self.view_menu(over, buf, vx);
        vx.viewport.chat = ChatViewport {
            composer_width,
            rows: inner.height.max(1),
            top: inner.y,
            panel_top: panel.y,
            panel: shown,
            composer_top: rule.y,
            ..drawn.viewport
        };
        if !focused || self.context() == ChatContext::Transcript {
            vx.viewport.cursor = None;
        }
    }

    /// The areas of the conversation, the rule and the composer.
    fn divide(&self, area: Rect, strip: u16) -> (Rect, Rect, Rect) {
        let mut above = area;
        let most = (area.height / 3).max(1);
        let wanted = self.composer_height(composer::text_width(area.width), most);
        let below = take_bottom(&mut above, wanted + strip);
        let rule = take_bottom(&mut above, u16::from(area.height >= RULED));
        (above, rule, below)
    }

    /// The share of the model's context that is used, in percent, if its size is known.
    pub(in crate::app) fn context_percent(&self) -> Option<u64> {
        let known = self.catalog.model(self.model()?)?;
        let used = self.tokens().context().saturating_mul(100);
        used.checked_div(known.context_limit)
    }

    /// Whether the keys go to the conversation instead of the composer.
    pub(in crate::app) fn is_read(&self) -> bool {
        self.focus == ChatFocus::Transcript
    }

    /// Agent, model with its variant, and queue.
    fn facts(&self, room: usize) -> String {
        if self.delivery == Delivery::Never {
            return "read only".to_owned();
        }
        let mut facts = Vec::new();
        if let Some(agent) = self.agent() {
            let agent = ansi::plain(agent).into_owned();
            facts.push((0, wrap::truncate(&agent, 20).into_owned()));
        }
        if let Some(model) = self.model() {
            let name = ansi::plain(self.catalog.name_of(model)).into_owned();
            facts.push((1, wrap::truncate(&name, 30).into_owned()));
        }
        if let Some(variant) = self.variant() {
            let variant = ansi::plain(variant).into_owned();
            facts.push((2, wrap::truncate(&variant, 16).into_owned()));
        }
        match self.pending.len() {
            0 => {}
            n => facts.push((3, format!("queue {n}"))),
        }
        match self.stashes.len() {
            0 => {}
            n => facts.push((3, format!("{n} stashed"))),
        }
        fit(facts, room)
    }

    /// Draws the rule above the composer: what happens now at its left, what is below the visible
    /// part of the conversation, and who answers.
    fn view_rule(
        &self,
        area: Rect,
        buf: &mut Buffer,
        vx: &ViewCx<'_>,
        focused: bool,
        (drawn, props): (&DrawnTranscript, &ChatViewProps<'_>),
    ) {
        if area.is_empty() {
            return;
        }
        let theme = vx.theme;
        frame::rule(area, focused, buf, theme);
        let below = match (drawn.at_tail, self.shown_chat().scroll.unseen) {
            (true, _) => Span::default(),
            (false, true) => Span::styled(theme.pick("↓ new below", "v new below"), theme.accent),
            (false, false) => Span::styled(theme.pick("↓ more below", "v more below"), theme.dim),
        };
        let width = usize::from(area.width);
        let facts = Span::styled(self.facts(width / 2), theme.dim);
        let mut right = area.right().saturating_sub(2).max(area.x);
        let auto = if self.auto {
            "AUTO: permissions allowed"
        } else {
            ""
        };
        let auto = Span::styled(auto, theme.warning);
        let mode = Span::styled(self.vim_mode(), theme.accent);
        for span in [mode, auto, facts, below] {
            let columns = u16::try_from(span.width() + 2).unwrap_or(0);
            if columns == 2 || columns + 6 > right - area.x {
                continue;
            }
            right -= columns;
            let words = Line::from(vec![Span::raw(" "), span, Span::raw(" ")]);
            buf.set_line(right, area.y, &words, columns);
            right = right.saturating_sub(2).max(area.x);
        }
        let x = area.x + 2.min(area.width);
        let room = usize::from(right.saturating_sub(x + 2));
        let mut activity = self.activity(vx, room, props);
        if activity.width() > 0 {
            activity.spans.insert(0, Span::raw(" "));
            activity.spans.push(Span::raw(" "));
            buf.set_line(x, area.y, &activity, right - x);
        }
    }

    /// The mode of vim's keys, while the composer has the keys.
    fn vim_mode(&self) -> String {
        let mode = self.composer.vim_mode().unwrap_or_default();
        if self.is_read() { String::new() } else { mode }
    }

    /// What is searched for with the keys to go on, or else the key to type.
    fn reading(&self, props: &ChatViewProps<'_>, theme: &Theme) -> (String, Style) {
        let key = |action| props.key(ChatContext::Transcript, action);
        if self.search.is_on() {
            let next = key(ChatAction::NextMatch);
            let before = key(ChatAction::PreviousMatch);
            let count = self.search.count(self.transcript.more);
            let words = self.search.words.as_str();
            let words = format!("\"{words}\" {count} · {next} next {before} previous");
            return (words, theme.accent);
        }
        let words = match key(ChatAction::FocusComposer) {
            key if key.is_empty() => "scrolling".to_owned(),
            key => format!("scrolling · {key} to type"),
        };
        (words, theme.dim)
    }

    /// The current activity in at most `room` columns.
    fn activity(&self, vx: &ViewCx<'_>, room: usize, props: &ChatViewProps<'_>) -> Line<'static> {
        let theme = vx.theme;
        let (text, style) = if self.stop_armed.is_some() {
            let key = props.key(self.context(), ChatAction::Stop);
            (
                format!("{key} again to stop").trim_start().to_owned(),
                theme.warning,
            )
        } else if let Some(writing) = self.requests.panel.writing {
            (format!("! {}", writing.name()), theme.warning)
        } else if self.needs_you() && !self.reads_requests() {
            let words = match props.key(self.context(), ChatAction::FocusRequest) {
                key if key.is_empty() => "! needs you".to_owned(),
                key => format!("! needs you: {key} to answer"),
            };
            (words, theme.warning)
        } else if self.needs_you() {
            ("! needs you".to_owned(), theme.warning)
        } else if let Some((name, at, count)) = self.read_sub_agent() {
            (sub_agent_words((&name, at, count), props), theme.accent)
        } else {
            let status = self
                .status
                .as_ref()
                .filter(|_| self.delivery == Delivery::Live);
            match status {
                Some(TurnStatus::Retry {
                    attempt,
                    message,
                    next,
                }) => {
                    let secs = next.since(self.server_clock.at(vx.wall)).as_secs();
                    let sign = theme.pick("↻", "?");
                    let text =
                        format!("{sign} attempt {attempt} failed, retrying in {secs}s: {message}");
                    (text, theme.strong)
                }
                Some(TurnStatus::Busy) => (self.working_words(vx, room, props), theme.accent),
                _ if self.loading_older => ("loading older messages …".to_owned(), theme.dim),
                _ if self.is_read() => self.reading(props, theme),
                Some(TurnStatus::Idle) | None => (String::new(), theme.dim),
            }
        };
        Line::styled(wrap::truncate(&text, room).into_owned(), style)
    }

    /// Since when the turn runs, what the agent does, and how it is stopped.
    fn working_words(&self, vx: &ViewCx<'_>, room: usize, props: &ChatViewProps<'_>) -> String {
        let step = vx.now.as_millis() / super::SPIN.as_millis();
        let spinner = vx.theme.spinner(u64::try_from(step).unwrap_or(0));
        let since = self.turn_time(vx.now).unwrap_or_default();
        let mut text = format!("{spinner} working {}", format::running(since));
        let todo = self.todo_words();
        if !todo.is_empty() {
            text = format!("{text} · {todo}");
        }
        let key = props.key(self.context(), ChatAction::Stop);
        let stops = format!("{text} · {key} {key} to stop");
        // Where there is no room for all, the footer has the key too.
        if !key.is_empty() && (todo.is_empty() || wrap::width(&stops) <= room) {
            text = stops;
        }
        let rate = self.shown_chat().stream_rate.tokens_per_second(vx.now);
        let rate = rate.map_or_else(String::new, |rate| format!(" · ~{rate} tok/s"));
        if wrap::width(&text) + wrap::width(&rate) <= room {
            text.push_str(&rate);
        }
        text
    }

    /// `todo 2/5 Run the tests`: how far the agent's list is, and what it does now.
    fn todo_words(&self) -> String {
        let open = |status: &str| self.todos.iter().find(|todo| todo.status == status);
        let Some(now) = open("in_progress").or_else(|| open("pending")) else {
            return String::new();
        };
        let done = self.todos.iter().filter(|todo| todo.status == "completed");
        format!("todo {}/{} {}", done.count(), self.todos.len(), now.content)
    }
}

/// Which sub-agent is read, and the keys that lead elsewhere.
fn sub_agent_words((name, at, count): (&str, usize, usize), props: &ChatViewProps<'_>) -> String {
    let key = |action| props.key(ChatContext::Transcript, action);
    let mut words = format!("sub-agent {name}");
    let back = key(ChatAction::Stop);
    if !back.is_empty() {
        words = format!("{words} · {back} back");
    }
    if count > 1 {
        let turns = [ChatAction::PreviousSubAgent, ChatAction::NextSubAgent].map(key);
        words = format!("{words} · {at} of {count} {}", turns.join(" "));
    }
    words.trim_end().to_owned()
}
