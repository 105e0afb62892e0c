//! Maps a session's events to the output of `sandbar run`: pure, so that it is tested without a sandbox.
//!
//! Text of the answer is printed as it grows, each character once, even if a closing update repeats it. The run is
//! over when the turn that our prompt began has ended. An existing session has other turns too: their text and their
//! end are not ours.

use std::collections::{HashMap, HashSet};

use crate::domain::chat::{
    ChatEvent, Message, Part, PartKind, Permission, PermissionReply, Question, QuestionItem,
    QuestionReply, Resync, Role, ToolCall, ToolStatus, TurnStatus,
};
use crate::domain::failure::Failure;
use crate::domain::failure::advice::Advice;
use crate::domain::id::{MessageId, PartId, PermissionId, QuestionId};
use crate::domain::log::LogLine;
use crate::domain::sandbox::{BootEvent, Phase, Stage};
use crate::domain::session::{Prompt, PromptQueue, SessionCommand, SessionEvent};
use crate::text::visible;

/// Appended to a request that cannot be approved.
const UNREADABLE: &str = " (could not be decoded exactly)";

/// What to do next, in order.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum HeadlessOutput {
    /// More of the answer.
    Text(String),
    Phase(String),
    Tool(Box<ToolCall>),
    Asked {
        what: &'static str,
        subject: String,
        allowed: bool,
        /// What answered, if it was not this run.
        by: Option<String>,
    },
    Log(LogLine),
    Command(SessionCommand),
    /// The end; `None` is success.
    Done(Option<Failure>),
}

/// The listener's own state.
#[derive(Debug)]
pub(super) struct Headless {
    auto: bool,
    prompt: MessageId,
    /// Whether there were turns before ours.
    continues: bool,
    /// The sandbox has run since this began: an earlier pause is the one that the prompt ends.
    has_run: bool,
    /// Messages of other turns.
    others: HashSet<MessageId>,
    roles: HashMap<MessageId, Role>,
    /// Bytes of each part that were printed already.
    given: HashMap<PartId, usize>,
    reasoning: HashMap<PartId, bool>,
    tools: HashMap<PartId, ToolStatus>,
    permissions: HashSet<PermissionId>,
    questions: HashSet<QuestionId>,
    turn: TurnProgress,
    refused: Option<Failure>,
    failed: Option<Failure>,
    left: UnfinishedRun,
}

/// The progress of our turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum TurnProgress {
    Before,
    /// The server has our prompt.
    Received,
    /// The server answers it: the next "idle" is its end.
    Began,
}

/// What an ended run leaves behind.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct UnfinishedRun {
    /// The prompt is still in the queue, and is posted when the session is next opened.
    pub(super) prompt: bool,
    /// The prompt was posted: there may be work.
    pub(super) taken: bool,
}

impl Headless {
    /// Listens to a new session.
    pub(super) fn new(auto: bool, prompt: MessageId) -> Self {
        Self {
            auto,
            prompt,
            continues: false,
            has_run: false,
            others: HashSet::new(),
            roles: HashMap::new(),
            given: HashMap::new(),
            reasoning: HashMap::new(),
            tools: HashMap::new(),
            permissions: HashSet::new(),
            questions: HashSet::new(),
            turn: TurnProgress::Before,
            refused: None,
            failed: None,
            left: UnfinishedRun::default(),
        }
    }

    /// Listens to an existing session.
    pub(super) fn continuing(auto: bool, prompt: MessageId) -> Self {
        Self {
            continues: true,
            ..Self::new(auto, prompt)
        }
    }

    pub(super) fn left(&self) -> UnfinishedRun {
        self.left
    }

    pub(super) fn receive(&mut self, event: SessionEvent) -> Vec<HeadlessOutput> {
        if let SessionEvent::Phase(phase) = &event {
            self.has_run |= !matches!(phase, Phase::Dormant | Phase::Paused);
        }
        match event {
            SessionEvent::Boot(boot) => boot_line(boot)
                .map(HeadlessOutput::Phase)
                .into_iter()
                .collect(),
            SessionEvent::Phase(Phase::Failed(failure) | Phase::Gone(failure))
            | SessionEvent::CommandFailed(failure)
            | SessionEvent::CommandRefused { failure, .. } => {
                vec![HeadlessOutput::Done(Some(failure))]
            }
            SessionEvent::Phase(Phase::Paused) if self.has_run => {
                let failure = Failure::new("the sandbox was paused before the turn ended")
                    .detail("its time ran out, or somebody paused it")
                    .advise([Advice::OpenSession]);
                vec![HeadlessOutput::Done(Some(failure))]
            }
            SessionEvent::Phase(Phase::Reconnecting(outage)) => {
                vec![HeadlessOutput::Phase(format!(
                    "reconnecting: {}",
                    outage.reason
                ))]
            }
            SessionEvent::Phase(Phase::Live) => vec![HeadlessOutput::Phase("connected".to_owned())],
            SessionEvent::Logs(lines) => lines.into_iter().map(HeadlessOutput::Log).collect(),
            SessionEvent::Chat(chat) => self.chat(chat),
            SessionEvent::Stopped => {
                vec![HeadlessOutput::Done(Some(Failure::new(
                    "the session ended before its answer",
                )))]
            }
            SessionEvent::Queue(queue) => self.queue(&queue),
            SessionEvent::Answered(answer) => vec![HeadlessOutput::Asked {
                what: "permission",
                subject: answer.asked,
                allowed: answer.allowed,
                by: Some(answer.by.to_string()),
            }],
            SessionEvent::Phase(Phase::Dormant | Phase::Paused | Phase::Booting(_))
            | SessionEvent::Restored { .. }
            | SessionEvent::Auto(_)
            | SessionEvent::Activity(_)
            | SessionEvent::Sandbox(_)
            | SessionEvent::Runs(_)
            | SessionEvent::FilesFound { .. }
            | SessionEvent::Undone(_)
            | SessionEvent::Redone
            | SessionEvent::Conversations(_)
            | SessionEvent::Removed(_)
            | SessionEvent::Server(_)
            | SessionEvent::Snapshot(_)
            | SessionEvent::Revived(_) => Vec::new(),
        }
    }

    /// Nobody is here to release a held queue: if other prompts wait in it, they are not ours to send.
    fn queue(&mut self, queue: &PromptQueue) -> Vec<HeadlessOutput> {
        let is_ours = |prompt: &Prompt| prompt.message == self.prompt;
        let (prompts, was_waiting) = (&queue.waiting, self.left.prompt);
        let is_sent = queue.sent.iter().any(is_ours);
        self.left.prompt = prompts.iter().any(is_ours);
        let was_sent = self.left.taken;
        self.left.taken = !self.left.prompt && (was_waiting || was_sent || is_sent);
        if !queue.held || was_sent || !self.left.prompt {
            return Vec::new();
        }
        if prompts.len() == 1 {
            return vec![HeadlessOutput::Command(SessionCommand::ReleaseQueue)];
        }
        let failure = Failure::new("the queue of this session is on hold")
            .detail(format!("prompts ahead of this one: {}", prompts.len() - 1))
            .hint("open the session in the terminal, and send or remove them");
        vec![HeadlessOutput::Done(Some(failure))]
    }

    fn chat(&mut self, event: ChatEvent) -> Vec<HeadlessOutput> {
        match event {
            ChatEvent::Message(message) => self.message(&message),
            ChatEvent::Part(part) => self.part(part),
            ChatEvent::Delta {
                message,
                part,
                text,
            } => self.delta(&message, part, text),
            ChatEvent::Status(status) => self.status(&status),
            ChatEvent::Resync(resync) => self.resync(*resync),
            ChatEvent::PermissionAsked(permission) => self.permission(permission),
            ChatEvent::QuestionAsked(question) => self.question(question),
            ChatEvent::Error(error) if !error.is_abort() && self.is_ours() => {
                self.failed = Some(Failure::new(error.name).detail(error.message));
                Vec::new()
            }
            _ => Vec::new(),
        }
    }

    fn resync(&mut self, resync: Resync) -> Vec<HeadlessOutput> {
        let mut out = Vec::new();
        for entry in resync.messages {
            out.extend(self.message(&entry.message));
            out.extend(entry.parts.into_iter().flat_map(|part| self.part(part)));
        }
        // Requested before we listened.
        let permissions = resync.permissions.into_iter().flatten();
        out.extend(permissions.flat_map(|permission| self.permission(permission)));
        let questions = resync.questions.into_iter().flatten();
        out.extend(questions.flat_map(|question| self.question(question)));
        out.extend(self.status(&resync.status));
        out
    }

    /// Whether current events belong to our turn.
    fn is_ours(&self) -> bool {
        !self.continues || self.turn > TurnProgress::Before
    }

    fn permission(&mut self, permission: Permission) -> Vec<HeadlessOutput> {
        if !self.permissions.insert(permission.id.clone()) {
            return Vec::new();
        }
        let what = if permission.subject.is_empty() {
            permission.patterns.join(" ")
        } else {
            permission.subject
        };
        let mut subject = format!("{}: {what}", permission.kind);
        if !self.auto && !self.is_ours() {
            return waits_for_somebody("a permission request", &subject);
        }
        let allowed = self.auto && !permission.undecodable;
        if permission.undecodable {
            subject.push_str(UNREADABLE);
        }
        let reply = if allowed {
            PermissionReply::Once
        } else {
            self.refuse(AskedKind::Permission, &subject);
            PermissionReply::Reject { message: None }
        };
        let id = permission.id;
        let command = SessionCommand::ReplyPermission { id, reply };
        Self::asked("permission", (subject, allowed), command)
    }

    /// With `auto` the first option of each is chosen.
    fn question(&mut self, question: Question) -> Vec<HeadlessOutput> {
        if !self.questions.insert(question.id.clone()) {
            return Vec::new();
        }
        let asked = question.items.iter().map(|item| item.question.as_str());
        let mut subject = asked.collect::<Vec<_>>().join("\n");
        if !self.auto && !self.is_ours() {
            return waits_for_somebody("a question", &subject);
        }
        let allowed = self.auto && !question.undecodable;
        if question.undecodable {
            subject.push_str(UNREADABLE);
        }
        let reply = if allowed {
            let first = |item: &QuestionItem| {
                let label = item.options.first().map(|option| option.label.clone());
                label.into_iter().collect()
            };
            QuestionReply::Answer(question.items.iter().map(first).collect())
        } else {
            self.refuse(AskedKind::Question, &subject);
            QuestionReply::Reject
        };
        let id = question.id;
        let command = SessionCommand::ReplyQuestion { id, reply };
        Self::asked("question", (subject, allowed), command)
    }

    fn asked(
        what: &'static str,
        (subject, allowed): (String, bool),
        answer: SessionCommand,
    ) -> Vec<HeadlessOutput> {
        let asked = HeadlessOutput::Asked {
            what,
            subject,
            allowed,
            by: None,
        };
        vec![asked, HeadlessOutput::Command(answer)]
    }

    fn refuse(&mut self, what: AskedKind, subject: &str) {
        self.refused = Some(
            Failure::new(what.refused())
                .detail(visible::one_line(subject))
                .hint(what.hint()),
        );
    }

    fn message(&mut self, message: &Message) -> Vec<HeadlessOutput> {
        if message.id == self.prompt {
            self.turn = self.turn.max(TurnProgress::Received);
            self.left.taken = true;
        } else if message.parent.as_ref() == Some(&self.prompt) {
            self.turn = TurnProgress::Began;
        }
        if !self.is_ours() {
            self.others.insert(message.id.clone());
        }
        if self.others.contains(&message.id) {
            return Vec::new();
        }
        self.roles.insert(message.id.clone(), message.role);
        if message.role == Role::Assistant {
            if let Some(error) = message.error.as_ref().filter(|error| !error.is_abort()) {
                self.failed = Some(Failure::new(error.name.clone()).detail(error.message.clone()));
            } else if message.completed.is_some() {
                self.failed = None;
            }
        }
        Vec::new()
    }

    fn part(&mut self, part: Part) -> Vec<HeadlessOutput> {
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
                    vec![HeadlessOutput::Text(rest)]
                }
            }
            PartKind::Reasoning { .. } => {
                self.reasoning.insert(part.id, true);
                Vec::new()
            }
            PartKind::Tool(call) => {
                let lookup = self.tools.insert(part.id, call.status);
                if lookup == Some(call.status) {
                    Vec::new()
                } else {
                    vec![HeadlessOutput::Tool(call)]
                }
            }
            _ => Vec::new(),
        }
    }

    fn delta(&mut self, message: &MessageId, part: PartId, text: String) -> Vec<HeadlessOutput> {
        let ours = self.roles.get(message) == Some(&Role::Assistant);
        if !ours || self.reasoning.contains_key(&part) {
            return Vec::new();
        }
        *self.given.entry(part).or_default() += text.len();
        vec![HeadlessOutput::Text(text)]
    }

    fn status(&mut self, status: &TurnStatus) -> Vec<HeadlessOutput> {
        if !self.is_ours() {
            return Vec::new();
        }
        match status {
            TurnStatus::Busy => self.turn = TurnProgress::Began,
            TurnStatus::Retry {
                attempt, message, ..
            } => {
                self.turn = TurnProgress::Began;
                return vec![HeadlessOutput::Phase(format!(
                    "attempt {attempt} failed, retrying: {message}"
                ))];
            }
            TurnStatus::Idle
                if self.turn == TurnProgress::Began
                    || self.turn == TurnProgress::Received && self.failed.is_some() =>
            {
                return vec![HeadlessOutput::Done(
                    self.refused.take().or_else(|| self.failed.take()),
                )];
            }
            TurnStatus::Idle => {}
        }
        Vec::new()
    }
}

/// What the agent asked for, and nobody answered.
#[derive(Debug, Clone, Copy)]
enum AskedKind {
    Permission,
    Question,
}

impl AskedKind {
    fn refused(self) -> &'static str {
        match self {
            Self::Permission => "the agent asked for a permission, and nobody was here to answer",
            Self::Question => "the agent asked a question, and nobody was here to answer",
        }
    }

    /// It was rejected already: only another run can be answered.
    fn hint(self) -> &'static str {
        match self {
            Self::Permission => {
                "run it again with --auto, or with --rules and a rule that allows it; or send the prompt in the terminal, where you can answer"
            }
            Self::Question => {
                "run it again with --auto, which chooses the first option; or send the prompt in the terminal, where you can answer"
            }
        }
    }
}

/// Another turn waits for an answer, and ours waits behind it.
fn waits_for_somebody(what: &str, subject: &str) -> Vec<HeadlessOutput> {
    let failure = Failure::new(format!("the session is waiting for an answer to {what}"))
        .detail(subject)
        .hint("answer it in the terminal, or run this with --auto to allow everything");
    vec![HeadlessOutput::Done(Some(failure))]
}

pub(in crate::cli) fn boot_line(boot: BootEvent) -> Option<String> {
    match boot {
        BootEvent::Started { .. } => None,
        BootEvent::Output { stage, line } => Some(format!("{}: {line}", Stage::name(stage))),
        BootEvent::Finished { stage, took } => {
            Some(format!("{} {:.1} s", stage.name(), took.as_secs_f64()))
        }
    }
}

#[cfg(test)]
mod tests;
