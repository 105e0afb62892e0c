//! Parts of messages.
//!
//! Source: `Part` and `ToolState` of the server's OpenAPI document, 1.18.33; the metadata of each tool was observed.
//! Parsed flat first, then by kind: a tool's output may be 50 KB and is repeated with each update, so nothing is
//! buffered on the way.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::error_info::ErrorInfo;
use super::lenient;
use super::session::{Times, Tokens};
pub use super::tool_metadata::ToolMetadata;

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(from = "RawPart")]
pub struct Part {
    pub id: String,
    pub message_id: String,
    pub body: PartBody,
}

#[derive(Debug, Clone, PartialEq)]
pub enum PartBody {
    /// While it grows the server stores `""`; the closing update has the whole text.
    Text {
        text: String,
        synthetic: bool,
        time: Option<Times>,
    },
    Reasoning {
        text: String,
        time: Option<Times>,
    },
    Tool(Box<ToolPart>),
    File {
        mime: String,
        filename: Option<String>,
        /// `data:`, `file:`, or what an MCP server names.
        url: String,
        source: Option<PartSource>,
    },
    /// A mention of an agent in a user's text.
    Agent {
        name: String,
        source: Option<PartSource>,
    },
    /// Work for a sub-agent, as a command asks for it.
    Subtask {
        agent: String,
        description: String,
    },
    StepStart,
    StepFinish {
        reason: String,
        cost: f64,
        tokens: Tokens,
    },
    Patch {
        files: Vec<String>,
    },
    Compaction {
        auto: bool,
    },
    Retry {
        attempt: u32,
        error: ErrorInfo,
    },
    /// Any other kind, by its name.
    Unknown(String),
}

/// What a file or an agent stands for in the user's text: of a file `text` says where, of an agent the object itself.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct PartSource {
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub path: String,
    /// The MCP server of a resource.
    #[serde(
        default,
        rename = "clientName",
        deserialize_with = "lenient::or_default"
    )]
    pub client_name: String,
    #[serde(default, deserialize_with = "lenient::option")]
    pub text: Option<SourceSpan>,
    #[serde(default, deserialize_with = "lenient::whole")]
    pub start: u64,
    #[serde(default, deserialize_with = "lenient::whole")]
    pub end: u64,
}

/// A piece of a text in UTF-16 code units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
pub struct SourceSpan {
    #[serde(default, deserialize_with = "lenient::whole")]
    pub start: u64,
    #[serde(default, deserialize_with = "lenient::whole")]
    pub end: u64,
}

impl PartSource {
    /// Where the text names it.
    pub fn span(&self) -> SourceSpan {
        self.text.unwrap_or(SourceSpan {
            start: self.start,
            end: self.end,
        })
    }
}

impl PartBody {
    /// Whether it has content.
    pub fn says_something(&self) -> bool {
        match self {
            Self::Text { text, .. } | Self::Reasoning { text, .. } => !text.is_empty(),
            Self::StepStart => false,
            _ => true,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Default)]
pub struct ToolPart {
    pub tool: String,
    pub call_id: String,
    pub state: ToolState,
}

/// `pending` → `running` (repeated) → `completed` or `error`.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
pub struct ToolState {
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub status: String,
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub input: Input,
    #[serde(default, deserialize_with = "lenient::option")]
    pub output: Option<String>,
    #[serde(default, deserialize_with = "lenient::option")]
    pub title: Option<String>,
    #[serde(default, deserialize_with = "lenient::option")]
    pub error: Option<String>,
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub metadata: ToolMetadata,
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub time: Times,
}

/// A tool's arguments in the model's order: strings as they are, other values as JSON text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Input(pub Vec<(String, String)>);

impl Input {
    /// Returns the argument called `name`.
    pub fn value(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    }
}

impl<'de> Deserialize<'de> for Input {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(InputVisitor)
    }
}

struct InputVisitor;

impl<'de> Visitor<'de> for InputVisitor {
    type Value = Input;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the arguments of a tool")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Input, A::Error> {
        let mut arguments = Vec::new();
        while let Some((name, value)) = map.next_entry::<String, Box<RawValue>>()? {
            let value = serde_json::from_str::<String>(value.get())
                .unwrap_or_else(|_| value.get().to_owned());
            arguments.push((name, value));
        }
        Ok(Input(arguments))
    }
}

/// All fields of all kinds side by side.
#[derive(Deserialize)]
struct RawPart {
    id: String,
    #[serde(
        default,
        rename = "messageID",
        deserialize_with = "lenient::or_default"
    )]
    message_id: String,
    #[serde(default, rename = "type", deserialize_with = "lenient::or_default")]
    kind: String,
    #[serde(default, deserialize_with = "lenient::or_default")]
    text: String,
    #[serde(default, deserialize_with = "lenient::or_default")]
    synthetic: bool,
    #[serde(default, deserialize_with = "lenient::option")]
    time: Option<Times>,
    #[serde(default, deserialize_with = "lenient::or_default")]
    tool: String,
    #[serde(default, rename = "callID", deserialize_with = "lenient::or_default")]
    call_id: String,
    #[serde(default, deserialize_with = "lenient::or_default")]
    state: ToolState,
    #[serde(default, deserialize_with = "lenient::or_default")]
    mime: String,
    #[serde(default, deserialize_with = "lenient::option")]
    filename: Option<String>,
    #[serde(default, deserialize_with = "lenient::or_default")]
    url: String,
    #[serde(default, deserialize_with = "lenient::option")]
    source: Option<PartSource>,
    #[serde(default, deserialize_with = "lenient::or_default")]
    name: String,
    #[serde(default, deserialize_with = "lenient::or_default")]
    agent: String,
    #[serde(default, deserialize_with = "lenient::or_default")]
    description: String,
    #[serde(default, deserialize_with = "lenient::or_default")]
    reason: String,
    #[serde(default, deserialize_with = "lenient::or_default")]
    cost: f64,
    #[serde(default, deserialize_with = "lenient::or_default")]
    tokens: Tokens,
    #[serde(default, deserialize_with = "lenient::list")]
    files: Vec<String>,
    #[serde(default, deserialize_with = "lenient::or_default")]
    auto: bool,
    #[serde(default, deserialize_with = "lenient::or_default")]
    attempt: u32,
    #[serde(default, deserialize_with = "lenient::or_default")]
    error: ErrorInfo,
}

impl From<RawPart> for Part {
    fn from(raw: RawPart) -> Self {
        let body = match raw.kind.as_str() {
            "text" => PartBody::Text {
                text: raw.text,
                synthetic: raw.synthetic,
                time: raw.time,
            },
            "reasoning" => PartBody::Reasoning {
                text: raw.text,
                time: raw.time,
            },
            "tool" => PartBody::Tool(Box::new(ToolPart {
                tool: raw.tool,
                call_id: raw.call_id,
                state: raw.state,
            })),
            "file" => PartBody::File {
                mime: raw.mime,
                filename: raw.filename,
                url: raw.url,
                source: raw.source,
            },
            "agent" => PartBody::Agent {
                name: raw.name,
                source: raw.source,
            },
            "subtask" => PartBody::Subtask {
                agent: raw.agent,
                description: raw.description,
            },
            "step-start" => PartBody::StepStart,
            "step-finish" => PartBody::StepFinish {
                reason: raw.reason,
                cost: raw.cost,
                tokens: raw.tokens,
            },
            "patch" => PartBody::Patch { files: raw.files },
            "compaction" => PartBody::Compaction { auto: raw.auto },
            "retry" => PartBody::Retry {
                attempt: raw.attempt,
                error: raw.error,
            },
            _ => PartBody::Unknown(raw.kind),
        };
        Self {
            id: raw.id,
            message_id: raw.message_id,
            body,
        }
    }
}
