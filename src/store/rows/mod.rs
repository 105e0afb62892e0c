//! The JSON of a conversation's rows: messages, parts, conversations, prompts.
//!
//! Stored rows outlive versions: every field has a default, and a name never gets a new meaning. The shapes mirror
//! [`crate::domain::chat`] in types of their own, so that the domain may change freely.

pub(super) mod choice;
mod prompt_part;
pub(super) mod session;
pub(super) mod tool;

pub(super) use prompt_part::PromptPartRow;
use prompt_part::{kind_word, prompt_kind};
use serde::{Deserialize, Serialize};

use crate::domain::chat::{
    Conversation, Message, MessageError, ModelRef, Part, PartKind, RevertPoint, Role, Tokens,
};
use crate::domain::session::Prompt;
use crate::domain::time::UnixMillis;

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct TokensRow {
    input: u64,
    output: u64,
    reasoning: u64,
    cache_read: u64,
    cache_write: u64,
}

impl From<Tokens> for TokensRow {
    fn from(tokens: Tokens) -> Self {
        Self {
            input: tokens.input,
            output: tokens.output,
            reasoning: tokens.reasoning,
            cache_read: tokens.cache_read,
            cache_write: tokens.cache_write,
        }
    }
}

impl From<TokensRow> for Tokens {
    fn from(row: TokensRow) -> Self {
        Self {
            input: row.input,
            output: row.output,
            reasoning: row.reasoning,
            cache_read: row.cache_read,
            cache_write: row.cache_write,
        }
    }
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct ModelRow {
    provider: String,
    model: String,
}

impl From<ModelRef> for ModelRow {
    fn from(ModelRef { provider, model }: ModelRef) -> Self {
        Self { provider, model }
    }
}

impl From<ModelRow> for ModelRef {
    fn from(ModelRow { provider, model }: ModelRow) -> Self {
        Self { provider, model }
    }
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct MessageRow {
    id: String,
    /// A user's message; otherwise the assistant's.
    user: bool,
    parent: Option<String>,
    created: u64,
    completed: Option<u64>,
    agent: Option<String>,
    model: Option<ModelRow>,
    variant: Option<String>,
    /// Name and message.
    error: Option<(String, String)>,
    finish: Option<String>,
    /// JSON has no infinities; they become absent.
    cost: Option<f64>,
    tokens: TokensRow,
    summary: bool,
}

impl From<Message> for MessageRow {
    fn from(message: Message) -> Self {
        Self {
            id: message.id.as_str().to_owned(),
            user: message.role == Role::User,
            parent: message.parent.map(|id| id.as_str().to_owned()),
            created: message.created.0,
            completed: message.completed.map(|at| at.0),
            agent: message.agent,
            model: message.model.map(Into::into),
            variant: message.variant,
            error: message.error.map(|error| (error.name, error.message)),
            finish: message.finish,
            cost: Some(message.cost),
            tokens: message.tokens.into(),
            summary: message.summary,
        }
    }
}

impl From<MessageRow> for Message {
    fn from(row: MessageRow) -> Self {
        Self {
            id: row.id.into(),
            role: if row.user {
                Role::User
            } else {
                Role::Assistant
            },
            parent: row.parent.map(Into::into),
            created: UnixMillis(row.created),
            completed: row.completed.map(UnixMillis),
            agent: row.agent,
            model: row.model.map(Into::into),
            variant: row.variant,
            error: row
                .error
                .map(|(name, message)| MessageError { name, message }),
            finish: row.finish,
            cost: row.cost.unwrap_or(0.0),
            tokens: row.tokens.into(),
            summary: row.summary,
        }
    }
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct PartRow {
    id: String,
    message: String,
    kind: KindRow,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
enum KindRow {
    Text {
        #[serde(default)]
        text: String,
        #[serde(default)]
        synthetic: bool,
        #[serde(default)]
        ended: bool,
    },
    Reasoning {
        #[serde(default)]
        text: String,
        started: Option<u64>,
        ended: Option<u64>,
    },
    Tool(Box<crate::store::rows::tool::ToolRow>),
    File {
        filename: String,
        mime: String,
    },
    Asks {
        agent: String,
        #[serde(default)]
        what: String,
    },
    StepStart,
    StepFinish {
        reason: String,
        cost: Option<f64>,
        #[serde(default)]
        tokens: TokensRow,
    },
    Patch {
        files: Vec<String>,
    },
    Compaction {
        auto: bool,
    },
    Retry {
        attempt: u32,
        message: String,
    },
    Unknown {
        kind: String,
    },
}

impl PartRow {
    /// Returns the text that deltas append to, for parts that have one.
    pub(super) fn text_mut(&mut self) -> Option<&mut String> {
        match &mut self.kind {
            KindRow::Text { text, .. } | KindRow::Reasoning { text, .. } => Some(text),
            _ => None,
        }
    }
}

impl From<Part> for PartRow {
    fn from(part: Part) -> Self {
        Self {
            id: part.id.as_str().to_owned(),
            message: part.message.as_str().to_owned(),
            kind: part.kind.into(),
        }
    }
}

impl From<PartRow> for Part {
    fn from(row: PartRow) -> Self {
        Self {
            id: row.id.into(),
            message: row.message.into(),
            kind: row.kind.into(),
        }
    }
}

impl From<PartKind> for KindRow {
    fn from(kind: PartKind) -> Self {
        match kind {
            PartKind::Text {
                text,
                synthetic,
                ended,
            } => Self::Text {
                text,
                synthetic,
                ended,
            },
            PartKind::Reasoning {
                text,
                started,
                ended,
            } => Self::Reasoning {
                text,
                started: started.map(|at| at.0),
                ended: ended.map(|at| at.0),
            },
            PartKind::Tool(call) => Self::Tool(Box::new((*call).into())),
            PartKind::File { filename, mime } => Self::File { filename, mime },
            PartKind::Asks { agent, what } => Self::Asks { agent, what },
            PartKind::StepStart => Self::StepStart,
            PartKind::StepFinish {
                reason,
                cost,
                tokens,
            } => Self::StepFinish {
                reason,
                cost: Some(cost),
                tokens: tokens.into(),
            },
            PartKind::Patch { files } => Self::Patch { files },
            PartKind::Compaction { auto } => Self::Compaction { auto },
            PartKind::Retry { attempt, message } => Self::Retry { attempt, message },
            PartKind::Unknown { kind } => Self::Unknown { kind },
        }
    }
}

impl From<KindRow> for PartKind {
    fn from(kind: KindRow) -> Self {
        match kind {
            KindRow::Text {
                text,
                synthetic,
                ended,
            } => Self::Text {
                text,
                synthetic,
                ended,
            },
            KindRow::Reasoning {
                text,
                started,
                ended,
            } => Self::Reasoning {
                text,
                started: started.map(UnixMillis),
                ended: ended.map(UnixMillis),
            },
            KindRow::Tool(call) => Self::Tool(Box::new((*call).into())),
            KindRow::File { filename, mime } => Self::File { filename, mime },
            KindRow::Asks { agent, what } => Self::Asks { agent, what },
            KindRow::StepStart => Self::StepStart,
            KindRow::StepFinish {
                reason,
                cost,
                tokens,
            } => Self::StepFinish {
                reason,
                cost: cost.unwrap_or(0.0),
                tokens: tokens.into(),
            },
            KindRow::Patch { files } => Self::Patch { files },
            KindRow::Compaction { auto } => Self::Compaction { auto },
            KindRow::Retry { attempt, message } => Self::Retry { attempt, message },
            KindRow::Unknown { kind } => Self::Unknown { kind },
        }
    }
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct ConversationRow {
    id: String,
    title: String,
    directory: String,
    cost: Option<f64>,
    tokens: TokensRow,
    updated: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    reverted: Option<RevertRow>,
    #[serde(skip_serializing_if = "Option::is_none")]
    shared: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
struct RevertRow {
    message: String,
    part: Option<String>,
}

impl From<Conversation> for ConversationRow {
    fn from(conversation: Conversation) -> Self {
        Self {
            id: conversation.id.as_str().to_owned(),
            title: conversation.title,
            directory: conversation.directory,
            cost: Some(conversation.cost),
            tokens: conversation.tokens.into(),
            updated: conversation.updated.0,
            reverted: conversation.reverted.map(|point| RevertRow {
                message: point.message.as_str().to_owned(),
                part: point.part.map(|part| part.as_str().to_owned()),
            }),
            shared: conversation.shared,
        }
    }
}

impl From<ConversationRow> for Conversation {
    fn from(row: ConversationRow) -> Self {
        Self {
            id: row.id.into(),
            title: row.title,
            directory: row.directory,
            cost: row.cost.unwrap_or(0.0),
            tokens: row.tokens.into(),
            updated: UnixMillis(row.updated),
            reverted: row.reverted.map(|point| RevertPoint {
                message: point.message.into(),
                part: point.part.map(Into::into),
            }),
            shared: row.shared,
        }
    }
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct PromptRow {
    message: String,
    part: String,
    text: String,
    kind: String,
    parts: Vec<PromptPartRow>,
    agent: Option<String>,
    model: Option<ModelRow>,
    variant: Option<String>,
}

impl From<Prompt> for PromptRow {
    fn from(prompt: Prompt) -> Self {
        Self {
            message: prompt.message.as_str().to_owned(),
            part: prompt.part.as_str().to_owned(),
            text: prompt.text,
            kind: kind_word(prompt.kind).to_owned(),
            parts: prompt.parts.into_iter().map(Into::into).collect(),
            agent: prompt.agent,
            model: prompt.model.map(Into::into),
            variant: prompt.variant,
        }
    }
}

impl From<PromptRow> for Prompt {
    fn from(row: PromptRow) -> Self {
        Self {
            message: row.message.into(),
            part: row.part.into(),
            text: row.text,
            kind: prompt_kind(&row.kind),
            parts: row
                .parts
                .into_iter()
                .filter_map(PromptPartRow::part)
                .collect(),
            agent: row.agent,
            model: row.model.map(Into::into),
            variant: row.variant,
        }
    }
}
