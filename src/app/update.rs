//! What happens on each event; the root routes and the panes do.

use std::mem;

use super::action::{Action, AppAction, ChatAction, LogsAction};
use super::chat::ChatOutcome;
use super::cx::Cx;
use super::effect::Effect;
use super::event::{Event, Reply};
use super::key::Key;
use super::keymap::Meaning;
use super::notice::Notice;
use super::overlay::{Confirm, Overlay};
use super::picker::Picker;
use super::sessions::SessionsOutcome;
use super::{App, Pane};
use crate::domain::session::SessionEvent;
use crate::domain::time::Monotonic;

/// How long a second ctrl-c quits.
const QUIT_ARMED: Monotonic = Monotonic::from_millis(1_500);
/// How long a notice stands.
const NOTICE: Monotonic = Monotonic::from_secs(4);
/// Keys and pastes that are kept while there is no session yet.
const MOST_EARLY: usize = 1_000;
/// Rows for a page of what lies on top.
const OVERLAY_PAGE: i16 = 10;

impl App {
    /// Takes one event; what is to be done about it is left in `cx`.
    pub fn update(&mut self, event: Event, cx: &mut Cx<'_>) {
        if self.has_slept(cx) {
            self.woke(cx);
        }
        // Deltas come by the thousand, and neither open nor end anything.
        let changes_list = !matches!(
            event,
            Event::Session(_, SessionEvent::Chat(_) | SessionEvent::Logs(_)) | Event::Tick
        );
        match event {
            Event::Key(key) => self.key((key, false), cx),
            Event::BurstKey(key) => self.key((key, true), cx),
            Event::Paste(_) | Event::PasteMore(_) => self.paste(event, cx),
            Event::Mouse(mouse) => self.mouse(mouse, cx),
            // The next frame sees the new size by itself.
            Event::Resize(..) => {}
            Event::Session(key, event) => self.session_event(&key, event, cx),
            Event::Reply(reply) => self.reply(reply, cx),
            Event::Tick => self.tick(cx),
            Event::Stop => self.quit(cx),
        }
        self.settle(cx);
        if changes_list {
            self.watch(cx);
        }
    }

    /// Takes a key; `in_burst`: it came together with those before it.
    fn key(&mut self, (key, in_burst): (Key, bool), cx: &mut Cx<'_>) {
        self.settle_chat(cx);
        let contexts = self.contexts();
        let leading = !self.leader.keys.is_empty();
        let typing = contexts[0].takes_as_text(key);
        if !leading && typing {
            self.type_key(key, cx);
            return;
        }
        let mut keys = mem::take(&mut self.leader.keys);
        keys.push(key);
        match self.options.keymap.meaning(&contexts, &keys) {
            Meaning::Action(Action::Chat(action))
                if !leading
                    && contexts[0].falls_to_composer()
                    && (in_burst || key.typed().is_some()) =>
            {
                let Some(session) = self.session_mut() else {
                    return;
                };
                if !in_burst {
                    session.chat.answer_key(action, key, cx);
                } else if let Some(outcome) = session.chat.burst_key(action, key, cx) {
                    self.chat_outcome(outcome, cx);
                }
            }
            Meaning::Action(action) => self.act(action, cx),
            // What may follow was shown; leaving it is no mistake.
            Meaning::Nothing if leading && self.options.keymap.cancels_sequence(key) => {}
            Meaning::Leader => {
                self.leader.keys = keys;
                self.leader.since = cx.now;
            }
            Meaning::Nothing if leading => {
                let keys: Vec<String> = keys.iter().map(ToString::to_string).collect();
                self.notify(format!("{} does nothing here", keys.join(" ")), cx);
            }
            Meaning::Nothing => self.type_key(key, cx),
        }
    }

    fn type_key(&mut self, key: Key, cx: &mut Cx<'_>) {
        if let Some(Overlay::Models(picker) | Overlay::Templates(picker)) = self.overlays.last_mut()
        {
            picker.type_key(key);
            return;
        }
        if self.focus != Pane::Chat || !self.overlays.is_empty() {
            return;
        }
        match self.session_mut() {
            Some(session) => {
                session.chat.type_key(key, cx);
            }
            None => self.keep_early(Event::Key(key)),
        }
    }

    /// A paste goes to the composer, wherever the focus is.
    fn paste(&mut self, event: Event, cx: &mut Cx<'_>) {
        self.settle_chat(cx);
        self.leader.keys.clear();
        if !self.overlays.is_empty() {
            return;
        }
        self.focus = Pane::Chat;
        match (self.session_mut(), &event) {
            (Some(session), Event::PasteMore(piece)) => session.chat.paste_more(piece, cx),
            (Some(session), Event::Paste(text)) => session.chat.paste(text, cx),
            _ => self.keep_early(event),
        }
    }

    fn keep_early(&mut self, event: Event) {
        if self.loaded {
            return;
        }
        let room = self.early.len() < MOST_EARLY;
        match (self.early.last_mut(), event) {
            // A paste in pieces counts as one.
            (Some(Event::Paste(text)), Event::PasteMore(piece)) => text.push_str(&piece),
            (_, event) if room => self.early.push(event),
            _ => {}
        }
    }

    fn act(&mut self, action: Action, cx: &mut Cx<'_>) {
        match action {
            Action::App(action) => self.act_root(action, cx),
            Action::Chat(action) => self.act_chat(action, cx),
            Action::Sessions(action) => {
                if let Some(outcome) = self.list.update(action) {
                    self.sessions_outcome(outcome, cx);
                }
            }
            Action::Logs(LogsAction::Leave) => self.focus = Pane::Chat,
            Action::Logs(action) => {
                if let Some(session) = self.session_mut() {
                    session.logs.update(action);
                }
            }
        }
    }

    fn act_root(&mut self, action: AppAction, cx: &mut Cx<'_>) {
        match action {
            AppAction::FocusNext => self.focus_by(1),
            AppAction::FocusPrevious => self.focus_by(2),
            AppAction::FocusSessions => self.focus_on(Pane::Sessions),
            AppAction::FocusChat => self.focus_on(Pane::Chat),
            AppAction::FocusLogs => self.focus_on(Pane::Logs),
            AppAction::ToggleSessions => self.toggle(Pane::Sessions),
            AppAction::ToggleLogs => self.toggle(Pane::Logs),
            AppAction::Zoom => self.zoomed = !self.zoomed,
            AppAction::Help => self.overlays.push(Overlay::Help { scroll: 0 }),
            AppAction::NewSession => self.new_session(cx),
            AppAction::NextNeedsYou => self.next_needs_you(cx),
            AppAction::Slot(slot) => self.show_row(usize::from(slot).saturating_sub(1), cx),
            AppAction::Retry => self.retry(cx),
            AppAction::Revive => self.ask_revive(cx),
            AppAction::UseTemplate => self.ask_template(cx),
            AppAction::Shell => self.open_shell(cx),
            AppAction::Extend => self.extend(cx),
            AppAction::ToggleMouse => {
                self.mouse = !self.mouse;
                cx.ask(Effect::CaptureMouse(self.mouse));
            }
            AppAction::Interrupt => self.interrupt(cx),
            AppAction::QuitIfEmpty => {
                if self.composer_is_empty() {
                    self.ask_quit(cx);
                } else {
                    // As in a shell, it deletes what is under the cursor.
                    self.type_key(Key::ctrl('d'), cx);
                }
            }
            AppAction::Quit => self.ask_quit(cx),
            AppAction::Suspend => cx.ask(Effect::Suspend),
            AppAction::Redraw => cx.ask(Effect::Redraw),
            AppAction::CancelSequence => self.leader.keys.clear(),
            AppAction::Confirm => self.confirmed(cx),
            AppAction::Close => {
                self.overlays.pop();
            }
            AppAction::ScrollDown => self.scroll_overlay(1),
            AppAction::ScrollUp => self.scroll_overlay(-1),
            AppAction::PageDown => self.scroll_overlay(OVERLAY_PAGE),
            AppAction::PageUp => self.scroll_overlay(-OVERLAY_PAGE),
        }
    }

    fn act_chat(&mut self, action: ChatAction, cx: &mut Cx<'_>) {
        if matches!(
            action,
            ChatAction::FocusRequest
                | ChatAction::EditQueued
                | ChatAction::FocusComposer
                | ChatAction::FocusTranscript
        ) {
            self.focus = Pane::Chat;
        }
        let Some(session) = self.session_mut() else {
            return;
        };
        if let Some(outcome) = session.chat.update(action, cx) {
            self.chat_outcome(outcome, cx);
        }
    }

    /// What comes first with each key: an answer counts that was held until now.
    fn settle_chat(&mut self, cx: &mut Cx<'_>) {
        let session = self.session_mut();
        if let Some(outcome) = session.and_then(|session| session.chat.settle(cx)) {
            self.chat_outcome(outcome, cx);
        }
    }

    pub(super) fn chat_outcome(&mut self, outcome: ChatOutcome, cx: &mut Cx<'_>) {
        match outcome {
            ChatOutcome::Notice(text) => self.notify(text, cx),
            ChatOutcome::PickModel => {
                if self.models().is_empty() {
                    self.notify("The server has not listed its models yet", cx);
                } else {
                    self.overlays.push(Overlay::Models(Picker::default()));
                }
            }
            ChatOutcome::Wake(prompt) => {
                if let Some(session) = self.session_mut() {
                    session.wake_for(prompt, cx);
                }
            }
            // Enter may be pressed for many reasons: it asks only where there is something to ask.
            ChatOutcome::Unreachable if self.can_revive() => self.ask_revive(cx),
            ChatOutcome::Unreachable => {}
            ChatOutcome::NothingToSend => {
                if let Some(session) = self.session_mut() {
                    session.resume(cx);
                }
            }
            ChatOutcome::NothingToStop => self.arm_quit(cx),
        }
    }

    fn sessions_outcome(&mut self, outcome: SessionsOutcome, cx: &mut Cx<'_>) {
        match outcome {
            SessionsOutcome::Open(key) => self.show(key, cx),
            SessionsOutcome::PauseOrResume(key) => self.pause_or_resume(&key, cx),
            SessionsOutcome::Pause(rows) => self.pause_all(&rows, cx),
            SessionsOutcome::AskKill(rows) => self.ask_kill(&rows, cx),
            SessionsOutcome::Adopt(id) => self.adopt(&id, cx),
            SessionsOutcome::IsStrange => self.cannot_open(cx),
            SessionsOutcome::IsSession => {
                self.notify("this sandbox already has a session here", cx);
            }
            SessionsOutcome::Leave => self.focus = Pane::Chat,
        }
    }

    fn focus_by(&mut self, steps: usize) {
        const PANES: [Pane; 3] = [Pane::Sessions, Pane::Chat, Pane::Logs];
        let at = PANES.iter().position(|pane| *pane == self.focus);
        self.focus_on(PANES[(at.unwrap_or(0) + steps) % PANES.len()]);
    }

    pub(super) fn focus_on(&mut self, pane: Pane) {
        if !self.is_attached() {
            self.focus = pane;
        }
    }

    fn toggle(&mut self, pane: Pane) {
        if self.focus == pane {
            self.focus = Pane::Chat;
        } else {
            self.focus_on(pane);
        }
    }

    /// Empties the composer, else stops the turn, else quits on the second press.
    fn interrupt(&mut self, cx: &mut Cx<'_>) {
        let outcome = match self.session_mut() {
            Some(session) => session.chat.interrupt(cx),
            None => Some(ChatOutcome::NothingToStop),
        };
        if let Some(outcome) = outcome {
            self.chat_outcome(outcome, cx);
        }
    }

    fn arm_quit(&mut self, cx: &mut Cx<'_>) {
        if self.quit_armed.is_some_and(|until| cx.now <= until) {
            self.ask_quit(cx);
        } else {
            self.quit_armed = Some(cx.now.saturating_add(QUIT_ARMED));
        }
    }

    pub(super) fn composer_is_empty(&self) -> bool {
        self.session()
            .is_none_or(|session| session.chat.composer_is_empty())
    }

    /// Quits, but asks first where something is still going on.
    fn ask_quit(&mut self, cx: &mut Cx<'_>) {
        let attached = self.is_attached();
        let going_on = self
            .open
            .values()
            .any(|session| session.chat.queue_len() > 0 || (!attached && session.is_at_work()));
        if going_on {
            self.overlays.push(Overlay::Confirm(Confirm::Quit));
        } else {
            self.quit(cx);
        }
    }

    fn confirmed(&mut self, cx: &mut Cx<'_>) {
        match self.overlays.pop() {
            Some(Overlay::Confirm(Confirm::Quit)) => self.quit(cx),
            Some(Overlay::Confirm(Confirm::Kill { victims, .. })) => self.kill_all(&victims, cx),
            Some(Overlay::Confirm(Confirm::Revive(key))) => {
                if let Some(session) = self.open.get_mut(&key) {
                    session.revive(cx);
                }
            }
            Some(Overlay::Models(picker)) => {
                let chosen = self
                    .matching_models(&picker)
                    .get(picker.selected)
                    .map(|model| (model.reference.clone(), model.name.clone()));
                if let (Some((model, name)), Some(session)) = (chosen, self.session_mut()) {
                    session.chat.set_model(model);
                    self.notify(format!("model: {name}"), cx);
                }
            }
            Some(Overlay::Templates(picker)) => self.use_template(&picker, cx),
            Some(Overlay::Help { .. }) | None => {}
        }
    }

    fn quit(&mut self, cx: &mut Cx<'_>) {
        for session in self.open.values_mut() {
            session.chat.save_draft(cx);
        }
        cx.ask(Effect::Quit);
    }

    fn scroll_overlay(&mut self, rows: i16) {
        let matching = match self.overlays.last() {
            Some(Overlay::Models(picker)) => self.matching_models(picker).len(),
            Some(Overlay::Templates(picker)) => self.matching_templates(picker).len(),
            _ => 0,
        };
        match self.overlays.last_mut() {
            Some(Overlay::Models(picker) | Overlay::Templates(picker)) => {
                picker.go(rows, matching);
            }
            Some(overlay) => {
                if let Some(scroll) = overlay.scroll_mut() {
                    *scroll = scroll.saturating_add_signed(rows);
                }
            }
            None => {}
        }
    }

    pub(super) fn notify(&mut self, text: impl Into<String>, cx: &Cx<'_>) {
        self.notice = Some(Notice {
            text: text.into(),
            until: cx.now.saturating_add(NOTICE),
        });
    }

    fn reply(&mut self, reply: Reply, cx: &mut Cx<'_>) {
        match reply {
            Reply::Sessions(rows) => {
                let paused = self.newly_paused(&rows);
                for row in &rows {
                    if let Some(session) = self.open.get_mut(&row.key) {
                        session.stored(&row.phase, cx);
                    }
                }
                self.list.loaded(rows);
                self.paused_elsewhere(paused, cx);
                if !mem::replace(&mut self.loaded, true) {
                    self.first_session(cx);
                }
                self.sift_strangers();
            }
            Reply::Strangers(told) => self.strangers_told(told, cx),
            Reply::Closed(id, phase) => self.stranger_closed(&id, &phase, cx),
            Reply::Adopted(id, adopted) => self.adopted(&id, adopted, cx),
            Reply::Edited(result) => match result {
                Ok(text) => {
                    if let Some(session) = self.session_mut() {
                        session.chat.edited(&text);
                    }
                }
                Err(why) => self.notify(why, cx),
            },
            Reply::Notice(text) => self.notify(text, cx),
        }
    }
}
