//! The contract with a session's task: what opens it, what goes in, what comes out.
//!
//! The terminal and the headless commands are two listeners to the same stream; neither is special.

use std::path::PathBuf;

use super::activity::Activity;
use super::chat::{ChatEvent, ModelRef, PartKind, PermissionReply, QuestionReply, TurnStatus};
use super::failure::Failure;
use super::id::{
    MessageId, OpencodeSessionId, PartId, PermissionId, QuestionId, SessionKey, TemplateId,
};
use super::log::LogLine;
use super::sandbox::{BootEvent, Phase, SandboxInfo};
use super::time::UnixMillis;
use super::usage::Usage;

/// How a session is to be opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionSpec {
    pub key: SessionKey,
    pub origin: SessionOrigin,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SessionOrigin {
    /// Makes a sandbox and a conversation.
    New(NewSession),
    /// Takes up what the store knows under the key.
    Stored,
    /// Only connects to a server that somebody else runs.
    Attach {
        url: String,
        session: Option<OpencodeSessionId>,
        credential: CredentialRef,
    },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSession {
    /// Unique among the stored sessions; what `sandbar diff NAME` takes.
    pub name: String,
    pub template: TemplateId,
    pub code: CodeSource,
    pub model: Option<ModelRef>,
    /// Use the scripted demo model.
    pub demo: bool,
}

/// What goes into the sandbox before the agent starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CodeSource {
    /// Nothing: an empty git work tree.
    Empty,
    /// The git work tree around this directory: HEAD, uncommitted changes, untracked files.
    WorkTree(std::path::PathBuf),
    /// A clone of this URL, made inside the sandbox.
    Clone(String),
}

/// Names a secret without holding it; the supervisor resolves it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CredentialRef {
    None,
    /// The value of this environment variable.
    Env(String),
    /// The 0600 file of the session with this key.
    Stored(SessionKey),
}

/// A prompt with the ids that make sending it again harmless.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prompt {
    pub message: MessageId,
    pub part: PartId,
    pub text: String,
    pub agent: Option<String>,
    pub model: Option<ModelRef>,
}

/// The prompts that are not in the conversation yet, as the session's task has them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PromptQueue {
    /// Stored, and sent in their turn; `waiting[0]` is the next.
    pub waiting: Vec<Prompt>,
    /// On their way to the server, oldest first.
    pub sent: Vec<Prompt>,
    /// What waits is sent when the user releases it.
    pub held: bool,
}

/// What a listener may ask of a session's task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SessionCommand {
    /// Queues a prompt. It is stored first, then sent when the prompts before it are answered.
    Prompt(Prompt),
    /// Sends a queued prompt at once, also while the agent works.
    SendNow(MessageId),
    /// Takes a prompt out of the queue, to be edited or dropped.
    Unqueue(MessageId),
    /// Lets a held queue go on.
    ReleaseQueue,
    /// Stops the running turn and holds the queue.
    Abort,
    ReplyPermission {
        id: PermissionId,
        reply: PermissionReply,
    },
    ReplyQuestion {
        id: QuestionId,
        reply: QuestionReply,
    },
    /// Fetches the page of messages before the oldest known one.
    LoadOlder,
    /// Tries now what is waiting for its next attempt, or failed: the boot, the connection, and
    /// OpenCode itself where its process has ended.
    Retry,
    /// Gives up the connection for a new one: it may be dead and not know it.
    Reconnect,
    /// Stores the text that stands unsent in the composer.
    SaveDraft(String),
    /// Lets the sandbox live on, as long from now as one does that was just used.
    Extend,
    /// Boots the session from this template instead of its own, in a new sandbox. Refused once it has a
    /// conversation; until then the sandbox holds nothing that is not made again, and is killed.
    UseTemplate(TemplateId),
    /// Makes a gone session go on in a new sandbox, as its last snapshot has it. Taken while the
    /// session is gone, or not known to be.
    Revive,
    Pause,
    Kill,
}

/// What becomes of the sandbox when its session is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CloseAction {
    /// The followers are dropped; the sandbox runs on.
    Detach,
    Pause,
    Kill,
}

/// What a session's task tells its listeners.
#[derive(Debug, Clone, PartialEq)]
pub enum SessionEvent {
    /// What the store knows, first of all when a stored session is opened. The transcript follows
    /// as [`ChatEvent`]s.
    Restored {
        draft: String,
    },
    Sandbox(SandboxInfo),
    /// What its server says of a session that is watched and not open.
    Activity(Activity),
    Boot(BootEvent),
    Phase(Phase),
    Chat(ChatEvent),
    /// In order; never empty.
    Logs(Vec<LogLine>),
    /// The whole queue, once the session is restored and after each change.
    Queue(PromptQueue),
    /// What was kept last in case that the sandbox goes; `None`: nothing yet.
    Snapshot(Option<SnapshotInfo>),
    /// How long the session's sandboxes ran and how large they were, where somebody pays for them.
    Runs(Usage),
    /// The session goes on in a new sandbox.
    Revived(Revival),
    /// A command failed; nothing that was typed is lost: a prompt is back in the queue, held.
    CommandFailed(Failure),
    /// The session's task was not given this command.
    CommandRefused {
        command: SessionCommand,
        failure: Failure,
    },
    /// The last event.
    Stopped,
}

impl SessionEvent {
    /// Why a command failed, where the user is to hear of it. A draft that was refused is offered again.
    pub fn failed_command(&self) -> Option<&Failure> {
        match self {
            Self::CommandRefused {
                command: SessionCommand::SaveDraft(_),
                ..
            } => None,
            Self::CommandFailed(failure) | Self::CommandRefused { failure, .. } => Some(failure),
            _ => None,
        }
    }

    /// Whether somebody who looks at the session waits for this: the conversation itself, a request, the
    /// end of a text or of a turn. Nothing need follow it soon.
    pub fn is_awaited(&self) -> bool {
        let Self::Chat(event) = self else {
            return false;
        };
        match event {
            ChatEvent::Resync(_)
            | ChatEvent::PermissionAsked(_)
            | ChatEvent::QuestionAsked(_)
            | ChatEvent::Status(TurnStatus::Idle) => true,
            ChatEvent::Message(message) => message.is_over(),
            ChatEvent::Part(part) => matches!(part.kind, PartKind::Text { ended: true, .. }),
            _ => false,
        }
    }
}

/// What a session's last snapshot holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnapshotInfo {
    /// When the conversation was like this.
    pub at: UnixMillis,
    /// When the code was like this; `None` where the code is not in it.
    pub code_at: Option<UnixMillis>,
    /// The newest prompt in it.
    pub last_prompt: Option<MessageId>,
}

impl SnapshotInfo {
    /// How many of the prompts are not in it; `prompts` are those that are known, the newest first.
    /// None where its last one is not among them: then nobody can say.
    pub fn missing<'a>(&self, mut prompts: impl Iterator<Item = &'a MessageId>) -> usize {
        match &self.last_prompt {
            Some(last) => prompts.position(|prompt| prompt == last).unwrap_or(0),
            None => prompts.count(),
        }
    }
}

/// How a gone session came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revival {
    /// What it was made from.
    pub snapshot: SnapshotInfo,
    /// Prompts that were not in the snapshot; they wait in the queue again.
    pub missing: usize,
}

/// A row of the list, as the store has it.
#[derive(Debug, Clone, PartialEq)]
pub struct SessionSummary {
    pub key: SessionKey,
    pub name: String,
    /// OpenCode's title, empty before the first turn.
    pub title: String,
    pub sandbox: SandboxInfo,
    pub opencode_session: Option<OpencodeSessionId>,
    pub phase: Phase,
    /// Where it was begun: the root of the git work tree around the directory, else the directory
    /// itself, as a canonical path. `None`: nobody knows.
    pub project: Option<PathBuf>,
    /// When it was last on the screen of a terminal.
    pub shown: Option<UnixMillis>,
    pub created: UnixMillis,
    pub updated: UnixMillis,
}
