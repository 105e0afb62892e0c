//! The interface of a session's task: how it is opened, its commands, its events.
//!
//! The terminal and the headless commands are two listeners of the same stream; neither is special.
//! [`activity`] is what a session does that is not open, [`notification`] what the user is told outside
//! the screen.

pub mod activity;
pub mod notification;
pub mod text_search;

use std::path::PathBuf;

use super::chat::{
    ChatEvent, Conversation, MessageWithParts, ModelRef, PartKind, PermissionReply, QuestionReply,
    TurnStatus,
};
use super::failure::Failure;
use super::id::{
    MessageId, OpencodeSessionId, PartId, PermissionId, QuestionId, SessionKey, TemplateId,
};
use super::log::LogLine;
use super::preferences::PromptChoice;
use super::prompt::{Attachment, LocalFile, PromptKind, PromptPart};
use super::rule::{AutomaticAnswer, Rule};
use super::sandbox::usage::Usage;
use super::sandbox::{BootEvent, Phase, SandboxInfo};
use super::secret::SecretText;
use super::server::{ServerAnswer, ServerCommand};
use super::time::UnixMillis;
use activity::Activity;

/// How to open a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionSpec {
    pub key: SessionKey,
    pub origin: SessionOrigin,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SessionOrigin {
    /// Creates a sandbox and a conversation.
    New(NewSession),
    /// Continues what the store has under the key.
    Stored,
    /// Only connects to a server that someone else runs.
    Attach {
        url: String,
        session: Option<OpencodeSessionId>,
        credential: CredentialRef,
    },
}

impl SessionOrigin {
    /// The same server with this conversation; anything else stays as it is.
    #[must_use]
    pub fn with(&self, conversation: OpencodeSessionId) -> Self {
        match self {
            Self::Attach {
                url, credential, ..
            } => Self::Attach {
                url: url.clone(),
                session: Some(conversation),
                credential: credential.clone(),
            },
            other => other.clone(),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSession {
    /// Unique among the stored sessions; the argument of `sandbar diff NAME`.
    pub name: String,
    pub template: TemplateId,
    pub code: CodeSource,
    pub model: Option<ModelRef>,
    /// Use the scripted demo model.
    pub demo: bool,
}

/// The code that is copied into the sandbox before the agent starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CodeSource {
    /// Nothing: an empty git work tree.
    Empty,
    /// The git work tree around this directory: HEAD, uncommitted changes, untracked files.
    WorkTree(std::path::PathBuf),
    /// A clone of this URL, made inside the sandbox.
    Clone(String),
}

/// Refers to a secret without holding it; the supervisor resolves it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CredentialRef {
    None,
    /// The value of this environment variable.
    Env(String),
    /// The 0600 file of the session with this key.
    Stored(SessionKey),
}

/// A prompt with ids that make sending it twice harmless.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prompt {
    pub message: MessageId,
    pub part: PartId,
    /// As typed, with the mark of its kind.
    pub text: String,
    pub kind: PromptKind,
    /// What goes with the text.
    pub parts: Vec<PromptPart>,
    pub agent: Option<String>,
    pub model: Option<ModelRef>,
    /// How much the model thinks, by one of the names that the catalog has for it.
    pub variant: Option<String>,
}

/// The prompts that are not in the conversation yet, as the session's task has them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PromptQueue {
    /// Stored, to be sent one after the other; `waiting[0]` is the next.
    pub waiting: Vec<Prompt>,
    /// On their way to the server, oldest first.
    pub sent: Vec<Prompt>,
    /// The waiting prompts are sent only when the user releases them.
    pub held: bool,
}

/// The commands to a session's task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SessionCommand {
    /// Queues a prompt. It is stored first, then sent when the prompts before it are answered.
    Prompt(Prompt),
    /// Sends a queued prompt at once, even while the agent works.
    SendNow(MessageId),
    /// Removes a prompt from the queue, to be edited or dropped.
    Unqueue(MessageId),
    /// Releases a held queue.
    ReleaseQueue,
    /// Stops the running turn and holds the queue.
    Abort,
    /// Undoes this prompt and all that follows it, with the files that the turns changed: stops a
    /// running turn first. It may also be later than what is undone already. Answered by
    /// [`SessionEvent::Undone`].
    Undo(MessageId),
    /// Brings everything back that is undone; answered by [`SessionEvent::Redone`].
    Redo,
    /// Answered by [`SessionEvent::Conversations`].
    Conversations(ConversationCommand),
    /// Answered by [`SessionEvent::Server`].
    Server(ServerCommand),
    ReplyPermission {
        id: PermissionId,
        reply: PermissionReply,
    },
    ReplyQuestion {
        id: QuestionId,
        reply: QuestionReply,
    },
    /// Keeps these rules, and answers by them what waits. Their project is filled in: only the
    /// session's task knows it.
    AddRules {
        rules: Vec<Rule>,
        /// Only for the project of this session.
        here: bool,
    },
    /// Switches auto mode, which allows what no rule denies.
    SetAuto(bool),
    /// Fetches the page of messages before the oldest known one.
    LoadOlder,
    /// Fetches the conversation of a sub-agent; answered by [`ChatEvent::SubAgent`] while there is
    /// a connection.
    LoadSubAgent(OpencodeSessionId),
    /// Counts the tools that a sub-agent has called; answered by [`ChatEvent::SubAgentTools`] while
    /// there is a connection.
    CountTools(OpencodeSessionId),
    /// Looks for the sandbox's files by a part of their path; answered by
    /// [`SessionEvent::FilesFound`] while there is a connection.
    FindFiles(String),
    /// Retries now what waits for its next attempt, or failed: the boot, the connection, and
    /// OpenCode itself if its process has ended.
    Retry,
    /// Connects with this password, in the place of what the credential refers to.
    UsePassword(CredentialRef, SecretText),
    /// Replaces the connection: it may be dead without knowing it.
    Reconnect,
    /// Stores the unsent text of the composer.
    SaveDraft(String),
    /// Stores what the next prompts are answered by.
    SaveChoice(PromptChoice),
    /// Resets the sandbox's remaining time to its full length.
    Extend,
    /// Boots the session from this template instead of its own, in a new sandbox. Refused once the
    /// session has a conversation; until then, everything in the sandbox can be created again, so
    /// it is killed.
    UseTemplate(TemplateId),
    /// Continues a gone session in a new sandbox, from its last snapshot. Accepted while the
    /// session is gone, or its state is unknown.
    Revive,
    Pause,
    Kill,
}

/// What the store has of the composer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StoredComposer {
    /// The unsent text.
    pub draft: String,
    /// Prompts that were put aside, the oldest first.
    pub stashes: Vec<Prompt>,
    /// The files in the unsent text, the oldest first.
    pub files: Vec<DraftFile>,
    /// What was named in prompts, by its text with the `@`.
    pub mentions: Vec<(String, Attachment)>,
    /// What was typed for prompts whose text the server has made of its commands.
    pub commands: Vec<(MessageId, String)>,
}

/// A file of this machine in an unsent text, which names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DraftFile {
    pub id: PartId,
    pub file: LocalFile,
}

/// A change of what the composer holds besides the draft.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ComposerChange {
    /// A prompt is put aside.
    Stash(Box<Prompt>),
    /// It is brought back.
    Unstash(MessageId),
    /// A text with an `@` names this.
    Mention(String, Attachment),
    /// A file is in the unsent text.
    AttachFile(DraftFile),
    /// It is there no more.
    DetachFile(PartId),
}

/// A request about conversations. Each is answered by a [`ConversationAnswer`] or a failure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConversationCommand {
    /// Lists all conversations but those of sub-agents.
    List,
    /// Opens a conversation of the list in a session of its own with this key.
    Open {
        conversation: OpencodeSessionId,
        key: SessionKey,
    },
    /// Begins an empty conversation, in a session with this key.
    New {
        key: SessionKey,
    },
    /// Copies the conversation into a new one, in a session with this key.
    Fork {
        /// Without this message and all later ones; of a prompt the text comes with the answer.
        before: Option<MessageId>,
        key: SessionKey,
    },
    Rename {
        conversation: OpencodeSessionId,
        title: String,
    },
    Delete(OpencodeSessionId),
    /// Replaces what the agent knows of the conversation by a summary that this model writes.
    Compact(ModelRef),
    /// Returns all of the conversation, to be written in this format.
    Export(ExportFormat),
    /// Publishes the conversation under an address that anybody can read.
    Share,
    Unshare,
}

/// The answer to a [`ConversationCommand`].
#[derive(Debug, Clone, PartialEq)]
pub enum ConversationAnswer {
    /// Last used first.
    Listed(Vec<ListedConversation>),
    /// A conversation that has a session of its own from now on.
    Beside(Box<ConversationBeside>),
    Renamed,
    Deleted(OpencodeSessionId),
    Compacted,
    Exported(Box<ExportedConversation>),
    /// The address; `None`: it is shared no more.
    Shared(Option<String>),
}

/// A row of a server's list of conversations.
#[derive(Debug, Clone, PartialEq)]
pub struct ListedConversation {
    pub conversation: Conversation,
    /// `None`: it is not known.
    pub activity: Option<Activity>,
}

/// How a conversation leaves the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExportFormat {
    Markdown,
    /// What `opencode import` reads.
    Json,
    Html,
    /// As Markdown, to the clipboard.
    Clipboard,
}

impl ExportFormat {
    pub const ALL: [Self; 4] = [Self::Markdown, Self::Json, Self::Html, Self::Clipboard];

    pub fn what(self) -> &'static str {
        match self {
            Self::Markdown => "Markdown file",
            Self::Json => "JSON file, which opencode import reads",
            Self::Html => "HTML file",
            Self::Clipboard => "copy all of it as Markdown",
        }
    }

    /// The ending of the file's name; `None`: there is no file.
    pub fn ending(self) -> Option<&'static str> {
        match self {
            Self::Markdown => Some("md"),
            Self::Json => Some("json"),
            Self::Html => Some("html"),
            Self::Clipboard => None,
        }
    }
}

/// All of a conversation.
#[derive(Debug, Clone, PartialEq)]
pub struct ExportedConversation {
    pub format: ExportFormat,
    pub conversation: Conversation,
    pub messages: Vec<MessageWithParts>,
    /// As the server has it.
    pub json: String,
}

/// A session for another conversation of the same server.
#[derive(Debug, Clone, PartialEq)]
pub struct ConversationBeside {
    pub key: SessionKey,
    pub conversation: OpencodeSessionId,
    /// Its row in the list; `None` where sessions are not stored.
    pub stored: Option<SessionSummary>,
    /// The prompt before which it was forked.
    pub prompt: Option<Prompt>,
}

/// What happens to the sandbox when its session is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CloseAction {
    /// The followers stop; the sandbox keeps running.
    Detach,
    Pause,
    Kill,
}

/// The events of a session's task.
#[derive(Debug, Clone, PartialEq)]
pub enum SessionEvent {
    /// The stored state, sent first when a stored session is opened. The transcript follows as
    /// [`ChatEvent`]s.
    Restored {
        composer: StoredComposer,
        choice: PromptChoice,
    },
    Sandbox(SandboxInfo),
    /// The server's report about a watched session that is not open.
    Activity(Activity),
    Boot(BootEvent),
    Phase(Phase),
    Chat(ChatEvent),
    /// In order; never empty.
    Logs(Vec<LogLine>),
    /// The whole queue, once the session is restored and after each change.
    Queue(PromptQueue),
    /// The files of [`SessionCommand::FindFiles`], relative to the conversation's directory;
    /// directories end with a slash.
    FilesFound {
        query: String,
        paths: Vec<String>,
    },
    /// Whether auto mode is on; sent when it changes, and at first if it is.
    Auto(bool),
    /// A permission was answered without the user; the log says so too.
    Answered(AutomaticAnswer),
    /// The answer to [`SessionCommand::Undo`]: the undone prompt as the server has it, with the
    /// text that a command was expanded to.
    Undone(Box<Prompt>),
    /// The answer to [`SessionCommand::Redo`].
    Redone,
    /// The answer to [`SessionCommand::Conversations`].
    Conversations(ConversationAnswer),
    /// The answer to [`SessionCommand::Server`]; MCP servers are also told unasked.
    Server(ServerAnswer),
    /// The newest snapshot, in case the sandbox is lost; `None`: there is none yet.
    Snapshot(Option<SnapshotInfo>),
    /// How long the session's sandboxes ran and how large they were, if they cost money.
    Runs(Usage),
    /// The session continues in a new sandbox.
    Revived(Revival),
    /// A command failed, but no typed text is lost: a prompt is back in the queue, held.
    CommandFailed(Failure),
    /// The session's task did not receive this command.
    CommandRefused {
        command: SessionCommand,
        failure: Failure,
    },
    /// The session was deleted for good, or why it was not.
    Removed(Result<(), Failure>),
    /// The last event.
    Stopped,
}

impl SessionEvent {
    /// Why a command failed, if the user needs to know. A refused draft is saved again anyway.
    pub fn failed_command(&self) -> Option<&Failure> {
        match self {
            Self::CommandRefused {
                command:
                    SessionCommand::SaveDraft(_)
                    | SessionCommand::SaveChoice(_)
                    | SessionCommand::FindFiles(_)
                    | SessionCommand::LoadSubAgent(_)
                    | SessionCommand::CountTools(_),
                ..
            } => None,
            Self::CommandFailed(failure) | Self::CommandRefused { failure, .. } => Some(failure),
            _ => None,
        }
    }

    /// Whether a user who watches the session waits for this: the conversation itself, a request,
    /// the end of a text or of a turn. Nothing may follow it for a while.
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

/// The content of a session's last snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnapshotInfo {
    /// The time of the conversation in it.
    pub at: UnixMillis,
    /// The time of the code in it; `None` if it has no code.
    pub code_at: Option<UnixMillis>,
    /// The newest prompt in it.
    pub last_prompt: Option<MessageId>,
    /// What its code has changed; `None` if that is unknown.
    pub changed: Option<ChangedLines>,
}

/// The size of the work since the session began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ChangedLines {
    pub added: u64,
    pub removed: u64,
}

impl SnapshotInfo {
    /// How many of the prompts are not in it; `prompts` are the known ones, newest first. Returns 0
    /// if its last prompt is not among them, because the number is then unknown.
    pub fn missing<'a>(&self, mut prompts: impl Iterator<Item = &'a MessageId>) -> usize {
        match &self.last_prompt {
            Some(last) => prompts.position(|prompt| prompt == last).unwrap_or(0),
            None => prompts.count(),
        }
    }
}

/// The result of reviving a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revival {
    /// The snapshot it was revived from.
    pub snapshot: SnapshotInfo,
    /// Prompts that were not in the snapshot; they wait in the queue again.
    pub missing: usize,
}

/// What the list notes of a session: where the user wants it, and whether he has seen its news.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListPlace {
    Pinned(bool),
    Archived(bool),
    Unread(bool),
}

/// A row of the list, as stored.
#[derive(Debug, Clone, PartialEq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a property of its own"
)]
pub struct SessionSummary {
    pub key: SessionKey,
    pub name: String,
    /// OpenCode's title, empty before the first turn.
    pub title: String,
    pub sandbox: SandboxInfo,
    pub opencode_session: Option<OpencodeSessionId>,
    pub phase: Phase,
    /// Where it was created: the root of the git work tree around the directory, or else the
    /// directory itself, as a canonical path. `None` if it is unknown.
    pub project: Option<PathBuf>,
    /// When it was last shown on a terminal.
    pub shown: Option<UnixMillis>,
    /// Auto mode is on.
    pub auto: bool,
    /// It stands before the others of its group in the list.
    pub pinned: bool,
    /// Something has happened in it since it was on a screen last.
    pub unread: bool,
    /// It stands behind the row that counts what is out of the way, unless it needs the user or works.
    pub archived: bool,
    /// What its answers cost, in US dollars.
    pub cost: f64,
    /// The size of its work at the end of the last turn, as far as it is known.
    pub changed: Option<ChangedLines>,
    pub created: UnixMillis,
    pub updated: UnixMillis,
}
