//! Handles each event: the root routes, the panes act.

use std::mem;

use super::action::{Action, AppAction, ChatAction, LogsAction};
use super::chat::ChatOutcome;
use super::cx::Cx;
use super::effect::Effect;
use super::event::{Event, Reply};
use super::input::key::Key;
use super::input::keymap::KeyMeaning;
use super::overlay::confirmed::PAGE;
use super::overlay::help::HelpOverlay;
use super::overlay::picker::Picker;
use super::overlay::{Confirm, Overlay};
use super::session::revive::can_revive;
use super::{App, Pane};
use crate::domain::sandbox::Phase;
use crate::domain::session::{ListPlace, SessionEvent};

impl App {
    /// Handles one event; its effects are added to `cx`.
    pub fn update(&mut self, event: Event, cx: &mut Cx<'_>) {
        if self.seen.has_slept(cx) {
            self.open.reconnect(cx);
        }
        // Deltas come by the thousand, and open or end no session.
        let changes_list = !matches!(
            event,
            Event::Session(_, SessionEvent::Chat(_) | SessionEvent::Logs(_)) | Event::Tick
        );
        match event {
            Event::Key(key) => self.key((key, false), cx),
            Event::BurstKey(key) => self.key((key, true), cx),
            Event::Paste(_) | Event::PasteMore(_) => self.paste(event, cx),
            Event::Mouse(mouse) => self.mouse(mouse, cx),
            // The next frame uses the new size by itself.
            Event::Resize(..) => {}
            Event::Focus(has_focus) => self.notifications.focus_changed(has_focus),
            Event::Session(key, event) => self.session_event(&key, event, cx),
            Event::Reply(reply) => self.reply(reply, cx),
            Event::Tick => self.tick(cx),
            Event::TerminalLent => {
                self.open.save_drafts(cx);
                // Whoever uses the terminal meanwhile sits at it.
                self.notifications.focus_changed(true);
            }
            Event::Stop => self.quit(cx),
        }
        self.settle_peek(cx);
        self.settle(cx);
        self.note_unread(cx);
        self.notify_outside(cx);
        if changes_list {
            self.watch(cx);
        }
    }

    /// Runs after each event: stores which sessions have news that nobody has seen.
    fn note_unread(&mut self, cx: &mut Cx<'_>) {
        for (key, is_unread) in self.list.note_unread(&self.open) {
            cx.ask(Effect::PlaceSessions(
                vec![key],
                ListPlace::Unread(is_unread),
            ));
        }
    }

    /// Runs after each event: tells the user outside the screen what changed while nobody looked.
    fn notify_outside(&mut self, cx: &mut Cx<'_>) {
        let all = super::AllSessions::new(&self.list, &self.open);
        for notification in self.notifications.observe(all) {
            cx.ask(Effect::Notify(notification));
        }
    }

    /// Handles a key; `in_burst`: it arrived together with the keys before it.
    fn key(&mut self, (key, in_burst): (Key, bool), cx: &mut Cx<'_>) {
        self.settle_chat(cx);
        let contexts = self.contexts();
        let leading = self.leader.is_waiting();
        let typing = contexts[0].takes_as_text(key) || self.composer_claims(key);
        if !leading && typing {
            self.type_key(key, cx);
            return;
        }
        let keys = self.leader.take_with(key);
        match self.options.keymap.meaning(&contexts, &keys) {
            KeyMeaning::Action(Action::Chat(action))
                if !leading
                    && contexts[0].falls_to_composer()
                    && (in_burst || key.typed().is_some()) =>
            {
                let is_peeked = self.peeked().is_some();
                let Some(session) = self.keyed_session_mut() else {
                    return;
                };
                if !in_burst {
                    session.chat.answer_key(action, key, cx);
                    return;
                }
                match session.chat.burst_key(action, key, cx) {
                    outcome if is_peeked => self.peek_outcome(outcome, cx),
                    Some(outcome) => self.chat_outcome(outcome, cx),
                    None => {}
                }
            }
            KeyMeaning::Action(action) => self.act(action, cx),
            // The possible next keys were shown; cancelling is no mistake.
            KeyMeaning::Nothing if leading && self.options.keymap.cancels_sequence(key) => {}
            KeyMeaning::Leader => self.leader.wait_after(keys, cx.now),
            KeyMeaning::Nothing if leading => {
                let keys: Vec<String> = keys.iter().map(ToString::to_string).collect();
                self.notify(format!("{} does nothing here", keys.join(" ")), cx);
            }
            KeyMeaning::Nothing => self.type_key(key, cx),
        }
    }

    fn type_key(&mut self, key: Key, cx: &mut Cx<'_>) {
        if self.peeked().is_some() {
            if let Some(session) = self.keyed_session_mut() {
                session.chat.type_key(key, cx);
            }
            return;
        }
        let is_taken = self.overlays.type_key(key);
        self.palette_typed(cx);
        self.texts_typed(cx);
        self.search_typed();
        if self.overlays.is_empty() && self.focus.is_on(Pane::Sessions) {
            self.list.type_filter(key);
        }
        if is_taken || !self.focus.is_on(Pane::Chat) || !self.overlays.is_empty() {
            return;
        }
        match self.session_mut() {
            Some(session) => {
                session.chat.type_key(key, cx);
            }
            None => self.keep_for_later(Event::Key(key)),
        }
    }

    /// A paste goes to the field that is typed, or else to the composer, wherever the focus is.
    fn paste(&mut self, event: Event, cx: &mut Cx<'_>) {
        self.settle_chat(cx);
        self.leader.clear();
        if self.peeked().is_some() {
            if let (Some(session), Event::Paste(text) | Event::PasteMore(text)) =
                (self.keyed_session_mut(), &event)
            {
                session.chat.paste(text, cx);
            }
            return;
        }
        if !self.overlays.is_empty() {
            if let Event::Paste(text) | Event::PasteMore(text) = &event {
                self.overlays.paste(text);
                self.texts_typed(cx);
            }
            return;
        }
        if let (Event::Paste(text) | Event::PasteMore(text), Pane::Sessions) =
            (&event, self.focus.pane())
            && self.list.paste_filter(text)
        {
            return;
        }
        self.focus.go_to(Pane::Chat);
        match (self.session_mut(), &event) {
            (Some(session), Event::PasteMore(piece)) => session.chat.paste_more(piece, cx),
            (Some(session), Event::Paste(text)) => session.chat.paste(text, cx),
            _ => self.keep_for_later(event),
        }
    }

    /// Keeps typed text for the session that is about to open.
    fn keep_for_later(&mut self, event: Event) {
        if !self.loaded {
            self.typeahead.keep(event);
        }
    }

    pub(super) fn act(&mut self, action: Action, cx: &mut Cx<'_>) {
        match action {
            Action::App(action) if self.act_attached(action, cx) => {}
            Action::App(action) => self.act_root(action, cx),
            Action::Chat(action) if self.peeked().is_some() => self.act_peeked(action, cx),
            Action::Chat(action) => self.act_chat(action, cx),
            Action::Sessions(action) => {
                if let Some(outcome) = self.list.update(action) {
                    self.sessions_outcome(outcome, cx);
                }
            }
            Action::Changes(action) => self.act_changes(action, cx),
            Action::Logs(LogsAction::Leave) => self.focus.go_to(Pane::Chat),
            Action::Logs(action) => {
                if let Some(session) = self.session_mut() {
                    session.logs.update(action);
                }
            }
        }
    }

    fn act_root(&mut self, action: AppAction, cx: &mut Cx<'_>) {
        match action {
            AppAction::FocusNext => self.focus.next(),
            AppAction::FocusPrevious => self.focus.previous(),
            AppAction::FocusSessions => self.focus.go_to(Pane::Sessions),
            AppAction::FocusChat => self.focus.go_to(Pane::Chat),
            AppAction::FocusLogs => self.focus.go_to(Pane::Logs),
            AppAction::ToggleSessions => self.focus.toggle(Pane::Sessions),
            AppAction::ToggleLogs => self.focus.toggle(Pane::Logs),
            AppAction::Zoom => self.focus.toggle_zoom(),
            AppAction::Help => self.overlays.push(Overlay::Help(HelpOverlay::default())),
            AppAction::Palette => {
                cx.ask(Effect::LoadPreferences);
                self.overlays.push(Overlay::Palette(Picker::default()));
            }
            AppAction::NewSession => self.new_session(cx),
            AppAction::NewConversation => self.new_conversation(cx),
            AppAction::NextNeedsYou => self.next_needs_you(cx),
            AppAction::PeekNext => self.peek_next(cx),
            AppAction::OpenPeeked => self.open_peeked(cx),
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
                    // As in a shell, it deletes the character under the cursor.
                    self.type_key(Key::ctrl('d'), cx);
                }
            }
            AppAction::Quit => self.ask_quit(cx),
            AppAction::Suspend => cx.ask(Effect::Suspend),
            AppAction::Redraw => cx.ask(Effect::Redraw),
            AppAction::CancelSequence => self.leader.clear(),
            AppAction::Confirm => self.confirmed(cx),
            AppAction::Close => self.close_overlay(cx),
            AppAction::CopyRow if self.copy_login_url(cx) => {}
            AppAction::CopyRow => self.copy_link(cx),
            AppAction::RenameRow => self.rename_row(),
            AppAction::DeleteRow => self.ask_delete_row(cx),
            AppAction::ServerStatus => self.open_status(cx),
            AppAction::SearchTexts => self.open_text_search(),
            AppAction::Changes => self.open_changes(cx),
            AppAction::UpdateSession => self.ask_update(cx),
            AppAction::ProviderKey => self.ask_provider(cx),
            AppAction::FavouriteModel => self.turn_favourite(cx),
            AppAction::ScrollDown => self.scroll_overlay(1),
            AppAction::ScrollUp => self.scroll_overlay(-1),
            AppAction::PageDown => self.scroll_overlay(PAGE),
            AppAction::PageUp => self.scroll_overlay(-PAGE),
        }
    }

    /// Ends a search in the changes first.
    fn close_overlay(&mut self, cx: &mut Cx<'_>) {
        if self.peeked().is_some() {
            self.leave_peek(cx);
        } else if !self.end_changes_search() {
            self.cancel_login(cx);
            self.overlays.close();
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
            self.focus.go_to(Pane::Chat);
        }
        let Some(session) = self.session_mut() else {
            return;
        };
        if let Some(outcome) = session.chat.update(action, cx) {
            self.chat_outcome(outcome, cx);
        }
    }

    /// Runs before each key: a held answer counts.
    fn settle_chat(&mut self, cx: &mut Cx<'_>) {
        let session = self.keyed_session_mut();
        match session.and_then(|session| session.chat.settle(cx)) {
            outcome if self.peeked().is_some() => self.peek_outcome(outcome, cx),
            Some(outcome) => self.chat_outcome(outcome, cx),
            None => {}
        }
    }

    pub(super) fn chat_outcome(&mut self, outcome: ChatOutcome, cx: &mut Cx<'_>) {
        match outcome {
            ChatOutcome::Notice(text) => self.advise(text, cx),
            ChatOutcome::PickModel => self.open_models(cx),
            ChatOutcome::PickAgent => self.open_agents(cx),
            ChatOutcome::List(list) => self.open_chat_list(list, cx),
            ChatOutcome::AskAuto => {
                if let Some(key) = self.open.shown().cloned() {
                    self.overlays.push(Overlay::Confirm(Confirm::Auto(key)));
                }
            }
            ChatOutcome::Act(action) => self.act(action, cx),
            ChatOutcome::Wake(commands) => {
                if let Some(session) = self.session_mut() {
                    session.wake_for(commands, cx);
                }
            }
            // Enter is pressed for many reasons: the dialog opens only if the session can be
            // revived.
            ChatOutcome::Unreachable if self.session().is_some_and(can_revive) => {
                self.ask_revive(cx);
            }
            ChatOutcome::Unreachable => {}
            ChatOutcome::NothingToSend => {
                if let Some(session) = self.session_mut() {
                    session.resume(cx);
                }
            }
            ChatOutcome::FileNamed => self.tell_unread_files(cx),
            ChatOutcome::Cleared => self.tell_cleared(cx),
            ChatOutcome::Stashed(count) => self.tell_stashed(count, cx),
            ChatOutcome::NothingToStop => self.arm_quit(cx),
        }
    }

    /// Asks whether to revive the session on the screen, if that is possible.
    fn ask_revive(&mut self, cx: &Cx<'_>) {
        match (self.session(), self.open.shown()) {
            (Some(session), Some(key)) if can_revive(session) => {
                let question = Confirm::Revive(key.clone());
                self.overlays.push(Overlay::Confirm(question));
            }
            (Some(session), _) if matches!(session.phase(), Phase::Gone(_)) => {
                self.advise("there is no snapshot: it cannot be revived", cx);
            }
            _ => self.advise("nothing to revive: the sandbox still exists", cx),
        }
    }

    /// Clears the composer, or else stops the turn, or else quits on the second press.
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
        if self.status.arm_quit(cx.now) {
            self.ask_quit(cx);
        }
    }

    pub(super) fn composer_is_empty(&self) -> bool {
        self.session()
            .is_none_or(|session| session.chat.composer_is_empty())
    }

    /// Quits, but asks first if something is still running.
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

    pub(super) fn quit(&mut self, cx: &mut Cx<'_>) {
        self.open.save_all(cx);
        cx.ask(Effect::Quit);
    }

    fn reply(&mut self, reply: Reply, cx: &mut Cx<'_>) {
        match reply {
            Reply::Sessions(rows) => {
                let mut paused = self.all_sessions().newly_paused(&rows);
                paused.retain(|key| !self.bulk.is_closing(key));
                self.open.stored(&rows, cx);
                let open = &self.open;
                self.list.all_loaded(rows, |key| open.get(key).is_some());
                self.tell_paused_elsewhere(paused, cx);
                if !mem::replace(&mut self.loaded, true) {
                    self.first_session(cx);
                }
                self.filter_unattached();
            }
            Reply::NotRenamed(key, name, why) => self.session_not_renamed(key, &name, &why, cx),
            Reply::PastPrompts(key, prompts) => self.past_prompts_told(&key, prompts),
            Reply::TextsFound(found) => self.texts_found(found, cx),
            Reply::MessagesRead(text, read) => self.messages_read(&text, read, cx),
            Reply::UnattachedSandboxes(told) => self.unattached_listed(told, cx),
            Reply::Closed(id, phase) => self.unattached_closed(&id, &phase, cx),
            Reply::Adopted(id, adopted) => self.adopted(&id, adopted, cx),
            Reply::Edited(result) => match result {
                Ok(text) => {
                    if let Some(session) = self.session_mut() {
                        session.chat.edited(&text);
                    }
                }
                Err(why) => self.notify(why, cx),
            },
            Reply::FileRead {
                session,
                pasted,
                file,
            } => self.file_read(&session, &pasted, file, cx),
            Reply::Preferences(preferences) => {
                self.recent.restore(&preferences.recent_actions);
                self.preferences = preferences;
                self.prefer_beside();
            }
            Reply::CostSummed(dollars) => self.day_cost = dollars,
            Reply::Notice(text) => self.notify(text, cx),
        }
    }
}
