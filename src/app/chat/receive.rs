//! What the session's task tells the chat: the queue, failures, and news of the conversation.

use super::requests::Request;
use super::{Chat, Notice};
use crate::app::cx::Cx;
use crate::domain::chat::{
    ChatEvent, Conversation, Message, MessageWithParts, PartKind, Resync, Role, Status,
};
use crate::domain::failure::Failure;
use crate::domain::session::Prompt;

impl Chat {
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

    /// Says something below the conversation, until the next prompt is sent.
    pub fn say(&mut self, words: String) {
        self.notice = Some(Notice::Ours(words));
    }

    /// Shows the prompts that are on their way at the end of the conversation, and no others.
    pub(super) fn show_echoes(&mut self) {
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
            ChatEvent::Conversation(conversation) => self.conversation_changed(conversation),
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
        self.sync_aside();
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

    fn conversation_changed(&mut self, conversation: Conversation) {
        let reverted = conversation.reverted.as_ref();
        let known = self
            .conversation
            .as_ref()
            .and_then(|known| known.reverted.as_ref());
        if reverted != known {
            self.folds.reverted_open = false;
        }
        self.transcript.revert(reverted);
        self.conversation = Some(conversation);
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
        self.conversation_changed(resync.conversation);
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
