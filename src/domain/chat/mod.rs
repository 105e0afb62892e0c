//! A conversation as sandbar shows it: messages, parts, tool calls, permissions, questions.
//!
//! The terms are OpenCode's, the shapes are ours. `session::chat::translate` converts from the wire
//! types. All texts are as the server sent them and may be hostile: drawing strips control
//! sequences, or writes them out where the user approves something. Tool calls are in
//! [`tool_call`].

pub mod catalog;
pub mod question;
pub mod search;
pub mod tool_call;

use super::id::{MessageId, OpencodeSessionId, PartId, PermissionId, QuestionId};
use super::prompt::PromptOffers;
use super::time::UnixMillis;

pub use self::catalog::{Agent, Catalog, Model, ModelAbilities, ModelPrice, ModelRef};
pub use self::question::{QuestionItem, QuestionOption};
pub use self::tool_call::{
    EditKind, FileEdit, FoundFile, ReadCall, SearchCall, ShellCall, TaskCall, Todo, ToolCall,
    ToolDetail, ToolStatus,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    User,
    Assistant,
}

/// A message's header; its parts arrive separately.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    pub id: MessageId,
    pub role: Role,
    /// The prompt that it answers, if the server names it.
    pub parent: Option<MessageId>,
    /// By the server's clock.
    pub created: UnixMillis,
    /// Set when this message is complete; the turn may continue with another one.
    pub completed: Option<UnixMillis>,
    pub agent: Option<String>,
    pub model: Option<ModelRef>,
    /// The model's variant.
    pub variant: Option<String>,
    /// Why the message ended early, if it did.
    pub error: Option<MessageError>,
    /// The model's finish reason: `stop`, `tool-calls`, `length`, `unknown`, …
    pub finish: Option<String>,
    /// US dollars.
    pub cost: f64,
    pub tokens: Tokens,
    /// A summary made by compaction.
    pub summary: bool,
}

/// OpenCode's internal agents, which users cannot choose (1.18.33).
const INTERNAL_AGENTS: [&str; 3] = ["compaction", "title", "summary"];

impl Message {
    /// One of which nothing else is known.
    pub fn new(id: impl Into<MessageId>, role: Role, created: UnixMillis) -> Self {
        Self {
            id: id.into(),
            role,
            parent: None,
            created,
            completed: None,
            agent: None,
            model: None,
            variant: None,
            error: None,
            finish: None,
            cost: 0.0,
            tokens: Tokens::default(),
            summary: false,
        }
    }

    /// Whether OpenCode created it for itself, with an agent and a model of its own choice.
    pub fn is_internal(&self) -> bool {
        let agent = self.agent.as_deref();
        self.summary || agent.is_some_and(|agent| INTERNAL_AGENTS.contains(&agent))
    }

    /// Whether nothing more will be added to it.
    pub fn is_over(&self) -> bool {
        self.completed.is_some() || self.error.is_some()
    }
}

/// An error in a conversation, as the server names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageError {
    /// `APIError`, `MessageAbortedError`, `ProviderAuthError`, …
    pub name: String,
    pub message: String,
}

impl MessageError {
    /// Whether it only says that the user stopped the turn.
    pub fn is_abort(&self) -> bool {
        self.name == "MessageAbortedError"
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tokens {
    pub input: u64,
    pub output: u64,
    pub reasoning: u64,
    pub cache_read: u64,
    pub cache_write: u64,
}

impl Tokens {
    /// All tokens in the model's context after the step.
    pub fn context(&self) -> u64 {
        self.input + self.output + self.reasoning + self.cache_read + self.cache_write
    }
}

/// A piece of a message. `id` is unique in the conversation.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    pub id: PartId,
    pub message: MessageId,
    pub kind: PartKind,
}

impl Part {
    /// A text that no server has put there by itself. One that has not `ended` grows.
    pub fn text(
        message: impl Into<MessageId>,
        id: impl Into<PartId>,
        text: impl Into<String>,
        ended: bool,
    ) -> Self {
        Self {
            id: id.into(),
            message: message.into(),
            kind: PartKind::Text {
                text: text.into(),
                synthetic: false,
                ended,
            },
        }
    }

    /// Whether it has any content.
    pub fn says_something(&self) -> bool {
        match &self.kind {
            PartKind::Text { text, .. } | PartKind::Reasoning { text, .. } => !text.is_empty(),
            PartKind::StepStart => false,
            _ => true,
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
pub enum PartKind {
    /// Markdown. `synthetic` texts come from the server and are not shown as typed by the user.
    Text {
        text: String,
        synthetic: bool,
        ended: bool,
    },
    /// The model's thinking, as markdown.
    Reasoning {
        text: String,
        started: Option<UnixMillis>,
        ended: Option<UnixMillis>,
    },
    Tool(Box<ToolCall>),
    File {
        filename: String,
        mime: String,
    },
    /// An agent that the user asks for help, and with what; empty if the text says it.
    Asks {
        agent: String,
        what: String,
    },
    StepStart,
    StepFinish {
        reason: String,
        cost: f64,
        tokens: Tokens,
    },
    /// The files that a step changed.
    Patch {
        files: Vec<String>,
    },
    Compaction {
        auto: bool,
    },
    /// A failed attempt that the server retries.
    Retry {
        attempt: u32,
        message: String,
    },
    /// A kind that this version does not know, kept by its name.
    Unknown {
        kind: String,
    },
}

/// The agent asks for permission. The turn waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Permission {
    pub id: PermissionId,
    /// The conversation that asks: the session's own, or a sub-agent's.
    pub session: OpencodeSessionId,
    /// `bash`, `edit`, `external_directory`, `webfetch`, …
    pub kind: String,
    /// What it asks for this time.
    pub patterns: Vec<String>,
    /// What "always" would allow, until the server ends.
    pub always: Vec<String>,
    /// The whole command, path or URL; empty if there is none.
    pub subject: String,
    /// A unified diff, for edits.
    pub diff: Option<String>,
    /// Everything else in the request and the call's arguments, by name.
    pub details: Vec<(String, String)>,
    /// It belongs to a call whose arguments are unknown, and does not contain them itself.
    pub lacks_arguments: bool,
    /// It could not be decoded. No one can approve what he cannot read.
    pub undecodable: bool,
    pub call_id: Option<String>,
}

impl Permission {
    /// The request on one line: `bash: cargo publish`, `outside the project: /etc/hosts`.
    pub fn line(&self) -> String {
        let kind = match &*self.kind {
            "external_directory" => "outside the project",
            "doom_loop" => "repeats a call",
            kind => kind,
        };
        format!("{kind}: {}", self.subject)
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PermissionReply {
    Once,
    Always,
    /// With a message, the turn continues and the agent reads it; without one, the turn stops.
    Reject {
        message: Option<String>,
    },
}

/// The agent asks the user to choose. The turn waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    pub id: QuestionId,
    pub session: OpencodeSessionId,
    pub items: Vec<QuestionItem>,
    /// It could not be decoded, and can only be declined.
    pub undecodable: bool,
    pub call_id: Option<String>,
}

impl Question {
    /// The question on one line: `question: Which colour do you want?`.
    pub fn line(&self) -> String {
        let first = self.items.first();
        let words = first.map_or("", |item| match item.question.as_str() {
            "" => item.header.as_str(),
            question => question,
        });
        format!("question: {words}")
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum QuestionReply {
    /// For each item in order, the selected labels or the user's own text.
    Answer(Vec<Vec<String>>),
    /// Stops the turn.
    Reject,
}

/// Whether a turn runs, as the server reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TurnStatus {
    Idle,
    Busy,
    /// The provider failed; the server retries at `next`.
    Retry {
        attempt: u32,
        message: String,
        next: UnixMillis,
    },
}

/// The conversation's header.
#[derive(Debug, Clone, PartialEq)]
pub struct Conversation {
    pub id: OpencodeSessionId,
    pub title: String,
    /// Absolute, on the server's machine.
    pub directory: String,
    /// US dollars.
    pub cost: f64,
    pub tokens: Tokens,
    pub updated: UnixMillis,
    pub reverted: Option<RevertPoint>,
    /// Where anybody can read it.
    pub shared: Option<String>,
}

/// Where the reverted part of a conversation begins. The agent does not know this message and what
/// follows; the next prompt removes them for good, an "unrevert" restores them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevertPoint {
    /// This message and all later ones.
    pub message: MessageId,
    /// Only this part of that message and those after it; `None`: all of it.
    pub part: Option<PartId>,
}

/// An event of a conversation. Applying an event twice is harmless: all are upserts by id, except
/// [`ChatEvent::Delta`], which always follows the part that it extends.
#[derive(Debug, Clone, PartialEq)]
pub enum ChatEvent {
    Conversation(Conversation),
    Status(TurnStatus),
    Message(Message),
    MessageRemoved(MessageId),
    /// The full part; replaces what deltas have built. An unfinished empty text never replaces one
    /// that is not empty: the server does not store streamed text.
    Part(Part),
    PartRemoved {
        message: MessageId,
        part: PartId,
    },
    /// Appends to a text or reasoning part.
    Delta {
        message: MessageId,
        part: PartId,
        text: String,
    },
    PermissionAsked(Permission),
    PermissionReplied(PermissionId),
    QuestionAsked(Question),
    QuestionReplied(QuestionId),
    /// An error of the turn; the turn is over only when the status says so.
    Error(MessageError),
    Todos(Vec<Todo>),
    /// Something in the conversation of a sub-agent, at any depth.
    SubAgent(OpencodeSessionId, Box<ChatEvent>),
    /// How many tools a sub-agent has called, in all its messages.
    SubAgentTools(OpencodeSessionId, usize),
    Catalog(Catalog),
    /// What a prompt can name: commands, agents, resources.
    Offers(Box<PromptOffers>),
    /// What was typed for a prompt whose text the server has made of one of its commands:
    /// `/name arguments`.
    Command {
        prompt: MessageId,
        line: String,
    },
    /// What the server holds, after a connection was established again or for the first time.
    Resync(Box<Resync>),
    /// Older messages, in answer to [`super::session::SessionCommand::LoadOlder`].
    Older {
        page: Vec<MessageWithParts>,
        more: bool,
    },
}

#[derive(Debug, Clone, PartialEq)]
pub struct MessageWithParts {
    pub message: Message,
    /// In the server's order.
    pub parts: Vec<Part>,
}

/// A conversation as fetched. It is merged, and never simply replaces what is known (see
/// [`ChatEvent::Part`]).
#[derive(Debug, Clone, PartialEq)]
pub struct Resync {
    pub conversation: Conversation,
    /// The newest messages, oldest first.
    pub messages: Vec<MessageWithParts>,
    /// Whether there are older messages than these.
    pub more: bool,
    pub status: TurnStatus,
    /// All waiting requests; one that is missing no longer waits. `None` if the server could not
    /// list them.
    pub permissions: Option<Vec<Permission>>,
    pub questions: Option<Vec<Question>>,
    /// Events were lost before this; unfinished texts may have a gap.
    pub after_gap: bool,
}

impl Resync {
    /// Whether the server has all of this prompt.
    pub fn holds(&self, prompt: &MessageId) -> bool {
        let mut messages = self.messages.iter();
        messages.any(|known| known.message.id == *prompt && !known.parts.is_empty())
    }

    /// Whether there is any content of an answer to this prompt. The message alone is not enough:
    /// if the server ended at that moment, the message stays empty.
    pub fn answers(&self, prompt: &MessageId) -> bool {
        let mut after = self.messages.iter();
        after.any(|known| known.message.id == *prompt)
            && after.any(|known| {
                let says = known.message.is_over() || known.parts.iter().any(Part::says_something);
                known.message.role == Role::Assistant && says
            })
    }
}
