//! Messages and the prompt.
//!
//! Source: `UserMessage`, `AssistantMessage` and the body of `prompt_async` in the server's OpenAPI
//! document, 1.18.33. A naming trap: messages and prompts say `modelID`, sessions say `id`.

use serde::de::{DeserializeOwned, Deserializer};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::error_info::ErrorInfo;
use super::lenient;
use super::part::Part;
use super::session::{Times, Tokens};
use super::surrogates::repair_bytes;

/// A message's header.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
pub struct Message {
    pub id: String,
    #[serde(
        default,
        rename = "sessionID",
        deserialize_with = "lenient::or_default"
    )]
    pub session_id: String,
    /// `user` or `assistant`.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub role: String,
    /// Of an assistant's message: the user's message that it answers.
    #[serde(default, rename = "parentID", deserialize_with = "lenient::option")]
    pub parent_id: Option<String>,
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub time: Times,
    #[serde(default, deserialize_with = "lenient::option")]
    pub agent: Option<String>,
    /// Of a user's message.
    #[serde(default, deserialize_with = "lenient::option")]
    pub model: Option<MessageModel>,
    /// Of an assistant's message.
    #[serde(default, rename = "providerID", deserialize_with = "lenient::option")]
    pub provider_id: Option<String>,
    /// Of an assistant's message.
    #[serde(default, rename = "modelID", deserialize_with = "lenient::option")]
    pub model_id: Option<String>,
    /// Of an assistant's message.
    #[serde(default, deserialize_with = "lenient::option")]
    pub variant: Option<String>,
    #[serde(default, deserialize_with = "lenient::option")]
    pub error: Option<ErrorInfo>,
    #[serde(default, deserialize_with = "lenient::option")]
    pub finish: Option<String>,
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub cost: f64,
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub tokens: Tokens,
    /// `true` for a compaction's answer. User messages have an object of this name: `false`.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub summary: bool,
}

impl Message {
    /// Whether nothing will be added to it any more.
    pub fn is_over(&self) -> bool {
        self.time.completed.is_some() || self.error.is_some()
    }
}

/// An element of `GET /session/{id}/message`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct MessageWithParts {
    pub info: Message,
    #[serde(default, deserialize_with = "lenient::list")]
    pub parts: Vec<Part>,
}

/// A page of messages, ascending in time.
#[derive(Debug, Clone, PartialEq)]
pub struct MessagePage {
    pub messages: Vec<MessageWithParts>,
    /// Opaque; fetches the page before this one. `None` if this is the oldest.
    pub older: Option<String>,
}

impl MessagePage {
    /// Parses the body; unreadable messages are left out.
    pub(in crate::opencode) fn parse(
        body: &[u8],
        older: Option<String>,
    ) -> Result<Self, serde_json::Error> {
        let List(messages) = serde_json::from_slice(&repair_bytes(body))?;
        Ok(Self { messages, older })
    }
}

/// A top-level list: must be a list; its elements are parsed leniently.
#[derive(Debug)]
pub(in crate::opencode) struct List<T>(pub Vec<T>);

impl<'de, T: DeserializeOwned> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Vec::<&'de RawValue>::deserialize(deserializer)?;
        let parse = |element: &&RawValue| serde_json::from_str(element.get()).ok();
        Ok(Self(raw.iter().filter_map(parse).collect()))
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ModelReference {
    #[serde(rename = "providerID")]
    pub provider_id: String,
    #[serde(rename = "modelID")]
    pub model_id: String,
}

/// The model of a user's message.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct MessageModel {
    #[serde(rename = "providerID")]
    pub provider_id: String,
    #[serde(rename = "modelID")]
    pub model_id: String,
    #[serde(default, deserialize_with = "lenient::option")]
    pub variant: Option<String>,
}

/// Body of `POST /session/{id}/prompt_async`.
///
/// With ids for the message and for every part, sending it again is harmless: no second turn, no second part. With
/// the message's id alone the text would be appended again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PromptRequest {
    /// Must start with `msg`, else 400.
    #[serde(rename = "messageID")]
    pub message_id: String,
    pub parts: Vec<PartInput>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<ModelReference>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// One of the model's variants; the server accepts any name, and ignores one that it does not know.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum PartInput {
    Text {
        /// `prt_…`
        id: String,
        text: String,
    },
    /// The server reads `file:` URLs on its own machine; a query `start=2&end=3` selects lines.
    File {
        id: String,
        mime: String,
        filename: String,
        url: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        source: Option<FileSource>,
    },
    /// Asks for the help of this agent.
    Agent {
        id: String,
        name: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        source: Option<SourceText>,
    },
}

/// What a file part stands for in the text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum FileSource {
    File {
        path: String,
        text: SourceText,
    },
    Resource {
        #[serde(rename = "clientName")]
        client_name: String,
        uri: String,
        text: SourceText,
    },
}

/// A piece of a prompt's text; the positions count UTF-16 code units, as JavaScript does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SourceText {
    pub value: String,
    pub start: usize,
    pub end: usize,
}
