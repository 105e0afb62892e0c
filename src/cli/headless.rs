//! What `sandbar run` makes of a session's events: pure, so that it is tested without a sandbox.
//!
//! Text of the answer is given out as it grows, each character once, also when a closing update
//! repeats it. The run is over when the turn that our prompt began has ended.

use std::collections::HashMap;

use crate::domain::chat::{
    ChatEvent, Message, Part, PartKind, Permission, PermissionReply, Question, QuestionItem,
    QuestionReply, Role, Status, ToolCall, ToolStatus,
};
use crate::domain::failure::Failure;
use crate::domain::id::{MessageId, PartId};
use crate::domain::log::LogLine;
use crate::domain::sandbox::{BootEvent, Phase, Stage};
use crate::domain::session::{SessionCommand, SessionEvent};

/// What is to be done next, in order.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Out {
    /// More of the answer.
    Text(String),
    Phase(String),
    Tool(Box<ToolCall>),
    Asked {
        what: &'static str,
        subject: String,
        allowed: bool,
    },
    Log(LogLine),
    Command(SessionCommand),
    /// The end; `None` is success.
    Done(Option<Failure>),
}

/// The listener's own state.
#[derive(Debug, Default)]
pub(super) struct Headless {
    auto: bool,
    prompt: Option<MessageId>,
    roles: HashMap<MessageId, Role>,
    /// Bytes of each part that are out already.
    given: HashMap<PartId, usize>,
    reasoning: HashMap<PartId, bool>,
    tools: HashMap<PartId, ToolStatus>,
    began: bool,
    refused: Option<Failure>,
    failed: Option<Failure>,
    left: Left,
}

/// What a run that ended leaves behind.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Left {
    /// There is something that could be paused or killed.
    pub(super) sandbox: bool,
    /// The prompt is still in the queue, and is sent when somebody opens the session.
    pub(super) prompt: bool,
}

impl Headless {
    pub(super) fn new(auto: bool, prompt: MessageId) -> Self {
        Self {
            auto,
            prompt: Some(prompt),
            ..Self::default()
        }
    }

    pub(super) fn left(&self) -> Left {
        self.left
    }

    pub(super) fn receive(&mut self, event: SessionEvent) -> Vec<Out> {
        match event {
            SessionEvent::Boot(boot) => boot_line(boot).map(Out::Phase).into_iter().collect(),
            SessionEvent::Phase(Phase::Failed(failure) | Phase::Gone(failure)) => {
                vec![Out::Done(Some(failure))]
            }
            SessionEvent::Phase(Phase::Reconnecting(outage)) => {
                vec![Out::Phase(format!("reconnecting: {}", outage.reason))]
            }
            SessionEvent::Phase(phase) => phase_word(&phase)
                .map(|word| Out::Phase(word.to_owned()))
                .into_iter()
                .collect(),
            SessionEvent::Logs(lines) => lines.into_iter().map(Out::Log).collect(),
            SessionEvent::CommandFailed(failure) => vec![Out::Done(Some(failure))],
            SessionEvent::Chat(chat) => self.chat(chat),
            SessionEvent::Stopped => {
                vec![Out::Done(Some(Failure::new(
                    "the session ended before its answer",
                )))]
            }
            SessionEvent::Sandbox(sandbox) => {
                self.left.sandbox = sandbox.id.is_some();
                Vec::new()
            }
            SessionEvent::Queue { prompts, .. } => {
                self.left.prompt = !prompts.is_empty();
                Vec::new()
            }
            SessionEvent::Restored { .. }
            | SessionEvent::Runs(_)
            | SessionEvent::Snapshot(_)
            | SessionEvent::Revived(_) => Vec::new(),
        }
    }

    fn chat(&mut self, event: ChatEvent) -> Vec<Out> {
        match event {
            ChatEvent::Message(message) => self.message(&message),
            ChatEvent::Part(part) => self.part(part),
            ChatEvent::Delta {
                message,
                part,
                text,
            } => self.delta(&message, part, text),
            ChatEvent::Status(status) => self.status(&status),
            ChatEvent::Resync(resync) => {
                let mut out = Vec::new();
                for entry in resync.messages {
                    out.extend(self.message(&entry.message));
                    out.extend(entry.parts.into_iter().flat_map(|part| self.part(part)));
                }
                out.extend(self.status(&resync.status));
                out
            }
            ChatEvent::PermissionAsked(permission) => self.permission(permission),
            ChatEvent::QuestionAsked(question) => self.question(question),
            ChatEvent::Error(error) if !error.is_abort() => {
                self.failed = Some(Failure::new(error.name).because(error.message));
                Vec::new()
            }
            _ => Vec::new(),
        }
    }

    fn permission(&mut self, permission: Permission) -> Vec<Out> {
        let subject = format!("{}: {}", permission.kind, permission.subject);
        let reply = if self.auto {
            PermissionReply::Once
        } else {
            self.refuse("permission", &subject);
            PermissionReply::Reject { message: None }
        };
        let id = permission.id;
        let command = SessionCommand::ReplyPermission { id, reply };
        self.asked("permission", subject, command)
    }

    /// With `auto` the first option of each is chosen.
    fn question(&mut self, question: Question) -> Vec<Out> {
        let subject = question.items.first().map(|item| item.question.clone());
        let subject = subject.unwrap_or_default();
        let reply = if self.auto {
            let first = |item: &QuestionItem| {
                let label = item.options.first().map(|option| option.label.clone());
                label.into_iter().collect()
            };
            QuestionReply::Answer(question.items.iter().map(first).collect())
        } else {
            self.refuse("question", &subject);
            QuestionReply::Reject
        };
        let id = question.id;
        let command = SessionCommand::ReplyQuestion { id, reply };
        self.asked("question", subject, command)
    }

    fn asked(&self, what: &'static str, subject: String, answer: SessionCommand) -> Vec<Out> {
        let allowed = self.auto;
        let asked = Out::Asked {
            what,
            subject,
            allowed,
        };
        vec![asked, Out::Command(answer)]
    }

    fn refuse(&mut self, what: &str, subject: &str) {
        self.refused = Some(
            Failure::new(format!(
                "the agent asked a {what} and nobody is here to answer"
            ))
            .because(subject)
            .hint("run it with --auto to allow everything, or open the session in the terminal"),
        );
    }

    fn message(&mut self, message: &Message) -> Vec<Out> {
        self.roles.insert(message.id.clone(), message.role);
        if message.role == Role::Assistant {
            if let Some(error) = message.error.as_ref().filter(|error| !error.is_abort()) {
                self.failed = Some(Failure::new(error.name.clone()).because(error.message.clone()));
            } else if message.completed.is_some() {
                self.failed = None;
            }
        }
        Vec::new()
    }

    fn part(&mut self, part: Part) -> Vec<Out> {
        if self.roles.get(&part.message) != Some(&Role::Assistant) {
            return Vec::new();
        }
        match part.kind {
            PartKind::Text { text, .. } => {
                let given = self.given.entry(part.id).or_default();
                let rest = text.get(*given..).unwrap_or_default().to_owned();
                *given = (*given).max(text.len());
                if rest.is_empty() {
                    Vec::new()
                } else {
                    vec![Out::Text(rest)]
                }
            }
            PartKind::Reasoning { .. } => {
                self.reasoning.insert(part.id, true);
                Vec::new()
            }
            PartKind::Tool(call) => {
                let known = self.tools.insert(part.id, call.status);
                if known == Some(call.status) {
                    Vec::new()
                } else {
                    vec![Out::Tool(call)]
                }
            }
            _ => Vec::new(),
        }
    }

    fn delta(&mut self, message: &MessageId, part: PartId, text: String) -> Vec<Out> {
        let ours = self.roles.get(message) == Some(&Role::Assistant);
        if !ours || self.reasoning.contains_key(&part) {
            return Vec::new();
        }
        *self.given.entry(part).or_default() += text.len();
        vec![Out::Text(text)]
    }

    fn status(&mut self, status: &Status) -> Vec<Out> {
        match status {
            Status::Busy => self.began |= self.prompt.as_ref().is_some(),
            Status::Retry {
                attempt, message, ..
            } => {
                self.began = true;
                return vec![Out::Phase(format!(
                    "the provider failed, attempt {attempt}: {message}"
                ))];
            }
            Status::Idle if self.began => {
                return vec![Out::Done(
                    self.refused.take().or_else(|| self.failed.take()),
                )];
            }
            Status::Idle => {}
        }
        Vec::new()
    }
}

fn phase_word(phase: &Phase) -> Option<&'static str> {
    match phase {
        Phase::Live => Some("connected"),
        Phase::Paused => Some("paused"),
        _ => None,
    }
}

pub(super) fn boot_line(boot: BootEvent) -> Option<String> {
    match boot {
        BootEvent::Started { .. } => None,
        BootEvent::Output { stage, line } => Some(format!("{}: {line}", Stage::name(stage))),
        BootEvent::Finished { stage, took } => {
            Some(format!("{} {:.1} s", stage.name(), took.as_secs_f64()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::SandboxId;
    use crate::domain::sandbox::{EngineKind, SandboxInfo};

    #[test]
    fn there_is_a_sandbox_once_it_has_an_id() {
        let mut headless = Headless::new(false, MessageId::from("msg_1"));
        let mut sandbox = SandboxInfo {
            engine: EngineKind::E2b,
            id: None,
            template: None,
            opencode_url: None,
            opencode_version: None,
            ends_at: None,
            isolation: None,
            directory: None,
            demo: false,
        };

        headless.receive(SessionEvent::Sandbox(sandbox.clone()));
        assert!(!headless.left().sandbox);

        sandbox.id = Some(SandboxId::from("sbx"));
        headless.receive(SessionEvent::Sandbox(sandbox));
        assert!(headless.left().sandbox);
    }
}
