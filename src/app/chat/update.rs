//! How the user and time change the chat: actions, keys, pastes, ticks.

use std::ops::Range;

use super::completion::choose::HowChosen;
use super::composer::pasted_path::{PastedPath, pasted_paths};
use super::composer::{VerticalMove, VimUse};
use super::{Chat, ChatAction, ChatContext, ChatFocus, ChatOutcome, Delivery, STOP_ARMED};
use crate::app::cx::Cx;
use crate::app::effect::Effect;
use crate::app::input::key::{Key, KeyCode};
use crate::domain::prompt::{Attachment, LocalFile, PromptKind, PromptPart};
use crate::domain::session::{Prompt, SessionCommand};
use crate::domain::time::Monotonic;

/// At most so many files of one paste are attached.
const MOST_FILES: usize = 20;
/// The composer's width until a frame reports it.
const UNDRAWN_WIDTH: u16 = 80;

/// Who has not typed for this long has stopped.
const TYPING_RESTS: Monotonic = Monotonic::from_secs(1);

impl Chat {
    /// Performs an action of the user.
    pub fn update(&mut self, action: ChatAction, cx: &mut Cx<'_>) -> Option<ChatOutcome> {
        self.begin_input(cx);
        self.last_key = Some(cx.now);
        if action == ChatAction::Send && self.context() == ChatContext::Composer {
            return self.send(cx);
        }
        if action != ChatAction::Stop {
            self.stop_armed = None;
        }
        if self.is_for_panel(action) {
            return self.panel_action(action, cx);
        }
        if let ChatAction::CursorUp | ChatAction::CursorDown = action {
            return self.move_cursor(action == ChatAction::CursorDown, cx);
        }
        match action {
            ChatAction::Newline => {
                self.composer.newline();
                self.complete(cx);
            }
            ChatAction::MenuAccept => return self.choose(HowChosen::Accept, cx),
            ChatAction::MenuComplete => return self.choose(HowChosen::Complete, cx),
            ChatAction::MenuPrevious => self.menu_go(false),
            ChatAction::MenuNext => self.menu_go(true),
            ChatAction::MenuClose => self.close_menu(),
            ChatAction::Stop if self.composer.leave_empty_shell() => {}
            ChatAction::Stop if self.is_read() && self.end_search() => {}
            ChatAction::SendNow => self.send_now(cx),
            ChatAction::EditQueued => return self.edit_queued(cx),
            ChatAction::EditExternally => cx.ask(Effect::EditExternally {
                draft: self.composer.text(),
            }),
            ChatAction::NextAgent | ChatAction::PreviousAgent => {
                return self.turn_agent(action, cx);
            }
            ChatAction::ToggleAuto if self.auto => {
                return self.ask_task(vec![SessionCommand::SetAuto(false)], cx);
            }
            ChatAction::ToggleAuto => return Some(ChatOutcome::AskAuto),
            ChatAction::PickModel => return Some(ChatOutcome::PickModel),
            ChatAction::PickAgent => return Some(ChatOutcome::PickAgent),
            ChatAction::NextVariant => return self.next_variant(cx),
            ChatAction::Stop if self.step_back() || self.leave_sub_agent() => {}
            ChatAction::Stop => self.stop(cx),
            ChatAction::FocusComposer => self.focus = ChatFocus::Composer,
            ChatAction::FocusTranscript => self.focus = ChatFocus::Transcript,
            ChatAction::FocusRequest if !self.needs_you() => {
                return Some(ChatOutcome::Notice(
                    "nothing here is waiting for an answer".into(),
                ));
            }
            ChatAction::FocusRequest => self.go_to_request(),
            ChatAction::Open if self.open_sub_agent(cx) => {}
            ChatAction::PreviousSubAgent => self.turn_sub_agent(false, cx),
            ChatAction::NextSubAgent => self.turn_sub_agent(true, cx),
            _ => return self.composer_action(action, cx),
        }
        None
    }

    /// Runs before each key and paste.
    pub(super) fn begin_input(&mut self, cx: &mut Cx<'_>) {
        self.clock = cx.now;
        self.notices.somebody_is_here(cx.now);
        self.note_unsaved();
    }

    /// Whether the action belongs to the request's panel in its present state.
    fn is_for_panel(&self, action: ChatAction) -> bool {
        match action {
            ChatAction::PageUp | ChatAction::PageDown => {
                self.focus == ChatFocus::Composer && self.panel_hides()
            }
            action => action.is_of_request() && self.needs_you(),
        }
    }

    /// Receives a key without a binding. Returns whether the chat used it.
    pub fn type_key(&mut self, key: Key, cx: &mut Cx<'_>) -> bool {
        self.begin_input(cx);
        self.stop_armed = None;
        self.last_key = Some(cx.now);
        if self.context() == ChatContext::Transcript {
            return false;
        }
        self.begin_text(cx);
        let before = self.composer.edits();
        if self.vim_key(key) {
            return true;
        }
        let is_used = self.shell_key(key) || self.composer.key(key);
        if self.composer.edits() == before {
            self.complete_if_open(cx);
        } else {
            self.complete(cx);
        }
        is_used
    }

    /// The composer's width in the last frame.
    fn composer_width(&self) -> u16 {
        match self.viewport.composer_width {
            0 => UNDRAWN_WIDTH,
            drawn => drawn,
        }
    }

    /// Whether a key goes to the composer whatever else it is bound to: where vim's keys are
    /// wanted, Esc ends what is going on there before it does anything else.
    pub fn claims_key(&self, key: Key) -> bool {
        let in_composer = matches!(
            self.context(),
            ChatContext::Composer | ChatContext::Completion | ChatContext::RequestInput
        );
        in_composer && self.composer.vim_claims(key)
    }

    /// Handles a key by vim's rules. Returns whether it was one.
    fn vim_key(&mut self, key: Key) -> bool {
        match self.composer.vim_key(key) {
            VimUse::None => return false,
            VimUse::Used => {}
            VimUse::Rows { down, times } => {
                let width = self.composer_width();
                for _ in 0..times {
                    if self.composer.vertical(down, width) == VerticalMove::AtEdge {
                        break;
                    }
                }
            }
        }
        // What the menu offers is for typed text.
        self.completion.close();
        true
    }

    /// `!` as the first character begins a shell line, and deleting it ends one.
    fn shell_key(&mut self, key: Key) -> bool {
        let answers = self.requests.panel.writing.is_some();
        let deletes = key.code == KeyCode::Backspace || key == Key::ctrl('h');
        match key.typed() {
            Some('!') if !answers => self.composer.enter_shell(),
            _ => deletes && self.composer.leave_shell(),
        }
    }

    /// Moves a line up or down in the composer; beyond its first and last line, to other prompts.
    fn move_cursor(&mut self, down: bool, cx: &mut Cx<'_>) -> Option<ChatOutcome> {
        if self.context() == ChatContext::Transcript {
            return None;
        }
        self.begin_text(cx);
        let writes = self.context() == ChatContext::RequestInput;
        if !down && !writes && self.composer.is_empty() && self.pending.len() > 0 {
            return self.edit_queued(cx);
        }
        let width = self.composer_width();
        let browsing_back = !down && self.composer.is_browsing();
        if browsing_back || self.composer.vertical(down, width) == VerticalMove::AtEdge {
            self.composer.recall(down);
        }
        self.complete_if_open(cx);
        None
    }

    /// Inserts a paste where text is typed; elsewhere it focuses the composer first.
    pub fn paste(&mut self, text: &str, cx: &mut Cx<'_>) {
        self.begin_paste(cx);
        let mut paths = pasted_paths(text);
        paths.truncate(MOST_FILES);
        if paths.is_empty() || !self.takes_files() {
            self.composer.paste(text);
            self.complete(cx);
            return;
        }
        // However long the names are: each makes room for its file.
        self.composer.paste_as_text(text);
        self.complete(cx);
        for PastedPath { written, path } in paths {
            cx.ask(Effect::ReadFile {
                session: self.key.clone(),
                path,
                pasted: written,
            });
        }
    }

    /// Quotes lines at the end of the prompt, and leaves the cursor below them. Returns whether it could: a shell line
    /// and an answer take no quotes.
    pub fn quote(&mut self, lines: &str) -> bool {
        if !self.takes_files() {
            return false;
        }
        self.focus = ChatFocus::Composer;
        self.composer.append_quote(lines);
        true
    }

    /// Continues the last paste, at the same place.
    pub fn paste_more(&mut self, piece: &str, cx: &mut Cx<'_>) {
        self.begin_paste(cx);
        self.composer.paste_more(piece);
        self.complete(cx);
    }

    /// Whether what is written may become a message.
    pub(super) fn takes_files(&self) -> bool {
        self.requests.panel.writing.is_none() && !self.composer.is_shell()
    }

    /// The file whose path was pasted takes the place of the path; one without a path comes to the
    /// cursor.
    pub fn file_read(&mut self, pasted: &str, file: LocalFile) {
        if !self.takes_files() {
            return;
        }
        if pasted.is_empty() {
            self.composer.attach_here(file);
        } else {
            self.composer.attach(pasted, file);
        }
    }

    fn begin_paste(&mut self, cx: &mut Cx<'_>) {
        self.begin_input(cx);
        self.begin_text(cx);
        self.stop_armed = None;
        self.last_key = Some(cx.now);
        self.focus = ChatFocus::Composer;
    }

    /// The external editor has exited with this text.
    pub fn edited(&mut self, text: &str) {
        self.composer.set(text.strip_suffix('\n').unwrap_or(text));
        self.completion.close();
        self.focus = ChatFocus::Composer;
    }

    /// Handles what is due: see [`Chat::animation_due`].
    pub fn tick(&mut self, cx: &mut Cx<'_>) -> Option<ChatOutcome> {
        let outcome = self.settle(cx);
        self.notices.tick(cx.now);
        if self.stop_armed.is_some_and(|at| at + STOP_ARMED <= cx.now) {
            self.stop_armed = None;
        }
        if self.draft_due().is_some_and(|due| due <= cx.now) {
            self.save_draft(cx);
        }
        outcome
    }

    /// From when on a question that takes the keys interrupts no typing.
    pub fn rests_from(&self) -> Monotonic {
        let last = self.last_text.filter(|_| !self.composer.is_empty());
        last.map_or(Monotonic::ZERO, |last| last + TYPING_RESTS)
    }

    /// Sends the unsent text to be stored, if it changed.
    pub fn save_draft(&mut self, cx: &mut Cx<'_>) {
        if let Some(draft) = self.take_unsaved_draft() {
            self.save_draft_files(cx);
            self.command(SessionCommand::SaveDraft(draft), cx);
        }
    }

    /// The program ends: prompts that the session's task did not receive are only here, and become part of the draft.
    pub fn keep_refused(&mut self) {
        while let Some(prompt) = self.pending.take_refused() {
            self.transcript.remove_echo(&prompt.message);
            self.composer.put_back_prompt(&prompt);
        }
    }

    /// Runs before each key of the user and with time: a held answer counts once it is due.
    pub fn settle(&mut self, cx: &mut Cx<'_>) -> Option<ChatOutcome> {
        self.clock = cx.now;
        self.note_unsaved();
        self.settle_requests(cx)
    }

    /// Notes since when text is unsaved: since the key before, because this one has not changed
    /// anything yet.
    fn note_unsaved(&mut self) {
        if self.composer.is_changed() {
            let since = self.last_key();
            self.unsaved_since.get_or_insert(since);
        }
    }

    pub(super) fn send(&mut self, cx: &mut Cx<'_>) -> Option<ChatOutcome> {
        self.stop_armed = None;
        self.last_text = Some(cx.now);
        self.completion.close();
        if let Some(outcome) = self.run_own(cx) {
            return Some(outcome);
        }
        // A text that can never be delivered stays where it can be copied.
        if self.delivery == Delivery::Never {
            return Some(ChatOutcome::Unreachable);
        }
        if self.composer.is_blank() {
            if self.composer.is_empty() && self.pending.is_held() {
                return self.release(cx);
            }
            return Some(ChatOutcome::NothingToSend);
        }
        let files = self.composer.files();
        let prompt = self.prompt_of(self.composer.marked_text(), files, cx);
        self.composer.take();
        let outcome = self.deliver(prompt, cx);
        // A sent text is no draft any more, also after a crash.
        self.save_draft(cx);
        outcome
    }

    /// The text with all that it names, as a prompt.
    pub(super) fn prompt_of(
        &self,
        text: String,
        files: Vec<(Range<usize>, LocalFile)>,
        cx: &mut Cx<'_>,
    ) -> Prompt {
        let kind = self.kind_of_text(&text);
        Prompt {
            message: cx.ids.message(cx.wall),
            part: cx.ids.part(cx.wall),
            kind,
            parts: match kind {
                PromptKind::Shell => Vec::new(),
                _ => self.named_parts(&text, files, cx),
            },
            text,
            // The one that the composer shows: otherwise the server would use its default.
            agent: self.agent().map(str::to_owned),
            model: self.chosen_model().cloned(),
            variant: self.variant().map(str::to_owned),
        }
    }

    /// Gives a prompt to the session's task, and shows it.
    pub(super) fn deliver(&mut self, prompt: Prompt, cx: &mut Cx<'_>) -> Option<ChatOutcome> {
        self.notices.clear();
        self.sub_agents.close();
        self.pending.sent(prompt.clone());
        self.sent.keep(prompt.clone());
        self.show_echoes();
        self.scroll.to(super::ChatAnchor::Tail);
        self.ask_task(vec![SessionCommand::Prompt(prompt)], cx)
    }

    /// What the text names and the files in it, with ids that make sending it again harmless.
    fn named_parts(
        &self,
        text: &str,
        files: Vec<(Range<usize>, LocalFile)>,
        cx: &mut Cx<'_>,
    ) -> Vec<PromptPart> {
        let files = files.into_iter();
        let files = files.map(|(place, file)| (place, Attachment::Local(file)));
        let named = self.completion.mentions.found(text).into_iter();
        let parts = named.chain(files).map(|(place, what)| PromptPart {
            id: cx.ids.part(cx.wall),
            place: Some(place),
            what,
        });
        parts.collect()
    }

    /// Sends commands to the session's task, which may have to be started first.
    fn ask_task(&self, commands: Vec<SessionCommand>, cx: &mut Cx<'_>) -> Option<ChatOutcome> {
        if self.delivery == Delivery::Asleep {
            return Some(ChatOutcome::Wake(commands));
        }
        for command in commands {
            self.command(command, cx);
        }
        None
    }

    fn release(&mut self, cx: &mut Cx<'_>) -> Option<ChatOutcome> {
        let commands = self.pending.release();
        self.notices.clear();
        self.show_echoes();
        self.ask_task(commands, cx)
    }

    fn send_now(&mut self, cx: &mut Cx<'_>) {
        if let Some(next) = self.pending.next() {
            let id = next.message.clone();
            self.command(SessionCommand::SendNow(id), cx);
        }
    }

    fn edit_queued(&mut self, cx: &mut Cx<'_>) -> Option<ChatOutcome> {
        let (prompt, command) = self.pending.take_last()?;
        self.transcript.remove_echo(&prompt.message);
        self.completion.mentions.learn(&prompt.text, &prompt.parts);
        self.composer.put_back_prompt(&prompt);
        self.focus = ChatFocus::Composer;
        self.ask_task(Vec::from_iter(command), cx)
    }

    fn stop(&mut self, cx: &mut Cx<'_>) {
        if !self.is_working() {
            self.focus = match self.focus {
                ChatFocus::Composer => ChatFocus::Transcript,
                ChatFocus::Transcript => ChatFocus::Composer,
            };
            return;
        }
        match self.stop_armed {
            Some(at) if cx.now.saturating_sub(at) < STOP_ARMED => {
                self.stop_armed = None;
                self.command(SessionCommand::Abort, cx);
            }
            _ => self.stop_armed = Some(cx.now),
        }
    }

    /// Clears the composer; if it is empty and the agent works, does what [`ChatAction::Stop`]
    /// does.
    pub fn interrupt(&mut self, cx: &mut Cx<'_>) -> Option<ChatOutcome> {
        self.begin_input(cx);
        self.last_key = Some(cx.now);
        if !self.composer.is_empty() {
            self.composer.clear();
            self.completion.close();
            self.save_draft(cx);
            return Some(ChatOutcome::Cleared);
        }
        if !self.is_working() {
            return Some(ChatOutcome::NothingToStop);
        }
        self.stop(cx);
        None
    }

    pub(super) fn command(&self, command: SessionCommand, cx: &mut Cx<'_>) {
        cx.ask(Effect::Command(self.key.clone(), command));
    }
}
