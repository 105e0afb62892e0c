//! OpenCode's wire types ↔ ours: the only place that knows both.
//!
//! Wire events of a whole server enter, the [`ChatEvent`]s of one conversation leave. A conversation is a root
//! session and the sessions of its sub-agents: what happens in those is [`ChatEvent::SubAgent`], apart from
//! permissions and questions, which the same person answers. All events carry the session's id, so the
//! [`Translator`] tracks the family.
//!
//! The functions of [`parts`] and [`requests`] convert single values and hold no state.

mod answers;
mod arguments;
pub mod login;
pub mod parts;
mod plain;
pub mod prompts;
pub mod requests;
mod resync;
pub mod status;
mod tool;
pub mod turn;

#[cfg(test)]
mod tests;

use std::collections::HashSet;

use self::answers::Answers;
use self::arguments::CallArguments;
use crate::domain::chat::{ChatEvent, Permission, TurnStatus};
use crate::domain::id::{MessageId, PartId, PermissionId, QuestionId};
use crate::opencode::wire::event::Event;
use crate::opencode::wire::part::{Part, PartBody};
use crate::opencode::wire::request::{PermissionRequest, QuestionRequest};
use crate::opencode::wire::session::Session;

/// A pending request, by the session that asked.
#[derive(Debug, Clone, PartialEq, Eq)]
enum RequestId {
    Permission(PermissionId),
    Question(QuestionId),
}

/// What the follower has to do about an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Concern {
    /// Translate it, nothing else.
    None,
    /// Resolve this session: it asks, and may or may not belong to the conversation.
    Whose(String),
    /// The conversation was deleted.
    Gone,
    /// Fetch everything again: the server discarded its state.
    LookAgain,
}

/// Follows one conversation through the events of its server.
#[derive(Debug)]
pub struct Translator {
    root: String,
    /// Of the root session; paths below it are shown relative to it.
    directory: String,
    /// Sessions of sub-agents, at any depth.
    children: HashSet<String>,
    /// The server repeats `busy` with each step; only changes are passed on.
    status: Option<TurnStatus>,
    waiting: Vec<(String, RequestId)>,
    /// Arguments of the calls that wait for a permission.
    arguments: CallArguments,
    /// The prompts of the newest answers.
    answers: Answers,
    /// Parts that were complete when the conversation was fetched: deltas under way at that time are already in
    /// them.
    whole: HashSet<String>,
    /// The ids of the last delta: thousands in a row have the same.
    last: Option<(String, MessageId, String, PartId)>,
}

impl Translator {
    /// `directory` is the session's own, absolute; may be empty.
    pub fn new(root: &str, directory: &str) -> Self {
        Self {
            root: root.to_owned(),
            directory: directory.trim_end_matches('/').to_owned(),
            children: HashSet::new(),
            status: None,
            waiting: Vec::new(),
            arguments: CallArguments::default(),
            answers: Answers::default(),
            whole: HashSet::new(),
            last: None,
        }
    }

    /// Whether the session is the conversation's own or a sub-agent's.
    pub fn is_family(&self, session: &str) -> bool {
        session == self.root || self.children.contains(session)
    }

    /// Records that `child` belongs to `parent`; true if that makes it part of the family.
    pub fn learn_child(&mut self, child: &str, parent: &str) -> bool {
        if child == self.root || !self.is_family(parent) {
            return false;
        }
        if !self.children.contains(child) {
            self.children.insert(child.to_owned());
        }
        true
    }

    /// What must be done before this event is translated, or instead.
    pub fn concern(&self, event: &Event) -> Concern {
        match event {
            Event::PermissionAsked(PermissionRequest { session_id, .. })
            | Event::QuestionAsked(QuestionRequest { session_id, .. })
                if !self.is_family(session_id) =>
            {
                Concern::Whose(session_id.clone())
            }
            Event::SessionDeleted { session_id } if *session_id == self.root => Concern::Gone,
            // Turns were aborted and more: fetching everything again is the safe way on.
            Event::Disposed { directory }
                if directory.as_ref().is_none_or(|at| *at == self.directory) =>
            {
                Concern::LookAgain
            }
            _ => Concern::None,
        }
    }

    fn fetched_part(&mut self, part: &Part) {
        match &part.body {
            PartBody::Text {
                time: Some(time), ..
            }
            | PartBody::Reasoning {
                time: Some(time), ..
            } if time.end.is_some() => {
                self.whole.insert(part.id.clone());
            }
            PartBody::Tool(tool) => {
                self.arguments.part(tool);
                if let Some(child) = &tool.state.metadata.session_id {
                    let root = self.root.clone();
                    self.learn_child(child, &root);
                }
            }
            _ => {}
        }
    }

    fn waits(&mut self, session: &str, request: &ChatEvent) {
        let waiting = match request {
            ChatEvent::PermissionAsked(permission) => RequestId::Permission(permission.id.clone()),
            ChatEvent::QuestionAsked(question) => RequestId::Question(question.id.clone()),
            _ => return,
        };
        if !self.waiting.iter().any(|(_, known)| *known == waiting) {
            self.waiting.push((session.to_owned(), waiting));
        }
    }

    /// Translates one event; passes what it means for the conversation to `out`, in order.
    pub fn translate(&mut self, event: Event, out: &mut impl FnMut(ChatEvent)) {
        match event {
            Event::Delta {
                session_id,
                message_id,
                part_id,
                text,
            } => {
                if self.is_family(&session_id) && !self.whole.contains(&part_id) {
                    let delta = self.delta(message_id, part_id, text);
                    self.tell(&session_id, delta, out);
                }
            }
            Event::PartUpdated { session_id, part } => self.part_updated(&session_id, part, out),
            Event::SessionUpdated(session) => self.session_updated(session, out),
            Event::Status { session_id, status } => {
                self.status_changed(&session_id, parts::status(status), out);
            }
            Event::Idle { session_id } => self.status_changed(&session_id, TurnStatus::Idle, out),
            Event::PermissionAsked(_)
            | Event::QuestionAsked(_)
            | Event::PermissionReplied { .. }
            | Event::QuestionReplied { .. } => self.request(event, out),
            Event::MessageUpdated { session_id, info } => {
                if session_id == self.root {
                    self.answers.seen(&info);
                }
                self.tell(&session_id, ChatEvent::Message(parts::message(*info)), out);
            }
            Event::MessageRemoved { .. }
            | Event::PartRemoved { .. }
            | Event::Todos { .. }
            | Event::SessionError { .. } => self.of_content(event, out),
            Event::CommandExecuted {
                session_id,
                message_id,
                name,
                arguments,
            } if session_id == self.root => {
                let line = prompts::command_line(&name, &arguments);
                if let Some(prompt) = self.answers.prompt_of(&message_id) {
                    out(ChatEvent::Command { prompt, line });
                }
            }
            Event::Malformed { kind, problem } => {
                tracing::debug!(kind, problem, "an event of OpenCode could not be read");
            }
            Event::Connected
            | Event::Heartbeat
            | Event::Command { .. }
            | Event::CommandExecuted { .. }
            | Event::SessionDeleted { .. }
            | Event::Disposed { .. }
            | Event::Unknown { .. } => {}
        }
    }

    /// Passes an event on as one of the conversation or of a sub-agent.
    fn tell(&self, session: &str, event: ChatEvent, out: &mut impl FnMut(ChatEvent)) {
        if session == self.root {
            out(event);
        } else if self.children.contains(session) {
            out(ChatEvent::SubAgent(session.into(), Box::new(event)));
        }
    }

    /// Events that change what is to be read.
    fn of_content(&self, event: Event, out: &mut impl FnMut(ChatEvent)) {
        match event {
            Event::MessageRemoved {
                session_id,
                message_id,
            } => {
                let removed = ChatEvent::MessageRemoved(message_id.into());
                self.tell(&session_id, removed, out);
            }
            Event::PartRemoved {
                session_id,
                message_id,
                part_id,
            } => {
                let removed = ChatEvent::PartRemoved {
                    message: message_id.into(),
                    part: part_id.into(),
                };
                self.tell(&session_id, removed, out);
            }
            // Without an id it is the server's answer to a request that it could not attribute.
            Event::SessionError { session_id, error }
                if session_id
                    .as_ref()
                    .is_none_or(|session| *session == self.root) =>
            {
                out(ChatEvent::Error(parts::error(error)));
            }
            Event::Todos { session_id, todos } => {
                let todos = todos.into_iter().map(plain::todo).collect();
                self.tell(&session_id, ChatEvent::Todos(todos), out);
            }
            _ => {}
        }
    }

    fn delta(&mut self, message: String, part: String, text: String) -> ChatEvent {
        if let Some((last_message, message_id, last_part, part_id)) = &self.last
            && *last_message == message
            && *last_part == part
        {
            return ChatEvent::Delta {
                message: message_id.clone(),
                part: part_id.clone(),
                text,
            };
        }
        let ids = (MessageId::new(&message), PartId::new(&part));
        self.last = Some((message, ids.0.clone(), part, ids.1.clone()));
        ChatEvent::Delta {
            message: ids.0,
            part: ids.1,
            text,
        }
    }

    fn part_updated(&mut self, session: &str, part: Part, out: &mut impl FnMut(ChatEvent)) {
        if let PartBody::Tool(tool) = &part.body {
            if let Some(child) = &tool.state.metadata.session_id {
                self.learn_child(child, session);
            }
            if self.is_family(session)
                && let Some(asked) = self.arguments.part(tool)
            {
                let chat_event = self.permission(&asked);
                out(ChatEvent::PermissionAsked(chat_event));
            }
        }
        if self.is_family(session) {
            let part = ChatEvent::Part(parts::part(part, &self.directory));
            self.tell(session, part, out);
        }
    }

    fn session_updated(&mut self, session: Session, out: &mut impl FnMut(ChatEvent)) {
        if session.id == self.root {
            out(ChatEvent::Conversation(parts::conversation(session)));
        } else if let Some(parent) = &session.parent_id {
            self.learn_child(&session.id, parent);
        }
    }

    /// An idle session has no pending requests: after an abort the server lists the turn's requests forever and
    /// sends no more events about them.
    fn status_changed(
        &mut self,
        session: &str,
        status: TurnStatus,
        out: &mut impl FnMut(ChatEvent),
    ) {
        if status == TurnStatus::Idle {
            let over = |asker: &str| asker == session || session == self.root;
            let (gone, kept) = self.waiting.drain(..).partition(|(asker, _)| over(asker));
            self.waiting = kept;
            let gone: Vec<(String, RequestId)> = gone;
            for (_, request) in gone {
                out(match request {
                    RequestId::Permission(id) => ChatEvent::PermissionReplied(id),
                    RequestId::Question(id) => ChatEvent::QuestionReplied(id),
                });
            }
        }
        if session != self.root {
            self.tell(session, ChatEvent::Status(status), out);
        } else if self.status.as_ref() != Some(&status) {
            self.status = Some(status.clone());
            out(ChatEvent::Status(status));
        }
    }

    fn permission(&self, request: &PermissionRequest) -> Permission {
        requests::permission(request, self.arguments.of(request), &self.directory)
    }

    fn request(&mut self, event: Event, out: &mut impl FnMut(ChatEvent)) {
        let (session, chat_event) = match event {
            Event::PermissionAsked(request) => {
                let chat_event = ChatEvent::PermissionAsked(self.permission(&request));
                let session = request.session_id.clone();
                if self.is_family(&session) {
                    self.arguments.asked(request);
                }
                (session, chat_event)
            }
            Event::QuestionAsked(request) => (
                request.session_id.clone(),
                ChatEvent::QuestionAsked(requests::question(request)),
            ),
            Event::PermissionReplied {
                session_id,
                request_id,
            } => (session_id, ChatEvent::PermissionReplied(request_id.into())),
            Event::QuestionReplied {
                session_id,
                request_id,
            } => (session_id, ChatEvent::QuestionReplied(request_id.into())),
            _ => return,
        };
        if !self.is_family(&session) {
            return;
        }
        if let ChatEvent::PermissionReplied(id) = &chat_event {
            self.arguments.replied(id.as_str());
        }
        self.waits(&session, &chat_event);
        self.waiting
            .retain(|(_, waiting)| match (&chat_event, waiting) {
                (ChatEvent::PermissionReplied(id), RequestId::Permission(known)) => id != known,
                (ChatEvent::QuestionReplied(id), RequestId::Question(known)) => id != known,
                _ => true,
            });
        out(chat_event);
    }
}
