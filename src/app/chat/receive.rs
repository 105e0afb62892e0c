//! What the session's task reports to the chat: the queue, failures, and events of the
//! conversation.

use std::time::Duration;

use super::Chat;
use super::notice::ChatNotice;
use super::requests::PendingRequest;
use super::transcript::MessageEntry;
use crate::app::cx::Cx;
use crate::domain::chat::{
    ChatEvent, Conversation, Message, MessageWithParts, Part, PartKind, Resync, Role, TurnStatus,
};
use crate::domain::failure::Failure;
use crate::domain::prompt::PromptKind;
use crate::domain::session::{PromptQueue, SessionCommand, StoredComposer};
use crate::domain::time::{Monotonic, UnixMillis};

/// A turn that seems older than this did not start with the prompt that looks like its own.
const DAY: Duration = Duration::from_hours(24);

impl Chat {
    /// The queue changed.
    pub fn queue_changed(&mut self, queue: PromptQueue) {
        self.pending.told(queue);
        self.show_echoes();
    }

    /// The composer from the store.
    pub fn restored(&mut self, stored: StoredComposer) {
        let StoredComposer {
            draft,
            stashes,
            files,
            mentions,
            commands,
        } = stored;
        for (prompt, line) in commands {
            self.sent.learn_command(prompt, line);
        }
        self.stashes.restored(stashes);
        for (text, what) in mentions {
            self.completion.mentions.pick(text, what);
        }
        let draft = draft.as_str();
        if draft.is_empty() {
            self.stored_files = files;
            return;
        }
        // Text that was already typed is not stored yet, or the store has it instead of this draft.
        let is_stored = self.composer.is_empty();
        self.composer.put_back(draft, draft.starts_with('!'));
        self.composer.attach_stored(&files);
        // Those that are not in the text are removed when it is saved next.
        self.stored_files = files;
        if is_stored {
            self.composer.take_changed();
        }
    }

    /// The session's task did not receive a command: its content waits here again.
    pub fn command_refused(&mut self, command: &SessionCommand, failure: &Failure, now: Monotonic) {
        self.pending.refused(command);
        self.show_echoes();
        // The next key asks again.
        let is_asked_again = |command: &SessionCommand| {
            matches!(
                command,
                SessionCommand::FindFiles(_)
                    | SessionCommand::LoadSubAgent(_)
                    | SessionCommand::CountTools(_)
                    | SessionCommand::SaveChoice(_)
            )
        };
        if is_asked_again(command) {
            return;
        }
        if matches!(command, SessionCommand::SaveDraft(_)) {
            self.composer.set_changed();
            // The draft is saved again later, without a message.
            self.unsaved_since = Some(now);
        } else {
            self.command_failed(failure);
        }
    }

    /// The session's task has ended: it may never have received what it did not report.
    pub fn task_ended(&mut self) {
        self.pending.task_ended();
        self.show_echoes();
    }

    /// A command failed. Nothing is dropped: unconfirmed replies wait again, and the session's task
    /// reports on the prompts.
    pub fn command_failed(&mut self, failure: &Failure) {
        self.requests.reply_failed(self.clock);
        self.tell_failure(failure);
        self.loading_older = false;
        self.sent.undo_ended();
    }

    /// Shows exactly the prompts that are on their way at the end of the conversation.
    pub(super) fn show_echoes(&mut self) {
        for prompt in self.pending.waiting() {
            self.transcript.remove_echo(&prompt.message);
        }
        let confirmed: Vec<_> = self
            .pending
            .on_the_way()
            .map(|prompt| prompt.message.clone())
            .filter(|id| self.transcript.is_confirmed(id))
            .collect();
        for id in confirmed {
            self.pending.forget(&id);
        }
        for prompt in self.pending.on_the_way() {
            self.transcript.echo(prompt);
        }
    }

    /// Handles an event of the conversation. All but deltas may arrive twice.
    pub fn receive(&mut self, event: ChatEvent, cx: &mut Cx<'_>) {
        self.clock = cx.now;
        self.server_clock.observe(&event, cx.wall);
        if !self.scroll.follows() && adds(&event) {
            self.scroll.unseen = true;
        }
        match event {
            ChatEvent::Conversation(conversation) => self.conversation_changed(conversation),
            ChatEvent::Status(status) => self.status_changed(status),
            ChatEvent::Message(message) => self.message(message),
            ChatEvent::MessageRemoved(id) => self.transcript.remove_message(&id),
            ChatEvent::Part(part) => {
                self.drop_echo_of_command(&part);
                self.remember_prompt_of_others(&part);
                self.transcript.part(part);
            }
            ChatEvent::PartRemoved { message, part } => {
                self.transcript.remove_part(&message, &part);
            }
            ChatEvent::Delta {
                message,
                part,
                text,
            } => {
                self.stream_rate.arrived(text.len(), cx.now);
                self.transcript.delta(&message, &part, &text);
            }
            ChatEvent::PermissionAsked(asked) => {
                let asked = PendingRequest::Permission(asked);
                self.requests.asked(asked, cx.now);
            }
            ChatEvent::PermissionReplied(id) => {
                self.requests.permission_replied(&id, cx.now);
                self.notices.moved_on();
            }
            ChatEvent::QuestionAsked(asked) => {
                self.requests.asked(PendingRequest::Question(asked), cx.now);
            }
            ChatEvent::QuestionReplied(id) => {
                self.requests.question_replied(&id, cx.now);
                self.notices.moved_on();
            }
            ChatEvent::Error(error) if error.is_abort() => {}
            ChatEvent::Error(error) => self.notices.say(ChatNotice::Turn(error)),
            ChatEvent::Todos(todos) => self.todos = todos,
            ChatEvent::SubAgent(id, event) => self.sub_agent_event(&id, *event, cx),
            ChatEvent::SubAgentTools(id, tools) => self.sub_agents.counted(id, tools),
            ChatEvent::Catalog(catalog) => self.catalog = catalog,
            ChatEvent::Offers(offers) => {
                self.offers = *offers;
                self.refresh_menu();
            }
            ChatEvent::Command { prompt, line } => self.sent.learn_command(prompt, line),
            ChatEvent::Resync(resync) => {
                self.resync(*resync, cx);
                self.load_sub_agents(cx);
            }
            ChatEvent::Older { page, more } => self.older_arrived(&page, more, cx),
        }
        self.sync_aside();
    }

    fn older_arrived(&mut self, page: &[MessageWithParts], more: bool, cx: &mut Cx<'_>) {
        self.loading_older = false;
        self.transcript.older(page, more);
        self.search_older(cx);
    }

    fn status_changed(&mut self, status: TurnStatus) {
        if self.status.as_ref() != Some(&status) {
            self.notices.moved_on();
        }
        match status {
            TurnStatus::Idle => {
                self.busy_since = None;
                self.ran_before = Duration::ZERO;
                self.stop_armed = None;
                self.requests.turn_ended(self.clock);
            }
            TurnStatus::Busy | TurnStatus::Retry { .. } => {
                if self.busy_since.is_none() {
                    self.notices.turn_begins();
                }
                self.busy_since.get_or_insert(self.clock);
            }
        }
        self.status = Some(status);
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
        self.pending.forget(&message.id);
        if let Some(error) = &message.error {
            self.notices.told_by_message(error);
        }
        self.transcript.message(message);
    }

    /// Of a command the server makes a text with an id of its own, which takes the place of what was
    /// typed.
    fn drop_echo_of_command(&mut self, part: &Part) {
        if let Some(sent) = self.sent.find(&part.message)
            && matches!(sent.kind, PromptKind::Command | PromptKind::CommandIfKnown)
            && sent.part != part.id
            && matches!(
                part.kind,
                PartKind::Text {
                    synthetic: false,
                    ..
                }
            )
        {
            self.transcript.remove_part(&part.message, &sent.part);
        }
    }

    /// Adds prompts of an earlier run to the history.
    fn remember_prompt(&mut self, known: &MessageWithParts) {
        if known.message.role != Role::User {
            return;
        }
        if let Some(line) = self.sent.command(&known.message.id) {
            self.composer.remember(line);
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

    /// Adds a prompt that another client has sent to the history.
    fn remember_prompt_of_others(&mut self, part: &Part) {
        let PartKind::Text {
            text,
            synthetic: false,
            ..
        } = &part.kind
        else {
            return;
        };
        let entry = self.transcript.entry(&part.message);
        let is_prompt = entry.is_some_and(|entry| entry.message.role == Role::User);
        let is_known =
            self.sent.find(&part.message).is_some() || self.sent.command(&part.message).is_some();
        if is_prompt && !is_known {
            self.composer.remember(text);
        }
    }

    fn resync(&mut self, resync: Resync, cx: &mut Cx<'_>) {
        let wall = cx.wall;
        self.transcript.resync(&resync);
        for lost in self.requests.resync(&resync, self.clock) {
            self.command(lost, cx);
        }
        for message in &resync.messages {
            self.pending.forget(&message.message.id);
            self.remember_prompt(message);
        }
        self.loading_older = false;
        self.conversation_changed(resync.conversation);
        let was_busy = self.busy_since.is_some();
        self.status_changed(resync.status);
        if !was_busy && self.is_busy() {
            self.ran_before = self.turn_runs_for(wall);
        }
    }

    /// How long a turn has been running that was already running when first seen: since its prompt.
    fn turn_runs_for(&self, wall: UnixMillis) -> Duration {
        let is_prompt = |entry: &&MessageEntry| entry.message.role == Role::User && entry.known;
        let prompt = self.transcript.newest_in_force().find(is_prompt);
        let began = prompt.map(|prompt| prompt.message.created);
        let began = began.filter(|at| *at > UnixMillis(0));
        let runs = began.map(|at| self.server_clock.at(wall).since(at));
        runs.filter(|runs| *runs < DAY).unwrap_or_default()
    }
}

/// Whether an event adds something below the visible rows.
fn adds(event: &ChatEvent) -> bool {
    matches!(
        event,
        ChatEvent::Delta { .. } | ChatEvent::Part(_) | ChatEvent::Message(_) | ChatEvent::Error(_)
    )
}
