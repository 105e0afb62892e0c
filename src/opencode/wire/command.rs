//! Commands, shell lines, and what a prompt can name: files, resources.
//!
//! Source: `Command`, `McpResource`, `FileNode` and the bodies of `POST /session/{id}/command` and `…/shell` in the
//! server's OpenAPI document, 1.18.33.

use serde::{Deserialize, Serialize};

use super::lenient;
use super::message::{ModelReference, PartInput};

/// An element of `GET /command`. Its template may be long, and is not stored.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct CommandInfo {
    pub name: String,
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub description: String,
    /// `command`, `mcp` or `skill`.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub source: String,
    /// The template's places for arguments: `$ARGUMENTS`, `$1`, …
    #[serde(default, deserialize_with = "lenient::list")]
    pub hints: Vec<String>,
}

/// An element of `GET /experimental/resource`, which is an object by keys that mean nothing to us.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct McpResource {
    pub name: String,
    pub uri: String,
    /// The MCP server's name.
    pub client: String,
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub description: String,
    #[serde(default, rename = "mimeType", deserialize_with = "lenient::or_default")]
    pub mime_type: String,
}

/// `GET /experimental/resource`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct McpResources(pub Vec<McpResource>);

impl<'de> Deserialize<'de> for McpResources {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let pairs: Vec<(String, McpResource)> = lenient::pairs(deserializer)?;
        Ok(Self(pairs.into_iter().map(|(_, found)| found).collect()))
    }
}

/// An element of `GET /file`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct FileNode {
    /// Relative to the directory.
    pub path: String,
    /// `file` or `directory`.
    #[serde(default, rename = "type", deserialize_with = "lenient::or_default")]
    pub kind: String,
    /// Git ignores it.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub ignored: bool,
}

/// Body of `POST /session/{id}/command`. The message gets the id, but a second call expands the template again and
/// appends its text (observed on 1.18.33).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CommandRequest {
    #[serde(rename = "messageID")]
    pub message_id: String,
    pub command: String,
    pub arguments: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// `provider/model`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
    /// Files only.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<PartInput>,
}

/// Body of `POST /session/{id}/shell`. The message gets the id, but a second call runs the line again (observed on
/// 1.18.33).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ShellRequest {
    #[serde(rename = "messageID")]
    pub message_id: String,
    pub agent: String,
    pub command: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<ModelReference>,
}
