//! Draws the chat: its layout, the titles of its frame, the activity line.
//!
//! The activity line always keeps its row, so that the conversation above it moves by whole lines
//! only.
//!
//! In reading order: `props` is what the root passes to the view, `keys` holds the names of the
//! keys, `transcript` draws the visible rows, `block` and `part` one block of them, `tool` a tool
//! call, `composer` the prompt's text and the queue, `requests` the panel with the text of
//! `permission` or `question`.

pub(super) mod block;
pub(super) mod composer;
pub(super) mod keys;
pub(super) mod part;
pub(super) mod permission;
pub(super) mod props;
pub(super) mod question;
pub(super) mod requests;
pub(super) mod tool;
pub(super) mod transcript;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::{
    Chat, ChatAction, ChatContext, ChatFocus, ChatViewProps, ChatViewport, Delivery, TurnStatus,
};
use crate::app::time::format;
use crate::app::view::cx::ViewCx;
use crate::app::view::frame::PaneFrame;
use crate::app::view::layout::take_bottom;
use crate::text::wrap;
use composer::ComposerFrame;
use transcript::DrawnTranscript;

/// In a smaller pane, a frame would cost more room than it is worth.
const FRAMED: (u16, u16) = (44, 14);

/// The least rows that a chat needs in a pane of this height, with or without a frame.
pub(in crate::app) fn least_rows(pane: u16) -> u16 {
    if pane >= FRAMED.1 { 8 } else { 5 }
}

impl Chat {
    /// Draws conversation and composer with their frames, and reports in `vx.viewport` what was
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
        let framed = area.width >= FRAMED.0 && props.rows >= FRAMED.1;
        let writing = self.half == ChatFocus::Composer;
        let composer_focus = focused && writing;
        let (above, below) = self.divide(area, framed);
        let strip = self.queue_height(area.height);
        let composer_width = self.view_composer(
            below,
            buf,
            vx,
            ComposerFrame {
                framed,
                focused: composer_focus,
                strip,
            },
            props,
        );
        let mut inner = above;
        if framed {
            let titles = format!("{} {}", props.focus_key, props.title);
            let frame = PaneFrame {
                title: props.title,
                right: &self.facts(props, PaneFrame::room(titles.trim_start(), above)),
                focused: focused && !composer_focus,
            };
            inner = frame.draw_with_key(props.focus_key, above, buf, vx.theme);
        }
        let activity = take_bottom(&mut inner, 1);
        let panel = self.panel_height(inner, vx, props);
        let panel = take_bottom(&mut inner, panel);
        let drawn = self.view_transcript(inner, buf, vx, props);
        let shown = self.view_panel(panel, buf, vx, props);
        self.view_activity(activity, buf, vx, (&drawn, props));
        vx.viewport.chat = ChatViewport {
            composer_width,
            rows: inner.height.max(1),
            top: inner.y,
            panel_top: panel.y,
            panel: shown,
            composer_top: below.y,
            ..drawn.viewport
        };
        if !focused || self.context() == ChatContext::Transcript {
            vx.viewport.cursor = None;
        }
    }

    /// The area of the conversation and that of the composer.
    fn divide(&self, area: Rect, framed: bool) -> (Rect, Rect) {
        let mut above = area;
        let frame = if framed { 2 } else { 0 };
        let most = (area.height / 3).saturating_sub(frame).max(1);
        let wanted = self.composer_height(area.width.saturating_sub(2 + frame), most);
        let strip = self.queue_height(area.height);
        let rule = u16::from(!framed && area.height >= 6);
        let below = take_bottom(&mut above, wanted + strip + frame + rule);
        (above, below)
    }

    /// Model, context and cost, as far as they are known; the sandbox's cost where there is room.
    fn facts(&self, props: &ChatViewProps<'_>, room: usize) -> String {
        let mut facts: Vec<String> = Vec::new();
        if let Some(model) = self.model() {
            let known = self
                .catalog
                .models
                .iter()
                .find(|known| known.reference == *model);
            let name = known.map_or(model.model.as_str(), |known| known.name.as_str());
            facts.push(wrap::truncate(name, 24).into_owned());
            let context = self.tokens().context();
            match known.map_or(0, |known| known.context_limit) {
                0 => {}
                limit => facts.push(format!("ctx {}%", context.saturating_mul(100) / limit)),
            }
        }
        let tokens = (self.cost() > 0.0).then(|| format!("${:.2}", self.cost()));
        let whole = match &tokens {
            Some(tokens) if !props.sandbox_cost.is_empty() => {
                format!("{tokens} tokens + {}", props.sandbox_cost)
            }
            tokens => tokens.as_deref().unwrap_or(props.sandbox_cost).to_owned(),
        };
        let with = |cost: String| {
            let facts = facts.iter().cloned().chain([cost]);
            let facts: Vec<_> = facts.filter(|fact| !fact.is_empty()).collect();
            facts.join(" · ")
        };
        let long = with(whole);
        if wrap::width(&long) <= room {
            return long;
        }
        with(tokens.unwrap_or_default())
    }

    fn view_activity(
        &self,
        area: Rect,
        buf: &mut Buffer,
        vx: &ViewCx<'_>,
        (drawn, props): (&DrawnTranscript, &ChatViewProps<'_>),
    ) {
        if area.is_empty() {
            return;
        }
        let theme = vx.theme;
        let below = match (drawn.at_tail, self.scroll.unseen) {
            (true, _) => Span::default(),
            (false, true) => Span::styled(theme.pick("↓ new below", "v new below"), theme.warning),
            (false, false) => Span::styled(theme.pick("↓ more below", "v more below"), theme.dim),
        };
        let below_width = u16::try_from(below.width()).unwrap_or(0);
        let room = area.width.saturating_sub(2);
        let left = room.saturating_sub(below_width + 1);
        buf.set_line(
            area.x + 1,
            area.y,
            &self.activity(vx, usize::from(left), props),
            left,
        );
        let x = (area.x + 1 + room).saturating_sub(below_width);
        buf.set_span(x, area.y, &below, below_width);
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
        } else if self.requests.panel.writing.is_some() {
            ("! waits for you".to_owned(), theme.warning)
        } else if self.needs_you() && !self.reads_requests() {
            let words = match props.key(self.context(), ChatAction::FocusRequest) {
                key if key.is_empty() => "! waits for you".to_owned(),
                key => format!("! waits for you: {key} to answer"),
            };
            (words, theme.warning)
        } else if self.needs_you() {
            ("! waits for you".to_owned(), theme.warning)
        } else {
            let status = self
                .status
                .as_ref()
                .filter(|_| self.reach == Delivery::Live);
            match status {
                Some(TurnStatus::Retry {
                    attempt,
                    message,
                    next,
                }) => {
                    let secs = next.since(self.server_clock.at(vx.wall)).as_secs();
                    let sign = theme.pick("↻", "?");
                    let text =
                        format!("{sign} attempt {attempt} failed, next in {secs} s: {message}");
                    (text, theme.warning)
                }
                Some(TurnStatus::Busy) => {
                    let step = vx.now.as_millis() / super::SPIN.as_millis();
                    let spinner = theme.spinner(u64::try_from(step).unwrap_or(0));
                    let since = self.turn_time(vx.now).unwrap_or_default();
                    let key = props.key(self.context(), ChatAction::Stop);
                    let time = format::running(since);
                    let text = match key.as_str() {
                        "" => format!("{spinner} working {time}"),
                        key => format!("{spinner} working {time} · {key} {key} to stop"),
                    };
                    (text, theme.accent)
                }
                _ if self.loading_older => ("loading older messages …".to_owned(), theme.dim),
                _ if self.half == ChatFocus::Transcript => {
                    let key = props.key(ChatContext::Transcript, ChatAction::FocusComposer);
                    let words = match key.as_str() {
                        "" => "scrolling".to_owned(),
                        key => format!("scrolling · {key} to type"),
                    };
                    (words, theme.dim)
                }
                Some(TurnStatus::Idle) | None => (String::new(), theme.dim),
            }
        };
        Line::styled(wrap::truncate(&text, room).into_owned(), style)
    }
}
