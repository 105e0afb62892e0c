//! What changes the chat: actions and keys of the user, news of the session's task.

use super::composer::Vertical;
use super::requests::Request;
use super::typing::Enter;
use super::{Chat, ChatAction, ChatContext, ChatOutcome, Half, Notice, Reach, STOP_ARMED};
use crate::app::cx::Cx;
use crate::app::effect::Effect;
use crate::app::key::{Key, KeyCode};
use crate::domain::chat::{ChatEvent, Message, MessageWithParts, PartKind, Resync, Role, Status};
use crate::domain::failure::Failure;
use crate::domain::session::{Prompt, SessionCommand};

/// The composer's columns as long as no frame has told them.
const UNDRAWN_WIDTH: u16 = 80;

impl Chat {
    /// Does what the user wants.
    pub fn update(&mut self, action: ChatAction, cx: &mut Cx<'_>) -> Option<ChatOutcome> {
        self.clock = cx.now;
        self.settle(cx);
        if action == ChatAction::Send && self.context() == ChatContext::Composer {
            return self.enter(cx);
        }
        self.typing.key(cx.now);
        if !matches!(action, ChatAction::Stop | ChatAction::Interrupt) {
            self.stop_armed = None;
        }
        if self.is_for_panel(action) {
            if let Some(command) = self.requests.update(action, cx.now) {
                self.command(command, cx);
            }
            return None;
        }
        match action {
            ChatAction::Newline => self.composer.newline(),
            ChatAction::SendNow => self.send_now(cx),
            ChatAction::EditQueued => self.edit_queued(cx),
            ChatAction::EditExternally => cx.ask(Effect::EditExternally {
                draft: self.composer.text(),
            }),
            ChatAction::NextAgent | ChatAction::PreviousAgent => return self.turn_agent(action),
            ChatAction::PickModel => return Some(ChatOutcome::PickModel),
            ChatAction::Stop => self.stop(cx),
            ChatAction::Interrupt => return self.interrupt(cx),
            ChatAction::FocusComposer => self.half = Half::Composer,
            ChatAction::FocusTranscript => self.half = Half::Transcript,
            ChatAction::FocusRequest if !self.needs_you() => {
                return Some(ChatOutcome::Notice(
                    "nothing waits for an answer here".into(),
                ));
            }
            ChatAction::FocusRequest => self.requests.engage(),
            _ => return self.navigate(action, cx),
        }
        None
    }

    /// Whether the action belongs to the request's panel as it stands.
    fn is_for_panel(&self, action: ChatAction) -> bool {
        let full = self.requests.panel.full.is_some();
        let reading = matches!(
            self.context(),
            ChatContext::Request | ChatContext::RequestInput
        );
        match action {
            ChatAction::PageUp | ChatAction::PageDown => reading && full,
            ChatAction::RequestOnce
            | ChatAction::RequestAlways
            | ChatAction::RequestDeny
            | ChatAction::RequestDenyReason
            | ChatAction::RequestFull
            | ChatAction::RequestPrevious
            | ChatAction::RequestNext
            | ChatAction::RequestBack
            | ChatAction::RequestForward
            | ChatAction::RequestAccept
            | ChatAction::RequestToggle
            | ChatAction::RequestReject
            | ChatAction::RequestLater => self.needs_you(),
            _ => false,
        }
    }

    /// Takes a key that no binding wants. Returns whether it meant something.
    pub fn type_key(&mut self, key: Key, cx: &mut Cx<'_>) -> bool {
        self.clock = cx.now;
        self.settle(cx);
        self.typing.key(cx.now);
        self.stop_armed = None;
        match self.context() {
            ChatContext::Composer => self.compose(key, cx),
            ChatContext::RequestInput => self.requests.type_key(key),
            ChatContext::Transcript | ChatContext::Request => false,
        }
    }

    fn compose(&mut self, key: Key, cx: &mut Cx<'_>) -> bool {
        let down = match key.code {
            KeyCode::Up => false,
            KeyCode::Down => true,
            _ => return self.composer.key(key),
        };
        if !down && self.composer.is_empty() && self.outbox.len() > 0 {
            self.edit_queued(cx);
            return true;
        }
        let width = match self.viewport.composer_width {
            0 => UNDRAWN_WIDTH,
            drawn => drawn,
        };
        let browsing_back = !down && self.composer.is_browsing();
        if browsing_back || self.composer.vertical(down, width) == Vertical::AtEdge {
            self.composer.recall(down);
        }
        true
    }

    /// Inserts a paste where text is typed; elsewhere it goes back to the composer first.
    pub fn paste(&mut self, text: &str, cx: &mut Cx<'_>) {
        if !self.paste_elsewhere(text, cx) {
            self.composer.paste(text);
        }
    }

    /// Goes on with the paste before, in the same place.
    pub fn paste_more(&mut self, piece: &str, cx: &mut Cx<'_>) {
        if !self.paste_elsewhere(piece, cx) {
            self.composer.paste_more(piece);
        }
    }

    /// Whether another field than the composer has taken the text.
    fn paste_elsewhere(&mut self, text: &str, cx: &mut Cx<'_>) -> bool {
        self.clock = cx.now;
        self.settle(cx);
        self.typing.key(cx.now);
        if self.context() == ChatContext::RequestInput && self.requests.paste(text) {
            return true;
        }
        if self.context() == ChatContext::Request {
            self.requests.leave();
        }
        self.half = Half::Composer;
        false
    }

    /// The external editor has ended with this text.
    pub fn edited(&mut self, text: &str) {
        self.composer.set(text.strip_suffix('\n').unwrap_or(text));
        self.half = Half::Composer;
    }

    /// Something is due: see [`Chat::animation_due`].
    pub fn tick(&mut self, cx: &mut Cx<'_>) {
        self.clock = cx.now;
        self.settle(cx);
        if self.stop_armed.is_some_and(|at| at + STOP_ARMED <= cx.now) {
            self.stop_armed = None;
        }
        if self.draft_due().is_some_and(|due| due <= cx.now) {
            self.save_draft(cx);
        }
    }

    /// Asks for the unsent text to be stored, if it changed.
    pub fn save_draft(&mut self, cx: &mut Cx<'_>) {
        if let Some(draft) = self.take_unsaved_draft() {
            self.command(SessionCommand::SaveDraft(draft), cx);
        }
    }

    fn settle(&mut self, cx: &mut Cx<'_>) {
        if self.typing.settled(cx.now) {
            self.composer.drop_newline();
            self.send(cx);
        }
    }

    fn enter(&mut self, cx: &mut Cx<'_>) -> Option<ChatOutcome> {
        match self.typing.enter(cx.now) {
            Enter::NewLine => {
                self.composer.newline();
                None
            }
            Enter::Real => self.send(cx),
        }
    }

    fn send(&mut self, cx: &mut Cx<'_>) -> Option<ChatOutcome> {
        self.stop_armed = None;
        // What nobody will ever take stays where it can be copied from.
        if self.reach == Reach::Never {
            return None;
        }
        if self.composer.is_blank() {
            if self.composer.is_empty() && self.outbox.is_held() {
                self.release(cx);
            }
            return None;
        }
        let prompt = Prompt {
            message: cx.ids.message(cx.wall),
            part: cx.ids.part(cx.wall),
            text: self.composer.take(),
            agent: self.agent.clone(),
            model: self.model.clone(),
        };
        self.notice = None;
        self.outbox.sent(prompt.clone());
        self.show_echoes();
        self.scroll.to(super::Anchor::Tail);
        if self.reach == Reach::Asleep {
            return Some(ChatOutcome::Wake(prompt));
        }
        self.command(SessionCommand::Prompt(prompt), cx);
        None
    }

    fn release(&mut self, cx: &mut Cx<'_>) {
        for prompt in self.outbox.take_stranded() {
            self.command(SessionCommand::Prompt(prompt), cx);
        }
        self.notice = None;
        self.show_echoes();
        self.command(SessionCommand::ReleaseQueue, cx);
    }

    fn send_now(&mut self, cx: &mut Cx<'_>) {
        if let Some(next) = self.outbox.queue().first() {
            let id = next.message.clone();
            self.command(SessionCommand::SendNow(id), cx);
        }
    }

    fn edit_queued(&mut self, cx: &mut Cx<'_>) {
        let Some((prompt, queued)) = self.outbox.take_last() else {
            return;
        };
        self.transcript.remove_echo(&prompt.message);
        self.composer.prepend(&prompt.text);
        self.half = Half::Composer;
        if queued {
            self.command(SessionCommand::Unqueue(prompt.message), cx);
        }
    }

    /// Takes the next agent; where a request waits, the same key goes to it.
    fn turn_agent(&mut self, action: ChatAction) -> Option<ChatOutcome> {
        if self.needs_you() {
            self.requests.engage();
            return None;
        }
        let agents = &self.catalog.agents;
        let count = agents.len();
        let current = agents
            .iter()
            .position(|agent| Some(agent.name.as_str()) == self.agent());
        let next = match (current, action) {
            (Some(at), ChatAction::PreviousAgent) => (at + count - 1) % count,
            (Some(at), _) => (at + 1) % count,
            (None, _) => 0,
        };
        let name = agents.get(next)?.name.clone();
        self.agent = Some(name.clone());
        Some(ChatOutcome::Notice(format!("agent: {name}")))
    }

    fn stop(&mut self, cx: &mut Cx<'_>) {
        if !self.is_working() {
            self.half = match self.half {
                Half::Composer => Half::Transcript,
                Half::Transcript => Half::Composer,
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

    fn interrupt(&mut self, cx: &mut Cx<'_>) -> Option<ChatOutcome> {
        if !self.composer.is_empty() {
            self.composer.clear();
            return None;
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

    /// The queue after a change, `prompts[0]` the next.
    pub fn queue_changed(&mut self, prompts: Vec<Prompt>, held: bool) {
        self.outbox.queue_changed(prompts, held);
        self.show_echoes();
    }

    /// What the store knew of the composer.
    pub fn restored(&mut self, draft: impl AsRef<str>) {
        let draft = draft.as_ref();
        if draft.is_empty() {
            return;
        }
        // Something may have been typed already.
        self.composer.prepend(draft);
        self.composer.take_changed();
    }

    /// A command of ours failed. Nothing is put away: prompts and replies that nobody confirmed
    /// wait again.
    pub fn command_failed(&mut self, failure: &Failure) {
        self.outbox.strand();
        self.show_echoes();
        self.requests.reply_failed(self.clock);
        self.notice = Some(Notice::Command(failure.clone()));
        self.loading_older = false;
    }

    /// Shows the prompts that are on their way at the end of the conversation, and no others.
    fn show_echoes(&mut self) {
        self.outbox.idle(self.status == Some(Status::Idle));
        for prompt in self.outbox.waiting() {
            self.transcript.remove_echo(&prompt.message);
        }
        let confirmed: Vec<_> = self
            .outbox
            .on_the_way()
            .map(|prompt| prompt.message.clone())
            .filter(|id| self.transcript.is_confirmed(id))
            .collect();
        for id in confirmed {
            self.outbox.forget(&id);
        }
        for prompt in self.outbox.on_the_way() {
            self.transcript.echo(prompt);
        }
    }

    /// News of the conversation. Harmless when told twice, but for deltas.
    pub fn receive(&mut self, event: ChatEvent, cx: &mut Cx<'_>) {
        self.clock = cx.now;
        if !self.scroll.follows() && adds(&event) {
            self.scroll.unseen = true;
        }
        match event {
            ChatEvent::Conversation(conversation) => self.conversation = Some(conversation),
            ChatEvent::Status(status) => self.status_changed(status),
            ChatEvent::Message(message) => self.message(message),
            ChatEvent::MessageRemoved(id) => self.transcript.remove_message(&id),
            ChatEvent::Part(part) => self.transcript.part(part),
            ChatEvent::PartRemoved { message, part } => {
                self.transcript.remove_part(&message, &part);
            }
            ChatEvent::Delta {
                message,
                part,
                text,
            } => self.transcript.delta(&message, &part, &text),
            ChatEvent::PermissionAsked(asked) => {
                self.requests.asked(Request::Permission(asked), cx.now);
            }
            ChatEvent::PermissionReplied(id) => {
                self.requests.permission_replied(&id, cx.now);
                self.moved_on();
            }
            ChatEvent::QuestionAsked(asked) => {
                self.requests.asked(Request::Question(asked), cx.now);
            }
            ChatEvent::QuestionReplied(id) => {
                self.requests.question_replied(&id, cx.now);
                self.moved_on();
            }
            ChatEvent::Error(error) => {
                if !error.is_abort() {
                    self.notice = Some(Notice::Turn(error));
                }
            }
            // The calls that change them show them.
            ChatEvent::Todos(_) => {}
            ChatEvent::Catalog(catalog) => self.catalog = catalog,
            ChatEvent::Resync(resync) => self.resync(*resync),
            ChatEvent::Older { page, more } => {
                self.loading_older = false;
                self.transcript.older(&page, more);
            }
        }
    }

    /// The server does what it is told: that a command failed in passing before is old news.
    fn moved_on(&mut self) {
        if matches!(&self.notice, Some(Notice::Command(failure)) if failure.retryable) {
            self.notice = None;
        }
    }

    fn status_changed(&mut self, status: Status) {
        if self.status.as_ref() != Some(&status) {
            self.moved_on();
        }
        match status {
            Status::Idle => {
                self.busy_since = None;
                self.stop_armed = None;
                self.requests.turn_ended(self.clock);
            }
            Status::Busy | Status::Retry { .. } => {
                self.busy_since.get_or_insert(self.clock);
            }
        }
        self.status = Some(status);
        self.show_echoes();
    }

    fn message(&mut self, message: Message) {
        self.outbox.forget(&message.id);
        // The message tells it better than the error that came on its own.
        if let (Some(error), Some(Notice::Turn(told))) = (&message.error, &self.notice)
            && error == told
        {
            self.notice = None;
        }
        self.transcript.message(message);
    }

    /// Prompts of an earlier run can be recalled too.
    fn remember_prompt(&mut self, known: &MessageWithParts) {
        if known.message.role != Role::User {
            return;
        }
        for part in &known.parts {
            if let PartKind::Text {
                text,
                synthetic: false,
                ..
            } = &part.kind
            {
                self.composer.remember(text);
            }
        }
    }

    fn resync(&mut self, resync: Resync) {
        self.transcript.resync(&resync);
        self.requests.resync(&resync, self.clock);
        for message in &resync.messages {
            self.outbox.forget(&message.message.id);
            self.remember_prompt(message);
        }
        self.loading_older = false;
        self.conversation = Some(resync.conversation);
        self.status_changed(resync.status);
    }
}

/// Whether an event puts something below what is read.
fn adds(event: &ChatEvent) -> bool {
    matches!(
        event,
        ChatEvent::Delta { .. } | ChatEvent::Part(_) | ChatEvent::Message(_) | ChatEvent::Error(_)
    )
}
