//! Between the keys and the panel of the first request: decides what is an answer and what is text.

use super::{PanelOutcome, ReplyText};
use crate::app::chat::{Chat, ChatAction, ChatContext, ChatFocus, ChatOutcome};
use crate::app::cx::Cx;
use crate::app::input::key::Key;
use crate::domain::time::Monotonic;

impl Chat {
    /// Whether the panel of a request receives the keys.
    pub fn reads_requests(&self) -> bool {
        matches!(
            self.context(),
            ChatContext::Permission | ChatContext::Question
        )
    }

    /// Receives a key that the key table binds to an answer and that also types a character. It is
    /// held for a moment: if more keys follow, it was the start of a text, and text never answers.
    pub fn answer_key(&mut self, action: ChatAction, key: Key, cx: &mut Cx<'_>) {
        self.begin_input(cx);
        let goes_on = self.requests.is_holding() && !self.requests.is_multiple();
        if !self.reads_requests() || goes_on {
            self.type_key(key, cx);
            return;
        }
        if let Some((held, _)) = self.requests.take_held(None) {
            self.panel_update(held, cx);
        }
        self.stop_armed = None;
        self.last_key = Some(cx.now);
        self.requests.hold(action, key, cx.now);
    }

    /// Receives a key of a burst while the panel has the keys: it is text, or it moves something,
    /// but it never answers.
    pub fn burst_key(
        &mut self,
        action: ChatAction,
        key: Key,
        cx: &mut Cx<'_>,
    ) -> Option<ChatOutcome> {
        if key.typed().is_some() {
            self.type_key(key, cx);
            return None;
        }
        // A program that types ends its text: what the menu would complete is not its choice.
        if action == ChatAction::MenuAccept && self.is_naming() {
            self.begin_input(cx);
            self.begin_text(cx);
            return self.send(cx);
        }
        if !self.reads_requests() || !answers(action) {
            // A digit in a burst is text, whatever follows it.
            if self.requests.is_holding() {
                self.begin_input(cx);
                self.begin_text(cx);
            }
            return self.update(action, cx);
        }
        self.begin_input(cx);
        self.last_key = Some(cx.now);
        if !self.requests.is_holding() {
            return None;
        }
        // A digit in a burst is text; an Enter ends the line that a program types.
        self.begin_text(cx);
        if action == ChatAction::RequestAccept {
            self.send(cx)
        } else {
            None
        }
    }

    /// Runs before each key and when time passes: a held answer counts if it is due.
    pub(in crate::app::chat) fn settle_requests(&mut self, cx: &mut Cx<'_>) -> Option<ChatOutcome> {
        let held = self.requests.take_held(Some(cx.now));
        let outcome = held.and_then(|(held, _)| self.panel_update(held, cx));
        self.sync_aside();
        outcome
    }

    /// Text is about to be typed or pasted: a held answer becomes text too, and the panel loses the
    /// keys.
    pub(in crate::app::chat) fn begin_text(&mut self, cx: &mut Cx<'_>) {
        let held = self.requests.take_held(None);
        if self.requests.panel.writing.is_none() {
            self.requests.leave();
        }
        self.sync_aside();
        if let Some((_, key)) = held {
            self.composer.key(key);
        }
        self.last_text = Some(cx.now);
    }

    /// Performs an action of the panel; an answer only while the panel has the keys.
    pub(in crate::app::chat) fn panel_action(
        &mut self,
        action: ChatAction,
        cx: &mut Cx<'_>,
    ) -> Option<ChatOutcome> {
        let writes = self.requests.panel.writing;
        match action {
            ChatAction::RequestAccept if writes.is_some() => return self.finish_writing(cx),
            ChatAction::RequestFull => self.focus = ChatFocus::Composer,
            // What was offered for editing is no text of the user.
            ChatAction::RequestLeave if writes == Some(ReplyText::Patterns) => {
                self.composer.clear();
            }
            ChatAction::RequestLeave => {}
            ChatAction::PageUp => {
                self.scroll_panel(1 - i64::from(self.viewport.panel.rows));
                return None;
            }
            ChatAction::PageDown => {
                self.scroll_panel(i64::from(self.viewport.panel.rows) - 1);
                return None;
            }
            _ if writes.is_some() => return None,
            _ => {}
        }
        if let Some((held, _)) = self.requests.take_held(None) {
            let before = self.requests.shown();
            self.panel_update(held, cx);
            if self.requests.shown() != before {
                return None;
            }
        }
        let looks = matches!(action, ChatAction::RequestFull | ChatAction::RequestLeave);
        if !looks && !self.reads_requests() {
            return None;
        }
        self.panel_update(action, cx)
    }

    /// The chat is on the screen from now on: for half a second, no key answers its request.
    pub(in crate::app) fn seen_from(&mut self, now: Monotonic) {
        self.clock = now;
        self.requests.appear(now);
    }

    /// The chat comes above the one on the screen: its request takes the keys, half a second from now
    /// on.
    pub(in crate::app) fn appear(&mut self, now: Monotonic) {
        self.seen_from(now);
        self.go_to_request();
    }

    /// The chat goes again; what was set aside comes back, and no answer is held.
    pub(in crate::app) fn leave_request(&mut self) {
        self.requests.leave();
        self.sync_aside();
    }

    /// The user focuses the panel; the composer's text is set aside.
    pub(in crate::app::chat) fn go_to_request(&mut self) {
        if self.needs_you() && self.requests.panel.writing.is_none() {
            self.focus = ChatFocus::Composer;
            self.composer.set_aside();
            self.requests.engage();
        }
    }

    /// Esc goes back one step in the panel. Returns whether there was one.
    pub(in crate::app::chat) fn step_back(&mut self) -> bool {
        if self.requests.take_held(None).is_some() {
            return true;
        }
        if self.needs_you() && self.requests.panel.full {
            self.requests.update(ChatAction::RequestFull, self.clock);
            return true;
        }
        if self.needs_you() && self.requests.leave_rule(self.clock) {
            return true;
        }
        if self.requests.is_engaged() && self.composer.has_aside() {
            self.requests.leave();
            self.sync_aside();
            return true;
        }
        false
    }

    /// Sends the text written for the request.
    fn finish_writing(&mut self, cx: &mut Cx<'_>) -> Option<ChatOutcome> {
        if self.composer.is_blank() {
            return Some(ChatOutcome::Notice("type something first".into()));
        }
        let text = self.composer.take();
        self.last_text = Some(cx.now);
        let outcome = self.requests.written(text, cx.now);
        self.panel_outcome(outcome, cx)
    }

    fn panel_update(&mut self, action: ChatAction, cx: &mut Cx<'_>) -> Option<ChatOutcome> {
        let outcome = self.requests.update(action, cx.now);
        self.panel_outcome(outcome, cx)
    }

    fn panel_outcome(&mut self, outcome: PanelOutcome, cx: &mut Cx<'_>) -> Option<ChatOutcome> {
        let result = match outcome {
            PanelOutcome::Nothing => None,
            PanelOutcome::Commands(commands) => {
                for command in commands {
                    self.command(command, cx);
                }
                None
            }
            PanelOutcome::Edit(text) => {
                self.composer.set_aside();
                self.composer.set(&text);
                return None;
            }
            PanelOutcome::Notice(words) => Some(ChatOutcome::Notice(words.to_owned())),
        };
        if self.requests.panel.writing.is_some() {
            self.composer.set_aside();
        }
        self.sync_aside();
        result
    }

    /// Restores the composer's text when the panel is left or gone.
    pub(in crate::app::chat) fn sync_aside(&mut self) {
        if !self.requests.is_engaged() {
            self.composer.bring_back();
        }
    }

    /// Whether part of the request is not visible.
    pub(in crate::app::chat) fn panel_hides(&self) -> bool {
        self.needs_you() && self.viewport.panel.lines > self.viewport.panel.rows
    }

    pub(in crate::app::chat) fn scroll_panel(&mut self, rows: i64) {
        let drawn = self.viewport.panel;
        let panel = &mut self.requests.panel;
        let from = if panel.follows_mark {
            drawn.first
        } else {
            panel.scroll
        };
        let most = drawn.lines.saturating_sub(drawn.rows);
        let to = (i64::from(from) + rows).clamp(0, i64::from(most));
        panel.scroll = u16::try_from(to).unwrap_or(most);
        panel.follows_mark = false;
    }
}

/// Whether an action of the panel answers the agent, or may.
fn answers(action: ChatAction) -> bool {
    let only_looks = matches!(
        action,
        ChatAction::RequestFull
            | ChatAction::RequestLeave
            | ChatAction::RequestPrevious
            | ChatAction::RequestNext
            | ChatAction::RequestBack
            | ChatAction::RequestForward
    );
    action.is_of_request() && !only_looks
}
